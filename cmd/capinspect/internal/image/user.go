// SPDX-License-Identifier: Apache-2.0

package image

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/collect/userdb"
)

// user is who a container starts as.
type user struct {
	uid, gid uint32
	groups   []uint32 // supplementary ones
}

// UserID returns the id of a user whom the image names.
func (i *Image) UserID(name string) (uint32, error) { return userdb.UserID(i, name) }

// userOf looks up a user as runtimes do: "USER" or "USER:GROUP", of names or of numbers, or
// "" for root. A number needs no entry, and a name does (moby/sys/user, GetExecUser).
func (i *Image) userOf(text string) (u user, err error) {
	name, group, hasGroup := strings.Cut(text, ":")
	if name == "" {
		name = "0"
	}
	users, _ := userdb.Accounts(i, userdb.Passwd) // none if there is no file
	groups, _ := userdb.Accounts(i, userdb.Group)
	found, ok := find(users, name)
	switch id, err := number(name); {
	case ok:
		u.uid = found.ID
		if u.gid, err = number(found.Rest[0]); err != nil {
			return u, fmt.Errorf("the group id of %q in /etc/passwd is not a number", shortened(name))
		}
	case err != nil:
		return u, fmt.Errorf("no user of the image has the name %q in /etc/passwd", shortened(name))
	default:
		u.uid = id
	}
	if hasGroup && group != "" {
		u.gid, err = groupOf(groups, group)
		return u, err
	}
	if !ok {
		return u, nil
	}
	for _, g := range groups {
		if slices.Contains(strings.Split(g.Rest[0], ","), found.Name) && len(u.groups) < maxGroups {
			u.groups = append(u.groups, g.ID)
		}
	}
	return u, nil
}

// groupOf returns the id of a group, a name or a number.
func groupOf(groups []userdb.Account, text string) (uint32, error) {
	if found, ok := find(groups, text); ok {
		return found.ID, nil
	}
	id, err := number(text)
	if err != nil {
		return 0, fmt.Errorf("no group of the image has the name %q in /etc/group", shortened(text))
	}
	return id, nil
}

// maxGroups is how many supplementary groups the kernel takes (NGROUPS_MAX).
const maxGroups = 65536

// number returns the id that a text is.
func number(text string) (uint32, error) {
	id, err := strconv.ParseUint(text, 10, 31)
	if err != nil {
		return 0, errors.New("it is not an id")
	}
	return uint32(id), nil
}

// find returns the first entry that is meant: a number is an id, and never a name.
func find(list []userdb.Account, text string) (userdb.Account, bool) {
	id, err := number(text)
	for _, a := range list {
		if err == nil && a.ID == id || err != nil && a.Name == text {
			return a, true
		}
	}
	return userdb.Account{}, false
}
