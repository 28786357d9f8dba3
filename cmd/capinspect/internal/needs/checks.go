// SPDX-License-Identifier: Apache-2.0

package needs

import (
	"slices"
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/capset/operation"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/denial"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// notAudited is the code of the reason for a check whose refusal is no error.
const notAudited = "not-audited"

// checks are the capabilities that a process was refused one after the other in a single
// system call: any of them would have done, since the kernel stops at the first that is
// granted.
type checks struct {
	first *denial.Event
	call  string // "" if the stack is not in the log
	caps  []capset.Cap
}

// check takes a check of a capability.
func (c *Collector) check(e *denial.Event) {
	asked, call := slices.Collect(e.Caps.Caps()), callOf(e)
	pending := c.checks[e.PID]
	follows := pending != nil && pending.followedBy(e, call, asked)
	c.tellsUse = c.tellsUse || (e.Format == denial.Tracing || e.Format == denial.Capable) && (e.Granted || e.Unknown)
	switch {
	case follows && !e.Granted:
		pending.caps = append(pending.caps, asked...)
		return
	case follows: // what was refused before it was not needed
		delete(c.checks, e.PID)
	default:
		c.settle(e.PID, "", untold)
	}
	switch {
	case e.Granted && (e.Probe || e.Child):
	case e.Granted:
		c.note(verdict{class: used, caps: asked, operation: operationOf(call, asked)}, e)
	case e.Format != denial.Tracing || e.Unknown: // which tells nothing of the call
		c.note(c.refused(e, call, asked, nil), e)
	default:
		if len(c.checks) == maxGroups {
			for pid := range c.checks {
				c.settle(pid, "", untold)
				break
			}
		}
		kept := *e
		c.checks[e.PID] = &checks{&kept, call, asked}
	}
}

// followedBy reports whether a check belongs to the same call. Without a stack it does if
// there is an operation for which the kernel asks for these one after the other.
func (p *checks) followedBy(e *denial.Event, call string, asked []capset.Cap) bool {
	if e.Format != p.first.Format || e.Child != p.first.Child || e.Probe != p.first.Probe || call != p.call || len(asked) != 1 || slices.Contains(p.caps, asked[0]) {
		return false
	}
	if call != "" {
		return true
	}
	all := append(slices.Clone(p.caps), asked...)
	return slices.ContainsFunc(operation.Asking(asked[0]), func(o operation.Operation) bool {
		return !o.All && !o.Program && len(o.Caps) >= len(all) && slices.Equal(o.Caps[:len(all)], all)
	})
}

// ending is what a log tells of how a call ended.
type ending int

const (
	untold ending = iota
	failed
	succeeded
)

// settle notes what a process was refused last, in a call that ended so. Where it succeeded
// nonetheless, that was not needed.
func (c *Collector) settle(pid int, call string, how ending) {
	p := c.checks[pid]
	if p == nil {
		return
	}
	delete(c.checks, pid)
	least := leastFirst(p.caps)
	v := c.refused(p.first, p.call, least[:1], least[1:])
	if call != p.call && p.call != "" {
		how = untold
	}
	switch {
	case v.class != needed:
	case how == succeeded:
		v.class, v.reasons = survived, []task.Note{{Code: "succeeded", Text: "the call succeeded without it"}}
	case how == untold && p.call == "capset":
		v.class, v.reasons = perhaps, []task.Note{{Code: "untold", Text: "capset asks for it even where that does not matter, and the log does not say how the call ended"}}
	}
	c.note(v, p.first)
}

// refused returns what is to be said of a check that was refused, or may have been.
func (c *Collector) refused(e *denial.Event, call string, caps, or []capset.Cap) verdict {
	v := verdict{class: needed, caps: caps, or: or, operation: operationOf(call, caps)}
	switch {
	case e.Child:
		v.class = child
		v.reasons = append(v.reasons, task.Note{Code: "child-namespace", Text: "a child user namespace was asked: the task has to hold it there; what its container adds does not help"})
	case e.Probe:
		v.class = survived
		if namedFor(call, caps[0]) { // as seccomp does, which is refused without it
			v.class = perhaps
		}
		v.reasons = append(v.reasons, task.Note{Code: notAudited, Text: "the kernel checked without auditing, as it does where a refusal may be no error"})
	case e.Unknown:
		v.reasons = append(v.reasons, task.Note{Code: "unclear", Text: "the log does not say whether the check passed"})
	}
	if module := modules[e.Format]; module != "" {
		v.reasons = append(v.reasons, task.Note{Code: "lsm", Text: module + " refused it: it is only asked about a task that holds the capability, so its policy has to allow it too"})
	}
	return v
}

// modules are the security modules whose records tell of what they refuse.
var modules = map[denial.Format]string{denial.AppArmor: "AppArmor", denial.SELinux: "SELinux", denial.Landlock: "Landlock"}

// callOf returns the system call that an event belongs to, "" if the log does not say.
func callOf(e *denial.Event) string {
	if e.Call != "" {
		return e.Call
	}
	for _, f := range slices.Backward(e.Stack) {
		f, _, _ = strings.Cut(f, "+")
		for _, prefix := range [...]string{"__x64_sys_", "__ia32_compat_sys_", "__ia32_sys_", "__arm64_compat_sys_", "__arm64_sys_", "__s390x_sys_", "__riscv_sys_", "__se_sys_", "__do_sys_"} {
			if call, ok := strings.CutPrefix(f, prefix); ok {
				return call
			}
		}
	}
	return ""
}

// namedFor reports whether an operation that is called as the system call is asks for a
// capability.
func namedFor(call string, c capset.Cap) bool {
	return slices.ContainsFunc(operation.Named(call), func(o operation.Operation) bool { return !o.Program && slices.Contains(o.Caps, c) })
}

// operationOf returns the operation of a call that asks for capabilities, or the call.
func operationOf(call string, caps []capset.Cap) string {
	var names []string
	for _, o := range operation.OfCall(call, "", "") {
		if slices.Contains(o.Caps, caps[0]) {
			names = append(names, o.Name())
		}
	}
	if len(names) == 1 {
		return names[0]
	}
	return call
}
