// SPDX-License-Identifier: Apache-2.0

// Package procstatus reads what the Linux kernel tells of a task: its status
// file in a procfs, the files beside it that tell where the task is, and, of the
// running task alone, what only the task itself may ask for (securebits).
//
// [Parse] takes the text of a /proc/PID/status, [ParseCgroup] that of a
// /proc/PID/cgroup, [ParseMounts] that of a mountinfo, [ParseIDMap] that of a
// uid_map or gid_map, [ParseLabel] that of an attr/current, and [ParseNamespace]
// a link in ns; they need no kernel and build on every platform. Parse tells
// absent from zero: a line that the kernel did not print leaves its field
// unset, and [Status.Has] says so. A [Parser] takes the files of many tasks.
//
// [FS] reads from a procfs, live or saved; [Own], [OwnSecurebits],
// [OwnNoNewPrivs] and [Capget] ask the running kernel by system call. These need
// Linux.
//
// # What it does not do
//
// It changes nothing, opens no socket, runs nothing, and needs no privilege.
// It does not read a task's memory, command line or environment. It does not
// unpack the memory, signal and CPU lines of a status file;
// github.com/prometheus/procfs does.
package procstatus
