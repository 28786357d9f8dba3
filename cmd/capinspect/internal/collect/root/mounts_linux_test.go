// SPDX-License-Identifier: Apache-2.0

package root

import (
	"strings"
	"testing"

	"github.com/capinspect/capinspect/procstatus"
)

// parse takes lines of a mountinfo.
func parse(t *testing.T, lines ...string) []procstatus.Mount {
	t.Helper()
	if len(lines) == 0 {
		return nil
	}
	mounts, err := procstatus.ParseMounts([]byte(strings.Join(lines, "\n") + "\n"))
	if err != nil {
		t.Fatal(err)
	}
	return mounts
}

// TestCheck holds that a file system that is not known to answer is refused,
// whichever of those at a place is on top.
func TestCheck(t *testing.T) {
	tab := table{of: parse(t,
		"1 0 0:20 / / rw - tmpfs none rw",
		"2 1 0:30 / /etc rw - nfs4 server:/etc rw",
		"3 2 0:20 / /etc rw - tmpfs none rw",
		"4 1 0:31 / /srv rw - newfs new rw",
		"5 1 8:1 / /data rw - ext4 /dev/sda1 rw",
		"6 1 0:32 / /pool rw - zfs pool/data rw")}
	tab.node = NewNode(nil, procstatus.Task{}, true)
	tab.node.mounts = tab.of[5:]
	for path, want := range map[string]string{
		"/":     "",
		"/pool": "",
		"/data": "/data is on ext4, which may never answer: the node's mount table does not have it",
		"/etc":  "/etc is on nfs4, which may never answer",
		"/srv":  "/srv is on newfs, which may never answer",
		"/usr":  "/usr is not a mount in its mount table",
	} {
		got := ""
		if err := tab.check(path); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
}
