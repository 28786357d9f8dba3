// SPDX-License-Identifier: Apache-2.0

package collect

import "github.com/capinspect/capinspect/capset"

// notPermitted answers for a capability that is in the bounding set alone: by what
// would need to be another for it to be effective after executing the program again.
func (q *question) notPermitted(a *Answered) {
	q.guessed = true
	if task, file := q.without(-1, 0); q.gets(a.Cap, task, file) {
		a.Reason = Note{"given-up", "it would get it by executing " + q.its() + " again: it gave it up, or another gave it less than the bounding set has"}
		a.change("program", "not give it up; what it executes from now on gets it again")
		return
	}
	for last := range refusals {
		task, file := q.without(last, -1)
		if !q.gets(a.Cap, task, file) {
			continue
		}
		for n, r := range refusals[:last+1] { // those that are needed
			if task, file := q.without(last, n); q.gets(a.Cap, task, file) {
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
		return
	}
	q.nonRoot(a)
}

// without returns the task and its program without the refusals up to the last, but
// for one.
func (q *question) without(last, kept int) (task capset.Credentials, file capset.File) {
	task = q.task
	if q.program != nil {
		file = *q.program
	}
	for n := range refusals[:last+1] {
		if n != kept {
			refusals[n].without(&task, &file)
		}
	}
	return task, file
}

// gets reports whether a task gets a capability by executing a file.
func (q *question) gets(c capset.Cap, task capset.Credentials, file capset.File) bool {
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
