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

// The parts of a line of strace.

// straceMark takes lines of which the first bytes can be strace's: a digit, a letter, or
// what it sets off a thread, a signal, an end or a stack with.
func straceMark(line []byte) bool {
	if len(line) < 4 {
		return false
	}
	b := line[0]
	return b >= 'a' && b <= 'z' || b >= '0' && b <= '9' || b == '[' || b == ' ' || b == '<' || b == '-' || b == '+' || b == '_'
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
