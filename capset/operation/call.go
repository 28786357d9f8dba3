// SPDX-License-Identifier: Apache-2.0

package operation

import (
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/capinspect/capinspect/capset"
)

// OfCall returns the operations that a system call may be which came back with an error:
// its name, its arguments as strace(1) prints them, and the name of the error. An errno of
// "" fits all. What tells the operation is, in this order, a rule for the call, a constant
// among its arguments, the file that it is about, and its name. If there are several, the
// call may be any of them. There are none for a call that asks for no capability that is
// known, and for an error that no capability changes.
func OfCall(call, args, errno string) []Operation {
	if errno == "ENOENT" && !strings.Contains(args, "AT_EMPTY_PATH") { // most calls that fail
		return nil
	}
	name := usual(call)
	found, decided := byRule(ruled(), name, args, errno)
	if decided {
		return fitting(found, errno)
	}
	for _, look := range [...]func(name, args, errno string) []Operation{byConstant, byFile, byMode, byName} {
		if more := fitting(look(name, args, errno), errno); more != nil {
			return append(found, more...)
		}
	}
	return found
}

// refuses reports whether an error is one by which the kernel refuses what a capability
// permits, and which means nothing else.
func refuses(errno string) bool { return errno == "EPERM" || errno == "EACCES" }

// fitting returns the operations that may come back with an error, those of which the table
// has it if there are any. One that fails for nobody who lacks a capability fits if it asks
// for none: something else refused it.
func fitting(found []Operation, errno string) []Operation {
	if errno == "" {
		return found
	}
	var exact, close []Operation
	for _, o := range found {
		switch {
		case o.Errno == errno:
			exact = append(exact, o)
		case refuses(errno) && (refuses(o.Errno) || o.Errno == "" && len(o.Caps) == 0):
			close = append(close, o)
		}
	}
	if exact != nil {
		return exact
	}
	return close
}

// variants are calls that ask as another one does: those of 32-bit programs, those that
// take a directory, and later ones.
var variants = sync.OnceValue(func() map[string]string {
	return map[string]string{
		"openat": "open", "openat2": "open", "mkdirat": "mkdir", "unlinkat": "unlink", "rmdir": "unlink",
		"renameat": "rename", "renameat2": "rename", "linkat": "link", "symlinkat": "symlink", "mknodat": "mknod",
		"fchmod": "chmod", "fchmodat": "chmod", "fchmodat2": "chmod", "fchown": "chown", "lchown": "chown", "fchownat": "chown",
		"readlinkat": "readlink", "faccessat": "access", "faccessat2": "access", "execveat": "execve",
		"newfstatat": "stat", "fstatat": "stat", "statx": "stat", "lstat": "stat", "oldstat": "stat", "oldlstat": "stat",
		"utime": "utimensat", "utimes": "utimensat", "futimesat": "utimensat",
		"lsetxattr": "setxattr", "fsetxattr": "setxattr", "setxattrat": "setxattr",
		"removexattr": "setxattr", "lremovexattr": "setxattr", "fremovexattr": "setxattr", "removexattrat": "setxattr",
		"clone3": "clone", "fork": "clone", "vfork": "clone", "ftruncate": "truncate", "old_mmap": "mmap", "mmap2": "mmap", "oldumount": "umount",
		"sendmsg": "send", "sendto": "send", "sendmmsg": "send", "recvmsg": "receive", "recvfrom": "receive", "recvmmsg": "receive",
		"bpf_prog_load": "bpf", "pwrite": "write", "writev": "write", "pread": "read", "readv": "read",
		"getdents": "read", "fchdir": "chdir", "query_module": "init_module", "set_robust_list": "get_robust_list",
	}
})

// wide matches what 32-bit variants of a call end in.
const wide = `(?:64|_time64|32|_time32)$`

// usual returns the name of the call that another one asks as.
func usual(call string) string {
	name := strings.ToLower(call)
	for _, prefix := range [...]string{"__x64_sys_", "__ia32_sys_", "__arm64_sys_", "__se_sys_", "__do_sys_", "sys_"} {
		name = strings.TrimPrefix(name, prefix)
	}
	if index()[plain(name)] == nil {
		name = matcher(wide).ReplaceAllString(name, "")
	}
	if other, ok := variants()[name]; ok {
		return other
	}
	return name
}

// index is the table by name.
var index = sync.OnceValue(func() map[string]*Operation {
	by := map[string]*Operation{}
	for _, o := range All() {
		for _, name := range o.Names {
			by[plain(name)] = &o
		}
	}
	return by
})

// rows returns the operations of some names.
func rows(names ...string) (found []Operation) {
	for _, name := range names {
		if o := index()[plain(name)]; o != nil && !slices.ContainsFunc(found, func(f Operation) bool { return f.Name() == o.Name() }) {
			found = append(found, *o)
		}
	}
	return found
}

// byRule looks in a table of rules. decided is set if one fits, or for any error if one fits
// that is for all.
func byRule(table map[string][]rule, name, args, errno string) (found []Operation, decided bool) {
	for _, r := range table[name] {
		if r.errno != "" && errno != "" && r.errno != errno || r.args != "" && !matcher(r.args).MatchString(args) {
			continue
		}
		if found = append(found, rows(r.operations...)...); r.errno == errno || r.errno == "" {
			return found, true
		}
	}
	return found, false
}

// byMode looks in the table of modes.
func byMode(name, args, errno string) []Operation {
	found, _ := byRule(moded(), name, args, errno)
	return found
}

// ruled and moded are the tables of rules by call.
var (
	ruled = sync.OnceValue(func() map[string][]rule { return byCall(rules) })
	moded = sync.OnceValue(func() map[string][]rule { return byCall(modes) })
)

func byCall(table []rule) map[string][]rule {
	by := map[string][]rule{}
	for _, r := range table {
		for call := range strings.FieldsSeq(r.calls) {
			by[call] = append(by[call], r)
		}
	}
	return by
}

// matchers are the expressions, which are made when they are first needed.
var matchers sync.Map

func matcher(expr string) *regexp.Regexp {
	if m, ok := matchers.Load(expr); ok {
		return m.(*regexp.Regexp)
	}
	m, _ := matchers.LoadOrStore(expr, regexp.MustCompile(expr))
	return m.(*regexp.Regexp)
}

// constant matches a constant of C, quoted a string, and writing the flags of a file that is
// not only read.
const (
	constant = `\b[A-Z][A-Z0-9_]{3,}\b`
	writing  = `O_(?:WRONLY|RDWR|CREAT|TRUNC)`
	quoted   = `"(?:[^"\\]|\\.)*"`
)

// selected are the calls of which a constant among the arguments tells what they do.
var selected = []string{"setsockopt", "getsockopt", "socket", "ioctl", "fcntl", "prctl", "ptrace", "bpf", "shmctl", "shmget", "msgctl", "semctl", "mbind", "mmap", "mlock", "timer_create", "timerfd_create", "sched_setscheduler", "sched_setattr", "seccomp", "open_tree", "fanotify_init", "syslog", "send", "keyctl"}

// byConstant looks for the first constant that names an operation.
func byConstant(name, args, _ string) []Operation {
	if !slices.Contains(selected, name) {
		return nil
	}
	for _, word := range matcher(constant).FindAllString(matcher(quoted).ReplaceAllString(args, `""`), -1) {
		if found := rows(word); found != nil {
			return found
		}
	}
	return nil
}

// filed are the calls that are about the file of their first path.
var filed = []string{"open", "read", "write", "readlink", "stat", "access", "chdir", "execve", "truncate", "creat"}

// named matches the first path of the arguments: a string, or what strace -y has for a
// descriptor. process matches a process of /proc, ofInterface the sysctls of an interface.
const (
	named   = `^(?:AT_FDCWD(?:<[^>]*>)?, |-?\d+, )?"(/(?:[^"\\]|\\.)*)"|^\d+<(/[^>]*)>`
	process = `^/proc/(\d+|self|thread-self)(?:/task/\d+)?/`

	ofInterface = `/conf/[^/]+/`
)

// byFile looks for the longest path of an operation that leads to the file.
func byFile(name, args, errno string) []Operation {
	if !slices.Contains(filed, name) {
		return nil
	}
	match := matcher(named).FindStringSubmatch(args)
	if match == nil {
		return nil
	}
	file := match[1] + match[2]
	if !strings.HasPrefix(file, "/proc/") && !strings.HasPrefix(file, "/dev/") && !strings.HasPrefix(file, "/sys/") {
		return nil
	}
	file, own := commonPath(file)
	writes := name == "write" || matcher(writing).MatchString(args)
	for ; file != ""; file = file[:strings.LastIndexByte(file, '/')] {
		if o := index()[plain(file)]; o != nil {
			if found := tells(o, name, errno, own, writes); found != nil {
				return found
			}
		}
	}
	return nil
}

// commonPath returns the path by which the table knows a file that there is for each process,
// processor or interface. own is set if it is a file of the task itself.
func commonPath(file string) (common string, own bool) {
	if of := matcher(process).FindStringSubmatch(file); of != nil {
		return "/proc/PID/" + file[len(of[0]):], strings.HasSuffix(of[1], "self")
	}
	if rest, ok := strings.CutPrefix(file, "/dev/cpu/"); ok {
		_, rest, _ = strings.Cut(rest, "/")
		return "/dev/cpu/N/" + rest, false
	}
	return matcher(ofInterface).ReplaceAllString(file, "/conf/IF/"), false
}

// tells returns the operation on a file if it says more than the mode of the file, which the
// kernel checks first. A task may see everything of its own process that ptrace access
// guards, so only a write says something there.
func tells(o *Operation, name, errno string, own, writes bool) []Operation {
	toWrite := strings.HasPrefix(o.Name(), "write ")
	byMode := o.Scope == capset.ScopeFile || name == "open" && errno == "EACCES" && len(o.Caps) > 0 && slices.Contains(o.Gates, fileMode)
	other := errno != "" && o.Errno != errno && len(o.Caps) > 0
	if byMode || other || toWrite && !writes || own && !toWrite && o.Scope == capset.ScopeProcess {
		return nil
	}
	return []Operation{*o}
}

// byName looks for the operation that is called as the system call is. What a program is
// called does not count.
func byName(name, _, _ string) []Operation {
	found := rows(name)
	return slices.DeleteFunc(found, func(o Operation) bool { return o.Program })
}
