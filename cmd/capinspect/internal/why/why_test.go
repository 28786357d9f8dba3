// SPDX-License-Identifier: Apache-2.0

package why

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
	"github.com/capinspect/capinspect/procstatus"
)

// randomSubject returns a task in a random state, that has executed a random program.
func randomSubject(random *rand.Rand) *Subject {
	some := func() capset.Set { return capset.Set(random.Uint64()&random.Uint64()) & capset.UpTo(capset.LastKnown) }
	ids := func() capset.IDs {
		list := [...]uint32{0, 0, 1000, 4242}
		r, e := list[random.IntN(len(list))], list[random.IntN(len(list))]
		return capset.IDs{Real: r, Effective: e, Saved: e, Filesystem: e}
	}
	yes := func() bool { return random.IntN(3) == 0 }
	s := &Subject{
		Task:        &task.Task{LastCap: task.LastCap{Value: capset.LastKnown, From: task.FromKernel}},
		How:         capset.Circumstances{Last: capset.LastKnown},
		Outside:     yes(),
		Credentials: capset.Credentials{UID: ids(), GID: ids(), NoNewPrivs: yes(), Securebits: capset.Securebits(random.IntN(256))},
	}
	sets := &s.Credentials.Sets
	for k := range sets {
		sets[k] = some()
	}
	sets[capset.Effective] &= sets[capset.Permitted]
	if yes() {
		sets[capset.Permitted], sets[capset.Effective], sets[capset.Ambient] = 0, 0, 0
	}
	if !yes() {
		s.Path = "/program"
		s.Program = &capset.File{Mode: 0o755 | uint32(random.IntN(4))<<10, UID: uint32(random.IntN(2) * 1000), NoSuid: yes(), Unmapped: yes()}
		if !yes() {
			s.Program.Caps = &capset.FileCaps{Permitted: some(), Inheritable: some(), Effective: yes(), Version: 2}
			if !yes() { // or execve(2) would mostly fail
				s.Program.Caps.Permitted &= sets[capset.Bounding]
			}
			s.Program.ForeignCaps = yes()
		}
	}
	if random.IntN(10) > 0 {
		s.Task.UID, s.Task.GID = task.Known(s.Credentials.UID), task.Known(s.Credentials.GID)
	}
	if yes() {
		s.Sysctls = Sysctls{UnprivilegedPorts: task.Known("1024"), PingGroups: task.Known("1 0")}
	}
	if yes() {
		s.Sysctls = Sysctls{UnprivilegedPorts: task.Known("0"), PingGroups: task.Known("0 2147483647")}
	}
	if yes() {
		s.Task.UserNamespace = task.Known(task.UserNamespace{Initial: task.Known(false)})
		s.Task.Seccomp = task.Known(task.Seccomp{Mode: task.SeccompFilter})
	}
	if yes() {
		var ns task.Namespaces
		ns[procstatus.NamespacePID].ID = task.Known(uint64(7))
		ns[procstatus.NamespaceNet].ByUID = task.Known(yes())
		s.Task.Namespaces = task.Known(ns)
	}
	if random.IntN(8) == 0 {
		s.Task.Label = task.Known(procstatus.Label{Module: "apparmor", Label: task.UnprivilegedUserns, Mode: "enforce"})
	}
	return s
}

// TestAnswerIsComplete holds that every state has a reason, that something would change
// it, and that the refusals which are named are those that keep the task from the
// capability: without them it gets it, and without all but one it does not.
func TestAnswerIsComplete(t *testing.T) {
	seed := rand.Uint64()
	random, codes := rand.New(rand.NewPCG(seed, 3)), map[string]int{}
	interesting := [...]capset.Cap{capset.NetRaw, capset.NetBindService, capset.SysAdmin}
	for range 50_000 {
		s := randomSubject(random)
		c := capset.Cap(random.IntN(int(capset.LastKnown) + 2))
		if random.IntN(4) == 0 {
			c = interesting[random.IntN(len(interesting))]
		}
		a := s.Answers(Asked{Caps: []capset.Cap{c}}).List[0]
		codes[a.Reason.Code]++
		for _, n := range a.Also {
			codes[n.Code]++
		}
		if a.Reason.Code == "" || a.Reason.Text == "" {
			t.Fatalf("seed %d: no reason for %v in %+v", seed, c, s)
		}
		if a.Changes == nil && !a.Effective() && a.Reason.Code != "unknown-to-kernel" && !(c == capset.NetBindService && s.Sysctls.UnprivilegedPorts == task.Known("0")) && !task.Is(a.Works, true) {
			t.Fatalf("seed %d: nothing changes %+v", seed, a)
		}
		if advisesFile(&a) && a.Reason.Code != "not-in-bounding" {
			tryFile(t, seed, question{Subject: s, cap: c, state: s.stateOf(c)})
		}
		named := func(r *reason) bool {
			return r.without != nil && (a.Reason.Code == r.code || slices.ContainsFunc(a.Also, func(n task.Note) bool { return n.Code == r.code }))
		}
		var away []*reason
		for i := range reasons {
			if named(&reasons[i]) && !a.Sets[capset.Permitted] {
				away = append(away, &reasons[i])
			}
		}
		if away == nil {
			continue
		}
		q := question{Subject: s, cap: c, state: obtainable}
		if !q.gets(away) {
			t.Fatalf("seed %d: without what is named it does not get %v\n%+v\n%+v %+v", seed, c, a, s.Credentials, s.Program)
		}
		for i, r := range away {
			if q.gets(slices.Delete(slices.Clone(away), i, i+1)) {
				t.Fatalf("seed %d: %s is named, and does not matter for %v\n%+v\n%+v %+v", seed, r.code, c, a, s.Credentials, s.Program)
			}
		}
	}
	for _, r := range reasons {
		if codes[r.code] == 0 {
			t.Errorf("no %s in %v", r.code, codes)
		}
	}
}

// advisesFile reports whether a change gives the program a file capability.
func advisesFile(a *Answer) bool {
	return slices.ContainsFunc(a.Changes, func(c Change) bool { return strings.Contains(c.Text, "setcap ") })
}

// tryFile executes the program with the capabilities that it is to be given, where nothing
// takes them away.
func tryFile(t *testing.T, seed uint64, q question) {
	t.Helper()
	file, c := capset.File{Mode: 0o755}, q.Credentials
	if q.Program != nil {
		file = *q.Program
	}
	caps := q.fileCaps()
	file.Caps, file.ForeignCaps, file.NoSuid, c.NoNewPrivs = &caps, false, false, false
	after, _, err := capset.Exec(c, file, q.How)
	if err != nil || !after.Sets[capset.Effective].Has(q.cap) {
		t.Fatalf("seed %d: with %+v %v: %v\n%+v %+v", seed, caps, err, after.Sets, q.Credentials, q.Program)
	}
}

func TestMayPing(t *testing.T) {
	s := Subject{Task: &task.Task{}}
	s.Task.GID, s.Task.Groups = task.Known(capset.IDs{Effective: 8}), task.Known([]uint32{9, 12})
	for groups, want := range map[string]bool{
		"1 0": false, "0 2147483647": true, "8 8": true, "9 9": true, "10 11": false, "": false, "8": false, "x 9": false, "0 99999999999": false,
	} {
		if got := s.inGroups(groups); got != want {
			t.Errorf("%q: %t", groups, got)
		}
	}
}

// TestConfined holds what counts as confining a task.
func TestConfined(t *testing.T) {
	confined := func(of task.Task) string {
		return (&question{Subject: &Subject{Task: &of}, cap: capset.SysAdmin}).confined()
	}
	label := func(l procstatus.Label) string { return confined(task.Task{Label: task.Known(l)}) }
	for want, l := range map[string]procstatus.Label{
		"apparmor (docker-default)":       {Module: "apparmor", Label: "docker-default", Mode: "enforce"},
		"apparmor (own)":                  {Module: "apparmor", Label: "own", Mode: "enforce"},
		"selinux (u:r:container_t:s0)":    {Module: "selinux", Label: "u:r:container_t:s0"},
		"the security module's label (_)": {Label: "_"},
	} {
		if got := label(l); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	for _, l := range []procstatus.Label{
		{Module: "apparmor", Label: "unconfined"},
		{Module: "apparmor", Label: "x", Mode: "complain"},
		{Module: "selinux", Label: "unconfined_u:unconfined_r:unconfined_t:s0"},
		{Module: "selinux", Label: "system_u:system_r:spc_t:s0"},
	} {
		if got := label(l); got != "" {
			t.Errorf("%+v: %q", l, got)
		}
	}
	if got := confined(task.Task{}); got != "" {
		t.Errorf("%q", got)
	}
	if got := confined(task.Task{Status: task.Status{Seccomp: task.Known(task.Seccomp{Mode: 2})}}); got != "seccomp (filter)" {
		t.Error(got)
	}
}

// holding returns a task with some sets.
func holding(sets capset.State) *task.Task {
	t := &task.Task{LastCap: task.LastCap{Value: capset.LastKnown, From: task.FromKernel}}
	for k, set := range sets {
		t.Sets[k] = task.Known(set)
	}
	return t
}

func TestReasons(t *testing.T) {
	raw, chown := capset.Of(capset.NetRaw), capset.Of(capset.Chown)
	of := holding(capset.State{capset.Permitted: raw, capset.Effective: raw, capset.Bounding: raw | chown})
	of.UID = task.Unknown[capset.IDs]("no Uid line")
	all, err := Of(of, Asked{Caps: []capset.Cap{capset.NetRaw, capset.Mknod, capset.Chown, 63}})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{PlainlyEffective, "not-in-bounding", Undecided, "unknown-to-kernel"} {
		if got := all.List[i].Reason.Code; got != want {
			t.Errorf("%v: %s, want %s", all.List[i].Cap, got, want)
		}
	}
	if got := all.List[2].Reason.Text; got != "it is not permitted, and the uid, which tells why, is unknown (no Uid line)" {
		t.Error(got)
	}
	if also := all.List[2].Also; len(also) != 2 || also[0].Code != "if-root" || also[1].Code != "if-other-user" || !task.Is(all.List[2].Works, false) {
		t.Errorf("%+v", all.List[2])
	}
	if all.Assumed != nil {
		t.Error(all.Assumed)
	}
	of.Sets[capset.Bounding] = task.Unknown[capset.Set]("no CapBnd line")
	of.Sets[capset.Effective] = task.Unknown[capset.Set]("no CapEff line")
	if _, err := Of(of, Asked{}); err == nil || err.Error() != "capabilities.effective is unknown: no CapEff line" {
		t.Error(err)
	}
}

// TestByEffective holds that the effective set alone tells whether a capability works, and
// not why.
func TestByEffective(t *testing.T) {
	of := holding(capset.State{capset.Effective: capset.Of(capset.NetRaw)})
	of.Sets[capset.Bounding] = task.Unknown[capset.Set]("no CapBnd line")
	all, err := Of(of, Asked{Caps: []capset.Cap{capset.NetRaw, capset.Chown}})
	if err != nil {
		t.Fatal(err)
	}
	if a := all.List[0]; !task.Is(a.Works, true) || a.Reason.Code != PlainlyEffective || !a.Effective() {
		t.Errorf("%+v", a)
	}
	if a := all.List[1]; !task.Is(a.Works, false) || a.Reason.Text != "it is not effective, and the reason is unknown: capabilities.bounding is unknown: no CapBnd line" {
		t.Errorf("%+v", a)
	}
	of.UserNamespace = task.Known(task.UserNamespace{})
	if _, err := Of(of, Asked{}); err == nil {
		t.Error("an answer, though a user namespace has a say")
	}
}

// TestAssumed holds that what is assumed is listed with the answers that depend on it.
func TestAssumed(t *testing.T) {
	chown := capset.Of(capset.Chown)
	of := holding(capset.State{capset.Permitted: chown, capset.Bounding: chown})
	of.UID = task.Known(capset.IDs{})
	c, err := of.Credentials(false)
	if err != nil {
		t.Fatal(err)
	}
	s := Subject{Task: of, Credentials: c, Assumed: []task.Note{{Code: "program", Text: "it has none"}}}
	codes := func(c capset.Cap) (list string) {
		for _, n := range s.Answers(Asked{Caps: []capset.Cap{c}}).Assumed {
			list += n.Code + " "
		}
		return strings.TrimSpace(list)
	}
	if got := codes(capset.Chown); got != "program securebits" {
		t.Errorf("%q", got)
	}
	if got := codes(capset.Mknod); got != "" {
		t.Errorf("%q", got)
	}
	of.Securebits = task.Known(capset.Securebits(0))
	if got := codes(capset.Chown); got != "program" {
		t.Errorf("%q", got)
	}
}

// TestAssumedSecurebits holds that securebits which are unknown are assumed wherever noroot
// would make another answer.
func TestAssumedSecurebits(t *testing.T) {
	random, differ := rand.New(rand.NewPCG(15, 6)), 0
	for range 20_000 {
		s := randomSubject(random)
		asked := Asked{Caps: []capset.Cap{capset.Cap(random.IntN(int(capset.LastKnown) + 1))}}
		var answers [2]string
		assumed := false
		for i, bits := range [...]capset.Securebits{0, capset.NoRoot} {
			s.Credentials.Securebits = bits
			all := s.Answers(asked)
			a := &all.List[0]
			answers[i] = fmt.Sprint(a.Reason.Code, a.Also, a.Works)
			assumed = slices.ContainsFunc(all.Assumed, func(n task.Note) bool { return n.Code == "securebits" })
		}
		if answers[0] == answers[1] {
			continue
		}
		if differ++; !assumed {
			t.Errorf("%+v, %+v: %s", s.Credentials, s.Program, answers)
		}
	}
	if differ < 100 {
		t.Errorf("only %d answers differ", differ)
	}
}

// TestSysctls holds what is said of a sysctl that makes a capability unnecessary, or
// would.
func TestSysctls(t *testing.T) {
	of := holding(capset.State{})
	of.GID = task.Known(capset.IDs{Effective: 8})
	for _, row := range []struct {
		sysctls      Sysctls
		cap          capset.Cap
		also, change string
	}{
		{Sysctls{}, capset.NetBindService, "", "net.ipv4.ip_unprivileged_port_start=0, whose value is not known here: ports from there on need no capability"},
		{Sysctls{UnprivilegedPorts: task.Known("1024")}, capset.NetBindService, "", "net.ipv4.ip_unprivileged_port_start=0, now 1024: ports from there on need no capability"},
		{Sysctls{UnprivilegedPorts: task.Known("0")}, capset.NetBindService, "net.ipv4.ip_unprivileged_port_start is 0: ports from there on need no capability", ""},
		{Sysctls{PingGroups: task.Known("1 0")}, capset.NetRaw, "", `net.ipv4.ping_group_range="0 2147483647", now 1 0: ping of these groups needs no capability, if its file asks for none`},
		{Sysctls{PingGroups: task.Known("8 8")}, capset.NetRaw, "net.ipv4.ping_group_range is 8 8: ping of these groups needs no capability, if its file asks for none", ""},
		{Sysctls{UnprivilegedPorts: task.Known("0"), PingGroups: task.Known("8 8")}, capset.Chown, "", ""},
	} {
		s := Subject{Task: of, Sysctls: row.sysctls}
		a := s.Answers(Asked{Caps: []capset.Cap{row.cap}}).List[0]
		also, change := "", ""
		for _, n := range a.Also {
			also += n.Text
		}
		for _, c := range a.Changes {
			if c.Where == "sysctl" {
				change += c.Text
			}
		}
		if also != row.also || change != row.change {
			t.Errorf("%+v, %v: %q, %q", row.sysctls, row.cap, also, change)
		}
	}
}

// TestGates holds which gates are told of a capability, and what the default seccomp
// filter opens with one that is in the bounding set alone.
func TestGates(t *testing.T) {
	for _, row := range []struct {
		cap       capset.Cap
		effective bool
		mode      int
		reason    string
		also      []string
		says      string // in the text of one of them
	}{
		{capset.SysNice, false, 2, "non-root", []string{"seccomp-gate"}, "for the default seccomp filter of docker the bounding set is enough: get_mempolicy, mbind, set_mempolicy and set_mempolicy_home_node need no capability"},
		{capset.SysNice, false, 0, "non-root", []string{"seccomp-gate"}, "no seccomp filter is on: get_mempolicy, mbind"},
		{capset.SysAdmin, false, 2, "non-root", []string{"seccomp-gate"}, "unshare, clone, mount and setns need no capability in a user namespace that it makes for itself"},
		{capset.Perfmon, false, 2, "non-root", []string{"seccomp-gate"}, "(since Docker 23.0 and containerd 1.7)"},
		{capset.SysTime, false, 2, "non-root", nil, ""}, // the kernel asks for the capability itself
		{capset.Chown, false, 2, "non-root", nil, ""},
		{capset.SysAdmin, true, 2, "confined", []string{"device-cgroup"}, "seccomp (filter) may refuse what it permits: the default filter of docker allows bpf, clone, "},
		{capset.SysAdmin, true, 0, "effective", []string{"device-cgroup"}, "/dev/fuse"},
		{capset.Chown, true, 2, "effective", []string{"file-server"}, "root_squash"},
		{capset.Mknod, true, 2, "effective", []string{"device-cgroup"}, "device cgroup"},
		{capset.Perfmon, true, 2, "confined", []string{"gate-sysctl"}, "perf_event_paranoid is 4"},
		{capset.SysTime, true, 2, "confined", nil, "clock_settime"},
		{capset.SysNice, true, 0, "effective", []string{"gate-cgroup"}, "cpu.rt_runtime_us is 0"},
		{capset.Syslog, true, 0, "effective", []string{"gate-sysctl"}, "kptr_restrict is 2"},
		{capset.SysBoot, true, 0, "effective", []string{"gate-sysctl"}, "kexec_load_disabled is 1"},
		{capset.SysResource, true, 0, "effective", []string{"gate-sysctl"}, "fs.nr_open"},
		{capset.SysRawio, true, 0, "effective", []string{"device-cgroup", "lockdown"}, "Secure Boot"},
		{capset.AuditControl, true, 0, "effective", []string{"gate-namespace"}, "initial pid namespace"},
		{capset.AuditRead, true, 0, "effective", []string{"gate-namespace"}, "initial network namespace"},
		{capset.Kill, true, 2, "effective", nil, ""},
		{capset.NetBindService, true, 2, "effective", nil, ""},
	} {
		set := capset.Of(row.cap)
		state := capset.State{capset.Bounding: set}
		if row.effective {
			state[capset.Permitted], state[capset.Effective] = set, set
		}
		of := holding(state)
		of.UID, of.Seccomp = task.Known(task.AllIDs(999)), task.Known(task.Seccomp{Mode: row.mode})
		all, err := Of(of, Asked{Caps: []capset.Cap{row.cap}})
		if err != nil {
			t.Fatal(err)
		}
		a := all.List[0]
		text, codes := a.Reason.Text, []string(nil)
		for _, n := range a.Also {
			if n.Code != "unnecessary" {
				codes = append(codes, n.Code)
			}
			text += "\n" + n.Text
		}
		if a.Reason.Code != row.reason || !slices.Equal(codes, row.also) || !strings.Contains(text, row.says) {
			t.Errorf("%v, effective %t, seccomp %d: %s %v\n%s", row.cap, row.effective, row.mode, a.Reason.Code, codes, text)
		}
		wanted := row.mode == 2 && (row.reason == "confined" || slices.Contains(row.also, "seccomp-gate"))
		if assumed := slices.ContainsFunc(all.Assumed, func(n task.Note) bool { return n.Code == "seccomp-filter" }); assumed != wanted {
			t.Errorf("%v, effective %t, seccomp %d: assumed %v", row.cap, row.effective, row.mode, all.Assumed)
		}
	}
}

// TestGateNamespaces holds that a gate outside the node's namespaces is not told of a task in
// these.
func TestGateNamespaces(t *testing.T) {
	set := capset.Of(capset.AuditControl, capset.AuditRead)
	for _, node := range []bool{false, true} {
		of := holding(capset.State{capset.Bounding: set, capset.Permitted: set, capset.Effective: set})
		of.UID, of.Seccomp = task.Known(task.AllIDs(0)), task.Known(task.Seccomp{})
		var all task.Namespaces
		for k := range all {
			all[k].Node = task.Known(node)
		}
		of.Namespaces = task.Known(all)
		answers, err := Of(of, Asked{Caps: slices.Collect(set.Caps())})
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range answers.List {
			if told := a.Also != nil; told == node || a.Changes != nil == node {
				t.Errorf("%v, of the node: %t: %v, %v", a.Cap, node, a.Also, a.Changes)
			}
		}
	}
}

// TestRuntimeLabel holds that a runtime's own AppArmor profile is named where it denies
// something alone, and that docker's words are those of the module.
func TestRuntimeLabel(t *testing.T) {
	for _, row := range []struct {
		cap            capset.Cap
		label          procstatus.Label
		reason, change string
	}{
		{capset.SysAdmin, procstatus.Label{Module: "apparmor", Label: "docker-default", Mode: "enforce"}, "confined", "docker: --security-opt apparmor=PROFILE"},
		{capset.Chown, procstatus.Label{Module: "apparmor", Label: "docker-default", Mode: "enforce"}, "effective", ""},
		{capset.Chown, procstatus.Label{Module: "apparmor", Label: "own", Mode: "enforce"}, "confined", "docker: --security-opt apparmor=PROFILE"},
		{capset.Chown, procstatus.Label{Module: "selinux", Label: "u:r:container_t:s0"}, "confined", "docker: --security-opt label=type:TYPE"},
	} {
		set := capset.Of(row.cap)
		of := holding(capset.State{capset.Permitted: set, capset.Effective: set, capset.Bounding: set})
		of.Label = task.Known(row.label)
		all, err := Of(of, Asked{Caps: []capset.Cap{row.cap}})
		if err != nil {
			t.Fatal(err)
		}
		changes := ""
		for _, c := range all.List[0].Changes {
			changes += c.Text
		}
		if all.List[0].Reason.Code != row.reason || !strings.Contains(changes, row.change) {
			t.Errorf("%v, %v: %+v", row.cap, row.label, all.List[0])
		}
	}
}
