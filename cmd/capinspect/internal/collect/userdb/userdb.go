// SPDX-License-Identifier: Apache-2.0

// Package userdb looks up the names of users and groups in the files below a root
// directory, which may be hostile.
package userdb

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
	"github.com/capinspect/capinspect/procstatus"
)

// The files that give names to ids, as [Files] takes them.
const (
	Passwd = "etc/passwd"
	Group  = "etc/group"
)

const (
	maxSize  = 4 << 20 // the size in bytes of the largest file that is read
	maxName  = 256     // the length in bytes of the longest name
	maxNames = 1 << 20 // and that of all names that are asked for together, the repeated ones too
)

// Files are those under the root directory of a task.
type Files interface {
	// Read returns a regular file of at most limit bytes.
	Read(path string, limit int) ([]byte, error)
	// Exists reports whether there is a regular file.
	Exists(path string) bool
}

// Database is a file that gives names to ids, and how to ask it.
type Database struct {
	File   string // Passwd or Group
	From   Files
	Err    error                 // why there are no files
	Inside procstatus.IDMap      // of the ids that the file knows to those that the kernel tells; nil if they are the same
	Doubts func(id uint32) error // says why an id is not what it seems; nil if it is
}

// errNoUser says that no user has a name.
var errNoUser = errors.New("no such user")

// UserID returns the id of a user name, or of a number.
func UserID(from Files, name string) (id uint32, err error) {
	if n, err := strconv.ParseUint(name, 10, 32); err == nil {
		return uint32(n), nil
	}
	found := false
	err = EveryUser(from, func(known string, its uint32) {
		if known == name && !found {
			id, found = its, true
		}
	})
	if err == nil && !found {
		err = errNoUser
	}
	return id, err
}

// EveryUser calls f for each user.
func EveryUser(from Files, f func(name string, id uint32)) error {
	text, err := from.Read(Passwd, maxSize)
	if err == nil {
		entries(text, func(name []byte, id uint32, _ []byte) { f(string(name), id) })
	}
	return err
}

// Account is an entry of a passwd or a group file.
type Account struct {
	Name string
	ID   uint32
	Rest []string // the columns that follow: first the group id of a user, or the members of a group
}

// Accounts returns the entries of a file, Passwd or Group.
func Accounts(from Files, file string) (list []Account, err error) {
	text, err := from.Read(file, maxSize)
	entries(text, func(name []byte, id uint32, rest []byte) {
		list = append(list, Account{string(name), id, strings.Split(string(rest), ":")})
	})
	return list, err
}

// Names returns the names that the file gives to some ids, or why one has none. As in
// libc, the first entry of an id counts.
func (d *Database) Names(ids ...uint32) task.Names {
	known := make(map[uint32]string, len(ids)) // by the file's ids
	for _, id := range ids {
		if in, err := d.translate(id); err == nil {
			known[in] = ""
		}
	}
	unread := d.Err
	if unread == nil && len(known) > 0 {
		var text []byte
		text, unread = d.From.Read(d.File, maxSize)
		entries(text, func(name []byte, id uint32, _ []byte) {
			if first, wanted := known[id]; wanted && first == "" {
				known[id] = string(name[:min(len(name), maxName+1)])
			}
		})
	}
	if unread == nil {
		unread = errors.New("no entry in /" + d.File)
	}
	names, length := make(task.Names, len(ids)), 0
	for _, id := range ids {
		in, err := d.translate(id)
		switch name := known[in]; {
		case err != nil:
			names[id] = task.Unknown[string](err.Error())
		case len(name) > maxName:
			names[id] = task.Unknown[string](fmt.Sprintf("its name in /%s is longer than %d bytes", d.File, maxName))
		case length+len(name) > maxNames:
			names[id] = task.Unknown[string](fmt.Sprintf("the names of all its ids in /%s are longer than %d bytes", d.File, maxNames))
		case name != "":
			length += len(name)
			names[id] = task.Known(name)
		default:
			names[id] = task.Unknown[string](unread.Error())
		}
	}
	return names
}

// translate returns the id that the file knows.
func (d *Database) translate(id uint32) (uint32, error) {
	if err := d.Doubts(id); err != nil {
		return 0, err
	}
	if d.Inside == nil {
		return id, nil
	}
	if in, ok := d.Inside.Inside(id); ok {
		return in, nil
	}
	return 0, fmt.Errorf("%d is not an id of its user namespace", id)
}

// entries calls f for each well-formed line of a passwd or a group file, which is
// of a name, a password, an id and more (passwd(5), group(5)). As in libc, blanks at
// its beginning do not count, nor do comments and lines for NIS. rest is what follows the id.
func entries(text []byte, f func(name []byte, id uint32, rest []byte)) {
	colon := []byte(":")
	for line := range bytes.Lines(text) {
		name, rest, _ := bytes.Cut(bytes.TrimLeft(line, " \t\r\v\f"), colon)
		_, rest, _ = bytes.Cut(rest, colon)
		column, rest, more := bytes.Cut(rest, colon)
		if !more || len(name) == 0 || bytes.IndexByte([]byte("+-#"), name[0]) >= 0 {
			continue
		}
		if id, err := strconv.ParseUint(string(column), 10, 32); err == nil {
			f(name, uint32(id), bytes.TrimRight(rest, "\r\n"))
		}
	}
}
