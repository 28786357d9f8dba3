// SPDX-License-Identifier: Apache-2.0

package diff_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/diff"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/report"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
	"github.com/capinspect/capinspect/procstatus"
)

// Why two reports are not compared in a field.
const (
	ids     = "it gives access to files, and no capability"
	numbers = "a number of a namespace says nothing in another report"
	own     = "each container may have its own"
	added   = "a process may get more at any time"
	kernel  = "it tells the kernel"
)

// driftFields has a row for each field of report.Task: the key under which two reports are
// compared in it, or why they are not. A change is that of fields unless the row has one.
func driftFields() map[string]field {
	rows := map[string]field{
		"noNewPrivs": {key: "withoutNoNewPrivs"}, "seccomp.mode": {key: "withoutSeccomp"}, "seccomp.filters": {why: added},
		"securebits.value": {key: "securebits"}, "lsm.module": {key: "lsm"}, "lsm.label": {key: "lsm"}, "lsm.mode": {key: "lsm"},
		"uid.effective": {key: "uids"}, "uid.real": {why: ids}, "uid.saved": {why: ids}, "uid.filesystem": {why: ids}, "groups": {why: ids},
		"userNamespace.id": {why: numbers}, "userNamespace.uidMap": {why: own}, "userNamespace.gidMap": {why: own}, "userNamespace.setgroups": {why: own},
		"userNamespace.initial": {key: "hostUsers", change: func(t *task.Task) {
			t.UserNamespace = task.Known(task.UserNamespace{Initial: task.Known(true)})
			all := t.Namespaces.Zero()
			id, _ := procstatus.NamespaceUser.Initial()
			all[procstatus.NamespaceUser].ID = task.Known(id)
			t.Namespaces = task.Known(all)
		}},
		"uid.hostEffective":   {key: "hostRoot", change: func(t *task.Task) { t.Host = task.Known(task.HostIDs{}) }},
		"namespaces.net.node": {key: "hostNetwork"},
		"lastCap.value":       {why: kernel}, "otherCaps": {why: kernel}, "tracerPid": {why: doing},
		"container.runtime": {why: which},
	}
	for kind, key := range map[procstatus.NamespaceKind]string{procstatus.NamespacePID: "hostPID", procstatus.NamespaceIPC: "hostIPC"} {
		rows["namespaces."+kind.String()+".id"] = field{key: key, change: func(t *task.Task) {
			all := t.Namespaces.Zero()
			id, _ := kind.Initial()
			all[kind].ID = task.Known(id)
			t.Namespaces = task.Known(all)
		}}
	}
	for k := range capset.Kind(capset.NumKinds) {
		rows["capabilities."+task.SetName(k)+".hex"] = field{key: "capabilities." + task.SetName(k)}
	}
	return rows
}

// TestDriftComplete holds that two reports are compared in each field, or that there is a
// reason why not.
func TestDriftComplete(t *testing.T) {
	others, rows := fields(), driftFields()
	for _, path := range paths(reflect.TypeFor[report.Task](), "") {
		row, ok := rows[path]
		delete(rows, path)
		other := others[path]
		switch {
		case ok:
		case strings.HasPrefix(path, "gid."):
			row = field{why: ids}
		case strings.HasPrefix(path, "namespaces."):
			row = field{why: numbers}
		case other.why != "":
			row = field{why: other.why}
		default:
			t.Errorf("%s has no row", path)
			continue
		}
		change := row.change
		if change == nil {
			change = other.change
		}
		switch {
		case row.key != "":
			drifts(t, path, row.key, change)
		case change != nil && row.why != which:
			if got := drifted(change, nil); len(got) > 0 {
				t.Errorf("%s: %v, though %s", path, got, row.why)
			}
		}
	}
	for path := range rows {
		t.Errorf("%s is no field of a report", path)
	}
	drifts(t, "a label that confines nothing", "unconfined", func(t *task.Task) { t.Label = task.Known(procstatus.Label{Label: "unconfined"}) })
	drifts(t, "everything, without a filter", "privileged", func(t *task.Task) {
		t.Sets[capset.Bounding], t.Seccomp = task.Known(capset.UpTo(capset.LastKnown)), task.Known(task.Seccomp{})
	})
}

// drifts holds that a change is told under a key, and that it is told of a report that does
// not tell the value.
func drifts(t *testing.T, path, key string, change func(*task.Task)) {
	t.Helper()
	if got := drifted(change, nil); !slices.Contains(got, key) {
		t.Errorf("%s: %v, want %s", path, got, key)
	}
	if got := drifted(nil, change); !slices.Contains(got, key) {
		t.Errorf("%s, the other way round: %v, want %s", path, got, key)
	}
	untold := func(t *task.Task) {
		for k := range t.Sets {
			t.Sets[k] = task.Unknown[capset.Set]("")
		}
		t.NoNewPrivs, t.Seccomp, t.UID = task.Unknown[bool](""), task.Unknown[task.Seccomp](""), task.Unknown[capset.IDs]("")
		t.Securebits, t.Host = task.Unknown[capset.Securebits](task.Untold), task.Unknown[task.HostIDs]("")
		in := t.Container
		t.Nowhere("")
		t.Container = in
	}
	if got := drifted(change, untold); !slices.Contains(got, key) {
		t.Errorf("%s, where one report does not tell it: %v, want %s", path, got, key)
	}
}

// drifted returns the keys of what differs in two reports and of what is not compared, but for
// those of two that are the same.
func drifted(a, b func(*task.Task)) (list []string) {
	compared := func(a, b func(*task.Task)) (list []string) {
		lists := [2]*diff.List{{}, {}}
		for i, change := range []func(*task.Task){a, b} {
			t := known()
			t.Host = task.Known(task.HostIDs{UID: task.AllIDs(100_000)})
			if change != nil {
				change(t)
			}
			lists[i].Add(t)
		}
		d := diff.Compared(lists[0], lists[1])
		for _, e := range d.Entries {
			for _, s := range e.Sets {
				list = append(list, "capabilities."+task.SetName(s.Kind))
			}
			for _, v := range e.Values {
				list = append(list, v.Key)
			}
			if e.Kind != diff.Changed {
				list = append(list, string(e.Kind))
			}
		}
		for _, n := range d.NotCompared {
			list = append(list, n.Code)
		}
		return list
	}
	same := compared(nil, nil)
	return slices.DeleteFunc(compared(a, b), func(key string) bool { return slices.Contains(same, key) })
}
