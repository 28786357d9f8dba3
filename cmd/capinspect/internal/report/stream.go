// SPDX-License-Identifier: Apache-2.0

package report

import (
	"encoding/binary"
	"slices"
	"sync"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/diff"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/layout"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
	"github.com/capinspect/capinspect/procstatus"
)

// Stream writes the tasks of ps while they come: each on a line, or all in one object. A
// task has fewer keys than that of [FromTask].
//
// Chunks may be filled by several goroutines. Start, which comes first, Done and End are for
// one of them.
type Stream struct {
	Frame
	Keys Keys
	// Change returns what became of a task since the list before; nil if lists are not
	// compared.
	Change func(*task.Task) *diff.Delta

	free sync.Pool
	lead string  // what each line begins with
	why  Unknown // what is unknown in there
}

// Start writes what stands before the tasks of an object. The version and the stamp of lines
// are encoded once.
func (s *Stream) Start() error {
	if s.Object {
		return s.Frame.Start()
	}
	head := struct {
		Version
		Stamp
	}{Version{SchemaVersion}, Stamp(s.Reader.Stamp)}
	text, err := members(&head, false)
	s.lead, s.why = "{"+string(text)+",", unknownOf(&head)
	return err
}

// Keys say which keys a task has beside those that its status file fills.
type Keys struct{ Container, UserNames, Place bool }

// Chunk is the JSON form of some tasks.
type Chunk struct {
	buf    []byte
	err    error
	rights cache[rightsKey]
	places cache[placeKey]
}

// chunkSize is how many bytes a chunk has room for at first.
const chunkSize = 64 << 10

// Begin returns a chunk without tasks.
func (s *Stream) Begin() *Chunk {
	if c, ok := s.free.Get().(*Chunk); ok {
		c.buf, c.err = c.buf[:0], nil
		return c
	}
	return &Chunk{buf: make([]byte, 0, chunkSize), rights: cache[rightsKey]{parts: map[rightsKey]kept{}}, places: cache[placeKey]{parts: map[placeKey]kept{}}}
}

// taskDepth is how deep the tasks are in an object.
const taskDepth = 2

// Visit adds a task to a chunk.
//
// Encoding/json takes longer for the capabilities of a task than for all else, and most
// tasks have the same rights as another one: the text of these is kept.
func (s *Stream) Visit(c *Chunk, t *task.Task) {
	if c.err != nil {
		return
	}
	rights, err := s.rights(c, t)
	if err != nil {
		c.err = err
		return
	}
	id := identity(t)
	var in Contained
	if s.Keys.Container {
		in = contained(t)
	}
	var place kept
	if s.Keys.Place {
		if place, err = s.place(c, t); err != nil {
			c.err = err
			return
		}
	}
	started := Started{t.StartTime}
	why := Explained{slices.Concat(Unknown{}, s.why, unknownOf(&id), rights.unknown, unknownOf(&started), place.unknown, unknownOf(&in))}

	lead, end := s.lead, "}\n"
	if s.Object {
		lead, end = layout.Newline(taskDepth)+"{", layout.Newline(taskDepth)+"}"
		if len(c.buf) > 0 {
			lead = "," + lead
		}
	}
	c.buf = append(c.buf, lead...)
	c.members(&id, s.Object)
	c.buf = append(append(c.buf, ','), rights.text...)
	if s.Change != nil {
		change := became(s.Change(t))
		c.optional(&change, s.Object)
	}
	if started != (Started{}) {
		c.optional(&started, s.Object)
	}
	if s.Keys.Place {
		c.buf = append(append(c.buf, ','), place.text...)
	}
	if s.Keys.Container {
		c.buf = append(c.buf, ',')
		c.members(&in, s.Object)
	}
	c.buf = append(c.buf, ',')
	c.members(&why, s.Object)
	c.buf = append(c.buf, end...)
}

// optional appends the members of a struct that may have none.
func (c *Chunk) optional(part any, lines bool) {
	before := len(c.buf)
	c.buf = append(c.buf, ',')
	if c.members(part, lines); len(c.buf) == before+1 {
		c.buf = c.buf[:before]
	}
}

// members appends the members of a struct that is a part of a task.
func (c *Chunk) members(part any, lines bool) {
	text, err := members(part, lines)
	if err != nil && c.err == nil {
		c.err = err
	}
	c.buf = append(c.buf, text...)
}

// members returns the members of a struct that is a part of a task, without the braces
// around them.
func members(part any, lines bool) ([]byte, error) {
	text, err := layout.Value(part, lines, taskDepth)
	if err != nil {
		return nil, err
	}
	end := "}"
	if lines && len(text) > len("{}") {
		end = layout.Newline(taskDepth) + end
	}
	return text[len("{") : len(text)-len(end)], nil
}

// rightsKey is all that the rights of a task depend on.
type rightsKey struct {
	sets       [capset.NumKinds]task.Value[capset.Set]
	last       capset.Cap
	whole      bool
	uid, gid   task.Value[capset.IDs]
	users      [2]task.Value[string] // the names of the real and the effective user
	groups     task.Value[string]
	noNewPrivs task.Value[bool]
	seccomp    task.Value[task.Seccomp]
}

// kept is the JSON form of a part of a task, and what is unknown in there.
type kept struct {
	text    []byte
	unknown Unknown
}

// cache keeps the JSON form of parts of tasks, by all that they depend on.
type cache[K comparable] struct {
	parts map[K]kept
	bytes int
}

// maxCached is how many different parts of a kind a chunk keeps, and maxKept how many bytes
// they have together, with their keys: a node has few.
const maxCached, maxKept = 256, 1 << 20

// keep returns the JSON form of a part of a task, which is made once for each key.
func (c *cache[K]) keep(key K, lines bool, form func() any) (kept, error) {
	if known, ok := c.parts[key]; ok {
		return known, nil
	}
	part := form()
	text, err := members(part, lines)
	made := kept{text, unknownOf(part)}
	size := 2 * len(text) // no key takes more than what is made of it
	if len(c.parts) >= maxCached || c.bytes+size > maxKept {
		clear(c.parts)
		c.bytes = 0
	}
	if size <= maxKept {
		c.parts[key] = made
		c.bytes += size
	}
	return made, err
}

// placeKey is all that the place of a task depends on.
type placeKey struct {
	namespaces task.Value[task.Namespaces]
	label      task.Value[procstatus.Label]
}

// place returns the JSON form of where a task is, as far as a list tells it.
func (s *Stream) place(c *Chunk, t *task.Task) (kept, error) {
	return c.places.keep(placeKey{t.Namespaces, t.Label}, s.Object, func() any {
		return &Listed{Within{namespaces(t.Namespaces)}, labelled(t)}
	})
}

// rights returns the JSON form of the rights of a task.
func (s *Stream) rights(c *Chunk, t *task.Task) (kept, error) {
	key := rightsKey{
		sets: t.Sets, last: t.LastCap.Value, whole: t.Whole, uid: t.UID, gid: t.GID,
		groups: task.Map(t.Groups, packed), noNewPrivs: t.NoNewPrivs, seccomp: t.Seccomp,
	}
	if ids, ok := t.UID.Get(); ok && s.Keys.UserNames {
		key.users = [...]task.Value[string]{nameIn(t, ids.Real), nameIn(t, ids.Effective)}
	}
	return c.rights.keep(key, s.Object, func() any {
		r := s.rightsOf(t)
		return &r
	})
}

// packed returns ids as a text that no others have.
func packed(ids []uint32) string {
	if len(ids) == 0 {
		return ""
	}
	var text []byte
	for _, id := range ids {
		text = binary.NativeEndian.AppendUint32(text, id)
	}
	return string(text)
}

// nameIn returns the name of a user that a list has.
func nameIn(t *task.Task, id uint32) task.Value[string] {
	return task.First(t.UserNames[id], task.Unknown[string]("capinspect's own /etc/passwd does not have it, or does not count for the task"))
}

// rightsOf returns the rights of a task as ps shows them.
func (s *Stream) rightsOf(t *task.Task) Rights {
	users := task.Map(t.UID, fourIDs)
	if s.Keys.UserNames {
		ids := t.UID.Zero()
		names := task.Names{ids.Real: nameIn(t, ids.Real), ids.Effective: nameIn(t, ids.Effective)}
		users = namedIDs(t.UID, names, task.Map(t.Host, func(h task.HostIDs) capset.IDs { return h.UID }))
	}
	return Rights{privileges(t), Owner{users, task.Map(t.GID, fourIDs)}, groups(t, false), Restraint{t.NoNewPrivs}, seccomp(t)}
}

// Done writes the tasks of a chunk.
func (s *Stream) Done(c *Chunk) error {
	defer s.rest(c)
	if c.err != nil || len(c.buf) == 0 {
		return c.err
	}
	return s.write(c.buf)
}

// rest lets a chunk be filled again, unless it has grown long.
func (s *Stream) rest(c *Chunk) {
	if cap(c.buf) <= maxKept {
		s.free.Put(c)
	}
}
