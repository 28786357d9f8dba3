// SPDX-License-Identifier: Apache-2.0

package capset

import "errors"

// IDs are the user or the group ids of a task (credentials(7)).
type IDs struct{ Real, Effective, Saved, Filesystem uint32 }

// has reports whether id is one that the task may change to without privilege.
func (i IDs) has(id uint32) bool { return id == i.Real || id == i.Effective || id == i.Saved }

// Credentials are what execve(2) and setuid(2) go by, of one task. Ids are those
// of its own user namespace.
type Credentials struct {
	Sets       State
	UID, GID   IDs
	Groups     []uint32
	Securebits Securebits
	NoNewPrivs bool
}

// Unchanged leaves an id as it is, as -1 in setresuid(2).
const Unchanged = 1<<32 - 1

// ErrPermission is what the kernel answers with EPERM.
var ErrPermission = errors.New("operation not permitted")

// Setresuid returns the credentials after setresuid(2), or [ErrPermission]:
// without SETUID in Effective each new id has to be one of the old ones
// (kernel/sys.c, __sys_setresuid). seteuid(id) is Setresuid(Unchanged, id,
// Unchanged) (seteuid(3)).
func (c Credentials) Setresuid(real, effective, saved uint32) (Credentials, error) {
	after := c
	for _, set := range [...]struct {
		id uint32
		to *uint32
	}{{real, &after.UID.Real}, {effective, &after.UID.Effective}, {saved, &after.UID.Saved}} {
		if set.id == Unchanged {
			continue
		}
		if !c.UID.has(set.id) && !c.Sets[Effective].Has(Setuid) {
			return c, ErrPermission
		}
		*set.to = set.id
	}
	after.UID.Filesystem = after.UID.Effective
	after.fixSets(&c)
	return after, nil
}

// Setuid returns the credentials after setuid(2), or [ErrPermission]: with SETUID
// in Effective it sets all ids, else the effective one to the real or the saved
// one (kernel/sys.c, __sys_setuid).
func (c Credentials) Setuid(id uint32) (Credentials, error) {
	after := c
	switch {
	case id == Unchanged:
		return c, ErrPermission // EINVAL, in truth: it is no id
	case c.Sets[Effective].Has(Setuid):
		after.UID.Real, after.UID.Saved = id, id
	case id != c.UID.Real && id != c.UID.Saved:
		return c, ErrPermission
	}
	after.UID.Effective, after.UID.Filesystem = id, id
	after.fixSets(&c)
	return after, nil
}

// fixSets changes the sets as the kernel does where uids become 0 or cease to be
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
