// SPDX-License-Identifier: Apache-2.0

package denial

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/capinspect/capinspect/capset"
)

// ofCapableTool are the columns of bcc's capable.
const ofCapableTool = "TIME UID PID COMM CAP NAME AUDIT"

// initialUserNamespace is the inode number of the initial user namespace
// (include/linux/proc_ns.h, PROC_USER_INIT_INO).
const initialUserNamespace = 0xEFFFFFFD

// capableMark takes the tables and the JSON lines of the tools that trace cap_capable with
// BPF: capable of bcc, libbpf-tools and bpftrace, inspektor-gadget's trace_capabilities,
// Tetragon and Tracee.
func capableMark(line []byte) bool {
	return len(line) > 0 && (line[0] == ' ' || line[0] == '\t' || line[0] == '{' || bytes.Contains(line, []byte("CAP")) || bytes.Contains(line, []byte(" Deny")))
}

// capable reads a line of such a tool.
func (r *Reader) capable(line []byte) bool {
	if line[0] == '{' {
		return bytes.Contains(line, []byte(`"cap`)) && r.capableJSON(line)
	}
	text := string(line)
	words := strings.Fields(text)
	switch {
	case slices.Contains(words, "COMM") && slices.Contains(words, "CAP") && slices.Contains(words, "AUDIT"):
		r.columns = strings.Fields(strings.Clone(text))
		return true
	case line[0] == ' ' || line[0] == '\t':
		return r.capableFrame(text)
	}
	return r.capableRow(words, text)
}

// capableRow reads a row of a table by the columns that its header names; without one they
// are bcc's. The name of the program may have blanks, the others have none.
func (r *Reader) capableRow(words []string, line string) bool {
	columns := r.columns
	if columns == nil {
		columns = strings.Fields(ofCapableTool)
	}
	comm, name := slices.Index(columns, "COMM"), slices.Index(columns, "CAP")
	if at := slices.IndexFunc(columns, func(c string) bool { return c == "NAME" || c == "CAPNAME" }); at >= 0 {
		name = at
	}
	more := 0 // words of the program's name behind the first
	for ; more < 8; more++ {
		if name+more >= len(words) {
			return false
		}
		if word := words[name+more]; number(word) == 0 && strings.ToUpper(word) == word {
			if _, err := capset.Parse(word); err == nil {
				break
			}
		}
	}
	field := func(column string) string {
		i := slices.Index(columns, column)
		if i > comm {
			i += more
		}
		if i < 0 || i >= len(words) {
			return ""
		}
		return words[i]
	}
	pid := number(field("PID"))
	if more == 8 || comm > name || pid == 0 {
		return false
	}
	c, err := capset.Parse(words[name+more])
	if err != nil {
		return false
	}
	e := checkedEvent(c, field("VERDICT")+field("CAPABLE"), field("AUDIT"), field("SYSCALL"))
	e.PID, e.Program = pid, strings.Join(words[comm:comm+more+1], " ")
	r.event(e, line, true)
	r.stackOf = e.PID
	return true
}

// checkedEvent returns what such a tool says about a check. Some tell no verdict.
func checkedEvent(c capset.Cap, verdict, audit, call string) Event {
	e := Event{Kind: Checked, Format: Capable, Caps: capset.Of(c), Probe: audit == "0"}
	switch strings.ToLower(verdict) {
	case "allow", "true":
		e.Granted = true
	case "deny", "false":
	default:
		e.Unknown = true
	}
	e.Call = strings.TrimPrefix(strings.ToLower(call), "sys_")
	return e
}

// capableFrame reads a line of a stack of bcc, "    cap_capable+0x1 [kernel]". Python 3 may
// have written b'cap_capable+0x1 [kernel]'.
func (r *Reader) capableFrame(line string) bool {
	w := r.waiting(r.stackOf)
	if w == nil || w.Format != Capable {
		return false
	}
	for word := range strings.FieldsSeq(line) {
		if name, _, ok := strings.Cut(strings.TrimPrefix(word, "b'"), "+0x"); ok {
			w.frame(name)
			return true
		}
	}
	text := strings.TrimSpace(line)
	return text == "--" || strings.Contains(text, "[unknown]") || strings.HasSuffix(text, "[kernel]")
}

// capableJSON reads a line of inspektor-gadget -o json, and one of Tetragon or Tracee.
func (r *Reader) capableJSON(line []byte) bool {
	var row struct {
		Comm, Syscall, Verdict, CapName string
		Cap, Audit, Capable             any
		PID                             int
		Proc                            struct {
			Comm string
			PID  int
		}
		EventName, ProcessName string // of Tracee
		ProcessID              int
		Args                   []struct{ Name, Value any }

		Target   uint64         `json:"target_userns"`
		Stack    string         `json:"kstack"`
		Tetragon *tetragonEvent `json:"process_kprobe"`
	}
	if json.Unmarshal(line, &row) != nil {
		return false
	}
	if row.Tetragon != nil {
		return r.tetragon(row.Tetragon, string(line))
	}
	name := row.CapName
	if name == "" {
		name = fmt.Sprint(row.Cap)
	}
	for _, arg := range row.Args {
		if arg.Name == "cap" {
			name = fmt.Sprint(arg.Value)
		}
	}
	c, err := capset.Parse(name)
	if err != nil || row.Audit == nil && row.EventName != ofCapable {
		return false
	}
	e := checkedEvent(c, row.Verdict+strings.TrimPrefix(fmt.Sprint(row.Capable), "<nil>"), fmt.Sprint(row.Audit), row.Syscall)
	e.PID, e.Program = max(row.PID, row.Proc.PID, row.ProcessID), row.Comm+row.Proc.Comm+row.ProcessName
	e.Child = row.Target != 0 && row.Target != initialUserNamespace
	w := waiting{Event: e}
	for frame := range strings.SplitSeq(row.Stack, ";") { // [0]cap_capable+0x5; [1]...
		_, frame, _ = cutLast(frame, "]")
		frame, _, _ = strings.Cut(frame, "+")
		w.frame(strings.TrimSpace(frame))
	}
	r.event(w.Event, string(line), false)
	return true
}

// tetragonEvent is an event of Tetragon's policy creds-capability-usage.
type tetragonEvent struct {
	Process struct {
		PID    int
		Binary string
	}
	Function string `json:"function_name"`
	Args     []struct {
		Capability struct{ Name string } `json:"capability_arg"`
		Namespace  struct {
			Level int
		} `json:"user_ns_arg"`
	}
	Return struct {
		Value *int `json:"int_arg"`
	}
}

// tetragon hands on such an event.
func (r *Reader) tetragon(t *tetragonEvent, line string) bool {
	e := Event{Kind: Checked, Format: Capable, PID: t.Process.PID, Program: path.Base(t.Process.Binary)}
	for _, arg := range t.Args {
		if c, err := capset.Parse(arg.Capability.Name); err == nil {
			e.Caps = capset.Of(c)
		}
		e.Child = e.Child || arg.Namespace.Level > 0
	}
	if t.Function != ofCapable || e.Caps == 0 {
		return false
	}
	e.Unknown = t.Return.Value == nil
	e.Granted = !e.Unknown && *t.Return.Value == 0
	r.event(e, line, false)
	return true
}
