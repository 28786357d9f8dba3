// SPDX-License-Identifier: Apache-2.0

package collect

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/procstatus"
	"github.com/capinspect/capinspect/testdata/fixture"
)

// mountedAs gives a record what the mounts of a captured container tell.
func mountedAs(t *testing.T, name string) func(*Record) {
	t.Helper()
	mounts, err := procstatus.ParseMounts(fixture.Read(t, "mountinfo/linux-6.18-"+name+".mountinfo"))
	if err != nil {
		t.Fatal(err)
	}
	return func(r *Record) {
		inContainer(r)
		r.Mounted = mounted(mounts)
	}
}

// brief returns what was derived in one line.
func brief(d *Derived) string {
	var words []string
	say := func(format string, args ...any) { words = append(words, fmt.Sprintf(format, args...)) }
	if d.Drop != nil || d.Add != nil {
		say("drop%v add%v", d.Drop, d.Add)
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
	if d.Seccomp != "" {
		say("%s", d.Seccomp)
	}
	slices.Sort(words)
	return strings.Join(words, " ")
}

// codes returns the codes of comments.
func codes(notes []Note) string {
	var list []string
	for _, n := range notes {
		list = append(list, n.Code)
	}
	return strings.Join(list, " ")
}

// TestSecurityContextOf derives the securityContext of some tasks.
func TestSecurityContextOf(t *testing.T) {
	plain, readOnly, privileged := mountedAs(t, "containerd-p1-default"), mountedAs(t, "containerd-p5-restricted"), mountedAs(t, "containerd-p6-privileged")
	for _, test := range []struct {
		name    string
		task    noted
		minimal bool
		want    string
		codes   string // for Kubernetes, docker and systemd
		unit    string
	}{
		{
			"restricted",
			noted{bnd: "0000000000000400", prm: noneMask, uid: "1000", nnp: "1", where: readOnly},
			false,
			"RuntimeDefault drop[ALL] add[NET_BIND_SERVICE] escalation=false nonroot=true readonly=true user=1000",
			"gid-unknown groups-unknown seccomp-kind", "gid-unknown groups-unknown read-only-root seccomp-kind securebits-unknown user-database",
		},
		{
			"dropped all",
			noted{bnd: noneMask, prm: noneMask, seccomp: "0", where: plain},
			false,
			"drop[ALL] add[] escalation=true readonly=false user=0",
			"gid-unknown groups-unknown seccomp-unconfined", "gid-unknown groups-unknown securebits-unknown",
		},
		{
			"privileged",
			noted{bnd: allMask, prm: allMask, seccomp: "0", where: privileged},
			false,
			"escalation=true privileged=true readonly=false user=0", "gid-unknown groups-unknown", "gid-unknown groups-unknown securebits-unknown",
		},
		{
			"privileged, and no_new_privs",
			noted{bnd: allMask, prm: allMask, seccomp: "0", nnp: "1", where: privileged},
			false,
			"privileged=true readonly=false user=0", "gid-unknown groups-unknown no-new-privs", "gid-unknown groups-unknown securebits-unknown",
		},
		{
			"full, and masked",
			noted{bnd: allMask, prm: allMask, seccomp: "0", where: plain},
			false,
			"drop[] add[ALL] escalation=true readonly=false user=0",
			"gid-unknown groups-unknown full seccomp-unconfined", "gid-unknown groups-unknown securebits-unknown",
		},
		{
			"full, and a filter",
			noted{bnd: allMask, prm: allMask, nnp: "1", where: privileged},
			false,
			"RuntimeDefault drop[] add[ALL] readonly=false user=0",
			"gid-unknown groups-unknown full no-new-privs seccomp-kind", "gid-unknown groups-unknown seccomp-kind securebits-unknown",
		},
		{
			"full, and the mounts unknown",
			noted{bnd: allMask, prm: allMask, seccomp: "0", where: inContainer},
			false,
			"drop[] add[ALL] escalation=true user=0",
			"gid-unknown groups-unknown full root-mount-unknown seccomp-unconfined", "gid-unknown groups-unknown root-mount-unknown securebits-unknown",
		},
		{
			"unmasked, and not full",
			noted{seccomp: "0", where: privileged, bnd: "0000000000000001", prm: "0000000000000001"},
			false,
			"drop[ALL] add[CHOWN] escalation=true readonly=false user=0",
			"gid-unknown groups-unknown unmasked seccomp-unconfined", "gid-unknown groups-unknown securebits-unknown",
		},
		{
			"SYS_ADMIN, and no_new_privs",
			noted{bnd: "0000000000200000", prm: "0000000000200000", nnp: "1", where: plain},
			false,
			"RuntimeDefault drop[ALL] add[SYS_ADMIN] readonly=false user=0",
			"gid-unknown groups-unknown no-new-privs seccomp-kind", "gid-unknown groups-unknown seccomp-kind securebits-unknown",
		},
		{
			"given up",
			noted{bnd: "0000000000000003", prm: "0000000000000001", where: plain},
			false,
			"RuntimeDefault drop[ALL] add[CHOWN DAC_OVERRIDE] escalation=true readonly=false user=0",
			"gid-unknown groups-unknown given-up seccomp-kind", "gid-unknown groups-unknown given-up seccomp-kind securebits-unknown",
		},
		{
			"given up, minimal",
			noted{bnd: "0000000000200003", prm: "0000000000000001", nnp: "1", where: plain},
			true,
			"RuntimeDefault drop[ALL] add[CHOWN] escalation=false readonly=false user=0",
			"gid-unknown groups-unknown seccomp-kind", "gid-unknown groups-unknown seccomp-kind securebits-unknown",
		},
		{
			"a user with ambient, permitted, inheritable and unnamed",
			noted{bnd: capset.Of(capset.Chown, capset.DacOverride, capset.LastKnown+1).Hex(), prm: "0000000000000007", inh: "0000000000000005", amb: "0000000000000001", uid: "7", where: plain},
			false,
			"RuntimeDefault drop[ALL] add[CHOWN DAC_OVERRIDE] escalation=true nonroot=true readonly=false user=7",
			"gid-unknown groups-unknown unnamed beyond-bounding ambient inheritable permitted seccomp-kind",
			"gid-unknown groups-unknown unnamed beyond-bounding inheritable permitted seccomp-kind securebits-unknown user-database",
		},
		{
			"strict seccomp",
			noted{bnd: noneMask, prm: noneMask, seccomp: "1", where: plain},
			false,
			"drop[ALL] add[] escalation=true readonly=false user=0",
			"gid-unknown groups-unknown seccomp-mode", "gid-unknown groups-unknown seccomp-mode securebits-unknown",
		},
		{
			"an id that the API does not take",
			noted{bnd: noneMask, prm: noneMask, uid: "2147483648", where: plain},
			false,
			"RuntimeDefault drop[ALL] add[] escalation=true readonly=false",
			"uid-range gid-unknown groups-unknown seccomp-kind", "gid-unknown groups-unknown seccomp-kind securebits-unknown user-database",
		},
		{
			"an id that systemd does not take",
			noted{bnd: noneMask, prm: noneMask, uid: "65535", where: plain},
			false,
			"RuntimeDefault drop[ALL] add[] escalation=true nonroot=true readonly=false user=65535",
			"gid-unknown groups-unknown seccomp-kind", "uid-range gid-unknown groups-unknown seccomp-kind securebits-unknown",
		},
	} {
		r := test.task.record(t)
		r.UserNamespace.Own = true
		r.unknown("securebits", "only the task itself can read them")
		r.absent()
		d, err := SecurityContextOf(r, test.minimal)
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

// TestSecurityContextIDs derives ids that differ, and ids of a user namespace.
func TestSecurityContextIDs(t *testing.T) {
	own := func(r *Record) { r.UserNamespace = &UserNamespace{ID: 4026531837, Initial: true, Own: true} }
	child := func(own bool) func(*Record) {
		return func(r *Record) {
			m := procstatus.IDMap{{Inside: 0, Outside: 100000, Length: 1000}}
			r.UserNamespace = &UserNamespace{ID: 4026532666, UIDMap: m, GIDMap: m, Own: own}
		}
	}
	for _, test := range []struct {
		uid, gid, groups string
		where            func(*Record)
		want, group      string
		docker           string // codes
	}{
		{"0 0 0 0", "0 0 0 0", "0 5 7", own, "group=0 user=0", "[5 7]", ""},
		{"0 0 0 0", "0 0 0 0", "", own, "group=0 user=0", "[]", "groups-without-gid"},
		{"1 0 0 0", "7 7 7 8", "7", own, "group=7 nonroot=true user=1", "[]", "uid-differs gid-differs"},
		{"100000 100000 100000 100000", "100007 100007 100007 100007", "100007 100999 65534 4294967294", child(false), "group=7 user=0", "[999]", "groups-lost user-namespace"},
		{"100000 100000 100000 100000", "7 7 7 7", "7", child(true), "group=7 nonroot=true user=100000", "[]", "user-namespace"},
		{"65534 65534 65534 65534", "100000 100000 100000 100000", "100000", child(false), "group=0", "[]", "uid-unknown user-namespace"},
		{"5 5 5 5", "6 6 6 6", "6", func(r *Record) { r.UserNamespace = &UserNamespace{} }, "", "[]", "uid-unknown gid-unknown groups-unknown user-namespace"},
		{"5 5 5 5", "6 6 6 6", "6", func(r *Record) { r.unknown("userNamespace", notTold) }, "group=6 nonroot=true user=5", "[]", "user-namespace-unknown"},
		{"5 5 5 5", "6 6 6 6", "6", func(r *Record) { r.unknown("userNamespace", "permission denied") }, "", "[]", "uid-unknown gid-unknown groups-unknown user-namespace-unknown"},
		{"5 5 5 5", "6 6 6 6", "6", func(r *Record) { r.Self = true; r.unknown("userNamespace", "there is no /proc") }, "group=6 nonroot=true user=5", "[]", "user-namespace-unknown"},
	} {
		r := &Record{LastCap: LastCap{capset.LastKnown, "kernel"}}
		r.Mounted.ReadOnly = No
		tabs := strings.NewReplacer(" ", "\t")
		text := "Uid:\t" + tabs.Replace(test.uid) + "\nGid:\t" + tabs.Replace(test.gid) + "\nGroups:\t" + test.groups + " \nCapBnd:\t" + noneMask + "\nNoNewPrivs:\t1\nSeccomp:\t0\n"
		if err := r.Status.UnmarshalText([]byte(text)); err != nil {
			t.Fatal(err)
		}
		test.where(r)
		d, err := SecurityContextOf(r, false)
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

// TestSecurityContextNeeds holds that nothing is derived without the sets that it
// depends on.
func TestSecurityContextNeeds(t *testing.T) {
	r := &Record{}
	r.Status.SetCaps(capset.Bounding, 1)
	r.absent()
	if _, err := SecurityContextOf(r, false); err != nil {
		t.Error(err)
	}
	if d, err := SecurityContextOf(r, true); err == nil || err.Error() != "capabilities.permitted is unknown: no CapPrm line" {
		t.Errorf("%+v, %v", d, err)
	}
	r = &Record{}
	r.Status.SetCaps(capset.Permitted, 1)
	r.absent()
	if d, err := SecurityContextOf(r, false); err == nil || err.Error() != "capabilities.bounding is unknown: no CapBnd line" {
		t.Errorf("%+v, %v", d, err)
	}
}
