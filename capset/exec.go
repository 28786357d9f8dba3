// SPDX-License-Identifier: Apache-2.0

package capset

import (
	"errors"
	"slices"
	"strings"
)

// File is what execve(2) goes by of a program file, for one task. The zero File
// has no privilege to give.
type File struct {
	Mode     uint32    // the permission bits of stat(2), inode(7)
	UID, GID uint32    // of its owner, as the task's user namespace has them
	Caps     *FileCaps // nil if it has none
	// NoSuid is set if the file gives nothing where it is: its mount is nosuid, or
	// of another mount namespace, or the file system of another user namespace
	// (fs/namespace.c, mnt_may_suid).
	NoSuid bool
	// ForeignCaps is set if its capabilities count in another user namespace: their
	// RootID is root neither in the task's nor in one above it.
	ForeignCaps bool
	// Unmapped is set if its owner or its group has no id in the task's user
	// namespace.
	Unmapped bool
}

// Mode bits of a File.
const (
	setUserID  = 0o4000
	setGroupID = 0o2000
	groupExec  = 0o0010
)

// Circumstances are what execve(2) goes by beside task and file. The zero value is
// that of a task that nobody traces, but for Last.
type Circumstances struct {
	Last Cap // the last capability of the kernel
	// Traced is set if a tracer looks on that lacks SYS_PTRACE in the task's user
	// namespace.
	Traced bool
	// SharesFS is set if another process has the same root and working directory
	// (clone(2), CLONE_FS).
	SharesFS bool
	// ComparesReal is set for kernels before Linux 6.16: ids count as changed if the
	// new effective ones are not the old real ones. Since then they are compared
	// with the old effective uid, and with the groups that the task is in.
	ComparesReal bool
}

// Step is one rule of execve(2) that had a say. Its code is stable.
type Step struct{ Code, Text string }

// ErrForced says that a file has the effective flag and a permitted capability
// that the task would not get: execve(2) fails with EPERM (capabilities(7),
// "Safety checking for capability-dumb binaries").
var ErrForced = errors.New("the file is marked effective, and has permitted capabilities that it would not get")

// execution is one execve under way.
type execution struct {
	old, new  Credentials
	file      *File
	how       *Circumstances
	steps     []Step
	hasCaps   bool // the file has capabilities that count
	effective bool // P'(effective) will be all of P'(permitted)
}

// step notes a rule that had a say.
func (x *execution) step(code string, text ...string) {
	x.steps = append(x.steps, Step{code, strings.Join(text, "")})
}

// Exec returns the credentials that a task has after execve(2) of a file, and the
// rules that led to them, in the kernel's order (capabilities(7), "Transformation
// of capabilities during execve()"; security/commoncap.c, cap_bprm_creds_from_file,
// and fs/exec.c, bprm_fill_uid). The error is [ErrForced] or nil. Whether the task
// may execute the file at all is not asked.
func Exec(task Credentials, file File, how Circumstances) (after Credentials, steps []Step, err error) {
	x := execution{old: task, new: task, file: &file, how: &how}
	x.setIDs()
	if err := x.fileCaps(); err != nil {
		return task, x.steps, err
	}
	x.root()
	changed := x.idsChanged()
	x.limit(changed)
	x.new.UID.Saved, x.new.UID.Filesystem = x.new.UID.Effective, x.new.UID.Effective
	x.new.GID.Saved, x.new.GID.Filesystem = x.new.GID.Effective, x.new.GID.Effective
	x.finish(changed)
	x.secure(changed)
	return x.new, x.steps, nil
}

// setIDs applies the set-user-ID and set-group-ID bits.
func (x *execution) setIDs() {
	mode := x.file.Mode
	user, group := mode&setUserID != 0, mode&(setGroupID|groupExec) == setGroupID|groupExec
	if !user && !group {
		return
	}
	switch {
	case x.file.NoSuid:
		x.step("set-id-ignored", "set-user-ID and set-group-ID do not count: the mount is nosuid, or not of its namespaces")
		return
	case x.old.NoNewPrivs:
		x.step("set-id-ignored", "set-user-ID and set-group-ID do not count: no_new_privs is set")
		return
	case x.file.Unmapped:
		x.step("set-id-ignored", "set-user-ID and set-group-ID do not count: the owner has no id in its user namespace")
		return
	}
	if user {
		x.new.UID.Effective = x.file.UID
		x.step("set-user-id", "the file is set-user-ID: the effective uid becomes its owner's")
	}
	if group {
		x.new.GID.Effective = x.file.GID
		x.step("set-group-id", "the file is set-group-ID: the effective gid becomes its group")
	}
}

// fileCaps applies the capabilities of the file.
func (x *execution) fileCaps() error {
	x.new.Sets[Permitted] = 0
	c := x.file.Caps
	if c == nil {
		return nil
	}
	switch {
	case x.file.NoSuid:
		x.step("file-capabilities-ignored", "the file's capabilities do not count: the mount is nosuid, or not of its namespaces")
		return nil
	case x.file.ForeignCaps:
		x.step("file-capabilities-ignored", "the file's capabilities do not count: they are for another user namespace")
		return nil
	}
	x.hasCaps, x.effective = true, c.Effective
	valid := UpTo(x.how.Last)
	permitted, inheritable := c.Permitted&valid, c.Inheritable&valid
	gained := x.old.Sets[Bounding]&permitted | x.old.Sets[Inheritable]&inheritable
	if missing := permitted &^ gained; missing != 0 && c.Effective {
		x.step("forced-capabilities-missing", "the file is marked effective, and its permitted ", names(missing), " would not be gained: not in P(bounding)")
		return ErrForced
	}
	x.new.Sets[Permitted] = gained
	x.step("file-capabilities", "P'(permitted) = (P(inheritable) & F(inheritable)) | (F(permitted) & P(bounding)): ", names(gained))
	return nil
}

// root applies what uid 0 means, unless the securebits say that it means nothing.
func (x *execution) root() {
	isReal, isEffective := x.new.UID.Real == 0, x.new.UID.Effective == 0
	switch {
	case !isReal && !isEffective && !x.hasCaps:
		x.step("plain", "neither uid 0 nor file capabilities: P'(permitted) = P(ambient)")
	case !isReal && !isEffective:
	case x.old.Securebits&NoRoot != 0:
		x.step("noroot", "the securebit noroot is set: uid 0 gains nothing")
	case x.hasCaps && !isReal:
		x.step("set-user-id-root-with-capabilities", "a set-user-ID root file that has capabilities gives those alone to a user other than root")
	default:
		x.new.Sets[Permitted] = x.old.Sets[Bounding] | x.old.Sets[Inheritable]
		x.step("root", "uid 0: all capabilities count as in the file: P'(permitted) = P(inheritable) | P(bounding)")
		x.effective = x.effective || isEffective
	}
}

// idsChanged reports whether the file changed ids, in the kernel's sense.
func (x *execution) idsChanged() bool {
	uid, gid := x.new.UID.Effective, x.new.GID.Effective
	if x.how.ComparesReal {
		return uid != x.old.UID.Real || gid != x.old.GID.Real
	}
	return uid != x.old.UID.Effective || gid != x.old.GID.Filesystem && !slices.Contains(x.old.Groups, gid)
}

// limit takes away what the task may not gain.
func (x *execution) limit(changed bool) {
	gains := !x.new.Sets[Permitted].Within(x.old.Sets[Permitted])
	if !changed && !gains || !x.old.NoNewPrivs && !x.how.Traced && !x.how.SharesFS {
		return
	}
	why := "no_new_privs is set"
	switch {
	case x.old.NoNewPrivs:
	case x.how.Traced:
		why = "it is traced by somebody without cap_sys_ptrace"
	default:
		why = "it shares its root and working directory with another process"
	}
	if x.old.NoNewPrivs || !x.old.Sets[Effective].Has(Setuid) {
		x.new.UID.Effective, x.new.GID.Effective = x.new.UID.Real, x.new.GID.Real
	}
	x.new.Sets[Permitted] &= x.old.Sets[Permitted]
	x.step("no-gain", why, ": it gets no more than it had: P'(permitted) &= P(permitted)")
}

// finish applies Ambient, and what the effective flag and keep_caps mean.
func (x *execution) finish(changed bool) {
	sets := &x.new.Sets
	if sets[Ambient] != 0 && (x.hasCaps || changed) {
		sets[Ambient] = 0
		x.step("ambient-cleared", "P'(ambient) = 0: the file has capabilities, or ids change")
	} else if sets[Ambient] != 0 {
		x.step("ambient", "P'(permitted) |= P(ambient), and P'(effective) too: ", names(sets[Ambient]))
	}
	sets[Permitted] |= sets[Ambient]
	sets[Effective] = sets[Ambient]
	switch {
	case x.effective:
		sets[Effective] = sets[Permitted]
		x.step("effective", "P'(effective) = P'(permitted)")
	case sets[Permitted] != sets[Ambient]:
		x.step("not-effective", "P'(effective) = P'(ambient): the file is not marked effective, and the program has to raise what it wants")
	}
	if x.new.Securebits&KeepCaps != 0 {
		x.new.Securebits &^= KeepCaps
		x.step("keep-caps-cleared", "the securebit keep_caps is cleared")
	}
}

// secure tells whether the kernel sets AT_SECURE, and what follows (ld.so(8),
// "Secure-execution mode"). Here an effective id always counts as changed if it is not the
// old real one.
func (x *execution) secure(changed bool) {
	why := ""
	switch grown := x.new.Sets[Permitted] &^ x.new.Sets[Ambient]; {
	case changed || x.new.UID.Effective != x.old.UID.Real || x.new.GID.Effective != x.old.GID.Real:
		why = "ids change, or the effective ones are not the real ones"
	case x.new.UID.Real == 0:
		return
	case x.effective:
		why = "the file is marked effective, or the effective uid is 0, and the real uid is not 0"
	case grown != 0:
		why = "P'(permitted) has more than P'(ambient), and the real uid is not 0"
	default:
		return
	}
	x.step("secure-execution", "AT_SECURE is set: ", why, "; ld.so ignores LD_LIBRARY_PATH, LD_PRELOAD and the like, and $ORIGIN outside trusted directories; secure_getenv(3) finds nothing, so programs ignore NODE_OPTIONS, OPENSSL_CONF and the like")
}

// names returns the names of a set, or says that it has none.
func names(s Set) string {
	if s == 0 {
		return "none"
	}
	return s.String()
}
