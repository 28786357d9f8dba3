// SPDX-License-Identifier: Apache-2.0

package predict

import (
	"slices"

	"github.com/capinspect/capinspect/capset"
)

// attempted is what the outcome of an execve(2) depends on.
type attempted struct {
	task capset.Credentials
	file capset.File
	how  capset.Circumstances
}

// obstacle keeps a program from giving what it would give without it, though execve(2)
// succeeds.
type obstacle struct {
	without func(*attempted)
	change  func(*Subject, *Prediction) Change
}

// obstacles is the table of them, in the order in which they are told.
var obstacles = []obstacle{
	{
		func(a *attempted) { a.task.NoNewPrivs = false },
		func(s *Subject, _ *Prediction) Change {
			if s.Outside {
				return Change{"unit", "no NoNewPrivileges=, and nothing that implies it, as SystemCallFilter= does with User="}
			}
			return Change{"securityContext", "no allowPrivilegeEscalation: false (docker: no --security-opt no-new-privileges)"}
		},
	},
	{
		func(a *attempted) { a.how.Traced = false },
		func(*Subject, *Prediction) Change {
			return Change{"program", "execute it without a tracer, or with one that has cap_sys_ptrace over it"}
		},
	},
	{
		func(a *attempted) { a.file.NoSuid = false },
		func(s *Subject, p *Prediction) Change {
			return Change{s.choose("file", "image"), "have " + p.Program.Path + " where no nosuid mount is"}
		},
	},
	{
		func(a *attempted) { a.file.Unmapped = false },
		func(s *Subject, p *Prediction) Change {
			return Change{s.choose("file", "image"), "give " + p.Program.Path + " to a user and a group that have ids in its user namespace (chown, then chmod)"}
		},
	},
	{
		func(a *attempted) { a.file.ForeignCaps = false },
		func(s *Subject, p *Prediction) Change {
			return Change{s.choose("file", "image"), "setcap " + quoted(p.file.Caps, s.How.Last) + " " + p.Program.Path + ", by root of its user namespace or of one above"}
		},
	},
	{
		func(a *attempted) { a.task.Securebits &^= capset.NoRoot },
		func(s *Subject, _ *Prediction) Change {
			return Change{s.choose("unit", "program"), s.choose("SecureBits= without noroot", "not set SECBIT_NOROOT")}
		},
	},
}

// adviseObstacles tells the fewest obstacles without which an attempt gives all that it could
// give.
func (s *Subject) adviseObstacles(p *Prediction, at attempted) {
	outcome := func(away []obstacle) (after capset.Credentials, ok bool) {
		a := at
		for _, o := range away {
			o.without(&a)
		}
		after, _, err := capset.Exec(a.task, a.file, a.how)
		return after, err == nil
	}
	same := func(a, b capset.Credentials) bool { return a.Sets == b.Sets && a.UID == b.UID && a.GID == b.GID }
	now, _ := outcome(nil)
	best, ok := outcome(obstacles)
	if !ok || same(best, now) {
		return
	}
	needed := obstacles
	for n := len(needed) - 1; n >= 0; n-- {
		fewer := slices.Delete(slices.Clone(needed), n, n+1)
		if after, ok := outcome(fewer); ok && same(after, best) {
			needed = fewer
		}
	}
	for _, o := range needed {
		p.Changes = append(p.Changes, o.change(s, p))
	}
}
