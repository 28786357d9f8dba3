// SPDX-License-Identifier: Apache-2.0

package collect

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/collect/root"
	"github.com/capinspect/capinspect/procstatus"
)

const (
	passwdFile = "etc/passwd"
	groupFile  = "etc/group"
	maxFile    = 4 << 20 // the size in bytes of the largest one that is read
)

// files are those under the root directory of a task.
type files interface {
	// Read returns a regular file of at most limit bytes.
	Read(path string, limit int) ([]byte, error)
	// Exists reports whether there is a regular file.
	Exists(path string) bool
}

// database is a file that gives names to ids, and how to ask it.
type database struct {
	file   string
	from   files
	err    error            // why there are no files
	inside procstatus.IDMap // of the ids that the file knows to those that the kernel tells; nil if they are the same
	doubts func(id uint32) error
}

// names looks up the names of the task's user and group ids in its files. users
// and groups are its id maps, if the files are for ids that they lead to others.
// err is why there are no files.
func (c *Collector) names(r *Record, from files, err error, users, groups procstatus.IDMap) {
	s := &r.Status
	if s.Has(procstatus.FieldUID) {
		d := database{passwdFile, from, err, users, c.doubts(r, &overflowUID)}
		var why reason
		r.UserNames, why = d.lookup(s.UID.Real, s.UID.Effective)
		r.nameless("uid.realName", why, s.UID.Real)
		r.nameless("uid.effectiveName", why, s.UID.Effective)
	}
	if s.Has(procstatus.FieldGID) {
		ids := append([]uint32{s.GID.Real, s.GID.Effective}, s.Groups...)
		d := database{groupFile, from, err, groups, c.doubts(r, &overflowGID)}
		var why reason
		r.GroupNames, why = d.lookup(ids...)
		r.nameless("gid.realName", why, s.GID.Real)
		r.nameless("gid.effectiveName", why, s.GID.Effective)
		r.nameless("groups[].name", why, s.Groups...)
	}
}

// overflow is how the kernel shows ids that capinspect's user namespace cannot
// express (proc_sys_kernel(5), overflowuid and overflowgid; since Linux 2.2).
type overflow struct {
	sysctl string
	ids    func(procstatus.Task) (procstatus.IDMap, error)
}

var (
	overflowUID = overflow{"kernel/overflowuid", procstatus.Task.UIDMap}
	overflowGID = overflow{"kernel/overflowgid", procstatus.Task.GIDMap}
)

// id returns the overflow id.
func (o *overflow) id(proc *procstatus.FS) uint32 {
	if text, err := proc.Sysctl(o.sysctl); err == nil {
		if n, err := strconv.ParseUint(strings.TrimSpace(text), 10, 32); err == nil {
			return uint32(n)
		}
	}
	return usualOverflow
}

// doubts returns what says why an id of a task may not be what it seems, or is not;
// nil if it is. In the initial user namespace all are: nothing is asked unless there
// is an id that is the usual overflow id, or another one was set.
func (c *Collector) doubts(r *Record, o *overflow) func(id uint32) error {
	own, asked := procstatus.IDMap(nil), false
	over, same := uint32(usualOverflow), r.Self
	return func(id uint32) error {
		if !c.live || id != usualOverflow && (c.me == nil || c.me.inInitialUserNS()) {
			return nil
		}
		if me := c.reader(); me.inInitialUserNS() {
			return nil
		} else if !asked {
			asked, over = true, o.id(c.proc)
			own, _ = o.ids(c.proc.Self())
			user, err := c.proc.Task(r.Status.Pid).Namespace(procstatus.NamespaceUser)
			same = same || err == nil && user == me.namespaces[procstatus.NamespaceUser]
		}
		_, has := own.Outside(id)
		switch {
		case id != over || has && same:
			return nil
		case has || own == nil:
			return fmt.Errorf("%d is the overflow id, which may stand for an id that capinspect's user namespace cannot express", id)
		}
		return fmt.Errorf("%d is the overflow id, which stands for any id that capinspect's user namespace cannot express", id)
	}
}

// errUnmapped says of the owner of a file that capinspect's user namespace has no id
// for it.
var errUnmapped = errors.New("its owner has no id in capinspect's user namespace")

// doubtsOfFile returns what says why the owner of a file may not be what it seems, or
// is not; nil if it is.
func (c *Collector) doubtsOfFile(id uint32, o *overflow) error {
	if id != usualOverflow && !c.live || c.live && c.reader().inInitialUserNS() {
		return nil
	}
	over, own := uint32(usualOverflow), procstatus.IDMap(nil)
	if c.live {
		over = o.id(c.proc)
	}
	if id != over {
		return nil
	}
	if c.live {
		own, _ = o.ids(c.proc.Self())
	}
	if own != nil && !own.Covers(id) {
		return errUnmapped
	}
	return fmt.Errorf("an owner %d is one that capinspect's user namespace cannot express, and not that id", id)
}

// reason says why an id has no name; nil if it has one.
type reason func(id uint32) error

// nameless lists the value at a path as unknown if one of ids has no name.
func (r *Record) nameless(path string, why reason, ids ...uint32) {
	for _, id := range ids {
		if err := why(id); err != nil {
			r.unknown(path, err.Error())
			return
		}
	}
}

// lookup returns the names that the file gives to some ids, and why others have
// none. As in libc, the first entry of an id counts.
func (d *database) lookup(ids ...uint32) (map[uint32]string, reason) {
	known := make(map[uint32]string, len(ids)) // by the file's ids
	for _, id := range ids {
		if in, err := d.translate(id); err == nil {
			known[in] = ""
		}
	}
	unread := d.err
	if unread == nil && len(known) > 0 {
		var text []byte
		text, unread = d.from.Read(d.file, maxFile)
		eachEntry(text, func(name []byte, id uint32) {
			if first, wanted := known[id]; wanted && first == "" {
				known[id] = string(name)
			}
		})
	}
	names := make(map[uint32]string, len(ids))
	for _, id := range ids {
		if in, err := d.translate(id); err == nil && known[in] != "" {
			names[id] = known[in]
		}
	}
	return names, func(id uint32) error {
		if _, ok := names[id]; ok {
			return nil
		}
		if _, err := d.translate(id); err != nil {
			return err
		}
		if unread != nil {
			return unread
		}
		return errors.New("no entry in /" + d.file)
	}
}

// translate returns the id that the file knows.
func (d *database) translate(id uint32) (uint32, error) {
	if err := d.doubts(id); err != nil {
		return 0, err
	}
	if d.inside == nil {
		return id, nil
	}
	if in, ok := d.inside.Inside(id); ok {
		return in, nil
	}
	return 0, fmt.Errorf("%d is no id of its user namespace", id)
}

// eachEntry calls f for each well-formed line of a passwd or a group file, which is
// of a name, a password, an id and more (passwd(5), group(5)). As in libc, blanks at
// its beginning do not count, nor do comments and lines for NIS.
func eachEntry(text []byte, f func(name []byte, id uint32)) {
	colon := []byte(":")
	for line := range bytes.Lines(text) {
		name, rest, _ := bytes.Cut(bytes.TrimLeft(line, " \t\r\v\f"), colon)
		_, rest, _ = bytes.Cut(rest, colon)
		column, _, more := bytes.Cut(rest, colon)
		if !more || len(name) == 0 || bytes.IndexByte([]byte("+-#"), name[0]) >= 0 {
			continue
		}
		if id, err := strconv.ParseUint(string(column), 10, 32); err == nil {
			f(name, uint32(id))
		}
	}
}

// everyUser calls f for each entry of the reader's own /etc/passwd.
func everyUser(f func(name string, id uint32)) error {
	text, err := root.Own(nil).Read(passwdFile, maxFile)
	if err == nil {
		eachEntry(text, func(name []byte, id uint32) { f(string(name), id) })
	}
	return err
}
