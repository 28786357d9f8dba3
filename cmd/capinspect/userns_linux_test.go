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
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/collect"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/need"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// The tests below start another process that puts a thread into a random state, waits
// until capinspect has told whether it may create a user namespace, and tries.

// usernsTrial is a thread that is about to try, and what came of it.
type usernsTrial struct {
	Tid    int
	State  string
	Errno  string // "" if a user namespace was created
	Inside string // what capinspect printed in the same place, "" if it was not asked
}

// usernsLayouts are the places in which it is tried. below says that they are in a user
// namespace of their own, and inside that capinspect is asked there too.
var usernsLayouts = []struct {
	name          string
	below, inside bool
	unmapped      bool
	prepare       func(dir string) error
	errno         string // of every try
	reason        string
}{
	{name: "plain", inside: true, reason: "may-create"},
	{name: "a child", below: true, inside: true, reason: "may-create"},
	{name: "no maps", below: true, inside: true, unmapped: true, errno: "EPERM", reason: "unmapped-id"},
	{name: "chroot to a directory", prepare: unix.Chroot, errno: "EPERM", reason: "chroot"},
	{name: "chroot to a mount", prepare: func(dir string) error {
		return errors.Join(unix.Mount("none", dir, "tmpfs", 0, ""), unix.Chroot(dir))
	}, errno: "EPERM", reason: "chroot"},
	{name: "a mount on the root directory", prepare: func(dir string) error {
		return unix.Mount("none", "/", "tmpfs", 0, "")
	}, errno: "EPERM", reason: "chroot"},
	{name: "pivot_root", prepare: func(dir string) error {
		return errors.Join(unix.Mount("none", dir, "tmpfs", 0, ""), unix.Chdir(dir), unix.PivotRoot(".", "."), unix.Unmount(".", unix.MNT_DETACH), unix.Chdir("/"))
	}, reason: "may-create"},
	{name: "none allowed", below: true, inside: true, prepare: func(string) error {
		return os.WriteFile("/proc/sys/user/max_user_namespaces", []byte("0"), 0)
	}, errno: "ENOSPC", reason: "max-user-namespaces"},
	{name: "some allowed", below: true, inside: true, prepare: func(string) error { // as why proposes
		return errors.Join(os.WriteFile("/proc/sys/user/max_user_namespaces", []byte("0"), 0), os.WriteFile("/proc/sys/user/max_user_namespaces", []byte("16"), 0))
	}, reason: "may-create"},
}

// usernsTrials makes as many trials as it is told: LAYOUT DIR SEED COUNT CAPINSPECT.
func usernsTrials() {
	if os.Args[1] == "nested" {
		nestedTrials()
		return
	}
	layout, err := strconv.Atoi(os.Args[1])
	seed, err2 := strconv.ParseUint(os.Args[3], 10, 64)
	count, err3 := strconv.Atoi(os.Args[4])
	err = errors.Join(err, err2, err3)
	if err == nil {
		err = makeUsernsTrials(layout, os.Args[2], seed, count, os.Args[5])
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func makeUsernsTrials(layout int, dir string, seed uint64, count int, capinspect string) error {
	l := &usernsLayouts[layout]
	if l.prepare != nil {
		if err := errors.Join(unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""), l.prepare(dir)); err != nil {
			return fmt.Errorf("%s: %w", l.name, err)
		}
	}
	random := rand.New(rand.NewPCG(seed, 3))
	in, out := bufio.NewReader(os.Stdin), json.NewEncoder(os.Stdout)
	for range count {
		state := randomCredentials(random, own())
		if l.unmapped { // it has no ids to change to
			state = credentials{sets: state.sets, noNewPrivs: state.noNewPrivs, securebits: state.securebits}
		}
		trial := usernsTrial{State: fmt.Sprintf("%+v", state)}
		done := make(chan error)
		onThread(func() {
			trial.Tid = unix.Gettid()
			enter := state.enter
			if l.unmapped {
				enter = state.enterUnmapped
			}
			err := errors.Join(enter(), out.Encode(trial))
			if err == nil && l.inside {
				text, failed := exec.Command(capinspect, "why", "userns", "--json").Output()
				if _, ended := errors.AsType[*exec.ExitError](failed); failed != nil && !ended {
					err = failed
				}
				trial.Inside = string(text)
			}
			if err == nil {
				_, err = in.ReadString('\n')
			}
			trial.Errno = tryUserns()
			done <- err
		})
		if err := errors.Join(<-done, out.Encode(trial)); err != nil {
			return err
		}
	}
	return nil
}

// enterUnmapped enters the state as far as a thread can that has no ids.
func (c *credentials) enterUnmapped() error {
	if c.noNewPrivs {
		return unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
	}
	return nil
}

// tryUserns tries to create a user namespace by clone(2), and returns the errno's name, ""
// if it could. The new process executes nothing.
func tryUserns() string {
	_, err := syscall.ForkExec("/missing/program", nil, &syscall.ProcAttr{
		Files: []uintptr{0, 1, 2}, Sys: &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWUSER},
	})
	if errno, ok := errors.AsType[syscall.Errno](err); ok && errno != unix.ENOENT {
		return unix.ErrnoName(errno)
	}
	return ""
}

// nestedTrials makes user namespaces below one another, LEVELS of them, and tries in the
// last: nested LEVELS.
func nestedTrials() {
	levels, err := strconv.Atoi(os.Args[2])
	if err == nil && levels > 0 {
		cmd := exec.Command("/proc/self/exe", "nested", strconv.Itoa(levels-1))
		cmd.Args[0] = "userns"
		cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
		one := []syscall.SysProcIDMap{{ContainerID: 0, HostID: 0, Size: 1}}
		cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWUSER, UidMappings: one, GidMappings: one}
		err = cmd.Run()
	} else if err == nil {
		out := json.NewEncoder(os.Stdout)
		err = out.Encode(usernsTrial{Tid: os.Getpid()})
		if err == nil {
			_, err = bufio.NewReader(os.Stdin).ReadString('\n')
		}
		err = errors.Join(err, out.Encode(usernsTrial{Tid: os.Getpid(), Errno: tryUserns()}))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, levels, err)
		os.Exit(1)
	}
}

// usernsOf returns the answer of a printed report: what it says of creating one, and why.
func usernsOf(t *testing.T, text string) (creates *bool, reason string) {
	t.Helper()
	var found struct {
		Tasks []struct {
			Userns struct {
				Creates *bool
				Reason  struct{ Code string }
			}
		}
	}
	if err := json.Unmarshal([]byte(text), &found); err != nil || len(found.Tasks) != 1 {
		t.Fatalf("%v: %s", err, text)
	}
	return found.Tasks[0].Userns.Creates, found.Tasks[0].Userns.Reason.Code
}

// followUserns compares what capinspect says of the trials of a process with what came of
// them.
func followUserns(t *testing.T, cmd *exec.Cmd, count int, insideOnly bool, errno, reason string) (asked int) {
	t.Helper()
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
	in := json.NewDecoder(stdout)
	for range count {
		var before, after usernsTrial
		if err := in.Decode(&before); err != nil {
			t.Fatal(err)
		}
		a, askErr := from.WhyUserns(strconv.Itoa(before.Tid))
		if _, err := io.WriteString(stdin, "\n"); err != nil {
			t.Fatal(err)
		}
		if err := in.Decode(&after); err != nil {
			t.Fatal(err)
		}
		if askErr != nil {
			t.Fatalf("%v\n%s", askErr, after.State)
		}
		if after.Errno != errno {
			t.Errorf("the kernel says %q, want %q: %s", after.Errno, errno, after.State)
		}
		if !insideOnly {
			asked++
			if !task.Is(a.Creates, after.Errno == "") || a.Reason.Code != reason {
				t.Errorf("%+v, %+v: the kernel says %q: %s", a.Creates, a.Reason, after.Errno, after.State)
			}
		}
		if after.Inside != "" {
			asked++
			if creates, code := usernsOf(t, after.Inside); creates == nil || *creates != (after.Errno == "") || code != reason {
				t.Errorf("from inside %s: the kernel says %q: %s", after.Inside, after.Errno, after.State)
			}
		}
		if t.Failed() {
			t.FailNow()
		}
	}
	return asked
}

// TestUsernsIsKernels compares what why userns says with what comes of trying, in random
// states and in places that refuse it. What is proposed there is made too.
func TestUsernsIsKernels(t *testing.T) {
	need.On(t, "root")
	random, count, asked := fixedRandom(t), times(24), 0
	for i, l := range usernsLayouts {
		t.Run(l.name, func(t *testing.T) {
			dir := t.TempDir()
			open755(t, dir)
			self, err := os.Executable()
			if err := errors.Join(err, copyFile(self, dir), copyFile(built(t), dir), os.Mkdir(dir+"/root", 0o755)); err != nil {
				t.Fatal(err)
			}
			cmd := &exec.Cmd{Path: filepath.Join(dir, filepath.Base(self)), Dir: "/", Env: os.Environ(), SysProcAttr: &syscall.SysProcAttr{}}
			cmd.Args = []string{"userns", strconv.Itoa(i), dir + "/root", strconv.FormatUint(random.Uint64(), 10), strconv.Itoa(count), dir + "/capinspect"}
			switch {
			case l.unmapped:
				cmd.SysProcAttr.Cloneflags = syscall.CLONE_NEWUSER
			case l.below:
				belowThisUserNamespace(cmd)
			case l.prepare != nil:
				cmd.SysProcAttr.Cloneflags = syscall.CLONE_NEWNS
			}
			asked += followUserns(t, cmd, count, l.reason == "max-user-namespaces", l.errno, l.reason)
		})
	}
	for _, n := range []struct {
		levels        int
		errno, reason string
	}{{32, "", "may-create"}, {33, "ENOSPC", "nesting"}} {
		t.Run(fmt.Sprintf("%d levels", n.levels), func(t *testing.T) {
			self, err := os.Executable()
			if err != nil {
				t.Fatal(err)
			}
			cmd := &exec.Cmd{Path: self, Args: []string{"userns", "nested", strconv.Itoa(n.levels)}, Env: os.Environ()}
			asked += followUserns(t, cmd, 1, false, n.errno, n.reason)
		})
	}
	if t.Logf("%d answers", asked); asked < 50 {
		t.Error("too few answers")
	}
}

// TestUsernsInContainers holds that a container of docker creates a user namespace where
// why userns says so, and where it has what is proposed.
func TestUsernsInContainers(t *testing.T) {
	if testing.Short() {
		t.Skip("starts containers")
	}
	need.On(t, "root", "docker")
	image, count := buildHolderImage(t, buildImage(t)), 0
	// try starts a container, asks there and tries.
	try := func(t *testing.T, flags ...string) (answer outcome, creates *bool, code string, o outcome) {
		count++
		name := fmt.Sprintf("capinspect-test-%d-userns-%d", os.Getpid(), count)
		t.Cleanup(func() { run(t, "docker", "rm", "-f", name) })
		docker(t, slices.Concat([]string{"run", "-d", "--network", "none", "--name", name}, flags, []string{"--entrypoint", "/holder", image})...)
		pid := strings.TrimSpace(string(docker(t, "inspect", "-f", "{{.State.Pid}}", name)))
		n, err := strconv.Atoi(pid)
		if err != nil {
			t.Fatal(err)
		}
		awaitComm(t, n, "holder")
		answer = run(t, built(t), "why", "userns", "--json", pid)
		creates, code = usernsOf(t, answer.stdout)
		return answer, creates, code, run(t, "docker", "exec", name, "/holder", "userns")
	}
	filter := filepath.Join(t.TempDir(), "seccomp.json")
	if err := os.WriteFile(filter, []byte(`{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["kexec_load"], "action": "SCMP_ACT_ERRNO"}]}`), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, user := range []string{"0", "1000"} {
		answer, creates, code, o := try(t, "--user", user)
		if text(creates) != "false" || code != "seccomp" || answer.status != 1 || !strings.Contains(o.stderr, "operation not permitted") {
			t.Errorf("user %s: %+v, %+v", user, answer, o)
		}
		flags := regexp.MustCompile(`\(docker: (--[^)]*)\)`).FindAllStringSubmatch(answer.stdout, -1)
		if len(flags) != 3 {
			t.Fatalf("%v: %+v", flags, answer)
		}
		for i, f := range flags {
			change := append([]string{"--user", user}, strings.Fields(strings.Replace(f[1], "FILE", filter, 1))...)
			_, creates, code, o := try(t, change...)
			own := i == 0 // a filter of somebody's own, which capinspect takes for the default
			if text(creates) != text(new(!own)) || code != map[bool]string{true: "seccomp", false: "may-create"}[own] || o.status != 0 {
				t.Errorf("%v: %s %s, %+v", change, text(creates), code, o)
			}
		}
	}
}

// fixedRandom returns a source that is the same every time, unless the environment has
// another seed.
func fixedRandom(t *testing.T) *rand.Rand {
	if os.Getenv("CAPINSPECT_SEED") != "" {
		return random(t)
	}
	return rand.New(rand.NewPCG(17, 1))
}

// TestUsernsHelpers compares what why userns says of newuidmap with what it does, as a
// set-user-ID program and with a file capability.
func TestUsernsHelpers(t *testing.T) {
	need.On(t, "root", "newuidmap", "unshare", "setpriv")
	newuidmap, err := exec.LookPath("newuidmap")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	open755(t, dir)
	err = errors.Join(
		copyFile(newuidmap, dir), copyFile(built(t), dir),
		os.WriteFile(dir+"/subuid", []byte("# comment\nother:5:5\nhelped:200000:65536\n4242:300000:100\nhelped:x:1\n"), 0o644),
		os.WriteFile(dir+"/passwd", []byte("root:x:0:0::/:/bin/sh\nhelped:x:4242:4242::/:/bin/sh\n"), 0o644),
	)
	if err != nil {
		t.Fatal(err)
	}
	const script = `set -e
cd "$1"; shift
mount --make-rprivate /
mount --bind subuid /etc/subuid
mount --bind passwd /etc/passwd
mount -t tmpfs -o mode=755 none /usr/local/bin
cp newuidmap /usr/local/bin
case $1 in
setuid) chmod 4755 /usr/local/bin/newuidmap ;;
caps) chmod 755 /usr/local/bin/newuidmap; setcap cap_setuid=ep /usr/local/bin/newuidmap ;;
esac
test ! -e /usr/bin/newuidmap || mount --bind /usr/local/bin/newuidmap /usr/bin/newuidmap
shift
exec setpriv --reuid 4242 --regid 4242 --clear-groups "$@" sh -c './capinspect why userns --json || true; unshare -U sleep 20 & p=$!
while test "$(readlink /proc/$p/ns/user)" = "$(readlink /proc/self/ns/user)"; do :; done
/usr/local/bin/newuidmap $p 0 4242 1 1 200000 65536 2>/dev/null && echo mapped >&2; kill $p'`
	for _, c := range []struct {
		name string
		args []string
		want string // of helps
	}{
		{"set-user-ID", []string{"setuid"}, "true"},
		{"set-user-ID without SETUID", []string{"setuid", "--bounding-set=-setuid"}, "false"},
		{"set-user-ID and no_new_privs", []string{"setuid", "--no-new-privs"}, "false"},
		{"set-user-ID without SYS_ADMIN", []string{"setuid", "--bounding-set=-sys_admin"}, "null"},
		{"set-user-ID without DAC_OVERRIDE", []string{"setuid", "--bounding-set=-dac_override"}, "null"},
		{"capability", []string{"caps"}, "true"},
		{"capability alone in Bounding", []string{"caps", "--bounding-set=-all,+setuid"}, "true"},
		{"capability and no_new_privs", []string{"caps", "--no-new-privs"}, "false"},
		{"plain", []string{"plain"}, "false"},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := run(t, "unshare", append([]string{"-m", "sh", "-c", script, "sh", dir}, c.args...)...)
			var found struct {
				Tasks []struct {
					Userns struct {
						UIDs struct {
							Own    uint32
							Helper string
							Helps  *bool
							Why    *string
							Ranges []struct{ First, Count uint32 }
						}
					}
				}
			}
			if err := json.Unmarshal([]byte(o.stdout), &found); err != nil || len(found.Tasks) != 1 {
				t.Fatalf("%v: %+v", err, o)
			}
			ids := found.Tasks[0].Userns.UIDs
			if fmt.Sprint(ids.Ranges) != "[{200000 65536} {300000 100}]" || ids.Own != 4242 {
				t.Errorf("%+v", ids)
			}
			mapped := strings.Contains(o.stderr, "mapped")
			if text(ids.Helps) != c.want || ids.Helps != nil && *ids.Helps != mapped {
				t.Errorf("helps %s, want %s, mapped: %v: %+v", text(ids.Helps), c.want, mapped, o)
			}
		})
	}
}
