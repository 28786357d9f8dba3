// SPDX-License-Identifier: Apache-2.0

package procstatus

import (
	"bytes"
	"slices"
)

// Extent is one line of a map of ids: Length ids from Inside on in a user
// namespace are those from Outside on in the reader's. Where the reader is in
// that namespace itself, Outside is of the one above it (user_namespaces(7),
// "User and group ID mappings"; kernel/user_namespace.c, uid_m_show).
//
// The kernel translates the first id alone. That the others follow is certain
// where the namespace is the reader's or below it; a reader elsewhere may have
// room for fewer than Length.
type Extent struct{ Inside, Outside, Length uint32 }

// UnmappedID is what the kernel shows as Outside of ids that the reader's user
// namespace cannot express. It is no id.
const UnmappedID = 1<<32 - 1

// IDMap is a /proc/PID/uid_map or gid_map, since Linux 3.5. It has up to 340
// extents, 5 before Linux 4.15. An empty one is of a namespace that has none
// yet; ids in there are seen as the overflow id.
type IDMap []Extent

// ParseIDMap returns what a uid_map or gid_map says, in its order. A line that
// is not three numbers, or that has no ids in it or such as are beyond 32 bits,
// gives a [*LineError].
func ParseIDMap(text []byte) (IDMap, error) {
	m := IDMap{}
	err := parseLines(text, func(row []byte) error {
		columns := bytes.Fields(row)
		if len(columns) != 3 {
			return ErrColumns
		}
		var e [3]uint32
		for i, column := range columns {
			n, rest, err := number(column)
			switch {
			case err != nil:
				return err
			case len(rest) > 0:
				return ErrSyntax
			case n < 0 || n > 1<<32-1:
				return ErrRange
			}
			e[i] = uint32(n)
		}
		if e[2] == 0 || uint64(e[0])+uint64(e[2]) > 1<<32 {
			return ErrRange
		}
		m = append(m, Extent{e[0], e[1], e[2]})
		return nil
	})
	if err != nil {
		return nil, err
	}
	return m, nil
}

// Outside returns the reader's id of an id in the namespace; ok is false if it
// has none.
func (m IDMap) Outside(inside uint32) (outside uint32, ok bool) {
	for _, e := range m {
		if outside, ok = e.shift(inside, e.Inside, e.Outside); ok {
			return outside, true
		}
	}
	return 0, false
}

// Inside returns the id in the namespace of one of the reader's; ok is false if
// it has none.
func (m IDMap) Inside(outside uint32) (inside uint32, ok bool) {
	for _, e := range m {
		if inside, ok = e.shift(outside, e.Outside, e.Inside); ok {
			return inside, true
		}
	}
	return 0, false
}

// Covers reports whether the namespace has an id.
func (m IDMap) Covers(inside uint32) bool {
	return slices.ContainsFunc(m, func(e Extent) bool { return inside >= e.Inside && inside-e.Inside < e.Length })
}

// shift moves an id that is in the extent that begins at from to where it is in
// the one that begins at to.
func (e Extent) shift(id, from, to uint32) (uint32, bool) {
	n := uint64(to) + uint64(id-from)
	if id < from || id-from >= e.Length || e.Outside == UnmappedID || n >= UnmappedID || id == UnmappedID {
		return 0, false
	}
	return uint32(n), true
}

// Whole reports whether all ids are in one extent from 0 on, as in the map of the
// initial user namespace, wherever it is read from. That proves nothing: a child
// may have the same (user_namespaces(7)).
func (m IDMap) Whole() bool {
	return len(m) == 1 && m[0].Inside == 0 && m[0].Length == 1<<32-1
}
