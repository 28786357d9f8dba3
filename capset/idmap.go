// SPDX-License-Identifier: Apache-2.0

package capset

// IDMapNeeds returns the capabilities that newuidmap(1) needs to write the map of a user
// namespace: id is [Setuid], or [Setgid] for newgidmap(1), which the kernel asks for in the
// user namespace above. Another effective uid than the one that made the namespace, its
// owner, also needs SYS_ADMIN in the namespace, and DAC_OVERRIDE to open the map
// (kernel/user_namespace.c, map_write and new_idmap_permitted).
func IDMapNeeds(id Cap, owner bool) Set {
	if owner {
		return Of(id)
	}
	return Of(id, SysAdmin, DacOverride)
}
