// SPDX-License-Identifier: Apache-2.0

package operation

import (
	"path"
	"slices"
	"strings"

	"github.com/capinspect/capinspect/capset"
)

// maxMeant is the length of the longest text in which an operation is looked for, in bytes:
// that is done many times.
const maxMeant = 2 << 10

// Meant returns the operations that somebody means who writes what was refused as it stood
// there: a file with the number of a process, a sysctl with its value, an address to bind,
// a system call with its arguments, or a command line. There are none if it names nothing
// that is known.
func Meant(text string) []Operation {
	if len(text) > maxMeant {
		return nil
	}
	text = strings.Join(strings.Fields(text), " ")
	for _, look := range [...]func(text string) []Operation{Named, meantFile, meantSysctl, meantProgram, meantCommand, meantCall, meantBeginning} {
		if found := look(text); found != nil {
			return found
		}
	}
	return nil
}

// handling are the commands that only read or write the file that they name.
const handling = `^(?:(?:open|read|write|cat|less|more|head|tail|ls|readlink|stat|echo|printf|tee|dd|grep|strings|od|xxd|hexdump|test) .*)?[ =>"']?(/(?:proc|dev|sys)/[^ "'>]*)["']?$`

// meantFile looks for a file of /proc, /dev or /sys.
func meantFile(text string) []Operation {
	if match := matcher(handling).FindStringSubmatch(text); match != nil {
		return ofFile(match[1])
	}
	return nil
}

// ofFile returns the operation on the longest path that leads to a file. What is about a
// process says nothing of the task's own.
func ofFile(file string) []Operation {
	file = path.Clean(file)
	wanted, own := commonPath(file)
	for ; wanted != "/" && wanted != "." && wanted != "/proc/PID"; wanted = path.Dir(wanted) {
		o := index()[plain(wanted)]
		switch {
		case o == nil:
		case own && o.Scope == capset.ScopeProcess && !strings.HasPrefix(o.Name(), "write "):
			return rows("/proc/self")
		default:
			return []Operation{*o}
		}
	}
	return nil
}

// A sysctl has at least two names with dots between, of which the first is a directory of
// /proc/sys.
const sysctlName = `^(?:sysctl (?:-\S+ )*)?((?:(?:abi|crypto|debug|dev|fs|kernel|net|vm)(?:[./][\w-]+)+|user[./]max_\w+))(?: ?=.*)?$`

// meantSysctl looks for a sysctl, with a value or without.
func meantSysctl(text string) []Operation {
	if match := matcher(sysctlName).FindStringSubmatch(text); match != nil {
		return ofFile("/proc/sys/" + strings.ReplaceAll(match[1], ".", "/"))
	}
	return nil
}

// meantProgram looks for a program by its path.
func meantProgram(text string) []Operation {
	if !strings.HasPrefix(text, "/") {
		return nil
	}
	file, args, _ := strings.Cut(text, " ")
	if dir, name := path.Split(file); strings.HasSuffix(dir, "bin/") {
		return Meant(strings.TrimSpace(name + " " + args))
	}
	return nil
}

// command tells what the command lines that match are about.
type command struct{ line, operation string }

// commands is the table of command lines whose first words do not tell what they are about.
// The first one that matches decides.
var commands = []command{
	{`^mount .*(?:-t|--types) ?(?:nfs|cifs|smb|ceph|glusterfs)`, "mount nfs"},
	{`^mount .*(?:-t|--types) ?(?:proc|sysfs)\b`, "mount proc"},
	{`^mount .*(?:-t|--types) ?overlay\b`, "mount overlay"},
	{`^mount .*(?:-t|--types) ?fuse`, "mount fuse"},
	{`^mount .*(?:-t|--types) ?(?:tmpfs|ramfs|devpts|mqueue|cgroup2?|bpf|binfmt_misc)\b`, "mount"},
	{`^mount .*(?:(?:-t|--types) ?\w|\bloop\b|/dev/(?:sd|vd|xvd|nvme|loop|mapper/|disk/))`, "mount a block device"},
	{`^ip (?:-\S+ )*(?:tuntap|tap) a`, "ip tuntap add"},
	{`^ip (?:-\S+ )*netns e`, "ip netns exec"},
	{`^ip (?:-\S+ )*netns a`, "ip netns add"},
	{`^ip (?:-\S+ )*l\w* (?:a|s|c|r|del)(?:dd|et|hange|eplace|ete)?\b`, "RTM_NEWLINK"},
	{`^ip (?:-\S+ )*a\w* (?:a|c|r|del|flush)(?:dd|hange|eplace|ete)?\b`, "RTM_NEWADDR"},
	{`^ip (?:-\S+ )*r(?:oute)? (?:a|c|r|del|flush)(?:dd|hange|eplace|ppend|ete)?\b`, "RTM_NEWROUTE"},
	{`^ip (?:-\S+ )*ru\w* (?:a|del)`, "RTM_NEWRULE"},
	{`^ip (?:-\S+ )*n\w* (?:a|c|r|del|flush)`, "RTM_NEWNEIGH"},
	{`^ip (?:-\S+ )*x\w* `, "ip xfrm"},
	{`^ip (?:-\S+ )*(?:l|a|r|n|ru)\w*(?: |$)`, "ip addr"},
	{`^ifconfig \S+ \S*(?:up|down|promisc)`, "ifconfig up"},
	{`^ifconfig \S+ \S`, "ifconfig ADDRESS"},
	{`^route .*\b(?:add|del)\b`, "route add"},
	{`^ss .*(?:-\w*K|--kill)`, "ss -K"},
	{`^(?:ss|netstat) .*-\w*p`, "ss -p"},
	{`^date .*(?:-s|--set)`, "date -s"},
	{`^hwclock .*(?:-w|--systohc|--set)`, "hwclock -w"},
	{`^dmesg .*(?:-\w*[cC]|--(?:read-)?clear)\b`, "dmesg -C"},
	{`^nice (?:-n ?|--adjustment=|-)?\d`, "raise the nice value"},
	{`^ionice .*-c ?(?:1|realtime)`, "ionice -c 1"},
	{`^chrt .*(?:-\w*[frd]|--(?:fifo|rr|deadline))\b`, "chrt -f"},
	{`^chrt .*(?:-\w*[bioIp]|--(?:batch|idle|other|pid))\b`, "chrt -b"},
	{`^chrt\b`, "chrt -f"},
	{`^unshare(?: .*)? (?:--user|--map|-\w*[Ur])`, "unshare -U"},
	{`^unshare(?: .*)? (?:--mount|-\w*m)`, "unshare -m"},
	{`^unshare(?: .*)? (?:--net|-\w*n)`, "unshare -n"},
	{`^unshare(?: .*)? (?:--pid|-\w*p)`, "unshare -p"},
	{`^unshare(?: .*)? (?:--ipc|-\w*i)`, "unshare -i"},
	{`^unshare(?: .*)? (?:--uts|-\w*u)`, "unshare --uts"},
	{`^unshare(?: .*)? (?:--cgroup|-\w*C)`, "unshare -C"},
	{`^chmod .*(?:g\+\w*s|\b0?[2367]\d{3}\b)`, "chmod g+s"},
	{`^(?:setgid|sgid) bit`, "chmod g+s"},
	{`^(?:setuid|suid) bit`, "fchmod"},
	{`^chgrp\b`, "fchown"},
	{`^touch .*-(?:d|t|r)`, "touch -d"},
	{`^mknod .* p$`, "mknod p"},
	{`^mknod .* c 0 0$`, "mknod c 0 0"},
	{`^mknod `, "mknod c"},
	{`^(?:kill|killall|pkill|skill)\b`, "tgkill"},
	{`^capsh .*--drop`, "capsh --drop"},
	{`^strace .*-p`, "strace -p"},
	{`^gdb .*(?:-p|--pid)`, "gdb -p"},
	{`^(?:gcore|gstack|ltrace -p|perf trace -p|dlv attach|rbspy|py-spy)\b`, "gdb -p"},
	{`^nmap .*-s[TL]`, "connect"},
	{`^hostname [^-]`, "sethostname"},
	{`^(?:nc|ncat|netcat) .*-\w*l\w* .*\b\d{1,3}\b`, "bind :80"},
	{`^(?:tc|bridge) .*\b(?:show|list|ls)\b`, "ip addr"},
	{`^ethtool .*-(?:[ACEGKLNUX]|s)\b`, "ethtool -K"},
	{`^chattr .*[+-]\w*[ia]`, "chattr +i"},
	{`^setfattr .*-n ?trusted\.`, "setfattr trusted."},
	{`^setfattr .*-n ?security\.`, "setfattr security."},
	{`^iptables\S* .*-(?:L|S)\b`, "iptables -L"},
	{`^ulimit .*-\w*l`, "mlock"},
	{`^(?:rm|rmdir|unlink)\b`, "unlink"},
	{`^mv\b`, "rename"},
}

// meantCommand looks for a command line in the table of them.
func meantCommand(text string) []Operation {
	for _, c := range commands {
		if matcher(c.line).MatchString(text) {
			return rows(c.operation)
		}
	}
	return nil
}

// asCalled matches a system call as strace(1) prints it, or with what is among its arguments
// behind it.
const asCalled = `^([a-z]\w+)(?: ?\((.*?)\)?(?: += .*)?| ([A-Z][A-Z_0-9|]+))?$`

// meantCall looks for a system call, with its arguments or without.
func meantCall(text string) []Operation {
	if match := matcher(asCalled).FindStringSubmatch(text); match != nil {
		found := OfCall(match[1], match[2]+match[3], "")
		return slices.CompactFunc(found, func(a, b Operation) bool { return a.Name() == b.Name() })
	}
	return nil
}

// meantBeginning looks for an operation that a command line begins with.
func meantBeginning(text string) []Operation {
	for {
		last := strings.LastIndexByte(text, ' ')
		if last < 0 {
			return nil
		}
		if found := Named(text[:last]); found != nil {
			return found
		}
		text = text[:last]
	}
}
