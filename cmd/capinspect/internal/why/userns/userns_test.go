// SPDX-License-Identifier: Apache-2.0

package userns

import (
	"fmt"
	"strings"
	"testing"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/why"
	"github.com/capinspect/capinspect/procstatus"
)

// plainUserns returns a user of the node whom nothing keeps from creating a user namespace.
func plainUserns() *Question {
	t := &task.Task{LastCap: task.LastCap{Value: capset.LastKnown, From: task.FromKernel}}
	t.UID, t.GID = task.Known(task.AllIDs(1000)), task.Known(task.AllIDs(1000))
	t.UserNamespace = task.Known(task.UserNamespace{Initial: task.Known(true)})
	t.Seccomp = task.Known(task.Seccomp{})
	t.Label = task.Unknown[procstatus.Label](task.NoLabels)
	return &Question{
		Subject:   &why.Subject{Task: t, Outside: true, Credentials: capset.Credentials{UID: task.AllIDs(1000), GID: task.AllIDs(1000)}},
		Supported: task.Known(true), MaxNamespaces: task.Known("100"), UnprivilegedClone: task.Known(""), AppArmorRestricts: task.Known(""),
		SameUserns: true, Chrooted: task.Known(false), Level: task.Known(0),
	}
}

// TestUserns has a case for each row of the table, and what stops it first.
func TestUserns(t *testing.T) {
	apparmor := func(label, mode string) func(*Question) {
		return func(s *Question) {
			s.Task.Label = task.Known(procstatus.Label{Module: "apparmor", Label: label, Mode: mode})
		}
	}
	filtered := func(s *Question) { s.Task.Seccomp = task.Known(task.Seccomp{Mode: task.SeccompFilter}) }
	inside := func(s *Question) { s.Outside = false }
	in := func(runtime string) func(*Question) {
		return func(s *Question) {
			s.Outside = false
			c := new(task.Container)
			c.Runtime = runtime
			s.Task.Container = task.Known(c)
		}
	}
	restricts := func(s *Question) { s.AppArmorRestricts = task.Known("1") }
	admin := func(k capset.Kind) func(*Question) {
		return func(s *Question) { s.Credentials.Sets[k] = capset.Of(capset.SysAdmin) }
	}
	child := func(users, groups string) func(*Question) {
		return func(s *Question) {
			u, err := procstatus.ParseIDMap([]byte(users))
			g, err2 := procstatus.ParseIDMap([]byte(groups))
			if err != nil || err2 != nil {
				t.Fatal(err, err2)
			}
			s.Task.UserNamespace = task.Known(task.UserNamespace{Initial: task.Known(false), UIDMap: task.Known(u), GIDMap: task.Known(g)})
		}
	}
	type changes []func(*Question)
	for _, c := range []struct {
		name    string
		changes changes
		want    string // the first code, creates, works
	}{
		{"nothing", nil, "may-create true true"},
		{"a filter on the host", changes{filtered}, "seccomp unknown unknown"},
		{"docker", changes{filtered, inside}, "seccomp false false"},
		{"docker with SYS_ADMIN in Bounding", changes{filtered, inside, admin(capset.Bounding)}, "may-create true true"},
		{"docker with SYS_ADMIN in Effective alone", changes{filtered, inside, admin(capset.Effective)}, "seccomp false false"},
		{"docker without a filter", changes{inside}, "may-create true true"},
		{"containerd", changes{filtered, in("containerd")}, "seccomp false false"},
		{"podman", changes{filtered, in("podman")}, "may-create true true"},
		{"Debian", changes{func(s *Question) { s.UnprivilegedClone = task.Known("0") }}, "unprivileged-userns-clone false false"},
		{"Debian, SYS_ADMIN", changes{func(s *Question) { s.UnprivilegedClone = task.Known("0") }, admin(capset.Effective)}, "may-create true true"},
		{"Debian, SYS_ADMIN of a child", changes{func(s *Question) { s.UnprivilegedClone = task.Known("0") }, admin(capset.Effective), child("0 1000 1\n", "0 1000 1\n")}, "unprivileged-userns-clone false false"},
		{"Debian, 1", changes{func(s *Question) { s.UnprivilegedClone = task.Known("1") }}, "may-create true true"},
		{"no user namespaces", changes{func(s *Question) { s.Supported = task.Known(false) }}, "no-user-namespaces false false"},
		{"level 32", changes{func(s *Question) { s.Level = task.Known(32) }}, "may-create true true"},
		{"level 33", changes{func(s *Question) { s.Level = task.Known(33) }}, "nesting false false"},
		{"none allowed", changes{func(s *Question) { s.MaxNamespaces = task.Known("0") }}, "max-user-namespaces false false"},
		{"chroot", changes{func(s *Question) { s.Chrooted = task.Known(true) }}, "chroot false false"},
		{"mapped", changes{child("0 1000 1\n", "0 1000 1\n")}, "may-create true true"},
		{"uid not mapped", changes{child("0 1001 1\n", "0 1000 1\n")}, "unmapped-id false false"},
		{"gid not mapped", changes{child("0 1000 1\n", "")}, "unmapped-id false false"},
		{"perhaps not mapped", changes{child("0 1000 1\n", "0 1000 1\n"), func(s *Question) { s.Task.Overflow = "it may be any" }}, "unmapped-id unknown unknown"},
		{"Ubuntu", changes{restricts, apparmor("unconfined", "")}, "apparmor-restricts-userns true false"},
		{"Ubuntu, SYS_ADMIN", changes{restricts, apparmor("unconfined", ""), admin(capset.Effective)}, "may-create true true"},
		{"Ubuntu, off", changes{apparmor("unconfined", "")}, "may-create true true"},
		{"Ubuntu, a profile in complain mode", changes{restricts, apparmor("x", "complain")}, "may-create true true"},
		{"Ubuntu, a profile that is unconfined", changes{restricts, apparmor("chrome", "unconfined")}, "may-create true true"},
		{"Ubuntu, a profile", changes{restricts, apparmor("x", "enforce")}, "confined unknown unknown"},
		{"under Ubuntu's profile", changes{apparmor("unprivileged_userns", "enforce")}, "unprivileged-userns true false"},
		{"two refusals", changes{func(s *Question) { s.Chrooted = task.Known(true) }, filtered}, "seccomp false false"},
	} {
		s := plainUserns()
		for _, change := range c.changes {
			change(s)
		}
		a := s.Answer()
		word := func(v task.Value[bool]) string {
			if !v.Known() {
				return "unknown"
			}
			return fmt.Sprint(v.Zero())
		}
		if got := strings.Join([]string{a.Reason.Code, word(a.Creates), word(a.Works)}, " "); got != c.want {
			t.Errorf("%s: %s, want %s: %+v", c.name, got, c.want, a)
		}
		if task.Is(a.Works, false) && a.Changes == nil && a.Reason.Code != "no-user-namespaces" {
			t.Errorf("%s: no change: %+v", c.name, a)
		}
		if task.Is(a.Works, true) && a.Changes != nil {
			t.Errorf("%s: %+v", c.name, a.Changes)
		}
	}
}

func TestMapped(t *testing.T) {
	m, err := procstatus.ParseIDMap([]byte("0 100000 1000\n1000 500000 1\n4294967294 7 1\n"))
	if err != nil {
		t.Fatal(err)
	}
	got := Mapped([]task.IDRange{{First: 500, Count: 1000}, {First: 2000, Count: 5}, {First: 4294967290, Count: 6}}, m)
	if fmt.Sprint(got) != "[{500 500} {1000 1} {4294967294 1}]" {
		t.Errorf("%v", got)
	}
}
