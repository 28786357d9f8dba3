// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/need"
	"github.com/capinspect/capinspect/procstatus"
)

// atOnce runs capinspect, which must end within five seconds, even on a busy machine, and
// holds that it prints nothing that acts on a terminal.
func atOnce(t *testing.T, args ...string) outcome {
	t.Helper()
	binary := built(t) // before the time counts
	start := time.Now()
	o := run(t, "timeout", append([]string{"-s", "KILL", "20", binary}, args...)...)
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("%v took %v", args, took)
	}
	for _, r := range o.stdout + o.stderr {
		if r < 0x20 && r != '\n' || r == 0x7f || r >= 0x80 && r != utf8.RuneError || !utf8.ValidString(o.stdout+o.stderr) {
			t.Fatalf("%v: a raw %q in %q", args, r, o.stdout+o.stderr)
		}
	}
	return o
}

// inRoot starts a task that has a mount namespace and a root of its own, a tmpfs
// that prepare has filled, and returns its id.
func inRoot(t *testing.T, prepare func(root string) error) int {
	t.Helper()
	dir := t.TempDir()
	return thread(t, func() error {
		return errors.Join(
			unix.Unshare(unix.CLONE_NEWNS),
			unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""),
			unix.Mount("none", dir, "tmpfs", 0, ""),
			os.Mkdir(dir+"/etc", 0o755),
			prepare(dir),
			unix.Chroot(dir),
			unix.Chdir("/"))
	})
}

// TestHostileRoot holds that a root that is laid out to do harm costs its names
// and nothing else; package root has the ways of doing harm.
func TestHostileRoot(t *testing.T) {
	need.On(t, "root", "fuse")
	fuse, err := unix.Open("/dev/fuse", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fuse)
	for name, test := range map[string]struct {
		prepare func(root string) error
		want    string // why there is no name
	}{
		"the host's shadow": {
			func(root string) error { return os.Symlink("/etc/shadow", root+"/etc/passwd") },
			"open /etc/passwd: no such file or directory",
		},
		"a FIFO": {
			func(root string) error { return unix.Mkfifo(root+"/etc/passwd", 0o666) },
			"open /etc/passwd: not a regular file",
		},
		"FUSE": {
			func(root string) error {
				return unix.Mount("silent", root+"/etc", "fuse", 0, fmt.Sprintf("fd=%d,rootmode=40000,user_id=0,group_id=0", fuse))
			},
			"open /etc/passwd: /etc is on fuse, which may never answer",
		},
		"10,000 lines with escapes": {
			func(root string) error {
				lines := "\x1b[31m\u202e\xff:x:0:0::/:/bin/sh\n" + strings.Repeat("\x1b[2J\x1b]0;x\a:x:77:77::/:/bin/sh\n", 10_000)
				return errors.Join(os.WriteFile(root+"/etc/passwd", []byte(lines), 0o644), os.WriteFile(root+"/etc/group", []byte(lines), 0o644))
			},
			"",
		},
	} {
		t.Run(name, func(t *testing.T) {
			tid := strconv.Itoa(inRoot(t, test.prepare))
			want := "\nuid=0(???) euid=0(???)\n"
			if test.want == "" {
				want = "\nuid=0(\\x1b[31m\\u202e\\xff) euid=0(\\x1b[31m\\u202e\\xff)\ngid=0(\\x1b[31m\\u202e\\xff)\n"
			}
			if o := atOnce(t, tid); o.status != 0 || o.stderr != "" || !strings.Contains(o.stdout, want) {
				t.Errorf("%+v, want %s", o, want)
			}
			p := placeOf(t, atOnce(t, "--json", tid))
			if got := p.Unknown["uid.realName"]; got != test.want {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
}

// TestBorrowedRoot looks at a task in capinspect's mount namespace whose root is
// one of another: its path is "/", as capinspect's is.
func TestBorrowedRoot(t *testing.T) {
	need.On(t, "root")
	other := inRoot(t, func(root string) error {
		return os.WriteFile(root+"/etc/passwd", []byte("other:x:0:0::/:/bin/sh\n"), 0o644)
	})
	borrower := thread(t, func() error {
		return errors.Join(unix.Unshare(unix.CLONE_FS), unix.Chroot(fmt.Sprintf("/proc/%d/root", other)), unix.Chdir("/"))
	})
	if p := placeOf(t, run(t, built(t), "--json", strconv.Itoa(other))); text(p.UID.RealName) != "other" {
		t.Errorf("the other: %s", text(p.UID.RealName))
	}
	p := placeOf(t, run(t, built(t), "--json", strconv.Itoa(borrower)))
	if got := p.Unknown["uid.realName"]; got != "/ is not a mount in its mount table" {
		t.Errorf("%s, %q", text(p.UID.RealName), got)
	}
}

// TestOverlayOfWhom looks at a root that somebody in a user namespace has put
// together: its layers may be anything.
func TestOverlayOfWhom(t *testing.T) {
	need.On(t, "root", "unshare", "setpriv")
	dir := t.TempDir()
	for d := dir; d != os.TempDir() && d != "/"; d = filepath.Dir(d) {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	script := fmt.Sprintf(`mount -t tmpfs none %[1]s && cd %[1]s && mkdir lower upper work root lower/etc && cp %[2]s lower/holder &&
		echo root:x:0:0::/:/ >lower/etc/passwd && mount -t overlay none -o lowerdir=lower,upperdir=upper,workdir=work,userxattr root &&
		exec unshare --root=root /holder`, dir, buildHolder(t))
	cmd := exec.Command("setpriv", "--reuid", "4242", "--regid", "4242", "--clear-groups", "unshare", "-Urm", "--propagation", "private", "sh", "-c", script)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
		if t.Failed() {
			t.Log(stderr.String())
		}
	})
	awaitComm(t, cmd.Process.Pid, "holder")
	p := placeOf(t, atOnce(t, "--json", strconv.Itoa(cmd.Process.Pid)))
	if got := p.Unknown["uid.realName"]; got != "/ is on overlay, which may never answer: the node's mount table does not have it" {
		t.Errorf("%q, %s", got, text(p.UID.RealName))
	}
}

// TestOverlayOfRuntime looks at a root that a runtime has mounted on the node for a task: an
// overlay of directories on the node's disk, or in memory.
func TestOverlayOfRuntime(t *testing.T) {
	need.On(t, "root")
	dir := t.TempDir()
	mount := func(source, dir, kind, options string) {
		t.Helper()
		if err := unix.Mount(source, dir, kind, 0, options); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { unix.Unmount(dir, unix.MNT_DETACH) })
	}
	err := errors.Join(os.Mkdir(dir+"/memory", 0o755), os.MkdirAll(dir+"/lower/etc", 0o755), os.Mkdir(dir+"/merged", 0o755),
		os.WriteFile(dir+"/lower/etc/passwd", []byte("inside:x:0:0::/:/bin/sh\n"), 0o644))
	if err != nil {
		t.Fatal(err)
	}
	mount("none", dir+"/memory", "tmpfs", "")
	if err := errors.Join(os.Mkdir(dir+"/memory/upper", 0o755), os.Mkdir(dir+"/memory/work", 0o755)); err != nil {
		t.Fatal(err)
	}
	mount("none", dir+"/merged", "overlay", fmt.Sprintf("lowerdir=%[1]s/lower,upperdir=%[1]s/memory/upper,workdir=%[1]s/memory/work", dir))
	tid := thread(t, func() error {
		return errors.Join(unix.Unshare(unix.CLONE_NEWNS), unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""),
			unix.Chroot(dir+"/merged"), unix.Chdir("/"))
	})
	if p := placeOf(t, atOnce(t, "--json", strconv.Itoa(tid))); text(p.UID.RealName) != "inside" {
		t.Errorf("%s: %q", text(p.UID.RealName), p.Unknown["uid.realName"])
	}
}

// TestHostileGroups looks at a task that has a group of a long name as often as the kernel
// allows. Neither the report nor the memory that it takes grows with that.
func TestHostileGroups(t *testing.T) {
	need.On(t, "root")
	const mostKiB, count = 64 << 10, 65536
	groups := make([]uint32, count)
	for i := range groups {
		groups[i] = 1000
	}
	for name, test := range map[string]struct {
		length int
		why    string
	}{
		"4 MiB":     {4<<20 - len("root:x:0:\n:x:1000:\n"), "its name in /etc/group is longer than 256 bytes"},
		"257 bytes": {257, "its name in /etc/group is longer than 256 bytes"},
		"256 bytes": {256, "the names of all its ids in /etc/group are longer than 1048576 bytes"},
		"15 bytes":  {15, ""},
	} {
		t.Run(name, func(t *testing.T) {
			long := strings.Repeat("x", test.length)
			tid := inRoot(t, func(root string) error {
				_, _, errno := unix.RawSyscall(unix.SYS_SETGROUPS, count, uintptr(unsafe.Pointer(&groups[0])), 0)
				return errors.Join(nonzero(errno), os.WriteFile(root+"/etc/group", []byte("root:x:0:\n"+long+":x:1000:\n"), 0o644))
			})
			for _, args := range [][]string{{"--print"}, {"--json"}, {}} {
				out, status, used := peakOf(t, append(args, strconv.Itoa(tid))...)
				if status != 0 {
					t.Fatalf("%v: status %d", args, status)
				}
				if used > mostKiB && !raceDetector {
					t.Errorf("%v: %d KiB for %d bytes", args, used, len(out))
				}
				shown := strings.Contains(string(out), long)
				if shown != (test.why == "") || len(args) > 0 && args[0] == "--json" && !shown && !strings.Contains(string(out), test.why) {
					t.Errorf("%v: its name is there: %t, of %d bytes", args, shown, len(out))
				}
			}
		})
	}
}

// TestHostileThreads looks at a process that has many threads, each with as many other groups
// as the kernel allows. Memory does not grow with them.
func TestHostileThreads(t *testing.T) {
	need.On(t, "root")
	const mostKiB, count, threads = 64 << 10, 65536, 20
	groups := make([]uint32, count+threads)
	for i := range groups {
		groups[i] = 4_000_000_000 + uint32(i)
	}
	for i := range threads {
		thread(t, func() error {
			_, _, errno := unix.RawSyscall(unix.SYS_SETGROUPS, count, uintptr(unsafe.Pointer(&groups[i])), 0)
			return nonzero(errno)
		})
	}
	pid := strconv.Itoa(os.Getpid())
	for _, args := range [][]string{{"ps", "-T", "--json"}, {"-T", "--json"}} {
		out, status, used := peakOf(t, append(args, pid)...)
		if status != 0 || bytes.Count(out, []byte("4000065534")) < threads {
			t.Errorf("%v: status %d, %d bytes", args, status, len(out))
		}
		if used > mostKiB && !raceDetector {
			t.Errorf("%v: %d KiB for %d bytes", args, used, len(out))
		}
	}
}

// TestOwnersOfThreads looks at threads that share some namespaces and not others: of each it
// is told what is told of it alone.
func TestOwnersOfThreads(t *testing.T) {
	need.On(t, "root", "unshare")
	child := exec.Command("unshare", "-Urn", buildHolder(t))
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { child.Process.Kill(); child.Wait() })
	awaitComm(t, child.Process.Pid, "holder")
	enter := func() error {
		net, err := unix.Open(fmt.Sprintf("/proc/%d/ns/net", child.Process.Pid), unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if err != nil {
			return err
		}
		defer unix.Close(net)
		return unix.Setns(net, unix.CLONE_NEWNET)
	}
	tids := []int{thread(t, enter), thread(t, func() error { return unix.Unshare(unix.CLONE_NEWNET) }), thread(t, enter)}
	for range 70 { // more than are kept
		tids = append(tids, thread(t, func() error { return unix.Unshare(unix.CLONE_NEWUTS) }))
	}
	tids = append(tids, thread(t, enter), thread(t, func() error { return nil }))
	type list struct {
		Tasks []struct {
			Tid        int
			Namespaces map[string]any
		}
	}
	var all list
	if err := json.Unmarshal([]byte(run(t, built(t), "-T", "--json", strconv.Itoa(os.Getpid())).stdout), &all); err != nil {
		t.Fatal(err)
	}
	together, owners := map[int]map[string]any{}, map[string]bool{}
	for _, one := range all.Tasks {
		together[one.Tid] = one.Namespaces
	}
	for _, tid := range tids {
		var alone list
		if err := json.Unmarshal([]byte(run(t, built(t), "--json", strconv.Itoa(tid)).stdout), &alone); err != nil {
			t.Fatal(err)
		}
		if want := alone.Tasks[0].Namespaces; want == nil || !reflect.DeepEqual(together[tid], want) {
			t.Errorf("%d: %v, want %v", tid, together[tid], want)
		}
		owners[fmt.Sprint(together[tid]["net"].(map[string]any)["owner"])] = true
	}
	if len(owners) != 2 {
		t.Errorf("owners of network namespaces: %v", owners)
	}
}

// TestHostileMounts looks at a task whose mount table is as long as one that is read: many
// mounts of an overlay that has long names of layers.
func TestHostileMounts(t *testing.T) {
	need.On(t, "root")
	const mostKiB, mounts = 64 << 10, 1650
	tid := strconv.Itoa(inRoot(t, func(root string) error {
		var layers []string
		var errs []error
		for i := range 15 {
			layers = append(layers, fmt.Sprintf("%s/%d%s", root, i, strings.Repeat("x", 200)))
			errs = append(errs, os.Mkdir(layers[i], 0o755))
		}
		errs = append(errs, os.Mkdir(root+"/many", 0o755), unix.Mount("none", root+"/many", "tmpfs", 0, ""), os.Mkdir(root+"/overlay", 0o755),
			unix.Mount("none", root+"/overlay", "overlay", 0, "lowerdir="+strings.Join(layers, ":")))
		for i := range mounts {
			at := fmt.Sprintf("%s/many/%d", root, i)
			errs = append(errs, os.Mkdir(at, 0o755), unix.Mount(root+"/overlay", at, "", unix.MS_BIND, ""))
		}
		return errors.Join(errs...)
	}))
	if text, err := os.ReadFile("/proc/" + tid + "/mountinfo"); err != nil || len(text) < 5<<20 || len(text) > procstatus.MaxMountinfo {
		t.Fatalf("%d bytes, %v", len(text), err)
	}
	for _, args := range [][]string{{"--json", tid}, {"predict", "/bin/sh", "-p", tid}} {
		out, status, used := peakOf(t, args...)
		if status > 1 {
			t.Fatalf("%v: status %d", args, status)
		}
		if used > mostKiB && !raceDetector || len(out) == 0 {
			t.Errorf("%v: %d KiB for %d bytes", args, used, len(out))
		}
	}
}

// TestHostileCgroup puts a task into a cgroup of a long name full of what acts
// on a terminal.
func TestHostileCgroup(t *testing.T) {
	need.On(t, "root")
	top := ""
	for _, dir := range []string{"/sys/fs/cgroup", "/sys/fs/cgroup/memory", "/sys/fs/cgroup/pids", "/sys/fs/cgroup/cpu"} {
		if _, err := os.Stat(dir + "/cgroup.procs"); err == nil {
			top = dir
			break
		}
	}
	if top == "" {
		t.Fatal("no cgroup file system is mounted")
	}
	dir := fmt.Sprintf("%s/capinspect-test-%d", top, os.Getpid())
	var made []string
	t.Cleanup(func() {
		for i := len(made) - 1; i >= 0; i-- {
			if err := unix.Rmdir(made[i]); err != nil {
				t.Error(err)
			}
		}
	})
	for len(dir) < 3700 { // PATH_MAX is 4096
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		made = append(made, dir)
		dir += "/\x1b[31m\u202e\x7f " + strings.Repeat("x", 150)
	}
	cmd := exec.Command("sleep", "60")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	pid := strconv.Itoa(cmd.Process.Pid)
	defer func() { cmd.Process.Kill(); cmd.Wait() }()
	if err := os.WriteFile(made[len(made)-1]+"/cgroup.procs", []byte(pid), 0o644); err != nil {
		t.Fatal(err)
	}
	cgroup, err := os.ReadFile("/proc/" + pid + "/cgroup")
	if err != nil || len(cgroup) < 3000 || !strings.Contains(string(cgroup), "\x1b") {
		t.Fatalf("%q, %v", cgroup, err)
	}
	for _, args := range [][]string{{pid}, {"--json", pid}, {"ps", "--by", "container"}, {"ps", pid, "--columns", "+CONTAINER,RUNTIME,POD"}} {
		if o := atOnce(t, args...); o.status != 0 || !onlyKernelThreads.MatchString(o.stderr) {
			t.Errorf("%v: %+v", args, o)
		}
	}
}

// TestExecBetween looks at processes that execute a set-user-ID program: what is
// shown is of before or of after.
func TestExecBetween(t *testing.T) {
	need.On(t, "root", "setpriv")
	dir := t.TempDir()
	for d := dir; d != os.TempDir() && d != "/"; d = filepath.Dir(d) {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	privileged := filepath.Join(dir, "holder")
	if err := errors.Join(copyFile(buildHolder(t), dir), os.Chmod(privileged, 0o755|os.ModeSetuid)); err != nil {
		t.Fatal(err)
	}
	before, after := 0, 0
	for i := range 60 {
		cmd := exec.Command("setpriv", "--reuid", "4242", "--regid", "4242", "--clear-groups", "sh", "-c", "read x; exec "+privileged)
		in, err := cmd.StdinPipe()
		if err == nil {
			err = cmd.Start()
		}
		if err != nil {
			t.Fatal(err)
		}
		awaitComm(t, cmd.Process.Pid, "sh")
		go func() { // some time while capinspect starts, reads and ends
			time.Sleep(time.Duration(i*i) * 10 * time.Microsecond)
			in.Write([]byte("\n"))
		}()
		p := placeOf(t, run(t, built(t), "--json", strconv.Itoa(cmd.Process.Pid)))
		cmd.Process.Kill()
		cmd.Wait()
		root := text(p.UID.Effective) == "0"
		if root {
			after++
		} else {
			before++
		}
		if root != (text(p.UID.EffectiveName) == "root") || !root && text(p.UID.Effective) != "4242" || text(p.UID.Real) != "4242" {
			t.Errorf("%s (%s)", text(p.UID.Effective), text(p.UID.EffectiveName))
		}
	}
	if before == 0 || after == 0 {
		t.Errorf("%d before, %d after", before, after)
	}
}

// TestChanging looks at a task that changes its ids all the time: what is shown
// is of one moment, or said not to be.
func TestChanging(t *testing.T) {
	need.On(t, "root")
	tid, stop, ended := make(chan int), make(chan bool), make(chan bool)
	onThread(func() {
		defer close(ended)
		tid <- unix.Gettid()
		for id := uintptr(0); ; id ^= 4242 {
			unix.RawSyscall(unix.SYS_SETRESUID, ^uintptr(0), id, ^uintptr(0))
			select {
			case <-stop:
				return
			default:
			}
		}
	})
	defer func() { close(stop); <-ended }()
	target, changing := strconv.Itoa(<-tid), 0
	for range 200 {
		p := placeOf(t, run(t, built(t), "--json", target))
		if p.note("changing") != "" {
			changing++
		}
		if root := text(p.UID.Effective) == "0"; root != (text(p.UID.EffectiveName) == "root") {
			t.Errorf("%s (%s)", text(p.UID.Effective), text(p.UID.EffectiveName))
		}
	}
	if changing == 0 || changing == 200 {
		t.Errorf("%d of 200 times it was seen to change", changing)
	}
}
