// SPDX-License-Identifier: Apache-2.0

package predict

import (
	"errors"
	"path"
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
	if s.Credentials.NoNewPrivs && s.gainsWith(p, func(c *capset.Credentials, _ *capset.File) { c.NoNewPrivs = false }) {
		p.change(s.choose("unit", "securityContext"),
			s.choose("no NoNewPrivileges=, and nothing that implies it", "no allowPrivilegeEscalation: false (docker: no --security-opt no-new-privileges)"))
	}
	if s.gainsWith(p, func(_ *capset.Credentials, f *capset.File) { f.NoSuid = false }) {
		p.change(s.choose("file", "image"), "have "+p.Program.Path+" where no nosuid mount is")
	}
	s.adviseRoot(p)
}

// adviseRoot tells of an effective uid 0 that holds too little.
func (s *Subject) adviseRoot(p *Prediction) {
	after := &p.after
	if after.UID.Effective != 0 {
		return
	}
	becomes := s.Credentials.UID.Effective != 0
	switch helper, needs := idMapHelper(p.Program.Path); {
	case helper != "" && after.UID.Real != 0 && !after.Sets[capset.Effective].Has(capset.SysAdmin):
		p.note("id-map-helper", helper+" fails (EPERM) as uid 0: a uid other than the owner of a user namespace needs cap_sys_admin over it to write its maps")
		p.change(s.choose("file", "image"), "chmod u-s "+p.Program.Path+" && setcap "+needs.String()+"=ep "+p.Program.Path+": then it keeps the uid that owns the namespace")
		if missing := capset.Of(needs) &^ s.Credentials.Sets[capset.Bounding]; missing != 0 {
			p.Changes = append(p.Changes, s.add(missing))
		}
		p.Changes = append(p.Changes, s.add(capset.Of(capset.SysAdmin)))
	case after.Sets[capset.Permitted] == 0:
		p.note("root-without-capabilities", "uid 0 holds no capability afterwards: a program that checks for uid 0 goes on, and fails where it needs a capability, as su and sudo do at setgid(2) and setuid(2)")
		if missing := capset.Of(capset.Setgid, capset.Setuid) &^ s.Credentials.Sets[capset.Bounding]; missing != 0 && becomes {
			c := s.add(missing)
			c.Text += ", for setgid(2) and setuid(2)"
			p.Changes = append(p.Changes, c)
		}
	}
}

// idMapHelper returns the name of a program that writes the id maps of user namespaces for
// their owners (newuidmap(1)), and the capability that it needs.
func idMapHelper(file string) (name string, needs capset.Cap) {
	switch name = path.Base(file); name {
	case "newuidmap":
		return name, capset.Setuid
	case "newgidmap":
		return name, capset.Setgid
	}
	return "", 0
}

// gainsWith reports whether the outcome is another one with something changed.
func (s *Subject) gainsWith(p *Prediction, change func(*capset.Credentials, *capset.File)) bool {
	c, file := s.Credentials, p.file
	change(&c, &file)
	after, _, err := capset.Exec(c, file, s.How)
	return err == nil && (after.Sets != p.after.Sets || after.UID != p.after.UID || after.GID != p.after.GID)
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
	without := (&Program{Caps: &lower}).CapsText(s.How.Last)
	if strings.Contains(without, " ") {
		without = "'" + without + "'"
	}
	return []Change{
		{in, "setcap -r " + f.Path + ", if it does its work without " + permitted.String()},
		{in, "setcap " + without + " " + f.Path + ": without the effective flag it starts, but has to raise what it gets"},
		s.add(missing),
	}
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
