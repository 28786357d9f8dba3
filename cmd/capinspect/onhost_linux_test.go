// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// kind is one way to start a process on a host. The machine's own tools tell what
// capinspect must say of it.
type kind struct {
	name  string
	start func(t *testing.T, name string) truth
	// inside is the command line before capinspect that runs it in the same place, and
	// target what it looks at there. Without one the answer from inside is not asked for.
	inside func(name string) []string
	target string
}

// truth is what the tool that started a process tells of it. Where that is a value
// that capinspect cannot know, it is "".
type truth struct {
	pid                int
	runtime, id, podID string
	// bounding, effective and ambient are names of capabilities, as the tool has them; nil
	// if it does not tell.
	bounding, effective, ambient []string
	label                        string
	inspected                    string // what the inspect command of docker or podman printed
	noCgroup                     bool   // only its mounts name the container, which ps does not read
}

// answer is what is compared of the report of a task.
type answer struct {
	captured
	PID          int
	Summary      string
	Capabilities struct {
		Inheritable, Permitted, Effective, Bounding, Ambient struct {
			Hex   string
			Names []string
		}
	}
	UID, GID      struct{ Real, Effective, Saved, Filesystem uint32 }
	Groups        []struct{ ID uint32 }
	NoNewPrivs    bool
	Seccomp       struct{ Mode string }
	UserNamespace *struct {
		ID             *uint64
		UIDMap, GIDMap []extent
		Setgroups      *string
	}
	Namespaces map[string]*struct{ ID uint64 }
	Unknown    map[string]string
}

// TestOnHost starts a process of each kind on the host that TestHost boots, and compares
// what capinspect says of it: as root and as another user, from the host and from
// inside, and in the rows of ps.
func TestOnHost(t *testing.T) {
	if os.Getenv("CAPINSPECT_ON_HOST") == "" {
		t.Skip("runs on the host that TestHost boots")
	}
	prepareHost(t)
	started := map[string]truth{}
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			name := strings.ReplaceAll(k.name, "/", "-")
			is := k.start(t, name)
			started[k.name] = is
			pid := strconv.Itoa(is.pid)
			root := onHost(t, is.pid, "capinspect", "--json", pid)
			root.holdKernel(t, is.pid, true)
			root.holdTruth(t, is)
			root.tell(t, k.name, is)
			if is.inspected != "" {
				if err := os.WriteFile("/tmp/asked", []byte(is.inspected), 0o644); err != nil {
					t.Fatal(err)
				}
				tellDiff(t, k.name+" as asked for", "file:/tmp/asked", pid)
			}
			user := onHost(t, is.pid, "setpriv", "--reuid=bob", "--regid=bob", "--init-groups", "capinspect", "--json", pid)
			user.holdKernel(t, is.pid, false)
			user.holdUnknown(t, is)
			user.tell(t, k.name+" as bob", is)
			if k.inside == nil {
				return
			}
			own := onHost(t, 0, append(k.inside(name), "/bin/capinspect", "--json", cmp.Or(k.target, "1"))...)
			own.holdUnknown(t, is)
			own.holdSets(t, root)
			own.tell(t, k.name+" inside", is)
		})
	}
	t.Run("units", func(t *testing.T) { copyUnits(t, started) })
	t.Run("ps", func(t *testing.T) { holdRows(t, started) })
}

// onHost runs a command line that prints a report of one task, by its pid unless that
// is 0.
func onHost(t *testing.T, pid int, args ...string) answer {
	t.Helper()
	o := run(t, args[0], args[1:]...)
	var report struct{ Tasks []answer }
	if err := json.Unmarshal([]byte(o.stdout), &report); err != nil || o.status != 0 || len(report.Tasks) != 1 || pid != 0 && report.Tasks[0].PID != pid {
		t.Fatalf("%q: %v, %+v", args, err, o)
	}
	a := report.Tasks[0]
	a.captured.Unknown = a.Unknown
	if a.UserNamespace != nil {
		a.captured.UserNamespace = &struct{ UIDMap []extent }{a.UserNamespace.UIDMap}
	}
	return a
}

// holdKernel compares with the files of /proc/PID, bit by bit. Who may not trace the
// task does not see its namespaces.
func (a *answer) holdKernel(t *testing.T, pid int, traces bool) {
	t.Helper()
	dir := "/proc/" + strconv.Itoa(pid)
	lines := map[string]string{}
	for line := range strings.Lines(readAll(t, dir+"/status")) {
		key, value, _ := strings.Cut(line, ":")
		lines[key] = strings.Join(strings.Fields(value), " ")
	}
	sets := &a.Capabilities
	var groups []string
	for _, g := range a.Groups {
		groups = append(groups, strconv.FormatUint(uint64(g.ID), 10))
	}
	mode := slices.Index([]string{"disabled", "strict", "filter"}, a.Seccomp.Mode)
	same := func(what string, got, want any) {
		t.Helper()
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: %v, the kernel says %v", what, got, want)
		}
	}
	same("inheritable", sets.Inheritable.Hex, lines["CapInh"])
	same("permitted", sets.Permitted.Hex, lines["CapPrm"])
	same("effective", sets.Effective.Hex, lines["CapEff"])
	same("bounding", sets.Bounding.Hex, lines["CapBnd"])
	same("ambient", sets.Ambient.Hex, lines["CapAmb"])
	same("uid", fmt.Sprint(a.UID.Real, a.UID.Effective, a.UID.Saved, a.UID.Filesystem), lines["Uid"])
	same("gid", fmt.Sprint(a.GID.Real, a.GID.Effective, a.GID.Saved, a.GID.Filesystem), lines["Gid"])
	same("groups", strings.Join(groups, " "), lines["Groups"])
	same("seccomp", mode, lines["Seccomp"])
	same("noNewPrivs", a.NoNewPrivs, lines["NoNewPrivs"] == "1")
	if a.UserNamespace == nil {
		t.Errorf("no user namespace: %q", a.Unknown)
		return
	}
	same("uid map", a.UserNamespace.UIDMap, mapOfFile(t, dir+"/uid_map"))
	same("gid map", a.UserNamespace.GIDMap, mapOfFile(t, dir+"/gid_map"))
	label := strings.TrimRight(readAll(t, dir+"/attr/current"), "\n\x00")
	same("label", a.label(), label)
	if !traces {
		return
	}
	for _, kind := range []string{"cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts"} {
		link, err := os.Readlink(dir + "/ns/" + kind)
		if err != nil {
			t.Fatal(err)
		}
		if got := a.Namespaces[kind]; got == nil {
			t.Errorf("%s: no namespace: %q", kind, a.Unknown)
		} else {
			same(kind, fmt.Sprintf("%s:[%d]", kind, got.ID), link)
		}
	}
}

// label is the label as the kernel writes it.
func (a *answer) label() string {
	switch {
	case a.LSM == nil || a.LSM.Label == nil:
		return "unknown"
	case a.LSM.Mode == nil || *a.LSM.Mode == "":
		return *a.LSM.Label
	}
	return *a.LSM.Label + " (" + *a.LSM.Mode + ")"
}

func mapOfFile(t *testing.T, name string) (list []extent) {
	t.Helper()
	for line := range strings.Lines(readAll(t, name)) {
		var e extent
		if _, err := fmt.Sscan(line, &e.Inside, &e.Outside, &e.Length); err != nil {
			t.Fatal(err)
		}
		list = append(list, e)
	}
	return list
}

func readAll(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// holdTruth compares with what the tool tells that started the task.
func (a *answer) holdTruth(t *testing.T, is truth) {
	t.Helper()
	in := a.place()
	if in.runtime != is.runtime || in.id != is.id || in.podID != is.podID {
		t.Errorf("container %q, want %q: %q", in, whereabouts{is.runtime, is.id, is.podID}, a.Unknown)
	}
	for _, set := range []struct {
		name      string
		got, want []string
	}{
		{"bounding", a.Capabilities.Bounding.Names, is.bounding},
		{"effective", a.Capabilities.Effective.Names, is.effective},
		{"ambient", a.Capabilities.Ambient.Names, is.ambient},
	} {
		got, want := slices.Sorted(slices.Values(set.got)), slices.Sorted(slices.Values(set.want))
		if set.want != nil && !slices.Equal(got, want) {
			t.Errorf("%s %q, the tool says %q", set.name, got, want)
		}
	}
	if is.label != "" && (a.LSM == nil || a.LSM.Label == nil || *a.LSM.Label != is.label) {
		t.Errorf("label %q, the tool says %q", a.label(), is.label)
	}
}

// whereabouts is a container by its ids: the runtime is "?" if that is unknown, and "" if there is none.
type whereabouts struct{ runtime, id, podID string }

func (a *answer) place() (p whereabouts) {
	or := func(s *string, other string) string {
		if s == nil {
			return other
		}
		return *s
	}
	switch in := a.Container; {
	case in != nil:
		return whereabouts{or(in.Runtime, "?"), or(in.ID, "?"), or(in.PodID, "")}
	case a.Unknown["container"] != "":
		return whereabouts{"?", "?", ""}
	}
	return whereabouts{}
}

// holdUnknown holds that what is told of the container is right, or unknown with a
// reason, where less can be seen.
func (a *answer) holdUnknown(t *testing.T, is truth) {
	t.Helper()
	in := a.place()
	wrong := in.runtime == "" && is.runtime != ""
	for key, pair := range map[string][2]string{"runtime": {in.runtime, is.runtime}, "id": {in.id, is.id}} {
		if pair[0] == "?" {
			wrong = wrong || a.Unknown["container"] == "" && a.Unknown["container."+key] == ""
		} else {
			wrong = wrong || pair[0] != pair[1]
		}
	}
	if in.podID != "" && in.podID != is.podID || wrong {
		t.Errorf("container %+v, want %+v: %q", in, is, a.Unknown)
	}
}

// holdSets compares with what was seen from the host.
func (a *answer) holdSets(t *testing.T, host answer) {
	t.Helper()
	if got, want := fmt.Sprint(a.Capabilities, a.NoNewPrivs, a.Seccomp), fmt.Sprint(host.Capabilities, host.NoNewPrivs, host.Seccomp); got != want {
		t.Errorf("from inside %s, from the host %s", got, want)
	}
}

// tell prints a line for the table of answers, with names in the place of ids.
func (a *answer) tell(t *testing.T, name string, is truth) {
	t.Helper()
	row := name + "\t" + a.row() + "\t" + a.Summary
	for id, as := range map[string]string{is.id: "ID", is.podID: "POD"} {
		if len(id) == 64 {
			row = strings.ReplaceAll(row, id, as)
		}
	}
	t.Log(answerMark + row)
}

// tellDiff prints how two tasks differ, for the table of answers.
func tellDiff(t *testing.T, name, a, b string) {
	t.Helper()
	o := run(t, "capinspect", "diff", a, b)
	if o.status > 1 || o.stderr != "" {
		t.Errorf("diff %s %s: %+v", a, b, o)
	}
	head, _, _ := strings.Cut(o.stdout, "\n")
	for _, pid := range []string{a, b} {
		head = strings.ReplaceAll(head, "pid "+pid, "pid _")
	}
	t.Logf(answerMark+"%s\t%d\t%s", name, o.status, head)
}

// copyUnits starts each unit of the system a second time from the lines that capinspect
// writes of its process, and compares the two.
func copyUnits(t *testing.T, started map[string]truth) {
	for _, k := range kinds {
		name, unit := strings.CutPrefix(k.name, "unit/")
		if !unit || started[k.name].pid == 0 {
			continue
		}
		pid := strconv.Itoa(started[k.name].pid)
		start := []string{"systemd-run", "-q", "--unit", "copy-" + name}
		for line := range strings.Lines(tool(t, "capinspect", "securitycontext", "-o", "systemd", pid)) {
			if line = strings.TrimSpace(line); strings.Contains(line, "=") && !strings.HasPrefix(line, "#") {
				start = append(start, "-p", line)
			}
		}
		tool(t, append(start, endless...)...)
		tellDiff(t, k.name+" from its lines", pid, strconv.Itoa(settled(t, tool(t, "systemctl", "show", "--value", "-p", "MainPID", "copy-"+name))))
	}
}

// holdRows compares the rows of ps with what was started: a row for each process, as root
// and as another user, and one for each container, in which nothing else is.
func holdRows(t *testing.T, started map[string]truth) {
	places := rowsByPID(t, "capinspect")
	others := rowsByPID(t, "setpriv", "--reuid=bob", "--regid=bob", "--init-groups", "capinspect")
	byID := map[string]truth{}
	for name, is := range started {
		switch {
		case is.noCgroup:
			is.runtime, is.id = "?", "?"
		case is.id != "" && is.id != "?":
			byID[is.id] = is
		}
		if got := places[is.pid]; got.runtime != is.runtime || got.id != is.id {
			t.Errorf("%s: the row of ps has %+v, want %+v", name, got, is)
		}
		if others[is.pid] != places[is.pid] {
			t.Errorf("%s: the row of ps has %+v for bob, %+v for root", name, others[is.pid], places[is.pid])
		}
	}
	for _, user := range [][]string{nil, alice} {
		for id := range strings.FieldsSeq(tool(t, slices.Concat(user, []string{"podman", "ps", "-q", "--no-trunc"})...)) {
			if !slices.ContainsFunc(slices.Collect(maps.Values(started)), func(is truth) bool { return is.id == id }) {
				byID[id] = truth{runtime: "podman", id: id} // the infra container of a pod
			}
		}
	}
	for id, row := range rowsOf(t, run(t, "capinspect", "ps", "--by", "container", "--sandboxes", "-o", "jsonl")) {
		if id == "" {
			continue
		}
		is, known := byID[id]
		if delete(byID, id); !known || row.Processes != 1 || row.Runtime == nil || *row.Runtime != is.runtime {
			t.Errorf("the row of a container %+v, want one process of %+v", row, is)
		}
	}
	if len(byID) > 0 {
		t.Errorf("no row for %+v", byID)
	}
}

// rowsByPID runs ps and returns where each process is.
func rowsByPID(t *testing.T, args ...string) map[int]whereabouts {
	t.Helper()
	o := run(t, args[0], append(args[1:], "ps", "--full", "-o", "jsonl")...)
	if o.status != 0 || !onlyKernelThreads.MatchString(o.stderr) {
		t.Errorf("%q: exit status %d, %s", args, o.status, o.stderr)
	}
	places := map[int]whereabouts{}
	for line := range strings.Lines(o.stdout) {
		var a answer
		decode(t, line, &a)
		places[a.PID] = a.place()
	}
	return places
}

// prepareHost makes the image of the containers, whose only programs are busybox and
// capinspect, and gives it to the runtimes.
func prepareHost(t *testing.T) {
	t.Helper()
	for path := range strings.FieldsSeq("bin etc proc sys dev tmp run root usr") {
		if err := os.MkdirAll(filepath.Join(hostRoot, path), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, line := range []string{
		"cp /drive/bin/capinspect /bin/",
		"cp /bin/busybox /drive/bin/capinspect " + hostRoot + "/bin/",
		"ln -s busybox " + hostRoot + "/bin/sleep",
		"ln -s busybox " + hostRoot + "/bin/sh",
		"cp /etc/os-release " + hostRoot + "/etc/os-release",
		"tar -C " + hostRoot + " -cf /srv/image.tar .",
		"docker import /srv/image.tar image",
		"podman import -q /srv/image.tar image",
	} {
		tool(t, strings.Fields(line)...)
	}
	tool(t, slices.Concat(alice, strings.Fields("podman import -q /srv/image.tar image"))...)
}

const (
	hostRoot   = "/srv/image"
	answerMark = "answer: "
)

// alice runs a command line as a user of the machine, in a unit of hers. What it leaves
// running stays.
var alice = strings.Fields("systemd-run --quiet --wait --pipe --collect --user --machine alice@ --property KillMode=process")

// tool runs a tool of the machine and returns what it prints on standard output.
func tool(t *testing.T, args ...string) string {
	t.Helper()
	begun := time.Now()
	cmd := exec.Command(args[0], args[1:]...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%q: %v\n%s%s", args, err, out, stderr.String())
	}
	t.Logf("%.1f s: %q", time.Since(begun).Seconds(), args)
	return strings.TrimSpace(string(out))
}
