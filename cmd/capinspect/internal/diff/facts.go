// SPDX-License-Identifier: Apache-2.0

package diff

import (
	"cmp"
	"math/bits"
	"slices"
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/containers"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
	"github.com/capinspect/capinspect/procstatus"
)

// fact is what is compared of the processes of one place: a set or a list of what any of them
// has, or whether something holds of any.
type fact struct {
	key string // in JSON
	// ofSum is what a report by container tells too; ofTask is what a task tells alone.
	ofSum  func(*containers.Sum) task.Value[any]
	ofTask func(*task.Task) task.Value[any] // a capset.Set, bool, []string or []uint32

	kind        capset.Kind // of a capset.Set
	inContainer bool        // it holds of what is in a container alone
	// free is what a sentence says where it holds and did not hold before: nothing holds the
	// process back any more. It is "" of what does not tell that.
	free string
}

// facts is the table of what is compared, in the order in which it is listed.
var facts = [...]fact{
	{key: "capabilities.inheritable", kind: capset.Inheritable, ofTask: setOf(capset.Inheritable)},
	{key: "capabilities.permitted", kind: capset.Permitted, ofSum: setOfSum(capset.Permitted)},
	{key: "capabilities.effective", kind: capset.Effective, ofSum: setOfSum(capset.Effective)},
	{key: "capabilities.bounding", kind: capset.Bounding, ofSum: setOfSum(capset.Bounding)},
	{key: "capabilities.ambient", kind: capset.Ambient, ofTask: setOf(capset.Ambient)},
	{key: "withoutNoNewPrivs", free: "runs without no_new_privs", ofSum: func(s *containers.Sum) task.Value[any] { return boxed(s.WithoutNoNewPrivs) }},
	{key: "withoutSeccomp", free: "runs without seccomp", ofSum: func(s *containers.Sum) task.Value[any] { return boxed(s.WithoutSeccomp) }},
	{key: "unconfined", free: "runs unconfined", ofTask: func(t *task.Task) task.Value[any] { return labelled(t, unconfined) }},
	{key: "privileged", inContainer: true, free: "runs in a privileged container", ofTask: privileged},
	{key: "hostPID", free: "runs in the node's pid namespace", ofTask: ofNode((*task.Task).HostPID)},
	{key: "hostIPC", free: "runs in the node's ipc namespace", ofTask: ofNode((*task.Task).HostIPC)},
	{key: "hostNetwork", free: "runs in the node's network namespace", ofTask: ofNode(hostNetwork)},
	{key: "hostUsers", free: "runs in the node's user namespace", ofTask: ofNode(hostUsers)},
	{key: "hostRoot", free: "runs as the node's root", ofTask: hostRoot},
	{key: "uids", free: "runs as uid 0", ofSum: func(s *containers.Sum) task.Value[any] { return boxed(s.UIDs) }},
	{key: "securebits", free: "runs with fewer securebits", ofTask: func(t *task.Task) task.Value[any] {
		return task.Map(t.Securebits, func(b capset.Securebits) any { return []uint32{uint32(b)} })
	}},
	{key: "lsm", ofTask: func(t *task.Task) task.Value[any] {
		return task.Map(label(t), func(l any) any { return []string{l.(string)} })
	}},
}

// told has the facts of tasks that a sum does not have. Several groups share one: it does not
// change.
type told [len(facts)]task.Value[any]

// of returns the facts of a task.
func of(t *task.Task) (list told) {
	for i := range facts {
		if facts[i].ofTask != nil {
			list[i] = facts[i].ofTask(t)
		}
	}
	return list
}

func setOf(k capset.Kind) func(*task.Task) task.Value[any] {
	return func(t *task.Task) task.Value[any] { return boxed(t.Sets[k]) }
}

func setOfSum(k capset.Kind) func(*containers.Sum) task.Value[any] {
	return func(sum *containers.Sum) task.Value[any] { return boxed(sum.Set(k)) }
}

// labelled returns whether something holds of the label that a security module gives a task.
func labelled(t *task.Task, holds func(procstatus.Label) bool) task.Value[any] {
	if t.Label.Why() == task.NoLabels {
		return task.Known[any](true)
	}
	return task.Map(t.Label, func(l procstatus.Label) any { return holds(l) })
}

// unconfined reports whether a label confines nothing: a profile of AppArmor that only
// complains, or a type of SELinux that may do what it likes.
func unconfined(l procstatus.Label) bool {
	if l.Module == "selinux" {
		fields := strings.Split(l.Label, ":")
		return len(fields) > 2 && (strings.HasPrefix(fields[2], "unconfined_") || fields[2] == "spc_t")
	}
	return l.Label == "unconfined" || l.Mode == "unconfined" || l.Mode == "complain"
}

// privileged returns whether a task is in a container that may hold everything, without a
// seccomp filter.
func privileged(t *task.Task) task.Value[any] {
	in, contained := t.Container.Get()
	bounding, bounded := t.Sets[capset.Bounding].Get()
	seccomp, filtered := t.Seccomp.Get()
	all := capset.UpTo(t.LastCap.Value)
	switch {
	case !contained:
		return task.Unknown[any](t.Container.Why())
	case in == nil:
		return task.Known[any](false)
	case !bounded:
		return task.Unknown[any](t.Sets[capset.Bounding].Why())
	case bounding&all != all:
		return task.Known[any](false)
	case !filtered:
		return task.Unknown[any](t.Seccomp.Why())
	}
	return task.Known[any](seccomp.Mode == 0)
}

// hostRoot returns whether a task has the uid 0 of the initial user namespace.
func hostRoot(t *task.Task) task.Value[any] {
	if ids, ok := t.Host.Get(); ok {
		return task.Known[any](ids.UID.Effective == 0)
	}
	users, ok := hostUsers(t).Get()
	ids, known := t.UID.Get()
	switch {
	case known && ok && users:
		return task.Known[any](ids.Effective == 0)
	case !known:
		return task.Unknown[any](t.UID.Why())
	}
	return task.Unknown[any](cmp.Or(t.Host.Why(), hostUsers(t).Why()))
}

func (a *told) equal(b *told) bool {
	for i := range a {
		if a[i].Known() != b[i].Known() || a[i].Why() != b[i].Why() || !equal(a[i].Zero(), b[i].Zero()) {
			return false
		}
	}
	return true
}

// with returns what the processes of two groups have together.
func (a *told) with(b *told) *told {
	switch {
	case a == nil || b == nil:
		return nil
	case a == b:
		return a
	}
	var both told
	for i := range facts {
		if facts[i].ofTask != nil {
			both[i] = together(a[i], b[i])
		}
	}
	return &both
}

// together returns what two processes have together: what any has, or whether any is so. One
// that is so decides it, even if the other is unknown.
func together(a, b task.Value[any]) task.Value[any] {
	x, y := a.Zero(), b.Zero()
	switch {
	case x == true || y == true:
		return task.Known[any](true)
	case !a.Known() || !b.Known():
		return task.Unknown[any](cmp.Or(a.Why(), b.Why()))
	}
	switch x := x.(type) {
	case capset.Set:
		return task.Known[any](x | y.(capset.Set))
	case []string:
		return task.Known[any](merged(x, y.([]string)))
	case []uint32:
		return task.Known[any](merged(x, y.([]uint32)))
	}
	return a
}

// merged returns what is in any of two lists, ascending.
func merged[T cmp.Ordered](a, b []T) []T {
	all := slices.Concat(a, b)
	slices.Sort(all)
	return slices.Compact(all)
}

// noReport is why a fact is not compared that no report tells.
const noReport = "neither report tells it"

// compare adds what differs of two groups, and what is unknown of one.
func (d *Drift) compare(e *Entry, before, after *group) {
	for i := range facts {
		f := &facts[i]
		was, is := before.fact(i), after.fact(i)
		x, y := was.Zero(), is.Zero()
		switch {
		case f.inContainer && d.outside(): // one report does not tell which are
		case !says(was) && !says(is):
			d.skip(f.key, noReport)
		case !says(was) || !says(is):
			d.skip(f.key, "one report does not say")
		case !was.Known() || !is.Known():
			d.skip(f.key, cmp.Or(was.Why(), is.Why()))
		case equal(x, y):
		case strings.HasPrefix(f.key, "capabilities."):
			was, is := x.(capset.Set), y.(capset.Set)
			e.Sets = append(e.Sets, SetDifference{f.kind, is &^ was, was &^ is})
		default:
			e.Values = append(e.Values, ValueDifference{f.key, x, y})
		}
	}
}

// says reports whether a report has a value, or says why it does not.
func says(v task.Value[any]) bool {
	return v.Known() || v.Why() != "" && v.Why() != task.Untold
}

func equal(a, b any) bool {
	switch a := a.(type) {
	case []string:
		return slices.Equal(a, b.([]string))
	case []uint32:
		return slices.Equal(a, b.([]uint32))
	}
	return a == b
}

// freed returns 1 if something that held back a process is gone, -1 if there is more of it.
// A uid other than 0 is neither, nor is another label.
func (v *ValueDifference) freed() int {
	switch is := v.B.(type) {
	case bool:
		switch {
		case freedWords(v.Key) == "":
		case is:
			return 1
		default:
			return -1
		}
	case []uint32:
		was, _ := v.A.([]uint32)
		switch v.Key {
		case "uids":
			return direction(slices.Contains(is, 0), slices.Contains(was, 0))
		case "securebits":
			return cmp.Compare(holding(was), holding(is))
		}
	}
	return 0
}

func direction(is, was bool) int {
	switch {
	case is && !was:
		return 1
	case was && !is:
		return -1
	}
	return 0
}

// holding returns how many securebits hold back each of some processes.
func holding(list []uint32) int {
	all := capset.NoRoot | capset.NoCapAmbientRaise | capset.ExecRestrictFile | capset.ExecDenyInteractive
	for _, value := range list {
		all &= capset.Securebits(value)
	}
	return bits.OnesCount32(uint32(all))
}

// freedWords says what held back a process that does no longer.
func freedWords(key string) string {
	if i := factAt(key); i >= 0 {
		return facts[i].free
	}
	return ""
}

// factAt returns the index of a key in facts, -1 if it is none.
func factAt(key string) int {
	return slices.IndexFunc(facts[:], func(f fact) bool { return f.key == key })
}
