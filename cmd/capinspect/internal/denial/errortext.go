// SPDX-License-Identifier: Apache-2.0

package denial

import (
	"bytes"
	"cmp"
	"strings"
	"sync"

	"github.com/capinspect/capinspect/capset/operation"
)

// maxMessage is how much of a message is looked at, before the error and behind.
const maxMessage = 2 << 10

// errorWords are the words for a refusal in the messages of programs, by the error.
var errorWords = []struct{ words, errno string }{
	{"Operation not permitted", "EPERM"},
	{"operation not permitted", "EPERM"},
	{"Permission denied", "EACCES"},
	{"permission denied", "EACCES"},
	{"Os { code: ", ""}, // of Rust
	{"EPERM", "EPERM"},
	{"EACCES", "EACCES"},
	{"java.nio.file.AccessDeniedException", "EACCES"},
	{"must be superuser", ""}, // what mount makes of EPERM
	{"must be root", ""},
	{"Lacking privilege", ""},
	{"only root can", ""},
}

// otherRefusals are messages with such words that are about no operation of a process: a
// login, a database, a server's answer.
var otherRefusals = []string{
	"denied (publickey", "denied (password", "denied (keyboard", "denied (gssapi", "denied, please try again", "denied for ", "denied to role",
}

// surestWords are words that say more than the name of a call among them.
var surestWords = []messageWord{
	{"bind mount", "bind mount"},
	{"bind-mount", "bind mount"},
	{"raw socket", "raw socket"},
	{"uid map", "uid_map"},
	{"gid map", "uid_map"},
	{"gid_map", "uid_map"},
	{"apply caps", "capset"}, // of runc
	{"apply capabilities", "capset"},
	{"ioctl 0x8914", "SIOCSIFFLAGS"}, // of busybox
	{"ioctl 0x8916", "SIOCSIFADDR"},
}

// messageWord are words of messages, and the operation that they are about.
type messageWord struct{ words, operation string }

// messageWords are words that messages have in place of the name of a call. The first that
// occurs counts.
var messageWords = []messageWord{
	{"changing ownership of", "chown"},
	{"change ownership of", "chown"},
	{"changing group of", "chown"},
	{"changing permissions of", "chmod"},
	{"change permissions of", "chmod"},
	{"change the mode of", "chmod"},
	{"setting times of", "utimensat"},
	{"preserving times for", "utimensat"},
	{"preserve ownership for", "chown"},
	{"preserve permissions for", "chmod"},
	{"change root directory", "chroot"},
	{"set niceness", "setpriority"},
	{"set date", "settimeofday"},
	{"set time", "settimeofday"},
	{"change the host name", "sethostname"},
	{"hostname", "sethostname"},
	{"reassociate to namespace", "setns"},
	{"set capabilities on file", "setcap"},
	{"set groups", "setgroups"},
	{"initgroups", "setgroups"},
	{"failed switching to", "setgroups"}, // gosu
	{"change to root gid", "setgid"},
	{"at step GROUP", "setgroups"}, // systemd
	{"at step USER", "setuid"},
	{"at step CHROOT", "chroot"},
	{"at step NICE", "setpriority"},
	{"at step LIMITS", "setrlimit"},
	{"at step SETSCHEDULER", "sched_setscheduler"},
	{"at step OOM_ADJUST", "oom_score_adj"},
	{"at step NAMESPACE", "unshare"},
	{"mbient capabilities", "PR_CAP_AMBIENT_RAISE"},
	{"setting capabilities", "capset"},
	{"cannot modify limit", "setrlimit"},
	{"insert module", "init_module"},
	{"could not insert", "init_module"},
	{"kernel buffer", "syslog"},
	{"step_systime", "settimeofday"},
	{"change to uid", "setuid"},
	{"set uid", "setuid"},
	{"set gid", "setgid"},
	{"cannot bind", "bind"},
	{"could not bind", "bind"},
	{"bind on address", "bind"},
	{"failed to bind", "bind"},
	{"Bind failed", "bind"},
	{"BindException", "bind"},
	{"make_sock", "bind"},
	{"listen tcp", "bind"},
	{"listen udp", "bind"},
	{"create directory", "mkdir"},
	{"remove", "unlink"},
	{"special file", "mknod"},
	{"hard link", "link"},
	{"symbolic link", "symlink"},
	{"process caused", "execve"},
	{"Cannot run program", "execve"},
	{"fork/exec", "execve"},
	{"exec", "execve"},
	{"unable to open", "open"},
	{"cannot open", "open"},
	{"not open", "open"},
	{"cannot create", "open"},
	{"FileNotFoundException", "open"},
	{"AccessDeniedException", "open"},
}

// errorMark takes lines with the words for a refusal.
func errorMark(line []byte) bool {
	for i := range errorWords {
		if bytes.Contains(line, []byte(errorWords[i].words)) {
			return true
		}
	}
	return false
}

// errorText reads the message of a program.
func (r *Reader) errorText(line []byte) bool {
	text := string(line)
	for _, other := range otherRefusals {
		if strings.Contains(text, other) {
			return false
		}
	}
	// The details of an error of Node, which the line before has told.
	if first := strings.TrimSpace(text); strings.HasPrefix(first, "code: ") || strings.HasPrefix(first, "[errno]") {
		return true
	}
	e := Event{Kind: Refused, Format: ErrorText}
	at := -1
	for _, w := range errorWords {
		if i := strings.Index(text, w.words); i >= 0 && (at < 0 || i < at) {
			at = i
			e.Errno = w.errno
		}
	}
	// The number is surer than the words: "[Errno 1]", "(1: ", "os error 1)", "error=13".
	for _, n := range [...]struct{ number, errno string }{{"1", "EPERM"}, {"13", "EACCES"}} {
		for _, spelled := range [...]string{"Errno " + n.number + "]", "(" + n.number + ": ", "os error " + n.number + ")", "error=" + n.number + ",", "code: " + n.number + ",", "(" + n.number + ")Permission", "(" + n.number + ")Operation"} {
			if strings.Contains(text, spelled) {
				e.Errno = n.errno
			}
		}
	}
	if r.toldByStrace(e.Errno) {
		return true
	}
	head, tail := text[max(0, at-maxMessage):at], text[at:min(len(text), at+maxMessage)]
	if before, after, ok := strings.Cut(head, "[Errno "); ok { // of Python
		_, after, _ = strings.Cut(after, "] ")
		head = before + after
	}
	e.Program, e.PID = speaker(head)
	e.Path = pathIn(head)
	if e.Path == "" {
		e.Path = pathIn(tail)
	}
	call := operationIn(head, tail)
	switch {
	case call == "listen" || call == "bind":
		e.Phrase = "bind"
		if port := portIn(head + tail); port != "" {
			e.Phrase, e.Path = "bind :"+port, ""
		}
	case call != "" && e.Path != "" && e.Path != call && !strings.HasPrefix(call, "set"): // no setgroups of a file
		e.Phrase = call + " " + e.Path
	case call != "":
		e.Phrase = call
	default:
		e.Phrase = lastPart(head, e.Program)
		if e.Phrase == e.Path && e.Path != "" { // "touch: /x: Permission denied"
			e.Phrase = strings.TrimSpace(e.Program + " " + e.Path)
		}
		if e.Phrase == "" {
			e.Phrase = e.Program
		}
	}
	r.event(e, text, false)
	return true
}

// speaker returns the program of a message that begins with it, "nginx: " or "sshd[42]: ",
// also behind the time and the host that syslog sets before.
func speaker(head string) (program string, pid int) {
	for rest := head; ; {
		word, after, ok := strings.Cut(rest, ": ")
		if !ok {
			return "", 0
		}
		name := word
		if blank := strings.LastIndexByte(word, ' '); blank >= 0 {
			name = word[blank+1:]
		}
		name, digits, bracket := strings.Cut(name, "[")
		if bracket {
			pid = number(strings.TrimSuffix(digits, "]"))
		}
		switch {
		case pid == 0 && strings.Contains(word, " "), strings.HasSuffix(name, "Error"), strings.HasSuffix(name, "Exception"):
			return "", 0
		case isCall(name) && after == "": // "setgroups: "
			return "", 0
		case isProgram(name):
			return name[strings.LastIndexByte(name, '/')+1:], pid
		case !isLevel(name):
			return "", 0
		}
		rest = after
	}
}

// isProgram reports whether a word before a colon can be the name of a program.
func isProgram(word string) bool {
	for i := range len(word) {
		if b := word[i]; !(b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9' || strings.IndexByte("._+/-", b) >= 0) {
			return false
		}
	}
	return word != "" && !isLevel(word) && strings.Trim(word, "0123456789") != ""
}

// isLevel reports whether a word is how grave a message is.
func isLevel(word string) bool {
	switch strings.ToLower(strings.Trim(word, "[]")) {
	case "error", "fatal", "warning", "warn", "panic", "failed", "emerg", "crit", "alert", "info", "err", "cause", "uncaught", "reason":
		return true
	}
	return false
}

// everydayCalls are words of messages that name a call, and that say less than any other.
const everydayCalls = " open openat creat mkdir unlink rmdir rename link symlink stat lstat access scandir opendir chdir copyfile " +
	"execve spawn write read listen connect socket setsockopt getsockopt "

// messageCalls are the names that operations have which may be refused, those of several
// words in small letters, and calls that the table has no operation of.
var messageCalls = sync.OnceValue(func() map[string]bool {
	calls := map[string]bool{}
	for _, o := range operation.All() {
		for _, name := range o.Names {
			switch {
			case len(o.Caps) == 0 && len(o.Calls) == 0 && o.Errno == "": // nobody refuses it
			case strings.LastIndexByte(name, '/') == 0: // a whole file system, which a call is about
			case strings.IndexByte(name, ' ') >= 0:
				calls[strings.ToLower(name)] = true
			case !o.Program:
				calls[name] = true
			}
		}
	}
	for everyday := range strings.FieldsSeq(everydayCalls) {
		calls[everyday] = true
	}
	return calls
})

// isCall reports whether a word is the name of a system call that may be refused.
func isCall(word string) bool { return messageCalls()[word] }

// operationIn returns the system call that a message names or describes, "" if none.
func operationIn(head, tail string) string {
	if before, _, ok := strings.Cut(tail, " at "); ok { // a stack of Java or Node
		tail = before
	}
	// The last call with parentheses: "bind() to 0.0.0.0:80 failed (13: ", "setgid(101)",
	// "ioctl(TUNSETIFF)".
	for rest := head; ; {
		before, args, ok := cutLast(rest, "(")
		if !ok {
			break
		}
		if word := before[strings.LastIndexAny(before, " :\"'=[")+1:]; isCall(word) {
			args, _, _ = strings.Cut(args, ")")
			return cmp.Or(constantIn(args), word)
		}
		rest = before
	}
	// The last part that is or has the name of an operation, describes a call, or has the name
	// of one that is a word like others: "listen tcp :80: bind: ", "open of uid_map failed".
	for parts := strings.Split(strings.TrimRight(head, ": "), ": "); len(parts) > 0; parts = parts[:len(parts)-1] {
		part := strings.TrimSpace(parts[len(parts)-1])
		if messageCalls()[strings.ToLower(part)] {
			return part
		}
		if words, ok := described(part, surestWords); ok {
			return words
		}
		if name := constantIn(part); name != "" {
			return name
		}
		everyday := ""
		for word := range strings.FieldsSeq(part) {
			switch word = strings.Trim(word, "\"'`()[],=<>"); {
			case !isCall(word):
			case !strings.Contains(everydayCalls, " "+word+" "):
				return word
			case everyday == "":
				everyday = word
			}
		}
		if words, ok := described(part, messageWords); ok {
			return words
		}
		if everyday != "" {
			return everyday
		}
	}
	for word := range strings.FieldsFuncSeq(tail, func(c rune) bool { return c == ' ' || c == ',' || c == '\'' || c == '"' }) {
		if isCall(word) {
			return word
		}
	}
	words, ok := described(tail, surestWords)
	if !ok {
		words, _ = described(tail, messageWords)
	}
	return words
}

// constantIn returns the first name of an option, a flag or a request that operations have,
// "" if there is none.
func constantIn(part string) string {
	for word := range strings.FieldsFuncSeq(part, func(c rune) bool { return strings.ContainsRune(" ,()|:=\"'", c) }) {
		if len(word) > 3 && strings.ToUpper(word) == word && isCall(word) {
			return word
		}
	}
	return ""
}

// described returns the operation that a part of a message describes with some words.
func described(part string, by []messageWord) (operation string, ok bool) {
	for _, w := range by {
		if strings.Contains(part, w.words) {
			return w.operation, true
		}
	}
	return "", false
}

// pathIn returns the first path of a part of a message: a word that begins with a slash, or
// what stands in quotes or between "of" and a colon.
func pathIn(part string) string {
	for i := 0; i < len(part); i++ {
		c := part[i]
		if c == '/' && (i == 0 || strings.IndexByte(" \"'`([=‘", part[i-1]) >= 0 || strings.HasSuffix(part[:i], "‘")) {
			stop := " \t,;:)]"
			if i > 0 {
				switch part[i-1] {
				case '"', '\'':
					stop = part[i-1 : i]
				case '`':
					stop = "`'"
				}
				if strings.HasSuffix(part[:i], "‘") {
					stop = "’"
				}
			}
			end := strings.IndexAny(part[i:], stop)
			if end < 0 {
				end = len(part) - i
			}
			return strings.TrimRight(part[i:i+end], ".\"'")
		}
	}
	if _, last, ok := cutLast(strings.TrimRight(part, ": "), ": "); ok {
		part = last
	}
	for _, quote := range [...][2]string{{"'", "'"}, {"\"", "\""}, {"‘", "’"}, {"`", "`"}} {
		if _, after, ok := strings.Cut(part, quote[0]); ok {
			if name, _, ok := strings.Cut(after, quote[1]); ok && name != "" && !strings.ContainsAny(name, " \t") {
				return name
			}
		}
	}
	return ""
}

// portIn returns the port of a message that is about binding one, "" if it names none: the
// last of "0.0.0.0:80", ":80", "*:80", "('0.0.0.0', 80)", "port 80".
func portIn(text string) (port string) {
	for i := 0; i+1 < len(text); i++ {
		if !(text[i] == ':' || text[i] == ' ' && (strings.HasSuffix(text[:i], "port") || strings.HasSuffix(text[:i], ","))) {
			continue
		}
		end := i + 1
		for end < len(text) && text[end] >= '0' && text[end] <= '9' {
			end++
		}
		// No time ("12:00:01"), and no line of a source (":80:12").
		if end > i+1 && end-i <= 6 && (end == len(text) || strings.IndexByte(": )]\"',;(.", text[end]) >= 0) && !isTime(text, i) {
			port = text[i+1 : end]
		}
	}
	return port
}

// isTime reports whether a colon stands between the digits of a time.
func isTime(text string, colon int) bool {
	digits := func(s string) bool { return len(s) == 2 && strings.Trim(s, "0123456789") == "" }
	if text[colon] != ':' || colon < 2 || colon+3 > len(text) || !digits(text[colon-2:colon]) || !digits(text[colon+1:colon+3]) {
		return false
	}
	return colon == 2 || strings.IndexByte(" :T[", text[colon-3]) >= 0
}

// lastPart returns the part of a message that stands before the error, without the name of
// a program or a class of errors.
func lastPart(head, program string) string {
	head = strings.TrimRight(head, ": (")
	if _, last, ok := cutLast(head, ": "); ok {
		head = last
	}
	if strings.Count(head, `"`)%2 == 1 { // it has the error too
		head = strings.TrimSpace(strings.Replace(head, `"`, "", 1))
	}
	if head == program || strings.HasSuffix(head, "Error") {
		return ""
	}
	return head
}
