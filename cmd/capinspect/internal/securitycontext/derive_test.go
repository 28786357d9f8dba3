// SPDX-License-Identifier: Apache-2.0

package securitycontext

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
	"github.com/capinspect/capinspect/procstatus"
	"github.com/capinspect/capinspect/procstatus/container"
	"github.com/capinspect/capinspect/testdata/fixture"
)

const (
	dockerMask = "00000000a80425fb"
	noneMask   = "0000000000000000"
)

var allMask = capset.UpTo(capset.LastKnown).Hex()

// lines are those of the status file of a task in a container, and where it is. What is ""
// is as in a container that docker makes.
type lines struct {
	inh, prm, bnd, amb string
	uid                string
	nnp, seccomp       string
	where              func(t *task.Task)
}

// task returns the task.
func (l lines) task(t *testing.T) *task.Task {
	t.Helper()
	prm, uid := cmp.Or(l.prm, dockerMask), cmp.Or(l.uid, "0")
	r := taskOf(t, "Name:\tx\nState:\tS (sleeping)\nUid:\t"+strings.Repeat(uid+"\t", 3)+uid+
		"\nCapInh:\t"+cmp.Or(l.inh, noneMask)+"\nCapPrm:\t"+prm+"\nCapEff:\t"+prm+"\nCapBnd:\t"+cmp.Or(l.bnd, dockerMask)+
		"\nCapAmb:\t"+cmp.Or(l.amb, noneMask)+"\nNoNewPrivs:\t"+cmp.Or(l.nnp, "0")+"\nSeccomp:\t"+cmp.Or(l.seccomp, "2")+"\n")
	l.where(r)
	return r
}

// taskOf returns the task of some lines of a status file.
func taskOf(t *testing.T, text string) *task.Task {
	t.Helper()
	s, err := procstatus.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return &task.Task{Status: task.StatusOf(s, task.PartOfFile), LastCap: task.LastCap{Value: capset.LastKnown, From: task.FromKernel}}
}

// inNamespaces puts a task into a pid namespace, and into a user namespace of which it is
// known whether it is the initial one.
func inNamespaces(t *task.Task, pid uint64, initial bool) {
	var all task.Namespaces
	all[procstatus.NamespacePID].ID = task.Known(pid)
	t.Namespaces = task.Known(all)
	t.UserNamespace = task.Known(task.UserNamespace{Initial: task.Known(initial)})
}

// inContainer puts a task into a container that has the user namespace of the node.
func inContainer(t *task.Task) {
	inNamespaces(t, 4026532555, true)
	t.Container = task.Known(&task.Container{Container: container.Container{Runtime: "docker"}})
}

// inChild puts a task into a container that has a user namespace of its own.
func inChild(t *task.Task) {
	inContainer(t)
	inNamespaces(t, 4026532555, false)
}

// hiddenNamespaces puts a task into a container of which no more is known.
func hiddenNamespaces(t *task.Task) {
	inContainer(t)
	t.Namespaces = task.Value[task.Namespaces]{}
	t.UserNamespace = task.Known(task.UserNamespace{Initial: task.Unknown[bool]("hidden")})
}

func onNode(t *task.Task) { inNamespaces(t, 4026531836, true) }

// mountedAs puts a task into a container, with the mounts of a captured one.
func mountedAs(t *testing.T, name string) func(*task.Task) {
	t.Helper()
	mounts, err := procstatus.ParseMounts(fixture.Read(t, "mountinfo/linux-6.18-"+name+".mountinfo"))
	if err != nil {
		t.Fatal(err)
	}
	return func(r *task.Task) {
		inContainer(r)
		r.Mounts = task.MountsOf(mounts)
	}
}

// brief returns what was derived in one line.
func brief(d *Derived) string {
	var words []string
	say := func(format string, args ...any) { words = append(words, fmt.Sprintf(format, args...)) }
	if c := d.Capabilities; c != nil {
		say("drop%v add%v", c.Drop, c.Add)
	}
	for name, flag := range map[string]*bool{
		"privileged": d.Privileged, "nonroot": d.RunAsNonRoot, "escalation": d.AllowPrivilegeEscalation, "readonly": d.ReadOnlyRootFilesystem,
	} {
		if flag != nil {
			say("%s=%v", name, *flag)
		}
	}
	for name, id := range map[string]*int64{"user": d.RunAsUser, "group": d.RunAsGroup} {
		if id != nil {
			say("%s=%d", name, *id)
		}
	}
	if d.SeccompProfile != nil {
		say("%s", d.SeccompProfile.Type)
	}
	slices.Sort(words)
	return strings.Join(words, " ")
}

// codes returns the codes of comments.
func codes(notes []task.Note) string {
	var list []string
	for _, n := range notes {
		list = append(list, n.Code)
	}
	return strings.Join(list, " ")
}

// TestDerived derives the securityContext of some tasks.
func TestDerived(t *testing.T) {
	plain, readOnly, privileged := mountedAs(t, "containerd-p1-default"), mountedAs(t, "containerd-p5-restricted"), mountedAs(t, "containerd-p6-privileged")
	for _, test := range []struct {
		name    string
		task    lines
		minimal bool
		want    string
		codes   string // for Kubernetes, docker and systemd
		unit    string
	}{
		{
			"restricted",
			lines{bnd: "0000000000000400", prm: noneMask, uid: "1000", nnp: "1", where: readOnly},
			false,
			"RuntimeDefault drop[ALL] add[NET_BIND_SERVICE] escalation=false nonroot=true readonly=true user=1000",
			"gid-unknown groups-unknown seccomp-kind", "gid-unknown groups-unknown read-only-root seccomp-kind securebits-unknown user-database",
		},
		{
			"dropped all",
			lines{bnd: noneMask, prm: noneMask, seccomp: "0", where: plain},
			false,
			"drop[ALL] add[] escalation=true readonly=false user=0",
			"gid-unknown groups-unknown seccomp-unconfined", "gid-unknown groups-unknown securebits-unknown",
		},
		{
			"privileged",
			lines{bnd: allMask, prm: allMask, seccomp: "0", where: privileged},
			false,
			"escalation=true privileged=true readonly=false user=0", "gid-unknown groups-unknown", "gid-unknown groups-unknown securebits-unknown",
		},
		{
			"privileged, and no_new_privs",
			lines{bnd: allMask, prm: allMask, seccomp: "0", nnp: "1", where: privileged},
			false,
			"privileged=true readonly=false user=0", "gid-unknown groups-unknown no-new-privs", "gid-unknown groups-unknown securebits-unknown",
		},
		{
			"full, and masked",
			lines{bnd: allMask, prm: allMask, seccomp: "0", where: plain},
			false,
			"drop[] add[ALL] escalation=true readonly=false user=0",
			"gid-unknown groups-unknown full seccomp-unconfined", "gid-unknown groups-unknown securebits-unknown",
		},
		{
			"full, and a filter",
			lines{bnd: allMask, prm: allMask, nnp: "1", where: privileged},
			false,
			"RuntimeDefault drop[] add[ALL] readonly=false user=0",
			"gid-unknown groups-unknown full no-new-privs seccomp-kind", "gid-unknown groups-unknown seccomp-kind securebits-unknown",
		},
		{
			"full, and the mounts unknown",
			lines{bnd: allMask, prm: allMask, seccomp: "0", where: inContainer},
			false,
			"drop[] add[ALL] escalation=true user=0",
			"gid-unknown groups-unknown full root-mount-unknown seccomp-unconfined", "gid-unknown groups-unknown root-mount-unknown securebits-unknown",
		},
		{
			"unmasked, and not full",
			lines{seccomp: "0", where: privileged, bnd: "0000000000000001", prm: "0000000000000001"},
			false,
			"drop[ALL] add[CHOWN] escalation=true readonly=false user=0",
			"gid-unknown groups-unknown unmasked seccomp-unconfined", "gid-unknown groups-unknown securebits-unknown",
		},
		{
			"SYS_ADMIN, and no_new_privs",
			lines{bnd: "0000000000200000", prm: "0000000000200000", nnp: "1", where: plain},
			false,
			"RuntimeDefault drop[ALL] add[SYS_ADMIN] readonly=false user=0",
			"gid-unknown groups-unknown no-new-privs seccomp-kind", "gid-unknown groups-unknown seccomp-kind securebits-unknown",
		},
		{
			"given up",
			lines{bnd: "0000000000000003", prm: "0000000000000001", where: plain},
			false,
			"RuntimeDefault drop[ALL] add[CHOWN DAC_OVERRIDE] escalation=true readonly=false user=0",
			"gid-unknown groups-unknown given-up seccomp-kind", "gid-unknown groups-unknown given-up seccomp-kind securebits-unknown",
		},
		{
			"given up, minimal",
			lines{bnd: "0000000000200003", prm: "0000000000000001", nnp: "1", where: plain},
			true,
			"RuntimeDefault drop[ALL] add[CHOWN] escalation=false readonly=false user=0",
			"gid-unknown groups-unknown seccomp-kind", "gid-unknown groups-unknown seccomp-kind securebits-unknown",
		},
		{
			"a user with ambient, permitted, inheritable and unnamed",
			lines{bnd: capset.Of(capset.Chown, capset.DacOverride, capset.LastKnown+1).Hex(), prm: "0000000000000007", inh: "0000000000000005", amb: "0000000000000001", uid: "7", where: plain},
			false,
			"RuntimeDefault drop[ALL] add[CHOWN DAC_OVERRIDE] escalation=true nonroot=true readonly=false user=7",
			"gid-unknown groups-unknown unnamed beyond-bounding ambient inheritable permitted seccomp-kind",
			"gid-unknown groups-unknown unnamed beyond-bounding inheritable permitted seccomp-kind securebits-unknown user-database",
		},
		{
			"strict seccomp",
			lines{bnd: noneMask, prm: noneMask, seccomp: "1", where: plain},
			false,
			"drop[ALL] add[] escalation=true readonly=false user=0",
			"gid-unknown groups-unknown seccomp-mode", "gid-unknown groups-unknown seccomp-mode securebits-unknown",
		},
		{
			"an id that the API does not take",
			lines{bnd: noneMask, prm: noneMask, uid: "2147483648", where: plain},
			false,
			"RuntimeDefault drop[ALL] add[] escalation=true readonly=false",
			"uid-range gid-unknown groups-unknown seccomp-kind", "gid-unknown groups-unknown seccomp-kind securebits-unknown user-database",
		},
		{
			"an id that systemd does not take",
			lines{bnd: noneMask, prm: noneMask, uid: "65535", where: plain},
			false,
			"RuntimeDefault drop[ALL] add[] escalation=true nonroot=true readonly=false user=65535",
			"gid-unknown groups-unknown seccomp-kind", "uid-range gid-unknown groups-unknown seccomp-kind securebits-unknown",
		},
	} {
		r := test.task.task(t)
		r.UserNamespace = task.Map(r.UserNamespace, func(ns task.UserNamespace) task.UserNamespace {
			ns.Own = true
			return ns
		})
		r.Securebits = task.Unknown[capset.Securebits]("only the task itself can read them")
		d, err := Of(r, test.minimal)
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		if got := brief(d); got != test.want {
			t.Errorf("%s: %s\nwant %s", test.name, got, test.want)
		}
		if got := codes(d.CommentsFor(Kubernetes)); got != test.codes {
			t.Errorf("%s: %s\nwant %s", test.name, got, test.codes)
		}
		if got := codes(d.CommentsFor(Systemd)); got != test.unit {
			t.Errorf("%s, systemd: %s\nwant %s", test.name, got, test.unit)
		}
	}
}

// TestIDs derives ids that differ, and ids of a user namespace.
func TestIDs(t *testing.T) {
	in := func(ns task.UserNamespace) func(*task.Task) {
		return func(r *task.Task) { r.UserNamespace = task.Known(ns) }
	}
	hidden := func(why string) func(*task.Task) {
		return func(r *task.Task) { r.UserNamespace = task.Unknown[task.UserNamespace](why) }
	}
	own := in(task.UserNamespace{Initial: task.Known(true), Own: true})
	child := func(own bool) func(*task.Task) {
		m := task.Known(procstatus.IDMap{{Inside: 0, Outside: 100000, Length: 1000}})
		return in(task.UserNamespace{Initial: task.Known(false), UIDMap: m, GIDMap: m, Own: own})
	}
	for _, test := range []struct {
		uid, gid, groups string
		where            func(*task.Task)
		want, group      string
		docker           string // codes
	}{
		{"0 0 0 0", "0 0 0 0", "0 5 7", own, "group=0 user=0", "[5 7]", ""},
		{"0 0 0 0", "0 0 0 0", "", own, "group=0 user=0", "[]", "groups-without-gid"},
		{"1 0 0 0", "7 7 7 8", "7", own, "group=7 nonroot=true user=1", "[]", "uid-differs gid-differs"},
		{"100000 100000 100000 100000", "100007 100007 100007 100007", "100007 100999 65534 4294967294", child(false), "group=7 user=0", "[999]", "groups-lost user-namespace"},
		{"100000 100000 100000 100000", "7 7 7 7", "7", child(true), "group=7 nonroot=true user=100000", "[]", "user-namespace"},
		{"65534 65534 65534 65534", "100000 100000 100000 100000", "100000", child(false), "group=0", "[]", "uid-unknown user-namespace"},
		{"5 5 5 5", "6 6 6 6", "6", in(task.UserNamespace{Initial: task.Known(false)}), "", "[]", "uid-unknown gid-unknown groups-unknown user-namespace"},
		{"5 5 5 5", "6 6 6 6", "6", hidden(task.NotTold), "group=6 nonroot=true user=5", "[]", "user-namespace-unknown"},
		{"5 5 5 5", "6 6 6 6", "6", hidden("permission denied"), "", "[]", "uid-unknown gid-unknown groups-unknown user-namespace-unknown"},
		{"5 5 5 5", "6 6 6 6", "6", func(r *task.Task) { r.Self = true; hidden("there is no /proc")(r) }, "group=6 nonroot=true user=5", "[]", "user-namespace-unknown"},
	} {
		tabs := strings.NewReplacer(" ", "\t")
		r := taskOf(t, "Uid:\t"+tabs.Replace(test.uid)+"\nGid:\t"+tabs.Replace(test.gid)+"\nGroups:\t"+test.groups+" \nCapBnd:\t"+noneMask+"\nNoNewPrivs:\t1\nSeccomp:\t0\n")
		r.Mounts.ReadOnlyRoot = task.Known(false)
		r.Securebits = task.Known(capset.Securebits(0))
		test.where(r)
		d, err := Of(r, false)
		if err != nil {
			t.Fatal(err)
		}
		rest, _ := strings.CutPrefix(brief(d), "drop[ALL] add[] escalation=false")
		if got := strings.TrimSpace(strings.Replace(rest, " readonly=false", "", 1)); got != test.want {
			t.Errorf("%s: %s, want %s", test.uid, got, test.want)
		}
		if got := fmt.Sprint(d.Groups); got != test.group {
			t.Errorf("%s: groups %s, want %s", test.uid, got, test.group)
		}
		if got := codes(d.CommentsFor(Docker)); got != test.docker {
			t.Errorf("%s: %s, want %s", test.uid, got, test.docker)
		}
	}
}

// TestNeeds holds that nothing is derived without the sets that it
// depends on.
func TestNeeds(t *testing.T) {
	r := taskOf(t, "CapBnd:\t1\n")
	if _, err := Of(r, false); err != nil {
		t.Error(err)
	}
	if d, err := Of(r, true); err == nil || err.Error() != "capabilities.permitted is unknown: no CapPrm line" {
		t.Errorf("%+v, %v", d, err)
	}
	r = taskOf(t, "CapPrm:\t1\n")
	if d, err := Of(r, false); err == nil || err.Error() != "capabilities.bounding is unknown: no CapBnd line" {
		t.Errorf("%+v, %v", d, err)
	}
}

// TestLabel holds what the label of an image names, and where podman does not honour it.
func TestLabel(t *testing.T) {
	for _, test := range []struct{ name, bnd, prm, want, codes string }{
		{"none", noneMask, noneMask, "", "label-empty"},
		{"a default of podman", "00000000000000c0", "00000000000000c0", "SETGID,SETUID", ""},
		{"given up", "00000000000000c0", noneMask, "SETGID,SETUID", "given-up"},
		{"what only docker gives", "0000000000002080", "0000000000002080", "SETUID,NET_RAW", "label-beyond-default"},
		{"without a name", "8000000000000001", "0000000000000001", "CHOWN", "unnamed"},
		{"all", "000001ffffffffff", "000001ffffffffff", "ALL", "label-full"},
	} {
		d, err := Of(taskOf(t, "Uid:\t0\t0\t0\t0\nCapPrm:\t"+test.prm+"\nCapBnd:\t"+test.bnd+"\n"), false)
		if err != nil {
			t.Fatal(err)
		}
		if got, codes := d.LabelValue(), codes(d.CommentsFor(Label)); got != test.want || codes != test.codes {
			t.Errorf("%s: %s (%s), want %s (%s)", test.name, got, codes, test.want, test.codes)
		}
	}
}

// TestComments holds the text of comments that have a reason or a value in them.
func TestComments(t *testing.T) {
	for name, test := range map[string]struct {
		change     func(*task.Task)
		code, want string
	}{
		"no uid":                    {func(r *task.Task) { r.UID = task.Unknown[capset.IDs]("no Uid line") }, "uid-unknown", "its uid is unknown: no Uid line"},
		"an id of another":          {func(r *task.Task) { inMap(r, 10) }, "uid-unknown", "its uid is unknown: 7 is not an id of its user namespace"},
		"no groups":                 {func(r *task.Task) { r.Groups = task.Unknown[[]uint32]("no Groups line") }, "groups-unknown", "its supplementary groups are unknown: no Groups line"},
		"many groups":               {func(r *task.Task) { r.Groups = task.Known(slices.Repeat([]uint32{9}, 40)) }, "groups", "its supplementary groups belong to the securityContext of the pod: supplementalGroups: [" + strings.Repeat("9, ", 32) + "...]"},
		"full, and mounts unknown":  {func(r *task.Task) { full(r); r.Mounts = task.UnknownMounts("hidden") }, "full", "its bounding set is full, and whether its container is privileged is unknown: hidden"},
		"full, and seccomp unknown": {func(r *task.Task) { full(r); r.Seccomp = task.Unknown[task.Seccomp]("no Seccomp line") }, "full", "its bounding set is full, and whether its container is privileged is unknown: no Seccomp line"},
		"full, and masked":          {func(r *task.Task) { full(r); r.Mounts.SysReadOnly = task.Known(true) }, "full", "its bounding set is full, but its container is not privileged: parts of /proc are masked, or /sys is read-only"},
		"full, and filtered":        {func(r *task.Task) { full(r); r.Seccomp = task.Known(task.Seccomp{Mode: 2}) }, "full", "its bounding set is full, but its container is not privileged: seccomp is on"},
		"no mount table":            {func(r *task.Task) { r.Mounts = task.UnknownMounts("hidden") }, "root-mount-unknown", "whether its root mount is read-only is unknown: hidden"},
		"another seccomp mode":      {func(r *task.Task) { r.Seccomp = task.Known(task.Seccomp{Mode: 9}) }, "seccomp-mode", "its seccomp mode is 9, which a manifest cannot ask for"},
		"securebits":                {func(r *task.Task) { r.Securebits = task.Known(capset.Securebits(0x11)) }, "securebits", "its securebits are 0x11, not all of which a manifest can ask for"},
		"a label":                   {labelled("own", "enforce"), "lsm", "the label of its security module is not asked for: own"},
		"the label of the runtime":  {labelled("docker-default", "enforce"), "lsm", ""},
		"no label":                  {labelled("unconfined", ""), "lsm", ""},
		"shared": {func(r *task.Task) {
			inContainer(r)
			r.Isolation.HostIPC = task.Known(true)
			r.Isolation.HostNetwork = task.Known(true)
		}, "host-namespaces", "it is in namespaces of the node: hostIPC: true, hostNetwork: true, in the spec of the pod"},
		"a process of the host":    {func(r *task.Task) { onNode(r); r.Isolation.HostIPC = task.Known(true) }, "host-namespaces", ""},
		"a uid that systemd lends": {func(r *task.Task) { r.UID = task.Known(task.AllIDs(63645)) }, "dynamic-user", "systemd lends uid 63645 while a unit runs: DynamicUser= gives another one, and implies NoNewPrivileges=, ProtectSystem=strict and more"},
		"a gid that systemd lends": {func(r *task.Task) { r.GID = task.Known(task.AllIDs(61184)) }, "gid-range", "systemd lends gid 61184 to units: it cannot be asked for"},
		"both are lent":            {func(r *task.Task) { r.UID = task.Known(task.AllIDs(65519)); r.GID = task.Known(task.AllIDs(65519)) }, "gid-range", ""},
		"no user namespace":        {func(r *task.Task) { r.UserNamespace = task.Value[task.UserNamespace]{} }, "user-namespace-unknown", "whether it is in a user namespace of its own is unknown: the report does not say"},
		"a note":                   {func(r *task.Task) { r.Notes = []task.Note{{Code: task.ChangedNote, Text: "odd"}} }, task.ChangedNote, "odd"},
		"another note":             {func(r *task.Task) { r.Notes = []task.Note{{Code: "traced", Text: "odd"}} }, "traced", ""},
	} {
		r := taskOf(t, "Uid:\t7\t7\t7\t7\nGid:\t7\t7\t7\t7\nGroups:\t7 \nCapBnd:\t0\nNoNewPrivs:\t0\nSeccomp:\t0\n")
		r.UserNamespace = task.Known(task.UserNamespace{Initial: task.Known(true), Own: true})
		test.change(r)
		d, err := Of(r, false)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, c := range d.Comments {
			if c.Code == test.code {
				got = c.Text
			}
		}
		if got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}

// labelled gives a task a label of AppArmor.
func labelled(label, mode string) func(*task.Task) {
	return func(r *task.Task) {
		r.Label = task.Known(procstatus.Label{Module: "apparmor", Label: label, Mode: mode})
	}
}

// TestUnconfined derives what is asked for where AppArmor does not confine a task, or
// nothing is masked in its /proc.
func TestUnconfined(t *testing.T) {
	unconfined := labelled("unconfined", "")
	bare := func(masked, sysReadOnly bool) func(*task.Task) {
		return func(r *task.Task) {
			r.Mounts.ProcMasked, r.Mounts.SysReadOnly = task.Known(masked), task.Known(sysReadOnly)
		}
	}
	for name, test := range map[string]struct {
		changes     []func(*task.Task)
		want        string // procMount, the type of appArmorProfile
		systempaths bool
		codes       string // for Kubernetes
	}{
		"unconfined":                   {[]func(*task.Task){inContainer, unconfined}, " Unconfined", false, "apparmor-unconfined"},
		"a profile that confines none": {[]func(*task.Task){inContainer, labelled("runc", "unconfined")}, " Unconfined", false, "apparmor-unconfined"},
		"the runtime's":                {[]func(*task.Task){inContainer, labelled("cri-containerd.apparmor.d", "enforce")}, " ", false, ""},
		"another one":                  {[]func(*task.Task){inContainer, labelled("own", "enforce")}, " ", false, "lsm"},
		"on the node":                  {[]func(*task.Task){onNode, unconfined, bare(false, false)}, " ", false, ""},
		"no AppArmor":                  {[]func(*task.Task){inContainer}, " ", false, ""},
		"privileged":                   {[]func(*task.Task){inContainer, unconfined, full}, " ", false, ""},
		"unmasked":                     {[]func(*task.Task){inContainer, bare(false, true)}, " ", true, "proc-mount"},
		"unmasked, in a child":         {[]func(*task.Task){inChild, bare(false, true)}, "Unmasked ", true, "user-namespace"},
		"unmasked, unconfined":         {[]func(*task.Task){inChild, bare(false, true), unconfined}, "Unmasked Unconfined", true, "user-namespace apparmor-unconfined"},
		"masked, in a child":           {[]func(*task.Task){inChild, bare(true, true)}, " ", false, "user-namespace"},
	} {
		r := taskOf(t, "Uid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0\nGroups:\t0 \nCapBnd:\t0\nNoNewPrivs:\t0\nSeccomp:\t0\n")
		r.Mounts.ReadOnlyRoot = task.Known(false)
		for _, change := range test.changes {
			change(r)
		}
		r.UserNamespace = task.Map(r.UserNamespace, func(ns task.UserNamespace) task.UserNamespace { ns.Own = true; return ns })
		d, err := Of(r, false)
		if err != nil {
			t.Fatal(err)
		}
		got := d.ProcMount + " "
		if d.AppArmorProfile != nil {
			got += d.AppArmorProfile.Type
		}
		if got != test.want || d.UnmaskedProc != test.systempaths {
			t.Errorf("%s: %q, and for docker %t", name, got, d.UnmaskedProc)
		}
		if got := strings.TrimPrefix(strings.TrimPrefix(codes(d.CommentsFor(Kubernetes)), "seccomp-unconfined"), " "); got != test.codes {
			t.Errorf("%s: %s, want %s", name, got, test.codes)
		}
	}
}

// full gives a task all capabilities, and nothing that is masked.
func full(r *task.Task) {
	r.Sets[capset.Bounding] = task.Known(capset.UpTo(capset.LastKnown))
	r.Mounts.ProcMasked, r.Mounts.SysReadOnly = task.Known(false), task.Known(false)
}

// inMap puts a task into a user namespace that has the ids from first on.
func inMap(r *task.Task, first uint32) {
	m := task.Known(procstatus.IDMap{{Inside: 0, Outside: first, Length: 1}})
	r.UserNamespace = task.Known(task.UserNamespace{Initial: task.Known(false), UIDMap: m, GIDMap: m})
}
