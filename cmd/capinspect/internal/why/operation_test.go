// SPDX-License-Identifier: Apache-2.0

package why

import (
	"slices"
	"strings"
	"testing"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/capset/operation"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
	"github.com/capinspect/capinspect/procstatus"
	"github.com/capinspect/capinspect/procstatus/container"
)

// subjectOf returns a task of docker that has some capabilities.
func subjectOf(uid uint32, has, bounding capset.Set) *Subject {
	s := &Subject{Task: &task.Task{LastCap: task.LastCap{Value: capset.LastKnown, From: task.FromKernel}}, How: capset.Circumstances{Last: capset.LastKnown}}
	s.Credentials.Sets[capset.Permitted], s.Credentials.Sets[capset.Effective], s.Credentials.Sets[capset.Bounding] = has, has, bounding
	s.Credentials.UID, s.Credentials.GID = task.AllIDs(uid), task.AllIDs(uid)
	s.Task.UID, s.Task.GID = task.Known(s.Credentials.UID), task.Known(s.Credentials.GID)
	s.Task.NoNewPrivs, s.Task.Seccomp = task.Known(false), task.Known(task.Seccomp{Mode: task.SeccompFilter})
	var ns task.Namespaces
	initial, _ := procstatus.NamespaceUser.Initial()
	ns[procstatus.NamespaceUser].ID = task.Known(initial)
	s.Task.Namespaces = task.Known(ns)
	return s
}

const dockerDefault = capset.Set(0xa80425fb)

// outcomeOf returns the answer for the first operation of a name.
func outcomeOf(t *testing.T, s *Subject, name string) (*Answers, Outcome) {
	t.Helper()
	found := operation.Named(name)
	if found == nil {
		t.Fatalf("no operation %q", name)
	}
	all := s.Answers(Asked{Operations: []Operation{{found[0], name}}})
	return all, all.Operations[0]
}

// TestOutcomes holds which gate stops an operation first, or what lets it pass.
func TestOutcomes(t *testing.T) {
	everything := capset.UpTo(capset.LastKnown)
	with := func(s *Subject, changes ...func(*Subject)) *Subject {
		for _, change := range changes {
			change(s)
		}
		return s
	}
	root, user := func() *Subject { return subjectOf(0, dockerDefault, dockerDefault) }, func() *Subject { return subjectOf(1000, 0, dockerDefault) }
	admin := func() *Subject { return subjectOf(0, everything, everything) }
	noFilter := func(s *Subject) { s.Task.Seccomp = task.Known(task.Seccomp{}) }
	outside := func(s *Subject) { s.Outside = true }
	noNewPrivs := func(s *Subject) { s.Task.NoNewPrivs, s.Credentials.NoNewPrivs = task.Known(true), true }
	sysctl := func(name, value string) func(*Subject) {
		return func(s *Subject) { s.Sysctls.Others = map[string]task.Value[string]{name: task.Known(value)} }
	}
	ports := func(value string) func(*Subject) {
		return func(s *Subject) { s.Sysctls.UnprivilegedPorts = task.Known(value) }
	}
	pings := func(value string) func(*Subject) {
		return func(s *Subject) { s.Sysctls.PingGroups = task.Known(value) }
	}
	file := func(name string, e Executed) func(*Subject) {
		return func(s *Subject) { s.Files = map[string]*Executed{name: &e} }
	}
	child := func(owned bool) func(*Subject) {
		return func(s *Subject) {
			var ns task.Namespaces
			ns[procstatus.NamespaceMnt].Owned, ns[procstatus.NamespaceMnt].ID = task.Known(owned), task.Known(uint64(5))
			s.Task.Namespaces = task.Known(ns)
			s.Task.UserNamespace = task.Known(task.UserNamespace{Initial: task.Known(false)})
		}
	}
	ubuntu := func(s *Subject) {
		s.Task.Label = task.Known(procstatus.Label{Module: "apparmor", Label: task.UnprivilegedUserns, Mode: "enforce"})
	}
	label := func(s *Subject) {
		s.Task.Label = task.Known(procstatus.Label{Module: "apparmor", Label: "docker-default", Mode: "enforce"})
	}
	maps := func(outside uint32) func(*Subject) {
		return func(s *Subject) {
			ns := task.UserNamespace{Initial: task.Known(false), UIDMap: task.Known(procstatus.IDMap{{Outside: outside, Length: 65536}})}
			s.Task.UserNamespace = task.Known(ns)
		}
	}
	insideOf := func(root, outside uint32) func(*Subject) {
		return func(s *Subject) {
			maps(outside)(s)
			s.NodeRoot = task.Known(root)
		}
	}
	owns := func(k procstatus.NamespaceKind) func(*Subject) {
		return func(s *Subject) {
			all := s.Task.Namespaces.Zero()
			all[k].Owned = task.Known(true)
			s.Task.Namespaces = task.Known(all)
		}
	}
	lacks := func(name string) func(*Subject) {
		return func(s *Subject) {
			s.Sysctls.Others = map[string]task.Value[string]{name: task.Unknown[string](NotInKernel)}
		}
	}
	codes := map[string]bool{}
	for _, test := range []struct {
		name, operation string
		of              *Subject
		works           string // "yes", "no" or "?"
		code            string
		change          string // how the first change begins
	}{
		{"none is needed", "mkfifo", user(), "yes", NeedsNone, ""},
		{"effective", "mount", admin(), "yes", "effective", ""},
		{"one of two", "SO_MARK", root(), "yes", "effective", ""},
		{"all of two", "setns to a mount namespace", with(subjectOf(0, capset.Of(capset.SysAdmin), everything), noFilter), "no", "given-up", "program not give it up"},
		{"another user", "SO_MARK", user(), "no", "non-root", "image setcap cap_net_raw=ep PROGRAM"},
		{"another user on the host", "setgroups", with(user(), outside), "no", "non-root", "file setcap cap_setgid=ep PROGRAM"},
		{"to whom no file gives anything", "setgroups", with(user(), outside, noNewPrivs), "no", "non-root", "unit AmbientCapabilities=CAP_SETGID"},
		{"not in bounding", "mount", root(), "no", "not-in-bounding", "securityContext capabilities.add: [SYS_ADMIN]"},
		{"a filter for want of one", "mbind", root(), "no", "seccomp-gate", "securityContext seccompProfile of type Localhost that allows mbind"},
		{"the bounding set is enough for the filter", "mbind", subjectOf(1000, 0, dockerDefault|capset.Of(capset.SysNice)), "yes", NeedsNone, ""},
		{"no filter", "mbind", with(user(), noFilter), "yes", NeedsNone, ""},
		{"a filter that refuses to all", "swapon", admin(), "no", "seccomp-refused", "securityContext seccompProfile"},
		{"a filter, where the sysctl lets it", "io_uring_setup", with(user(), sysctl("kernel.io_uring_disabled", "0")), "no", "seccomp-refused", "securityContext seccompProfile"},
		{"a filter that does not", "pivot_root", with(admin(), func(s *Subject) {
			s.Task.Container = task.Known(&task.Container{Container: container.Container{Runtime: "podman"}})
		}), "yes", "effective", ""},
		{"AppArmor", "mount", with(admin(), label), "no", "label", "securityContext appArmorProfile"},
		{"AppArmor permits", "umount", with(admin(), label), "yes", "effective", ""},
		{"Ubuntu's AppArmor", "mount", with(with(admin(), noFilter), ubuntu), "no", "unprivileged-userns", "file an AppArmor profile for the program that has the rule userns"},
		{"a port that is free", "bind :80", with(user(), ports("0")), "yes", "unnecessary", ""},
		{"one of two ports is free", "bind :443", with(user(), ports("100")), "yes", "unnecessary", ""},
		{"and the other is not", "bind :80", with(user(), ports("100")), "no", "non-root", "sysctl net.ipv4.ip_unprivileged_port_start=0, which docker sets since 20.10 and a pod may, now 100"},
		{"nobody knows", "bind :80", user(), "?", "unknown", "sysctl "},
		{"a program of which the port is one thing", "nginx", with(user(), ports("0")), "no", "non-root", "image an unprivileged image"},
		{"a program of which the port is the only thing", "nginx", subjectOf(1000, capset.Of(capset.Setuid, capset.Setgid, capset.Chown), dockerDefault), "?", "unknown", "image an unprivileged image"},
		{"and that is free", "nginx", with(subjectOf(1000, capset.Of(capset.Setuid, capset.Setgid, capset.Chown), dockerDefault), ports("0")), "yes", "effective", ""},
		{"ping by a sysctl", "ping", with(user(), pings("0 2147483647")), "yes", "unnecessary", ""},
		{"ping by its file", "ping", with(user(), pings("1 0")), "?", "program-file", "sysctl net.ipv4.ping_group_range"},
		{"ping by nothing", "ping", with(with(user(), pings("1 0")), noNewPrivs), "no", "non-root", "sysctl net.ipv4.ping_group_range"},
		{"a socket that no capability opens", "ICMP socket", with(admin(), pings("1 0")), "no", "sysctl", "sysctl net.ipv4.ping_group_range"},
		{"a sysctl that refuses", "finit_module", with(admin(), sysctl("kernel.modules_disabled", "1")), "no", "sysctl", ""},
		{"one that does not", "finit_module", with(admin(), sysctl("kernel.modules_disabled", "0")), "yes", "effective", ""},
		{"one that frees a part", "bpf", with(with(user(), noFilter), sysctl("kernel.unprivileged_bpf_disabled", "0")), "?", "unknown", "sysctl kernel.unprivileged_bpf_disabled=0"},
		{"no user namespaces", "unshare", with(with(user(), noFilter), sysctl("user.max_user_namespaces", "0")), "no", "sysctl", ""},
		{"a program with its bit", "su", user(), "yes", "set-user-ID", ""},
		{"without new privileges", "su", with(user(), noNewPrivs), "no", "no-new-privs", "securityContext start as that user"},
		{"a bit without what it gives", "su", subjectOf(1000, 0, 0), "no", "not-in-bounding", "securityContext start as that user"},
		{"a program without", "gosu", user(), "no", "non-root", "securityContext start as that user"},
		{"a file that is looked at", "su", with(user(), file("su", Executed{Path: "/bin/su", Bit: true, Has: dockerDefault})), "yes", "program-file", ""},
		{"one without its bit", "su", with(user(), file("su", Executed{Path: "/bin/busybox"})), "no", "non-root", "securityContext start as that user"},
		{"one that no_new_privs keeps from it", "su", with(with(user(), noNewPrivs), file("su", Executed{Path: "/bin/su", Bit: true})), "no", "no-new-privs", "securityContext start as that user"},
		{"one that does not start", "ping", with(with(user(), pings("0 9999")), file("ping", Executed{Path: "/bin/ping", Fails: "EPERM"})), "no", "program-file", ""},
		{"one with a capability", "ping6", with(with(user(), pings("1 0")), file("ping6", Executed{Path: "/bin/ping6", Has: capset.Of(capset.NetRaw)})), "yes", "program-file", ""},
		{"one that has none", "ping", with(with(user(), pings("1 0")), file("ping", Executed{Path: "/bin/ping"})), "no", "non-root", "sysctl net.ipv4.ping_group_range"},
		{"no_new_privs helps", "seccomp", with(user(), noNewPrivs), "yes", "unnecessary", ""},
		{"a file of root", "/proc/sys", root(), "yes", "unnecessary", ""},
		{"and of no one else", "/proc/sys", user(), "no", "root-owned", ""},
		{"of the node's root in a child user namespace", "/proc/sys", with(root(), insideOf(0, 0)), "yes", "unnecessary", ""},
		{"by another id", "/proc/sys", with(user(), insideOf(1000, 1000)), "yes", "unnecessary", ""},
		{"of a root that is not the node's", "/proc/sys", with(root(), insideOf(task.OverflowID, 100000)), "no", "root-owned", ""},
		{"of root, who may be the node's", "/proc/sys", with(root(), child(true), maps(0)), "?", "unknown", ""},
		{"of root, who is not the node's", "/proc/sys", with(root(), child(true), maps(100000)), "no", "root-owned", ""},
		{"of the owner of a namespace", "/proc/sys/fs/mqueue", with(root(), child(true), owns(procstatus.NamespaceIPC), insideOf(task.OverflowID, 100000)), "yes", "unnecessary", ""},
		{"of another uid there", "/proc/sys/fs/mqueue", with(user(), child(true), owns(procstatus.NamespaceIPC), insideOf(task.OverflowID, 100000)), "no", "root-owned", "securityContext securityContext.sysctls"},
		{"of the owner of another namespace", "/proc/sys/fs/mqueue", with(root(), child(true), insideOf(task.OverflowID, 100000)), "?", "unknown", "securityContext securityContext.sysctls"},
		{"forwarding is not root's", "net.ipv4.ip_forward", root(), "no", "not-in-bounding", "securityContext securityContext.sysctls"},
		{"a read-only /sys", "/sys", with(root(), func(s *Subject) { s.Task.Mounts.SysReadOnly = task.Known(true) }), "no", "masked", "file the mode bits"},
		{"one that is not", "/sys", with(root(), func(s *Subject) { s.Task.Mounts.SysReadOnly = task.Known(false) }), "yes", "unnecessary", ""},
		{"no Yama", "ptrace", with(user(), noFilter, lacks("kernel.yama.ptrace_scope")), "no", "not-in-bounding", "program a process of its own uid"},
		{"Yama, of which nobody knows", "ptrace", with(user(), noFilter), "no", "not-in-bounding", "program a process of its own uid"},
		{"masked", "/proc/sys", with(root(), func(s *Subject) { s.Task.Mounts.ProcMasked = task.Known(true) }), "no", "masked", "securityContext procMount"},
		{"masked, and not by a child user namespace", "mount proc", with(with(admin(), noFilter), func(s *Subject) { s.Task.Mounts.ProcMasked = task.Known(true) }), "yes", "effective", ""},
		{"no error", "EPOLLWAKEUP", user(), "no", "not-in-bounding", "securityContext capabilities.add: [BLOCK_SUSPEND]"},
		{"its own namespace", "mount", with(with(admin(), noFilter), child(true)), "yes", "effective", ""},
		{"another's", "swapon", with(with(admin(), noFilter), child(true)), "no", "scope", "securityContext in the pod's spec, hostUsers: true"},
		{"one of two is another's", "process_madvise", with(with(admin(), noFilter), child(true)), "no", "scope", "securityContext in the pod's spec, hostUsers: true"},
		{"nobody's", "mount", with(with(admin(), noFilter), child(false)), "no", "scope", "program a user namespace of its own"},
		{"two user namespaces", "setns to a mount namespace", with(with(admin(), noFilter), child(true)), "yes", "effective", ""},
		{"in which nobody knows", "sethostname", with(with(admin(), noFilter), child(true)), "?", "scope-unknown", "program a user namespace"},
		{"newer than the kernel", "perf_event_open", with(with(subjectOf(1000, 0, everything), noFilter), func(s *Subject) {
			s.Task.LastCap = task.LastCap{Value: capset.AuditRead, From: task.FromKernel}
			s.Sysctls.Others = map[string]task.Value[string]{"kernel.perf_event_paranoid": task.Known("2")}
		}), "no", "non-root", "sysctl a lower kernel.perf_event_paranoid, now 2"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, out := outcomeOf(t, test.of, test.operation)
			works, known := out.Works.Get()
			got := choose(known, choose(works, "yes", "no"), "?")
			change := ""
			if out.Changes != nil {
				change = out.Changes[0].Where + " " + out.Changes[0].Text
			}
			if got != test.works || out.Reason.Code != test.code || !strings.HasPrefix(change, test.change) || test.change == "" && change != "" {
				t.Errorf("%s: %s %s %q\nwant %s %s %q\n%+v", test.operation, got, out.Reason.Code, change, test.works, test.code, test.change, out)
			}
			if out.Reason.Text == "" || known && out.Works.Why() != "" || !known && out.Works.Why() == "" {
				t.Errorf("%+v", out)
			}
			for _, n := range append(out.Also, out.Reason) {
				codes[n.Code] = true
			}
		})
	}
	for _, code := range outcomeCodes() {
		if !codes[code] {
			t.Errorf("no %s", code)
		}
	}
}

// TestOutcomeOfAll asks for every operation of tasks with everything and with nothing, in
// containers and out of them.
func TestOutcomeOfAll(t *testing.T) {
	everything := capset.UpTo(capset.LastKnown)
	var asked Asked
	for _, o := range operation.All() {
		asked.Operations = append(asked.Operations, Operation{o, o.Name()})
	}
	for _, of := range []struct {
		has     capset.Set
		outside bool
	}{{everything, true}, {everything, false}, {0, true}, {0, false}} {
		s := subjectOf(choose2(of.has == 0, 1000, 0), of.has, everything)
		s.Outside = of.outside
		if of.outside {
			s.Task.Seccomp = task.Known(task.Seccomp{})
		}
		for _, out := range s.Answers(asked).Operations {
			o := out.Operation
			works, known := out.Works.Get()
			refused := o.Name() == "socket SOCK_DGRAM IPPROTO_ICMP" || o.Name() == "follow a link in a sticky directory"
			switch {
			case of.has == everything && of.outside && known != !refused, of.has == everything && of.outside && known && !works:
				t.Errorf("%s, of a task that holds all: %+v", o.Name(), out)
			case of.has == 0 && len(o.Caps) > 0 && known && works && out.Reason.Code != byFile:
				t.Errorf("%s, of a task that holds nothing: %+v", o.Name(), out)
			case out.Reason.Text == "":
				t.Errorf("%s: no reason", o.Name())
			}
			for _, c := range out.Changes {
				if !slices.Contains([]string{"securityContext", "image", "unit", "file", "program", "sysctl"}, c.Where) {
					t.Errorf("%s: %+v", o.Name(), c)
				}
			}
		}
	}
}

func choose2(cond bool, yes, no uint32) uint32 {
	if cond {
		return yes
	}
	return no
}

// TestSettings holds that a sysctl which decides is named by an operation, and read.
func TestSettings(t *testing.T) {
	var asked Asked
	for _, o := range operation.All() {
		asked.Operations = append(asked.Operations, Operation{o, o.Name()})
	}
	names := asked.Settings()
	for _, r := range rules {
		if !slices.Contains(names, r.name) {
			t.Errorf("no operation names %s", r.name)
		}
	}
}

// TestAssumed holds what is said to be taken for granted.
func TestAssumedOfOperations(t *testing.T) {
	host := func(s *Subject) *Subject { s.Outside = true; return s }
	labelled := subjectOf(0, dockerDefault, dockerDefault)
	labelled.Task.Label = task.Known(procstatus.Label{Module: "apparmor", Label: "mine", Mode: "enforce"})
	for _, test := range []struct {
		operation string
		of        *Subject
		want      string
	}{
		{"mbind", subjectOf(0, dockerDefault, dockerDefault), "seccomp-filter"},
		{"mkfifo", subjectOf(0, dockerDefault, dockerDefault), ""},
		{"mkfifo", host(subjectOf(0, dockerDefault, dockerDefault)), "seccomp-filter"},
		{"su", subjectOf(1000, 0, dockerDefault), "usual program-file"},
		{"kill", labelled, "label"},
	} {
		all, _ := outcomeOf(t, test.of, test.operation)
		var codes []string
		for _, n := range all.Assumed {
			codes = append(codes, n.Code)
		}
		if got := strings.Join(codes, " "); got != test.want {
			t.Errorf("%s: %s, want %s", test.operation, got, test.want)
		}
	}
}
