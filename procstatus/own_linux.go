// SPDX-License-Identifier: Apache-2.0

package procstatus

import (
	"fmt"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/capinspect/capinspect/capset"
)

// OwnSecurebits returns the securebits of the calling thread (prctl(2),
// PR_GET_SECUREBITS; since Linux 2.6.26). Nobody can read those of another task.
// The error is that of the system call, which a sandbox may refuse.
func OwnSecurebits() (capset.Securebits, error) {
	n, err := unix.PrctlRetInt(unix.PR_GET_SECUREBITS, 0, 0, 0, 0)
	if err != nil {
		return 0, fmt.Errorf("prctl PR_GET_SECUREBITS: %w", err)
	}
	return capset.Securebits(n), nil
}

// OwnNoNewPrivs reports whether no_new_privs is set for the calling thread
// (prctl(2), PR_GET_NO_NEW_PRIVS; since Linux 3.5, seven years before the
// status file has the line).
func OwnNoNewPrivs() (bool, error) {
	n, err := unix.PrctlRetInt(unix.PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0)
	if err != nil {
		return false, fmt.Errorf("prctl PR_GET_NO_NEW_PRIVS: %w", err)
	}
	return n == 1, nil
}

// OwnLastCap returns the highest capability of the running kernel. It asks for one
// after the other (prctl(2), PR_CAPBSET_READ; since Linux 2.6.25), and so needs no
// /proc/sys.
func OwnLastCap() (capset.Cap, error) {
	_, last, err := ownBits(unix.PR_CAPBSET_READ, 0)
	if err != nil {
		return 0, fmt.Errorf("prctl PR_CAPBSET_READ: %w", err)
	}
	return last, nil
}

// ownBits asks for every bit of a set, and returns the set and the highest
// capability that the kernel knows.
func ownBits(option int, sub uintptr) (set capset.Set, last capset.Cap, err error) {
	for c := capset.Cap(0); c <= capset.Max; c++ {
		args := [2]uintptr{sub, uintptr(c)}
		if option == unix.PR_CAPBSET_READ {
			args = [2]uintptr{uintptr(c), 0}
		}
		n, err := unix.PrctlRetInt(option, args[0], args[1], 0, 0)
		if err != nil {
			if c == 0 || err != unix.EINVAL {
				return 0, 0, err
			}
			return set, c - 1, nil
		}
		if n == 1 {
			set |= capset.Of(c)
		}
	}
	return set, capset.Max, nil
}

// Own returns the status of the calling thread as far as system calls tell it:
// name, ids, groups, the five capability sets, no_new_privs and the seccomp mode.
// It needs no /proc. A field whose system call a sandbox refuses is missing.
func Own() *Status {
	s := new(Status)
	s.ownCaps()
	s.ownIDs()
	// As in /proc/self/status, which is that of the leader.
	s.Tgid, s.Pid, s.PPid = unix.Getpid(), unix.Getpid(), unix.Getppid()
	s.mark(FieldTgid, FieldPid, FieldPPid)
	var comm [16]byte
	if unix.Prctl(unix.PR_GET_NAME, uintptr(unsafe.Pointer(&comm)), 0, 0, 0) == nil {
		s.Name, _, _ = strings.Cut(string(comm[:]), "\x00")
		s.mark(FieldName)
	}
	if nnp, err := OwnNoNewPrivs(); err == nil {
		s.NoNewPrivs = nnp
		s.mark(FieldNoNewPrivs)
	}
	if mode, err := unix.PrctlRetInt(unix.PR_GET_SECCOMP, 0, 0, 0, 0); err == nil {
		s.Seccomp = mode
		s.mark(FieldSeccomp)
	}
	return s
}

// mark says that fields are known.
func (s *Status) mark(fields ...Field) {
	for _, f := range fields {
		s.seen |= 1 << f
	}
}

// hold makes a set the one that the task has.
func (s *Status) hold(k capset.Kind, set capset.Set) {
	s.caps[k] = set
	s.mark(CapField(k))
}

func (s *Status) ownCaps() {
	if sets, err := Capget(0); err == nil {
		for _, k := range [...]capset.Kind{capset.Inheritable, capset.Permitted, capset.Effective} {
			s.hold(k, sets[k])
		}
	}
	if set, _, err := ownBits(unix.PR_CAPBSET_READ, 0); err == nil {
		s.hold(capset.Bounding, set)
	}
	if set, _, err := ownBits(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_IS_SET); err == nil {
		s.hold(capset.Ambient, set)
	}
}

func (s *Status) ownIDs() {
	r, e, saved := unix.Getresuid()
	s.UID = IDs{Real: uint32(r), Effective: uint32(e), Saved: uint32(saved), Filesystem: uint32(e)}
	r, e, saved = unix.Getresgid()
	s.GID = IDs{Real: uint32(r), Effective: uint32(e), Saved: uint32(saved), Filesystem: uint32(e)}
	// -1 is not an id, and changes nothing (setfsuid(2)).
	if id, err := unix.SetfsuidRetUid(-1); err == nil {
		s.UID.Filesystem = uint32(id)
	}
	if id, err := unix.SetfsgidRetGid(-1); err == nil {
		s.GID.Filesystem = uint32(id)
	}
	s.mark(FieldUID, FieldGID)
	if groups, err := unix.Getgroups(); err == nil {
		for _, g := range groups {
			s.Groups = append(s.Groups, uint32(g))
		}
		s.mark(FieldGroups)
	}
}

// Capget returns Effective, Permitted and Inheritable of a task by capget(2), at
// a twentieth of the cost of its status file. tid is a number of the caller's own
// pid namespace; 0 is the calling thread. Bounding and Ambient are empty: the call
// does not return them. The error is that of the system call, unix.ESRCH if there is
// no such task. Sets of 64 bits need Linux 2.6.26.
func Capget(tid int) (s capset.State, err error) {
	if tid != int(int32(tid)) {
		return s, unix.ESRCH
	}
	head := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3, Pid: int32(tid)}
	var data [2]unix.CapUserData
	if err := unix.Capget(&head, &data[0]); err != nil {
		return s, err
	}
	s[capset.Inheritable] = capset.Set(data[1].Inheritable)<<32 | capset.Set(data[0].Inheritable)
	s[capset.Permitted] = capset.Set(data[1].Permitted)<<32 | capset.Set(data[0].Permitted)
	s[capset.Effective] = capset.Set(data[1].Effective)<<32 | capset.Set(data[0].Effective)
	return s, nil
}
