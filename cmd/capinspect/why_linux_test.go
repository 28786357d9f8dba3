// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
	"kernel.org/pub/linux/libs/security/libcap/cap"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/need"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/why"
)

// whyAnswer is an answer of why as far as the tests look at it.
type whyAnswer struct {
	Name      string
	Sets      []string
	Effective bool
	Works     *bool
	Reason    struct{ Code, Text string }
	Also      []struct{ Code string }
	Changes   []struct{ Where, Text string }
}

// change returns the text of the changes at a place, "" if there are none.
func (a *whyAnswer) change(where string) string {
	var texts []string
	for _, c := range a.Changes {
		if c.Where == where {
			texts = append(texts, c.Text)
		}
	}
	return strings.Join(texts, "\n")
}

// dockerFlags returns the flags of docker that the changes name.
func (a *whyAnswer) dockerFlags() (flags []string) {
	for _, match := range regexp.MustCompile(`\(docker: (--[^)]*)\)`).FindAllStringSubmatch(a.change("securityContext"), -1) {
		flags = append(flags, strings.Fields(match[1])...)
	}
	return flags
}

// setcap returns the text of capabilities that the changes say to give to a file.
func (a *whyAnswer) setcap(where string) string {
	if match := regexp.MustCompile(`setcap (\S+=\S+) `).FindStringSubmatch(a.change(where)); match != nil {
		return match[1]
	}
	return ""
}

// whyOf returns the answer for one capability of a task, and holds that the exit
// status says the same.
func whyOf(t *testing.T, name string, pid int) whyAnswer {
	t.Helper()
	return whyAnswerOf(t, run(t, built(t), "why", "--json", name, "-p", strconv.Itoa(pid)))
}

func whyAnswerOf(t *testing.T, o outcome) whyAnswer {
	t.Helper()
	var found struct {
		Tasks []struct{ Answers []whyAnswer }
	}
	if err := json.Unmarshal([]byte(o.stdout), &found); err != nil || len(found.Tasks) != 1 || len(found.Tasks[0].Answers) != 1 || o.stderr != "" {
		t.Fatalf("%v, %+v", err, o)
	}
	a := found.Tasks[0].Answers[0]
	if want := map[string]int{"true": 0, "false": 1, "null": 2}[text(a.Works)]; o.status != want {
		t.Errorf("status %d for %+v", o.status, a)
	}
	return a
}

// hold starts a program that becomes the holder, and returns its pid when that is
// ready.
func hold(t *testing.T, name string, args ...string) int {
	t.Helper()
	cmd := exec.Command(name, args...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "ready\n" {
		t.Fatalf("%v: %q, %v: %s", args, line, err, &stderr)
	}
	return cmd.Process.Pid
}

// setFileCaps gives a file capabilities in the notation of setcap(8), for a user
// namespace whose root is rootID, or for all if that is 0.
func setFileCaps(t *testing.T, path, name string, effective bool, rootID uint32) {
	t.Helper()
	c, err := capset.Parse(name)
	if err != nil {
		t.Fatal(err)
	}
	caps := capset.FileCaps{Permitted: capset.Of(c), Effective: effective, Version: 2, RootID: rootID}
	if rootID != 0 {
		caps.Version = 3
	}
	if err := unix.Setxattr(path, "security.capability", caps.Attribute(), 0); err != nil {
		t.Fatal(err)
	}
}

// applySetcap gives a file capabilities as setcap(8) does, by libcap.
func applySetcap(t *testing.T, text, path string) {
	t.Helper()
	set, err := cap.FromText(text)
	if err == nil {
		err = set.SetFile(path)
	}
	if err != nil {
		t.Fatalf("setcap %q %s: %v", text, path, err)
	}
}

// TestWhySysctls makes the changes of sysctls that are proposed, in a network namespace of
// its own, as a user other than root.
func TestWhySysctls(t *testing.T) {
	need.On(t, "root")
	set := func(name, value string) error {
		return os.WriteFile("/proc/thread-self/root/proc/sys/net/ipv4/"+name, []byte(value), 0)
	}
	thread(t, func() error {
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			return err
		}
		bind := func(port int) error {
			fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
			if err != nil {
				return err
			}
			defer unix.Close(fd)
			return unix.Bind(fd, &unix.SockaddrInet4{Port: port})
		}
		ping := func() error {
			fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM, unix.IPPROTO_ICMP)
			if err == nil {
				unix.Close(fd)
			}
			return err
		}
		// as returns what a call gives without capabilities.
		as := func(call func() error) error {
			hdr := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
			var had, none [2]unix.CapUserData
			if err := unix.Capget(&hdr, &had[0]); err != nil {
				t.Fatal(err)
			}
			none = had
			none[0].Effective, none[1].Effective = 0, 0
			if err := unix.Capset(&hdr, &none[0]); err != nil {
				t.Fatal(err)
			}
			defer unix.Capset(&hdr, &had[0])
			return call()
		}
		at := func(port int) func() error { return func() error { return bind(port) } }
		if err := errors.Join(set("ip_unprivileged_port_start", "1024"), set("ping_group_range", "1 0")); err != nil {
			return err
		}
		if low, high, icmp := as(at(80)), as(at(1024)), as(ping); low != unix.EACCES || high != nil || icmp != unix.EACCES {
			t.Errorf("port 80: %v, port 1024: %v, ping: %v", low, high, icmp)
		}
		if err := errors.Join(set("ip_unprivileged_port_start", "0"), set("ping_group_range", "0 2147483647")); err != nil {
			return err
		}
		if low, icmp := as(at(80)), as(ping); low != nil || icmp != nil {
			t.Errorf("port 80: %v, ping: %v", low, icmp)
		}
		return nil
	})
}

// TestWhyOnHost produces reasons by processes of the host, and makes the changes that
// are proposed.
func TestWhyOnHost(t *testing.T) {
	need.On(t, "root", "setpriv", "unshare")
	dir := t.TempDir()
	open755(t, dir)
	if err := copyFile(buildHolder(t), dir); err != nil {
		t.Fatal(err)
	}
	holder := filepath.Join(dir, "holder")
	place := func(t *testing.T) string { // a holder of its own
		at, err := os.MkdirTemp(dir, "")
		if err := errors.Join(err, os.Chmod(at, 0o755), copyFile(holder, at)); err != nil {
			t.Fatal(err)
		}
		return filepath.Join(at, "holder")
	}
	user := []string{"--reuid", "4242", "--regid", "4242", "--clear-groups"}
	asUser := func(t *testing.T, args ...string) int { return hold(t, "setpriv", slices.Concat(user, args)...) }
	want := func(t *testing.T, a whyAnswer, code string, effective bool) {
		t.Helper()
		if a.Reason.Code != code || a.Effective != effective {
			t.Errorf("%+v, want %s", a, code)
		}
	}

	t.Run("not-in-bounding", func(t *testing.T) {
		path := place(t)
		a := whyOf(t, "mknod", hold(t, "setpriv", "--bounding-set=-mknod", path))
		want(t, a, "not-in-bounding", false)
		if !strings.Contains(a.change("unit"), "CAP_MKNOD") {
			t.Errorf("%+v", a)
		}
		want(t, whyOf(t, "mknod", hold(t, path)), "effective", true)
	})
	t.Run("non-root", func(t *testing.T) {
		path := place(t)
		a := whyOf(t, "NET_BIND_SERVICE", asUser(t, path))
		want(t, a, "non-root", false)
		if !strings.HasPrefix(a.change("unit"), "AmbientCapabilities=CAP_NET_BIND_SERVICE in a system unit; ") || a.setcap("file") != "cap_net_bind_service=ep" ||
			!strings.Contains(a.change("file"), path+", which has no file capabilities now") || !strings.Contains(a.change("sysctl"), "ip_unprivileged_port_start=0, now 1024") {
			t.Errorf("%+v", a)
		}
		want(t, whyOf(t, "net_bind_service", asUser(t, "--inh-caps=+net_bind_service", "--ambient-caps=+net_bind_service", path)), "effective", true)
		setFileCaps(t, path, "net_bind_service", true, 0)
		want(t, whyOf(t, "net_bind_service", asUser(t, path)), "effective", true)
	})
	t.Run("no-effective-flag", func(t *testing.T) {
		path := place(t)
		setFileCaps(t, path, "net_raw", false, 0)
		a := whyOf(t, "net_raw", asUser(t, path))
		want(t, a, "no-effective-flag", false)
		if a.setcap("file") != "cap_net_raw=ep" || !slices.Contains(a.Sets, "permitted") {
			t.Errorf("%+v", a)
		}
		want(t, whyOf(t, "net_raw", asUser(t, path, "raise")), "effective", true)
		setFileCaps(t, path, "net_raw", true, 0)
		want(t, whyOf(t, "net_raw", asUser(t, path)), "effective", true)
	})
	t.Run("not-raised", func(t *testing.T) {
		path := place(t)
		a := whyOf(t, "chown", hold(t, path, "lower"))
		want(t, a, "not-raised", false)
		if !strings.Contains(a.change("program"), "raise it") {
			t.Errorf("%+v", a)
		}
		want(t, whyOf(t, "chown", hold(t, path, "lower", "raise")), "effective", true)
	})
	t.Run("given-up", func(t *testing.T) {
		path := place(t)
		a := whyOf(t, "chown", hold(t, path, "drop"))
		want(t, a, "given-up", false)
		if !strings.Contains(a.change("program"), "what it executes from now on gets it again") {
			t.Errorf("%+v", a)
		}
		want(t, whyOf(t, "chown", hold(t, path, "drop", "become", path)), "effective", true)
	})
	t.Run("no-new-privs", func(t *testing.T) {
		path := place(t)
		setFileCaps(t, path, "net_raw", true, 0)
		a := whyOf(t, "net_raw", asUser(t, "--no-new-privs", holder, "become", path))
		want(t, a, "no-new-privs", false)
		if !strings.Contains(a.change("unit"), "NoNewPrivileges") {
			t.Errorf("%+v", a)
		}
		want(t, whyOf(t, "net_raw", asUser(t, path)), "effective", true)
		want(t, whyOf(t, "chown", hold(t, "setpriv", "--no-new-privs", path, "drop")), "no-new-privs", false)
	})
	t.Run("nosuid-mount", func(t *testing.T) {
		path := place(t)
		setFileCaps(t, path, "net_raw", true, 0)
		nosuid := filepath.Join(dir, "nosuid")
		mountNosuid(t, filepath.Dir(path), nosuid)
		a := whyOf(t, "net_raw", asUser(t, nosuid+"/holder"))
		want(t, a, "nosuid-mount", false)
		if !strings.Contains(a.change("file"), "no nosuid mount") {
			t.Errorf("%+v", a)
		}
		want(t, whyOf(t, "net_raw", asUser(t, path)), "effective", true)
		// With two reasons, both are told.
		both := whyOf(t, "net_raw", asUser(t, "--no-new-privs", holder, "become", nosuid+"/holder"))
		want(t, both, "nosuid-mount", false)
		if len(both.Also) != 1 || both.Also[0].Code != "no-new-privs" {
			t.Errorf("%+v", both)
		}
	})
	t.Run("foreign-file-capabilities", func(t *testing.T) {
		path := place(t)
		setFileCaps(t, path, "net_raw", true, 1000)
		a := whyOf(t, "net_raw", asUser(t, path))
		want(t, a, "foreign-file-capabilities", false)
		if a.setcap("file") != "cap_net_raw=ep" {
			t.Errorf("%+v", a)
		}
		setFileCaps(t, path, "net_raw", true, 0)
		want(t, whyOf(t, "net_raw", asUser(t, path)), "effective", true)
	})
	t.Run("file advice keeps what the file gives", func(t *testing.T) {
		path := place(t)
		setFileCaps(t, path, "chown", true, 0)
		a := whyOf(t, "net_raw", asUser(t, path))
		want(t, a, "non-root", false)
		if a.setcap("file") != "cap_chown,cap_net_raw=ep" || !strings.Contains(a.change("file"), ", which has cap_chown=ep now") {
			t.Errorf("%+v", a)
		}
		applySetcap(t, a.setcap("file"), path)
		want(t, whyOf(t, "net_raw", asUser(t, path)), "effective", true)
		want(t, whyOf(t, "chown", asUser(t, path)), "effective", true)
	})
	t.Run("inheritable alone", func(t *testing.T) { // =ep would make execve fail
		path := place(t)
		inherits := slices.Concat([]string{"--inh-caps=+net_raw", "setpriv", "--bounding-set=-net_raw"}, user, []string{path})
		a := whyOf(t, "net_raw", hold(t, "setpriv", inherits...))
		want(t, a, "non-root", false)
		if a.setcap("file") != "cap_net_raw=ei" {
			t.Errorf("%+v", a)
		}
		applySetcap(t, a.setcap("file"), path)
		want(t, whyOf(t, "net_raw", hold(t, "setpriv", inherits...)), "effective", true)
	})
	t.Run("noroot of another", func(t *testing.T) { // who cannot tell it from giving up
		path := place(t)
		args := []string{"--securebits=+noroot", path}
		a := whyOf(t, "chown", hold(t, "setpriv", args...))
		want(t, a, "given-up", false)
		if !strings.Contains(a.Reason.Text, "unless the securebit noroot is set") || a.setcap("file") != "cap_chown=ep" {
			t.Errorf("%+v", a)
		}
		applySetcap(t, a.setcap("file"), path)
		want(t, whyOf(t, "chown", hold(t, "setpriv", args...)), "effective", true)
	})
	t.Run("foreign on a nosuid mount", func(t *testing.T) {
		path := place(t)
		setFileCaps(t, path, "net_raw", true, 1000)
		nosuid := filepath.Join(dir, "nosuid-foreign")
		mountNosuid(t, filepath.Dir(path), nosuid)
		a := whyOf(t, "net_raw", asUser(t, nosuid+"/holder"))
		want(t, a, "nosuid-mount", false)
		if len(a.Also) != 1 || a.Also[0].Code != "foreign-file-capabilities" {
			t.Errorf("%+v", a)
		}
	})
	t.Run("noroot", func(t *testing.T) { // of capinspect itself: who else can read them
		without := run(t, "setpriv", built(t), "why", "--json", "chown")
		a := whyAnswerOf(t, run(t, "setpriv", "--securebits=+noroot", built(t), "why", "--json", "chown"))
		want(t, a, "noroot", false)
		if !strings.Contains(a.change("program"), "SECBIT_NOROOT") || a.setcap("file") != "cap_chown=ep" {
			t.Errorf("%+v", a)
		}
		want(t, whyAnswerOf(t, without), "effective", true)
		want(t, whyAnswerOf(t, run(t, "setpriv", "--securebits=+noroot", "--inh-caps=+chown", "--ambient-caps=+chown", built(t), "why", "--json", "chown")), "effective", true)
	})
	t.Run("child-user-namespace", func(t *testing.T) {
		path := place(t)
		want(t, whyOf(t, "chown", asUser(t, "unshare", "-Ur", path)), "child-user-namespace", true)
		want(t, whyOf(t, "chown", hold(t, path)), "effective", true)
	})
	t.Run("confined", func(t *testing.T) {
		var confined outcome
		thread(t, func() error {
			err := refuse(unix.SYS_SETDOMAINNAME)
			confined = run(t, built(t), "why", "--json", "chown")
			return err
		})
		want(t, whyAnswerOf(t, confined), "confined", true)
	})
	t.Run("unknown-to-kernel", func(t *testing.T) {
		older := run(t, built(t), "why", "--json", "checkpoint_restore", "--last-cap", "38", "-p", strconv.Itoa(os.Getpid()))
		want(t, whyAnswerOf(t, older), "unknown-to-kernel", false)
	})
}

// TestWhyOfHidden asks for root of a user namespace from the inside, as another user who
// may not see which namespace that is in.
func TestWhyOfHidden(t *testing.T) {
	need.On(t, "root", "nsenter")
	pid := holderBelow(t, syscall.Credential{}, "drop")
	for deadline := time.Now().Add(20 * time.Second); run(t, built(t), "check", "-q", "--within", "p:none", pid).status != 0; {
		if time.Now().After(deadline) {
			t.Fatal("the process is not ready")
		}
	}
	a := whyAnswerOf(t, run(t, "nsenter", "-U", "-t", pid, "-S", "4242", "-G", "4242", built(t), "why", "--json", "mknod", "-p", pid))
	if a.Reason.Code != "given-up" {
		t.Errorf("%+v", a)
	}
}

// TestWhyInContainers produces reasons by containers of docker, and starts others with
// the flags that are proposed.
func TestWhyInContainers(t *testing.T) {
	if testing.Short() {
		t.Skip("starts containers")
	}
	need.On(t, "root", "docker")
	image := buildHolderImage(t, buildImage(t))
	dir := t.TempDir()
	open755(t, dir)
	if err := copyFile(buildHolder(t), dir); err != nil {
		t.Fatal(err)
	}
	binary, count := filepath.Join(dir, "holder"), 0
	// start runs a container whose main process executes what args say, of the
	// image or of dir, which is /own there, and returns its pid.
	start := func(t *testing.T, flags []string, args ...string) int {
		count++
		name := fmt.Sprintf("capinspect-test-%d-why-%d", os.Getpid(), count)
		t.Cleanup(func() { run(t, "docker", "rm", "-f", name) })
		docker(t, slices.Concat([]string{"run", "-d", "--network", "none", "--name", name, "-v", dir + ":/own:ro"}, flags,
			[]string{"--entrypoint", args[0], image}, args[1:])...)
		pid, err := strconv.Atoi(strings.TrimSpace(string(docker(t, "inspect", "-f", "{{.State.Pid}}", name))))
		if err != nil {
			t.Fatal(err)
		}
		awaitComm(t, pid, "holder")
		for deadline := time.Now().Add(20 * time.Second); string(docker(t, "logs", name)) != "ready\n"; {
			if time.Now().After(deadline) {
				t.Fatal("the container is not ready")
			}
		}
		return pid
	}
	for _, test := range []struct {
		name, cap string
		flags     []string
		code      string
	}{
		{"dropped", "mknod", []string{"--cap-drop", "MKNOD"}, "not-in-bounding"},
		{"all dropped", "net_bind_service", []string{"--cap-drop", "ALL"}, "not-in-bounding"},
		{"all dropped, for a user", "net_bind_service", []string{"--cap-drop", "ALL", "--user", "1000"}, "not-in-bounding"},
		{"added for a user", "net_admin", []string{"--cap-add", "NET_ADMIN", "--user", "1000"}, "non-root"},
		{"default for a user, and no new privs", "net_raw", []string{"--user", "1000", "--security-opt", "no-new-privileges"}, "non-root"},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := whyOf(t, test.cap, start(t, test.flags, "/holder"))
			if a.Effective || a.Reason.Code != test.code || a.dockerFlags() == nil {
				t.Fatalf("%+v, want %s", a, test.code)
			}
			fixed := whyOf(t, test.cap, start(t, append(slices.Clone(test.flags), a.dockerFlags()...), "/holder"))
			if !fixed.Effective || fixed.Reason.Code != "effective" {
				t.Errorf("with %v: %+v", a.dockerFlags(), fixed)
			}
		})
	}
	t.Run("the file of the entrypoint", func(t *testing.T) {
		defer unix.Removexattr(binary, "security.capability")
		flags := []string{"--user", "1000"}
		a := whyOf(t, "net_raw", start(t, flags, "/own/holder"))
		if a.setcap("image") != "cap_net_raw=ep" || !strings.Contains(a.change("image"), "/own/holder") {
			t.Fatalf("%+v", a)
		}
		setFileCaps(t, binary, "net_raw", true, 0)
		if fixed := whyOf(t, "net_raw", start(t, flags, "/own/holder")); !fixed.Effective {
			t.Errorf("with the file capability: %+v", fixed)
		}
		a = whyOf(t, "net_admin", start(t, flags, "/own/holder"))
		if !strings.Contains(a.change("image"), "then setcap cap_net_admin,cap_net_raw=ep /own/holder, which has cap_net_raw=ep now") {
			t.Errorf("%+v", a)
		}
		applySetcap(t, a.setcap("image"), binary)
		if fixed := whyOf(t, "net_admin", start(t, append(slices.Clone(flags), "--cap-add", "NET_ADMIN"), "/own/holder")); !fixed.Effective {
			t.Errorf("with both: %+v", fixed)
		}
		setFileCaps(t, binary, "net_raw", true, 0)
		// Docker gives a user other than root nothing that no_new_privs would leave.
		nnp := []string{"--user", "1000", "--security-opt", "no-new-privileges"}
		for _, args := range [][]string{{"/own/holder"}, {"/holder", "become", "/own/holder"}} {
			a := whyOf(t, "net_raw", start(t, nnp, args...))
			if a.Effective || a.Reason.Code != "no-new-privs" || !strings.Contains(a.change("securityContext"), "docker: no --security-opt no-new-privileges") {
				t.Errorf("%v: %+v", args, a)
			}
			if fixed := whyOf(t, "net_raw", start(t, flags, args...)); !fixed.Effective {
				t.Errorf("%v without no_new_privs: %+v", args, fixed)
			}
		}
	})
	t.Run("without seccomp", func(t *testing.T) {
		if a := whyOf(t, "chown", start(t, []string{"--security-opt", "seccomp=unconfined", "--security-opt", "apparmor=unconfined"}, "/holder")); a.Reason.Code != "effective" {
			t.Errorf("%+v", a)
		}
	})
}

// TestWhyGatesInContainers produces refusals of what a container's capabilities permit, and
// starts others with what is proposed.
func TestWhyGatesInContainers(t *testing.T) {
	if testing.Short() {
		t.Skip("starts containers")
	}
	need.On(t, "root", "docker", "fuse")
	image, count := buildHolderImage(t, buildImage(t)), 0
	// try starts a container, asks why there, and tries something in it.
	try := func(t *testing.T, cap string, flags []string, words ...string) (whyAnswer, outcome) {
		if !slices.Contains(flags, "--network") {
			flags = append(slices.Clone(flags), "--network", "none")
		}
		count++
		name := fmt.Sprintf("capinspect-test-%d-gate-%d", os.Getpid(), count)
		t.Cleanup(func() { run(t, "docker", "rm", "-f", name) })
		docker(t, slices.Concat([]string{"run", "-d", "--name", name}, flags, []string{"--entrypoint", "/holder", image})...)
		pid, err := strconv.Atoi(strings.TrimSpace(string(docker(t, "inspect", "-f", "{{.State.Pid}}", name))))
		if err != nil {
			t.Fatal(err)
		}
		awaitComm(t, pid, "holder")
		return whyOf(t, cap, pid), run(t, "docker", append([]string{"exec", name, "/holder"}, words...)...)
	}
	const refused = "operation not permitted"
	names := func(a whyAnswer, code string) bool {
		return slices.ContainsFunc(a.Also, func(n struct{ Code string }) bool { return n.Code == code })
	}
	t.Run("a network namespace", func(t *testing.T) {
		flags := []string{"--cap-add", "AUDIT_READ"}
		a, o := try(t, "audit_read", flags, "audit")
		if !a.Effective || !names(a, "gate-namespace") || !strings.Contains(a.change("securityContext"), "docker: --network host") || !strings.Contains(o.stderr, "no record came") {
			t.Errorf("%+v, %+v", a, o)
		}
		if a, o := try(t, "audit_read", append(flags, "--network", "host"), "audit"); names(a, "gate-namespace") || o.status != 0 {
			t.Errorf("with --network host: %+v, %+v", a, o)
		}
	})
	t.Run("a device", func(t *testing.T) {
		shared := []string{"-v", "/dev/fuse:/dev/fuse"}
		a, o := try(t, "sys_admin", append(shared, "--cap-add", "SYS_ADMIN"), "open", "/dev/fuse")
		if !a.Effective || !strings.Contains(o.stderr, refused) || !strings.Contains(a.change("securityContext"), "docker: --device DEVICE") {
			t.Errorf("%+v, %+v", a, o)
		}
		if _, o := try(t, "sys_admin", []string{"--device", "/dev/fuse", "--cap-add", "SYS_ADMIN"}, "open", "/dev/fuse"); o.status != 0 {
			t.Errorf("with --device: %+v", o)
		}
	})
	t.Run("a cgroup", func(t *testing.T) {
		a, o := try(t, "sys_nice", []string{"--cap-add", "SYS_NICE"}, "fifo")
		if !a.Effective || !names(a, "gate-cgroup") || o.status != 0 && !strings.Contains(o.stderr, refused) {
			t.Errorf("%+v, %+v", a, o)
		}
		t.Logf("SCHED_FIFO is refused: %t", o.status != 0)
	})
	t.Run("a seccomp filter", func(t *testing.T) {
		filter := func(action string) string {
			file := filepath.Join(t.TempDir(), "seccomp.json")
			text := `{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mount"], "action": "` + action + `", "errnoRet": 1}, {"names": ["kexec_load"], "action": "SCMP_ACT_ERRNO"}]}`
			if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
			return "seccomp=" + file
		}
		flags := []string{"--cap-add", "SYS_ADMIN", "--security-opt"}
		a, o := try(t, "sys_admin", append(flags, filter("SCMP_ACT_ERRNO")), "mount", "/proc")
		if !a.Effective || a.Reason.Code != "confined" || !strings.Contains(o.stderr, refused) ||
			!strings.Contains(a.change("securityContext"), "docker: --security-opt seccomp=FILE") {
			t.Errorf("%+v, %+v", a, o)
		}
		if _, o := try(t, "sys_admin", append(flags, filter("SCMP_ACT_ALLOW")), "mount", "/proc"); o.status != 0 {
			t.Errorf("with a filter that allows mount: %+v", o)
		}
	})
}

// TestWhyEntrypoint starts containers of runc as containerd has them: a user
// other than root begins with the capabilities in its permitted set, and no_new_privs.
func TestWhyEntrypoint(t *testing.T) {
	if testing.Short() {
		t.Skip("starts containers")
	}
	need.On(t, "root", "runc")
	for _, test := range []struct {
		name, args string
		code       string
	}{
		{"entrypoint", `["/own"]`, "effective"},
		{"later", `["/holder", "become", "/own"]`, "no-new-privs"},
	} {
		t.Run(test.name, func(t *testing.T) {
			caps := `["CAP_NET_RAW"]`
			name := startRunc(t, `{"process": {"args": `+test.args+`, "user": {"uid": 1000, "gid": 1000}, "noNewPrivileges": true,
				"capabilities": {"bounding": `+caps+`, "permitted": `+caps+`, "effective": `+caps+`, "inheritable": null, "ambient": null}},
				"linux": {"seccomp": {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["setdomainname"], "action": "SCMP_ACT_ERRNO"}]}}}`, func(root string) error {
				own := filepath.Join(root, "own")
				data, err := os.ReadFile(filepath.Join(root, "holder"))
				if err = errors.Join(err, os.WriteFile(own, data, 0o755)); err == nil {
					setFileCaps(t, own, "net_raw", true, 0)
				}
				return err
			})
			var state struct{ Pid int }
			if o := run(t, "runc", "state", name); json.Unmarshal([]byte(o.stdout), &state) != nil {
				t.Fatalf("%+v", o)
			}
			a := whyOf(t, "net_raw", state.Pid)
			if a.Reason.Code != test.code {
				t.Fatalf("%+v, want %s", a, test.code)
			}
			if test.code != "effective" && !strings.Contains(a.change("image"), "have /own as the entrypoint") {
				t.Errorf("%+v", a)
			}
		})
	}
}

// TestWhyCodes holds that docs/why.md lists the code of every reason.
func TestWhyCodes(t *testing.T) {
	text := guide(t, "docs/why.md")
	for _, code := range why.Codes() {
		if !strings.Contains(text, "`"+code+"`") {
			t.Errorf("docs/why.md does not list the reason %s", code)
		}
	}
}

// mountNosuid mounts a directory once more, with nosuid, until the test ends.
func mountNosuid(t *testing.T, dir, at string) {
	t.Helper()
	t.Cleanup(func() { unix.Unmount(at, unix.MNT_DETACH) })
	if err := errors.Join(os.Mkdir(at, 0o755), unix.Mount(dir, at, "", unix.MS_BIND, ""),
		unix.Mount("", at, "", unix.MS_BIND|unix.MS_REMOUNT|unix.MS_NOSUID, "")); err != nil {
		t.Fatal(err)
	}
}
