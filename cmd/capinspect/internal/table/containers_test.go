// SPDX-License-Identifier: Apache-2.0

package table

import (
	"bytes"
	"slices"
	"testing"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/containers"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task/tasktest"
	"github.com/capinspect/capinspect/procstatus/container"
)

// processIn returns a process of a container.
func processIn(in task.Value[*task.Container], uid uint32, effective capset.Set) *task.Task {
	x := tasktest.Process()
	x.Container = in
	x.UID = task.Known(task.AllIDs(uid))
	x.Sets[capset.Effective] = task.Known(effective)
	return x
}

func TestContainers(t *testing.T) {
	of := func(id, pod, name string) task.Value[*task.Container] {
		return task.Known(&task.Container{Container: container.Container{ID: id, PodUID: pod}, PodName: name})
	}
	raw, chown := capset.Of(capset.NetRaw), capset.Of(capset.Chown)
	none, hidden := task.Known[*task.Container](nil), task.Unknown[*task.Container]("permission denied")
	unfiltered := processIn(of("b", "u-1", ""), 5, chown)
	unfiltered.Seccomp = task.Known(task.Seccomp{})
	unfiltered.NoNewPrivs = task.Unknown[bool]("no NoNewPrivs line")
	lacking := processIn(none, 1, raw)
	lacking.UID = task.Unknown[capset.IDs]("no Uid line")
	lacking.Seccomp = task.Unknown[task.Seccomp]("no Seccomp line")
	tasks := []*task.Task{
		processIn(hidden, 0, raw), lacking, processIn(none, 1, chown), processIn(of("c", "u-0", "zz"), 9, 0),
		processIn(of("b", "u-1", ""), 7, raw), unfiltered, processIn(of("b", "u-1", ""), 5, 0), processIn(of("a", "u-2", ""), 9, 0),
	}
	for _, test := range []struct {
		named bool
		want  string
	}{
		{false, `CONTAINER  POD  RUNTIME  PROCESSES  EFFECTIVE            PERMITTED            BOUNDING  NNP  SECCOMP  UIDS
b          u-1  ?                3  chown,net_raw@child  chown,net_raw@child  all       ?    no       5,7
a          u-2  ?                1  none                 chown,net_raw@child  all       yes  yes      9
c          u-0  ?                1  none                 chown,net_raw@child  all       yes  yes      9
-          -    -                2  chown,net_raw@child  chown,net_raw@child  all       yes  ?        ?
?          ?    ?                1  net_raw@child        chown,net_raw@child  all       yes  yes      0
`},
		{true, `NAMESPACE  PODNAME  CONTAINERNAME  CONTAINER  POD  RUNTIME  PROCESSES  EFFECTIVE            PERMITTED            BOUNDING  NNP  SECCOMP  UIDS
?          ?        ?              b          u-1  ?                3  chown,net_raw@child  chown,net_raw@child  all       ?    no       5,7
?          ?        ?              a          u-2  ?                1  none                 chown,net_raw@child  all       yes  yes      9
?          zz       ?              c          u-0  ?                1  none                 chown,net_raw@child  all       yes  yes      9
-          -        -              -          -    -                2  chown,net_raw@child  chown,net_raw@child  all       yes  ?        ?
?          ?        ?              ?          ?    ?                1  net_raw@child        chown,net_raw@child  all       yes  yes      0
`},
	} {
		var found containers.Containers
		for half := range slices.Chunk(tasks, 3) {
			c := found.Begin()
			for _, x := range half {
				found.Visit(c, x)
			}
			if err := found.Done(c); err != nil {
				t.Fatal(err)
			}
		}
		rows := Table[*containers.Sum]{Header: true}
		for i := range Containers {
			if Containers[i].Default || test.named {
				rows.Columns = append(rows.Columns, &Containers[i])
			}
		}
		var out bytes.Buffer
		if err := rows.Write(&out, found.Sums()); err != nil || out.String() != test.want {
			t.Errorf("%v, got\n%s\nwant\n%s", err, &out, test.want)
		}
	}
}
