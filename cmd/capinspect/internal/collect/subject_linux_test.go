// SPDX-License-Identifier: Apache-2.0

package collect

import (
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/need"
)

// TestTracer looks at a task that root of the initial user namespace traces: it is in that
// namespace too, or in one below it.
func TestTracer(t *testing.T) {
	need.On(t, "root")
	runtime.LockOSThread() // which traces
	defer runtime.UnlockOSThread()
	ids := []syscall.SysProcIDMap{{HostID: 0, Size: 1}}
	for name, attr := range map[string]*syscall.SysProcAttr{
		"the same":  {Ptrace: true},
		"one below": {Ptrace: true, Cloneflags: syscall.CLONE_NEWUSER, UidMappings: ids, GidMappings: ids},
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
		s.close()
		c.Close()
		cmd.Process.Kill()
		cmd.Wait()
	}
}
