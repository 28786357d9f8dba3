// SPDX-License-Identifier: Apache-2.0

package collect

import (
	"github.com/capinspect/capinspect/cmd/capinspect/internal/collect/root"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/collect/userdb"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
	"github.com/capinspect/capinspect/procstatus"
)

// users are the reader's own user names, for tasks that share its user and mount
// namespaces: an id means the same user there.
type users struct {
	names     task.Names
	user, mnt task.Value[uint64] // inodes of the reader's namespaces
}

// users returns the reader's own user names.
func (c *Collector) users() users {
	u := users{task.Names{}, c.place.Own(procstatus.NamespaceUser), c.place.Own(procstatus.NamespaceMnt)}
	_ = userdb.EveryUser(root.Own(nil), func(name string, id uint32) { // without the file, ids have no names
		if !u.names[id].Known() {
			u.names[id] = task.Known(name)
		}
	})
	return u
}

// of returns the names that count for a task: none if it does not share the namespaces.
func (u *users) of(handle procstatus.Task, t *task.Task) task.Names {
	shared := func(k procstatus.NamespaceKind, own task.Value[uint64]) bool {
		if id := t.Namespace(k).ID; id.Known() {
			return task.Is(own, id.Zero())
		}
		id, err := handle.Namespace(k)
		return err == nil && task.Is(own, id)
	}
	if !shared(procstatus.NamespaceUser, u.user) || !shared(procstatus.NamespaceMnt, u.mnt) {
		return nil
	}
	return u.names
}

// UserID returns the id of a user name in the reader's own /etc/passwd, or of a number.
func UserID(name string) (uint32, error) { return userdb.UserID(root.Own(nil), name) }
