// SPDX-License-Identifier: Apache-2.0

package task

import (
	"testing"

	"github.com/capinspect/capinspect/procstatus"
)

// TestMounts tells what mounts say where a later one covers another, and where others than
// a runtime's are there.
func TestMounts(t *testing.T) {
	const proc, sys = "20 1 0:5 / /proc rw,nosuid - proc proc rw\n", "21 1 0:6 / /sys rw,nosuid - sysfs sysfs rw\n"
	const mask = "22 20 0:5 /sys /proc/sys ro - proc proc rw\n"
	yes, no, none := Known(true), Known(false), Unknown[bool](notMounted)
	for mounts, want := range map[string]Mounts{
		"": {none, none, none},
		"1 0 0:1 / / ro,relatime - overlay overlay rw\n":                  {yes, none, none},
		"1 0 0:1 / / rw,relatime - ext4 /dev/sda ro\n":                    {no, none, none},
		"1 0 0:1 / / ro - rootfs rootfs rw\n2 1 0:2 / / rw - ext4 x rw\n": {no, none, none},
		proc + sys:                              {none, no, no},
		"21 1 0:6 / /sys ro - sysfs sysfs rw\n": {none, none, yes},
		"21 1 0:6 / /sys ro - tmpfs tmpfs rw\n": {none, none, none},
		"21 1 0:6 / /sys rw - sysfs sysfs ro\n": {none, none, no},
		proc + mask:                             {none, yes, none},
		proc + mask + sys:                       {none, yes, no},
		proc + mask + sys + proc:                {none, no, no},
		proc + "22 20 0:9 /null /proc/kcore rw - tmpfs tmpfs rw\n" + sys:                      {none, yes, no},
		proc + sys + "22 20 0:9 /null /proc/kcore rw - devtmpfs udev rw\n":                    {none, yes, no},
		proc + sys + "22 20 0:9 /proc/meminfo /proc/meminfo rw - fuse.lxcfs lxcfs rw\n":       {none, no, no},
		proc + sys + "22 20 0:9 / /proc/sys/fs/binfmt_misc rw - binfmt_misc binfmt_misc rw\n": {none, no, no},
		proc + sys + "23 21 0:10 / /sys/fs/cgroup ro - tmpfs tmpfs ro\n":                      {none, no, no},
	} {
		list, err := procstatus.ParseMounts([]byte(mounts))
		if err != nil {
			t.Fatal(err)
		}
		if got := MountsOf(list); got != want {
			t.Errorf("%s: %+v, want %+v", mounts, got, want)
		}
	}
}
