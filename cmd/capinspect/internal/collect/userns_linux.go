// SPDX-License-Identifier: Apache-2.0

package collect

import (
	"errors"
	"strings"

	"github.com/capinspect/capinspect/procstatus"
)

// maxIDMap is more than the 340 lines that a map has at the most.
const maxIDMap = 64 << 10

// idMap reads uid_map or gid_map of a task.
func idMap(dir *procstatus.FS, name, file string) (procstatus.IDMap, error) {
	text, err := dir.Read(name+file, nil, maxIDMap)
	if err != nil {
		return nil, err
	}
	return procstatus.ParseIDMap(text)
}

func (c *Collector) userNamespace(dir *procstatus.FS, name string, r *Record, me *reader) {
	defer c.hostIDs(r, me)
	ns := &UserNamespace{ID: r.Namespaces.id(procstatus.NamespaceUser)}
	ns.Own = r.Namespaces[procstatus.NamespaceUser].WithSelf == Yes
	var errs [3]error
	ns.UIDMap, errs[0] = idMap(dir, name, "/uid_map")
	ns.Own = ns.Own || ns.ID == 0 && c.isOwnMap(ns.UIDMap)
	ns.GIDMap, errs[1] = idMap(dir, name, "/gid_map")
	text, err := dir.Read(name+"/setgroups", nil, 32)
	ns.Setgroups, errs[2] = strings.TrimSpace(string(text)), err
	_, malformed := errors.AsType[*procstatus.LineError](errs[0])
	if ns.ID == 0 && errs[0] != nil && errs[1] != nil && errs[2] != nil && !malformed {
		r.unknown("userNamespace", c.hidden(errs[0], r))
		return
	}
	r.UserNamespace = ns
	for i, path := range [...]string{"userNamespace.uidMap", "userNamespace.gidMap", "userNamespace.setgroups"} {
		if errs[i] != nil {
			r.unknown(path, c.hidden(errs[i], r))
		}
	}
	ns.Initial = r.Namespaces.initial(procstatus.NamespaceUser) == Yes
	unproven := ns.UIDMap == nil || ns.UIDMap.Whole()
	switch {
	case ns.ID == 0:
		reason := r.Why("namespaces")
		if reason == "" {
			reason = r.Why("namespaces.user")
		}
		r.unknown("userNamespace.id", reason)
		if unproven {
			r.unknown("userNamespace.initial", "its inode is not known, and a map of all ids proves nothing")
		}
	case unproven && r.Namespaces.ofSandbox():
		r.unknown("userNamespace.initial", "its inode is not one of Linux, and a map of all ids proves nothing")
	}
}

// hostIDs finds out which ids of the initial user namespace the task has: the
// kernel tells ids as seen from the reader's namespace.
func (c *Collector) hostIDs(r *Record, me *reader) {
	reason := errNotLive.Error()
	switch {
	case c.live && me.inInitialUserNS():
		r.Host = &HostIDs{r.Status.UID, r.Status.GID}
		return
	case c.live:
		reason = "capinspect is not in the initial user namespace, and sees ids as its own has them"
	}
	r.noHostIDs(reason)
}
