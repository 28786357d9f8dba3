// SPDX-License-Identifier: Apache-2.0

package main

import (
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

	"github.com/capinspect/capinspect/cmd/capinspect/internal/need"
)

// place is what tests read of where a task is, in a JSON report.
type place struct {
	UID, GID struct {
		Real, Effective         *uint32
		RealName, EffectiveName *string
		HostReal, HostEffective *uint32
	}
	UserNamespace *struct {
		ID             *uint64
		Initial        *bool
		UIDMap, GIDMap []extent
		Setgroups      *string
	}
	Namespaces map[string]*struct {
		ID                             uint64
		Node                           *bool
		SharedWithSelf, SharedWithPid1 *bool
		Owner                          *uint64
		Owned, OwnedByUID              *bool
	}
	Scopes    map[string]*struct{ For, NotFor, Unknown []string }
	Container *struct {
		Runtime, ID, SandboxID, Name, PodUID, PodName, PodNamespace, Hostname *string
		Evidence                                                              []string
	}
	Profile []string
	Notes   []struct{ Code, Text string }
	Unknown map[string]string
}

type extent struct{ Inside, Outside, Length uint32 }

// placeOf returns what capinspect tells of a task in JSON.
func placeOf(t *testing.T, o outcome) place {
	t.Helper()
	var report struct{ Tasks []place }
	if err := json.Unmarshal([]byte(o.stdout), &report); err != nil || len(report.Tasks) != 1 || o.status != 0 || o.stderr != "" {
		t.Fatalf("%v: %+v", err, o)
	}
	var whole struct{ Tasks []map[string]any }
	if err := json.Unmarshal([]byte(o.stdout), &whole); err != nil {
		t.Fatal(err)
	}
	if err := checkJSON(o.stdout); err != nil {
		t.Error(err)
	}
	unexplained(t, "", whole.Tasks[0], report.Tasks[0].Unknown)
	return report.Tasks[0]
}

// notApplicable is what may be null because there is none.
var notApplicable = regexp.MustCompile(`^(container(\.(sandboxId|podId))?|lsm\.(module|mode)|lastCap\.limit)$`)

// unexplained holds that each value that is null has its reason.
func unexplained(t *testing.T, path string, v any, unknown map[string]string) {
	t.Helper()
	switch v := v.(type) {
	case map[string]any:
		for key, member := range v {
			if uid, in := v["podUID"]; in && uid == nil && slices.Contains([]string{"name", "podUID", "podName", "podNamespace", "hostname"}, key) {
				continue // it is in no pod
			}
			unexplained(t, strings.TrimPrefix(path+"."+key, "."), member, unknown)
		}
	case []any:
		for _, element := range v {
			unexplained(t, path+"[]", element, unknown)
		}
	case nil:
		for at := path; at != ""; at = at[:max(strings.LastIndexByte(at, '.'), 0)] {
			if unknown[at] != "" || unknown[anyKind.ReplaceAllString(at, "namespaces.*.")] != "" {
				return
			}
		}
		if !notApplicable.MatchString(path) {
			t.Errorf("%s is null without a reason", path)
		}
	}
}

// anyKind is how a reason that is about all namespaces has its path.
var anyKind = regexp.MustCompile(`^namespaces\.[a-z]+\.`)

// note returns the text of a note, "" if there is none of that code.
func (p *place) note(code string) string {
	for _, n := range p.Notes {
		if n.Code == code {
			return n.Text
		}
	}
	return ""
}

// text returns what a member that may be null holds.
func text[V any](v *V) string {
	if v == nil {
		return "null"
	}
	return fmt.Sprint(*v)
}

// inUserNamespace starts a program as uid and gid 0 of a user namespace of its
// own, with these maps, and returns its pid.
func inUserNamespace(t *testing.T, uids, gids []syscall.SysProcIDMap, name string, args ...string) int {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWUSER, UidMappings: uids, GidMappings: gids, GidMappingsEnableSetgroups: true,
		Credential: &syscall.Credential{NoSetGroups: true},
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	return cmd.Process.Pid
}

// extents returns count extents of length ids, whose Outside begin at first.
func extents(count, length, first int) (of []syscall.SysProcIDMap) {
	for i := range count {
		of = append(of, syscall.SysProcIDMap{ContainerID: i * length, HostID: first + 2*i*length, Size: length})
	}
	return of
}

// TestUserNamespaces looks from the outside at tasks in user namespaces of one
// and of many extents, and at one in a namespace inside of another.
func TestUserNamespaces(t *testing.T) {
	need.On(t, "root", "unshare")
	for name, test := range map[string]struct {
		uids, gids []syscall.SysProcIDMap
		args       []string // what runs in there
		nested     []extent // the map of the namespace inside, if there is one
	}{
		"one extent":   {extents(1, 1, 100000), extents(1, 1, 200000), []string{"sleep", "60"}, nil},
		"two extents":  {extents(2, 1000, 100000), extents(2, 1000, 200000), []string{"sleep", "60"}, nil},
		"many extents": {extents(200, 10, 100000), extents(150, 10, 200000), []string{"sleep", "60"}, nil},
		"one inside of another": {
			extents(1, 5000, 100000), extents(1, 5000, 200000),
			[]string{"unshare", "--user", "--map-user", "7", "--map-group", "8", "sleep", "60"},
			[]extent{{7, 100000, 1}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			pid := inUserNamespace(t, test.uids, test.gids, test.args[0], test.args[1:]...)
			want := mapOf(test.uids)
			if test.nested != nil {
				want = test.nested
				awaitComm(t, pid, "sleep")
			}
			p := placeOf(t, run(t, built(t), "--json", strconv.Itoa(pid)))
			inode := inodeOf(t, pid, "user")
			ns := p.UserNamespace
			if ns == nil || text(ns.ID) != inode || text(ns.Initial) != "false" || !slices.Equal(ns.UIDMap, want) || test.nested == nil && !slices.Equal(ns.GIDMap, mapOf(test.gids)) {
				t.Errorf("user namespace %+v, want %s, %v", ns, inode, want)
			}
			setgroups, err := os.ReadFile(fmt.Sprintf("/proc/%d/setgroups", pid))
			if err != nil || ns.Setgroups == nil || *ns.Setgroups+"\n" != string(setgroups) {
				t.Errorf("setgroups %s, want %s", text(ns.Setgroups), setgroups)
			}
			for what, id := range map[string]*uint32{"real": p.UID.Real, "hostReal": p.UID.HostReal, "hostEffective": p.UID.HostEffective} {
				if text(id) != "100000" {
					t.Errorf("%s: uid %s", what, text(id))
				}
			}
			if text(p.GID.HostReal) != "200000" {
				t.Errorf("hostReal: gid %s", text(p.GID.HostReal))
			}
			if got, want := p.note("full-in-user-namespace"), "user:["+inode+"]"; test.nested == nil && own() == ofKernel() && !strings.Contains(got, want) {
				t.Errorf("note %q", got)
			}
			if p.note("full-in-user-namespace")+p.note("other-user-namespace") == "" && test.nested == nil {
				t.Errorf("notes %+v", p.Notes)
			}
		})
	}
}

func mapOf(list []syscall.SysProcIDMap) (m []extent) {
	for _, e := range list {
		m = append(m, extent{uint32(e.ContainerID), uint32(e.HostID), uint32(e.Size)})
	}
	return m
}

// inodeOf returns the inode of a namespace of a process.
func inodeOf(t *testing.T, pid int, kind string) string {
	t.Helper()
	var st unix.Stat_t
	if err := unix.Stat(fmt.Sprintf("/proc/%d/ns/%s", pid, kind), &st); err != nil {
		t.Fatal(err)
	}
	return strconv.FormatUint(st.Ino, 10)
}

// awaitComm waits until a process has executed a program.
func awaitComm(t *testing.T, pid int, name string) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if comm, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid)); err == nil && string(comm) == name+"\n" {
			return
		}
	}
	t.Fatal("the process is not ready")
}

// TestInsideUserNamespace runs capinspect in a user namespace, which knows its
// map to the one above it and none of the host's ids.
func TestInsideUserNamespace(t *testing.T) {
	need.On(t, "root", "unshare", "setpriv")
	inside := func(args ...string) outcome {
		return run(t, "setpriv", append([]string{"--reuid", "4242", "--regid", "4243", "--clear-groups", "unshare", "-Ur", built(t)}, args...)...)
	}
	p := placeOf(t, inside("--json"))
	ns := p.UserNamespace
	if ns == nil || text(ns.Initial) != "false" || !slices.Equal(ns.UIDMap, []extent{{0, 4242, 1}}) || !slices.Equal(ns.GIDMap, []extent{{0, 4243, 1}}) ||
		text(ns.Setgroups) != "deny" {
		t.Errorf("%+v", ns)
	}
	if text(p.UID.Real) != "0" || text(p.UID.HostReal) != "null" || p.Unknown["uid.hostReal"] == "" {
		t.Errorf("uid %+v, %v", p.UID, p.Unknown)
	}
	if got := inside(); !strings.Contains(got.stdout, ", not the initial one, setgroups denied\n uid map to the one above: 0 is 4242\n gid map to the one above: 0 is 4243\n") {
		t.Errorf("%+v", got)
	}
	// What it cannot express is the overflow id, which nobody has.
	pid := (&credentials{ruid: 777, euid: 777, rgid: 777, egid: 777}).start(t, "sleep", "60")
	other := placeOf(t, inside("--json", strconv.Itoa(pid)))
	const reason = "65534 is the overflow id, which stands for any id that capinspect's user namespace cannot express"
	if text(other.UID.Real) != "65534" || text(other.UID.RealName) != "null" || other.Unknown["uid.realName"] != reason {
		t.Errorf("uid %+v, %q", other.UID, other.Unknown["uid.realName"])
	}
	if got := other.note("overflow-id"); got != reason {
		t.Errorf("note %q", got)
	}
	// Where it has that id, it may be either.
	cmd := exec.Command(built(t), "--json", strconv.Itoa(pid))
	all := []syscall.SysProcIDMap{{ContainerID: 0, HostID: 100000, Size: 65536}}
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWUSER, UidMappings: all, GidMappings: all}
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	const may = "65534 is the overflow id, which may stand for an id that capinspect's user namespace cannot express"
	if p := placeOf(t, outcome{stdout: string(out)}); text(p.UID.RealName) != "null" || p.Unknown["uid.realName"] != may || p.note("overflow-id") != may {
		t.Errorf("%s, %q, %q", text(p.UID.RealName), p.Unknown["uid.realName"], p.note("overflow-id"))
	}
	if other.UserNamespace == nil || text(other.UserNamespace.Initial) != "null" && text(other.UserNamespace.Initial) != "true" {
		t.Errorf("%+v", other.UserNamespace)
	}
}

// TestNamespaces compares the inodes with those that stat(2) tells.
func TestNamespaces(t *testing.T) {
	need.On(t, "root", "unshare")
	cmd := exec.Command("unshare", "-n", "-i", "-u", "-m", "sleep", "60")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	awaitComm(t, cmd.Process.Pid, "sleep")
	for pid, apart := range map[int][]string{os.Getpid(): nil, cmd.Process.Pid: {"net", "ipc", "uts", "mnt"}} {
		p := placeOf(t, run(t, built(t), "--json", strconv.Itoa(pid)))
		files, err := os.ReadDir(fmt.Sprintf("/proc/%d/ns", pid))
		if err != nil || len(files) < 7 {
			t.Fatal(files, err)
		}
		for kind, ns := range p.Namespaces {
			if ns == nil {
				t.Errorf("%s: unknown", kind)
				continue
			}
			if got := strconv.FormatUint(ns.ID, 10); got != inodeOf(t, pid, kind) {
				t.Errorf("%s: %s", kind, got)
			}
			if text(ns.SharedWithSelf) != strconv.FormatBool(!slices.Contains(apart, kind)) {
				t.Errorf("%s: sharedWithSelf %s", kind, text(ns.SharedWithSelf))
			}
		}
		for _, f := range files {
			if _, ok := p.Namespaces[f.Name()]; !ok && !strings.HasSuffix(f.Name(), "_for_children") {
				t.Errorf("no namespace %s", f.Name())
			}
		}
	}
	// In a pid namespace of its own, PID 1 is one that can be looked at.
	o := run(t, "unshare", "-pf", "--mount-proc", "sh", "-c", "unshare -u "+built(t)+" --json; true")
	p := placeOf(t, o)
	for kind, want := range map[string]string{"pid": "true", "mnt": "true", "uts": "false"} {
		if ns := p.Namespaces[kind]; ns == nil || text(ns.SharedWithPid1) != want || text(ns.SharedWithSelf) != "true" {
			t.Errorf("%s: %+v, want %s", kind, ns, want)
		}
	}
	if got := run(t, "unshare", "-pf", "--mount-proc", "sh", "-c", "unshare -u "+built(t)+"; true"); !strings.Contains(got.stdout, "\nNamespaces apart from PID 1: uts:[") {
		t.Errorf("%+v", got)
	}
}

// TestWhyHidden holds that what the kernel refuses is said with its reason.
func TestWhyHidden(t *testing.T) {
	need.On(t, "root", "setpriv")
	other := (&credentials{ruid: 4242, euid: 4242, rgid: 4242, egid: 4242}).start(t, "sleep", "60")
	same := (&credentials{ruid: 777, euid: 777, rgid: 777, egid: 777}).start(t, "sleep", "60")
	capable := exec.Command("setpriv", "--reuid", "777", "--regid", "777", "--clear-groups", "--inh-caps", "+chown", "--ambient-caps", "+chown", "sleep", "60")
	if err := capable.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		capable.Process.Kill()
		capable.Wait()
	})
	awaitComm(t, capable.Process.Pid, "sleep")
	for pid, want := range map[int]string{
		other:               "permission denied: it has other ids than capinspect, which has no cap_sys_ptrace",
		same:                "",
		capable.Process.Pid: "permission denied: it has capabilities that capinspect lacks, and capinspect has no cap_sys_ptrace",
	} {
		o := run(t, "setpriv", "--reuid", "777", "--regid", "777", "--clear-groups", built(t), "--json", strconv.Itoa(pid))
		p := placeOf(t, o)
		if got := p.Unknown["namespaces"]; got != want {
			t.Errorf("namespaces: %q, want %q", got, want)
		}
		if got := p.Unknown["uid.realName"]; want != "" && got != "its root directory is hidden: "+want {
			t.Errorf("name: %q", got)
		}
	}
}

// TestMarkers holds that the files which runtimes leave tell of a container only
// where the cgroup cannot: a node may have been made of an image.
func TestMarkers(t *testing.T) {
	need.On(t, "root")
	for name, test := range map[string]struct {
		unshare int
		file    string
		want    string
	}{
		"docker":                {unix.CLONE_NEWCGROUP, "/.dockerenv", "docker"},
		"Podman":                {unix.CLONE_NEWCGROUP, "/run/.containerenv", "podman"},
		"a node made of docker": {unix.CLONE_NEWUTS | unix.CLONE_NEWIPC, "/.dockerenv", "null"},
		"a directory":           {unix.CLONE_NEWCGROUP, "/.dockerenv/x", "null"},
	} {
		tid := inRoot(t, func(root string) error {
			return errors.Join(unix.Unshare(test.unshare), os.MkdirAll(filepath.Dir(root+test.file), 0o755), os.WriteFile(root+test.file, nil, 0o644))
		})
		p := placeOf(t, run(t, built(t), "--json", strconv.Itoa(tid)))
		runtime := "null"
		if p.Container != nil {
			runtime = text(p.Container.Runtime)
			if want := []string{"runtime: " + test.file}; !slices.Equal(p.Container.Evidence, want) {
				t.Errorf("%s: %v, want %v", name, p.Container.Evidence, want)
			}
		}
		if runtime != test.want {
			t.Errorf("%s: %s, want %s", name, runtime, test.want)
		}
	}
}

// TestZombie holds that of a process that has ended, and that nobody has waited for, it
// is said that it has.
func TestZombie(t *testing.T) {
	cmd := exec.Command(built(t), "--version")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	pid := strconv.Itoa(cmd.Process.Pid)
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		stat, err := os.ReadFile("/proc/" + pid + "/stat")
		if err != nil || time.Now().After(deadline) {
			t.Fatalf("no zombie: %s, %v", stat, err)
		}
		if strings.Contains(string(stat), ") Z ") {
			break
		}
	}
	o := call("", "check", "--pss", "baseline", pid)
	if o.status != 2 || !strings.Contains(o.stderr, "mounts is unknown: it has ended\n") || strings.Contains(o.stderr, "invalid argument") {
		t.Errorf("%+v", o)
	}
}
