// SPDX-License-Identifier: Apache-2.0

package operation

import "github.com/capinspect/capinspect/capset"

// admin is what most operations on mounts and namespaces ask for.
var admin = []capset.Cap{capset.SysAdmin}

// mounts returns operations on mounts and on namespaces (fs/namespace.c, kernel/nsproxy.c).
func mounts() []Operation {
	return []Operation{
		{
			Names: []string{"mount", "bind mount", "remount"}, Caps: admin, Errno: "EPERM", Scope: capset.ScopeMnt, Calls: []string{"mount"},
			Why:     "Changing mounts is checked against the user namespace that owns the mount namespace.",
			Instead: []Note{ownNamespace}, Gates: []Note{securityMod, {"locked", "mounts that came with the namespace cannot be taken apart in a child user namespace"}},
		},
		{
			Names: []string{"mount a block device", "mount ext4", "mount xfs", "mount btrfs", "mount vfat", "mount squashfs", "mount debugfs", "mount tracefs", "mount securityfs", "mount hugetlbfs"}, Caps: admin, Errno: "EPERM", Scope: capset.ScopeInitial, Calls: []string{"mount"},
			Why:     "A child user namespace may mount only some file systems, and none on block devices.",
			Instead: []Note{{"fuse", "a FUSE file system, as fuse2fs, with /dev/fuse"}}, Gates: []Note{securityMod, deviceCgroup},
		},
		{
			Names: []string{"mount nfs", "mount cifs", "mount.nfs", "mount.cifs"}, Caps: admin, Errno: "EPERM", Scope: capset.ScopeInitial, Calls: []string{"mount"},
			Unverified: noneHere,
			Why:        "Only the initial user namespace may mount network file systems.",
			Instead:    []Note{{"volume", "let the node mount it, as a volume"}}, Gates: []Note{securityMod},
		},
		{
			Names: []string{"mount overlay", "mount overlayfs"}, Caps: admin, Errno: "EPERM", Scope: capset.ScopeMnt, Calls: []string{"mount"},
			Why:     "An overlay is checked like any mount; a child user namespace may mount one since Linux 5.11.",
			Instead: []Note{ownNamespace}, Gates: []Note{securityMod},
		},
		{
			Names: []string{"mount proc", "mount sysfs"}, Caps: admin, Errno: "EPERM", Scope: capset.ScopePID, Calls: []string{"mount"},
			Why:     "It is checked against the owner of the pid namespace, or for sysfs of the network namespace.",
			Instead: []Note{ownNamespace}, Gates: []Note{{"proc-masked", "below another user namespace it needs a /proc in which nothing is masked or read-only: EPERM in an unprivileged container"}},
		},
		{
			Names: []string{"mount fuse", "fusermount", "fusermount3", "fuse-overlayfs"}, Caps: admin, Errno: "EPERM", Scope: capset.ScopeMnt, Calls: []string{"mount"},
			Why:     "FUSE is checked like any mount; a child user namespace may mount it since Linux 4.18. A set-user-ID fusermount does it for users.",
			Instead: []Note{ownNamespace, {"set-user-ID", "fusermount with its set-user-ID bit, without no_new_privs"}}, Gates: []Note{deviceCgroup, securityMod},
		},
		{
			Names: []string{"umount", "umount2"}, Caps: admin, Errno: "EPERM", Scope: capset.ScopeMnt, Calls: []string{"umount2"},
			Why: "Unmounting is checked against the user namespace that owns the mount namespace.", Instead: []Note{ownNamespace}, Gates: []Note{securityMod},
		},
		{
			Names: []string{"pivot_root"}, Caps: admin, Errno: "EPERM", Scope: capset.ScopeMnt, Calls: []string{"pivot_root"},
			Why: "It changes mounts.", Instead: []Note{ownNamespace}, Gates: []Note{securityMod},
		},
		{
			Names: []string{"fsopen"}, Caps: admin, Errno: "EPERM", Scope: capset.ScopeMnt, Calls: []string{"fsopen"},
			Why: "It begins a mount, and is checked like mount.", Instead: []Note{ownNamespace},
		},
		{
			Names: []string{"fspick"}, Caps: admin, Errno: "EPERM", Scope: capset.ScopeMnt, Calls: []string{"fspick"},
			Why: "It begins a remount, and is checked like mount.", Instead: []Note{ownNamespace},
		},
		{
			Names: []string{"fsmount"}, Caps: admin, Errno: "EPERM", Scope: capset.ScopeMnt, Calls: []string{"fsmount"},
			Why: "It makes a mount, and is checked like mount.", Instead: []Note{ownNamespace},
		},
		{
			Names: []string{"move_mount"}, Caps: admin, Errno: "EPERM", Scope: capset.ScopeMnt, Calls: []string{"move_mount"},
			Why: "It attaches a mount, and is checked like mount.", Instead: []Note{ownNamespace}, Gates: []Note{securityMod},
		},
		{
			Names: []string{"mount_setattr"}, Caps: admin, Errno: "EPERM", Scope: capset.ScopeMnt, Calls: []string{"mount_setattr"},
			Why: "It changes the options of mounts. An idmapped mount is also checked against the owner of the file system.", Instead: []Note{ownNamespace},
		},
		{
			Names: []string{"open_tree OPEN_TREE_CLONE", "OPEN_TREE_CLONE"}, Caps: admin, Errno: "EPERM", Scope: capset.ScopeMnt, Calls: []string{"open_tree"},
			Why: "A copy of mounts is checked like mount; without OPEN_TREE_CLONE it only opens a path.", Instead: []Note{ownNamespace},
		},
		{
			Names: []string{"chroot"}, Caps: []capset.Cap{capset.SysChroot}, Errno: "EPERM", Scope: capset.ScopeOwn, Calls: []string{"chroot"},
			Why:     "The root directory belongs to the task, so its own user namespace decides.",
			Instead: []Note{{"user-namespace", "in a user namespace of its own: unshare -Ur"}}, Gates: []Note{{"dac", "it needs the right to search the directory"}},
		},
		{
			Names: []string{"unshare CLONE_NEWNS", "CLONE_NEWNS", "unshare --mount", "unshare -m"}, Caps: admin, Errno: "EPERM", Scope: capset.ScopeOwn, Calls: []string{"unshare", "clone", "clone3"},
			Why: "Making a mount namespace is checked against the task's own user namespace.", Instead: []Note{{"user-namespace", "together with CLONE_NEWUSER it needs none"}}, Gates: []Note{mayUnshare},
		},
		{
			Names: []string{"unshare CLONE_NEWNET", "CLONE_NEWNET", "unshare --net", "unshare -n", "ip netns add"}, Caps: admin, Errno: "EPERM", Scope: capset.ScopeOwn, Calls: []string{"unshare", "clone", "clone3"},
			Why: "Making a network namespace is checked against the task's own user namespace.", Instead: []Note{{"user-namespace", "together with CLONE_NEWUSER it needs none"}}, Gates: []Note{mayUnshare},
		},
		{
			Names: []string{"unshare CLONE_NEWPID", "CLONE_NEWPID", "unshare --pid", "unshare -p"}, Caps: admin, Errno: "EPERM", Scope: capset.ScopeOwn, Calls: []string{"unshare", "clone", "clone3"},
			Why: "Making a pid namespace is checked against the task's own user namespace.", Instead: []Note{{"user-namespace", "together with CLONE_NEWUSER it needs none"}}, Gates: []Note{mayUnshare},
		},
		{
			Names: []string{"unshare CLONE_NEWUTS", "CLONE_NEWUTS", "unshare --uts"}, Caps: admin, Errno: "EPERM", Scope: capset.ScopeOwn, Calls: []string{"unshare", "clone", "clone3"},
			Why: "Making a UTS namespace is checked against the task's own user namespace.", Instead: []Note{{"user-namespace", "together with CLONE_NEWUSER it needs none"}}, Gates: []Note{mayUnshare},
		},
		{
			Names: []string{"unshare CLONE_NEWIPC", "CLONE_NEWIPC", "unshare --ipc", "unshare -i"}, Caps: admin, Errno: "EPERM", Scope: capset.ScopeOwn, Calls: []string{"unshare", "clone", "clone3"},
			Why: "Making an IPC namespace is checked against the task's own user namespace.", Instead: []Note{{"user-namespace", "together with CLONE_NEWUSER it needs none"}}, Gates: []Note{mayUnshare},
		},
		{
			Names: []string{"unshare CLONE_NEWCGROUP", "CLONE_NEWCGROUP", "unshare --cgroup", "unshare -C"}, Caps: admin, Errno: "EPERM", Scope: capset.ScopeOwn, Calls: []string{"unshare", "clone", "clone3"},
			Why: "Making a cgroup namespace is checked against the task's own user namespace.", Instead: []Note{{"user-namespace", "together with CLONE_NEWUSER it needs none"}}, Gates: []Note{mayUnshare},
		},
		{
			Names: []string{"unshare CLONE_NEWTIME", "CLONE_NEWTIME", "unshare --time", "unshare -T"}, Caps: admin, Errno: "EPERM", Scope: capset.ScopeOwn, Calls: []string{"unshare", "clone3"},
			Why: "Making a time namespace is checked against the task's own user namespace.", Instead: []Note{{"user-namespace", "together with CLONE_NEWUSER it needs none"}}, Gates: []Note{mayUnshare},
		},
		{
			Names: []string{"unshare CLONE_NEWUSER", "CLONE_NEWUSER", "unshare", "unshare --user", "unshare -U", "unshare -Ur", "user namespace", "userns"}, Calls: []string{"unshare", "clone", "clone3"},
			Why:   "Making a user namespace needs no capability; namespaces made at the same time are then checked against the new one.",
			Gates: []Note{mayUnshare, {"chroot", "a task whose root directory is not that of its mount namespace may not make one (EPERM)"}},
		},
		{
			Names: []string{"setns to a mount namespace", "nsenter --mount", "nsenter -m"}, Caps: []capset.Cap{capset.SysAdmin, capset.SysChroot}, All: true, Errno: "EPERM", Scope: capset.ScopeMnt, Calls: []string{"setns"},
			Elsewhere: map[capset.Cap]capset.Scope{capset.SysChroot: capset.ScopeOwn},
			Why:       "SYS_ADMIN is checked against the owner of that namespace, and both against the task's own user namespace.", Gates: []Note{{"ptrace", "opening /proc/PID/ns/mnt of another process takes SYS_PTRACE over it"}},
		},
		{
			Names: []string{"setns", "setns to a network namespace", "nsenter --net", "nsenter -n", "ip netns exec"}, Caps: admin, Errno: "EPERM", Scope: capset.ScopeNet, Calls: []string{"setns"},
			Why: "It is checked against the owner of that namespace and the task's own user namespace.", Gates: []Note{{"ptrace", "opening /proc/PID/ns/net of another process takes SYS_PTRACE over it"}},
		},
		{
			Names: []string{"setns to a user namespace", "nsenter --user", "nsenter -U"}, Caps: admin, Errno: "EPERM", Scope: capset.ScopeOwn, Calls: []string{"setns"},
			Why:     "It is checked against that user namespace.",
			Instead: []Note{{"owner", "the user that made the namespace has every capability over it, from the namespace above"}},
		},
		{
			Names: []string{"setns to a pid namespace", "nsenter --pid", "nsenter -p"}, Caps: admin, Errno: "EPERM", Scope: capset.ScopePID, Calls: []string{"setns"},
			Why: "It is checked against the owner of that namespace and the task's own user namespace.",
		},
		{
			Names: []string{"sethostname", "hostname NAME"}, Caps: admin, Errno: "EPERM", Scope: capset.ScopeUTS, Calls: []string{"sethostname"},
			Why: "It is checked against the owner of the UTS namespace.", Instead: []Note{ownNamespace},
		},
		{
			Names: []string{"setdomainname", "domainname NAME"}, Caps: admin, Errno: "EPERM", Scope: capset.ScopeUTS, Calls: []string{"setdomainname"},
			Why: "It is checked against the owner of the UTS namespace.", Instead: []Note{ownNamespace},
		},
		{
			Names: []string{"write /proc/PID/uid_map", "/proc/PID/uid_map", "uid_map", "newuidmap"}, Caps: []capset.Cap{capset.SysAdmin, capset.Setuid}, All: true, Errno: "EPERM", Scope: capset.ScopeOwn,
			Why:     "Mapping ids other than one's own takes SYS_ADMIN over the new namespace and SETUID in the one above it; mapping uid 0 of that one also takes SETFCAP, since Linux 5.12.",
			Instead: []Note{{"own-id", "a single line that maps the writer's own effective uid needs none"}, {"file-capability", "newuidmap with cap_setuid=ep: its euid made the namespace, and so has SYS_ADMIN over it"}},
			Gates:   []Note{{"subuid", "newuidmap maps only what /etc/subuid allows"}},
		},
		{
			Names: []string{"write /proc/PID/gid_map", "/proc/PID/gid_map", "gid_map", "newgidmap"}, Caps: []capset.Cap{capset.SysAdmin, capset.Setgid}, All: true, Errno: "EPERM", Scope: capset.ScopeOwn,
			Why:     "Mapping ids other than one's own takes SYS_ADMIN over the new namespace and SETGID in the one above it.",
			Instead: []Note{{"own-id", "a single line that maps the writer's own effective gid needs none, once setgroups is denied"}, {"file-capability", "newgidmap with cap_setgid=ep"}},
			Gates:   []Note{{"subgid", "newgidmap maps only what /etc/subgid allows"}},
		},
		{
			Names: []string{"swapon"}, Caps: admin, Errno: "EPERM", Scope: capset.ScopeInitial, Calls: []string{"swapon"},
			Why: "Swap belongs to the machine.",
		},
		{
			Names: []string{"swapoff"}, Caps: admin, Errno: "EPERM", Scope: capset.ScopeInitial, Calls: []string{"swapoff"},
			Why: "Swap belongs to the machine.",
		},
		{
			Names: []string{"quotactl", "quotaon", "setquota"}, Caps: admin, Errno: "EPERM", Scope: capset.ScopeInitial, Calls: []string{"quotactl", "quotactl_fd"},
			Why: "Changing quotas, and reading those of others, is checked against the initial user namespace; reading one's own needs none.",
		},
		{
			Names: []string{"fanotify_init FAN_CLASS_CONTENT", "fanotify_init", "fanotify", "FAN_CLASS_CONTENT"}, Caps: admin, Errno: "EPERM", Scope: capset.ScopeInitial, Calls: []string{"fanotify_init"},
			Why: "Permission events, marks on mounts and file systems, and unlimited queues need it; FAN_CLASS_NOTIF with FAN_REPORT_FID needs none since Linux 5.13.",
		},
		{
			Names: []string{"open_by_handle_at"}, Caps: []capset.Cap{capset.DacReadSearch}, Errno: "EPERM", Scope: capset.ScopeInitial, Calls: []string{"open_by_handle_at"},
			Why: "A handle opens any file of the file system, even outside a container's root.",
		},
		{
			Names: []string{"FIFREEZE", "FITHAW", "fsfreeze"}, Caps: admin, Errno: "EPERM", Scope: capset.ScopeInitial,
			Why: "It is checked against the user namespace that the file system was mounted in, usually the initial one.", Instead: []Note{ownMount},
		},
		{
			Names: []string{"FITRIM", "fstrim"}, Caps: admin, Errno: "EPERM", Scope: capset.ScopeInitial,
			Why: "Discarding free blocks is checked against the initial user namespace.",
		},
		{
			Names: []string{"BLKRRPART", "partprobe", "blockdev --rereadpt"}, Caps: admin, Errno: "EACCES", Scope: capset.ScopeInitial,
			Why: "Reading a partition table again is checked against the initial user namespace.", Gates: []Note{fileMode, deviceCgroup},
		},
		{
			Names: []string{"losetup", "LOOP_CONFIGURE", "loop device"}, Scope: capset.ScopeInitial,
			Why:   "Setting up a loop device needs the right to open it and no capability; mounting it takes SYS_ADMIN.",
			Gates: []Note{{"dac", "/dev/loop-control and /dev/loop* belong to root and the group disk"}, deviceCgroup},
		},
	}
}
