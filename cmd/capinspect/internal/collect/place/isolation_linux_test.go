// SPDX-License-Identifier: Apache-2.0

package place

import (
	"runtime"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/need"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
	"github.com/capinspect/capinspect/procstatus"
)

// TestOwnNetwork compares what the sysctls tell of the network namespace with the inode of
// the initial one, where that is fixed, and with a new one.
func TestOwnNetwork(t *testing.T) {
	proc, err := procstatus.OpenFS("/proc")
	if err != nil {
		t.Fatal(err)
	}
	defer proc.Close()
	f := New(proc, true)
	const initial = 0xEFFFFFF9 // include/uapi/linux/nsfs.h, NET_NS_INIT_INO
	want := task.Map(f.Own(procstatus.NamespaceNet), func(id uint64) bool { return id == initial })
	if got := f.ownNetwork(); f.fixedNetwork() && got != want {
		t.Errorf("%v, want %v", got, want)
	}
	need.On(t, "root")
	got := make(chan task.Value[bool])
	go func() {
		runtime.LockOSThread() // which ends with it
		is := task.Value[bool]{}
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			t.Error(err)
		} else {
			is = f.ownNetwork()
		}
		got <- is
	}()
	if is := <-got; !task.Is(is, false) {
		t.Errorf("in a network namespace of its own: %v", is)
	}
}
