// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/capinspect/capinspect/capset"
)

// handed are files that root opens for an operation, since their mode would refuse it
// before a capability is looked for. A path without a slash at its beginning lies in the
// directory of the operation.
var handed = map[string]struct {
	path  string
	flags int
}{
	"linkat AT_EMPTY_PATH":      {"own", unix.O_RDONLY},
	"losetup":                   {"/dev/loop7", unix.O_RDWR},
	"BLKRRPART":                 {"/dev/loop7", unix.O_RDONLY},
	"/dev/net/tun":              {"tun", unix.O_RDWR},
	"TIOCSTI":                   {"/dev/ptmx", unix.O_RDWR},
	"TIOCCONS":                  {"/dev/ptmx", unix.O_RDWR},
	"TIOCVHANGUP":               {"/dev/ptmx", unix.O_RDWR},
	"TIOCSCTTY 1":               {"/dev/ptmx", unix.O_RDWR},
	"/sys/power/wake_lock":      {"/sys/power/wake_lock", unix.O_RDWR},
	"setns to a user namespace": {"/proc/PID/ns/user", unix.O_RDONLY},
	"VT_ACTIVATE":               {"/dev/tty1", unix.O_RDWR},
	"RTC_SET_TIME":              {"/dev/rtc0", unix.O_RDONLY},
}

// asRoot are the operations that are done as uid 0: a sysctl asks for that first, whenever
// it is written.
var asRoot = map[string]bool{
	"/proc/sys/kernel/kptr_restrict":     true,
	"/proc/sys/kernel/yama/ptrace_scope": true,
	"/proc/sys/kernel/ns_last_pid":       true,
	"/proc/sys/net/ipv4/ip_forward":      true,
	"/proc/sys/vm/memfd_noexec":          true,
	"/proc/sys/vm/mmap_min_addr":         true,
}

// unmapped are the operations for which the process of root is in a user namespace of its
// own, which maps no ids yet.
var unmapped = map[string]bool{"setns to a user namespace": true, "uid_map": true, "gid_map": true}

// beside are the capabilities by which an operation gets as far as to what it is about.
var beside = map[string]capset.Set{
	"/proc/PID/stack":      capset.Of(capset.DacReadSearch, capset.SysPtrace),
	"uid_map":              capset.Of(capset.DacOverride),
	"gid_map":              capset.Of(capset.DacOverride),
	"/proc/kcore":          capset.Of(capset.DacReadSearch),
	"/proc/kmsg":           capset.Of(capset.DacReadSearch),
	"/dev/mem":             capset.Of(capset.DacReadSearch),
	"/dev/cpu/N/msr":       capset.Of(capset.DacReadSearch),
	"/dev/ppp":             capset.Of(capset.DacOverride),
	"/dev/fuse":            capset.Of(capset.DacOverride),
	"/dev/kvm":             capset.Of(capset.DacOverride),
	"PR_CAP_AMBIENT_RAISE": capset.Of(capset.NetRaw),
}

// harmful are the operations that are not done with what suffices, and why.
var harmful = map[string]string{
	"clock_settime": "it would set the clock",
}

// settings are the sysctls that make the kernel look for a capability at all.
var settings = map[string]string{
	"fs/protected_hardlinks":   "1",
	"fs/protected_symlinks":    "1",
	"kernel/dmesg_restrict":    "1",
	"kernel/io_uring_disabled": "1",
	"dev/tty/legacy_tiocsti":   "1",
}

// setSysctls sets sysctls until the test ends. It waits for other runs of the tests to have
// set them back, so that none takes the values of another one for those of the machine.
func setSysctls(t *testing.T, values map[string]string) {
	t.Helper()
	lock, err := os.Open("/proc/sys/kernel")
	if err == nil {
		err = unix.Flock(int(lock.Fd()), unix.LOCK_EX)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { lock.Close() })
	restore, err := changeSysctls(values)
	t.Cleanup(func() {
		if err := restore(); err != nil {
			t.Error(err)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
}

// changeSysctls sets those sysctls that the kernel has, and returns what sets them back.
func changeSysctls(values map[string]string) (restore func() error, err error) {
	old := map[string][]byte{}
	restore = func() (err error) {
		for path, text := range old {
			err = errors.Join(err, os.WriteFile(path, text, 0))
		}
		return err
	}
	for name, value := range values {
		path := filepath.Join("/proc/sys", name)
		text, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil {
			err = os.WriteFile(path, []byte(value), 0)
		}
		if err != nil {
			return restore, err
		}
		old[path] = text
	}
	return restore, nil
}
