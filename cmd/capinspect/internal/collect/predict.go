// SPDX-License-Identifier: Apache-2.0

package collect

import (
	"strconv"

	"github.com/capinspect/capinspect/capset"
)

// WhatIf changes what is known of a task before execve(2) is predicted for it.
type WhatIf struct {
	Securebits *capset.Securebits // nil as they are, or 0 where they are not known
	NoNewPrivs bool               // true for one that has it set
	UID, GID   *uint32            // all four of them, as capinspect sees them; nil as they are
	// Entrypoint gives it all of its Bounding set in Permitted and Effective, with
	// which containerd executes the program of a container, whatever its user.
	Entrypoint bool
	// Drop is taken from all its sets, and then Add is added to those that a runtime
	// adds to: Permitted, Effective and Bounding.
	Drop, Add capset.Set
	Path      string // where a file of a bare name is looked for; "" for the usual
}

// AllCaps stands in a WhatIf for all capabilities, as many as there are.
const AllCaps = ^capset.Set(0)

// namesOf names the capabilities of a set of a WhatIf.
func namesOf(set capset.Set) string {
	if set == AllCaps {
		return "all capabilities"
	}
	return set.String()
}

// asked lists what was asked for.
func (w *WhatIf) asked() (list []Note) {
	add := func(code, text string) { list = append(list, Note{code, text + ", as asked"}) }
	if w.Securebits != nil {
		add("securebits", "its securebits are "+decimal(uint32(*w.Securebits)))
	}
	if w.NoNewPrivs {
		add("no-new-privs", "no_new_privs is set")
	}
	if w.UID != nil {
		add("uid", "all its user ids are "+decimal(*w.UID))
	}
	if w.GID != nil {
		add("gid", "all its group ids are "+decimal(*w.GID))
	}
	if w.Entrypoint {
		add("entrypoint", "its Permitted and Effective sets are its Bounding set")
	}
	if w.Drop != 0 {
		add("drop", "it lacks "+namesOf(w.Drop))
	}
	if w.Add != 0 {
		add("add", "its Permitted, Effective and Bounding sets have "+namesOf(w.Add))
	}
	return list
}

// Prediction is what execve(2) of a file would give a task.
type Prediction struct {
	Task    *Record
	File    string   // as it was asked for
	Program *Program // the file whose attributes count; nil if none was found
	Result  string   // OK, or the errno's name, as "EPERM"
	Why     string   // of another result than OK
	Before  *Record  // the task, with what was asked for
	After   *Record  // the task afterwards; nil if there is another result than OK
	Steps   []Note   // the rules that led to it, in the kernel's order
	Assumed []Note   // what it would depend on, and was not known
}

// Program is a file that would be executed.
type Program struct {
	Path     string           // from the task's root directory, through no symbolic link
	Mode     uint32           // its permission bits
	UID, GID uint32           // of its owner
	Caps     *capset.FileCaps // nil if it has none, or none are known because they do not count
	NoSuid   bool             // it gives nothing where it is
}

// Scan is what the programs below a directory would give a task, as far as they give
// more to one than to another.
type Scan struct {
	Task         *Record
	Dir          string // as it was asked for
	Programs     []*Prediction
	Files, Dirs  int // how many were looked at
	Closed       int // directories that nobody let capinspect read, nor the task search
	Left         int // programs that are too many to list
	Assumed      []Note
	Failures     []error // why something could not be looked at
	MoreFailures int     // how many more there were
}

// What a Scan keeps at the most.
const (
	maxPrograms = 10_000
	maxFailures = 20
)

// OK is the result of an execve(2) that would succeed.
const OK = "ok"

// NotExamined is what else an execve(2) may fail for, or depend on.
const NotExamined = "ACLs, security modules, writers (ETXTBSY), format and loader (ENOEXEC, ENOENT, binfmt_misc), a root directory shared by CLONE_FS"

func decimal(id uint32) string { return strconv.FormatUint(uint64(id), 10) }

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}
