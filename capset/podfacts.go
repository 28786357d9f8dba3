// SPDX-License-Identifier: Apache-2.0

package capset

// Answer is yes, no, or not known.
type Answer uint8

// The answers.
const (
	Unsure Answer = iota
	No
	Yes
)

// PodFact is a set of facts about a task that the Pod Security Standards have a rule
// on.
type PodFact uint16

// The facts, each of which breaks a rule but the last, which excuses from some.
const (
	PodAdded         PodFact = 1 << iota // it has more capabilities than its runtime's default and what baseline allows to add
	PodUndropped                         // it has more than restricted allows
	PodHostPID                           // it is in the node's pid namespace
	PodHostIPC                           // in its ipc namespace
	PodHostNetwork                       // in its network namespace
	PodPrivileged                        // its runtime left out what it does for privileged containers alone
	PodUnmasked                          // nothing in /proc is masked, though it is not privileged
	PodEscalates                         // no_new_privs is not set
	PodRoot                              // one of its user ids is 0, in its user namespace
	PodUnfiltered                        // no seccomp filter is on
	PodUserNamespace                     // its user namespace is not the node's
)

// PodFacts are what is known of a task. The zero value is nothing.
type PodFacts struct {
	Known, True PodFact
	sets        [3]Set // bounding, permitted, and what its runtime grants by default
}

// Learn adds what is known of a fact, unless something is.
func (f *PodFacts) Learn(fact PodFact, is Answer) {
	if fact &^= f.Known; is != Unsure {
		f.Known |= fact
		if is == Yes {
			f.True |= fact
		}
	}
}

// LearnSets adds what is known by two sets of the task and by which runtime started
// it, "" if that is not known.
func (f *PodFacts) LearnSets(bounding, permitted Set, runtime string) {
	f.sets = [...]Set{bounding, permitted, setOf(runtime)}
	f.Known |= PodAdded | PodUndropped
	for _, fact := range [...]PodFact{PodAdded, PodUndropped} {
		if f.beyond(fact) != "" {
			f.True |= fact
		}
	}
}

// beyond says what the task has more than a level allows. What it holds counts too:
// it may have given up some of its bounding set since. NET_RAW by default is no reason
// to refuse a pod at baseline.
func (f *PodFacts) beyond(fact PodFact) string {
	allowed := setOf("restricted")
	if fact == PodAdded {
		allowed = setOf("baseline") | f.sets[2]
	}
	for i, name := range [...]string{"bounding has ", "permitted has "} {
		if more := f.sets[i] &^ allowed; more != 0 {
			return name + more.String()
		}
	}
	return ""
}

// Text says of facts that are true what they are.
func (f *PodFacts) Text(facts PodFact) string {
	if facts&(PodAdded|PodUndropped) != 0 {
		return f.beyond(facts)
	}
	text := ""
	for i, words := range [...]string{
		"", "", "the node's pid namespace", "the node's ipc namespace", "the node's network namespace",
		"nothing in /proc masked, /sys not read-only", "nothing in /proc masked", "no_new_privs is not set", "uid 0", "no seccomp filter",
	} {
		if facts>>i&1 == 1 {
			text += ", " + words
		}
	}
	return text[len(", "):]
}
