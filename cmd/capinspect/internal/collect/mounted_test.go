// SPDX-License-Identifier: Apache-2.0

package collect

import (
	"testing"

	"github.com/capinspect/capinspect/procstatus"
)

// TestMounted tells what mounts say, where a later one covers another, and where
// others than a runtime's are there.
func TestMounted(t *testing.T) {
	const proc, sys = "20 1 0:5 / /proc rw,nosuid - proc proc rw\n", "21 1 0:6 / /sys rw,nosuid - sysfs sysfs rw\n"
	const mask = "22 20 0:5 /sys /proc/sys ro - proc proc rw\n"
	for mounts, want := range map[string]Mounted{
		"": {},
		"1 0 0:1 / / ro,relatime - overlay overlay rw\n":                  {ReadOnly: Yes},
		"1 0 0:1 / / rw,relatime - ext4 /dev/sda ro\n":                    {ReadOnly: No},
		"1 0 0:1 / / ro - rootfs rootfs rw\n2 1 0:2 / / rw - ext4 x rw\n": {ReadOnly: No},
		proc + sys:                              {Proc: No, Sys: No},
		"21 1 0:6 / /sys ro - sysfs sysfs rw\n": {Sys: Yes},
		"21 1 0:6 / /sys ro - tmpfs tmpfs rw\n": {},
		"21 1 0:6 / /sys rw - sysfs sysfs ro\n": {Sys: No},
		proc + mask:                             {Proc: Yes},
		proc + mask + sys:                       {Proc: Yes, Sys: No},
		proc + mask + sys + proc:                {Proc: No, Sys: No},
		proc + "22 20 0:9 /null /proc/kcore rw - tmpfs tmpfs rw\n" + sys:                      {Proc: Yes, Sys: No},
		proc + sys + "22 20 0:9 /null /proc/kcore rw - devtmpfs udev rw\n":                    {Proc: Yes, Sys: No},
		proc + sys + "22 20 0:9 /proc/meminfo /proc/meminfo rw - fuse.lxcfs lxcfs rw\n":       {Proc: No, Sys: No},
		proc + sys + "22 20 0:9 / /proc/sys/fs/binfmt_misc rw - binfmt_misc binfmt_misc rw\n": {Proc: No, Sys: No},
		proc + sys + "23 21 0:10 / /sys/fs/cgroup ro - tmpfs tmpfs ro\n":                      {Proc: No, Sys: No},
	} {
		list, err := procstatus.ParseMounts([]byte(mounts))
		if err != nil {
			t.Fatal(err)
		}
		if got := mounted(list); got != want {
			t.Errorf("%s: %+v, want %+v", mounts, got, want)
		}
	}
}
