// SPDX-License-Identifier: Apache-2.0

package predict

import (
	"path"

	"github.com/capinspect/capinspect/capset"
)

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

// adviseHelper tells of such a program that it lacks what the kernel asks for. It returns
// false if there is nothing to tell.
func (s *Subject) adviseHelper(p *Prediction) bool {
	helper, needs := idMapHelper(p.Program.Path)
	before, after := &s.Credentials, &p.after
	if helper == "" || before.UID.Real == 0 {
		return false
	}
	// The user made the namespace, with the effective uid that the task has now.
	owns := after.UID.Effective == before.UID.Effective
	missing := capset.IDMapNeeds(needs, owns) &^ after.Sets[capset.Effective]
	switch {
	case missing == 0:
		return false
	case owns:
		p.note("id-map-helper", helper+" maps no id but the user's own (EPERM): it lacks "+missing.String())
	default:
		p.note("id-map-helper", helper+" fails as uid 0: a uid other than the owner of a user namespace needs cap_sys_admin over it to write its maps (EPERM), and cap_dac_override to open them (EACCES), and it lacks "+
			missing.String()+". Built with libcap, it takes the user's uid again and needs "+needs.String()+" alone")
	}
	if owns && p.Changes != nil { // what keeps it from getting it
		return true
	}
	setcap := "setcap " + needs.String() + "=ep " + p.Program.Path
	if p.Program.Mode&0o4000 != 0 {
		setcap = "chmod u-s " + p.Program.Path + " && " + setcap
	}
	p.change(s.choose("file", "image"), setcap+": then it keeps the uid that owns the namespace")
	bounding := before.Sets[capset.Bounding]
	if !bounding.Has(needs) {
		p.Changes = append(p.Changes, s.add(capset.Of(needs)))
	}
	if rest := missing &^ bounding &^ capset.Of(needs); rest != 0 {
		p.Changes = append(p.Changes, s.add(rest))
	}
	// What would keep it from getting that.
	at := attempted{*before, p.file, s.How}
	at.task.Sets[capset.Bounding] |= capset.Of(needs)
	at.file.Mode &^= 0o4000
	at.file.Caps, at.file.ForeignCaps = &capset.FileCaps{Effective: true, Permitted: capset.Of(needs)}, false
	s.adviseObstacles(p, at)
	return true
}
