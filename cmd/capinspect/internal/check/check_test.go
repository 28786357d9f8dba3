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
