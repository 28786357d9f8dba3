// SPDX-License-Identifier: Apache-2.0

package procstatus

import (
	"bytes"
	"errors"
	"io/fs"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
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
	pid, err := p.SelfPid()
	if err != nil || pid != os.Getpid() {
		t.Errorf("SelfPid = %d, %v; want %d", pid, err, os.Getpid())
	}
	for _, task := range []Task{p.Self(), p.Task(pid), p.Self().Thread(pid)} {
		s, err := task.Status()
		if err != nil || s.Tgid != pid || !s.Has(FieldCapBnd) {
			t.Errorf("%+v, %v", s, err)
		}
	}
}

// stopped starts a process that stops before its first instruction, as one that is
// traced does, and ends with the test.
func stopped(t *testing.T, cloneflags uintptr) *exec.Cmd {
	t.Helper()
	runtime.LockOSThread() // which traces it
	t.Cleanup(runtime.UnlockOSThread)
	cmd := exec.Command("/proc/self/exe")
	cmd.SysProcAttr = &syscall.SysProcAttr{Ptrace: true, Cloneflags: cloneflags}
	if err := cmd.Start(); err != nil {
		if cloneflags != 0 && os.Getenv("CAPINSPECT_REQUIRE") == "" && (errors.Is(err, fs.ErrPermission) || errors.Is(err, unix.ENOSPC)) {
			t.Skip("no user namespace can be made: ", err)
		}
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	return cmd
}

func TestReadGone(t *testing.T) {
	p := openProc(t, "/proc")
	for _, pid := range []int{4194305, 0, -1} {
		if s, err := p.Task(pid).Status(); s != nil || !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%d: %v, %v", pid, s, err)
		}
		if open, err := p.Task(pid).Open(); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%d: %v, %v", pid, open, err)
		}
	}
	// A process that ends between open and read is as if it had not been there:
	// its open file answers ESRCH.
	cmd := stopped(t, 0)
	f, err := os.Open("/proc/" + strconv.Itoa(cmd.Process.Pid) + "/status")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	open, err := p.Task(cmd.Process.Pid).Open()
	if err != nil {
		t.Fatal(err)
	}
	defer open.Close()
	cmd.Process.Kill()
	cmd.Wait()
	_, err = f.Read(make([]byte, 100))
	if errno, ok := errors.AsType[unix.Errno](err); !ok || errno != unix.ESRCH || !errors.Is(p.dir.failed("read", "x", errno), fs.ErrNotExist) {
		t.Errorf("reading a process that ended: %v", err)
	}
	if s, err := open.Status(); s != nil || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("reading an open process that ended: %v, %v", s, err)
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
	for pid, want := range map[int]int{1: MaxStatus, 3: 0, 4: 13, 5: 0} {
		got := -1
		err := p.dir.read(strconv.Itoa(pid)+"/status", MaxStatus, true, func(text []byte) error {
			got = len(text)
			return nil
		})
		if got != want || err != nil {
			t.Errorf("%d: %d bytes, %v; want %d", pid, got, err, want)
		}
	}
	if s, err := p.Task(2).Status(); s != nil || !errors.Is(err, ErrTooLong) {
		t.Errorf("too long: %v, %v", s, err)
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
	want, err := p.Task(own.Pid).Status()
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
	want, err := os.ReadFile("/proc/self/smaps")
	if err != nil || len(want) <= 8192 {
		t.Fatalf("%d bytes, %v", len(want), err)
	}
	for range 3 { // in memory that was used before, too
		got := 0
		err := p.Self().read("smaps", 1<<20, func(text []byte) error {
			got = records(text)
			return nil
		})
		if err != nil || got < records(want) {
			t.Errorf("%d of %d records, %v", got, records(want), err)
		}
	}
	if err := p.Self().read("smaps", 8192, func([]byte) error { return nil }); !errors.Is(err, ErrTooLong) {
		t.Error(err)
	}
}

// TestMountID finds the mount of the procfs, and of another file.
func TestMountID(t *testing.T) {
	p := openProc(t, "/proc")
	mounts, err := p.Self().Mounts()
	if err != nil {
		t.Fatal(err)
	}
	ns, err := p.Self().OpenPath("ns")
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(ns)
	id, err := p.MountID(ns)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(mounts, func(m Mount) bool { return m.ID == id })
	if i < 0 || mounts[i].Type != "proc" {
		t.Fatalf("%d is no mount of a procfs", id)
	}
	if m, err := p.Mount(); err != nil || m != mounts[i] {
		t.Errorf("Mount = %+v, %v; want %+v", m, err, mounts[i])
	}
	for _, fd := range []int{1 << 20, -1} {
		if id, err := p.MountID(fd); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%d: %d, %v", fd, id, err)
		}
	}
}

// TestTaskFiles compares what a Task tells with what the files in /proc have.
func TestTaskFiles(t *testing.T) {
	p := openProc(t, "/proc")
	open, err := p.Task(os.Getpid()).Open()
	if err != nil {
		t.Fatal(err)
	}
	defer open.Close()
	if open.Pid() != os.Getpid() {
		t.Errorf("Pid = %d", open.Pid())
	}
	for name, task := range map[string]Task{"self": p.Self(), "by pid": p.Task(os.Getpid()), "open": open, "thread": p.Self().Thread(os.Getpid()), "thread of an open one": open.Thread(os.Getpid())} {
		for _, link := range []string{"root", "cwd", "exe"} {
			want, wantErr := os.Readlink("/proc/self/" + link)
			if got, err := task.Readlink(link); got != want || (err == nil) != (wantErr == nil) {
				t.Errorf("%s: %s: %q, %v; want %q", name, link, got, err, want)
			}
			fd, err := task.OpenPath(link)
			if err != nil {
				t.Errorf("%s: %s: %v", name, link, err)
				continue
			}
			var got, there unix.Stat_t
			if err := errors.Join(unix.Fstat(fd, &got), unix.Stat("/proc/self/"+link, &there)); err != nil || got.Ino != there.Ino || got.Dev != there.Dev {
				t.Errorf("%s: %s: another file is open: %v", name, link, err)
			}
			unix.Close(fd)
		}
		for k := range NamespaceKind(NumNamespaces) {
			var st unix.Stat_t
			wantErr := unix.Stat("/proc/self/ns/"+k.String(), &st)
			if got, err := task.Namespace(k); (err == nil) != (wantErr == nil) || err == nil && got != st.Ino {
				t.Errorf("%s: %v: %d, %v; want %d, %v", name, k, got, err, st.Ino, wantErr)
			}
		}
		text, err := os.ReadFile("/proc/self/cgroup")
		if got, gotErr := task.Cgroup(); string(got) != string(text) || (gotErr == nil) != (err == nil) {
			t.Errorf("%s: cgroup: %q, %v; want %q", name, got, gotErr, text)
		}
		text, err = os.ReadFile("/proc/self/mountinfo")
		if err != nil {
			t.Fatal(err)
		}
		want, err := ParseMounts(text)
		if got, gotErr := task.Mounts(); err != nil || gotErr != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %d mounts, %v; want %d, %v", name, len(got), gotErr, len(want), err)
		}
		label, labelErr := task.Label()
		if text, err := os.ReadFile("/proc/self/attr/current"); (err == nil) != (labelErr == nil) || !strings.HasPrefix(string(text), label.Label) {
			t.Errorf("%s: label %q, %v; want %q, %v", name, label, labelErr, text, err)
		}
	}
	// A thread has no files of these.
	for name, task := range map[string]Task{"self": p.Self(), "open": open} {
		users, err := task.UIDMap()
		if outside, ok := users.Outside(uint32(os.Getuid())); err != nil || users.Whole() && (!ok || int(outside) != os.Getuid()) {
			t.Errorf("%s: uid_map %v, %v", name, users, err)
		}
		if groups, err := task.GIDMap(); err != nil || len(groups) == 0 {
			t.Errorf("%s: gid_map %v, %v", name, groups, err)
		}
		text, err := os.ReadFile("/proc/self/setgroups")
		if got, gotErr := task.Setgroups(); got != strings.TrimSpace(string(text)) || (gotErr == nil) != (err == nil) {
			t.Errorf("%s: setgroups %q, %v; want %q", name, got, gotErr, text)
		}
		tids, err := task.Tids()
		if err != nil || !slices.Contains(tids, os.Getpid()) || !slices.IsSorted(tids) {
			t.Errorf("%s: tids %v, %v", name, tids, err)
		}
	}
}

// TestRelatives asks for the owner of a namespace, and for the namespace above.
func TestRelatives(t *testing.T) {
	p := openProc(t, "/proc")
	user, err := p.Self().Namespace(NamespaceUser)
	if err != nil {
		t.Fatal(err)
	}
	// The calling process may be in a user namespace below that of its mounts.
	owner, err := p.Self().OwnerOf(NamespaceUTS)
	if initial, _ := NamespaceUser.Initial(); user == initial && (owner != user || err != nil) {
		t.Errorf("owner %d, %v; want %d", owner, err, user)
	}
	above, err := p.Self().ParentUserNamespace()
	if above == user || (above == 0) != (err != nil) || err != nil && !errors.Is(err, fs.ErrPermission) {
		t.Errorf("above %d: %d, %v", user, above, err)
	}
	child := p.Task(stopped(t, syscall.CLONE_NEWUSER|syscall.CLONE_NEWUTS).Process.Pid)
	below, err := child.Namespace(NamespaceUser)
	if err != nil || below == user {
		t.Fatalf("child in %d, %v", below, err)
	}
	if owner, err := child.OwnerOf(NamespaceUTS); err != nil || owner != below {
		t.Errorf("owner %d, %v; want %d", owner, err, below)
	}
	if above, err := child.ParentUserNamespace(); err != nil || above != user {
		t.Errorf("above %d, %v; want %d", above, err, user)
	}
	me := uint32(os.Geteuid())
	owners, err := child.OwnersOf(NamespaceUTS)
	if len(owners) != 2 || owners[0] != (Owner{below, me}) || owners[1].Inode != user || err != nil {
		t.Errorf("owners %v, %v; want %d of uid %d, then %d", owners, err, below, me, user)
	}
	if uid, err := child.UserNamespaceOwner(); uid != me || err != nil {
		t.Errorf("made by uid %d, %v; want %d", uid, err, me)
	}
	if up, err := child.OwnersOf(NamespaceUser); err != nil || !slices.Equal(up, owners[1:]) {
		t.Errorf("owners of the user namespace %v, %v; want %v", up, err, owners[1:])
	}
}

// TestStatuses lists a copy of a procfs, in which a process has ended, one may not
// be read as what it says is malformed, and other names are no processes.
func TestStatuses(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"10/status": "Name:\tten\nPid:\t10\n", "9/status": "Name:\tnine\nPid:\t9\n", "11/status": "Name:\televen\nCapEff:\tzz\n",
		"12/comm": "ended\n", "13/status": "Name:\tthirteen\n", "self/status": "Name:\tself\n", "+5/status": "Name:\tx\n", "4294967296/status": "Name:\tx\n",
	} {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	p := openProc(t, dir)
	for s, err := range p.Statuses() {
		if (s == nil) != (err != nil) {
			t.Fatalf("%v, %v: want exactly one", s, err)
		}
		if err != nil {
			got = append(got, err.Error())
			continue
		}
		got = append(got, s.Name)
	}
	if want := []string{"nine", "ten", `pid 11: line 2: CapEff: "zz": not a hexadecimal number`, "thirteen"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	for range p.Statuses() { // who breaks off early must not be called again
		break
	}
	p.Close()
	for _, err := range p.Statuses() {
		if err == nil {
			t.Error("a closed procfs has processes")
		}
	}
}

// TestStatusesForbidden lists processes of which one may not be read.
func TestStatusesForbidden(t *testing.T) {
	dir := t.TempDir()
	for name, mode := range map[string]os.FileMode{"7": 0, "8": 0o644} {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.Mkdir(path, 0o755), os.WriteFile(path+"/status", []byte("Pid:\t8\n"), mode)); err != nil {
			t.Fatal(err)
		}
	}
	p := openProc(t, dir)
	if os.Geteuid() == 0 { // who may read every file, as long as this thread has its file system uid
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		if err := unix.Setfsuid(65534); err != nil {
			t.Fatal(err)
		}
		defer unix.Setfsuid(0)
	}
	var forbidden, read int
	for s, err := range p.Statuses() {
		switch {
		case s == nil && errors.Is(err, fs.ErrPermission) && strings.HasPrefix(err.Error(), "pid 7: "):
			forbidden++
		case err == nil && s.Pid == 8:
			read++
		default:
			t.Errorf("%v, %v", s, err)
		}
	}
	if forbidden != 1 || read != 1 {
		t.Errorf("%d forbidden, %d read", forbidden, read)
	}
}

// TestTasks compares the processes of the live procfs with those that os lists.
func TestTasks(t *testing.T) {
	p := openProc(t, "/proc")
	last, self := 0, false
	for task, err := range p.Tasks() {
		if err != nil {
			t.Fatal(err)
		}
		if task.Pid() <= last {
			t.Errorf("%d after %d", task.Pid(), last)
		}
		last, self = task.Pid(), self || task.Pid() == os.Getpid()
	}
	if !self {
		t.Error("the process that asks is not listed")
	}
}

// TestReadStatus reads every task of this machine into the same Status, and into a
// new one.
func TestReadStatus(t *testing.T) {
	var used Status
	compared := 0
	for task, err := range openProc(t, "/proc").Tasks() {
		if err != nil {
			t.Fatal(err)
		}
		want, err := task.Status()
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		err = errors.Join(err, task.ReadStatus(&used))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if used.Name != want.Name || used.Pid != want.Pid || used.UID != want.UID || used.seen != want.seen || used.caps != want.caps || !slices.Equal(used.Groups, want.Groups) {
			t.Errorf("%+v, want %+v", used, want)
		}
		compared++
	}
	if compared < 2 {
		t.Errorf("compared %d", compared)
	}
}

func TestSysctl(t *testing.T) {
	p := openProc(t, "/proc")
	want, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := p.Sysctl("kernel/osrelease"); err != nil || got+"\n" != string(want) {
		t.Errorf("%q, %v; want %q", got, err, want)
	}
	if got, err := p.Sysctl("kernel/none"); got != "" || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%q, %v", got, err)
	}
	for _, name := range []string{"", "/kernel/osrelease", "../version", "kernel/../../version"} {
		if got, err := p.Sysctl(name); got != "" || err == nil {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

// TestNoPanicLinux calls what takes an argument with ones that nobody should pass,
// and the methods of handles that no function has returned.
func TestNoPanicLinux(t *testing.T) {
	p := openProc(t, "/proc")
	closed := openProc(t, t.TempDir())
	tasks := []Task{{}, p.Self(), new(FS).Self(), closed.Task(1)}
	for _, n := range []int{math.MinInt, -1, 0, 1, math.MaxInt32, math.MaxInt} {
		tasks = append(tasks, p.Task(n), p.Self().Thread(n), p.Task(n).Thread(n))
		p.MountID(n)
		Capget(n)
	}
	closed.Close()
	for _, task := range tasks {
		var s Status
		if err := task.ReadStatus(nil); err == nil {
			t.Error("read into nothing")
		}
		for _, err := range []error{
			second(task.Status()), task.ReadStatus(&s), second(task.Mounts()), second(task.UIDMap()), second(task.GIDMap()), second(task.Setgroups()),
			second(task.Label()), second(task.Cgroup()), second(task.Tids()), second(task.ParentUserNamespace()),
		} {
			if err != nil && err.Error() == "" {
				t.Errorf("%v: an error without words", task)
			}
		}
		for _, name := range []string{"", ".", "..", "/", "/etc/passwd", "../../../etc/passwd", "a\x00b", strings.Repeat("x", 1<<16)} {
			if link, err := task.Readlink(name); err == nil {
				t.Errorf("link %q leads to %q", name, link)
			}
			if fd, err := task.OpenPath(name); err == nil {
				unix.Close(fd)
				if name != "." {
					t.Errorf("%q is open", name)
				}
			}
		}
		for _, k := range []NamespaceKind{NumNamespaces, 200, 255} {
			if n, err := task.Namespace(k); n != 0 || err == nil {
				t.Errorf("namespace %d: %d, %v", k, n, err)
			}
			if n, err := task.OwnerOf(k); n != 0 || err == nil {
				t.Errorf("owner of %d: %d, %v", k, n, err)
			}
			if list, err := task.OwnersOf(k); list != nil || err == nil {
				t.Errorf("owners of %d: %v, %v", k, list, err)
			}
		}
		task.UserNamespaceOwner()
		if open, err := task.Open(); err == nil {
			open.Close()
		}
		if err := task.Close(); err != nil {
			t.Errorf("%v: %v", task, err)
		}
	}
	for _, proc := range []*FS{{}, closed} {
		for _, err := range []error{second(proc.SelfPid()), second(proc.LastCap()), second(proc.Mount()), second(proc.Sysctl("kernel/osrelease"))} {
			if err == nil {
				t.Error("it is not open")
			}
		}
		for s, err := range proc.Statuses() {
			if s != nil || err == nil {
				t.Errorf("%v, %v", s, err)
			}
		}
	}
	if err := new(FS).Close(); err == nil {
		t.Error("closed what was not open")
	}
	for _, path := range []string{"", "\x00", "/proc/self/status", "/nowhere"} {
		if p, err := OpenFS(path); p != nil || err == nil {
			t.Errorf("%q: %v, %v", path, p, err)
		}
	}
}
