// SPDX-License-Identifier: Apache-2.0

package procstatus

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/capinspect/capinspect/capset"
)

func openProc(t *testing.T, dir string) *FS {
	p, err := OpenFS(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return p
}

func TestReadSelf(t *testing.T) {
	p := openProc(t, "/proc")
	if !p.Live() {
		t.Fatal("/proc is not live")
	}
	pid, err := p.Self()
	if err != nil || pid != os.Getpid() {
		t.Errorf("Self = %d, %v; want %d", pid, err, os.Getpid())
	}
	for _, size := range []int{0, 1, 100, 8192} { // growing must not lose a byte
		text, err := p.ReadStatus("self", make([]byte, size))
		if err != nil {
			t.Fatal(err)
		}
		s, err := Parse(text)
		if err != nil || s.Tgid != pid || !s.Has(FieldCapBnd) || !bytes.Contains(text, []byte("\nnonvoluntary_ctxt_switches:\t")) {
			t.Errorf("from a buffer of %d: %+v, %v", size, s, err)
		}
	}
}

func TestReadGone(t *testing.T) {
	p := openProc(t, "/proc")
	for _, task := range []string{"4194305", "0", "x"} {
		if text, err := p.ReadStatus(task, nil); text != nil || !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %q, %v", task, text, err)
		}
	}
	// A process that ends between open and read is as if it had not been there:
	// its open file answers ESRCH.
	cmd := exec.Command("sleep", "60")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open("/proc/" + strconv.Itoa(cmd.Process.Pid) + "/status")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	cmd.Process.Kill()
	cmd.Wait()
	_, err = f.Read(make([]byte, 100))
	if errno, ok := errors.AsType[unix.Errno](err); !ok || errno != unix.ESRCH || gone(errno) != unix.ENOENT {
		t.Errorf("reading a process that ended: %v", err)
	}
}

func TestReadLimits(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, text []byte) {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, text, 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	line := []byte("Name:\tx\n")
	write("1/status", bytes.Repeat(line, MaxStatus/len(line)))
	write("2/status", bytes.Repeat(line, MaxStatus/len(line)+1))
	write("3/status", nil)
	write("4/status", []byte("Name:\tcut sho"))
	if err := os.Mkdir(filepath.Join(dir, "5"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mkfifo(filepath.Join(dir, "5/status"), 0o644); err != nil {
		t.Fatal(err)
	}
	p := openProc(t, dir)
	if p.Live() {
		t.Error("a copy is live")
	}
	for task, want := range map[string]int{"1": MaxStatus, "3": 0, "4": 13, "5": 0} {
		if text, err := p.ReadStatus(task, nil); len(text) != want || err != nil {
			t.Errorf("%s: %d bytes, %v; want %d", task, len(text), err, want)
		}
	}
	for _, size := range []int{0, 2 * MaxStatus} {
		if text, err := p.ReadStatus("2", make([]byte, size)); text != nil || !errors.Is(err, ErrTooLong) {
			t.Errorf("too long: %d bytes, %v", len(text), err)
		}
	}
}

func TestLastCap(t *testing.T) {
	file, err := openProc(t, "/proc").LastCap()
	if err != nil {
		t.Fatal(err)
	}
	own, err := OwnLastCap()
	if err != nil || own != file {
		t.Errorf("by system call %d, %v; cap_last_cap says %d", own, err, file)
	}
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "sys/kernel"), 0o755); err != nil {
		t.Fatal(err)
	}
	p := openProc(t, dir)
	if _, err := p.LastCap(); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without the file: %v", err)
	}
	for text, want := range map[string]capset.Cap{"37\n": 37, "63\n": 63, "64\n": 0, "": 0, "x\n": 0, "37 \n": 0, "-1\n": 0} {
		if err := os.WriteFile(filepath.Join(dir, "sys/kernel/cap_last_cap"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if n, err := p.LastCap(); n != want || (err == nil) != (want != 0) {
			t.Errorf("%q: %d, %v", text, n, err)
		}
	}
}

// TestOwn compares what system calls tell of this thread with its status file.
func TestOwn(t *testing.T) {
	own := Own()
	p := openProc(t, "/proc")
	text, err := p.ReadStatus(strconv.Itoa(own.Pid), nil)
	if err != nil {
		t.Fatal(err)
	}
	want, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	for k := range capset.Kind(capset.NumKinds) {
		a, aok := own.Caps(k)
		b, bok := want.Caps(k)
		if a != b || aok != bok {
			t.Errorf("%v: %x %v, the status file says %x %v", k, a, aok, b, bok)
		}
	}
	if own.Name != want.Name || own.UID != want.UID || own.GID != want.GID || own.Tgid != want.Tgid || own.PPid != want.PPid ||
		own.NoNewPrivs != want.NoNewPrivs || own.Seccomp != want.Seccomp || len(own.Groups) != len(want.Groups) {
		t.Errorf("%+v, the status file says %+v", own, want)
	}
}

// TestReadRecords reads a file that the kernel gives a few records at a time:
// one of the mappings of the test itself, of which there may be more each time.
func TestReadRecords(t *testing.T) {
	p := openProc(t, "/proc")
	records := func(text []byte) int { return bytes.Count(text, []byte("\nVmFlags:")) }
	for _, size := range []int{0, 300, 64 << 10} {
		want, err := os.ReadFile("/proc/self/smaps")
		if err != nil || len(want) <= 8192 {
			t.Fatalf("%d bytes, %v", len(want), err)
		}
		got, err := p.Read("self/smaps", make([]byte, size), 1<<20)
		if err != nil || records(got) < records(want) {
			t.Errorf("into %d bytes: %d of %d records, %v", size, records(got), records(want), err)
		}
	}
	if got, err := p.Read("self/smaps", nil, 8192); !errors.Is(err, ErrTooLong) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

// TestMountID finds the mount of the procfs, and of another file.
func TestMountID(t *testing.T) {
	p := openProc(t, "/proc")
	mounts, err := p.Mounts("self")
	if err != nil {
		t.Fatal(err)
	}
	sub, err := p.Sub("sys")
	if err != nil {
		t.Fatal(err)
	}
	defer sub.Close()
	for _, fd := range []int{p.Fd(), sub.Fd()} {
		id, err := p.MountID(fd)
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(mounts, func(m Mount) bool { return m.ID == id })
		if i < 0 || mounts[i].Point != "/proc" && !strings.HasPrefix(mounts[i].Point, "/proc/sys") || mounts[i].Type != "proc" {
			t.Errorf("%d is no mount of a procfs", id)
		}
	}
	if id, err := p.MountID(1 << 20); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("of no file: %d, %v", id, err)
	}
}

// TestParserLive holds that a Parser that meets every task of this machine one after
// the other tells of each what Parse tells.
func TestParserLive(t *testing.T) {
	p := openProc(t, "/proc")
	list, err := p.Pids()
	if err != nil {
		t.Fatal(err)
	}
	defer list.Close()
	pids, err := list.rest()
	if err != nil {
		t.Fatal(err)
	}
	var parser Parser
	var got Status
	compared := 0
	for range 3 {
		for _, pid := range pids {
			text, err := p.ReadStatus(strconv.Itoa(pid), nil)
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			want, wantErr := Parse(text)
			if err := errors.Join(err, wantErr, parser.Parse(&got, text)); err != nil {
				t.Fatal(err)
			}
			if compared++; !equal(&got, want) {
				t.Fatalf("%s\n%+v\nwant %+v", text, got, want)
			}
		}
	}
	if compared < 10 {
		t.Errorf("compared %d files", compared)
	}
}
