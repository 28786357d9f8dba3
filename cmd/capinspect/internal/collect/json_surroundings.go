// SPDX-License-Identifier: Apache-2.0

package collect

import (
	"strings"

	"github.com/capinspect/capinspect/procstatus"
	"github.com/capinspect/capinspect/procstatus/container"
)

// surrounding reads a member that tells where a task is.
func (t *savedTask) surrounding(key string) {
	switch key {
	case "userNamespace":
		t.userNamespace()
	case "namespaces":
		t.namespaces()
	case "lsm":
		t.label()
	case "container":
		t.container()
	case "profile":
		t.Strings(&t.record.Profile)
	}
}

func (t *savedTask) userNamespace() {
	if t.Null() {
		return
	}
	ns := new(UserNamespace)
	t.record.UserNamespace = ns
	t.Members(func(key string) {
		switch key {
		case "id":
			t.Uint64(&ns.ID)
		case "initial":
			t.initial = t.Bool(&ns.Initial)
		case "uidMap":
			ns.UIDMap = t.idMap()
		case "gidMap":
			ns.GIDMap = t.idMap()
		case "setgroups":
			t.String(&ns.Setgroups)
		}
	})
}

func (t *savedTask) idMap() procstatus.IDMap {
	if t.Null() {
		return nil
	}
	m := procstatus.IDMap{}
	t.Elements(func() {
		var extent procstatus.Extent
		t.Members(func(key string) {
			switch key {
			case "inside":
				t.Uint32(&extent.Inside)
			case "outside":
				t.Uint32(&extent.Outside)
			case "length":
				t.Uint32(&extent.Length)
			}
		})
		m = append(m, extent)
	})
	return m
}

func (t *savedTask) namespaces() {
	t.Members(func(kind string) {
		for k := range t.record.Namespaces {
			if procstatus.NamespaceKind(k).String() == kind {
				t.namespace(&t.record.Namespaces[k])
			}
		}
	})
}

// namespace reads a namespace, which says nothing without its id.
func (t *savedTask) namespace(to *Namespace) {
	var ns Namespace
	t.Members(func(key string) {
		switch key {
		case "id":
			t.Uint64(&ns.ID)
		case "sharedWithSelf":
			ns.WithSelf = t.answer()
		case "sharedWithPid1":
			ns.WithPID1 = t.answer()
		}
	})
	if ns.ID != 0 {
		*to = ns
	}
}

func (t *savedTask) answer() Answer {
	var yes bool
	switch {
	case !t.Bool(&yes):
		return Unsure
	case yes:
		return Yes
	}
	return No
}

func (t *savedTask) label() {
	if t.Null() {
		return
	}
	l := new(procstatus.Label)
	t.record.Label = l
	t.Members(func(key string) {
		switch key {
		case "module":
			t.String(&l.Module)
		case "label":
			t.String(&l.Label)
		case "mode":
			t.String(&l.Mode)
		}
	})
}

func (t *savedTask) container() {
	if t.Null() {
		return
	}
	c := new(Container)
	t.record.Container = c
	t.Members(func(key string) {
		switch key {
		case "runtime":
			t.String(&c.Runtime)
		case "id":
			t.String(&c.ID)
		case "sandboxId":
			t.String(&c.SandboxID)
		case "name":
			t.String(&c.Name)
		case "podUID":
			t.String(&c.PodUID)
		case "podName":
			t.String(&c.PodName)
		case "podNamespace":
			t.String(&c.PodNamespace)
		case "evidence":
			var list []string
			t.Strings(&list)
			for _, evidence := range list {
				what, from, _ := strings.Cut(evidence, ": ")
				c.Evidence = append(c.Evidence, container.Evidence{What: what, From: from})
			}
		}
	})
}
