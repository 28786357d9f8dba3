// SPDX-License-Identifier: Apache-2.0

package table

import (
	"strconv"
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/containers"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/render"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// Containers are the columns of a table with a row for each container. The one that can be
// of any width comes last.
var Containers = Columns[*containers.Sum]{
	{"NAMESPACE", "the pod's namespace, by --pods", "podNamespace", false, false, true, Needs{}, rowCell(podNamespace)},
	{"PODNAME", "the pod's name, by --pods", "podName", false, false, true, Needs{}, rowCell(podName)},
	{"CONTAINERNAME", "the container's name, by --pods", "name", false, false, true, Needs{}, rowCell(containerName)},
	{"CONTAINER", "the container's id, its first 12 digits", "id", false, true, false, Needs{}, rowCell(containerID)},
	{"POD", "the pod's UID", "podUID", false, true, false, Needs{}, rowCell(podUID)},
	{"RUNTIME", "the container's runtime", "runtime", false, true, false, Needs{}, rowCell(containerRuntime)},
	{"PROCESSES", "how many processes it has", "processes", true, true, false, Needs{}, func(dst []byte, row *containers.Sum) []byte { return strconv.AppendInt(dst, int64(row.Processes), 10) }},
	{"EFFECTIVE", "what any process has in effect", "effective", false, true, false, Needs{}, sumCell(func(row *containers.Sum) task.Value[capset.Set] { return row.Effective })},
	{"PERMITTED", "what any process may make effective", "permitted", false, true, false, Needs{}, sumCell(func(row *containers.Sum) task.Value[capset.Set] { return row.Permitted })},
	{"BOUNDING", "what execve can give any process at most", "bounding", false, true, false, Needs{}, sumCell(func(row *containers.Sum) task.Value[capset.Set] { return row.Bounding })},
	{"NNP", "no_new_privs: no if any process is without", "withoutNoNewPrivs", false, true, false, Needs{}, withoutCell(func(row *containers.Sum) task.Value[bool] { return row.WithoutNoNewPrivs })},
	{"SECCOMP", "seccomp: no if any process is without", "withoutSeccomp", false, true, false, Needs{}, withoutCell(func(row *containers.Sum) task.Value[bool] { return row.WithoutSeccomp })},
	{"UIDS", "the effective user ids", "uids", false, true, false, Needs{}, appendUIDs},
}

// rowCell appends what of returns for the container of a row.
func rowCell(of func(*task.Container) string) cell[*containers.Sum] {
	return func(dst []byte, row *containers.Sum) []byte {
		return render.AppendEscaped(dst, ofContainer(row.Container, of))
	}
}

func sumCell(of func(*containers.Sum) task.Value[capset.Set]) cell[*containers.Sum] {
	return func(dst []byte, row *containers.Sum) []byte {
		set, known := of(row).Get()
		if !known {
			return append(dst, render.Unknown...)
		}
		return render.AppendShort(dst, set, row.LastCap)
	}
}

func withoutCell(of func(*containers.Sum) task.Value[bool]) cell[*containers.Sum] {
	return func(dst []byte, row *containers.Sum) []byte {
		return append(dst, task.Map(of(row), func(without bool) string { return yesOrNo(!without) }).Or(render.Unknown)...)
	}
}

func appendUIDs(dst []byte, row *containers.Sum) []byte {
	ids, known := row.UIDs.Get()
	if !known {
		return append(dst, render.Unknown...)
	}
	return append(dst, strings.Join(task.Decimals(ids), ",")...)
}
