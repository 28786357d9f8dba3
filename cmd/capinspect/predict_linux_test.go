// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/collect"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/need"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/predict"
)

// The tests below start another process that puts a thread into a random state,
// tells of it, waits until its execve of some file is predicted, and executes that.

// attempt is what a thread is about to execute, and what came of it.
type attempt struct {
	Tid        int
	File       string
	Securebits capset.Securebits
	Form       string // how the file was laid out
	State      string

	Errno  string              // "" if it was executed
	Result *capset.Credentials // nil if it did not report, as it does if it is told to
	Secure bool                // the kernel set AT_SECURE for it
}

// attempts makes as many attempts as it is told: DIR SEED COUNT [OTHERS MAPPED], where DIR
// has a holder, and a directory nosuid and one noexec in which DIR/tree is mounted so.
// With OTHERS it first makes a root directory of DIR, in which that is others, and MAPPED
// is mapped. Behind "below" it does that in another user namespace.
func attempts() {
	if os.Args[1] == "below" {
		attemptBelow()
		return
	}
	dir, err := os.Args[1], error(nil)
	if len(os.Args) > 5 {
		dir, err = "/", newRoot(dir, os.Args[4], os.Args[5])
	}
	if err == nil {
		err = makeAttempts(dir, os.Args[2], os.Args[3])
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func makeAttempts(dir, seed, count string) error {
	n, err := strconv.ParseUint(seed, 10, 64)
	times, err2 := strconv.Atoi(count)
	if err := errors.Join(err, err2, os.Chdir("/")); err != nil {
		return err
	}
	random, in, out := rand.New(rand.NewPCG(n, 2)), bufio.NewReader(os.Stdin), json.NewEncoder(os.Stdout)
	for range times {
		state := randomCredentials(random, own())
		a, cwd, err := layOut(random, dir)
		if err != nil {
			return err
		}
		a.Securebits, a.State = state.securebits, fmt.Sprintf("%+v", state)
		done := make(chan error)
		onThread(func() {
			a.Tid = unix.Gettid()
			err := errors.Join(unix.Unshare(unix.CLONE_FS), unix.Chdir(cwd), state.enter(), out.Encode(a))
			if err == nil {
				_, err = in.ReadString('\n')
			}
			if err == nil {
				err = a.try()
			}
			done <- err
		})
		if err := errors.Join(<-done, out.Encode(a)); err != nil {
			return err
		}
	}
	return nil
}

// secondMaps are the ids of a user namespace below that of the tests: its root is uid 1000
// there.
var secondMaps = []syscall.SysProcIDMap{
	{ContainerID: 0, HostID: 1000, Size: 1},
	{ContainerID: 1, HostID: 1, Size: 999},
	{ContainerID: 1000, HostID: 0, Size: 1},
	{ContainerID: 1001, HostID: 1001, Size: 64535},
	{ContainerID: highID, HostID: highID, Size: 1},
}

// attemptBelow makes the attempts in a user namespace below its own.
func attemptBelow() {
	cmd := &exec.Cmd{Path: "/proc/self/exe", Args: slices.Concat(os.Args[:1], os.Args[2:]), Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr}
	belowThisUserNamespace(cmd)
	cmd.SysProcAttr.UidMappings, cmd.SysProcAttr.GidMappings = secondMaps, secondMaps
	cmd.SysProcAttr.Pdeathsig = unix.SIGKILL
	if err := cmd.Run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// newRoot makes a tmpfs at dir, with what attempts need and what others and mapped have, the
// root directory.
func newRoot(dir, others, mapped string) error {
	holder := filepath.Join(dir, "holder")
	data, err := os.ReadFile(holder)
	return errors.Join(err,
		unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""),
		unix.Mount("none", dir, "tmpfs", 0, "mode=755"),
		os.WriteFile(holder, data, 0o755),
		prepareMounts(dir),
		os.Mkdir(dir+"/dev", 0o755), os.WriteFile(dir+"/dev/null", nil, 0o666), unix.Mount("/dev/null", dir+"/dev/null", "", unix.MS_BIND, ""),
		os.Mkdir(dir+"/proc", 0o755), unix.Mount("/proc", dir+"/proc", "", unix.MS_BIND|unix.MS_REC, ""),
		os.Mkdir(dir+"/others", 0o755), unix.Mount(others, dir+"/others", "", unix.MS_BIND|unix.MS_REC, ""),
		os.Mkdir(dir+"/mapped", 0o755), unix.Mount(mapped, dir+"/mapped", "", unix.MS_BIND|unix.MS_REC, ""),
		unix.Chroot(dir), unix.Chdir("/"))
}

// try executes the file, which reports what it got. A lookup that the kernel begins
// anew, without RCU, goes on counting the links that it has followed, so that some 40
// of them may be too many or not: it gets several tries.
func (a *attempt) try() error {
	var text []byte
	var err error
	for range 5 {
		cmd := exec.Cmd{Path: a.File, Args: []string{"holder", "report"}}
		if text, err = cmd.Output(); !errors.Is(err, unix.ELOOP) {
			break
		}
	}
	if errno, ok := errors.AsType[syscall.Errno](err); ok {
		a.Errno = unix.ErrnoName(errno)
		return nil
	}
	if _, ended := errors.AsType[*exec.ExitError](err); ended && strings.HasPrefix(a.Form, "odd") {
		return nil
	}
	if err != nil {
		return err
	}
	got, secure, err := parseReport(text)
	a.Result, a.Secure = &got, secure
	return err
}

// layOut makes a random way to a program below dir, and returns the attempt to
// execute it, and a working directory.
func layOut(random *rand.Rand, dir string) (a attempt, cwd string, err error) {
	tree := filepath.Join(dir, "tree/w")
	upper, lower := filepath.Join(tree, "d1"), filepath.Join(tree, "d1/d2")
	program := filepath.Join(lower, "prog")
	errs := []error{
		os.RemoveAll(tree), os.MkdirAll(lower, 0o755),
		os.Link(filepath.Join(dir, "holder"), program),
	}
	ids := [...]int{0, 0, 0, 1, 1000, 4242}
	id := func() int { return ids[random.IntN(len(ids))] }
	modes := [...]uint32{0o755, 0o755, 0o755, 0o755, 0o711, 0o700, 0o750, 0o710, 0o644, 0, 0o1777, 0o1777, 0o2755, 0o701}
	mode := func() uint32 { return modes[random.IntN(len(modes))] }
	_, err = randomFile(random, program, own())
	errs = append(errs, err)
	if random.IntN(4) == 0 {
		errs = append(errs, unix.Chmod(program, mode()|uint32(random.IntN(4))<<10))
	}
	a.File, a.Form, cwd = program, "plain", upper
	link := func(target, name string) {
		a.File = filepath.Join(tree, name)
		errs = append(errs, os.Symlink(target, a.File), os.Lchown(a.File, id(), id()))
	}
	script := func(name, first string) {
		a.File = filepath.Join(tree, name)
		errs = append(errs, os.WriteFile(a.File, []byte(first), 0o755))
		if random.IntN(4) == 0 {
			errs = append(errs, unix.Chown(a.File, id(), id()), unix.Chmod(a.File, mode()|uint32(random.IntN(4))<<10))
		}
	}
	switch n := random.IntN(14); n {
	case 0, 1:
		form := [...]string{"others", "mapped"}[n]
		others, err := filepath.Glob(filepath.Join(dir, form, "*/*/holder"))
		errs = append(errs, err)
		if others != nil {
			a.Form, a.File = form, others[random.IntN(len(others))]
		}
	case 3:
		a.Form, a.File = "relative", [...]string{"d2/prog", "./d2/./prog", "../d1/d2/prog", "d2/../d2//prog"}[random.IntN(4)]
	case 4:
		a.Form = "relative link"
		link("d1/d2/prog", "link")
	case 5:
		a.Form = "absolute link"
		link(program, "link")
	case 6:
		a.Form = "link to a directory"
		link("./d1//d2/", "link")
		a.File += "/prog"
	case 7:
		a.Form = "many links"
		link("d1/d2/prog", "link0")
		for i := range 36 + random.IntN(6) {
			link(fmt.Sprintf("link%d", i), fmt.Sprintf("link%d", i+1))
		}
	case 8, 9:
		a.Form = "missing"
		a.File = [...]string{
			program + "/", program + "/x", program + "/.", lower, lower + "/", lower + "/missing", tree + "/missing/x", tree + "/" + strings.Repeat("x", 256),
			tree + strings.Repeat("/.", 2100), "/", "./", lower + "/..", upper + "/../d1/d2/prog",
		}[random.IntN(13)]
	case 10, 11:
		a.Form = "scripts"
		script("s0", "#!"+program+" report\n")
		for i := range random.IntN(7) {
			script(fmt.Sprintf("s%d", i+1), "#! "+a.File+"\n")
		}
	case 12:
		a.Form = "odd scripts"
		long := "#!" + program + strings.Repeat(" ", 256)
		script("s0", [...]string{
			"#!", "#!\n", "#!  \n", "#! ", "#!\x00\n", "#!" + program, "#! \t" + program + " report", "#!" + program + "\treport \nmore\n", long, long[:256] + "report\n",
			"#!" + strings.Repeat("/", 256-2-len(program)) + program + "\n", "#!" + strings.Repeat("/", 255-2-len(program)) + program + "\n",
			"#!d1/d2/prog report\n", "#!/missing\n", "#!" + lower + "\n", "#!" + program + "\r\n",
		}[random.IntN(16)])
	case 13:
		a.Form = [...]string{"nosuid", "noexec"}[random.IntN(2)]
		a.File = filepath.Join(dir, a.Form, "w/d1/d2/prog")
	}
	for _, d := range []string{lower, upper, tree} {
		if random.IntN(2) == 0 {
			errs = append(errs, unix.Chown(d, id(), id()), unix.Chmod(d, mode()))
		}
	}
	return a, cwd, errors.Join(errs...)
}

// prepareMounts makes the mounts that attempts need in a directory.
func prepareMounts(dir string) error {
	tree := filepath.Join(dir, "tree")
	errs := []error{os.MkdirAll(tree, 0o755)}
	for name, flag := range map[string]uintptr{"nosuid": unix.MS_NOSUID, "noexec": unix.MS_NOEXEC} {
		at := filepath.Join(dir, name)
		errs = append(errs, os.Mkdir(at, 0o755), unix.Mount(tree, at, "", unix.MS_BIND, ""),
			unix.Mount("", at, "", unix.MS_BIND|unix.MS_REMOUNT|flag, ""))
	}
	return errors.Join(errs...)
}

// prepareOthers lays out programs whose owners a user namespace from 100000 on may
// lack, with capabilities of which some count there.
func prepareOthers(random *rand.Rand, holder, dir string) error {
	ids := [...]int{0, 1000, 100000, 101000, 104242, 165534, 300000}
	id := func() int { return ids[random.IntN(len(ids))] }
	modes := [...]uint32{0o755, 0o755, 0o755, 0o750, 0o701, 0o710, 0o644}
	mode := func() uint32 { return modes[random.IntN(len(modes))] }
	var errs []error
	for n := range 60 {
		upper := filepath.Join(dir, strconv.Itoa(n))
		lower := filepath.Join(upper, "d")
		program := filepath.Join(lower, "holder")
		errs = append(errs, copyFile(holder, lower), unix.Chown(program, id(), id()), unix.Chmod(program, mode()|uint32(random.IntN(4))<<10))
		if random.IntN(3) > 0 {
			c := randomFileCaps(random, own())
			if c.Version == 3 {
				c.RootID = [...]uint32{0, 1000, 100000, 101000}[random.IntN(4)]
			}
			errs = append(errs, unix.Setxattr(program, "security.capability", c.Attribute(), 0))
		}
		for _, d := range []string{lower, upper} {
			if random.IntN(2) == 0 {
				errs = append(errs, unix.Chown(d, id(), id()), unix.Chmod(d, mode()))
			}
		}
	}
	return errors.Join(errs...)
}

// predictIsKernels holds the predictions for the attempts of a process to what came
// of them, which it adds to results. ids translates the ids that this process sees into
// those of the other's user namespace.
func predictIsKernels(t *testing.T, cmd *exec.Cmd, count int, ids func(uint32) uint32, results map[string]int) {
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		stdin.Close()
		cmd.Process.Kill()
		cmd.Wait()
	}()
	from, err := collect.Open(collect.Options{Detail: collect.Surrounded})
	if err != nil {
		t.Fatal(err)
	}
	defer from.Close()
	forms, doubtful := map[string]int{}, 0
	in := json.NewDecoder(stdout)
	for i := range count {
		var before, after attempt
		if err := in.Decode(&before); err != nil {
			t.Fatal(err)
		}
		p, predictErr := from.Predict(strconv.Itoa(before.Tid), before.File, &predict.WhatIf{Securebits: &before.Securebits})
		if _, err := io.WriteString(stdin, "\n"); err != nil {
			t.Fatal(err)
		}
		if err := in.Decode(&after); err != nil {
			t.Fatal(err)
		}
		if predictErr != nil && isDoubt(predictErr.Error(), before.Form) {
			doubtful++
			continue
		}
		if predictErr != nil {
			t.Fatalf("attempt %d, %s: %v\n%+v", i, before.Form, predictErr, after)
		}
		got := p.Result
		want := after.Errno
		if want == "" {
			want = predict.OK
		}
		results[want]++
		forms[before.Form+" "+want]++
		same := got == want
		if same && after.Result != nil {
			t := p.After
			c := capset.Credentials{
				Sets: t.State(), Securebits: t.Securebits.Zero(), NoNewPrivs: t.NoNewPrivs.Zero(),
				UID: mapIDs(t.UID.Zero(), ids), GID: mapIDs(t.GID.Zero(), ids), Groups: after.Result.Groups,
			}
			same = reflect.DeepEqual(c, *after.Result) && after.Secure == p.Secure()
		}
		if !same {
			t.Fatalf("attempt %d, %s: %s, %s %s\n%+v\n%s\n%+v\n%+v", i, before.Form, want, got, p.Why, p.Steps, after.State, after.Result, p.After)
		}
	}
	t.Log(results, forms, doubtful)
	if doubtful > 10+count/8 { // the forms "others" and "mapped" are one attempt in seven
		t.Errorf("%d of %d are doubtful", doubtful, count)
	}
}

// isDoubt reports whether an error says what nobody can tell: two owners show as the same,
// and root itself may not look at the files of an owner or a group without an id.
func isDoubt(err, form string) bool {
	unmapped := form == "others" || form == "mapped"
	return strings.Contains(err, "depends on who owns a file") || unmapped && strings.HasPrefix(err, "capinspect itself may not look there: ")
}

// idBelow returns an id in a user namespace of one above it.
func idBelow(maps []syscall.SysProcIDMap, id uint32) uint32 {
	for _, m := range maps {
		if n := int64(id) - int64(m.HostID); n >= 0 && n < int64(m.Size) {
			return uint32(int64(m.ContainerID) + n)
		}
	}
	return 65534
}

func mapIDs(ids capset.IDs, to func(uint32) uint32) capset.IDs {
	return capset.IDs{Real: to(ids.Real), Effective: to(ids.Effective), Saved: to(ids.Saved), Filesystem: to(ids.Filesystem)}
}

// open755 lets everybody into a directory of the tests.
func open755(t *testing.T, dir string) {
	t.Helper()
	for d := dir; d != os.TempDir() && d != "/"; d = filepath.Dir(d) {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
}

// attempting returns a process that makes attempts in dir.
func attempting(t *testing.T, random *rand.Rand, count int, dir string, others ...string) *exec.Cmd {
	self, err := os.Executable()
	if filepath.Dir(self) != dir {
		err = errors.Join(err, copyFile(self, dir))
	}
	if err != nil {
		t.Fatal(err)
	}
	self = filepath.Join(dir, filepath.Base(self))
	args := append([]string{"attempts", dir, strconv.FormatUint(random.Uint64(), 10), strconv.Itoa(count)}, others...)
	return &exec.Cmd{Path: self, Args: args, Env: os.Environ(), Dir: "/"}
}

// insideMaps are the user and the group ids of the tests' user namespace.
var insideMaps = []syscall.SysProcIDMap{{ContainerID: 0, HostID: 100000, Size: 65536}, {ContainerID: highID, HostID: 300000, Size: 1}}

// belowThisUserNamespace makes a process the root of a user namespace.
func belowThisUserNamespace(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS, UidMappings: insideMaps, GidMappings: insideMaps,
		GidMappingsEnableSetgroups: true, Credential: &syscall.Credential{},
	}
}

// holderBelow starts a holder there, as a user of that namespace, until the test ends,
// and returns its PID once it runs.
func holderBelow(t *testing.T, user syscall.Credential, args ...string) string {
	t.Helper()
	dir := t.TempDir()
	open755(t, dir)
	if err := copyFile(buildHolder(t), dir); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(filepath.Join(dir, "holder"), args...)
	belowThisUserNamespace(cmd)
	cmd.SysProcAttr.Credential = &user
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	awaitComm(t, cmd.Process.Pid, "holder")
	return strconv.Itoa(cmd.Process.Pid)
}

// TestPredictIsKernels compares what is predicted with what comes of executing: for
// tasks of capinspect's own root directory, of another one, in a user namespace below
// it, and for those in one that capinspect is in too.
func TestPredictIsKernels(t *testing.T) {
	const variable = "CAPINSPECT_PREDICT_INSIDE"
	random, count, results := random(t), times(800), map[string]int{}
	identity := func(id uint32) uint32 { return id }
	if dir := os.Getenv(variable); dir != "" {
		if err := prepareMounts(dir); err != nil {
			t.Fatal(err)
		}
		t.Run("here", func(t *testing.T) {
			predictIsKernels(t, attempting(t, random, count, dir), count, identity, results)
		})
		t.Run("below", func(t *testing.T) { // where the node's root has another id than 0 twice
			cmd := attempting(t, random, count, dir)
			cmd.Args = slices.Insert(cmd.Args, 1, "below")
			predictIsKernels(t, cmd, count, func(id uint32) uint32 { return idBelow(secondMaps, id) }, results)
		})
		return
	}
	need.On(t, "root")
	protectSymlinks(t)
	holder := buildHolder(t)
	others, mapped := t.TempDir(), t.TempDir()
	open755(t, others)
	open755(t, mapped)
	err := errors.Join(unix.Mount("none", others, "tmpfs", 0, "mode=755"), prepareOthers(random, holder, others))
	if mapping := mapMount(others, mapped, 2000); errors.Is(mapping, unix.EINVAL) || errors.Is(mapping, exec.ErrNotFound) {
		t.Logf("no mapped ids, which tmpfs has since Linux 6.3: %v", mapping)
		err = errors.Join(err, unix.Mount(others, mapped, "", unix.MS_BIND, ""))
	} else {
		err = errors.Join(err, mapping)
	}
	for _, dir := range []string{others, mapped} {
		t.Cleanup(func() { unix.Unmount(dir, unix.MNT_DETACH) })
	}
	if err != nil {
		t.Fatal(err)
	}
	fresh := func(t *testing.T) string {
		dir := t.TempDir()
		open755(t, dir)
		if err := copyFile(holder, dir); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	t.Run("own root", func(t *testing.T) {
		dir := fresh(t)
		t.Cleanup(func() {
			unix.Unmount(dir+"/nosuid", unix.MNT_DETACH)
			unix.Unmount(dir+"/noexec", unix.MNT_DETACH)
		})
		if err := prepareMounts(dir); err != nil {
			t.Fatal(err)
		}
		predictIsKernels(t, attempting(t, random, count, dir), count, identity, results)
	})
	t.Run("another root", func(t *testing.T) {
		cmd := attempting(t, random, count, fresh(t), others, mapped)
		cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS}
		predictIsKernels(t, cmd, count, identity, results)
	})
	first := func(id uint32) uint32 { return idBelow(insideMaps, id) }
	t.Run("a user namespace", func(t *testing.T) {
		cmd := attempting(t, random, count, fresh(t), others, mapped)
		belowThisUserNamespace(cmd)
		predictIsKernels(t, cmd, count, first, results)
	})
	t.Run("a user namespace below that", func(t *testing.T) {
		cmd := attempting(t, random, count, fresh(t), others, mapped)
		cmd.Args = slices.Insert(cmd.Args, 1, "below")
		belowThisUserNamespace(cmd)
		predictIsKernels(t, cmd, count, func(id uint32) uint32 { return idBelow(secondMaps, first(id)) }, results)
	})
	t.Run("inside a user namespace", func(t *testing.T) {
		dir := fresh(t)
		err := errors.Join(unix.Chown(dir, 100000, 100000), unix.Chown(dir+"/holder", 100000, 100000))
		for from, name := range map[string]string{others: "/others", mapped: "/mapped"} {
			at := dir + name
			err = errors.Join(err, os.Mkdir(at, 0o755), unix.Mount(from, at, "", unix.MS_BIND, ""))
			t.Cleanup(func() { unix.Unmount(at, unix.MNT_DETACH) })
		}
		self, err2 := os.Executable()
		if err := errors.Join(err, err2, copyFile(self, dir)); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(filepath.Join(dir, filepath.Base(self)), "-test.run=^TestPredictIsKernels$", "-test.v", fmt.Sprintf("-test.short=%v", testing.Short()))
		cmd.Env = append(os.Environ(), variable+"="+dir, fmt.Sprintf("CAPINSPECT_SEED=%d", random.Uint64()))
		belowThisUserNamespace(cmd)
		root := syscall.SysProcIDMap{ContainerID: 70000, HostID: 0, Size: 1}
		cmd.SysProcAttr.UidMappings = append(slices.Clone(insideMaps), root)
		out, err := cmd.CombinedOutput()
		if err != nil || !strings.Contains(string(out), "--- PASS: TestPredictIsKernels ") {
			t.Errorf("%v", err)
		}
		t.Logf("%s", out)
	})
	// The rarest comes some 20 times, in all and of the full number alone.
	for _, want := range []string{predict.OK, "EPERM", "EACCES", "ENOENT", "ENOTDIR", "ELOOP", "ENAMETOOLONG", "ENOEXEC"} {
		if results[want] == 0 && !testing.Short() {
			t.Errorf("no %s", want)
		}
	}
}

// protectSymlinks lets the kernel protect symbolic links, as it does where
// systemd runs.
func protectSymlinks(t *testing.T) {
	const name = "/proc/sys/fs/protected_symlinks"
	before, err := os.ReadFile(name)
	if err == nil && strings.TrimSpace(string(before)) == "0" {
		t.Cleanup(func() { os.WriteFile(name, before, 0o644) })
		err = os.WriteFile(name, []byte("1\n"), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}
