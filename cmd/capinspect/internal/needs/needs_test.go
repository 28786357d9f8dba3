// SPDX-License-Identifier: Apache-2.0

package needs

import (
	"bytes"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/denial"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// refusal returns an event of strace: a call of process 7 that came back with an error.
func refusal(call, args, errno string) denial.Event {
	return denial.Event{Kind: denial.Refused, Format: denial.Strace, PID: 7, Program: "app", Call: call, Args: args, Errno: errno}
}

func ended(pid, status int) denial.Event {
	return denial.Event{Kind: denial.Exited, Format: denial.Strace, PID: pid, Program: "app", Status: status}
}

// asked returns an event of cap_capable of process 7.
func asked(c capset.Cap, granted bool, stack ...string) denial.Event {
	return denial.Event{Kind: denial.Checked, Format: denial.Tracing, PID: 7, Program: "app", Caps: capset.Of(c), Granted: granted, Stack: stack}
}

func with(e denial.Event, change func(*denial.Event)) denial.Event {
	change(&e)
	return e
}

// summary writes an answer in a line: the class, the capabilities, what else does, the
// operation, how often, and the codes of the reasons.
func summary(a *Answer) string {
	var out []string
	for _, l := range []struct {
		name string
		list []Finding
	}{{"needs", a.Needed}, {"perhaps", a.Perhaps}, {"survived", a.Survived}, {"child", a.Child}, {"other", a.Other}, {"used", a.Used}} {
		for _, f := range l.list {
			line := l.name + " " + list(f.Caps, "+")
			if len(f.Or) > 0 {
				line += " or " + list(f.Or, ",")
			}
			line += fmt.Sprintf(" for %s %d", f.Operation, f.Count)
			for _, r := range f.Reasons {
				line += " " + r.Code
			}
			out = append(out, line)
		}
	}
	return strings.Join(out, "; ")
}

func answer(events ...denial.Event) *Answer {
	var c Collector
	for i := range events {
		events[i].Line = i + 1
		c.Add(&events[i])
	}
	return c.Answer()
}

func TestRefused(t *testing.T) {
	for _, test := range []struct {
		name, want string
		event      denial.Event
	}{
		{"a call that only a capability permits", "needs SETGID for setgroups 1", refusal("setgroups", "1, [0]", "EPERM")},
		{"the narrower of two", "needs NET_RAW or NET_ADMIN for SO_MARK 1", refusal("setsockopt", "3, SOL_SOCKET, SO_MARK, [1], 4", "EPERM")},
		{"SYS_ADMIN last", "needs SYS_NICE or SYS_ADMIN for ioprio_set 1", refusal("ioprio_set", "1, 0, 8192", "EPERM")},
		{"all of two", "needs SYS_ADMIN+SYS_CHROOT for setns to a mount namespace 1 seccomp", refusal("setns", "5, CLONE_NEWNS", "EPERM")},
		{"the filter asks for the same", "needs SYS_ADMIN for mount 1 seccomp", refusal("mount", `"none", "/mnt", "tmpfs", 0, NULL`, "EPERM")},
		{"the filter alone", "perhaps SYS_NICE for mbind 1 seccomp", refusal("mbind", "0x7f, 4096, MPOL_BIND, [1], 64, 0", "EPERM")},
		{"the filter, or what else forbids user namespaces", "perhaps SYS_ADMIN for unshare CLONE_NEWUSER 1 seccomp sysctl chroot", refusal("unshare", "CLONE_NEWUSER", "EPERM")},
		{"a call that is in no table but the filter's", "perhaps SYS_ADMIN for lookup_dcookie 1 seccomp", refusal("lookup_dcookie", "1, 0x7f, 10", "EPERM")},
		{"the mode of a file", "perhaps DAC_READ_SEARCH or DAC_OVERRIDE for read a file of another user 1 mode", refusal("openat", `AT_FDCWD, "/etc/shadow", O_RDONLY`, "EACCES")},
		{"an operation that the arguments leave open", "needs SYS_ADMIN for setns 1 ambiguous seccomp", refusal("setns", "5, 0", "EPERM")},
		{"another error than the kernel's", "perhaps PERFMON or SYS_ADMIN for perf_event_open 1 errno seccomp", refusal("perf_event_open", "{type=0, size=112}, -1, 0, -1, 0", "EPERM")},
		{"an error with other causes", "perhaps IPC_LOCK for mlock 1 errno", refusal("mlock", "0x7f, 1048576", "ENOMEM")},
		{"what a sysctl decides", "other  for socket SOCK_DGRAM IPPROTO_ICMP 1 needs-none sysctl", refusal("socket", "AF_INET, SOCK_DGRAM, IPPROTO_ICMP", "EACCES")},
		{"a missing file", "other  for openat 1 missing", refusal("openat", `AT_FDCWD, "/missing", O_RDONLY`, "ENOENT")},
		{"a session", "other  for setsid 1 session", refusal("setsid", "", "EPERM")},
		{"capabilities that nobody permits it", "other  for capset 1 not-permitted", refusal("capset", "{version=_LINUX_CAPABILITY_VERSION_3, pid=0}, {effective=1<<CAP_NET_RAW, permitted=1<<CAP_NET_RAW, inheritable=0}", "EPERM")},
		{"nothing that is known", "other  for flock 1 unknown", refusal("flock", "1", "EACCES")},
		{"a record of seccomp", "other  for mount 1 refused-by-seccomp seccomp", denial.Event{Format: denial.Seccomp, Call: "mount", Program: "app"}},
		{"a record of AppArmor", "other  for open 1 lsm", denial.Event{Format: denial.AppArmor, Phrase: "open", Path: "/x", Program: "app"}},
		{"a record of Landlock", "other  for ptrace 1 lsm", denial.Event{Format: denial.Landlock, Call: "ptrace", Errno: "EPERM"}},
		{"a message that names a call", "needs SETGID for setgroups 1", denial.Event{Format: denial.ErrorText, Phrase: "setgroups", Errno: "EPERM"}},
		{"a message that names a port", "needs NET_BIND_SERVICE for bind :80 1", denial.Event{Format: denial.ErrorText, Phrase: "bind :80", Errno: "EACCES"}},
		{"mount(8), which says EACCES for EPERM", "perhaps SYS_ADMIN for mount 1 errno", denial.Event{Format: denial.ErrorText, Phrase: "mount /mnt", Path: "/mnt", Errno: "EACCES"}},
		{"a message that names a file alone", "perhaps DAC_READ_SEARCH or DAC_OVERRIDE for touch /x 1 ambiguous mode", denial.Event{Format: denial.ErrorText, Phrase: "touch /x", Path: "/x", Errno: "EACCES"}},
		{"a runtime that lacks what it is to give", "other  for capset 1 not-permitted", denial.Event{Format: denial.ErrorText, Phrase: "capset", Errno: "EPERM"}},
		{"a program that does not start", "other  for execve /x 1 file-capability", denial.Event{Format: denial.ErrorText, Phrase: "execve /x", Path: "/x", Errno: "EPERM"}},
		{"a socket of an unknown kind", "perhaps NET_RAW or NET_ADMIN for socket 1 ambiguous", denial.Event{Format: denial.ErrorText, Phrase: "socket", Errno: "EPERM"}},
		{"an answer of netlink", "needs NET_ADMIN for SIOCSIFADDR 1", refusal("recvfrom", "5, [{nlmsg_type=NLMSG_ERROR}, {error=-EPERM, msg=[{nlmsg_type=RTM_NEWADDR}]}]", "EPERM")},
		{"a trace that has no check before the error", "other  for chroot 1 not-asked", denial.Event{Kind: denial.Refused, Format: denial.Tracing, PID: 7, Program: "app", Call: "chroot", Errno: "EPERM"}},
		{"a message that names a program", "perhaps NET_RAW for ping 1 program", denial.Event{Format: denial.ErrorText, Phrase: "ping", Errno: "EPERM"}},
		{"a message that leaves open what for", "perhaps DAC_READ_SEARCH or DAC_OVERRIDE for open /x 1 ambiguous mode", denial.Event{Format: denial.ErrorText, Phrase: "open /x", Path: "/x", Errno: "EACCES"}},
	} {
		if got := summary(answer(test.event)); got != test.want {
			t.Errorf("%s:\n%s, want\n%s", test.name, got, test.want)
		}
	}
}

func TestChecked(t *testing.T) {
	const call = "__x64_sys_setsockopt"
	child := func(e *denial.Event) { e.Child = true }
	probe := func(e *denial.Event) { e.Probe = true }
	unclear := func(e *denial.Event) { e.Unknown, e.Format = true, denial.Capable }
	for _, test := range []struct {
		name, want string
		events     []denial.Event
	}{
		{"refused", "needs CHOWN for chown 1", []denial.Event{asked(capset.Chown, false, "cap_capable", "capable_wrt_inode_uidgid", "__x64_sys_fchownat+0x1b")}},
		{"granted", "used CHOWN for chown 1", []denial.Event{asked(capset.Chown, true, "__x64_sys_fchownat")}},
		{"two of one call", "needs NET_RAW or NET_ADMIN for setsockopt 1", []denial.Event{asked(capset.NetRaw, false, call), asked(capset.NetAdmin, false, call)}},
		{"the second of one call is granted", "used NET_ADMIN for setsockopt 1", []denial.Event{asked(capset.NetRaw, false, call), asked(capset.NetAdmin, true, call)}},
		{"the same again", "needs NET_RAW for setsockopt 2", []denial.Event{asked(capset.NetRaw, false, call), asked(capset.NetRaw, false, call)}},
		{"without a stack, in the order of an operation", "needs NET_RAW or NET_ADMIN for  1", []denial.Event{asked(capset.NetRaw, false), asked(capset.NetAdmin, false)}},
		{"without a stack, in no such order", "needs SETUID for  1; needs NET_ADMIN for  1", []denial.Event{asked(capset.Setuid, false), asked(capset.NetAdmin, false)}},
		{"the call fails", "needs CHOWN for chown 1", []denial.Event{asked(capset.Chown, false, "__x64_sys_fchownat"), {Kind: denial.Refused, Format: denial.Tracing, PID: 7, Call: "fchownat", Errno: "EPERM"}}},
		{"capset, which asks in any case", "perhaps SETPCAP for capset 1 untold", []denial.Event{asked(capset.Setpcap, false, "__x64_sys_capset")}},
		{"capset that fails", "needs SETPCAP for capset 1", []denial.Event{asked(capset.Setpcap, false, "__x64_sys_capset"), {Kind: denial.Refused, Format: denial.Tracing, PID: 7, Call: "capset", Errno: "EPERM"}}},
		{"the call succeeds", "survived SYS_ADMIN for syslog 1 succeeded", []denial.Event{asked(capset.SysAdmin, false, "__x64_sys_syslog"), {Kind: denial.Done, PID: 7, Call: "syslog"}}},
		{"not audited", "survived SYS_ADMIN for mmap 1 not-audited", []denial.Event{with(asked(capset.SysAdmin, false, "__x64_sys_mmap"), probe)}},
		{"not audited, by a call that is refused without it", "perhaps SYS_ADMIN for seccomp 1 not-audited", []denial.Event{with(asked(capset.SysAdmin, false, "__x64_sys_seccomp"), probe)}},
		{"not audited, and granted", "", []denial.Event{with(asked(capset.SysAdmin, true, "__x64_sys_mmap"), probe)}},
		{"in a child user namespace", "child SYS_ADMIN for mount 1 child-namespace", []denial.Event{with(asked(capset.SysAdmin, false, "__x64_sys_mount"), child)}},
		{"nobody tells how it ended", "needs NET_ADMIN for  1 unclear", []denial.Event{with(asked(capset.NetAdmin, false), unclear)}},
		{"AppArmor", "needs NET_ADMIN for  1 lsm", []denial.Event{with(asked(capset.NetAdmin, false), func(e *denial.Event) { e.Format = denial.AppArmor })}},
	} {
		if got := summary(answer(test.events...)); got != test.want {
			t.Errorf("%s:\n%s, want\n%s", test.name, got, test.want)
		}
	}
}

// TestSurvived holds when a program is taken to have gone on.
func TestSurvived(t *testing.T) {
	mark := refusal("setsockopt", "3, SOL_SOCKET, SO_MARK, [1], 4", "EPERM")
	raw := refusal("socket", "AF_INET, SOCK_RAW, IPPROTO_ICMP", "EPERM")
	done := func(call, args string) denial.Event {
		return denial.Event{Kind: denial.Done, Format: denial.Strace, PID: 7, Program: "app", Call: call, Args: args}
	}
	for _, test := range []struct {
		name   string
		want   bool
		events []denial.Event
	}{
		{"it ends well", true, []denial.Event{mark, ended(7, 0)}},
		{"it ends with an error", false, []denial.Event{mark, ended(7, 1)}},
		{"it is killed", false, []denial.Event{mark, ended(7, -1)}},
		{"the log does not say", false, []denial.Event{mark}},
		{"another process ends well", false, []denial.Event{mark, ended(8, 0)}},
		{"its thread ends, and then its process with an error", false, []denial.Event{mark, ended(7, 0), ended(8, 1)}},
		{"one of two processes ends with an error", false, []denial.Event{mark, with(mark, func(e *denial.Event) { e.PID = 8 }), ended(7, 0), ended(8, 1)}},
		{"both end well", true, []denial.Event{mark, with(mark, func(e *denial.Event) { e.PID = 8 }), ended(7, 0), ended(8, 0)}},
		{"it takes another kind of socket", true, []denial.Event{raw, done("socket", "AF_INET, SOCK_DGRAM, IPPROTO_ICMP")}},
		{"it takes a socket of another family", false, []denial.Event{raw, done("socket", "AF_UNIX, SOCK_STREAM, 0")}},
		{"it sets another option", false, []denial.Event{mark, done("setsockopt", "3, SOL_SOCKET, SO_REUSEADDR, [1], 4")}},
		{"it sets the option later", true, []denial.Event{mark, done("setsockopt", "3, SOL_SOCKET, SO_MARK, [1], 4")}},
		{"it is refused once more after that", false, []denial.Event{mark, done("setsockopt", "3, SOL_SOCKET, SO_MARK, [1], 4"), mark, ended(7, 1)}},
		{"without a number", false, []denial.Event{with(mark, func(e *denial.Event) { e.PID = 0 }), ended(0, 0)}},
	} {
		if a := answer(test.events...); len(a.Survived) > 0 != test.want || len(a.Needed) > 0 == test.want {
			t.Errorf("%s: %s", test.name, summary(a))
		}
	}
}

// TestSums holds what is said of a capability that several operations and programs take.
func TestSums(t *testing.T) {
	other := func(e *denial.Event) { e.Program, e.PID = "sh", 9 }
	a := answer(
		refusal("setgid", "0", "EPERM"),
		with(refusal("setgroups", "0, NULL", "EPERM"), other),
		refusal("setgroups", "0, NULL", "EPERM"),
		with(refusal("setgroups", "0, NULL", "EPERM"), other),
		with(refusal("setgid", "0", "EPERM"), other),
		refusal("setsockopt", "3, SOL_SOCKET, SO_MARK, [1], 4", "EPERM"),
		refusal("socket", "AF_INET, SOCK_RAW, IPPROTO_ICMP", "EPERM"),
	)
	sums := Capabilities(a.Needed)
	if len(sums) != 2 {
		t.Fatal(summary(a))
	}
	setgid, raw := sums[0], sums[1]
	if setgid.Cap != capset.Setgid || setgid.Count != 5 || setgid.First.Line != 1 || !slices.Equal(setgid.Operations, []string{"setgid", "setgroups"}) ||
		!slices.Equal(setgid.Programs, []Program{{"sh", 3}, {"app", 2}}) {
		t.Errorf("%+v", setgid)
	}
	if raw.Cap != capset.NetRaw || len(raw.Or) != 0 || raw.Count != 2 { // a raw socket takes nothing else
		t.Errorf("%+v", raw)
	}
}

// TestBounds holds that what is kept does not grow with the log.
func TestBounds(t *testing.T) {
	var c Collector
	e := refusal("setgroups", "0, NULL", "EPERM")
	for i := range maxWaiting + maxGroups {
		e.PID, e.Program, e.Path = i+1, fmt.Sprint("p", i), fmt.Sprint("/", i)
		c.Add(&e)
		check := asked(capset.Chown, false)
		check.PID = i + 1
		c.Add(&check)
	}
	if len(c.groups) > maxGroups || c.waits > maxWaiting || len(c.checks) > maxGroups || len(c.order) > maxGroups {
		t.Errorf("%d groups, %d waits, %d checks", len(c.groups), c.waits, len(c.checks))
	}
	if a := c.Answer(); a.Dropped == 0 || len(a.Needed) == 0 || len(a.Needed[0].Paths) > maxPaths {
		t.Errorf("%d dropped, %d needed", a.Dropped, len(a.Needed))
	}
}

// TestMessages holds that the messages of programs take no time to speak of: no table is made
// for each.
func TestMessages(t *testing.T) {
	var log bytes.Buffer
	for n := range 30_000 {
		fmt.Fprintf(&log, "p%d: chown: /x: Permission denied\ncannot do %[1]d: Operation not permitted\n", n)
	}
	start := time.Now()
	var c Collector
	for e, err := range denial.Read(&log, "-") {
		if err != nil {
			t.Fatal(err)
		}
		c.Add(&e)
	}
	if took := time.Since(start); took > 15*time.Second { // it takes a half
		t.Errorf("%v", took)
	}
}

// TestLongTexts holds that what is kept does not grow with the lines either, whatever in them
// is long.
func TestLongTexts(t *testing.T) {
	x := strings.Repeat("x", 30<<10)
	lines := []string{
		`%d chown("/%s%[1]d", 0, 0) = -1 EPERM (Operation not permitted)`,
		`%d<%s%[1]d> chown("/", 0, 0) = -1 EPERM (Operation not permitted)`,
		`%d mount("%s" <unfinished ...>`,
		`%d execve("/%s%[1]d", [], []) = 0`,
		`type=1400 apparmor="DENIED" operation="capable" profile="%[2]s%[1]d" pid=%[1]d comm="%[2]s%[1]d" capname="chown"`,
		`type=1400 apparmor="DENIED" operation="%[2]s%[1]d" profile="x" pid=%[1]d comm="x" name="/x"`,
		`avc:  denied  { %[2]s%[1]d } for  pid=%[1]d comm="x" path="/%[2]s" scontext=%[2]s tclass=file`,
		` %[2]s%[1]d-%[1]d     [000] ..... 1.0: cap_capable: (cap_capable+0x0/0xb0) cap=0 ret=-1` + "\n => %[2]s%[1]d\n => %[2]s%[1]d",
	}
	heap := func(count int) uint64 {
		in, out := io.Pipe()
		go func() {
			for n := range count {
				for _, line := range lines {
					if _, err := fmt.Fprintf(out, line+"\n", n+1, x); err != nil {
						return
					}
				}
			}
			out.Close()
		}()
		var c Collector
		for e, err := range denial.Read(in, "-") {
			if err != nil {
				t.Fatal(err)
			}
			c.Add(&e)
		}
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		if len(c.groups) < count {
			t.Errorf("%d kinds of %d", len(c.groups), count)
		}
		return m.HeapInuse
	}
	if few, many := heap(10), heap(300); many > few+(16<<20) {
		t.Errorf("%d MiB for 10 of each, %d for 300", few>>20, many>>20)
	}
}

func TestCompare(t *testing.T) {
	has := new(task.Task)
	if _, err := Compare(new(Answer), has); err == nil {
		t.Error("an unknown effective set is compared")
	}
	has.Sets[capset.Effective] = task.Known(capset.Of(capset.Chown))
	has.Sets[capset.Permitted] = task.Known(capset.Of(capset.Chown, capset.Kill))
	has.Sets[capset.Bounding] = task.Known(capset.Of(capset.Chown, capset.Kill, capset.Setgid))
	refused := refusal("setgroups", "0, NULL", "EPERM")
	if c, err := Compare(answer(refusal("chown", `"/x", 0, 0`, "EPERM")), has); err != nil || c.Missing != 0 || c.Held != capset.Of(capset.Chown) {
		t.Errorf("%+v, %v", c, err)
	}
	c, err := Compare(answer(refused), has)
	if err != nil || c.Missing != capset.Of(capset.Setgid) || c.Bounded.Zero() != c.Missing || c.Unused.Known() {
		t.Errorf("%+v, %v", c, err)
	}
	c, err = Compare(answer(refused, asked(capset.Chown, true)), has)
	if err != nil || c.Missing != capset.Of(capset.Setgid) || c.Unused.Zero() != capset.Of(capset.Kill) {
		t.Errorf("%+v, %v", c, err)
	}
}

// TestDerived holds that a manifest adds what is certain and nothing else.
func TestDerived(t *testing.T) {
	d := answer(
		refusal("setgroups", "0, NULL", "EPERM"),
		refusal("openat", `AT_FDCWD, "/etc/shadow", O_RDONLY`, "EACCES"),
		refusal("setsockopt", "3, SOL_SOCKET, SO_MARK, [1], 4", "EPERM"),
		asked(capset.Chown, true),
	).Derived()
	if got := strings.Join(d.Capabilities.Add, ","); got != "CHOWN,SETGID,NET_RAW" || !slices.Equal(d.Capabilities.Drop, []string{"ALL"}) {
		t.Errorf("%s", got)
	}
	var codes []string
	for _, c := range d.Comments {
		codes = append(codes, c.Code)
	}
	if got := strings.Join(codes, " "); got != "pod-security non-root user perhaps instead" {
		t.Errorf("%s", got)
	}
	if d := answer(refusal("mount", "", "EPERM")).Derived(); d.AllowPrivilegeEscalation != nil {
		t.Error("with SYS_ADMIN Kubernetes takes allowPrivilegeEscalation for true")
	}
}
