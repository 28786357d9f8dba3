// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/capset/runtime"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/need"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/predict/predicttest"
)

// scanned is what tests read of a scan.
type scanned struct {
	Dir                      string
	Files, Directories, Left int
	Programs                 []scannedProgram
	Errors                   []string
	MoreErrors               int
	NotExamined              string
}

type scannedProgram struct {
	File    string
	Program *scannedFile
	Result  string
	Why     *string
	Gains   *struct {
		Permitted                  struct{ Hex string }
		EffectiveUID, EffectiveGID *uint32
	}
}

type scannedFile struct {
	Path, Mode   string
	UID, GID     uint32
	Capabilities *string
	NoSuid       bool
}

// predicted is what tests read of a prediction.
type predicted struct {
	Program *scannedFile
	Result  string
	Why     *string
	After   *credentialsJSON
}

type credentialsJSON struct {
	UID, GID     struct{ Effective uint32 }
	Capabilities struct{ Permitted struct{ Hex string } }
}

func scanOf(t *testing.T, o outcome) (s scanned) {
	t.Helper()
	if err := json.Unmarshal([]byte(o.stdout), &s); err != nil {
		t.Fatalf("%v: %+v", err, o)
	}
	return s
}

// mask returns the set that a bitmap in hexadecimal is.
func mask(t *testing.T, hex string) capset.Set {
	t.Helper()
	n, err := strconv.ParseUint(hex, 16, 64)
	if err != nil {
		t.Fatal(err)
	}
	return capset.Set(n)
}

// randomTree makes files of random attributes in directories below dir, and what is
// no program. Everybody may look at all of it.
func randomTree(random *rand.Rand, dir string) error {
	dirs := []string{dir}
	for i := range 12 {
		name := fmt.Sprintf("%s/d%d\x1b[31m", dirs[random.IntN(len(dirs))], i)
		if err := errors.Join(os.Mkdir(name, 0o755), unix.Chmod(name, 0o755|uint32(random.IntN(8))<<9)); err != nil {
			return err
		}
		dirs = append(dirs, name)
	}
	modes := [...]uint32{0o755, 0o755, 0o755, 0o750, 0o711, 0o701, 0o700, 0o644, 0o010, 0o4100, 0o2745}
	for i := range 150 {
		name := fmt.Sprintf("%s/f%d", dirs[random.IntN(len(dirs))], i)
		text := [...]string{string(predicttest.ELF("")), string(predicttest.ELF("")), string(predicttest.ELF("/lib/missing")), "#!/missing\n", "#!" + name + "\n", "#!"}[random.IntN(6)]
		err := os.WriteFile(name, []byte(text), 0o755)
		if err == nil && random.IntN(5) > 0 {
			_, err = randomFile(random, name, own())
		}
		if err == nil && random.IntN(2) == 0 {
			err = unix.Chmod(name, modes[random.IntN(len(modes))]|uint32(random.IntN(8))<<9)
		}
		switch random.IntN(12) {
		case 0:
			err = errors.Join(err, os.Symlink(name, name+".link"))
		case 1:
			err = errors.Join(err, unix.Mkfifo(name+".fifo", 0o755), unix.Chmod(name+".fifo", 0o6755))
		case 2:
			err = errors.Join(err, unix.Mknod(name+".dev", unix.S_IFCHR|0o755, int(unix.Mkdev(1, 3))), unix.Chmod(name+".dev", 0o6755))
		case 3:
			err = errors.Join(err, os.Link(name, name+".same"))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// candidates returns the programs below root/dir that give something, by their paths
// below root and whether they have capabilities, and how many files and directories
// are there.
func candidates(t *testing.T, root, dir string) (programs map[string]bool, files, dirs int) {
	t.Helper()
	programs = map[string]bool{}
	err := filepath.WalkDir(root+dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		var st unix.Stat_t
		if err := unix.Lstat(path, &st); err != nil {
			return err
		}
		switch st.Mode & unix.S_IFMT {
		case unix.S_IFDIR:
			dirs++
		case unix.S_IFREG:
			files++
			_, err := unix.Getxattr(path, "security.capability", make([]byte, 100))
			if err != nil && err != unix.ENODATA {
				return err
			}
			gives := err == nil || st.Mode&unix.S_ISUID != 0 || st.Mode&unix.S_ISGID != 0 && st.Mode&unix.S_IXGRP != 0
			if gives && st.Mode&(unix.S_IXUSR|unix.S_IXGRP|unix.S_IXOTH) != 0 {
				programs[strings.TrimPrefix(path, root)] = err == nil
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return programs, files, dirs
}

// scanIsWalk holds that a scan of root/dir for a task lists what there is, and tells
// of each program what a prediction for it alone does.
func scanIsWalk(t *testing.T, task, root, dir string, before credentialsJSON, flags ...string) {
	t.Helper()
	flags = append([]string{"--json", "-p", task}, flags...)
	o := call("", append(append([]string{"scan"}, flags...), dir)...)
	got := scanOf(t, o)
	programs, files, dirs := candidates(t, root, dir)
	if o.status != 0 || o.stderr != "" || got.Files != files || got.Directories != dirs || len(got.Programs) != len(programs) || got.Dir != dir {
		t.Fatalf("%d of %d files in %d directories, want %d of %d in %d\n%d, %s", len(got.Programs), got.Files, got.Directories, len(programs), files, dirs, o.status, o.stderr)
	}
	if !slices.IsSortedFunc(got.Programs, func(a, b scannedProgram) int { return strings.Compare(a.File, b.File) }) {
		t.Error("not sorted")
	}
	results := map[string]int{}
	for _, p := range got.Programs {
		hasCaps, ok := programs[p.File]
		if !ok {
			t.Errorf("%s gives nothing", p.File)
		}
		delete(programs, p.File) // or it is there twice
		results[p.Result]++
		o := call("", append(append([]string{"predict"}, flags...), "--", p.File)...)
		var alone predicted
		if err := json.Unmarshal([]byte(o.stdout), &alone); err != nil || o.stderr != "" || (o.status == 0) != (p.Result == "ok") {
			t.Fatalf("%s: %v, %+v", p.File, err, o)
		}
		if p.Result != alone.Result || text(p.Why) != text(alone.Why) || (p.Gains == nil) != (alone.After == nil) {
			t.Errorf("%s: %s, %s; want %s, %s", p.File, p.Result, text(p.Why), alone.Result, text(alone.Why))
		}
		if p.Program == nil || alone.Program == nil || p.Program.Path != alone.Program.Path || p.Program.Mode != alone.Program.Mode ||
			p.Program.UID != alone.Program.UID || p.Program.GID != alone.Program.GID || p.Program.NoSuid != alone.Program.NoSuid {
			t.Errorf("%s: %+v, want %+v", p.File, p.Program, alone.Program)
		} else if p.Program.Path == p.File && (p.Program.Capabilities != nil) != hasCaps {
			t.Errorf("%s: %s: capabilities are %s, and it has some: %t", p.File, p.Result, text(p.Program.Capabilities), hasCaps)
		}
		if p.Gains == nil || alone.After == nil {
			continue
		}
		after := alone.After
		if got, want := mask(t, p.Gains.Permitted.Hex), mask(t, after.Capabilities.Permitted.Hex)&^mask(t, before.Capabilities.Permitted.Hex); got != want {
			t.Errorf("%s: gains %v, want %v", p.File, got, want)
		}
		for _, id := range []struct {
			got       *uint32
			was, want uint32
		}{{p.Gains.EffectiveUID, before.UID.Effective, after.UID.Effective}, {p.Gains.EffectiveGID, before.GID.Effective, after.GID.Effective}} {
			if id.was == id.want && id.got != nil || id.was != id.want && text(id.got) != fmt.Sprint(id.want) {
				t.Errorf("%s: gains id %s, want %d", p.File, text(id.got), id.want)
			}
		}
	}
	t.Log(flags, results)
	if results["ok"] == 0 || results["EPERM"]+results["EACCES"] == 0 {
		t.Errorf("%v", results)
	}
}

// TestScanIsWalk compares scans of random trees with what walking them finds.
func TestScanIsWalk(t *testing.T) {
	need.On(t, "root")
	random := random(t)
	dir := t.TempDir()
	open755(t, dir)
	if err := randomTree(random, dir); err != nil {
		t.Fatal(err)
	}
	inside := strconv.Itoa(inRoot(t, func(root string) error {
		return errors.Join(os.Chmod(root, 0o755), os.Mkdir(root+"/tree", 0o755), randomTree(random, root+"/tree"))
	}))
	for _, place := range []struct{ task, root, dir string }{
		{"self", "", dir}, {inside, "/proc/" + inside + "/root", "/tree"},
	} {
		var show struct{ Tasks []credentialsJSON }
		if err := json.Unmarshal([]byte(call("", "show", "--json", place.task).stdout), &show); err != nil {
			t.Fatal(err)
		}
		scanIsWalk(t, place.task, place.root, place.dir, show.Tasks[0])
		var user credentialsJSON
		user.UID.Effective, user.GID.Effective = 1000, 4242
		user.Capabilities.Permitted.Hex = "0"
		scanIsWalk(t, place.task, place.root, place.dir, user, "--uid", "1000", "--gid", "4242", "--drop", "all")
		user.Capabilities.Permitted.Hex = "2401"
		scanIsWalk(t, place.task, place.root, place.dir, user, "--uid", "1000", "--gid", "4242", "--drop", "all", "--add", "net_raw,chown,10", "--no-new-privs")
	}
}

// TestScanText holds how a scan looks.
func TestScanText(t *testing.T) {
	need.On(t, "root")
	caps := (&capset.FileCaps{Version: 2, Effective: true, Permitted: capset.Of(capset.NetRaw)}).Attribute()
	file := func(name string, mode uint32, uid, gid int, caps []byte) error {
		err := errors.Join(os.WriteFile(name, predicttest.ELF(""), 0o755), unix.Chown(name, uid, gid), unix.Chmod(name, mode))
		if caps != nil {
			err = errors.Join(err, unix.Setxattr(name, "security.capability", caps, 0))
		}
		return err
	}
	tid := strconv.Itoa(inRoot(t, func(root string) error {
		return errors.Join(os.Chmod(root, 0o755), os.Mkdir(root+"/bin", 0o755), os.Mkdir(root+"/bin/closed", 0o700), os.Mkdir(root+"/bin/nosuid", 0o755),
			file(root+"/bin/ping", 0o755, 0, 0, caps), file(root+"/bin/private", 0o700, 0, 0, caps), file(root+"/bin/closed/ping", 0o755, 0, 0, caps),
			file(root+"/bin/su", 0o4755, 0, 0, nil), file(root+"/bin/wall", 0o2755, 0, 5, nil), file(root+"/bin/both\n", 0o6755, 1000, 5, caps),
			os.WriteFile(root+"/bin/script", []byte("#!/bin/su\n"), 0o755), unix.Chmod(root+"/bin/script", 0o4755),
			unix.Mount(root+"/bin", root+"/bin/nosuid", "", unix.MS_BIND, ""), unix.Mount("", root+"/bin/nosuid", "", unix.MS_BIND|unix.MS_REMOUNT|unix.MS_NOSUID, ""))
	}))
	const want = `14 programs: 4 set-user-ID, 4 set-group-ID, 8 with capabilities, 2 scripts; 3 would give root, 0 capabilities, 6 in secure execution, 4 would fail (EACCES 4)
RESULT  MARKED                             GAINS   FILE
ok      script                             euid 0  /bin/nosuid/script
ok      script                             euid 0  /bin/script
ok      setuid 0                           euid 0  /bin/su
ok      setuid 1000, setgid 5, net_raw=ep  egid 5  /bin/both\x0a
ok      setgid 5                           egid 5  /bin/wall
EACCES  net_raw=ep                         -       /bin/closed/ping
ok      setuid 1000, setgid 5, net_raw=ep  none    /bin/nosuid/both\x0a
EACCES  net_raw=ep                         -       /bin/nosuid/closed/ping
ok      net_raw=ep                         none    /bin/nosuid/ping
EACCES  net_raw=ep                         -       /bin/nosuid/private
ok      setuid 0                           none    /bin/nosuid/su
ok      setgid 5                           none    /bin/nosuid/wall
ok      net_raw=ep                         none    /bin/ping
EACCES  net_raw=ep                         -       /bin/private
14 of 14 files in 5 directories of /bin, for pid PID (capinspect.test)
Assumed:
  securebits  its securebits are 0: only the task itself can read them
  uid         all its user ids are 1000, as you asked
  gid         all its group ids are 1000, as you asked
  drop        it lacks all capabilities, as you asked
  add         its Permitted, Effective and Bounding sets have cap_net_raw, as you asked
Not examined: ACLs, security modules, writers (ETXTBSY), binfmt_misc, shared libraries, a root directory shared by CLONE_FS
`
	o := run(t, built(t), "scan", "-p", tid, "/bin", "--uid", "1000", "--gid", "1000", "--drop", "all", "--add", "net_raw")
	if got := strings.Replace(o.stdout, "for pid "+tid+" ", "for pid PID ", 1); o.status != 0 || o.stderr != "" || got != want {
		t.Errorf("%d, %s\n%s\nwant %s", o.status, o.stderr, got, want)
	}
}

// TestScanRefused scans as a user who may not look at everything: that is trouble,
// and the rest is listed.
func TestScanRefused(t *testing.T) {
	need.On(t, "root", "setpriv")
	dir := t.TempDir()
	open755(t, dir)
	program := func(name string) error {
		return errors.Join(os.WriteFile(name, predicttest.ELF(""), 0o755), unix.Chmod(name, 0o4711))
	}
	err := program(dir + "/su")
	for i := range 23 {
		name := fmt.Sprintf("%s/closed%02d", dir, i)
		err = errors.Join(err, os.Mkdir(name, 0o755), program(name+"/su"), os.Chmod(name, 0o711))
	}
	// One that it may not search has nothing for it.
	err = errors.Join(err, os.Mkdir(dir+"/shut", 0o755), program(dir+"/shut/su"), os.Chmod(dir+"/shut", 0o700))
	if err := errors.Join(err, os.Mkdir(dir+"/open\x1b", 0o755), program(dir+"/open\x1b/su")); err != nil {
		t.Fatal(err)
	}
	as := func(args ...string) outcome {
		return run(t, "setpriv", append([]string{"--reuid", "4242", "--regid", "4242", "--clear-groups", built(t), "scan"}, args...)...)
	}
	o := as(dir, "--json")
	s := scanOf(t, o)
	if o.status != 2 || s.MoreErrors != 3 || len(s.Errors) != 20 || s.Files != 2 || s.Directories != 25 || len(s.Programs) != 2 ||
		s.Programs[0].File != dir+"/open\x1b/su" || s.Programs[1].File != dir+"/su" || s.Programs[1].Result != "ok" || text(s.Programs[1].Gains.EffectiveUID) != "0" {
		t.Errorf("%d, %+v", o.status, s)
	}
	lines := strings.Split(strings.TrimSuffix(o.stderr, "\n"), "\n")
	if len(lines) != 21 || lines[20] != "capinspect: 3 more could not be looked at" {
		t.Errorf("%q", lines)
	}
	for i, err := range s.Errors {
		if !strings.HasPrefix(err, dir+"/closed") || !strings.HasSuffix(err, "/closed"+err[len(dir)+7:len(dir)+9]+": permission denied") || lines[i] != "capinspect: "+err {
			t.Errorf("%s, %s", err, lines[i])
		}
	}
	if o := as(dir); o.status != 2 || !strings.Contains(o.stdout, dir+`/open\x1b/su`) || !strings.Contains(o.stdout, "\n2 of 2 files in 25 directories of "+dir+", for pid ") ||
		!strings.Contains(o.stdout, " (capinspect), without 1 that it may not search\n") {
		t.Errorf("%+v", o)
	}
	// what cannot be searched at all
	if o := as(dir + "/shut/x"); o.status != 2 || o.stdout != "" || !strings.HasSuffix(o.stderr, ": "+dir+"/shut/x: permission denied\n") {
		t.Errorf("%+v", o)
	}
}

// TestScanTooMany scans more programs than are listed.
func TestScanTooMany(t *testing.T) {
	need.On(t, "root")
	const most, more = 10_000, 3
	tid := strconv.Itoa(inRoot(t, func(root string) error {
		for i := range most + more {
			name := fmt.Sprintf("%s/etc/%05d", root, i)
			if err := errors.Join(os.WriteFile(name, predicttest.ELF(""), 0o755), unix.Chmod(name, 0o4755)); err != nil {
				return err
			}
		}
		return nil
	}))
	o := run(t, built(t), "scan", "-p", tid, "/etc", "--json")
	if s := scanOf(t, o); o.status != 2 || len(s.Programs) != most || s.Left != more || s.Files != most+more ||
		o.stderr != "capinspect: 3 programs are too many to list: scan a part of /etc\n" {
		t.Errorf("%d, %s, %d programs, %d left, %d files", o.status, o.stderr, len(s.Programs), s.Left, s.Files)
	}
	o = run(t, built(t), "scan", "-p", tid, "/etc")
	if lines := strings.Count(o.stdout, " /etc/"); o.status != 2 || lines != most || !strings.Contains(o.stdout, "\n... and 3 more\n10003 of 10003 files in 1 directory of /etc, for ") {
		t.Errorf("%d, %d lines", o.status, lines)
	}
}

// TestScanOwnFUSE scans capinspect's own root directory where a file system that
// never answers is mounted.
func TestScanOwnFUSE(t *testing.T) {
	need.On(t, "root", "fuse")
	fuse, err := unix.Open("/dev/fuse", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fuse)
	dir, binary := t.TempDir(), built(t)
	var o outcome
	thread(t, func() error {
		err := errors.Join(os.Mkdir(dir+"/silent", 0o755), os.WriteFile(dir+"/su", predicttest.ELF(""), 0o755), unix.Chmod(dir+"/su", 0o4755),
			unix.Unshare(unix.CLONE_NEWNS), unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""),
			unix.Mount("silent", dir+"/silent", "fuse", 0, fmt.Sprintf("fd=%d,rootmode=40000,user_id=0,group_id=0", fuse)))
		if err == nil {
			o = run(t, "timeout", "-s", "KILL", "10", binary, "scan", dir, "--json")
		}
		return err
	})
	if s := scanOf(t, o); o.status != 0 || o.stderr != "" || len(s.Programs) != 1 || s.Files != 1 || s.Directories != 1 {
		t.Errorf("%+v", o)
	}
}

// TestScanACL looks at a set-user-ID program that only its ACL lets a user execute.
func TestScanACL(t *testing.T) {
	need.On(t, "root")
	// struct posix_acl_xattr_header, and entries of tag, permissions and id: user::rwx,
	// user:1000:r-x, group::---, mask::r-x, other::--- (acl(5)).
	acl := []byte{2, 0, 0, 0}
	for _, e := range [...][3]uint32{{0x01, 7, ^uint32(0)}, {0x02, 5, 1000}, {0x04, 0, ^uint32(0)}, {0x10, 5, ^uint32(0)}, {0x20, 0, ^uint32(0)}} {
		acl = binary.LittleEndian.AppendUint16(acl, uint16(e[0]))
		acl = binary.LittleEndian.AppendUint16(acl, uint16(e[1]))
		acl = binary.LittleEndian.AppendUint32(acl, e[2])
	}
	tid := strconv.Itoa(inRoot(t, func(root string) error {
		name := root + "/etc/p"
		return errors.Join(os.WriteFile(name, predicttest.ELF(""), 0o755), unix.Setxattr(name, "system.posix_acl_access", acl, 0), unix.Chmod(name, 0o4750))
	}))
	o := run(t, built(t), "scan", "-p", tid, "/etc", "--uid", "1000", "--gid", "1000", "--drop", "all", "--json")
	var found scanned
	if err := json.Unmarshal([]byte(o.stdout), &found); err != nil || len(found.Programs) != 1 || !strings.HasPrefix(found.NotExamined, "ACLs, ") {
		t.Fatalf("%v, %+v", err, o)
	}
	p := found.Programs[0]
	if p.Result != "EACCES" || p.Why == nil || !strings.HasSuffix(*p.Why, "does not let uid 1000 execute it; its ACL may, and is not examined") {
		t.Errorf("%s: %s", p.Result, text(p.Why))
	}
}

// TestScanContainer holds what programs would give a container of a profile or a manifest
// against what they would give a process that the kernel has put into that state.
func TestScanContainer(t *testing.T) {
	need.On(t, "root", "setpriv")
	dir := t.TempDir()
	open755(t, dir)
	if err := randomTree(random(t), dir); err != nil {
		t.Fatal(err)
	}
	docker := "-all"
	for c := range runtime.Named("docker").Default().Caps() {
		docker += ",+" + strings.TrimPrefix(c.String(), "cap_")
	}
	pod := filepath.Join(t.TempDir(), "pod.yaml")
	const text = `{apiVersion: v1, kind: Pod, metadata: {name: web}, spec: {containers: [
	{name: bare, image: a, securityContext: {runAsUser: 1000, capabilities: {drop: [ALL], add: [NET_RAW, CHOWN]}}},
	{name: shut, image: a, securityContext: {runAsUser: 1000, runAsGroup: 7, allowPrivilegeEscalation: false}}]}}`
	if err := os.WriteFile(pod, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	some := map[string]int{}
	for _, row := range []struct {
		flags string // of the scan
		state string // the flags of setpriv that make it
	}{
		{"--profile docker --uid 1000", "--reuid 1000 --regid 0 --bounding-set " + docker},
		{"--profile docker --uid nobody --gid 4242", "--reuid nobody --regid 4242 --bounding-set " + docker},
		{"--profile docker", "--reuid 0 --regid 0 --bounding-set " + docker},
		{"--profile docker --uid 1000 --drop all --add net_raw,sys_admin", "--reuid 1000 --regid 0 --bounding-set -all,+net_raw,+sys_admin"},
		{"--profile docker --uid 1000 --no-new-privs", "--reuid 1000 --regid 0 --no-new-privs --bounding-set " + docker},
		{"--pod " + pod + ":bare --runtime docker", "--reuid 1000 --regid 0 --bounding-set -all,+net_raw,+chown"},
		{"--pod " + pod + ":shut --runtime docker --uid 1001", "--reuid 1001 --regid 7 --no-new-privs --bounding-set " + docker},
	} {
		task := exec.Command("setpriv", append(strings.Fields("--clear-groups --inh-caps -all "+row.state), "sleep", "600")...)
		if err := task.Start(); err != nil {
			t.Fatal(err)
		}
		pid := strconv.Itoa(task.Process.Pid)
		for name := ""; name != "sleep\n"; time.Sleep(time.Millisecond) {
			text, err := os.ReadFile("/proc/" + pid + "/comm")
			if err != nil {
				t.Fatal(err)
			}
			name = string(text)
		}
		want, got := call("", "scan", "--json", dir, "-p", pid), call("", append(strings.Fields("scan --json "+row.flags), dir)...)
		if err := errors.Join(task.Process.Kill(), ignoreExit(task.Wait())); err != nil {
			t.Fatal(err)
		}
		is, predicted := scanOf(t, want), scanOf(t, got)
		if want.status != 0 || got.status != 0 || !reflect.DeepEqual(is, predicted) {
			t.Errorf("%s: %s%s\nwant %s%s", row.flags, got.stdout, got.stderr, want.stdout, want.stderr)
		}
		for _, p := range predicted.Programs {
			some[p.Result]++
		}
	}
	if t.Log(some); some["ok"] == 0 || some["EPERM"] == 0 {
		t.Errorf("%v", some)
	}
}

// ignoreExit leaves out that a process was killed.
func ignoreExit(err error) error {
	if _, ok := errors.AsType[*exec.ExitError](err); ok {
		return nil
	}
	return err
}

// TestScanIsFind scans the root directory of this machine: it lists what find(1) and getcap(8)
// do, but for what nobody may execute.
func TestScanIsFind(t *testing.T) {
	need.On(t, "root", "find", "getcap")
	const ours = "( -path /tmp -o -path /var/tmp -o -path /work -o -path /root -o -path /proc ) -prune -o "
	listed := func(o outcome, path func(line string) string) (list []string) {
		for line := range strings.Lines(o.stdout) {
			name := path(strings.TrimSuffix(line, "\n"))
			var file, top unix.Stat_t
			if err := errors.Join(unix.Lstat(name, &file), unix.Lstat("/", &top)); err == nil && file.Dev == top.Dev && file.Mode&0o111 != 0 {
				list = append(list, name)
			}
		}
		return list
	}
	want := listed(run(t, "find", strings.Fields("/ -xdev "+ours+"-type f ( -perm -4000 -o -perm -2010 ) -print")...), func(line string) string { return line })
	want = append(want, listed(run(t, "getcap", "-r", "/usr", "/opt", "/var/lib", "/srv", "/home"), func(line string) string {
		return line[:max(strings.LastIndexByte(line, ' '), 0)]
	})...)
	slices.Sort(want)
	want = slices.Compact(want)
	var got []string
	for _, p := range scanOf(t, run(t, built(t), "scan", "--json")).Programs {
		if !regexp.MustCompile("^/(tmp|var/tmp|work|root|proc)/").MatchString(p.File) {
			got = append(got, p.File)
		}
	}
	if len(want) == 0 || !slices.Equal(got, want) {
		t.Errorf("%q\nwant %q", got, want)
	}
}
