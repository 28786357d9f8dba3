// SPDX-License-Identifier: Apache-2.0

package collect

import (
	"strconv"

	"github.com/capinspect/capinspect/procstatus"
)

// users are the reader's own user names, for tasks that share its user and
// mount namespaces: an id means the same user there.
type users struct {
	names     map[uint32]string
	user, mnt uint64 // the reader's namespaces, 0 if hidden
}

func (u *users) open(c *Collector) {
	u.names = map[uint32]string{}
	if !c.live {
		return
	}
	u.user, _ = c.proc.Self().Namespace(procstatus.NamespaceUser)
	u.mnt, _ = c.proc.Self().Namespace(procstatus.NamespaceMnt)
	_ = everyUser(func(name string, id uint32) { // without it, ids have no names
		if _, ok := u.names[id]; !ok {
			u.names[id] = name
		}
	})
}

// name gives the task the reader's names, if they are its own too.
func (u *users) name(r *Record, task procstatus.Task) {
	if u.user == 0 || u.mnt == 0 {
		return
	}
	if ns, err := task.Namespace(procstatus.NamespaceUser); err != nil || ns != u.user {
		return
	}
	if ns, err := task.Namespace(procstatus.NamespaceMnt); err == nil && ns == u.mnt {
		r.UserNames = u.names
	}
}

// UserID returns the id of a user name in the reader's own /etc/passwd, or of
// a number.
func UserID(name string) (id uint32, err error) {
	if n, err := strconv.ParseUint(name, 10, 32); err == nil {
		return uint32(n), nil
	}
	found := false
	err = everyUser(func(known string, known32 uint32) {
		if known == name && !found {
			id, found = known32, true
		}
	})
	if err == nil && !found {
		err = errNoUser
	}
	return id, err
}
