// SPDX-License-Identifier: Apache-2.0

package root

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/need"
)

// TestListener reads below a file system to which somebody listens who never lets an open
// end (fanotify(7)).
func TestListener(t *testing.T) {
	need.On(t, "root")
	group, err := unix.FanotifyInit(unix.FAN_CLASS_CONTENT|unix.FAN_CLOEXEC, unix.O_RDONLY)
	if err != nil {
		need.Lacking(t, "fanotify", "no fanotify: "+err.Error())
	}
	defer unix.Close(group)
	k := newTask(t, func(dir string) error {
		const events = unix.FAN_OPEN_PERM | unix.FAN_ONDIR
		return errors.Join(os.WriteFile(dir+"/etc/passwd", []byte(passwd), 0o644), os.WriteFile(dir+"/program", []byte("#!/x"), 0o755),
			unix.FanotifyMark(group, unix.FAN_MARK_ADD|unix.FAN_MARK_MOUNT, events, unix.AT_FDCWD, dir))
	})
	r, err := k.open(t)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	r.mounts.node.patience /= 10
	promptly(t, func() {
		if text, err := r.Read("etc/passwd", 4<<20); text != nil || err == nil || err.Error() != "open /etc/passwd: its file system does not answer" {
			t.Errorf("passwd: %q, %v", text, err)
		}
		p, err := r.Program(Dir{Fd: -1}, "/program", nil)
		if err != nil || !errors.Is(p.HeadError, errSilent) || p.Stat.Size != 4 {
			t.Errorf("program: %+v, %v", p, err)
		}
		var failed []string
		err = r.Search("etc", &Tree{
			Found:  func(*Program) {},
			Failed: func(path string, err error) { failed = append(failed, path+": "+err.Error()) },
			Step:   func() {},
		})
		if want := "/etc: its file system does not answer"; err != nil || strings.Join(failed, ";") != want {
			t.Errorf("search: %q, %v", failed, err)
		}
	})
	// Not even a second is spent on what comes then.
	start := time.Now()
	if _, err := r.Read("etc/passwd", 4<<20); !errors.Is(err, errOthers) || time.Since(start) > patience {
		t.Errorf("%v after %v", err, time.Since(start))
	}
	unix.Close(group) // lets all end
	k.reads(t, true, "")
}
