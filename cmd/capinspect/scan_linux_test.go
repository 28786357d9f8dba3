// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/need"
)

// scanned is what tests read of a scan.
type scanned struct {
	Dir                      string
	Files, Directories, Left int
	Programs                 []scannedProgram
	Errors                   []string
	MoreErrors               int
}

type scannedProgram struct {
	File    string
	Program *scannedFile
	Result  string
	Why     *string
	Gains   *struct {
		Permitted                  struct{ Hex string }
		EffectiveUID, EffectiveGID *uint32
	}
}

type scannedFile struct {
	Path, Mode   string
	UID, GID     uint32
	Capabilities *string
	NoSuid       bool
}

func scanOf(t *testing.T, o outcome) (s scanned) {
	t.Helper()
	if err := json.Unmarshal([]byte(o.stdout), &s); err != nil {
		t.Fatalf("%v: %+v", err, o)
	}
	return s
}

// TestScanOwnFUSE scans capinspect's own root directory where a file system that
// never answers is mounted.
func TestScanOwnFUSE(t *testing.T) {
	need.On(t, "root", "fuse")
	fuse, err := unix.Open("/dev/fuse", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fuse)
	dir, binary := t.TempDir(), built(t)
	var o outcome
	thread(t, func() error {
		err := errors.Join(os.Mkdir(dir+"/silent", 0o755), os.WriteFile(dir+"/su", nil, 0o755), unix.Chmod(dir+"/su", 0o4755),
			unix.Unshare(unix.CLONE_NEWNS), unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""),
			unix.Mount("silent", dir+"/silent", "fuse", 0, fmt.Sprintf("fd=%d,rootmode=40000,user_id=0,group_id=0", fuse)))
		if err == nil {
			o = run(t, "timeout", "-s", "KILL", "10", binary, "predict", "--scan", dir, "--json")
		}
		return err
	})
	if s := scanOf(t, o); o.status != 0 || o.stderr != "" || len(s.Programs) != 1 || s.Files != 1 || s.Directories != 1 {
		t.Errorf("%+v", o)
	}
}
