// SPDX-License-Identifier: Apache-2.0

package collect

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
	"github.com/capinspect/capinspect/procstatus"
)

const (
	passwdFile = "etc/passwd"
	groupFile  = "etc/group"
	maxFile    = 4 << 20 // the size in bytes of the largest one that is read
	maxIDName  = 256     // the length in bytes of the longest name of an id
	maxIDNames = 1 << 20 // and that of all names of a task's ids together, the repeated ones too
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

// names looks up the names of the task's user and group ids in its files. users and groups
// are its id maps, if the files are for other ids than those that the kernel tells. err is
// why there are no files.
func (c *Collector) names(t *task.Task, from files, err error, users, groups procstatus.IDMap) {
	if ids, ok := t.UID.Get(); ok {
		d := database{passwdFile, from, err, users, c.doubts(t, &overflowUID)}
		t.UserNames = d.lookup(ids.Real, ids.Effective)
	}
	if ids, ok := t.GID.Get(); ok {
		d := database{groupFile, from, err, groups, c.doubts(t, &overflowGID)}
		t.GroupNames = d.lookup(append([]uint32{ids.Real, ids.Effective}, t.Groups.Zero()...)...)
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
	return task.OverflowID
}

// doubts returns a function that says why an id of a task may not be what it seems; nil if
// it is what it seems. In the initial user namespace all ids are. Nothing is asked unless
// there is an id that is the usual overflow id, or the overflow id was changed.
func (c *Collector) doubts(t *task.Task, o *overflow) func(id uint32) error {
	own, asked := procstatus.IDMap(nil), false
	over, same := uint32(task.OverflowID), t.Self
	return func(id uint32) error {
		if !c.live || id != task.OverflowID && (c.me == nil || c.me.inInitialUserNS()) {
			return nil
		}
		if me := c.reader(); me.inInitialUserNS() {
			return nil
		} else if !asked {
			asked, over = true, o.id(c.proc)
			own, _ = o.ids(c.proc.Self())
			user, err := c.proc.Task(t.Tid.Zero()).Namespace(procstatus.NamespaceUser)
			same = same || err == nil && task.Is(me.namespaces[procstatus.NamespaceUser], user)
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

// overflow notes that one of the task's ids stands for others, or may.
func (c *Collector) overflow(t *task.Task) {
	uid, hasUID := t.UID.Get()
	gid, hasGID := t.GID.Get()
	if !hasUID || !hasGID {
		return
	}
	for _, ids := range [...]struct {
		of capset.IDs
		o  *overflow
	}{{uid, &overflowUID}, {gid, &overflowGID}} {
		doubts := c.doubts(t, ids.o)
		for _, id := range [...]uint32{ids.of.Real, ids.of.Effective} {
			if err := doubts(id); err != nil {
				t.Overflow = err.Error()
				return
			}
		}
	}
}

// errUnmapped says of the owner of a file that capinspect's user namespace has no id
// for it.
var errUnmapped = errors.New("its owner has no id in capinspect's user namespace")

// doubtsOfFile returns what says why the owner of a file may not be what it seems, or
// is not; nil if it is.
func (c *Collector) doubtsOfFile(id uint32, o *overflow) error {
	initial := c.live && c.reader().inInitialUserNS()
	if id != task.OverflowID && !c.live || initial && !c.idmapped {
		return nil
	}
	over, own := uint32(task.OverflowID), procstatus.IDMap(nil)
	if c.live {
		over = o.id(c.proc)
	}
	if id != over {
		return nil
	}
	if c.live {
		own, _ = o.ids(c.proc.Self())
	}
	switch {
	case own != nil && !own.Covers(id):
		return errUnmapped
	case initial:
		return fmt.Errorf("an owner %d may be one that an idmapped mount does not map, and not that id", id)
	}
	return fmt.Errorf("an owner %d may be one that capinspect's user namespace cannot express, and not that id", id)
}

// lookup returns the names that the file gives to some ids, or why one has none. As in
// libc, the first entry of an id counts.
func (d *database) lookup(ids ...uint32) task.Names {
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
				known[id] = string(name[:min(len(name), maxIDName+1)])
			}
		})
	}
	if unread == nil {
		unread = errors.New("no entry in /" + d.file)
	}
	names, length := make(task.Names, len(ids)), 0
	for _, id := range ids {
		in, err := d.translate(id)
		switch name := known[in]; {
		case err != nil:
			names[id] = task.Unknown[string](err.Error())
		case len(name) > maxIDName:
			names[id] = task.Unknown[string](fmt.Sprintf("its name in /%s is longer than %d bytes", d.file, maxIDName))
		case length+len(name) > maxIDNames:
			names[id] = task.Unknown[string](fmt.Sprintf("the names of all its ids in /%s are longer than %d bytes", d.file, maxIDNames))
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
