// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/user"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
	"kernel.org/pub/linux/libs/security/libcap/cap"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/need"
)

// highID is an id of 32 bits, as far as package syscall, where ids are ints, can
// name one on this platform.
const highID = min(4_000_000_000, math.MaxInt)

// credentials is a random state that a thread can put itself into.
type credentials struct {
	sets       capset.State
	securebits capset.Securebits
	noNewPrivs bool
	ruid, euid int
	rgid, egid int
	groups     []uint32
}

// randomCredentials picks a state that the kernel allows, within what this
// process has.
func randomCredentials(random *rand.Rand, most capset.Set) (c credentials) {
	some := func(of capset.Set) capset.Set {
		switch random.IntN(4) {
		case 0:
			return 0
		case 1:
			return of
		case 2:
			return of & capset.Set(random.Uint64()&random.Uint64())
		}
		return of & capset.Set(random.Uint64())
	}
	c.sets[capset.Inheritable] = some(most)
	c.sets[capset.Permitted] = some(most)
	c.sets[capset.Effective] = some(c.sets[capset.Permitted])
	c.sets[capset.Bounding] = some(most)
	c.sets[capset.Ambient] = some(c.sets[capset.Inheritable] & c.sets[capset.Permitted])
	switch random.IntN(4) {
	case 0:
		c.securebits = 0xef // a pure mode, with everything locked
	case 1:
		c.securebits = capset.Securebits(random.Uint32N(1 << 12))
		if before(6, 14) {
			c.securebits &= 0xff
		}
	case 2:
		c.securebits = capset.Securebits(random.Uint32N(1 << 8))
	}
	ids := [...]int{0, 0, 1, 1000, 4242, 65534, highID}
	id := func() int { return ids[random.IntN(len(ids))] }
	c.ruid, c.rgid = id(), id()
	c.euid, c.egid = c.ruid, c.rgid
	if random.IntN(3) == 0 {
		c.euid, c.egid = id(), id()
	}
	for range random.IntN(8) * random.IntN(2) {
		c.groups = append(c.groups, uint32(id()))
	}
	c.noNewPrivs = random.IntN(2) == 0
	return c
}

// times is how often a random test is repeated, where there is little time a quarter.
func times(n int) int {
	if testing.Short() {
		return n / 4
	}
	return n
}

// before reports whether the kernel is one from before a release of Linux.
func before(major, minor int) bool {
	var u unix.Utsname
	var runs [2]int
	err := unix.Uname(&u)
	if _, scan := fmt.Sscanf(unix.ByteSliceToString(u.Release[:]), "%d.%d", &runs[0], &runs[1]); err != nil || scan != nil {
		panic(errors.Join(err, scan))
	}
	return slices.Compare(runs[:], []int{major, minor}) < 0
}

// enter puts the calling thread, which must be locked and is of no use after
// it, into the state.
func (c *credentials) enter() error {
	raise := func(sets capset.State) error {
		head := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
		var data [2]unix.CapUserData
		for i := range data {
			data[i].Inheritable = uint32(sets[capset.Inheritable] >> (32 * i))
			data[i].Permitted = uint32(sets[capset.Permitted] >> (32 * i))
			data[i].Effective = uint32(sets[capset.Effective] >> (32 * i))
		}
		return unix.Capset(&head, &data[0])
	}
	prctl := func(option int, arg2, arg3 uintptr) error { return unix.Prctl(option, arg2, arg3, 0, 0) }
	// RawSyscall, because the wrappers change every thread of the process.
	call := func(trap, a, b, c uintptr) error {
		if _, _, errno := unix.RawSyscall(trap, a, b, c); errno != 0 {
			return errno
		}
		return nil
	}
	full := capset.State{capset.Inheritable: c.sets[capset.Inheritable], capset.Permitted: own(), capset.Effective: own()}
	steps := []error{
		call(unix.SYS_SETGROUPS, uintptr(len(c.groups)), uintptr(unsafe.Pointer(unsafe.SliceData(c.groups))), 0),
		prctl(unix.PR_SET_SECUREBITS, uintptr(capset.NoSetuidFixup), 0),
		raise(full),
	}
	for b := range ofKernel().Caps() {
		if c.sets[capset.Ambient].Has(b) {
			steps = append(steps, prctl(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_RAISE, uintptr(b)))
		}
		if !c.sets[capset.Bounding].Has(b) {
			steps = append(steps, prctl(unix.PR_CAPBSET_DROP, uintptr(b), 0))
		}
	}
	steps = append(steps,
		call(unix.SYS_SETRESGID, uintptr(c.rgid), uintptr(c.egid), uintptr(c.egid)),
		call(unix.SYS_SETRESUID, uintptr(c.ruid), uintptr(c.euid), uintptr(c.euid)),
		prctl(unix.PR_SET_SECUREBITS, uintptr(c.securebits), 0),
		raise(c.sets),
	)
	if c.noNewPrivs {
		steps = append(steps, prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0))
	}
	return errors.Join(steps...)
}

// ofKernel returns all capabilities of the running kernel.
func ofKernel() capset.Set { return capset.UpTo(capset.Cap(cap.MaxBits() - 1)) }

// own returns this process's permitted set.
func own() capset.Set {
	var set capset.Set
	for b := range ofKernel().Caps() {
		if on, err := cap.GetProc().GetFlag(cap.Permitted, cap.Value(b)); err == nil && on {
			set |= capset.Of(b)
		}
	}
	return set
}

// onThread calls f on a thread of its own, which ends with f, and is never the
// process's first: that one stays and stands for the process in /proc.
func onThread(f func()) {
	go func() {
		runtime.LockOSThread()
		if unix.Gettid() != unix.Getpid() {
			f()
			return // still locked, so that the thread ends
		}
		done := make(chan bool)
		onThread(func() {
			defer close(done)
			f()
		})
		<-done
		runtime.UnlockOSThread()
	}()
}

// within calls f on a thread in the state c.
func within(c *credentials, f func()) error {
	done, err := make(chan bool), errors.New("the thread has ended early")
	onThread(func() {
		defer close(done)
		entered := c.enter()
		if entered == nil {
			f()
		}
		err = entered
	})
	<-done
	return err
}

// random returns a source whose seed is in the test's log.
func random(t *testing.T) *rand.Rand {
	seed := rand.Uint64()
	if s := os.Getenv("CAPINSPECT_SEED"); s != "" {
		n, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		seed = n
	}
	t.Logf("CAPINSPECT_SEED=%d", seed)
	return rand.New(rand.NewPCG(seed, 1))
}

// TestPrintIsCapsh runs capinspect --print and capsh --print in random states,
// and holds that they print the same.
func TestPrintIsCapsh(t *testing.T) {
	need.On(t, "root", "capsh")
	binary, random := built(t), random(t)
	compared := 0
	for i := range 400 {
		c := randomCredentials(random, own())
		var ours, capsh []byte
		var oursErr, capshErr error
		if err := within(&c, func() {
			ours, oursErr = exec.Command(binary, "--print").CombinedOutput()
			capsh, capshErr = exec.Command("capsh", "--print").CombinedOutput()
		}); err != nil {
			t.Fatalf("state %d, %+v: %v", i, c, err)
		}
		if oursErr != nil || capshErr != nil {
			t.Fatalf("state %d, %+v: %v: %s%v: %s", i, c, oursErr, ours, capshErr, capsh)
		}
		if want := correctNames(string(capsh), c.ruid, c.euid); string(ours) != want {
			t.Fatalf("state %d, %+v:\n%s\ncapsh:\n%s", i, c, ours, want)
		}
		compared++
	}
	if compared < 300 {
		t.Fatalf("compared %d states only", compared)
	}
}

// correctNames undoes a defect of capsh: it keeps the pointer to the real
// user's entry while libc puts the effective user's into the same memory, so
// that the real user's name is wrong where the two differ.
func correctNames(capsh string, ruid, euid int) string {
	if ruid == euid {
		return capsh
	}
	before, line, _ := strings.Cut(capsh, "\nuid=")
	_, after, _ := strings.Cut(line, " euid=")
	return fmt.Sprintf("%s\nuid=%d(%s) euid=%s", before, ruid, userName(ruid), after)
}

// TestPrintOfAnother compares what capinspect prints of a thread in a random
// state with what libcap tells of it.
func TestPrintOfAnother(t *testing.T) {
	need.On(t, "root")
	binary, random := built(t), random(t)
	for i := range 200 {
		c := randomCredentials(random, own())
		tid, stop := make(chan int), make(chan bool)
		ended := make(chan error, 1)
		go func() { ended <- within(&c, func() { tid <- unix.Gettid(); <-stop }) }()
		var id int
		select {
		case id = <-tid:
		case err := <-ended:
			t.Fatalf("state %d, %+v: %v", i, c, err)
		}
		out, err := exec.Command(binary, "--print", strconv.Itoa(id)).CombinedOutput()
		set, setErr := cap.GetPID(id)
		iab, iabErr := cap.IABGetPID(id)
		close(stop)
		if err := errors.Join(err, setErr, iabErr, <-ended); err != nil {
			t.Fatalf("state %d, %+v: %v\n%s", i, c, err, out)
		}
		// Raising and dropping others must not have changed the sets meant.
		nnp := 0
		if c.noNewPrivs {
			nnp = 1
		}
		want := fmt.Sprintf("Current: %v\nBounding set =%v\nAmbient set =%v\nCurrent IAB: %v\n"+
			"Securebits: unknown (only the task itself can read them) (no-new-privs=%d)\n"+
			"uid=%d(%s) euid=%d(%s)\ngid=%d(%s)\n",
			set, c.sets[capset.Bounding], c.sets[capset.Ambient], iab, nnp,
			c.ruid, userName(c.ruid), c.euid, userName(c.euid), c.rgid, groupName(c.rgid))
		if !bytes.HasPrefix(out, []byte(want)) || !bytes.HasSuffix(out, []byte("\nGuessed mode: unknown (needs securebits)\n")) {
			t.Fatalf("state %d, %+v:\n%s\nwant:\n%s", i, c, out, want)
		}
	}
}

// userName returns the name that the tests' own /etc/passwd gives to an id.
func userName(id int) string {
	u, err := user.LookupId(strconv.Itoa(id))
	if err != nil {
		return "???"
	}
	return u.Username
}

func groupName(id int) string {
	g, err := user.LookupGroupId(strconv.Itoa(id))
	if err != nil {
		return "???"
	}
	return g.Name
}
