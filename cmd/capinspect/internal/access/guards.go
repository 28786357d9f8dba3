// SPDX-License-Identifier: Apache-2.0

package access

import "github.com/capinspect/capinspect/capset"

// guard is what the kernel asks of whoever reads a file of /proc/PID, beside its mode and
// owner (ptrace(2), "Ptrace access mode checking"; fs/proc/base.c).
type guard uint8

const (
	byMode   guard = iota // nothing else
	toRead                // PTRACE_MODE_READ_FSCREDS
	toAttach              // PTRACE_MODE_ATTACH_FSCREDS
	toNice                // SYS_NICE in the user namespace of the task
)

// procFile is a guarded file of a task.
type procFile struct {
	name   string
	guard  guard
	memory bool   // a kernel thread has none
	mapped bool   // PERFMON opens it too
	admin  bool   // it asks for SYS_ADMIN in the initial user namespace too
	link   bool   // it is a link, whose mode counts for nothing
	below  string // the directory whose mode counts
}

// procFiles is the table of guarded files, as Linux 6.18 has them. Files that everybody may
// read who sees the task, as status, are not in it.
var procFiles = []procFile{
	{name: "root", guard: toRead, link: true},
	{name: "cwd", guard: toRead, link: true},
	{name: "exe", guard: toRead, link: true, memory: true},
	{name: "ns/user", guard: toRead, link: true},
	{name: "ns/mnt", guard: toRead, link: true},
	{name: "ns/net", guard: toRead, link: true},
	{name: "fd"},
	{name: "fd/0", guard: toRead, link: true, below: "fd"},
	{name: "fdinfo", guard: toRead},
	{name: "map_files", guard: toRead, memory: true, mapped: true},
	{name: "environ", guard: toRead, memory: true, mapped: true},
	{name: "auxv", guard: toRead, memory: true, mapped: true},
	{name: "maps", guard: toRead, memory: true, mapped: true},
	{name: "smaps", guard: toRead, memory: true, mapped: true},
	{name: "smaps_rollup", guard: toRead, memory: true, mapped: true},
	{name: "numa_maps", guard: toRead, memory: true, mapped: true},
	{name: "pagemap", guard: toRead, memory: true, mapped: true},
	{name: "mem", guard: toAttach, memory: true},
	{name: "io", guard: toRead},
	{name: "syscall", guard: toAttach},
	{name: "personality", guard: toAttach},
	{name: "stack", guard: toAttach, admin: true},
	{name: "timerslack_ns", guard: toNice},
	{name: "timers", guard: toRead},
	{name: "mountstats"},
	{name: "ksm_merging_pages"},
	{name: "ksm_stat"},
	{name: "attr/current"},
}

// GuardedFiles returns the names of the guarded files below /proc/PID that are no links.
func GuardedFiles() (names []string) {
	for _, f := range procFiles {
		if !f.link {
			names = append(names, f.name)
		}
	}
	return names
}

// perfmon are the capabilities of which either opens the memory of a process to read, in
// the initial user namespace (kernel/fork.c, mm_access; since Linux 6.15).
var perfmon = capset.Of(capset.Perfmon, capset.SysAdmin)
