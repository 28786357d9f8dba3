// SPDX-License-Identifier: Apache-2.0

package image

import (
	"bytes"
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

// account is an entry of a passwd file or of a group file.
type account struct {
	name    string
	id      uint32
	gid     uint32   // of a user
	members []string // of a group
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
	accounts := i.accounts(userdb.Passwd)
	found, ok := find(accounts, name)
	switch id, err := number(name); {
	case ok:
		u.uid, u.gid = found.id, found.gid
	case err != nil:
		return u, fmt.Errorf("no user of the image has the name %q in /etc/passwd", shortened(name))
	default:
		u.uid = id
	}
	groups := i.accounts(userdb.Group)
	if hasGroup && group != "" {
		found, ok := find(groups, group)
		switch id, err := number(group); {
		case ok:
			u.gid = found.id
		case err != nil:
			return u, fmt.Errorf("no group of the image has the name %q in /etc/group", shortened(group))
		default:
			u.gid = id
		}
		return u, nil
	}
	if !ok {
		return u, nil
	}
	for _, g := range groups {
		if slices.Contains(g.members, found.name) && len(u.groups) < maxGroups {
			u.groups = append(u.groups, g.id)
		}
	}
	return u, nil
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
func find(list []account, text string) (account, bool) {
	id, err := number(text)
	for _, a := range list {
		if err == nil && a.id == id || err != nil && a.name == text {
			return a, true
		}
	}
	return account{}, false
}

// accounts returns the entries of a passwd file or of a group file, none if there is no file.
func (i *Image) accounts(file string) (list []account) {
	text, err := i.Read(file, maxDocument)
	if err != nil {
		return nil
	}
	for line := range bytes.Lines(text) {
		fields := strings.Split(strings.TrimSpace(string(line)), ":")
		if len(fields) < 4 || fields[0] == "" || strings.HasPrefix(fields[0], "#") {
			continue
		}
		id, err := number(fields[2])
		if err != nil {
			continue
		}
		a := account{name: fields[0], id: id}
		if file == userdb.Group {
			a.members = strings.Split(fields[3], ",")
		} else if a.gid, err = number(fields[3]); err != nil {
			continue
		}
		list = append(list, a)
	}
	return list
}
