// SPDX-License-Identifier: Apache-2.0

package capset

import "errors"

// IDs are the user or the group ids of a task (credentials(7)).
type IDs struct{ Real, Effective, Saved, Filesystem uint32 }

// has reports whether id is one that the task may change to without privilege.
func (i IDs) has(id uint32) bool { return id == i.Real || id == i.Effective || id == i.Saved }

// Credentials are what decides the outcome of execve(2) and setuid(2) for one task.
// Ids are those of its own user namespace.
type Credentials struct {
	Sets       State
	UID, GID   IDs
	Groups     []uint32
	Securebits Securebits
	NoNewPrivs bool
}

// Unchanged leaves an id as it is, as -1 does in setresuid(2). It is not an id.
const Unchanged = 1<<32 - 1

// The errors of [Credentials.Setresuid] and [Credentials.Setuid].
var (
	// ErrPermission stands for EPERM: the task may not take the id.
	ErrPermission = errors.New("operation not permitted")
	// ErrInvalidID stands for EINVAL: the number is no user id (setuid(2)).
	ErrInvalidID = errors.New("invalid user id")
)

// Setresuid returns the credentials after setresuid(2). Without SETUID in
// Effective, each new id has to be one of the three old ones, or the error is
// [ErrPermission]. Unchanged leaves an id as it is. The filesystem uid becomes the
// effective uid, unless the call changes nothing: then it stays too
// (kernel/sys.c, __sys_setresuid; kernels without the check "for no-op" there
// always set it).
//
// seteuid(id) is Setresuid(Unchanged, id, Unchanged) (seteuid(3)). The kernel also
// refuses an id that the user namespace does not map, with EINVAL. Credentials
// do not know the map.
func (c Credentials) Setresuid(real, effective, saved uint32) (Credentials, error) {
	old := c.UID
	kept := func(id, was uint32) bool { return id == Unchanged || id == was }
	if kept(real, old.Real) && kept(saved, old.Saved) &&
		(effective == Unchanged || effective == old.Effective && effective == old.Filesystem) {
		return c, nil
	}

	after := c
	for _, set := range [...]struct {
		id uint32
		to *uint32
	}{{real, &after.UID.Real}, {effective, &after.UID.Effective}, {saved, &after.UID.Saved}} {
		if set.id == Unchanged {
			continue
		}
		if !old.has(set.id) && !c.Sets[Effective].Has(Setuid) {
			return c, ErrPermission
		}
		*set.to = set.id
	}
	after.UID.Filesystem = after.UID.Effective
	after.fixSets(&c)
	return after, nil
}

// Setuid returns the credentials after setuid(2). With SETUID in Effective it sets
// all ids. Without it, it sets the effective and the filesystem uid, which have to
// be the real or the saved one, or the error is [ErrPermission]. For [Unchanged]
// the error is [ErrInvalidID] (kernel/sys.c, __sys_setuid). The kernel answers
// EINVAL also for an id that the user namespace does not map. Credentials do not
// know the map.
func (c Credentials) Setuid(id uint32) (Credentials, error) {
	after := c
	switch {
	case id == Unchanged:
		return c, ErrInvalidID
	case c.Sets[Effective].Has(Setuid):
		after.UID.Real, after.UID.Saved = id, id
	case id != c.UID.Real && id != c.UID.Saved:
		return c, ErrPermission
	}
	after.UID.Effective, after.UID.Filesystem = id, id
	after.fixSets(&c)
	return after, nil
}

// fixSets changes the sets as the kernel does when a uid becomes 0 or is 0 no longer
// (capabilities(7), "Effect of user ID changes on capabilities";
// security/commoncap.c, cap_emulate_setxuid).
func (c *Credentials) fixSets(before *Credentials) {
	if before.Securebits&NoSetuidFixup != 0 {
		return
	}
	if before.UID.has(0) && !c.UID.has(0) {
		if before.Securebits&KeepCaps == 0 {
			c.Sets[Permitted], c.Sets[Effective] = 0, 0
		}
		c.Sets[Ambient] = 0
	}
	switch was, is := before.UID.Effective == 0, c.UID.Effective == 0; {
	case was && !is:
		c.Sets[Effective] = 0
	case !was && is:
		c.Sets[Effective] = c.Sets[Permitted]
	}
}
