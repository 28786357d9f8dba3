// SPDX-License-Identifier: Apache-2.0

package procstatus

import (
	"math"
	"strconv"
	"strings"
)

// NamespaceKind is a kind of namespace (namespaces(7)), in the order of their
// names.
type NamespaceKind uint8

// The kinds.
const (
	NamespaceCgroup NamespaceKind = iota
	NamespaceIPC
	NamespaceMnt
	NamespaceNet
	NamespacePID
	NamespaceTime
	NamespaceUser
	NamespaceUTS
	NumNamespaces = iota
)

// namespaces are the files in /proc/PID/ns, and the inodes of those initial
// namespaces that have the same one on every kernel (include/linux/proc_ns.h).
// Those of mnt and net are fixed only on the latest kernels
// (include/uapi/linux/nsfs.h); before, they differ from boot to boot.
var namespaces = [NumNamespaces]struct {
	name, since string
	initial     uint32
}{
	NamespaceCgroup: {"cgroup", "4.6", 0xEFFFFFFB},
	NamespaceIPC:    {"ipc", "3.0", 0xEFFFFFFF},
	NamespaceMnt:    {"mnt", "3.8", 0},
	NamespaceNet:    {"net", "3.0", 0},
	NamespacePID:    {"pid", "3.8", 0xEFFFFFFC},
	NamespaceTime:   {"time", "5.6", 0xEFFFFFFA},
	NamespaceUser:   {"user", "3.8", 0xEFFFFFFD},
	NamespaceUTS:    {"uts", "3.0", 0xEFFFFFFE},
}

// String returns the name of the file in /proc/PID/ns, the number for an unknown
// kind.
func (k NamespaceKind) String() string {
	if k >= NumNamespaces {
		return strconv.Itoa(int(k))
	}
	return namespaces[k].name
}

// Since returns the first Linux release that has the file, "" for an unknown kind.
func (k NamespaceKind) Since() string {
	if k >= NumNamespaces {
		return ""
	}
	return namespaces[k].since
}

// Initial returns the inode of the initial namespace (since Linux 3.8); ok is
// false if it is not the same on every kernel.
func (k NamespaceKind) Initial() (inode uint64, ok bool) {
	if k >= NumNamespaces {
		return 0, false
	}
	inode = uint64(namespaces[k].initial)
	return inode, inode != 0
}

// InitialSince618 returns the inode of the initial mnt or net namespace since Linux 6.18
// (include/uapi/linux/nsfs.h); ok is false for another kind. On older kernels no namespace
// has it.
func (k NamespaceKind) InitialSince618() (inode uint64, ok bool) {
	switch k {
	case NamespaceMnt:
		return firstNamespace, true
	case NamespaceNet:
		return firstNamespace + 1, true
	}
	return 0, false
}

// firstNamespace is the lowest inode of a namespace, that of the initial mnt
// namespace where it is fixed. Namespaces that are made later have higher ones
// (fs/proc/generic.c, PROC_DYNAMIC_FIRST).
const firstNamespace = 0xEFFFFFF8

// LinuxNamespace reports whether a namespace of Linux can have this inode (since
// Linux 3.8). gVisor, which is a kernel for one sandbox, counts from 1.
func LinuxNamespace(inode uint64) bool {
	return inode >= firstNamespace && inode <= math.MaxUint32
}

// ParseNamespace parses the target of a link in /proc/PID/ns, as
// "pid:[4026531836]". Two tasks are in the same namespace if kind and inode are
// equal.
func ParseNamespace(link string) (kind string, inode uint64, err error) {
	kind, rest, ok := strings.Cut(link, ":[")
	digits, closed := strings.CutSuffix(rest, "]")
	if !ok || !closed || kind == "" {
		return "", 0, ErrSyntax
	}
	inode, err = strconv.ParseUint(digits, 10, 64)
	if err != nil || inode == 0 {
		return "", 0, ErrSyntax
	}
	return kind, inode, nil
}
