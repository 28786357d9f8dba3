// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/need"
)

// ownerAsks are operations for which the kernel asks the owner of a namespace alone.
var ownerAsks = []asked{
	{"cap_sys_admin", "uts", func() error { return unix.Sethostname([]byte("owners")) }},
	{"cap_net_raw", "net", func() error { return option(unix.AF_INET, unix.SOCK_RAW, unix.IPPROTO_ICMP, -1, 0, 0) }},
	{"cap_net_broadcast", "net", func() error {
		return option(unix.AF_NETLINK, unix.SOCK_RAW, 0, unix.SOL_NETLINK, unix.NETLINK_LISTEN_ALL_NSID, 1)
	}},
	{"cap_net_bind_service", "net", func() error {
		s, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
		if err != nil {
			return err
		}
		defer unix.Close(s)
		return unix.Bind(s, &unix.SockaddrInet4{Port: 77})
	}},
	{"cap_ipc_lock", "ipc", lockSegment},
}

// ownersOfKernel enters the net, uts and ipc namespaces of a process and a random state, tells
// its tid and which operations the kernel allowed, and waits until its standard input ends:
// PID SEED.
func ownersOfKernel() {
	seed, err := strconv.ParseUint(os.Args[2], 10, 64)
	state, done := ownerState(seed), make(chan bool)
	onThread(func() {
		defer close(done)
		for _, name := range []string{"net", "uts", "ipc"} {
			fd, failed := unix.Open("/proc/"+os.Args[1]+"/ns/"+name, unix.O_RDONLY|unix.O_CLOEXEC, 0)
			err = errors.Join(err, failed, unix.Setns(fd, 0))
		}
		if err = errors.Join(err, state.enter()); err != nil {
			return
		}
		fmt.Println(unix.Gettid())
		for _, a := range ownerAsks {
			failed := a.try()
			fmt.Println(failed != unix.EPERM && failed != unix.EACCES)
		}
		os.Stdin.Read(make([]byte, 1))
	})
	<-done
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// ownerState returns the random state of a seed.
func ownerState(seed uint64) credentials {
	return randomCredentials(rand.New(rand.NewPCG(seed, 3)), own())
}

// TestOwnersByKernel holds what capinspect says of namespaces that a child user namespace
// owns: the effective uid that made it has every capability there, another task what is
// effective.
func TestOwnersByKernel(t *testing.T) {
	need.On(t, "root")
	random, count := fixedRandom(t), map[string]int{}
	for range times(24) {
		maker := [...]int{0, 0, 1, 1000, 4242}[random.IntN(5)]
		target := sleeper()
		target.SysProcAttr = &syscall.SysProcAttr{
			Cloneflags: syscall.CLONE_NEWUSER | syscall.CLONE_NEWNET | syscall.CLONE_NEWUTS | syscall.CLONE_NEWIPC, Pdeathsig: syscall.SIGKILL,
		}
		stop := func(cmd *exec.Cmd) { cmd.Process.Kill(); cmd.Wait() }
		alive, ended := make(chan error), make(chan bool)
		go within(&credentials{ruid: maker, euid: maker, sets: capset.State{capset.Bounding: own()}}, func() {
			alive <- target.Start()
			<-ended // for the thread that started it may not end before
		})
		if err := <-alive; err != nil {
			t.Fatal(err)
		}
		seed := random.Uint64()
		asker := &exec.Cmd{Path: "/proc/self/exe", Args: []string{"scopes", strconv.Itoa(target.Process.Pid), strconv.FormatUint(seed, 10)}, Stderr: os.Stderr}
		in, err := asker.StdinPipe()
		out, err2 := asker.StdoutPipe()
		if err := errors.Join(err, err2, asker.Start()); err != nil {
			t.Fatal(err)
		}
		var tid int
		allowed := make([]bool, len(ownerAsks))
		into := []any{&tid}
		for i := range allowed {
			into = append(into, &allowed[i])
		}
		if _, err := fmt.Fscan(out, into...); err != nil {
			t.Fatal(err)
		}
		p, state := placeOf(t, run(t, built(t), "--json", strconv.Itoa(tid))), ownerState(seed)
		for i, a := range ownerAsks {
			c, err := capset.Parse(a.capability)
			if err != nil {
				t.Fatal(err)
			}
			effective := state.sets[capset.Effective].Has(c) && slices.Contains(p.Scopes[a.capability].For, a.scope)
			owner := text(p.Namespaces[a.scope].OwnedByUID) == "true"
			if owner != (state.euid == maker) || allowed[i] != (effective || owner) {
				t.Errorf("%s in %s of uid %d: the kernel %t, effective %t, owner %t: %+v", a.capability, a.scope, maker, allowed[i], effective, owner, state)
			}
			count[fmt.Sprint(effective, owner)]++
		}
		in.Close()
		asker.Wait()
		stop(target)
		close(ended)
	}
	t.Log(count)
	for _, want := range []string{"true true", "true false", "false true", "false false"} {
		if count[want] == 0 && !testing.Short() {
			t.Errorf("never %s", want)
		}
	}
}
