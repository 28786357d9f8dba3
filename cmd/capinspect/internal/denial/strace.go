// SPDX-License-Identifier: Apache-2.0

package denial

import (
	"bytes"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/capinspect/capinspect/capset/operation"
)

// What strace(1) writes, of 4.9 to 6.x.
const (
	straceUnfinished = "<unfinished ...>"
	straceAttached   = "strace: Process "
	straceStack      = " > "
)

// straceMark takes lines of which the first bytes can be strace's: a digit, a letter, or
// what it sets off a thread, a signal, an end or a stack with.
func straceMark(line []byte) bool {
	if len(line) < 4 {
		return false
	}
	b := line[0]
	return b >= 'a' && b <= 'z' || b >= '0' && b <= '9' || b == '[' || b == ' ' || b == '<' || b == '-' || b == '+' || b == '_'
}

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
		r.thread(pid).program = program
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

// callName returns the length of the name of a system call before a parenthesis, 0 if there
// is none.
func callName(line []byte) int {
	for i, b := range line {
		if b >= 'a' && b <= 'z' || b == '_' || i > 0 && b >= '0' && b <= '9' {
			continue
		}
		if b == '(' {
			return i
		}
		return 0
	}
	return 0
}

// stracePrefix cuts the thread and the times off that stand before a call: "[pid 42] ",
// "42  ", "42<comm> ", "11:49:49.646114 ", "1795866593.443652 ", "   0.000073 ",
// "(+     0.000060) ", and "0.036 ( 0.005 ms): comm/42 " of perf trace.
func stracePrefix(line []byte) (pid int, program string, rest []byte) {
	for first := true; ; first = false {
		line = bytes.TrimLeft(line, " ")
		if len(line) == 0 {
			return pid, program, nil
		}
		word := line
		switch {
		case first && bytes.HasPrefix(line, []byte("[pid ")):
			end := bytes.IndexByte(line, ']')
			if end < 0 {
				return pid, program, line
			}
			pid, program = pidAndComm(bytes.TrimLeft(line[len("[pid "):end], " "))
			line = line[end+1:]
			continue
		case line[0] == '(':
			end := bytes.IndexByte(line, ')')
			if end < 0 {
				return pid, program, line
			}
			line = line[end+1:]
			if after, ok := bytes.CutPrefix(line, []byte(": ")); ok { // of perf trace: comm/42
				word, call, _ := bytes.Cut(after, []byte(" "))
				if slash := bytes.LastIndexByte(word, '/'); slash > 0 {
					return number(word[slash+1:]), string(word[:slash]), call
				}
			}
			continue
		case line[0] < '0' || line[0] > '9':
			return pid, program, line
		}
		end := bytes.IndexByte(line, ' ')
		if first {
			if lt := bytes.IndexByte(line, '<'); lt >= 0 && lt < end { // a comm may have blanks
				if gt := bytes.Index(line, []byte("> ")); gt > 0 {
					end = gt + 1
				}
			}
		}
		if end < 0 {
			return pid, program, line
		}
		word, rest = line[:end], line[end:]
		if n, comm := pidAndComm(word); n > 0 && first {
			pid, program = n, comm
		} else if bytes.IndexByte(word, ':') < 0 && bytes.IndexByte(word, '.') < 0 {
			return pid, program, line
		}
		line = rest
	}
}

// pidAndComm reads "42" or "42<comm>".
func pidAndComm(text []byte) (pid int, comm string) {
	digits := text
	if lt := bytes.IndexByte(text, '<'); lt > 0 && text[len(text)-1] == '>' {
		digits, comm = text[:lt], string(text[lt+1:len(text)-1])
	}
	pid = number(digits)
	if pid == 0 {
		return 0, ""
	}
	return pid, comm
}

// number returns a positive number of at most 9 digits, else 0.
func number[T string | []byte](digits T) (n int) {
	if len(digits) > 9 {
		return 0
	}
	for i := range len(digits) {
		if digits[i] < '0' || digits[i] > '9' {
			return 0
		}
		n = n*10 + int(digits[i]-'0')
	}
	return n
}

// pidOfName returns the parts of the name of a file that strace -ff -o FILE has written,
// "FILE.PID"; 0 if it is none.
func pidOfName(file string) (trace string, pid int) {
	file = strings.TrimSuffix(strings.TrimSuffix(file, ".gz"), ".bz2")
	ext := path.Ext(file)
	return strings.TrimSuffix(file, ext), number(strings.TrimPrefix(ext, "."))
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
			r.thread(pid).program = strings.Clone(path.Base(file))
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

// straceResult returns where the arguments of a call end, and what follows the last
// ") = ", where strace fills with blanks; -1 if there is none.
func straceResult(line []byte) (end int, result []byte) {
	for from := len(line); ; {
		equals := bytes.LastIndex(line[:from], []byte(" = "))
		if equals < 0 || equals+len(" = ") == len(line) {
			return -1, nil
		}
		args := bytes.TrimRight(line[:equals], " ")
		if len(args) > 0 && args[len(args)-1] == ')' {
			return len(args) - 1, line[equals+len(" = "):]
		}
		from = equals
	}
}

// modern returns a call without the 32 of those that have 32-bit ids on i386 and arm.
func modern(call []byte) []byte {
	if short, ok := bytes.CutSuffix(call, []byte("32")); ok && (bytes.HasPrefix(short, []byte("set")) || bytes.HasSuffix(short, []byte("chown"))) {
		return short
	}
	return call
}

// refusal reports whether an errno of a call may be a refusal, or says that a thing is
// not there. The others are part of the normal flow of programs: nothing to read yet,
// a signal, no terminal, a wrong argument.
func refusal(call, errno []byte) bool {
	switch string(errno) {
	case "EPERM", "EACCES", "EROFS", "ENOENT", "ENOSYS", "EOPNOTSUPP":
		return true
	}
	return guarded()[string(call)+" "+string(errno)]
}

// guarded has the system calls whose success may show the use of a capability: those of
// the table of operations, but for what programs do all the time without any. It has them
// with the errno that comes back too, as "mount EPERM".
var guarded = sync.OnceValue(func() map[string]bool {
	calls := map[string]bool{}
	for _, o := range operation.All() {
		if len(o.Caps) == 0 || o.Program {
			continue
		}
		for _, name := range slices.Concat(o.Names, o.Calls) {
			calls[name], calls[name+" "+o.Errno] = true, true
		}
	}
	for everyday := range strings.FieldsSeq(
		"open openat openat2 creat execve execveat mkdir mkdirat unlink unlinkat rmdir rename renameat renameat2 " +
			"link linkat access faccessat stat read write mmap kill tgkill tkill") {
		delete(calls, everyday)
	}
	return calls
})

// firstPath returns the first path of the arguments of a call: a string, or what -y says
// about a descriptor. A relative one is joined to the directory that -y tells.
func firstPath(call, args string) string {
	dir := ""
	for i := 0; i < len(args); i++ {
		switch args[i] {
		case '<':
			end := strings.IndexByte(args[i:], '>')
			if end < 0 {
				return dir
			}
			if file := args[i+1 : i+end]; dir == "" && strings.HasPrefix(file, "/") {
				dir = file
			}
			i += end
		case '"':
			text, end := quoted(args[i:])
			i += end
			switch {
			case strings.HasPrefix(text, "/"):
				return text
			case text != "" && dir != "" && namesFile(call):
				return path.Join(dir, text)
			case text != "" && namesFile(call) && call != "mount":
				return text
			}
		}
	}
	return dir
}

// namesFile reports whether a string among the arguments of a call is the name of a file,
// also if it begins with no slash.
func namesFile(call string) bool {
	for _, of := range [...]string{"write", "send", "read", "recv", "setxattr", "bind", "connect", "hostname", "domainname", "ioctl", "prctl", "sockopt"} {
		if strings.Contains(call, of) && call != "readlink" && call != "readlinkat" {
			return false
		}
	}
	return true
}

// quoted returns the string at the beginning of a text, unescaped, and how long it is there.
func quoted(text string) (value string, length int) {
	var b []byte
	for i := 1; i < len(text); i++ {
		switch c := text[i]; c {
		case '"':
			if b == nil {
				return text[1:i], i
			}
			return string(b), i
		case '\\':
			if b == nil {
				b = append(make([]byte, 0, len(text)), text[1:i]...)
			}
			var n int
			c, n = escape(text[i+1:])
			b, i = append(b, c), i+n
		default:
			if b != nil {
				b = append(b, c)
			}
		}
	}
	return "", len(text)
}

// escape returns the byte after a backslash, and how long its name is.
func escape(text string) (c byte, length int) {
	if text == "" {
		return '\\', 0
	}
	if i := strings.IndexByte("abtnvfr", text[0]); i >= 0 {
		return byte('\a' + i), 1
	}
	digits, base := 0, 8
	if text[0] == 'x' {
		text, length, base = text[1:], 1, 16
	}
	most := map[int]int{8: 3, 16: 2}[base]
	for digits < min(most, len(text)) && strings.IndexByte("0123456789abcdef"[:base], text[digits]) >= 0 {
		digits++
	}
	if digits == 0 {
		if base == 16 {
			return 'x', 1
		}
		return text[0], 1
	}
	n, _ := strconv.ParseUint(text[:digits], base, 16)
	return byte(n), length + digits
}
