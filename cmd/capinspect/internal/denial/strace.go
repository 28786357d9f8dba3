// SPDX-License-Identifier: Apache-2.0

package denial

import (
	"bytes"
	"path"
	"strconv"
	"strings"
)

// What strace(1) writes, of 4.9 to 6.x.
const (
	straceUnfinished = "<unfinished ...>"
	straceAttached   = "strace: Process "
	straceStack      = " > "
)

// strace reads a line of strace.
func (r *Reader) strace(line []byte) bool {
	if bytes.HasPrefix(line, []byte(straceStack)) {
		return r.straceStack(line[len(straceStack):])
	}
	if len(r.pending) > 0 && r.pending[len(r.pending)-1].Format == Strace {
		r.flush()
	}
	numbered := bytes.HasPrefix(line, []byte("[pid ")) || bytes.HasPrefix(line, []byte("write(2, \""))
	pid, program, line := stracePrefix(line)
	if pid == 0 {
		pid = r.filePID
	}
	if program != "" {
		r.thread(pid).program = clip(program, maxName)
	}
	switch {
	case len(line) == 0:
		return false
	case line[0] == '<':
		return r.straceResumed(pid, line)
	case line[0] == '-':
		return bytes.HasPrefix(line, []byte("--- ")) && bytes.HasSuffix(line, []byte(" ---"))
	case line[0] == '+':
		return r.straceEnd(pid, line)
	case line[0] == '[':
		return bytes.HasPrefix(line, []byte("[ Process PID="))
	}
	call, rest, attached := bytes.Cut(line, []byte(straceAttached))
	if attached && (len(call) == 0 || callName(call) > 0) && bytes.HasSuffix(rest, []byte(" attached")) {
		return r.straceAttached(pid, call, rest)
	}
	n := callName(line)
	if n == 0 {
		return false
	}
	if bytes.HasSuffix(line, []byte(straceUnfinished)) {
		r.unfinished(pid, line[:len(line)-len(straceUnfinished)])
		return true
	}
	if r.straceCall(pid, line, n) {
		return true
	}
	if numbered { // what the program writes to the same file came between
		r.unfinished(pid, line)
	}
	return numbered
}

// straceStack reads a line of a stack of -k, "/lib/libc.so.6(mount+0xa) [0x109e5a]". Of
// frames without a symbol nothing is told.
func (r *Reader) straceStack(line []byte) bool {
	_, symbol, ok := bytes.Cut(line, []byte("("))
	end := bytes.IndexAny(symbol, "+)")
	if !ok || end < 0 {
		return false
	}
	if len(r.pending) > 0 && r.pending[len(r.pending)-1].Format == Strace {
		r.pending[len(r.pending)-1].frame(string(symbol[:end]))
	}
	return true
}

// straceEnd reads "+++ exited with 1 +++" and "+++ killed by SIGSYS (core dumped) +++".
func (r *Reader) straceEnd(pid int, line []byte) bool {
	text, ok := bytes.CutSuffix(bytes.TrimPrefix(line, []byte("+++ ")), []byte(" +++"))
	if !ok {
		return false
	}
	e := Event{Kind: Exited, Format: Strace, PID: pid, Program: r.program(pid)}
	if code, ok := bytes.CutPrefix(text, []byte("exited with ")); ok {
		status, err := strconv.Atoi(string(code))
		if err != nil {
			return false
		}
		e.Status = status
	} else if bytes.HasPrefix(text, []byte("killed by ")) {
		e.Status = -1
	} else { // superseded by execve in pid N
		return bytes.HasPrefix(text, []byte("superseded by "))
	}
	r.event(e, string(line), false)
	delete(r.threads, pid)
	return true
}

// straceAttached reads "strace: Process 43 attached", which may come behind a call that
// goes on. The new thread is of the program that forks.
func (r *Reader) straceAttached(pid int, call, rest []byte) bool {
	child := number(rest[:bytes.IndexByte(rest, ' ')])
	if child == 0 {
		return false
	}
	if len(call) > 0 {
		r.unfinished(pid, call)
	}
	if program := r.program(r.forking); program != "" {
		r.thread(child).program = program
	}
	return true
}

// unfinished keeps the beginning of a call.
func (r *Reader) unfinished(pid int, call []byte) {
	r.thread(pid).call = string(call[:min(len(call), maxCall)])
	if isFork(call) {
		r.forking = pid
	}
}

// isFork reports whether a call is one that makes a thread.
func isFork(call []byte) bool {
	return bytes.HasPrefix(call, []byte("clone")) || bytes.HasPrefix(call, []byte("vfork(")) || bytes.HasPrefix(call, []byte("fork("))
}

// straceResumed reads "<... setgroups resumed>) = 0", the end of a call.
func (r *Reader) straceResumed(pid int, line []byte) bool {
	name, rest, ok := bytes.Cut(bytes.TrimPrefix(line, []byte("<... ")), []byte(" resumed>"))
	if !ok || callName(append(bytes.Clone(name), '(')) == 0 {
		return false
	}
	t, begin := r.threads[pid], string(name)+"("
	if t == nil || t.call == "" {
		t = r.threads[0] // see program
	}
	if t != nil && strings.HasPrefix(t.call, begin) {
		begin = t.call
		if len(rest) > 0 && rest[0] == ')' { // nothing was left to print
			begin = strings.TrimRight(begin, " ")
		}
		t.call = ""
	}
	if bytes.HasSuffix(rest, []byte(straceUnfinished)) {
		r.unfinished(pid, append([]byte(begin), rest[:len(rest)-len(straceUnfinished)]...))
		return true
	}
	return r.straceCall(pid, append([]byte(begin), rest...), len(name))
}

// program returns the name of the program of a thread, "" if it is not known. The process
// that strace started has no number before it forks; any other that comes up is new.
func (r *Reader) program(pid int) string {
	for _, of := range [...]int{pid, 0, r.forking} {
		if t := r.threads[of]; t != nil && t.program != "" {
			return t.program
		}
	}
	return ""
}

// straceCall reads a call with its result.
func (r *Reader) straceCall(pid int, line []byte, name int) bool {
	end, result := straceResult(line)
	if end < name {
		return false
	}
	call := line[:name]
	if result[0] == '-' && len(result) > 3 && result[1] == '1' && result[2] == ' ' {
		errno, _, _ := bytes.Cut(result[3:], []byte(" "))
		// strace itself has put an injected error in the place of the kernel's answer.
		if len(errno) > 0 && errno[0] == 'E' && refusal(modern(call), errno) && !bytes.HasSuffix(result, []byte("(INJECTED)")) {
			r.straceEvent(Event{Kind: Refused, PID: pid, Errno: string(errno)}, line, name, end)
		}
		return true
	}
	if result[0] < '0' || result[0] > '9' {
		return result[0] == '?' || result[0] == '-'
	}
	switch {
	case call[0] == 'r' && bytes.HasPrefix(call, []byte("recv")):
		if errno := netlinkErrno(line[name:end]); errno != "" {
			r.straceEvent(Event{Kind: Refused, PID: pid, Errno: errno}, line, name, end)
		}
	case call[0] == 'e' && bytes.HasPrefix(call, []byte("execve")):
		if file := firstPath(string(call), string(line[name+1:end])); file != "" {
			r.thread(pid).program = strings.Clone(clip(path.Base(file), maxName))
		}
	case isFork(line):
		digits := len(result) - len(bytes.TrimLeft(result, "0123456789")) // -Y adds its name
		child := number(result[:digits])
		if program := r.program(pid); program != "" && child > 0 && r.threads[child] == nil {
			r.thread(child).program = program
		}
		if bytes.Contains(line, []byte("CLONE_NEW")) {
			r.straceEvent(Event{Kind: Done, PID: pid}, line, name, end)
		}
	case guarded()[string(modern(call))]:
		r.straceEvent(Event{Kind: Done, PID: pid}, line, name, end)
	}
	return true
}

// netlinkErrno returns the error that a message of netlink answers with, "" if none of them
// refuses something.
func netlinkErrno(args []byte) string {
	_, answer, ok := bytes.Cut(args, []byte("{error=-"))
	if !ok || !bytes.Contains(args, []byte("nlmsg_type=NLMSG_ERROR")) {
		return ""
	}
	switch errno, _, _ := bytes.Cut(answer, []byte(",")); string(errno) {
	case "EPERM", "EACCES":
		return string(errno)
	}
	return ""
}

// straceEvent hands on a call, of which the name and the arguments end there.
func (r *Reader) straceEvent(e Event, line []byte, name, end int) {
	text := string(line)
	e.Format, e.Program = Strace, r.program(e.PID)
	e.Call, e.Args = string(modern(line[:name])), strings.TrimRight(text[name+1:end], " ")
	e.Path = firstPath(e.Call, e.Args)
	if e.Errno == "EPERM" || e.Errno == "EACCES" {
		r.refused[strings.Clone(e.Errno)] = r.Stats.Lines
	}
	r.event(e, text, true)
}

// toldByStrace reports whether strace has just told of an error in the same file: what the
// program then says of it, to the same file, is no second one.
func (r *Reader) toldByStrace(errno string) bool {
	const output, since = 10, 200 // lines
	if errno == "" {              // "must be root"
		errno = "EPERM"
	}
	line := r.refused[errno]
	return line > 0 && r.Stats.Lines-r.traced <= output && r.Stats.Lines-line <= since
}
