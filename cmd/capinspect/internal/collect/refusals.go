// SPDX-License-Identifier: Apache-2.0

package collect

import "github.com/capinspect/capinspect/capset"

// notPermitted answers for a capability that is in the bounding set alone: by what
// would need to be another for it to be effective after executing the program again.
func (q *question) notPermitted(a *Answered) {
	q.guessed = true
	if q.gets(a.Cap, 0) {
		a.Reason = Note{"given-up", "it would get it by executing " + q.its() + " again: it gave it up, or another gave it less than the bounding set has"}
		a.change("program", "not give it up; what it executes from now on gets it again")
		return
	}
	away := 0 // the refusals that are taken away, by bits: first all up to some
	for n := range refusals {
		if away |= 1 << n; q.gets(a.Cap, away) {
			break
		}
	}
	if !q.gets(a.Cap, away) {
		q.nonRoot(a)
		return
	}
	// And then only those that are needed: of two ways to get it, the one that holds
	// first. One that is needed beside another may not be without it, as a file
	// capability that is taken for effective may make execve(2) fail.
	for n := len(refusals) - 1; n >= 0; n-- {
		if away>>n&1 == 1 && q.gets(a.Cap, away&^(1<<n)) {
			away &^= 1 << n
			n = len(refusals)
		}
	}
	for n, r := range refusals {
		if away>>n&1 == 0 {
			continue
		}
		reason := Note{r.code, r.text(q)}
		if a.Reason.Code == "" {
			a.Reason = reason
		} else {
			a.Also = append(a.Also, reason)
		}
		r.changes(q, a)
	}
}

// gets reports whether the task gets a capability by executing its program, with some
// refusals taken away, given as bits.
func (q *question) gets(c capset.Cap, away int) bool {
	task, file := q.task, capset.File{}
	if q.program != nil {
		file = *q.program
	}
	for n := range refusals {
		if away>>n&1 == 1 {
			refusals[n].without(&task, &file)
		}
	}
	after, _, err := capset.Exec(task, file, q.how)
	return err == nil && after.Sets[capset.Effective].Has(c)
}

// refusals are what may keep a task from a capability when it executes its program,
// each with how to take it away.
var refusals = [...]struct {
	code    string
	without func(*capset.Credentials, *capset.File)
	text    func(*question) string
	changes func(*question, *Answered)
}{
	{
		"nosuid-mount",
		func(_ *capset.Credentials, f *capset.File) { f.NoSuid = false },
		func(q *question) string { return q.its() + " would give it, but is on a mount with the option nosuid" },
		func(q *question, a *Answered) {
			a.change(q.file(), "have %s where no nosuid mount is, as in the image itself", q.its())
		},
	},
	{
		"foreign-file-capabilities",
		func(_ *capset.Credentials, f *capset.File) { f.ForeignCaps = false },
		func(q *question) string {
			return q.its() + " has it as a file capability that counts in another user namespace"
		},
		func(q *question, a *Answered) {
			a.change(q.file(), "%s, by root of its user namespace or of one above", q.setcap(a.Cap))
		},
	},
	{
		"no-new-privs",
		func(t *capset.Credentials, _ *capset.File) { t.NoNewPrivs = false },
		func(q *question) string {
			if q.task.UID.Effective == 0 {
				return "it was given up, or never given to it, and no_new_privs keeps root from getting it back by execve"
			}
			return q.its() + " would give it, but no_new_privs is set"
		},
		func(q *question, a *Answered) {
			if !q.outside {
				a.change("securityContext", "no allowPrivilegeEscalation: false (docker: no --security-opt no-new-privileges)")
				if q.task.UID.Effective != 0 {
					a.change("image", "have %s as the entrypoint: containerd executes that with what is added", q.its())
				}
				return
			}
			a.change("unit", "no NoNewPrivileges=, nor what implies it")
		},
	},
	{
		"noroot",
		func(t *capset.Credentials, _ *capset.File) { t.Securebits &^= capset.NoRoot },
		func(*question) string { return "the securebit noroot is set: uid 0 gains nothing" },
		func(q *question, a *Answered) {
			a.change(q.file(), "%s", q.setcap(a.Cap))
			a.change("program", "not set SECBIT_NOROOT, or raise the capability as ambient before execve")
		},
	},
	{
		"no-effective-flag",
		func(_ *capset.Credentials, f *capset.File) {
			if f.Caps != nil {
				caps := *f.Caps
				caps.Effective, f.Caps = true, &caps
			}
		},
		func(q *question) string { return q.its() + " has it as a file capability without the effective flag" },
		func(q *question, a *Answered) { a.change(q.file(), "%s", q.setcap(a.Cap)) },
	},
}
