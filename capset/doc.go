// SPDX-License-Identifier: Apache-2.0

// Package capset is the arithmetic of Linux capabilities: their names and
// numbers, the bitmaps that hold them, the five sets of a task, and the
// notations that libcap gave these.
//
// A [Set] is a bitmap as the kernel prints it. Every 64-bit value is legal: a
// bit that has no name yet prints as its number and is never dropped. The same
// bits give the same answer on every host, because nothing here asks the
// running kernel: what "all capabilities" means is the last capability, which
// the caller passes in. It is 40 since Linux 5.9, and
// /proc/sys/kernel/cap_last_cap tells it of the running kernel.
//
// A [State] is the five sets of one task. [State.Text] and [State.IAB] write
// it as libcap's cap_to_text(3) and cap_iab_to_text(3) do. [Credentials] are a
// State and what goes with it: [Exec] tells what execve(2) of a file makes of
// them, and their methods what setuid(2) does.
//
// Package runtime, below this one, has what container runtimes give by default
// and what they make of a manifest. Package podsecurity has the Pod Security
// Standards.
//
// # What it does not do
//
// It reads no file, makes no system call and changes no capability. Package
// procstatus reads the sets of a task; kernel.org/pub/linux/libs/security/libcap/cap
// changes them.
package capset
