// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
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
	"github.com/capinspect/capinspect/cmd/capinspect/internal/need"
	"github.com/capinspect/capinspect/procstatus"
)

// program is a file to execute, and what capset is told of it.
type executable struct {
	Path string
	File capset.File
}

// credentials returns the state as capset has it.
func (c *credentials) capset() capset.Credentials {
	ids := func(real, effective int) capset.IDs {
		return capset.IDs{Real: uint32(real), Effective: uint32(effective), Saved: uint32(effective), Filesystem: uint32(effective)}
	}
	return capset.Credentials{
		Sets: c.sets, UID: ids(c.ruid, c.euid), GID: ids(c.rgid, c.egid), Groups: c.groups,
		Securebits: c.securebits, NoNewPrivs: c.noNewPrivs,
	}
}

// randomFile gives the file at path random attributes, and returns it as capset
// has it. Its owner and its group are such as the user namespace has.
func randomFile(random *rand.Rand, path string, most capset.Set) (f capset.File, err error) {
	ids := [...]uint32{0, 0, 1, 1000, 4242, 65534, 4000000000}
	f.UID, f.GID, f.Mode = ids[random.IntN(len(ids))], ids[random.IntN(len(ids))], 0o755
	f.Mode |= uint32(random.IntN(4)) << 10 // set-user-ID and set-group-ID
	if random.IntN(2) == 0 {
		f.Mode &= 0o1777
	}
	errs := []error{
		unix.Chown(path, int(f.UID), int(f.GID)), // which drops the rest
		unix.Chmod(path, f.Mode),
	}
	if random.IntN(3) > 0 {
		f.Caps = randomFileCaps(random, most)
		f.ForeignCaps = f.Caps.Version == 3 && f.Caps.RootID != 0
		errs = append(errs, unix.Setxattr(path, "security.capability", f.Caps.Attribute(), 0))
	}
	return f, errors.Join(errs...)
}

func randomFileCaps(random *rand.Rand, most capset.Set) *capset.FileCaps {
	c := &capset.FileCaps{Version: 2 + random.IntN(2), Effective: random.IntN(2) == 0}
	sets := [...]capset.Set{0, most, ^capset.Set(0), capset.Set(random.Uint64()), capset.Set(random.Uint64() & random.Uint64() & random.Uint64())}
	c.Permitted, c.Inheritable = sets[random.IntN(len(sets))], sets[random.IntN(len(sets))]
	if c.Version == 3 && random.IntN(3) == 0 {
		c.RootID = 1000
	}
	return c
}

// execute executes a file in a state, and returns the credentials that it got.
// secure is whether the kernel set AT_SECURE.
func execute(c *credentials, path string, traced bool) (got capset.Credentials, secure bool, err error) {
	cmd := exec.Command(path, "report")
	cmd.Dir = "/"
	var out, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Ptrace: traced}
	enter := within(c, func() {
		if err = cmd.Start(); err == nil && traced {
			_, err = syscall.Wait4(cmd.Process.Pid, nil, 0, nil)
			err = errors.Join(err, syscall.PtraceDetach(cmd.Process.Pid)) // of the thread that traces
		}
	})
	if err = errors.Join(enter, err); err != nil {
		return got, false, err
	}
	if err := cmd.Wait(); err != nil {
		return got, false, fmt.Errorf("%w: %s", err, &stderr)
	}
	return parseReport(out.Bytes())
}

// parseReport returns what a holder reports: its credentials, and whether the kernel set
// AT_SECURE for it.
func parseReport(text []byte) (got capset.Credentials, secure bool, err error) {
	last := bytes.LastIndexByte(bytes.TrimSuffix(text, []byte("\n")), '\n') + 1
	var bits, at uint32
	if _, err := fmt.Sscanf(string(text[last:]), "%d %d\n", &bits, &at); err != nil {
		return got, false, err
	}
	got, err = credentialsOf(text[:last], capset.Securebits(bits))
	return got, at != 0, err
}

// execIsKernels holds that capset.Exec tells what the kernel does, for pairs of a
// random state and a file: with random attributes, in dir or in its nosuid mount,
// or one of others that somebody else has made.
func execIsKernels(t *testing.T, random *rand.Rand, pairs int, dir, nosuid string, others []executable) {
	last, err := procstatus.OwnLastCap()
	if err != nil {
		t.Fatal(err)
	}
	outcomes := map[string]int{}
	for i := range pairs {
		c := randomCredentials(random, own())
		how := capset.Circumstances{Last: last, ComparesReal: before(6, 16)}
		traced := random.IntN(6) == 0
		how.Traced = traced && !c.sets[capset.Effective].Has(capset.SysPtrace)
		path := filepath.Join(dir, "holder")
		var file capset.File
		if others != nil && random.IntN(3) == 0 {
			other := others[random.IntN(len(others))]
			path, file = other.Path, other.File
		} else if file, err = randomFile(random, path, own()); err != nil {
			t.Fatal(err)
		} else if random.IntN(5) == 0 {
			path, file.NoSuid = filepath.Join(nosuid, "holder"), true
		}
		if file.Mode&0o010 == 0 && (uint32(c.egid) == file.GID || slices.Contains(c.groups, file.GID)) {
			c.sets[capset.Permitted] |= capset.Of(capset.DacOverride) // or it may not execute the file at all
			c.sets[capset.Effective] |= capset.Of(capset.DacOverride)
			c.sets[capset.Bounding] |= capset.Of(capset.DacOverride)
		}
		before := c.capset()
		want, steps, wantErr := capset.Exec(before, file, how)
		got, secure, err := execute(&c, path, traced)
		codes := ""
		for _, s := range steps {
			codes += " " + s.Code
			outcomes[s.Code]++
		}
		want.Groups = slices.Sorted(slices.Values(want.Groups))
		switch {
		case errors.Is(wantErr, capset.ErrForced) != errors.Is(err, unix.EPERM) || wantErr == nil && err != nil:
			t.Fatalf("pair %d: %v, want %v%s\n%+v\n%+v %+v\n%+v", i, err, wantErr, codes, before, file, file.Caps, how)
		case wantErr == nil && secure != isSecure(steps):
			t.Fatalf("pair %d: AT_SECURE is %v:%s\n%+v\n%+v %+v\n%+v\n%+v", i, secure, codes, before, file, file.Caps, how, got)
		case wantErr == nil && !sameCredentials(&got, &want):
			t.Fatalf("pair %d:%s\n%+v\n%+v %+v\n%+v\ngot  %+v\nwant %+v", i, codes, before, file, file.Caps, how, got, want)
		}
	}
	for _, code := range []string{
		"set-user-id", "set-group-id", "set-id-ignored", "file-capabilities", "file-capabilities-ignored", "forced-capabilities-missing",
		"plain", "root", "noroot", "set-user-id-root-with-capabilities", "no-gain", "ambient", "ambient-cleared", "effective", "not-effective", "keep-caps-cleared", "secure-execution",
	} {
		if outcomes[code] == 0 && !testing.Short() {
			t.Errorf("no pair came to %s", code)
		}
	}
	t.Log(outcomes)
}

func isSecure(steps []capset.Step) bool {
	return slices.ContainsFunc(steps, func(s capset.Step) bool { return s.Code == "secure-execution" })
}

func sameCredentials(a, b *capset.Credentials) bool {
	x, y := *a, *b
	same := len(x.Groups) == len(y.Groups) && (len(x.Groups) == 0 || slices.Equal(x.Groups, y.Groups))
	x.Groups, y.Groups = nil, nil
	return same && reflect.DeepEqual(x, y)
}

// TestExecIsKernels compares capset.Exec with the kernel in the initial user
// namespace, and in one of its own.
func TestExecIsKernels(t *testing.T) {
	const variable = "CAPINSPECT_EXEC_INSIDE"
	if dir := os.Getenv(variable); dir != "" {
		text, err := os.ReadFile(filepath.Join(dir, "others.json"))
		if err != nil {
			t.Fatal(err)
		}
		var others []executable
		if err := json.Unmarshal(text, &others); err != nil {
			t.Fatal(err)
		}
		execIsKernels(t, random(t), times(1000), filepath.Join(dir, "inside"), filepath.Join(dir, "nosuid"), others)
		return
	}
	need.On(t, "root")
	dir := t.TempDir()
	for d := dir; d != os.TempDir() && d != "/"; d = filepath.Dir(d) {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	holder, source := buildHolder(t), random(t)
	inside, nosuid := filepath.Join(dir, "inside"), filepath.Join(dir, "nosuid")
	err := errors.Join(copyFile(holder, inside), os.Mkdir(nosuid, 0o755),
		unix.Mount(inside, nosuid, "", unix.MS_BIND, ""), unix.Mount("", nosuid, "", unix.MS_BIND|unix.MS_REMOUNT|unix.MS_NOSUID, ""))
	t.Cleanup(func() { unix.Unmount(nosuid, unix.MNT_DETACH) })
	if err != nil {
		t.Fatal(err)
	}
	execIsKernels(t, source, times(1500), inside, nosuid, nil)

	// For the other namespace, files whose owners it has not, with capabilities
	// of which some count there.
	const root = 100000
	var others []executable
	for n := range 40 {
		path := filepath.Join(dir, "others", strconv.Itoa(n))
		e := executable{filepath.Join(path, filepath.Base(holder)), capset.File{Mode: 0o755 | uint32(source.IntN(4))<<10, Unmapped: true}}
		errs := []error{copyFile(holder, path), unix.Chmod(e.Path, e.File.Mode)}
		if source.IntN(4) > 0 {
			e.File.Caps = randomFileCaps(source, own())
			if e.File.Caps.Version == 3 { // root of the namespace, of none, of the one above it
				e.File.Caps.RootID = [...]uint32{root, 1000, 0}[source.IntN(3)]
				e.File.ForeignCaps = e.File.Caps.RootID == 1000
			}
			errs = append(errs, unix.Setxattr(e.Path, "security.capability", e.File.Caps.Attribute(), 0))
		}
		if err := errors.Join(errs...); err != nil {
			t.Fatal(err)
		}
		others = append(others, e)
	}
	text, err := json.Marshal(others)
	err = errors.Join(err, os.WriteFile(filepath.Join(dir, "others.json"), text, 0o644),
		unix.Chown(inside, root, root), unix.Chown(filepath.Join(inside, filepath.Base(holder)), root, root))
	if err != nil {
		t.Fatal(err)
	}
	ids := []syscall.SysProcIDMap{{ContainerID: 0, HostID: root, Size: 65536}, {ContainerID: highID, HostID: 300000, Size: 1}}
	self, err := os.Executable()
	if err = errors.Join(err, copyFile(self, dir)); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(filepath.Join(dir, filepath.Base(self)), "-test.run=^"+t.Name()+"$", "-test.v", fmt.Sprintf("-test.short=%v", testing.Short()))
	cmd.Env = append(os.Environ(), variable+"="+dir, fmt.Sprintf("CAPINSPECT_SEED=%d", source.Uint64()))
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWUSER, UidMappings: ids, GidMappings: ids, GidMappingsEnableSetgroups: true,
		Credential: &syscall.Credential{},
	}
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()) {
		t.Errorf("in a user namespace: %v", err)
	}
	t.Logf("in a user namespace:\n%s", out)
}

// TestSetuidIsKernels compares what capset says of setresuid(2) and setuid(2) with
// what the kernel does. Each state gets two calls, some of them after setfsuid(2).
func TestSetuidIsKernels(t *testing.T) {
	need.On(t, "root")
	random := random(t)
	ids := [...]uint32{0, 0, 1, 1000, 4242, 65534, 4000000000, capset.Unchanged}
	id := func() uint32 { return ids[random.IntN(len(ids))] }
	outcomes := map[error]int{}
	apart := 0 // calls that left the filesystem uid apart from the effective one
	for i := range 2000 {
		c := randomCredentials(random, own())
		var calls [2]setuidCall
		for n := range calls {
			calls[n] = setuidCall{random.IntN(3) == 0, [3]uint32{id(), id(), id()}}
			if random.IntN(4) == 0 {
				calls[n] = setuidCall{ids: [3]uint32{capset.Unchanged, capset.Unchanged, capset.Unchanged}}
			}
		}
		filesystem := c.filesystemUID(random)
		var before, got capset.Credentials
		var gotErrs [2]error
		var beforeErr, err error
		enter := within(&c, func() {
			unix.RawSyscall(unix.SYS_SETFSUID, uintptr(filesystem), 0, 0) // before shows whether it worked
			before, beforeErr = threadCredentials()
			for n, call := range calls {
				gotErrs[n] = call.make()
			}
			got, err = threadCredentials()
		})
		if err := errors.Join(enter, beforeErr, err); err != nil {
			t.Fatal(err)
		}
		if want := c.capset(); before.UID.Filesystem == want.UID.Filesystem {
			want.Groups = slices.Sorted(slices.Values(want.Groups))
			if !sameCredentials(&before, &want) {
				t.Fatalf("state %d begins as\n%+v, want\n%+v", i, before, want)
			}
		}
		want := before
		for n, call := range calls {
			after, err := call.predict(want)
			if !sameErrno(gotErrs[n], err) {
				t.Fatalf("state %d, call %d of %v: %v, want %v\n%+v", i, n, calls, gotErrs[n], err, want)
			}
			want = after
			outcomes[err]++
			if err == nil && after.UID.Filesystem != after.UID.Effective {
				apart++
			}
		}
		if !sameCredentials(&got, &want) {
			t.Fatalf("state %d, %v of %+v\ngot  %+v\nwant %+v", i, calls, before, got, want)
		}
	}
	t.Log(outcomes, apart)
	// These are far fewer than there are, so that chance never fails the test.
	if outcomes[nil] < 500 || outcomes[capset.ErrPermission] < 500 || outcomes[capset.ErrInvalidID] < 20 || apart < 20 {
		t.Errorf("outcomes %v, filesystem uid apart %d times", outcomes, apart)
	}
}

// filesystemUID returns an id for setfsuid(2), half of the time one of the task's own.
func (c *credentials) filesystemUID(random *rand.Rand) uint32 {
	switch random.IntN(4) {
	case 0:
		return 1000
	case 1:
		return uint32(c.ruid)
	}
	return uint32(c.euid)
}

// sameErrno reports whether the kernel's answer is the one that an error of capset
// stands for.
func sameErrno(got, want error) bool {
	switch want {
	case nil:
		return got == nil
	case capset.ErrPermission:
		return errors.Is(got, unix.EPERM)
	case capset.ErrInvalidID:
		return errors.Is(got, unix.EINVAL)
	}
	return false
}

// setuidCall is a call of setuid(2) or setresuid(2).
type setuidCall struct {
	plain bool // setuid, of the first id
	ids   [3]uint32
}

// make makes the call, for the calling thread alone.
func (c setuidCall) make() error {
	trap := uintptr(unix.SYS_SETRESUID)
	if c.plain {
		trap = unix.SYS_SETUID
	}
	_, _, errno := unix.RawSyscall(trap, uintptr(c.ids[0]), uintptr(c.ids[1]), uintptr(c.ids[2]))
	return nonzero(errno)
}

func (c setuidCall) predict(task capset.Credentials) (capset.Credentials, error) {
	if c.plain {
		return task.Setuid(c.ids[0])
	}
	return task.Setresuid(c.ids[0], c.ids[1], c.ids[2])
}

// threadCredentials returns those of the calling thread.
func threadCredentials() (c capset.Credentials, err error) {
	text, err := os.ReadFile("/proc/thread-self/status")
	if err != nil {
		return c, err
	}
	bits, err := procstatus.OwnSecurebits()
	if err != nil {
		return c, err
	}
	return credentialsOf(text, bits)
}

func credentialsOf(status []byte, bits capset.Securebits) (capset.Credentials, error) {
	s, err := procstatus.Parse(status)
	if err != nil {
		return capset.Credentials{}, err
	}
	groups := slices.Clone(s.Groups)
	slices.Sort(groups) // as the kernel keeps them
	return capset.Credentials{Sets: s.CapState(), UID: s.UID, GID: s.GID, Groups: groups, Securebits: bits, NoNewPrivs: s.NoNewPrivs}, nil
}
