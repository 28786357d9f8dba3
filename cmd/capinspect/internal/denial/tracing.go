// SPDX-License-Identifier: Apache-2.0

package denial

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/capinspect/capinspect/capset"
)

// The tracepoint capability:cap_capable, and a kprobe on the function, as ftrace, trace-cmd
// and perf script print them; each with stacks.
const (
	ofCapable    = "cap_capable"
	ftraceFrame  = " => "
	ftraceStack  = "<stack trace>"
	userStack    = "<user stack trace>"
	exitOfCall   = "sys_exit: NR "
	vmEnough     = "vm_enough_memory" // asks for SYS_ADMIN with each mapping, without audit
	withoutAudit = "noaudit"
	beforeCapset = "cap_capset" // asks for SETPCAP before it looks whether the inheritable set grows
)

// tracingMark takes lines of cap_capable, of stacks, and of the ends of system calls.
func tracingMark(line []byte) bool {
	return len(line) > 0 && (line[0] == '\t' || bytes.HasPrefix(line, []byte(ftraceFrame)) || bytes.Contains(line, []byte(ofCapable)) ||
		bytes.Contains(line, []byte("stack trace>")) || bytes.Contains(line, []byte(exitOfCall)))
}

// tracing reads a line of a trace.
func (r *Reader) tracing(line []byte) bool {
	if frame, ok := bytes.CutPrefix(line, []byte(ftraceFrame)); ok {
		return r.frame(string(frame))
	}
	if line[0] == '\t' {
		return r.perfFrame(line)
	}
	text := string(line)
	for _, event := range [...]struct {
		name string
		read func(r *Reader, e Event, line, rest string) bool
	}{
		{userStack, (*Reader).userStack},
		{ftraceStack, (*Reader).stackBegins},
		{exitOfCall, (*Reader).callEnds},
		{"<- " + ofCapable + ")", (*Reader).returns},
		{ofCapable + "__return:", (*Reader).returns},
		{"(" + ofCapable + "+0x", (*Reader).asked},
		{ofCapable + ":", (*Reader).asked},
		{ofCapable + "(", (*Reader).asked}, // perf trace
	} {
		head, rest, ok := strings.Cut(text, event.name)
		if !ok {
			continue
		}
		pid, program, ok := tracedTask(head)
		return ok && event.read(r, Event{Format: Tracing, PID: pid, Program: program}, text, rest)
	}
	return false
}

// tracedTask reads what stands before an event: "  sh-42    [000] ..... 36726.357761: ",
// "sh-42    (   40) [000] ...", "sh 42 [001] 36738.512820: capability:",
// "sh 42/43 36738.5:" and "0.036 sh/42 capability:".
func tracedTask(head string) (pid int, program string, ok bool) {
	before, _, found := cutLast(head, " [")
	if !found {
		words := strings.Fields(head)
		if n := len(words); n > 0 && !strings.Contains(words[n-1], ".") { // capability:
			words = words[:n-1]
		}
		if n := len(words); n > 1 && strings.HasSuffix(words[n-1], ":") {
			words = words[:n-1]
		} else if n > 1 {
			words = words[1:]
		}
		before = strings.Join(words, " ")
	}
	before = strings.TrimSpace(before)
	if comm, group, found := cutLast(before, "("); found && strings.HasSuffix(group, ")") { // of record-tgid
		before = strings.TrimSpace(comm)
	}
	at := strings.LastIndexAny(before, " -/")
	if at <= 0 {
		return 0, "", false
	}
	program, digits := strings.TrimSpace(before[:at]), before[at+1:]
	if before[at] == '/' {
		if comm, tgid, found := cutLast(program, " "); found && number(tgid) > 0 {
			program = comm
		}
	}
	if strings.Trim(digits, "0123456789") != "" || digits == "" {
		return 0, "", false
	}
	if program == "<...>" { // ftrace has forgotten it
		program = ""
	}
	return number(digits), strings.TrimSpace(program), true
}

// cutLast is strings.Cut at the last occurrence.
func cutLast(s, sep string) (before, after string, found bool) {
	if at := strings.LastIndex(s, sep); at >= 0 {
		return s[:at], s[at+len(sep):], true
	}
	return s, "", false
}

// traceField returns the value of "cap 12,", "cap=12" or "cap: 12".
func traceField(text, key string) (value string, ok bool) {
	for {
		at := strings.Index(text, key)
		if at < 0 {
			return "", false
		}
		whole := at == 0 || strings.IndexByte(" (,", text[at-1]) >= 0
		text = text[at+len(key):]
		if whole && text != "" && strings.IndexByte(" =:", text[0]) >= 0 {
			value = strings.TrimLeft(text[1:], " ")
			if end := strings.IndexAny(value, " ,)"); end >= 0 {
				value = value[:end]
			}
			return value, true
		}
	}
}

// asked reads the line of a check.
func (r *Reader) asked(e Event, line, rest string) bool {
	perfTrace := strings.Contains(line, ofCapable+"(cred") // leaves out what is 0
	value, ok := traceField(rest, "cap")
	c, err := strconv.ParseUint(value, 0, 8)
	if perfTrace && !ok {
		c, err = 0, nil
	}
	if err != nil || c > uint64(capset.Max) {
		return false
	}
	e.Kind, e.Caps = Checked, capset.Of(capset.Cap(c))
	switch ret, ok := traceField(rest, "ret"); {
	case ok:
		e.Granted = ret == "0"
	case perfTrace:
		e.Granted = true
	default:
		e.Unknown = true // an entry probe: its return may follow
	}
	r.event(e, line, true)
	r.stackOf = e.PID
	w := r.waiting(e.PID)
	w.namespace, _ = traceField(rest, "target_ns")
	return true
}

// returns reads a return probe of cap_capable, which tells what the last check of the task
// came to.
func (r *Reader) returns(e Event, _, rest string) bool {
	value, ok := traceField(rest, "ret")
	if !ok {
		if value, ok = traceField(rest, "arg1"); !ok {
			return false
		}
	}
	if w := r.waiting(e.PID); w != nil && w.Unknown {
		n, err := strconv.ParseInt(value, 0, 64)
		w.Unknown, w.Granted = false, err == nil && n == 0
	}
	return true
}

// callEnds reads "sys_exit: NR 161 = -1": what a system call came to that has asked.
func (r *Reader) callEnds(e Event, line, rest string) bool {
	_, value, ok := strings.Cut(rest, " = ")
	result, err := strconv.ParseInt(strings.TrimSpace(value), 10, 64)
	if !ok || err != nil {
		return false
	}
	for r.waiting(e.PID) != nil {
		r.flush()
	}
	t := r.threads[e.PID]
	if t == nil || t.asked == "" {
		return true
	}
	e.Call, t.asked = t.asked, ""
	if e.Program == "" {
		e.Program = t.program
	}
	if e.Kind = Done; result < 0 {
		e.Kind, e.Errno = Refused, errnoName(strconv.FormatInt(result, 10))
		if e.Errno == "" { // an error, but no refusal
			return true
		}
	}
	r.event(e, line, true) // behind what other tasks have asked before
	return true
}

// stackBegins reads the event of ftrace whose lines are the stack of the event before.
func (r *Reader) stackBegins(e Event, _, _ string) bool {
	r.stackOf = e.PID
	return true
}

// userStack reads the event of ftrace before a stack that has addresses alone.
func (r *Reader) userStack(Event, string, string) bool {
	r.stackOf = -1
	return true
}

// frame reads a function of a stack of ftrace.
func (r *Reader) frame(function string) bool {
	if w := r.waiting(r.stackOf); w != nil && !strings.HasPrefix(function, "<") && !strings.HasPrefix(function, "trace_event_raw_event_") {
		name, _, _ := strings.Cut(function, "+")
		w.frame(strings.TrimSpace(name))
	}
	return true
}

// perfFrame reads a function of a stack of perf script,
// "\tffffffff81a80183 cap_capable+0x83 ([kernel.kallsyms])".
func (r *Reader) perfFrame(line []byte) bool {
	address, symbol, ok := strings.Cut(strings.TrimSpace(string(line)), " ")
	if _, err := strconv.ParseUint(address, 16, 64); !ok || err != nil || !strings.HasSuffix(symbol, ")") {
		return false
	}
	symbol, _, _ = cutLast(symbol, " (")
	if name, _, _ := cutLast(symbol, "+0x"); name != "[unknown]" {
		if w := r.waiting(r.stackOf); w != nil && (w.Format == Tracing) {
			w.frame(name)
		}
	}
	return true
}

// complete adds to a check what its stack shows: the system call, whether it was a probe,
// and which user namespace was asked.
func (r *Reader) complete(w *waiting) {
	for _, function := range w.Stack {
		if strings.Contains(function, vmEnough) || strings.Contains(function, withoutAudit) || function == beforeCapset {
			w.Probe = true
		}
		if call := callOfFunction(function); call != "" {
			w.Call = call
		}
		// capable() and the check of memory ask the initial namespace. Its address is the
		// same in the whole log.
		if w.namespace != "" && (function == "capable" || strings.Contains(function, vmEnough)) {
			r.initial = strings.Clone(w.namespace)
		}
	}
	if strings.HasPrefix(w.namespace, "0xffffffff") { // on x86 it is part of the kernel's image
		r.initial = strings.Clone(w.namespace)
	}
	w.Child = w.namespace != "" && r.initial != "" && w.namespace != r.initial
	if w.Kind == Checked && !w.Probe {
		t := r.thread(w.PID)
		if t.program = strings.Clone(clip(w.Program, maxName)); w.Call != "" {
			t.asked = strings.Clone(w.Call)
		}
	}
}

// callOfFunction returns the system call whose entry a kernel function is, "" if it is none:
// "__x64_sys_chroot", "__arm64_sys_chroot", "__do_sys_setgroups", "ksys_write", "SyS_mount".
func callOfFunction(function string) string {
	name := strings.TrimLeft(function, "_")
	for _, before := range [...]string{
		"x64_sys_", "ia32_sys_", "ia32_compat_sys_", "x32_compat_sys_", "arm64_sys_", "arm64_compat_sys_", "s390x_sys_", "s390_sys_",
		"riscv_sys_", "powerpc_sys_", "se_sys_", "do_sys_", "se_compat_sys_", "do_compat_sys_", "ksys_", "sys_", "SyS_", "SYSC_", "compat_SyS_",
	} {
		if call, ok := strings.CutPrefix(name, before); ok {
			call, _, _ = strings.Cut(call, ".") // .isra.0
			return call
		}
	}
	return ""
}
