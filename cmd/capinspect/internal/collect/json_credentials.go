// SPDX-License-Identifier: Apache-2.0

package collect

import (
	"fmt"

	"github.com/capinspect/capinspect/procstatus"
)

// credential reads a member that is of a task's ids or of its limits.
func (t *savedTask) credential(key string) {
	s := &t.record.Status
	switch key {
	case "uid":
		t.ids(&t.uid)
	case "gid":
		t.ids(&t.gid)
	case "groups":
		t.groups()
	case "noNewPrivs":
		t.mark(procstatus.FieldNoNewPrivs, t.Bool(&s.NoNewPrivs))
	case "seccomp":
		t.seccomp()
	case "securebits":
		t.Members(func(key string) {
			if key == "value" {
				t.securebits = t.Uint32((*uint32)(&t.record.Securebits))
			}
		})
	default:
		t.surrounding(key)
	}
}

// savedIDs are the user or the group ids of a task, with those in the initial user
// namespace, of which a report has the real and the effective ones.
type savedIDs struct {
	own, host         procstatus.IDs
	real, effective   string // names
	ownTold, hostTold bool   // all of them
}

func (t *savedTask) ids(to *savedIDs) {
	var own, host [4]bool
	t.Members(func(key string) {
		switch key {
		case "real":
			own[0] = t.Uint32(&to.own.Real)
		case "effective":
			own[1] = t.Uint32(&to.own.Effective)
		case "saved":
			own[2] = t.Uint32(&to.own.Saved)
		case "filesystem":
			own[3] = t.Uint32(&to.own.Filesystem)
		case "realName":
			t.String(&to.real)
		case "effectiveName":
			t.String(&to.effective)
		case "hostReal":
			host[0] = t.Uint32(&to.host.Real)
		case "hostEffective":
			host[1] = t.Uint32(&to.host.Effective)
		}
	})
	to.ownTold, to.hostTold = own == [4]bool{true, true, true, true}, host[0] && host[1]
}

// finishIDs takes over the ids of which all are told, and their names.
func (t *savedTask) finishIDs() {
	r := t.record
	if t.uid.ownTold {
		r.Status.UID = t.uid.own
		r.Status.Mark(procstatus.FieldUID)
		t.uid.name(r.UserNames)
	}
	if t.gid.ownTold {
		r.Status.GID = t.gid.own
		r.Status.Mark(procstatus.FieldGID)
		t.gid.name(r.GroupNames)
	}
	if t.uid.hostTold && t.gid.hostTold {
		r.Host = &HostIDs{t.uid.host, t.gid.host}
	}
}

// name adds the names of the ids that have one.
func (ids *savedIDs) name(names map[uint32]string) {
	if ids.real != "" {
		names[ids.own.Real] = ids.real
	}
	if ids.effective != "" {
		names[ids.own.Effective] = ids.effective
	}
}

func (t *savedTask) groups() {
	if t.Null() {
		return
	}
	var ids []uint32
	told := true
	t.Elements(func() {
		var id uint32
		var name string
		known := false
		t.Members(func(key string) {
			switch key {
			case "id":
				known = t.Uint32(&id)
			case "name":
				t.String(&name)
			}
		})
		if known && name != "" {
			t.record.GroupNames[id] = name
		}
		told = told && known
		ids = append(ids, id)
	})
	if told {
		t.record.Status.Groups = ids
		t.record.Status.Mark(procstatus.FieldGroups)
	}
}

func (t *savedTask) seccomp() {
	var name string
	var filters int
	var told, counted bool
	t.Members(func(key string) {
		switch key {
		case "mode":
			told = t.String(&name)
		case "filters":
			counted = t.Int(&filters)
		}
	})
	if !told {
		return
	}
	mode, ok := SeccompMode(name)
	if !ok {
		t.fail(fmt.Errorf("seccomp: mode: %q: %w", name, procstatus.ErrSyntax))
	}
	s := &t.record.Status
	s.Seccomp = mode
	s.Mark(procstatus.FieldSeccomp)
	if counted {
		s.SeccompFilters = filters
		s.Mark(procstatus.FieldSeccompFilters)
	}
}
