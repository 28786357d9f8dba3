// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"debug/elf"
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

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/capset/operation"
	"github.com/capinspect/capinspect/capset/runtime"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/need"
)

// doThere does operations, each in a process of its own that has what this one has, and if
// that may be mounts of its own, and waits to be killed: DIR NAME ...
func doThere() {
	for _, name := range os.Args[2:] {
		var out []byte
		var err error
		for _, flags := range []uintptr{unix.CLONE_NEWNS, 0} {
			cmd := &exec.Cmd{Path: os.Args[0], Args: []string{"operation", name, os.Args[1], "0", "0", "-1", "0", "", strconv.Itoa(stranger)}}
			cmd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: flags}
			if out, err = cmd.CombinedOutput(); err == nil {
				break
			}
		}
		came, ok := strings.CutPrefix(string(out), "came: ")
		if err != nil || !ok {
			came = fmt.Sprintf("%v: %q", err, out)
		}
		fmt.Printf("%s\t%s\n", name, strings.TrimSpace(came))
	}
	fmt.Println("done")
	time.Sleep(time.Hour)
}

// thereAnswer is an answer of why for an operation, as far as the tests look at it.
type thereAnswer struct {
	Operation string
	Works     *bool
	Reason    struct{ Code, Text string }
	Changes   []struct{ Where, Text string }
}

// doable returns the operations that need no other process.
func doable() (names []string) {
	for _, name := range alone() {
		o := operation.Named(name)[0]
		if o.Scope != capset.ScopeProcess && o.Scope != capset.ScopeIPC && !slices.Contains([]string{"get_robust_list", "SHM_LOCK", "shmat", "IPC_RMID"}, name) {
			names = append(names, name)
		}
	}
	return names
}

// there is a container in which operations are done.
type there struct {
	came map[string]string
	pid  string
	name string
}

// doInContainer starts a container of the image that does operations.
func doInContainer(t *testing.T, image, binary string, count int, flags, names []string) *there {
	t.Helper()
	user := 0
	if i := slices.Index(flags, "--user"); i >= 0 {
		user, _ = strconv.Atoi(flags[i+1])
	}
	parent := t.TempDir()
	world := filepath.Join(parent, "world")
	if err := errors.Join(os.Mkdir(world, 0o755), furnish(world, stranger, user), os.Chmod(filepath.Dir(parent), 0o755)); err != nil {
		t.Fatal(err)
	}
	c := &there{came: map[string]string{}, name: fmt.Sprintf("capinspect-test-%d-operations-%d", os.Getpid(), count)}
	t.Cleanup(func() { run(t, "docker", "rm", "-f", c.name) })
	docker(t, slices.Concat([]string{"run", "-d", "--network", "none", "--name", c.name, "-v", binary + ":/doer:ro", "-v", world + ":/world"},
		flags, []string{"--entrypoint", "/doer", image, "/world"}, names)...)
	c.pid = strings.TrimSpace(string(docker(t, "inspect", "-f", "{{.State.Pid}}", c.name)))
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		text := string(docker(t, "logs", c.name))
		if strings.HasSuffix(text, "done\n") {
			for lines := bufio.NewScanner(strings.NewReader(text)); lines.Scan(); {
				name, came, _ := strings.Cut(lines.Text(), "\t")
				c.came[name] = came
			}
			return c
		}
		if time.Now().After(deadline) {
			t.Fatalf("the container is not done: %s", text)
		}
	}
}

// answersOf returns what why says of operations, by their usual names.
func answersOf(t *testing.T, o outcome) map[string]thereAnswer {
	t.Helper()
	var found struct {
		Tasks []struct{ Operations []thereAnswer }
	}
	if err := json.Unmarshal([]byte(o.stdout), &found); err != nil || len(found.Tasks) != 1 {
		t.Fatalf("%v, %+v", err, o)
	}
	all := map[string]thereAnswer{}
	for _, a := range found.Tasks[0].Operations {
		all[a.Operation] = a
	}
	return all
}

// newerFilters are the operations for which the filter of Docker 20.10 is another one than
// today's, or does not know the call.
var newerFilters = []string{"perf_event_open", "bpf BPF_MAP_CREATE", "BPF_MAP_GET_FD_BY_ID", "io_uring_setup"}

// TestWhyOperationsInContainers does operations in containers of docker, and asks why of
// them from outside and from inside: why says yes if they work.
func TestWhyOperationsInContainers(t *testing.T) {
	if testing.Short() {
		t.Skip("starts containers")
	}
	need.On(t, "root", "docker")
	image, binary := buildImage(t), staticSelf(t)
	names := doable()
	count := 0
	var everything []string
	for c := range (own() & capset.UpTo(capset.AuditRead)).Caps() { // what there is to give, and Docker 20.10 knows
		everything = append(everything, "--cap-add", c.Kubernetes())
	}
	unconfined := []string{"--security-opt", "seccomp=unconfined"}
	for _, flags := range [][]string{
		{},
		{"--cap-drop", "ALL"},
		{"--user", "1000"},
		{"--user", "1000", "--cap-add", "SYS_ADMIN"},
		{"--user", "1000", "--security-opt", "no-new-privileges"},
		{"--user", "1000", "--security-opt", "seccomp=unconfined"},
		{"--cap-add", "NET_ADMIN", "--security-opt", "no-new-privileges"},
		everything,
		append(unconfined, everything...),
		{"--cap-drop", "ALL", "--cap-add", "SYS_ADMIN", "--security-opt", "seccomp=unconfined"},
	} {
		t.Run(strings.Join(flags[:min(len(flags), 6)], " "), func(t *testing.T) {
			count++
			c := doInContainer(t, image, binary, count, flags, names)
			for side, answers := range map[string]map[string]thereAnswer{
				"outside": answersOf(t, run(t, built(t), append([]string{"why", "--json", "-p", c.pid}, inQuestion(names)...)...)),
				"inside":  answersOf(t, run(t, "docker", append([]string{"exec", c.name, "/capinspect", "why", "--json", "-p", "1"}, inQuestion(names)...)...)),
			} {
				agreed, unknown := 0, 0
				for _, name := range names {
					a, ok := answers[operation.Named(name)[0].Name()]
					if !ok || slices.Contains(newerFilters, name) || slices.Contains(inOthers, name) || ofRoot(name) && !slices.Contains(flags, "--user") {
						continue
					}
					came := c.came[name]
					refused := came == "EPERM" || came == "EACCES" || came == "EROFS" || came != "" && came == operation.Named(name)[0].Errno
					switch {
					case (&trial{Came: came}).lacksKernel() && (a.Works == nil || !*a.Works), came == "ENOSYS":
					case a.Works == nil:
						unknown++
					case *a.Works == refused:
						t.Errorf("%s, %s: came to %q, answer %v, %+v", side, name, came, *a.Works, a.Reason)
					default:
						agreed++
					}
				}
				t.Logf("%s: %d agreed, %d unknown", side, agreed, unknown)
				if agreed < 60 {
					t.Errorf("%s: only %d are compared", side, agreed)
				}
			}
		})
	}
}

// inQuestion returns the names that why takes for operations, not for capabilities.
func inQuestion(names []string) (words []string) {
	for _, name := range names {
		if _, err := capset.Parse(name); err != nil {
			words = append(words, name)
		}
	}
	return words
}

// TestWhyOperationAdvice starts containers with what is proposed for an operation that does
// not work, which then does.
func TestWhyOperationAdvice(t *testing.T) {
	if testing.Short() {
		t.Skip("starts containers")
	}
	need.On(t, "root", "docker")
	image, binary := buildImage(t), staticSelf(t)
	count := 100
	for _, test := range []struct {
		name    string
		flags   []string
		filters int // how many of the changes are a seccomp filter
	}{
		{"mbind", nil, 1},
		{"mbind", []string{"--user", "1000"}, 1},
		{"userfaultfd", []string{"--cap-add", "SYS_PTRACE"}, 1},
		{"mount", nil, 0},
		{"NETLINK_AUDIT", []string{"--cap-add", "AUDIT_CONTROL"}, 0},
		{"write /proc/sys/net", []string{"--cap-add", "NET_ADMIN"}, 0},
		{"SO_MARK", []string{"--user", "1000"}, 0},
		{"setns to a mount namespace", []string{"--cap-drop", "ALL"}, 0},
		{"read a file of another user", []string{"--cap-drop", "ALL"}, 0},
		{"setgroups", []string{"--cap-drop", "ALL", "--user", "1000"}, 0},
		{"setresuid", []string{"--user", "1000"}, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			count++
			before := doInContainer(t, image, binary, count, test.flags, []string{test.name})
			answer := answersOf(t, run(t, built(t), "why", "--json", "-p", before.pid, test.name))[test.name]
			if answer.Works == nil || *answer.Works || before.came[test.name] == "" {
				t.Fatalf("%+v, %+v", answer, before)
			}
			works := func(flags []string) {
				count++
				after := doInContainer(t, image, binary, count, flags, []string{test.name})
				if came := after.came[test.name]; came == before.came[test.name] || came == "EPERM" || came == "EACCES" {
					t.Errorf("with %v it came to %q, %+v", flags, came, answer)
				}
			}
			flags, filters := slices.Clone(test.flags), 0
			for _, c := range answer.Changes {
				match := regexp.MustCompile(`\(docker: (--[^)]*)\)`).FindStringSubmatch(c.Text)
				if match == nil {
					continue
				}
				call := regexp.MustCompile(`^seccompProfile of type Localhost that allows (\w+) `).FindStringSubmatch(c.Text)
				if call == nil {
					if words := strings.Fields(match[1]); len(words) > 1 { // else it wants a value that depends on the program
						flags = append(flags, words...)
					}
					continue
				}
				filters++
				works(append(slices.Clone(test.flags), strings.Fields(strings.Replace(match[1], "FILE", allowing(t, call[1]), 1))...))
			}
			if filters != test.filters {
				t.Errorf("%d filters are proposed: %+v", filters, answer)
			}
			if len(flags) > len(test.flags) {
				works(flags)
			}
		})
	}
}

// TestWhySys holds that a directory below /sys as a volume lets a container write there, as
// why says of one whose /sys is mounted read-only.
func TestWhySys(t *testing.T) {
	if testing.Short() {
		t.Skip("starts containers")
	}
	need.On(t, "root", "docker")
	const does, directory = "/sys", "/sys/kernel/mm"
	image, binary := buildImage(t), staticSelf(t)
	before := doInContainer(t, image, binary, 140, nil, []string{does})
	answer := answersOf(t, run(t, built(t), "why", "--json", "-p", before.pid, "write /sys"))["write /sys"]
	if answer.Works == nil || *answer.Works || before.came[does] != "EROFS" {
		t.Errorf("%+v, %+v", answer, before)
	}
	if !slices.ContainsFunc(answer.Changes, func(c struct{ Where, Text string }) bool {
		return strings.Contains(c.Text, "hostPath volume (docker: -v)")
	}) {
		t.Errorf("%+v", answer.Changes)
	}
	after := doInContainer(t, image, binary, 141, []string{"-v", directory + ":" + directory}, []string{does})
	if came := after.came[does]; came != "" {
		t.Errorf("with a volume it came to %q", came)
	}
}

// allowing writes a seccomp filter that refuses what the default one of docker refuses to
// all, and allows a system call.
func allowing(t *testing.T, call string) (file string) {
	t.Helper()
	var names []string
	for _, o := range operation.All() {
		for _, name := range o.Calls {
			if name != call && runtime.Named("docker").SeccompRefuses(name) {
				names = append(names, name)
			}
		}
	}
	data, err := json.Marshal(map[string]any{
		"defaultAction": "SCMP_ACT_ALLOW",
		"syscalls":      []map[string]any{{"names": names, "action": "SCMP_ACT_ERRNO", "errnoRet": 1}},
	})
	file = filepath.Join(t.TempDir(), "seccomp.json")
	if err := errors.Join(err, os.WriteFile(file, data, 0o644)); err != nil {
		t.Fatal(err)
	}
	return file
}

// staticSelf returns the path of a copy of the tests that needs no library.
func staticSelf(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	open755(t, dir)
	self, err := os.Executable()
	if err == nil {
		err = copyFile(self, dir)
	}
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, filepath.Base(self))
	f, err := elf.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if libraries, _ := f.ImportedLibraries(); libraries != nil {
		t.Skip("the tests need a C library, which the image has not: CGO_ENABLED=0")
	}
	return path
}
