// SPDX-License-Identifier: Apache-2.0

package collect

import (
	"bytes"
	"strconv"

	"github.com/moby/sys/user"

	"github.com/capinspect/capinspect/procstatus"
)

// users are the reader's own user names, for tasks that share its user and
// mount namespaces: an id means the same user there.
type users struct {
	names     map[uint32]string
	user, mnt string // the reader's namespaces, "" if hidden
}

func (u *users) open(c *Collector) {
	u.names = map[uint32]string{}
	text, err := readFile(passwdFile, nil)
	if err != nil || !c.live {
		return
	}
	u.user, _ = c.proc.Readlink("self/ns/user")
	u.mnt, _ = c.proc.Readlink("self/ns/mnt")
	_, _ = user.ParsePasswdFilter(bytes.NewReader(text), func(entry user.User) bool {
		if _, ok := u.names[uint32(entry.Uid)]; !ok && entry.Name != "" && entry.Name[0] != '+' {
			u.names[uint32(entry.Uid)] = entry.Name
		}
		return false
	})
}

// name gives the task the reader's names, if they are its own too.
func (u *users) name(r *Record, dir *procstatus.FS, name string) {
	if u.user == "" || u.mnt == "" {
		return
	}
	if ns, err := dir.Readlink(name + "/ns/user"); err != nil || ns != u.user {
		return
	}
	if ns, err := dir.Readlink(name + "/ns/mnt"); err == nil && ns == u.mnt {
		r.UserNames = u.names
	}
}

// UserID returns the id of a user name in the reader's own /etc/passwd, or of
// a number.
func UserID(name string) (id uint32, ok bool) {
	if n, err := strconv.ParseUint(name, 10, 32); err == nil {
		return uint32(n), true
	}
	text, err := readFile(passwdFile, nil)
	if err != nil {
		return 0, false
	}
	_, _ = user.ParsePasswdFilter(bytes.NewReader(text), func(entry user.User) bool {
		if entry.Name == name && !ok {
			id, ok = uint32(entry.Uid), true
		}
		return false
	})
	return id, ok
}
