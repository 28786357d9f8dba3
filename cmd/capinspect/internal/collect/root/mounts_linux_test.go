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

func TestOverlay(t *testing.T) {
	const (
		onNode   = "50 1 0:44 / /var/lib/docker/overlay2/X/merged rw - overlay overlay rw"
		stargz   = "60 1 0:50 / /var/lib/containerd-stargz-grpc/snapshotter/snapshots/7/fs rw - fuse.rawBridge stargz rw"
		plain    = "rw,lowerdir=/var/lib/docker/overlay2/l/A:/var/lib/docker/overlay2/l/B,upperdir=/up,workdir=/work"
		lazy     = "rw,lowerdir=/var/lib/containerd-stargz-grpc/snapshotter/snapshots/7/fs:/b,upperdir=/up,workdir=/work"
		relative = "rw,lowerdir=8/fs:7/fs,upperdir=/up"
		added    = "rw,lowerdir+=/var/lib/containerd-stargz-grpc/snapshotter/snapshots/7/fs/x"
		upper    = "rw,lowerdir=/a,upperdir=/var/lib/containerd-stargz-grpc/snapshotter/snapshots/7/fs"
		escaped  = `rw,lowerdir=/mnt/my\040nfs/a`
		colon    = `rw,lowerdir=/mnt/a\134:b`
		near     = "rw,lowerdir=/var/lib/containerd-stargz-grpc/snapshotter/snapshots/7/fs2:17/fs"
	)
	for name, test := range map[string]struct {
		trust   bool
		options string
		own     []string
		want    bool
	}{
		"of somebody":                    {false, plain, nil, false},
		"of somebody who calls it local": {false, plain, []string{stargz}, false},
		"of who could mount for us":      {true, plain, nil, true},
		"mounted on the node too":        {false, plain, []string{onNode}, true},
		"a lazy layer":                   {true, lazy, []string{stargz}, false},
		"a lazy layer on the node":       {false, lazy, []string{onNode, stargz}, false},
		"a relative layer":               {true, relative, []string{stargz}, false},
		"a layer of the new interface":   {true, added, []string{stargz}, false},
		"an upper layer":                 {true, upper, []string{stargz}, false},
		"a layer with a blank":           {true, escaped, nil, false},
		"a layer with a colon":           {true, colon, nil, false},
		"names that are near":            {true, near, []string{stargz}, true},
		"no such file system here":       {true, lazy, []string{onNode}, true},
	} {
		of := parse(t, "70 1 0:44 / / rw - overlay overlay "+test.options)
		tab := table{of: of, own: parse(t, test.own...), trust: test.trust}
		if err := tab.check("/"); (err == nil) != test.want {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestCheck holds that a file system that is not known to answer is refused,
// whichever of those at a place is on top.
func TestCheck(t *testing.T) {
	tab := table{of: parse(t,
		"1 0 8:1 / / rw - ext4 /dev/sda1 rw",
		"2 1 0:30 / /etc rw - nfs4 server:/etc rw",
		"3 2 8:1 / /etc rw - ext4 /dev/sda1 rw",
		"4 1 0:31 / /srv rw - newfs new rw")}
	for path, want := range map[string]string{
		"/":    "",
		"/etc": "/etc is on nfs4, which may never answer",
		"/srv": "/srv is on newfs, which may never answer",
		"/usr": "/usr is no mount of its mount table",
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
