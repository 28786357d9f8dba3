// SPDX-License-Identifier: Apache-2.0

package needs

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/capset/operation"
	"github.com/capinspect/capinspect/capset/runtime"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/denial"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// judge says what a refused operation was about.
func judge(e *denial.Event) verdict {
	switch {
	case e.Format == denial.Seccomp:
		return verdict{class: other, operation: e.Call, reasons: seccompRefused(e.Call)}
	case modules[e.Format] != "":
		return verdict{class: other, operation: what(e), reasons: []task.Note{{Code: "lsm", Text: modules[e.Format] + " refused it: its policy decides, and no capability changes that"}}}
	}
	found := operations(e)
	switch {
	case len(found) == 0:
		return unexplained(e)
	case !slices.ContainsFunc(found, func(o operation.Operation) bool { return len(o.Caps) > 0 }):
		return needless(e, &found[0])
	}
	return about(e, found)
}

// what returns what to call the operation of an event that the table has no name for.
func what(e *denial.Event) string {
	if e.Call != "" {
		return e.Call
	}
	return e.Phrase
}

// split returns the system call of an event and its arguments, or those that the words of a
// message seem to name.
func split(e *denial.Event) (call, args string) {
	if e.Call != "" {
		return e.Call, e.Args
	}
	call, args, _ = strings.Cut(e.Phrase, " ")
	if e.Path != "" {
		args = `"` + e.Path + `"`
	}
	return call, args
}

// operations returns the operations that an event may tell of.
func operations(e *denial.Event) []operation.Operation {
	call, args := split(e)
	if e.Call != "" {
		return operation.OfCall(call, args, e.Errno)
	}
	errno := e.Errno
	if strings.HasSuffix(call, "mount") && errno == "EACCES" { // which mount(8) says for EPERM too
		errno = "EPERM"
	}
	if found := operation.OfCall(call, args, errno); found != nil {
		return found
	}
	if call == "capset" { // a message does not say for which set: mostly it is no inheritable one
		return nil
	}
	for _, name := range [...]string{e.Phrase, call} {
		found := slices.DeleteFunc(operation.Named(name), func(o operation.Operation) bool { return o.Errno == "EACCES" && e.Errno == "EPERM" })
		if len(found) > 0 {
			return found
		}
	}
	if e.Path != "" { // whatever the program did with it
		return operation.OfCall("open", args, e.Errno)
	}
	return nil
}

// about is the verdict on a refusal that one of some operations explains. It is certain of
// what all of them take, if the kernel refuses them with this error and looks at nothing but
// the capability.
func about(e *denial.Event, found []operation.Operation) verdict {
	v := verdict{class: needed, operation: called(e, &found[0])}
	v.caps, v.or = proposal(&found[0])
	for i := range found[1:] {
		caps, or := proposal(&found[i+1])
		if slices.Equal(caps, v.caps) {
			v.or = both(v.or, or)
			continue
		}
		v.operation = what(e)
		v.reasons = []task.Note{{Code: "ambiguous", Text: "the log does not say what the call was for"}}
		if common := both(v.caps, caps); len(common) > 0 {
			v.caps, v.or = common, nil
		} else {
			v.class, v.or = perhaps, append(slices.DeleteFunc(slices.Clone(v.or), func(c capset.Cap) bool { return slices.Contains(caps, c) }), caps...)
		}
	}
	o := &found[0]
	if i := slices.IndexFunc(o.Instead, func(n operation.Note) bool { return n.Code == "mode" }); i >= 0 && e.Errno == "EACCES" {
		v.class = perhaps
		v.reasons = append(v.reasons, task.Note(o.Instead[i]))
	}
	if o.Program {
		v.class = perhaps
		v.reasons = append(v.reasons, task.Note{Code: "program", Text: "it is what " + o.Name() + " usually needs"})
	}
	if e.Errno != "" && o.Errno != e.Errno {
		v.class = perhaps
		v.reasons = append(v.reasons, task.Note{Code: "errno", Text: "the kernel refuses it with " + o.Errno + ", and not with " + e.Errno})
	}
	if !refuses(e.Errno) && e.Errno != "" {
		v.class = perhaps
		v.reasons = append(v.reasons, task.Note{Code: "errno", Text: e.Errno + " has other causes as well"})
	}
	if e.Errno == "EPERM" {
		v.reasons = append(v.reasons, opened(o.Calls)...)
	}
	return v
}

// called returns what to call an operation. A port is the one that the program asked for.
func called(e *denial.Event, o *operation.Operation) string {
	if strings.HasPrefix(o.Name(), "bind :") {
		if strings.HasPrefix(e.Phrase, "bind :") {
			return e.Phrase
		}
		if port := portOf().FindStringSubmatch(e.Args); port != nil {
			return "bind :" + port[1]
		}
	}
	return o.Name()
}

var portOf = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`_port=htons\((\d+)\)`) })

// refuses reports whether an error means that something was refused, and nothing else.
func refuses(errno string) bool { return errno == "EPERM" || errno == "EACCES" }

// proposal returns the capabilities that an operation takes: all of them if it asks for
// all, else the first and least powerful one. Any of the others does as well.
func proposal(o *operation.Operation) (caps, or []capset.Cap) {
	if o.All {
		return o.Caps, o.Alone
	}
	least := leastFirst(o.Caps)
	if len(least) == 0 {
		return nil, nil
	}
	return least[:1:1], append(least[1:len(least):len(least)], o.Alone...)
}

// needless is the verdict on a refusal of what asks for no capability: a seccomp filter that
// a capability opens, or something that none changes.
func needless(e *denial.Event, o *operation.Operation) verdict {
	if v, gated := filtered(e, o); gated {
		v.reasons = append(v.reasons, notes(o.Gates)...)
		return v
	}
	return verdict{class: other, operation: o.Name(), reasons: append(
		[]task.Note{{Code: "needs-none", Text: o.Why}}, notes(slices.Concat(o.Instead, o.Gates))...)}
}

// filtered is the verdict on what nothing but a seccomp filter refuses, if one does that
// runtimes open with a capability.
func filtered(e *denial.Event, o *operation.Operation) (v verdict, gated bool) {
	if e.Errno != "EPERM" {
		return v, false
	}
	opens := slices.Collect(gates(o.Calls).Caps())
	if len(opens) == 0 {
		return v, false
	}
	least := leastFirst(opens)
	return verdict{class: perhaps, caps: least[:1], or: least[1:], operation: cmp.Or(o.Name(), what(e)), reasons: opened(o.Calls)}, true
}

// gates returns the capabilities with which the default seccomp filters of runtimes open
// some calls.
func gates(calls []string) (opens capset.Set) {
	for _, call := range calls {
		opens |= gatesByCall()[call]
	}
	return opens
}

var gatesByCall = sync.OnceValue(func() map[string]capset.Set {
	by := map[string]capset.Set{}
	for _, name := range runtime.Names() {
		r := runtime.Named(name)
		for c := range capset.LastKnown + 1 {
			gate, _ := r.SeccompGate(c)
			for _, call := range gate.Calls {
				by[call] |= capset.Of(c)
			}
		}
	}
	return by
})

// openedBy names the capabilities with which the default seccomp filters open some calls.
func openedBy(calls []string) string { return list(slices.Collect(gates(calls).Caps()), " or ") }

// opened says that a seccomp filter may refuse some calls, if one does.
func opened(calls []string) []task.Note {
	names := openedBy(calls)
	if names == "" {
		return nil
	}
	return []task.Note{{Code: "seccomp", Text: "a seccomp filter may refuse it: the default one of a runtime lets it pass if the bounding set has " + names}}
}

// unexplained is the verdict on a refusal that the table of operations does not explain.
func unexplained(e *denial.Event) verdict {
	call, _ := split(e)
	if v, gated := filtered(e, &operation.Operation{Calls: []string{call}}); gated {
		return v
	}
	reason := task.Note{Code: "unknown", Text: "capinspect knows no capability for it"}
	for _, c := range causes {
		if (c.errno == "" || c.errno == e.Errno) && (c.calls == "" || slices.Contains(strings.Fields(c.calls), call)) {
			reason = c.reason
			break
		}
	}
	return verdict{class: other, operation: what(e), reasons: []task.Note{reason}}
}

// causes are what else makes calls fail. The first that fits counts.
var causes = []struct {
	errno, calls string
	reason       task.Note
}{
	{"ENOENT", "", task.Note{Code: "missing", Text: "a file or a directory is not there"}},
	{"ENOSYS", "", task.Note{Code: "no-call", Text: "the kernel has no such system call, or a seccomp filter says so"}},
	{"EROFS", "", task.Note{Code: "read-only", Text: "the file system is mounted read-only"}},
	{"EOPNOTSUPP", "", task.Note{Code: "unsupported", Text: "the file system or the socket cannot do it"}},
	{"EPERM", "setsid setpgid", task.Note{Code: "session", Text: "the process leads its group or session already"}},
	{"EPERM", "capset", task.Note{Code: "not-permitted", Text: "it raises capabilities that it is not permitted; a runtime gives no container what its own daemon lacks: 'capinspect diff privileged PID', with the PID of the daemon, tells what that is"}},
	{"EPERM", "execve execveat", task.Note{Code: "file-capability", Text: "a program with a file capability that the bounding set lacks does not start: 'capinspect predict FILE' tells"}},
	{"EPERM", "open openat openat2 creat truncate ftruncate", task.Note{Code: "immutable", Text: "the immutable or append-only flag of the file, or the device cgroup for a device"}},
	{"EPERM", "sendto sendmsg sendmmsg connect", task.Note{Code: "firewall", Text: "a rule of the firewall"}},
	{"EPERM", "mmap mprotect", task.Note{Code: "mount", Text: "a mount with noexec, or a seal of the file"}},
	{"EACCES", "mmap mprotect", task.Note{Code: "descriptor", Text: "the file was not opened for that"}},
}

// seccompRefused says what a record of seccomp says about a call.
func seccompRefused(call string) []task.Note {
	reasons := []task.Note{{Code: "refused-by-seccomp", Text: "a seccomp filter refused it before the kernel asked for any capability"}}
	if names := openedBy([]string{call}); names != "" {
		reasons = append(reasons, task.Note{Code: "seccomp", Text: "the default one of a runtime lets it pass if the bounding set has " + names})
	}
	return reasons
}

func notes(list []operation.Note) (notes []task.Note) {
	for _, n := range list {
		notes = append(notes, task.Note(n))
	}
	return notes
}

// both returns what is in both lists.
func both(a, b []capset.Cap) []capset.Cap {
	return slices.DeleteFunc(slices.Clone(a), func(c capset.Cap) bool { return !slices.Contains(b, c) })
}
