// SPDX-License-Identifier: Apache-2.0

package procstatus

import "github.com/capinspect/capinspect/capset"

// IDs are the four user or group ids of a task, in the reader's user namespace. An
// id that has no number there is the overflow id, 65534 unless the sysctl
// kernel.overflowuid says otherwise.
type IDs = capset.IDs

// Status is the part of a /proc/PID/status that tells who a task is and what it
// may do (proc_pid_status(5); fs/proc/array.c, proc_pid_status). A field has a
// meaning only if the kernel printed its line: see [Status.Has]. The zero Status
// has no line.
type Status struct {
	Name           string   // comm, at most 15 bytes, of a kernel thread 63; any bytes but NUL
	State          byte     // the kernel's letter, as 'S'
	Tgid           int      // the process: its thread-group id
	Pid            int      // the task: its thread id
	PPid           int      // the parent process; 0 if that is outside the reader's pid namespace
	TracerPid      int      // the process that traces the task; 0 if none
	UID            IDs      // user ids
	GID            IDs      // group ids
	Groups         []uint32 // supplementary groups, ascending
	NSpid          []int    // Pid in each pid namespace, from the reader's to the task's
	Threads        int      // how many threads the process has
	NoNewPrivs     bool     // execve(2) gains no privilege any more
	Seccomp        int      // 0 disabled, 1 strict, 2 filter
	SeccompFilters int      // how many filters are attached

	// OtherCaps are the lines that look like those of the five sets and belong to none of
	// them: a later kernel may have more sets.
	OtherCaps []CapLine

	kthread bool
	caps    capset.State
	seen    uint32 // bit f: the line of Field f was there
}

// CapLine is a line like "CapUNs:\t000001ffffffffff", as the kernel prints it.
type CapLine struct{ Name, Value string }

// Has reports whether the kernel printed the line of field f.
func (s *Status) Has(f Field) bool { return s.seen>>f&1 == 1 }

// Complete reports whether every known line was there, except VmSize, which the
// kernel does not print for kernel threads and zombies.
func (s *Status) Complete() bool {
	const all = 1<<numFields - 1
	return s.seen|1<<FieldVMSize == all
}

// KernelThread reports whether the task is a thread of the kernel. Since Linux
// 6.10 the Kthread line tells. Before, it is a task without memory that is not a
// zombie; the result is false if the State line is missing, as in a part of a
// status file.
func (s *Status) KernelThread() bool {
	if s.Has(FieldKthread) {
		return s.kthread
	}
	return s.Has(FieldState) && !s.Has(FieldVMSize) && s.State != 'Z' && s.State != 'X'
}

// Caps returns one capability set of the task, from the hexadecimal Cap* lines
// (proc_pid_status(5); fs/proc/array.c, task_cap). All five are of one moment. ok
// is false if the kernel printed no such line: CapBnd needs Linux 2.6.26, CapAmb
// Linux 4.3.
func (s *Status) Caps(k capset.Kind) (set capset.Set, ok bool) {
	if k >= capset.NumKinds {
		return 0, false
	}
	return s.caps[k], s.Has(CapField(k))
}

// CapState returns the five capability sets. One that the kernel did not print is
// empty.
func (s *Status) CapState() capset.State { return s.caps }
