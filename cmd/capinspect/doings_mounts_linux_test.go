// SPDX-License-Identifier: Apache-2.0

package main

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// mounts mounts a file system of a kind.
func mounts(kind, source, data string) func(world) error {
	return func(w world) error { return unix.Mount(source, w.path("mine"), kind, 0, data) }
}

// forked starts a process and waits until it has ended.
func forked(attr *syscall.SysProcAttr) error {
	pid, err := syscall.ForkExec("/proc/self/exe", []string{"operation", "--nothing"}, &syscall.ProcAttr{Sys: attr})
	if err != nil {
		return err
	}
	var status syscall.WaitStatus
	_, err = syscall.Wait4(pid, &status, 0, nil)
	return err
}

// onMounts are operations on mounts and on namespaces.
var onMounts = map[string]func(world) error{
	"mount":      func(w world) error { return unix.Mount("none", w.path("mine"), "tmpfs", 0, "") },
	"umount":     func(world) error { return unix.Unmount("/proc", unix.MNT_DETACH) },
	"pivot_root": func(w world) error { return unix.PivotRoot(w.dir, w.dir) },
	"fsopen":     func(world) error { _, err := unix.Fsopen("tmpfs", 0); return err },
	"fspick":     func(world) error { _, err := unix.Fspick(unix.AT_FDCWD, "/", 0); return err },
	"fsmount":    func(world) error { _, err := unix.Fsmount(-1, 0, 0); return err },
	"move_mount": func(w world) error { return unix.MoveMount(-1, "", -1, "", unix.MOVE_MOUNT_F_EMPTY_PATH) },
	"mount_setattr": func(w world) error {
		return unix.MountSetattr(unix.AT_FDCWD, w.dir, 0, &unix.MountAttr{Attr_set: unix.MOUNT_ATTR_NOSUID})
	},
	"open_tree OPEN_TREE_CLONE":       func(world) error { _, err := unix.OpenTree(unix.AT_FDCWD, "/", unix.OPEN_TREE_CLONE); return err },
	"chroot":                          func(world) error { return unix.Chroot("/") },
	"unshare CLONE_NEWNS":             unshares(unix.CLONE_NEWNS),
	"unshare CLONE_NEWNET":            unshares(unix.CLONE_NEWNET),
	"unshare CLONE_NEWPID":            unshares(unix.CLONE_NEWPID),
	"unshare CLONE_NEWUTS":            unshares(unix.CLONE_NEWUTS),
	"unshare CLONE_NEWIPC":            unshares(unix.CLONE_NEWIPC),
	"unshare CLONE_NEWCGROUP":         unshares(unix.CLONE_NEWCGROUP),
	"unshare CLONE_NEWTIME":           unshares(unix.CLONE_NEWTIME),
	"setns to a network namespace":    enters("net", unix.CLONE_NEWNET),
	"setns to a mount namespace":      enters("mnt", unix.CLONE_NEWNS),
	"setns to a pid namespace":        enters("pid", unix.CLONE_NEWPID),
	"sethostname":                     func(world) error { return unix.Sethostname([]byte("x")) },
	"setdomainname":                   func(world) error { return unix.Setdomainname([]byte("x")) },
	"swapon":                          func(w world) error { return invoke(unix.SYS_SWAPON, cstring(w.path("missing")), 0) },
	"swapoff":                         func(w world) error { return invoke(unix.SYS_SWAPOFF, cstring(w.path("missing"))) },
	"fanotify_init FAN_CLASS_CONTENT": func(world) error { _, err := unix.FanotifyInit(unix.FAN_CLASS_CONTENT, 0); return err },
	"open_by_handle_at": func(w world) error {
		handle, _, err := unix.NameToHandleAt(unix.AT_FDCWD, w.path("own"), 0)
		if err != nil {
			return err
		}
		fd, err := unix.Open(w.dir, unix.O_RDONLY, 0)
		if err == nil {
			_, err = unix.OpenByHandleAt(fd, handle, unix.O_RDONLY)
		}
		return err
	},
	"FIFREEZE": func(world) error {
		fd, err := unix.Open("/proc", unix.O_RDONLY, 0) // which no capability freezes
		if err != nil {
			return err
		}
		return invoke(unix.SYS_IOCTL, uintptr(fd), 0xc0045877, 0)
	},

	"mount a block device": mounts("ext4", "/proc/self/exe", ""), // which is none
	"mount overlay":        mounts("overlay", "none", "lowerdir=/nowhere:/nowhere"),
	"mount proc":           mounts("proc", "none", ""),
	"mount fuse":           mounts("fuse", "none", "fd=0,rootmode=40000,user_id=0,group_id=0"), // which is no /dev/fuse
	"unshare CLONE_NEWUSER": func(world) error {
		return forked(&syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWUSER})
	},
	"setns to a user namespace": func(w world) error { // which a process with several threads may not
		pid, _, errno := unix.RawSyscall(unix.SYS_CLONE, uintptr(unix.SIGCHLD), 0, 0)
		if errno != 0 {
			return errno
		}
		if pid == 0 {
			_, _, errno = unix.RawSyscall(unix.SYS_SETNS, uintptr(w.handed), unix.CLONE_NEWUSER, 0)
			unix.RawSyscall(unix.SYS_EXIT_GROUP, uintptr(errno), 0, 0)
		}
		var status unix.WaitStatus
		if _, err := unix.Wait4(int(pid), &status, 0, nil); err != nil || status.ExitStatus() == 0 {
			return err
		}
		return syscall.Errno(status.ExitStatus())
	},
	"uid_map": func(w world) error { return writes(w.proc("uid_map"), "0 1000 2") },
	"gid_map": func(w world) error { return writes(w.proc("gid_map"), "0 1000 2") },
	"quotactl": func(w world) error {
		return opened(w.dir, unix.O_RDONLY, func(fd int) error {
			const getOfUser = 0x800007 << 8
			return invoke(unix.SYS_QUOTACTL_FD, uintptr(fd), getOfUser, 0, 0)
		})
	},
	"FITRIM": onOwn(0xc0185879, 0),
	"losetup": func(w world) error {
		const set, clear = 0x4c00, 0x4c01
		return opened(w.path("own"), unix.O_RDWR, func(fd int) error {
			if err := ioctl(w.handed, set, uintptr(fd)); err != nil {
				return err
			}
			return ioctl(w.handed, clear, 0)
		})
	},
	"BLKRRPART": func(w world) error { return ioctl(w.handed, unix.BLKRRPART, 0) },
}
