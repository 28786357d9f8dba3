// SPDX-License-Identifier: Apache-2.0

package procstatus

import (
	"bytes"
	"slices"
)

// Extent is one line of an id map: the Length ids from Inside on in a user
// namespace are the ids from Outside on in the reader's. If the reader is in that
// namespace itself, Outside is in its parent (user_namespaces(7), "User and group
// ID mappings"; kernel/user_namespace.c, uid_m_show).
//
// The kernel translates only the first id. The others certainly follow if the
// namespace is the reader's or below it; another reader may have fewer of them
// than Length.
type Extent struct{ Inside, Outside, Length uint32 }

// UnmappedID is the Outside of ids that have no number in the reader's user
// namespace. It is not an id.
const UnmappedID = 1<<32 - 1

// IDMap is a /proc/PID/uid_map or gid_map (since Linux 3.5). It has at most 340
// extents, before Linux 4.15 at most 5. A user namespace whose map is not written
// yet has an empty one: all its ids are the overflow id.
type IDMap []Extent

// ParseIDMap parses a uid_map or gid_map and keeps the order of its lines. A line
// that is not three numbers of 32 bits, or that has no ids or too many, gives a
// [*LineError].
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

// Outside translates an id of the namespace into the reader's; ok is false if it
// has none there.
func (m IDMap) Outside(inside uint32) (outside uint32, ok bool) {
	for _, e := range m {
		if outside, ok = e.shift(inside, e.Inside, e.Outside); ok {
			return outside, true
		}
	}
	return 0, false
}

// Inside translates an id of the reader's into the namespace's; ok is false if it
// has none there.
func (m IDMap) Inside(outside uint32) (inside uint32, ok bool) {
	for _, e := range m {
		if inside, ok = e.shift(outside, e.Outside, e.Inside); ok {
			return inside, true
		}
	}
	return 0, false
}

// Covers reports whether the namespace has the id.
func (m IDMap) Covers(inside uint32) bool {
	return slices.ContainsFunc(m, func(e Extent) bool { return inside >= e.Inside && inside-e.Inside < e.Length })
}

// shift translates an id between the two sides of the extent, which begin at from
// and at to.
func (e Extent) shift(id, from, to uint32) (uint32, bool) {
	n := uint64(to) + uint64(id-from)
	if id < from || id-from >= e.Length || e.Outside == UnmappedID || n >= UnmappedID || id == UnmappedID {
		return 0, false
	}
	return uint32(n), true
}

// Whole reports whether one extent has all ids, as in the map of the initial user
// namespace. It does not prove that this is the initial one: a child may have the
// same map (user_namespaces(7)).
func (m IDMap) Whole() bool {
	return len(m) == 1 && m[0].Inside == 0 && m[0].Length == 1<<32-1
}
