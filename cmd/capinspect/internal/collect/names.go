// SPDX-License-Identifier: Apache-2.0

package collect

import (
	"bytes"
	"errors"
	"strconv"

	"github.com/moby/sys/user"

	"github.com/capinspect/capinspect/procstatus"
)

const (
	passwdFile = "/etc/passwd"
	groupFile  = "/etc/group"
)

// names looks up the names of the task's user and group ids.
func (c *Collector) names(r *Record) {
	s := &r.Status
	if s.Has(procstatus.FieldUID) {
		names, err := c.lookup(r, passwdFile, s.UID.Real, s.UID.Effective)
		r.UserNames = names
		r.nameless("uid.realName", passwdFile, err, names, s.UID.Real)
		r.nameless("uid.effectiveName", passwdFile, err, names, s.UID.Effective)
	}
	if s.Has(procstatus.FieldGID) {
		names, err := c.lookup(r, groupFile, append([]uint32{s.GID.Real, s.GID.Effective}, s.Groups...)...)
		r.GroupNames = names
		r.nameless("gid.realName", groupFile, err, names, s.GID.Real)
		r.nameless("gid.effectiveName", groupFile, err, names, s.GID.Effective)
		r.nameless("groups[].name", groupFile, err, names, s.Groups...)
	}
}

var errNotOwn = errors.New("names are looked up for capinspect's own process only")

// lookup returns the names that the task's user database gives to some ids.
func (c *Collector) lookup(r *Record, file string, ids ...uint32) (map[uint32]string, error) {
	if !r.Self {
		return nil, errNotOwn
	}
	return lookup(file, c.buf, ids...)
}

// nameless lists the value at a path as unknown if one of ids has no name.
func (r *Record) nameless(path, file string, err error, names map[uint32]string, ids ...uint32) {
	for _, id := range ids {
		if _, ok := names[id]; !ok {
			reason := "no entry in " + file
			if err != nil {
				reason = err.Error()
			}
			r.unknown(path, reason)
			return
		}
	}
}

// lookup returns the names that a file in the form of passwd(5) or group(5)
// gives to some ids. buf is space for the file. As in libc, the first entry of an id counts.
func lookup(file string, buf []byte, ids ...uint32) (map[uint32]string, error) {
	names := make(map[uint32]string, len(ids))
	for _, id := range ids {
		names[id] = ""
	}
	text, err := readFile(file, buf)
	if err == nil {
		err = entries(wanted(text, names), file, names)
	}
	for id, name := range names {
		if name == "" {
			delete(names, id)
		}
	}
	return names, err
}

// wanted returns the lines of a file whose third column is one of the ids. The
// parser behind it takes a column that is no number for 0.
func wanted(text []byte, names map[uint32]string) []byte {
	return linesOf(text, func(id uint32) bool {
		_, ok := names[id]
		return ok
	})
}

// linesOf returns the well-formed lines of a file whose id is wanted.
func linesOf(text []byte, wanted func(uint32) bool) []byte {
	var out []byte
	colon := []byte(":")
	for line := range bytes.Lines(text) {
		name, rest, _ := bytes.Cut(line, colon)
		_, rest, _ = bytes.Cut(rest, colon)
		column, _, more := bytes.Cut(rest, colon)
		if !more || len(name) == 0 || name[0] == '+' || name[0] == '-' {
			continue // malformed, or a line for NIS
		}
		id, err := strconv.ParseUint(string(column), 10, min(32, strconv.IntSize-1)) // the parser's ids are ints
		if err == nil && wanted(uint32(id)) {
			out = append(out, line...)
		}
	}
	return out
}

// everyUser calls f for each well-formed entry of the reader's own /etc/passwd.
func everyUser(f func(name string, id uint32)) error {
	text, err := readFile(passwdFile, nil)
	if err != nil {
		return err
	}
	text = linesOf(text, func(uint32) bool { return true })
	_, err = user.ParsePasswdFilter(bytes.NewReader(text), func(u user.User) bool {
		f(u.Name, uint32(u.Uid))
		return false
	})
	return err
}

func entries(text []byte, file string, names map[uint32]string) error {
	first := func(id int, name string) {
		if names[uint32(id)] == "" {
			names[uint32(id)] = name
		}
	}
	if file == groupFile {
		_, err := user.ParseGroupFilter(bytes.NewReader(text), func(g user.Group) bool {
			first(g.Gid, g.Name)
			return false
		})
		return err
	}
	_, err := user.ParsePasswdFilter(bytes.NewReader(text), func(u user.User) bool {
		first(u.Uid, u.Name)
		return false
	})
	return err
}
