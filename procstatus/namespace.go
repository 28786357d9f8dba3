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

// namespaces are the files in /proc/PID/ns, and the inodes of the initial
// namespaces that are the same on every kernel that has the file
// (include/linux/proc_ns.h). Those of mnt and net are fixed on the latest only
// (include/uapi/linux/nsfs.h), and differ from boot to boot before.
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

// String returns the name of the file in /proc/PID/ns; the number of a kind that
// is none.
func (k NamespaceKind) String() string {
	if k >= NumNamespaces {
		return strconv.Itoa(int(k))
	}
	return namespaces[k].name
}

// Since returns the Linux release since which there is the file; "" of a kind
// that is none.
func (k NamespaceKind) Since() string {
	if k >= NumNamespaces {
		return ""
	}
	return namespaces[k].since
}

// Initial returns the inode of the initial namespace, since Linux 3.8; ok is
// false if that is not the same on every kernel.
func (k NamespaceKind) Initial() (inode uint64, ok bool) {
	if k >= NumNamespaces {
		return 0, false
	}
	inode = uint64(namespaces[k].initial)
	return inode, inode != 0
}

// firstNamespace is the lowest inode of a namespace: that of the initial one of kind
// mnt, where it is fixed. Those that are made later follow upon the initial ones
// (fs/proc/generic.c, PROC_DYNAMIC_FIRST).
const firstNamespace = 0xEFFFFFF8

// LinuxNamespace reports whether Linux can have given a namespace this inode, since
// 3.8. gVisor, whose kernel serves one sandbox, counts from 1.
func LinuxNamespace(inode uint64) bool {
	return inode >= firstNamespace && inode <= math.MaxUint32
}

// ParseNamespace returns the kind and the inode of a namespace from where a
// link in /proc/PID/ns leads to, as "pid:[4026531836]". Two tasks are in the same
// one if both are equal.
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
