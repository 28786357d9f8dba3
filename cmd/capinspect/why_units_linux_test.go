// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/need"
)

// manager is systemd as the first process of namespaces of its own.
type manager struct {
	pid   int
	count int
}

// bootManager mounts what systemd wants to have for itself, and becomes it. Its only target
// depends on nothing, so that it starts no service of this machine.
const bootManager = `set -e
mount --make-rprivate /
mount -t proc proc /proc
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /sys/fs/cgroup
mkdir /sys/fs/cgroup/systemd
mount -t cgroup -o none,name=systemd,xattr systemd /sys/fs/cgroup/systemd || mount -t cgroup2 cgroup2 /sys/fs/cgroup
mkdir -p /run/systemd/system
printf '[Unit]\nDefaultDependencies=no\n' > /run/systemd/system/empty.target
export container=docker
exec $(command -v systemd) --system --unit=empty.target`

// startManager starts systemd in namespaces of its own until the test ends.
func startManager(t *testing.T) *manager {
	t.Helper()
	need.On(t, "root", "systemd", "systemctl", "unshare", "nsenter")
	cmd := exec.Command("unshare", "--mount", "--pid", "--uts", "--ipc", "--cgroup", "--fork", "--kill-child", "sh", "-c", bootManager)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill() // and with it systemd, by --kill-child
		cmd.Wait()
	})
	m := new(manager)
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		children, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%[1]d/children", cmd.Process.Pid))
		m.pid, _ = strconv.Atoi(strings.TrimSpace(string(children)))
		if m.pid != 0 {
			if o := m.systemctl(t, "is-system-running"); strings.TrimSpace(o.stdout) == "running" {
				return m
			}
		}
		if time.Now().After(deadline) {
			need.Lacking(t, "systemd", "systemd does not start in namespaces of its own")
		}
	}
}

func (m *manager) systemctl(t *testing.T, args ...string) outcome {
	t.Helper()
	return run(t, "nsenter", append([]string{"-t", strconv.Itoa(m.pid), "--mount", "--pid", "--uts", "--ipc", "--cgroup", "systemctl"}, args...)...)
}

// start starts a service with some lines, and reports whether it did start. One that runs on
// has a process.
func (m *manager) start(t *testing.T, lines ...string) (pid int, started bool) {
	t.Helper()
	m.count++
	name := fmt.Sprintf("test-%d.service", m.count)
	text := "[Unit]\nDefaultDependencies=no\n[Service]\n" + strings.Join(lines, "\n") + "\n"
	if err := os.WriteFile(fmt.Sprintf("/proc/%d/root/run/systemd/system/%s", m.pid, name), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	if o := m.systemctl(t, "daemon-reload"); o.status != 0 {
		t.Fatalf("%+v", o)
	}
	if m.systemctl(t, "start", name).status != 0 {
		return 0, false
	}
	inside := strings.TrimSpace(m.systemctl(t, "show", "--property=MainPID", "--value", name).stdout)
	if inside == "0" {
		return 0, true
	}
	return m.outside(t, inside), true
}

// outside returns the pid here of a process that systemd started.
func (m *manager) outside(t *testing.T, inside string) int {
	t.Helper()
	namespace, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/pid", m.pid))
	if err != nil {
		t.Fatal(err)
	}
	ends := regexp.MustCompile(`\nNSpid:.*\t` + inside + `\n`)
	dirs, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range dirs {
		if in, err := os.Readlink(dir + "/ns/pid"); err != nil || in != namespace {
			continue
		}
		if status, err := os.ReadFile(dir + "/status"); err == nil && ends.Match(status) {
			pid, _ := strconv.Atoi(filepath.Base(dir))
			return pid
		}
	}
	t.Fatalf("no process is %s in the namespace of systemd", inside)
	return 0
}

// unitLines returns the lines of a unit that a change names.
func unitLines(t *testing.T, text, pattern string) []string {
	t.Helper()
	found := regexp.MustCompile(pattern).FindStringSubmatch(text)
	if found == nil {
		t.Fatalf("%q does not match %q", text, pattern)
	}
	return []string{strings.Join(found[1:], "=")}
}

// TestWhyUnits starts services of systemd as tasks of the host are, and others with the lines
// that are proposed for these.
func TestWhyUnits(t *testing.T) {
	if testing.Short() {
		t.Skip("starts systemd")
	}
	need.On(t, "root", "setpriv", "systemd")
	dir := t.TempDir()
	open755(t, dir)
	if err := copyFile(buildHolder(t), dir); err != nil {
		t.Fatal(err)
	}
	holder := filepath.Join(dir, "holder")
	withFile := filepath.Join(dir, "file", "holder")
	if err := copyFile(holder, filepath.Dir(withFile)); err != nil {
		t.Fatal(err)
	}
	setFileCaps(t, withFile, "net_raw", true, 0)
	m := startManager(t)

	ambient := `(AmbientCapabilities)=(\S+) in a system unit`
	bounding := `(CapabilityBoundingSet)= with (\S+)`
	user := []string{"--reuid", "nobody", "--regid", "65534", "--clear-groups"}
	for _, row := range []struct {
		name, cap, code string
		task            []string // the words that make a task of the host what the unit makes its process
		unit            []string
		path            string
		lines           []string // patterns of those that are proposed
		instead         []string // of the unit, where a line has to go
		after           string   // the path of what is executed then, if it is another one
	}{
		{
			name: "not in the bounding set", cap: "mknod", code: "not-in-bounding",
			task: []string{"--bounding-set=-mknod"}, unit: []string{"CapabilityBoundingSet=~CAP_MKNOD"}, lines: []string{bounding},
		},
		{
			name: "not in the bounding set of a user", cap: "net_raw", code: "not-in-bounding",
			task: append([]string{"--bounding-set=-net_raw"}, user...), unit: []string{"CapabilityBoundingSet=CAP_CHOWN", "User=nobody"},
			lines: []string{bounding, ambient},
		},
		{
			name: "not in the bounding set, and a file", cap: "net_raw", code: "not-in-bounding", after: withFile,
			task: append([]string{"--bounding-set=-net_raw"}, user...), unit: []string{"CapabilityBoundingSet=CAP_CHOWN", "User=nobody"},
			lines: []string{bounding},
		},
		{name: "another user", cap: "net_admin", code: "non-root", task: user, unit: []string{"User=nobody"}, lines: []string{ambient}},
		{
			name: "another user under no_new_privs", cap: "net_admin", code: "non-root",
			task: append([]string{"--no-new-privs"}, user...), unit: []string{"NoNewPrivileges=yes", "User=nobody"}, lines: []string{ambient},
		},
		{
			name: "no_new_privs", cap: "net_raw", code: "no-new-privs", path: withFile,
			task: append([]string{"--no-new-privs"}, user...), unit: []string{"NoNewPrivileges=yes", "User=nobody"}, instead: []string{"User=nobody"},
		},
		{ // which implies no_new_privs
			name: "a filter for a user", cap: "net_raw", code: "no-new-privs", path: withFile,
			task: append([]string{"--no-new-privs"}, user...), unit: []string{"SystemCallFilter=~sethostname", "User=nobody"}, instead: []string{"User=nobody"},
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			path := holder
			if row.path != "" {
				path = row.path
			}
			on := append(row.task, path)
			if row.path != "" { // else setpriv, which sets no_new_privs, executes the file with its capabilities
				on = append(row.task, holder, "become", path)
			}
			a := whyOf(t, row.cap, hold(t, "setpriv", on...))
			if a.Effective || a.Reason.Code != row.code || a.change("unit") == "" {
				t.Fatalf("%+v, want %s", a, row.code)
			}
			service := func(lines ...string) whyAnswer {
				t.Helper()
				pid, ok := m.start(t, append(lines, "Type=exec", "ExecStart="+path)...)
				if !ok {
					t.Fatalf("it does not start with %q", lines)
				}
				awaitComm(t, pid, "holder")
				return whyOf(t, row.cap, pid)
			}
			if before := service(row.unit...); before.Effective {
				t.Errorf("%q: %+v", row.unit, before)
			}
			lines := row.instead
			if lines == nil {
				lines = row.unit
			}
			for _, pattern := range row.lines {
				lines = append(lines, unitLines(t, a.change("unit"), pattern)...)
			}
			if row.after != "" {
				path = row.after
			}
			if after := service(lines...); !after.Effective {
				t.Errorf("%q: %+v", lines, after)
			}
		})
	}
	t.Run("a system call filter", func(t *testing.T) {
		var o outcome
		thread(t, func() error {
			err := refuse(unix.SYS_SETDOMAINNAME)
			o = run(t, built(t), "why", "--json", "sys_admin")
			return err
		})
		if a := whyAnswerOf(t, o); !strings.HasPrefix(a.change("unit"), "SystemCallFilter= with the system calls") {
			t.Errorf("%+v", a)
		}
		once := []string{"Type=oneshot", "PrivateMounts=yes", "ExecStart=" + holder + " mount " + dir, "SystemCallErrorNumber=EPERM"}
		for _, filter := range []string{"SystemCallFilter=~mount", "SystemCallFilter=@system-service"} {
			if _, ok := m.start(t, append(once, filter)...); ok {
				t.Errorf("%s: mount works", filter)
			}
			if _, ok := m.start(t, append(once, filter, "SystemCallFilter=mount")...); !ok {
				t.Errorf("%s, with mount: it does not", filter)
			}
		}
	})
}

// TestUsernsUnits starts services that create a user namespace, with the lines that are
// proposed and without.
func TestUsernsUnits(t *testing.T) {
	if testing.Short() {
		t.Skip("starts systemd")
	}
	need.On(t, "root", "systemd", "unshare")
	m := startManager(t)
	var o outcome
	thread(t, func() error {
		err := refuse(unix.SYS_SETDOMAINNAME)
		o = run(t, built(t), "why", "userns")
		return err
	})
	const proposed = "unit  RestrictNamespaces=user or RestrictNamespaces=no, and SystemCallFilter= with unshare, clone and clone3"
	if !strings.Contains(o.stdout, proposed) {
		t.Errorf("%+v", o)
	}
	unshare, err1 := exec.LookPath("unshare")
	nothing, err2 := exec.LookPath("true")
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	once := []string{"Type=oneshot", "ExecStart=" + unshare + " --user " + nothing, "SystemCallErrorNumber=EPERM"}
	for _, row := range []struct {
		lines string
		works bool
	}{
		{"", true},
		{"RestrictNamespaces=yes", false},
		{"RestrictNamespaces=net", false},
		{"RestrictNamespaces=~user", false},
		{"RestrictNamespaces=user", true},
		{"RestrictNamespaces=no", true},
		{"SystemCallFilter=~unshare", false},
		{"SystemCallFilter=~unshare\nSystemCallFilter=unshare clone clone3", true},
		{"RestrictNamespaces=user\nSystemCallFilter=~unshare\nSystemCallFilter=unshare clone clone3", true},
	} {
		if _, ok := m.start(t, append(once, row.lines)...); ok != row.works {
			t.Errorf("%q: works: %t", row.lines, ok)
		}
	}
	t.Run("chroot", func(t *testing.T) {
		need.On(t, "chroot")
		root := t.TempDir()
		open755(t, root)
		file := filepath.Join(root, "file")
		if err := errors.Join(copyFile(buildHolder(t), root), os.WriteFile(file, nil, 0o644), os.Mkdir(filepath.Join(root, "proc"), 0o755)); err != nil {
			t.Fatal(err)
		}
		pid := hold(t, "chroot", root, "/holder")
		o := run(t, built(t), "why", "userns", "-p", strconv.Itoa(pid))
		if !strings.Contains(o.stdout, "(chroot)") || !strings.Contains(o.stdout, "unit     RootDirectory=, ") {
			t.Errorf("%+v", o)
		}
		chroot, err := exec.LookPath("chroot")
		if err != nil {
			t.Fatal(err)
		}
		const words = " userns open /file" // which ends
		if _, ok := m.start(t, "Type=oneshot", "ExecStart="+chroot+" "+root+" /holder"+words); ok {
			t.Error("it works after chroot")
		}
		if _, ok := m.start(t, "Type=oneshot", "RootDirectory="+root, "ExecStart=/holder"+words); !ok {
			t.Error("it does not with RootDirectory=")
		}
	})
}

// TestWhyUserUnit holds that systemd --user cannot give what a system unit can.
func TestWhyUserUnit(t *testing.T) {
	if testing.Short() {
		t.Skip("starts systemd")
	}
	need.On(t, "root", "systemd", "setpriv", "sleep")
	m := startManager(t)
	program, err1 := exec.LookPath("systemd")
	sleep, err2 := exec.LookPath("sleep")
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	dir := fmt.Sprintf("/proc/%d/root/run/systemd/user", m.pid) // of the units of all users
	service := "[Unit]\nDefaultDependencies=no\n[Service]\nType=exec\nExecStart=" + sleep + " 60\n"
	if err := errors.Join(os.MkdirAll(dir, 0o755),
		os.WriteFile(dir+"/empty.target", []byte("[Unit]\nDefaultDependencies=no\n"), 0o644),
		os.WriteFile(dir+"/plain.service", []byte(service), 0o644),
		os.WriteFile(dir+"/ambient.service", []byte(service+"AmbientCapabilities=CAP_NET_ADMIN\n"), 0o644)); err != nil {
		t.Fatal(err)
	}
	if _, ok := m.start(t, "Type=notify", "User=nobody", "Delegate=yes", "RuntimeDirectory=of-user", "Environment=XDG_RUNTIME_DIR=/run/of-user",
		"ExecStart="+program+" --user --unit=empty.target"); !ok {
		need.Lacking(t, "systemd", "systemd --user does not start in namespaces of its own")
	}
	user := func(words ...string) outcome {
		args := []string{
			"-t", strconv.Itoa(m.pid), "--mount", "--pid", "--uts", "--ipc", "--cgroup",
			"setpriv", "--reuid", "nobody", "--regid", "65534", "--clear-groups", "env", "XDG_RUNTIME_DIR=/run/of-user", "systemctl", "--user",
		}
		return run(t, "nsenter", append(args, words...)...)
	}
	if o := user("start", "plain.service"); o.status != 0 {
		t.Fatalf("%+v", o)
	}
	if o := user("start", "ambient.service"); o.status == 0 {
		t.Errorf("it starts: %+v", o)
	}
	if o := user("show", "--property=ExecMainStatus", "ambient.service"); o.stdout != "ExecMainStatus=218\n" {
		t.Errorf("%+v", o)
	}
}
