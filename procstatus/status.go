// SPDX-License-Identifier: Apache-2.0

package procstatus

import "github.com/capinspect/capinspect/capset"

// IDs are the four user or group ids of a task, as the reader's user namespace
// expresses them: an id that it cannot express is the overflow id, 65534
// unless /proc/sys/kernel/overflowuid says otherwise.
type IDs = capset.IDs

// Status is the part of a /proc/PID/status that says who a task is and what it
// may do (proc_pid_status(5); fs/proc/array.c, proc_pid_status). A field means
// something only if [Status.Has] says that its line was there.
type Status struct {
	Name           string   // comm, at most 15 bytes, 63 of a kernel thread; any bytes but NUL
	State          byte     // the kernel's letter, as 'S'
	Tgid           int      // the process: its thread-group id
	Pid            int      // the task: its thread id
	PPid           int      // the parent process; 0 if it is outside the reader's pid namespace
	TracerPid      int      // the process that traces the task; 0 if none
	UID            IDs      // user ids
	GID            IDs      // group ids
	Groups         []uint32 // supplementary groups, ascending
	NSpid          []int    // Pid in each pid namespace from the reader's inwards
	Threads        int      // how many threads the process has
	NoNewPrivs     bool     // execve gains no privilege any more
	Seccomp        int      // 0 disabled, 1 strict, 2 filter
	SeccompFilters int      // how many filters are attached
	kthread        bool
	caps           capset.State
	seen           uint32 // bit f is set if the line of Field f was there
}

// Has reports whether the kernel printed the line of field f.
func (s *Status) Has(f Field) bool { return s.seen>>f&1 == 1 }

// Complete reports whether every line that is known was there, but for VmSize,
// which kernel threads and zombies lack.
func (s *Status) Complete() bool {
	const all = 1<<numFields - 1
	return s.seen|1<<FieldVMSize == all
}

// KernelThread reports whether the task is a thread of the kernel: by the
// Kthread line, or before Linux 6.10 because it has no memory and is not a
// zombie. Of a part of a status file without State it is false.
func (s *Status) KernelThread() bool {
	if s.Has(FieldKthread) {
		return s.kthread
	}
	return s.Has(FieldState) && !s.Has(FieldVMSize) && s.State != 'Z' && s.State != 'X'
}

// Caps returns one capability set of the task, from the hexadecimal Cap* lines
// (proc_pid_status(5); fs/proc/array.c, task_cap). All five are of one moment.
// ok is false if the kernel printed no such line: CapBnd needs Linux 2.6.26,
// CapAmb 4.3.
func (s *Status) Caps(k capset.Kind) (set capset.Set, ok bool) {
	if k >= capset.NumKinds {
		return 0, false
	}
	return s.caps[k], s.Has(capField(k))
}

// CapState returns the five sets; one that the kernel did not print is empty.
func (s *Status) CapState() capset.State { return s.caps }

// SetCaps sets one capability set of the task, for a Status that is not made
// from a file. A kind that is none sets nothing.
func (s *Status) SetCaps(k capset.Kind, set capset.Set) {
	if k >= capset.NumKinds {
		return
	}
	s.caps[k] = set
	s.Mark(capField(k))
}

// Mark says that fields were set by hand and not from a file, so that Has
// reports them.
func (s *Status) Mark(fields ...Field) {
	for _, f := range fields {
		s.seen |= 1 << f
	}
}
