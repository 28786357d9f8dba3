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
	{"NAMESPACE", "the pod's namespace, by --pods", "podNamespace", false, false, true, Needs{}, rowCell(podNamespace), nil},
	{"PODNAME", "the pod's name, by --pods", "podName", false, false, true, Needs{}, rowCell(podName), nil},
	{"CONTAINERNAME", "the container's name, by --pods", "name", false, false, true, Needs{}, rowCell(containerName), nil},
	{"CONTAINER", "the container's id, its first 12 digits", "id", false, true, false, Needs{}, rowCell(containerID), nil},
	{"POD", "the pod's UID", "podUID", false, true, false, Needs{}, rowCell(podUID), nil},
	{"RUNTIME", "the container's runtime", "runtime", false, true, false, Needs{}, rowCell(containerRuntime), nil},
	{"PROCESSES", "how many processes it has", "processes", true, true, false, Needs{}, func(dst []byte, row *containers.Sum) []byte { return strconv.AppendInt(dst, int64(row.Processes), 10) }, nil},
	{"EFFECTIVE", "what any process has in effect", "effective", false, true, false, Needs{}, sumCell(capset.Effective), sumMark(capset.Effective)},
	{"PERMITTED", "what any process may make effective", "permitted", false, true, false, Needs{}, sumCell(capset.Permitted), sumMark(capset.Permitted)},
	{"BOUNDING", "what execve can give any process at most", "bounding", false, true, false, Needs{}, sumCell(capset.Bounding), sumMark(capset.Bounding)},
	{"NNP", "no_new_privs: no if any process is without", "withoutNoNewPrivs", false, true, false, Needs{}, withoutCell(func(row *containers.Sum) task.Value[bool] { return row.WithoutNoNewPrivs }), nil},
	{"SECCOMP", "seccomp: no if any process is without", "withoutSeccomp", false, true, false, Needs{}, withoutCell(func(row *containers.Sum) task.Value[bool] { return row.WithoutSeccomp }), nil},
	{"UIDS", "the effective user ids", "uids", false, true, false, Needs{}, appendUIDs, nil},
}

// ContainerRisk sorts by what the processes of a container hold, the most dangerous first,
// and is no column to show.
var ContainerRisk = Column[*containers.Sum]{Name: "RISK", Number: true, Needs: Needs{UserNamespace: true}, append: riskCell(func(row *containers.Sum) task.Risk { return row.Risk })}

// rowCell appends what of returns for the container of a row.
func rowCell(of func(*task.Container) string) cell[*containers.Sum] {
	return func(dst []byte, row *containers.Sum) []byte {
		return render.AppendEscaped(dst, ofContainer(row.Container, of))
	}
}

func sumCell(k capset.Kind) cell[*containers.Sum] {
	return func(dst []byte, row *containers.Sum) []byte {
		set, known := row.Set(k).Get()
		if !known {
			return append(dst, render.Unknown...)
		}
		dst = render.AppendShort(dst, set, row.LastCap)
		if k != capset.Bounding && set != 0 && row.InChildren() {
			dst = append(dst, childMark...)
		}
		return dst
	}
}

// sumMark goes by the most dangerous of the processes.
func sumMark(k capset.Kind) func(*containers.Sum) task.Mark {
	return func(row *containers.Sum) task.Mark {
		set, known := row.Set(k).Get()
		switch {
		case !known:
			return task.Doubt
		case k != capset.Bounding && set != 0 && row.Risk.OpensNode():
			return task.Danger
		}
		return task.MarkOfSet(set, task.LastCap{Value: row.LastCap})
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
