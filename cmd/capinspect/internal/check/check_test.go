// SPDX-License-Identifier: Apache-2.0

package check_test

import (
	"testing"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/check"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
	"github.com/capinspect/capinspect/procstatus"
)

// status is what the kernel says of a task that holds CHOWN and KILL in all of
// its sets but Ambient, as user 1000 with the effective user id of root.
const status = `Name:	sh
Uid:	1000	0	1000	1000
Gid:	5	5	5	5
CapInh:	0000000000000021
CapPrm:	0000000000000021
CapEff:	0000000000000021
CapBnd:	0000000000000021
CapAmb:	0000000000000000
NoNewPrivs:	0
Seccomp:	2
`

func TestConditions(t *testing.T) {
	parsed, err := procstatus.Parse([]byte(status))
	if err != nil {
		t.Fatal(err)
	}
	subject := &task.Task{Status: task.StatusOf(parsed, task.WholeFile)}
	chown, kill, admin := capset.Of(capset.Chown), capset.Of(capset.Kill), capset.Of(capset.SysAdmin)
	for _, c := range []struct {
		name string
		cond check.Condition
		want string
	}{
		{"all held", check.Has(chown|kill, capset.Effective), ""},
		{"one missing", check.Has(chown|admin, capset.Effective), "effective lacks cap_sys_admin"},
		{"nothing asked", check.Has(0, capset.Ambient), ""},
		{"not held", check.Lacks(admin, capset.Bounding), ""},
		{"held", check.Lacks(kill|admin, capset.Permitted), "permitted has cap_kill"},
		{"within", check.Within(chown|kill|admin, capset.Inheritable), ""},
		{"beyond", check.Within(chown, capset.Bounding), "bounding also has cap_kill"},
		{"none of several", check.Lacks(admin, capset.Effective, capset.Bounding), ""},
		{"in one of several", check.Lacks(kill, capset.Ambient, capset.Bounding), "bounding has cap_kill"},
		{"in two", check.Within(chown, capset.Permitted, capset.Bounding, capset.Ambient), "permitted and bounding also have cap_kill"},
		{"in three", check.Lacks(kill, capset.Inheritable, capset.Permitted, capset.Bounding), "inheritable, permitted and bounding have cap_kill"},
		{"not the same of each", check.Has(kill|admin, capset.Permitted, capset.Ambient), "permitted lacks cap_sys_admin; ambient lacks cap_kill,cap_sys_admin"},
		{"gid", check.GID(5), ""},
		{"one id differs", check.UID(1000), "uid is real 1000, effective 0, saved 1000, filesystem 1000, not 1000"},
		{"no_new_privs", check.NoNewPrivs(), "no_new_privs is not set"},
		{"seccomp", check.Seccomp(2), ""},
		{"another mode of seccomp", check.Seccomp(0), "seccomp is filter, not disabled"},
	} {
		if got, err := c.cond.Test(subject); err != nil || got != c.want {
			t.Errorf("%s: %q, %v, want %q", c.name, got, err, c.want)
		}
	}
}

// TestUnknown checks that a condition on what nobody told is neither met nor
// missed.
func TestUnknown(t *testing.T) {
	parsed, err := procstatus.Parse([]byte("CapEff:\t0000000000000021\n"))
	if err != nil {
		t.Fatal(err)
	}
	subject := &task.Task{Status: task.StatusOf(parsed, task.PartOfFile)}
	for name, cond := range map[string]check.Condition{
		"set":          check.Lacks(capset.Of(capset.SysAdmin), capset.Bounding),
		"one set":      check.Lacks(capset.Of(capset.SysAdmin), capset.Effective, capset.Bounding),
		"uid":          check.UID(0),
		"no_new_privs": check.NoNewPrivs(),
		"seccomp":      check.Seccomp(2),
		"mode":         check.Mode(capset.ModeNoPriv),
	} {
		if got, err := cond.Test(subject); err == nil || got != "" {
			t.Errorf("%s: %q, %v, want an error", name, got, err)
		}
	}
	// what is known is enough for a no
	cond := check.Lacks(capset.Of(capset.Chown), capset.Bounding, capset.Effective)
	if got, err := cond.Test(subject); err != nil || got != "effective has cap_chown" {
		t.Errorf("%q, %v", got, err)
	}
}

// TestBrief holds in how few words a reason is told, where there are many names.
func TestBrief(t *testing.T) {
	const docker = capset.Set(0xa80425fb)
	all := capset.UpTo(capset.LastKnown)
	five := []capset.Kind{capset.Inheritable, capset.Permitted, capset.Effective, capset.Bounding, capset.Ambient}
	for _, c := range []struct {
		cond check.Condition
		has  capset.Set
		want string
	}{
		{check.Within(docker, capset.Bounding), all, "bounding also has everything beyond docker's defaults"},
		{check.Within(docker, capset.Bounding), all &^ capset.Of(capset.SysResource, capset.Bpf), "bounding also has everything but sys_resource and bpf beyond docker's defaults"},
		{check.Within(3, capset.Bounding), all, "bounding also has everything beyond what is asked"},
		{check.Within(0, capset.Bounding), docker, "bounding also has docker's defaults"},
		{check.Within(0, capset.Bounding), docker &^ capset.Of(capset.Mknod), "bounding also has docker-mknod"},
		{check.Within(1, five...), 7, "bounding also has cap_dac_override,cap_dac_read_search (of all five sets)"},
		{check.Lacks(docker, capset.Bounding), all, "bounding has docker's defaults"},
		{check.Lacks(0xff, capset.Bounding), 0xff, "bounding has all of what is asked"},
		{check.Lacks(0xff, capset.Bounding), 0xfe, "bounding has all but chown of what is asked"},
		{check.Has(docker, capset.Bounding), 0, "bounding lacks docker's defaults"},
		{check.Has(3, capset.Bounding), 0, "bounding lacks cap_chown,cap_dac_override"},
	} {
		subject := &task.Task{LastCap: task.LastCap{Value: capset.LastKnown, From: task.FromKernel}}
		for k := range subject.Sets {
			subject.Sets[k] = task.Known(capset.Set(0))
		}
		subject.Sets[capset.Bounding] = task.Known(c.has)
		if got := c.cond.Brief(subject); got != c.want {
			t.Errorf("%s, want %s", got, c.want)
		}
	}
}

// TestSays holds what a condition says where it holds.
func TestSays(t *testing.T) {
	five := []capset.Kind{capset.Inheritable, capset.Permitted, capset.Effective, capset.Bounding, capset.Ambient}
	for _, c := range []struct {
		cond check.Condition
		want string
	}{
		{check.Has(1, capset.Effective), "effective has chown"},
		{check.Lacks(3, five...), "each of the five sets lacks chown, dac_override"},
		{check.Within(0xa80425fb, capset.Bounding), "bounding is within docker's defaults"},
		{check.Within(0, five...), "each of the five sets has nothing"},
		{check.UID(5), "uid is 5"},
		{check.Seccomp(2), "seccomp is filter"},
	} {
		if c.cond.Says != c.want {
			t.Errorf("%s, want %s", c.cond.Says, c.want)
		}
	}
}
