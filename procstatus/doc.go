// SPDX-License-Identifier: Apache-2.0

// Package procstatus reads what the Linux kernel says about a task, a process or a
// thread: its status file, with the capabilities, ids and seccomp mode, and the
// files beside it that tell where the task is: cgroups, mounts, namespaces, id
// maps, the label of a security module.
//
// [Parse] takes the text of a status file, wherever it comes from. [ParseCgroup],
// [ParseMounts], [ParseIDMap], [ParseLabel] and [ParseNamespace] take the other
// ones. The parsers need no kernel and build on every platform. They tell absent
// from zero: if the kernel did not print a line, [Status.Has] is false for its
// field.
//
// On Linux, [OpenFS] opens a procfs, live or saved. Its [Task] is a handle for one
// task, and it lists all of them:
//
//	proc, err := procstatus.OpenFS("/proc")
//	if err != nil {
//		return err
//	}
//	defer proc.Close()
//	for s, err := range proc.Statuses() {
//		if err != nil {
//			log.Print(err) // one process that may not be read
//			continue
//		}
//		if set, ok := s.Caps(capset.Effective); ok && set.Has(capset.SysAdmin) {
//			fmt.Println(s.Pid, s.Name)
//		}
//	}
//
// What only the calling thread can know is asked by system call: see [Own],
// [OwnSecurebits] and [OwnNoNewPrivs]. Package container tells which container a
// task is in.
//
// # What it does not do
//
// It changes nothing, opens no socket, runs no program, and needs no privilege.
// It does not read the memory, the command line or the environment of a task. It
// does not parse the memory, signal and CPU lines of a status file;
// github.com/prometheus/procfs does.
package procstatus
