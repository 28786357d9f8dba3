// SPDX-License-Identifier: Apache-2.0

package denial

import (
	"bytes"
	_ "embed"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/capinspect/capinspect/capset"
)

//go:generate go run testdata/syscalls/main.go

// syscallNames are the system calls by the architectures of audit records: see the program
// that writes it.
//
//go:embed syscalls.txt
var syscallNames string

// callsOf has the system calls of an architecture, by its name and by its number in audit
// records; "" where there is none.
var callsOf = sync.OnceValue(func() map[string][]string {
	architectures := map[string][]string{}
	for line := range strings.Lines(syscallNames) {
		words := strings.Fields(line)
		var calls []string
		for _, word := range words[2:] {
			if next, err := strconv.Atoi(word); err == nil {
				calls = append(calls, make([]string, next-len(calls))...)
				continue
			}
			calls = append(calls, word)
		}
		architectures[words[0]], architectures[words[1]] = calls, calls
	}
	return architectures
})

// auditMark takes the audit records that tell of refusals, wherever they were found: in
// audit.log, the journal, dmesg or syslog, and as ausearch -i prints them.
func auditMark(word string) func(line []byte) bool {
	return func(line []byte) bool { return bytes.Contains(line, []byte(word)) }
}

// record has the fields of an audit record.
type record string

// raw returns the value of a field as it stands there, "" if there is none.
func (r record) raw(key string) string {
	for text := string(r); ; {
		at := strings.Index(text, key+"=")
		if at < 0 {
			return ""
		}
		before := at == 0 || strings.IndexByte(" \t\x1d,(", text[at-1]) >= 0
		text = text[at+len(key)+1:]
		if !before {
			continue
		}
		if value, ok := strings.CutPrefix(text, `"`); ok {
			if end := strings.IndexByte(value, '"'); end >= 0 {
				return text[:end+2]
			}
		}
		if end := strings.IndexAny(text, " \t\x1d"); end >= 0 {
			return text[:end]
		}
		return text
	}
}

// get returns the value of a field. The kernel writes text that has blanks or the like in
// hexadecimal digits, and quotes the rest.
func (r record) get(key string) string {
	value := r.raw(key)
	if len(value) >= 2 && value[0] == '"' && value[len(value)-1] == '"' {
		return value[1 : len(value)-1]
	}
	return value
}

// text returns the value of a field that is text.
func (r record) text(key string) string {
	value := r.raw(key)
	if len(value) > 3 && strings.Trim(value, "0123456789ABCDEF") == "" {
		if plain, err := hex.DecodeString(value); err == nil {
			return string(bytes.TrimRight(plain, "\x00"))
		}
	}
	return r.get(key)
}

// event returns an event with what all records have.
func (r record) event(f Format) Event {
	e := Event{Format: f, Kind: Refused, PID: number(r.get("pid")), Program: r.text("comm")}
	if e.Program == "" {
		e.Program = r.text("exe")
	}
	return e
}

// caps returns the capability that a record tells by its number, or by one of its names.
func (r record) caps(names ...string) (set capset.Set) {
	if c, err := capset.Parse(r.get("capability")); err == nil {
		return capset.Of(c)
	}
	for _, name := range names {
		if c, err := capset.Parse(name); err == nil {
			set |= capset.Of(c)
		}
	}
	return set
}

// appArmor reads a record of AppArmor. It is asked after the capability sets were: what it
// refuses the task holds. In complain mode (ALLOWED) it has let it pass.
func (r *Reader) appArmor(line []byte) bool {
	rec := record(line)
	verdict, operation := rec.get("apparmor"), rec.get("operation")
	if operation == "" {
		return false
	}
	e := rec.event(AppArmor)
	e.Label = rec.text("profile")
	refused := verdict == "DENIED" || verdict == "KILLED"
	if operation == "capable" {
		e.Kind, e.Granted = Checked, !refused
		e.Caps = rec.caps(rec.get("capname"))
		e.Child = e.Label == "unprivileged_userns" // what a new user namespace gets on Ubuntu
		if e.Caps == 0 {
			return false
		}
	} else {
		if !refused {
			return true
		}
		e.Call, e.Path, e.Args = operation, rec.text("name"), rec.get("denied_mask")
		if e.Args == "" {
			e.Args = rec.get("denied")
		}
		if e.Errno = errnoName(rec.get("error")); e.Errno == "" {
			e.Errno = "EACCES"
		}
	}
	r.event(e, string(line), false)
	return true
}

// seLinux reads an access vector of SELinux, which is asked after the capability sets were
// too.
func (r *Reader) seLinux(line []byte) bool {
	_, text, ok := bytes.Cut(line, []byte("avc:"))
	verdict, _, _ := strings.Cut(strings.TrimLeft(string(text), " "), " ")
	_, list, open := bytes.Cut(text, []byte("{"))
	perms, _, closed := bytes.Cut(list, []byte("}"))
	if !ok || !open || !closed || verdict != "denied" && verdict != "granted" {
		return false
	}
	rec := record(line)
	e := rec.event(SELinux)
	e.Label = rec.get("scontext")
	passed := verdict == "granted" || rec.get("permissive") == "1"
	class := rec.get("tclass")
	switch class {
	case "capability", "capability2", "cap_userns", "cap2_userns":
		e.Kind, e.Granted, e.Child = Checked, passed, strings.HasSuffix(class, "_userns")
		if e.Caps = rec.caps(strings.Fields(string(perms))...); e.Caps == 0 {
			return false
		}
	default:
		if passed {
			return true
		}
		e.Call, e.Args, e.Errno = strings.TrimSpace(string(perms)), class, "EACCES"
		for _, key := range []string{"path", "name"} {
			if e.Path == "" {
				e.Path = rec.text(key)
			}
		}
	}
	r.event(e, string(line), false)
	return true
}

// landlock reads a record of a Landlock domain (types 1423 and 1424, since Linux 6.15), which
// no capability changes.
func (r *Reader) landlock(line []byte) bool {
	rec := record(line)
	if rec.get("domain") == "" || rec.get("blockers") == "" {
		return false
	}
	e := rec.event(Landlock)
	e.Call, e.Path = rec.get("blockers"), rec.text("path")
	if e.Errno = "EACCES"; !strings.HasPrefix(e.Call, "fs.") && !strings.HasPrefix(e.Call, "net.") {
		e.Errno = "EPERM"
	}
	r.event(e, string(line), false)
	return true
}

// seccompLogged is the action of a filter that lets the call pass, and allows that of none.
const seccompLogged, seccompAllow = 0x7ffc0000, 0x7fff0000

// seccomp reads a record of a seccomp filter. It tells no errno.
func (r *Reader) seccomp(line []byte) bool {
	rec := record(line)
	call := rec.call()
	if call == "" || rec.get("code") == "" {
		return false
	}
	code := rec.get("code")
	switch action, err := strconv.ParseUint(strings.TrimPrefix(code, "0x"), 16, 64); {
	case err == nil && (action&0xffff0000 == seccompLogged || action&0xffff0000 == seccompAllow), code == "log", code == "allow":
		return true
	}
	e := rec.event(Seccomp)
	e.Call = call
	r.event(e, string(line), false)
	return true
}

// auditCall reads the record of a system call (type 1300).
func (r *Reader) auditCall(line []byte) bool {
	rec := record(line)
	call := rec.call()
	if call == "" || rec.get("success") == "" {
		return false
	}
	e := rec.event(Audit)
	e.Call = string(modern([]byte(call)))
	var args []string
	for _, key := range []string{"a0", "a1", "a2", "a3"} {
		if arg := rec.get(key); arg != "" {
			args = append(args, arg)
		}
	}
	e.Args = strings.Join(args, ", ")
	switch e.Errno = errnoName(rec.get("exit")); {
	case rec.get("success") == "yes" && guarded()[e.Call]:
		e.Kind, e.Errno = Done, ""
	case rec.get("success") != "no" || !refusal([]byte(e.Call), []byte(e.Errno)):
		return true
	}
	r.event(e, string(line), false)
	return true
}

// call returns the system call of a record by its number and architecture, or its name as
// ausearch -i has it.
func (r record) call() string {
	text, arch := r.get("syscall"), r.get("arch")
	n, err := strconv.Atoi(text)
	if err != nil {
		return text
	}
	const x32 = 1 << 30 // __X32_SYSCALL_BIT
	if n &^= x32; n < 0 {
		return ""
	}
	if names := callsOf()[arch]; n < len(names) && names[n] != "" {
		return names[n]
	}
	return "syscall_" + strconv.Itoa(n) // of this architecture, or of one that has no line
}

// errnos are the errors that a refusal comes back with, by their numbers on all
// architectures of Linux but alpha, mips and sparc.
var errnos = []struct {
	number, name string
}{
	{"1", "EPERM"},
	{"2", "ENOENT"},
	{"11", "EAGAIN"},
	{"12", "ENOMEM"},
	{"13", "EACCES"},
	{"22", "EINVAL"},
	{"28", "ENOSPC"},
	{"30", "EROFS"},
	{"38", "ENOSYS"},
	{"95", "EOPNOTSUPP"},
}

// errnoName returns the name of "-13" and of "EACCES(Permission denied)", "" if it is not
// of a refusal.
func errnoName(exit string) string {
	if name, _, _ := strings.Cut(exit, "("); strings.HasPrefix(name, "E") {
		return name
	}
	at := slices.IndexFunc(errnos, func(e struct{ number, name string }) bool { return "-"+e.number == exit })
	if at < 0 {
		return ""
	}
	return errnos[at].name
}
