// SPDX-License-Identifier: Apache-2.0

package predict

import (
	"errors"
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// Change is something that somebody can do about the outcome, and where: "file" or
// "image", "program", "securityContext" or "unit" of systemd.
type Change struct{ Where, Text string }

// advise fills in what changes the outcome, in order of least privilege, and what is
// remarkable about it.
func (s *Subject) advise(p *Prediction, denied *Denied) {
	switch {
	case denied != nil:
		p.Changes = s.changesOf(p, denied)
		return
	case p.After == nil:
		return
	}
	s.adviseObstacles(p, attempted{s.Credentials, p.file, s.How})
	if !s.adviseHelper(p) {
		s.adviseRoot(p)
	}
}

// adviseRoot tells of an effective uid 0 that holds nothing.
func (s *Subject) adviseRoot(p *Prediction) {
	if after := &p.after; after.UID.Effective != 0 || after.Sets[capset.Permitted] != 0 {
		return
	}
	p.note("root-without-capabilities", "uid 0 holds no capability afterwards: a program that checks for uid 0 goes on, and fails where it needs a capability, as su and sudo do at setgid(2) and setuid(2)")
	missing := capset.Of(capset.Setgid, capset.Setuid) &^ s.Credentials.Sets[capset.Bounding]
	if missing == 0 || s.Credentials.UID.Effective == 0 {
		return
	}
	c := s.add(missing)
	c.Text += ", for setgid(2) and setuid(2)"
	p.Changes = append(p.Changes, c)
}

// changesOf returns what changes a failure.
func (s *Subject) changesOf(p *Prediction, denied *Denied) []Change {
	file, in := denied.Path, s.choose("file", "image")
	switch {
	case denied.Changes != nil:
		return denied.Changes
	case denied.Errno == "EACCES" && s.way != "":
		return []Change{{in, s.way + file}}
	case denied.Errno == "ENOENT" && len(p.Steps) > 0 && p.Steps[len(p.Steps)-1].Code == "script":
		return []Change{{in, "install the interpreter, or name another one in the first line of the script"}}
	case denied.Errno == "ENOENT":
		return []Change{{in, "install it, or name a program that is there"}}
	case denied.Errno == "ENOTDIR" || denied.Errno == "ELOOP" || denied.Errno == "ENAMETOOLONG":
		return []Change{{"program", "name it by another path"}}
	}
	return nil
}

// missing returns the permitted capabilities of a file that the task would not get.
func (s *Subject) missing(caps *capset.FileCaps) capset.Set {
	c := &s.Credentials
	return caps.Permitted & capset.UpTo(s.How.Last) &^ (c.Sets[capset.Bounding] | c.Sets[capset.Inheritable]&caps.Inheritable)
}

// forced returns what changes it that execve(2) fails for the capabilities of a file, of which
// some are missing.
func (s *Subject) forced(f *Found, caps *capset.FileCaps, missing capset.Set) []Change {
	in, permitted := s.choose("file", "image"), caps.Permitted&capset.UpTo(s.How.Last)
	lower := *caps
	lower.Effective = false
	without := quoted(&lower, s.How.Last)
	return []Change{
		{in, "setcap -r " + f.Path + ", if it does its work without " + permitted.String()},
		{in, "setcap " + without + " " + f.Path + ": without the effective flag it starts, but has to raise what it gets"},
		s.add(missing),
	}
}

// quoted returns the capabilities of a file as a shell passes them to setcap(8).
func quoted(caps *capset.FileCaps, last capset.Cap) string {
	text := (&Program{Caps: caps}).CapsText(last)
	if strings.Contains(text, " ") {
		return "'" + text + "'"
	}
	return text
}

// add says how a runtime gives capabilities to the Bounding set.
func (s *Subject) add(set capset.Set) Change {
	var k8s, docker, unit []string
	for c := range set.Caps() {
		k8s, docker, unit = append(k8s, c.Kubernetes()), append(docker, "--cap-add "+c.Kubernetes()), append(unit, "CAP_"+c.Kubernetes())
	}
	if s.Outside {
		return Change{"unit", "CapabilityBoundingSet= with " + strings.Join(unit, " ")}
	}
	return Change{"securityContext", "capabilities.add: [" + strings.Join(k8s, ", ") + "] (docker: " + strings.Join(docker, " ") + ")"}
}

// executable says what lets the task execute a file that it may not, or search a directory.
func (s *Subject) executable(file capset.File) string {
	class := "o"
	switch c := &s.Credentials; {
	case file.UID == c.UID.Filesystem:
		class = "u"
	case c.InGroup(file.GID):
		class = "g"
	}
	return "chmod " + class + "+x "
}

// choose chooses between words for a task that is in no container, and others.
func (s *Subject) choose(outside, other string) string {
	if s.Outside {
		return outside
	}
	return other
}

func (p *Prediction) change(where, text string) { p.Changes = append(p.Changes, Change{where, text}) }

func (p *Prediction) note(code, text string) {
	p.Notes = append(p.Notes, task.Note{Code: code, Text: text})
}

// deniedOf returns the failure that an error is, nil if it is another one.
func deniedOf(err error) *Denied {
	denied, _ := errors.AsType[*Denied](err)
	return denied
}
