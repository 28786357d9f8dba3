// SPDX-License-Identifier: Apache-2.0

package podsecurity

import (
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/capset/runtime"
)

// Fact is a set of facts about a task that the Pod Security Standards have rules
// about.
type Fact uint16

// The facts. UserNamespace breaks no rule: it excuses from some.
const (
	Added         Fact = 1 << iota // it has capabilities beyond its runtime's default and those that baseline allows
	Undropped                      // it has capabilities beyond those that restricted allows
	HostPID                        // it is in the node's pid namespace
	HostIPC                        // it is in the node's ipc namespace
	HostNetwork                    // it is in the node's network namespace
	Privileged                     // its runtime made it a privileged container
	Unmasked                       // nothing in /proc is masked, though it is not privileged
	Escalates                      // no_new_privs is not set
	Root                           // one of its user ids is 0, in its own user namespace
	Unfiltered                     // it has no seccomp filter
	UserNamespace                  // its user namespace is not the node's
)

// factWords is the table of facts, in ascending order, with what Text says of
// each. Added and Undropped have no words of their own: Text names the
// capabilities.
var factWords = [...]struct {
	fact  Fact
	words string
}{
	{fact: Added},
	{fact: Undropped},
	{HostPID, "the node's pid namespace"},
	{HostIPC, "the node's ipc namespace"},
	{HostNetwork, "the node's network namespace"},
	{Privileged, "nothing in /proc masked, /sys not read-only"},
	{Unmasked, "nothing in /proc masked"},
	{Escalates, "no_new_privs is not set"},
	{Root, "uid 0"},
	{Unfiltered, "no seccomp filter"},
	{UserNamespace, "a user namespace of its own"},
}

// Facts are what is known of a task. The zero Facts know nothing.
type Facts struct {
	Known Fact // the facts that are known to be true or false
	True  Fact // those of them that are true

	bounding, permitted capset.Set
	started             string // the name of the runtime that started it
}

// Learn adds that the facts are all true, or all false. It changes nothing that is
// known already. Facts that are not known are not learnt: do not call it for them.
func (f *Facts) Learn(fact Fact, is bool) {
	fact &^= f.Known
	f.Known |= fact
	if is {
		f.True |= fact
	}
}

// LearnSets sets whether Added and Undropped are true, by two sets of the task.
// started is the name of the runtime that started it, as for Allowed.
func (f *Facts) LearnSets(bounding, permitted capset.Set, started string) {
	f.bounding, f.permitted, f.started = bounding, permitted, started
	for _, fact := range [...]Fact{Added, Undropped} {
		f.Known |= fact
		f.True &^= fact
		if f.beyond(fact) != "" {
			f.True |= fact
		}
	}
}

// beyond says what the task has beyond what a level allows: baseline for Added,
// restricted for Undropped; "" if it has no more. Permitted counts beside
// Bounding, because a task can give up Bounding alone.
func (f *Facts) beyond(fact Fact) string {
	level := Restricted
	if fact == Added {
		level = Baseline
	}
	allowed := Allowed(level, f.started)
	if more := f.bounding &^ allowed; more != 0 {
		return "bounding has " + more.String()
	}
	if more := f.permitted &^ allowed; more != 0 {
		return "permitted has " + more.String()
	}
	return ""
}

// Allowed returns the capabilities that a level lets a container have. started is the
// name of the runtime that starts it. If that is not known, as for "", the default of
// Docker counts, because none is larger. What a runtime gives by default is no
// violation of Baseline, which NET_RAW would be if a pod added it. Restricted has
// every container drop that.
func Allowed(level Level, started string) capset.Set {
	p, _ := runtime.ProfileNamed(level.String(), capset.LastKnown)
	if level != Baseline {
		return p.Set
	}
	r := runtime.Named(started)
	if r == nil {
		r = runtime.Named("docker")
	}
	return p.Set | r.Default()
}

// Text says in words what the facts mean, which are true, such as "uid 0, no seccomp
// filter". It is "" for no facts.
func (f *Facts) Text(facts Fact) string {
	var said []string
	for _, row := range factWords {
		if facts&row.fact == 0 {
			continue
		}
		words := row.words
		if row.fact == Added || row.fact == Undropped {
			words = f.beyond(row.fact)
		}
		if words != "" {
			said = append(said, words)
		}
	}
	return strings.Join(said, ", ")
}
