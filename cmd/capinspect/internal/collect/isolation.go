// SPDX-License-Identifier: Apache-2.0

package collect

import (
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/capset/podsecurity"
	"github.com/capinspect/capinspect/procstatus"
)

// netInitial is the inode of the initial network namespace on the kernels where it is
// a fixed one (include/uapi/linux/nsfs.h, NET_NS_INIT_INO). On others no namespace
// has it: what is not fixed begins at 0xF0000000.
const netInitial = 0xEFFFFFF9

// root answers whether one of the task's user ids is 0 in its own user namespace.
func (r *Record) root() Answer {
	ns, ids := r.UserNamespace, r.Status.UID
	own := r.Self || r.Namespaces[procstatus.NamespaceUser].WithSelf == Yes
	if !r.Status.Has(procstatus.FieldUID) || !own && ns == nil {
		return Unsure
	}
	is := No
	for _, id := range [...]uint32{ids.Real, ids.Effective, ids.Saved, ids.Filesystem} {
		if !own {
			var ok bool
			if id, ok = ns.UIDMap.Inside(id); !ok {
				return Unsure
			}
		}
		if id == 0 {
			is = Yes
		}
	}
	return is
}

// answer returns what is known to be so, or not so.
func answer(is, known bool) Answer {
	switch {
	case !known:
		return Unsure
	case is:
		return Yes
	}
	return No
}

// learn adds the answer to f, if there is one.
func learn(f *podsecurity.Facts, fact podsecurity.Fact, is Answer) {
	if is != Unsure {
		f.Learn(fact, is == Yes)
	}
}

// PodFacts returns what is known of a task that the Pod Security Standards ask for.
func (r *Record) PodFacts() (f podsecurity.Facts) {
	s, ns, m := &r.Status, &r.Namespaces, &r.Mounted
	if s.Has(procstatus.FieldCapBnd) && s.Has(procstatus.FieldCapPrm) {
		state, started := s.CapState(), ""
		if r.Container != nil {
			started = r.Container.Runtime
		}
		f.LearnSets(state[capset.Bounding], state[capset.Permitted], started)
	}
	// What a later mode of seccomp means is not known (seccomp(2)). A sandbox's own
	// kernel leaves filters to the one below, and masks nothing. A privileged container
	// has no masks, whatever procMount says, and alone has /sys not read-only.
	const filter = 2
	sandbox := ns.ofSandbox()
	told := s.Has(procstatus.FieldSeccomp) && (s.Seccomp == filter || s.Seccomp < filter && !sandbox)
	mounts := m.Proc != Unsure && !sandbox
	child := r.UserNamespace != nil && r.Known("userNamespace.initial") && !r.UserNamespace.Initial
	for _, row := range [...]struct {
		fact podsecurity.Fact
		is   Answer
	}{
		{podsecurity.Escalates, answer(!s.NoNewPrivs, s.Has(procstatus.FieldNoNewPrivs))},
		{podsecurity.Unfiltered, answer(s.Seccomp != filter, told)},
		{podsecurity.Privileged, answer(m.Proc == No && m.Sys == No, mounts)},
		{podsecurity.Unmasked, answer(m.Proc == No && m.Sys != No, mounts)},
		{podsecurity.Root, r.root()},
		{podsecurity.HostPID, ns.initial(procstatus.NamespacePID)},
		{podsecurity.HostPID, answer(false, len(s.NSpid) > 1)}, // it is in one below that of the procfs
		{podsecurity.HostIPC, ns.initial(procstatus.NamespaceIPC)},
		{podsecurity.HostNetwork, answer(true, ns.id(procstatus.NamespaceNet) == netInitial)},
		{podsecurity.UserNamespace, answer(child, child || ns.initial(procstatus.NamespaceUser) == Yes)},
	} {
		learn(&f, row.fact, row.is)
	}
	f.True |= r.Isolation.True &^ f.Known
	f.Known |= r.Isolation.Known
	return f
}

// factPaths is the table of what tells each fact: the path of a value in JSON, or
// "mounts", which JSON does not have.
var factPaths = [...]struct {
	fact podsecurity.Fact
	path string
}{
	{podsecurity.Added | podsecurity.Undropped, "capabilities.bounding"},
	{podsecurity.HostPID, "namespaces.pid"},
	{podsecurity.HostIPC, "namespaces.ipc"},
	{podsecurity.HostNetwork, "namespaces.net"},
	{podsecurity.Privileged | podsecurity.Unmasked, "mounts"},
	{podsecurity.Escalates, "noNewPrivs"},
	{podsecurity.Root, "userNamespace.uidMap"},
	{podsecurity.Unfiltered, "seccomp"},
	{podsecurity.UserNamespace, "userNamespace.initial"},
}

// WhyFact says that the first of some facts is unknown, and why. It names the value
// that would tell.
func (r *Record) WhyFact(facts podsecurity.Fact) string {
	path := ""
	for _, row := range factPaths {
		if facts&row.fact != 0 {
			path = row.path
			break
		}
	}
	above, _, _ := strings.Cut(path, ".")
	why := r.Why(path)
	if why == "" {
		why = r.Why(above)
	}
	switch {
	case why != "":
	case path == "mounts":
		why = r.Mounted.why()
	default:
		why = "nothing that was read tells"
	}
	return path + " is unknown: " + why
}
