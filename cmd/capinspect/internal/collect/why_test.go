// SPDX-License-Identifier: Apache-2.0

package collect

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/procstatus"
)

// randomQuestion returns a question on a task in a random state, that has executed a
// random program.
func randomQuestion(random *rand.Rand) *question {
	some := func() capset.Set { return capset.Set(random.Uint64()&random.Uint64()) & capset.UpTo(capset.LastKnown) }
	ids := func() capset.IDs {
		list := [...]uint32{0, 0, 1000, 4242}
		r, e := list[random.IntN(len(list))], list[random.IntN(len(list))]
		return capset.IDs{Real: r, Effective: e, Saved: e, Filesystem: e}
	}
	yes := func() bool { return random.IntN(3) == 0 }
	q := &question{Record: &Record{LastCap: LastCap{capset.LastKnown, "kernel"}}, how: capset.Circumstances{Last: capset.LastKnown}, outside: yes()}
	q.task = capset.Credentials{UID: ids(), GID: ids(), NoNewPrivs: yes(), Securebits: capset.Securebits(random.IntN(256))}
	for k := range q.task.Sets {
		q.task.Sets[k] = some()
	}
	q.task.Sets[capset.Effective] &= q.task.Sets[capset.Permitted]
	if yes() {
		q.task.Sets[capset.Permitted], q.task.Sets[capset.Effective], q.task.Sets[capset.Ambient] = 0, 0, 0
	}
	if !yes() {
		q.path = "/program"
		q.program = &capset.File{Mode: 0o755 | uint32(random.IntN(4))<<10, UID: uint32(random.IntN(2) * 1000), NoSuid: yes(), Unmapped: yes()}
		if !yes() {
			q.program.Caps = &capset.FileCaps{Permitted: some(), Inheritable: some(), Effective: yes(), Version: 2}
			if !yes() { // or execve(2) would mostly fail
				q.program.Caps.Permitted &= q.task.Sets[capset.Bounding]
			}
			q.program.ForeignCaps = yes()
		}
	}
	q.Status.UID, q.Status.GID = q.task.UID, q.task.GID
	q.Status.Mark(procstatus.FieldUID, procstatus.FieldGID)
	return q
}

// TestWhyIsComplete holds that every state has a reason, that something would change
// it, and that the refusals which are named are those that keep the task from the
// capability: without them it gets it, and without all but one it does not.
func TestWhyIsComplete(t *testing.T) {
	seed := rand.Uint64()
	random, codes := rand.New(rand.NewPCG(seed, 3)), map[string]int{}
	for range 50_000 {
		q := randomQuestion(random)
		c := capset.Cap(random.IntN(int(capset.LastKnown) + 2))
		a := q.answer(c)
		codes[a.Reason.Code]++
		if a.Reason.Code == "" || a.Reason.Text == "" {
			t.Fatalf("seed %d: no reason for %v in %+v", seed, c, q)
		}
		if a.Changes == nil && !a.Effective() && a.Reason.Code != "unknown-to-kernel" {
			t.Fatalf("seed %d: nothing changes %+v", seed, a)
		}
		named := func(code string) bool {
			return a.Reason.Code == code || slices.ContainsFunc(a.Also, func(n Note) bool { return n.Code == code })
		}
		away := 0
		for n := range refusals {
			if named(refusals[n].code) && !a.Sets[capset.Permitted] {
				away |= 1 << n
			}
		}
		if away == 0 {
			continue
		}
		if !q.gets(c, away) {
			t.Fatalf("seed %d: without what is named it does not get %v\n%+v\n%+v %+v", seed, c, a, q.task, q.program)
		}
		for n := range refusals {
			if away>>n&1 == 1 && q.gets(c, away&^(1<<n)) {
				t.Fatalf("seed %d: %s is named, and does not matter for %v\n%+v\n%+v %+v", seed, refusals[n].code, c, a, q.task, q.program)
			}
		}
	}
	for _, code := range []string{
		"effective", "not-in-bounding", "non-root", "not-raised", "no-effective-flag", "no-new-privs", "nosuid-mount",
		"foreign-file-capabilities", "noroot", "given-up", "unknown-to-kernel",
	} {
		if codes[code] == 0 {
			t.Errorf("no %s in %v", code, codes)
		}
	}
}

func TestMayPing(t *testing.T) {
	for groups, want := range map[string]bool{
		"1 0": false, "0 2147483647": true, "8 8": true, "9 9": true, "10 11": false, "": false, "8": false, "x 9": false, "0 99999999999": false,
	} {
		q := &question{Record: new(Record)}
		q.Status.GID.Effective, q.Status.Groups = 8, []uint32{9, 12}
		q.Status.Mark(procstatus.FieldGID, procstatus.FieldGroups)
		if got := q.mayPing(groups); got != want {
			t.Errorf("%q: %t", groups, got)
		}
	}
}

// TestConfined holds what counts as confining a task.
func TestConfined(t *testing.T) {
	for want, r := range map[string]Record{
		"":                                {},
		"apparmor (docker-default)":       {Surroundings: Surroundings{Label: &procstatus.Label{Module: "apparmor", Label: "docker-default", Mode: "enforce"}}},
		"selinux (u:r:container_t:s0)":    {Surroundings: Surroundings{Label: &procstatus.Label{Module: "selinux", Label: "u:r:container_t:s0"}}},
		"the security module's label (_)": {Surroundings: Surroundings{Label: &procstatus.Label{Label: "_"}}},
	} {
		if got := (&question{Record: &r}).confined(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	for _, l := range []procstatus.Label{
		{Module: "apparmor", Label: "unconfined"},
		{Module: "apparmor", Label: "x", Mode: "complain"},
		{Module: "selinux", Label: "unconfined_u:unconfined_r:unconfined_t:s0"},
		{Module: "selinux", Label: "system_u:system_r:spc_t:s0"},
	} {
		if got := (&question{Record: &Record{Surroundings: Surroundings{Label: &l}}}).confined(); got != "" {
			t.Errorf("%+v: %q", l, got)
		}
	}
	r := Record{}
	r.Status.Seccomp = 2
	r.Status.Mark(procstatus.FieldSeccomp)
	if got := (&question{Record: &r}).confined(); !strings.HasPrefix(got, "seccomp (filter)") {
		t.Error(got)
	}
}
