// SPDX-License-Identifier: Apache-2.0

package collect

import (
	"runtime"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/need"
	"github.com/capinspect/capinspect/procstatus"
)

// TestOwnNetwork holds what the sysctls tell of the network namespace against the
// inode of the initial one, where that is fixed, and against a new one.
func TestOwnNetwork(t *testing.T) {
	c, err := Open(Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if want := answer(c.reader().namespaces[procstatus.NamespaceNet] == netInitial, true); c.fixedNetwork() && c.ownNetwork() != want {
		t.Errorf("%d, want %d", c.ownNetwork(), want)
	}
	need.On(t, "root")
	got := make(chan Answer)
	go func() {
		runtime.LockOSThread() // which ends with it
		is := Unsure
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			t.Error(err)
		} else {
			is = c.ownNetwork()
		}
		got <- is
	}()
	if is := <-got; is != No {
		t.Errorf("in a network namespace of its own: %d", is)
	}
}
