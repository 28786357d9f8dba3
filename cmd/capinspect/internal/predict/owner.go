// SPDX-License-Identifier: Apache-2.0

package predict

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// mayBe returns what the kernel may go by of a file or directory, with the ids of the
// task's user namespace: one, or several if the reader cannot tell whose it is. Where the
// owner may have no id, the first one has none.
func (s *Subject) mayBe(of Inode) (files []capset.File) {
	users := s.owners(of.UID, of.NoUID, len(of.Doubts) > 0, s.Users)
	groups := s.owners(of.GID, of.NoGID, len(of.Doubts) > 0, s.Groups)
	for _, u := range users {
		for _, g := range groups {
			files = append(files, capset.File{Mode: of.Mode, UID: u.id, GID: g.id, Unmapped: u.none || g.none})
		}
	}
	return files
}

// owner is a user or a group that may own a file.
type owner struct {
	id   uint32
	none bool // the task's user namespace has no id for it
}

// owners returns who may own a file that shows an id. One without an id is nobody that the
// task can be, unless the task may have no id either.
func (s *Subject) owners(shown uint32, none, doubt bool, ids InsideIDs) []owner {
	id, ok := ids.In(shown)
	if !none {
		return []owner{{id, !ok}}
	}
	list := []owner{{capset.Unchanged, true}}
	if doubt {
		list = append(list, owner{id, !ok})
	}
	if s.Task.Overflow != "" {
		list = append(list, owner{id, true})
	}
	return list
}

// all reports whether something holds for a file, and notes it if that depends on whose
// it is.
func (s *Subject) all(of Inode, holds func(capset.File) bool) bool {
	files := s.mayBe(of)
	first := holds(files[0])
	if slices.ContainsFunc(files[1:], func(f capset.File) bool { return holds(f) != first }) {
		s.depends(of)
	}
	return first
}

// depends notes that the prediction depends on who owns a file, which the reader cannot
// tell.
func (s *Subject) depends(of Inode) {
	why := s.Task.Overflow
	if len(of.Doubts) > 0 {
		why = of.Doubts[0]
	}
	s.unknown = "who owns a file, which is unknown: " + why
}

// exec applies what a program gives, and notes it if that depends on whose it is, on whose
// its capabilities are, or on how the task came to be traced.
func (s *Subject) exec(f *Found, file capset.File) (after capset.Credentials, steps []capset.Step, err error) {
	after, steps, err = capset.Exec(s.Credentials, file, s.How)
	differs := func(file capset.File, how capset.Circumstances) bool {
		c, _, failed := capset.Exec(s.Credentials, file, how)
		return (err == nil) != (failed == nil) || !reflect.DeepEqual(c, after)
	}
	if s.HowTraced != "" {
		how := s.How
		if how.Traced = !how.Traced; differs(file, how) {
			s.unknown = s.HowTraced
		}
	}
	if file.Caps != nil && !file.NoSuid {
		counts, other := s.Counts(file.Caps), file
		if other.ForeignCaps = !file.ForeignCaps; !counts.Known() && differs(other, s.How) {
			s.unknown = "whether its capabilities, for uid " + task.Decimal(file.Caps.RootID) + " as root, count: " + counts.Why()
		}
	}
	for _, other := range s.mayBe(f.Inode)[1:] {
		file.UID, file.GID, file.Unmapped = other.UID, other.GID, other.Unmapped
		if differs(file, s.How) {
			s.depends(f.Inode)
		}
	}
	return after, steps, err
}

// known returns an error if a prediction depends on what is unknown.
func (s *Subject) known(file string) error {
	if s.unknown == "" {
		return nil
	}
	return fmt.Errorf("what execve of %s gives depends on %s", file, s.unknown)
}
