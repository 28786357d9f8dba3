// SPDX-License-Identifier: Apache-2.0

package collect

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/collect/root"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/need"
)

// TestTracer looks at a task that root of the initial user namespace traces: it is in that
// namespace too, or in one below it.
func TestTracer(t *testing.T) {
	need.On(t, "root")
	runtime.LockOSThread() // which traces
	defer runtime.UnlockOSThread()
	ids := []syscall.SysProcIDMap{{HostID: 0, Size: 1}}
	program, err := os.ReadFile("/bin/sleep")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	plain, gives := filepath.Join(dir, "plain"), filepath.Join(dir, "gives")
	for path, mode := range map[string]uint32{plain: 0o755, gives: 0o4755} {
		if err := errors.Join(os.WriteFile(path, program, 0o600), unix.Chmod(path, mode), unix.Chmod(dir, 0o755), unix.Chmod(filepath.Dir(dir), 0o755)); err != nil {
			t.Fatal(err)
		}
	}
	for name, attr := range map[string]*syscall.SysProcAttr{
		"the same":  {Ptrace: true},
		"one below": {Ptrace: true, Cloneflags: syscall.CLONE_NEWUSER, UidMappings: ids, GidMappings: ids},
		"a user":    {Ptrace: true, Credential: &syscall.Credential{Uid: 1000, Gid: 1000}},
	} {
		cmd := exec.Command("sleep", "60")
		cmd.SysProcAttr = attr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		c, err := Open(Options{Detail: Surrounded})
		if err != nil {
			t.Fatal(err)
		}
		s, err := c.subject(strconv.Itoa(cmd.Process.Pid))
		if err == nil {
			err = s.start()
		}
		if err != nil {
			t.Fatal(err)
		}
		text := ""
		for _, a := range s.Assumed() {
			if a.Code == "tracer" {
				text = a.Text
			}
		}
		if s.How.Traced || !strings.HasSuffix(text, "has cap_sys_ptrace over it, as now") {
			t.Errorf("%s: %t, %q", name, s.How.Traced, text)
		}
		// Go's runtime asks to be traced, which nobody can see: what the user has counts then.
		if known := s.HowTraced == ""; known != (name != "a user") {
			t.Errorf("%s: %q", name, s.HowTraced)
		}
		for path, want := range map[string]string{plain: "", gives: s.HowTraced} {
			if _, err := s.Predict(path); (want == "") != (err == nil) || err != nil && !strings.HasSuffix(err.Error(), want) {
				t.Errorf("%s: %s: %v", name, path, err)
			}
		}
		s.close()
		c.Close()
		cmd.Process.Kill()
		cmd.Wait()
	}
}

// TestForeignCaps holds what is known of a program whose capabilities the kernel does not show.
func TestForeignCaps(t *testing.T) {
	c, err := Open(Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for errno, foreign := range map[unix.Errno]bool{unix.EOVERFLOW: true, unix.EINVAL: false, unix.EIO: false} {
		f := (&subject{from: c}).found(&root.Program{Path: "/x", CapsErr: errno})
		if f.CapsForeign != foreign || f.Caps.Known() || f.Caps.Why() == "" {
			t.Errorf("%v: %+v", errno, f)
		}
	}
}
