// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/csv"
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

	"github.com/capinspect/capinspect/cmd/capinspect/internal/need"
)

// samplesOf returns the samples that ps -o openmetrics has written, by name and labels, without
// the prefix of their names and the names of the labels that the test does not compare.
func samplesOf(t *testing.T, text string) map[string]int {
	t.Helper()
	all := map[string]int{}
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "# ") {
			continue
		}
		at := strings.LastIndexByte(line, ' ')
		n, err := strconv.Atoi(strings.TrimSpace(line[at+1:]))
		if err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		name, ok := strings.CutPrefix(line[:at], "capinspect_")
		if _, twice := all[name]; twice || !ok {
			t.Errorf("twice, or without the prefix: %s", line)
		}
		all[name] = n
	}
	if !strings.HasSuffix(text, "\n# EOF\n") {
		t.Errorf("no EOF: %q", text)
	}
	return all
}

// listedTask is a process as ps --json lists it.
type listedTask struct {
	Pid          int
	NsPid        []int
	Capabilities struct{ Permitted, Effective struct{ Names []string } }
	UID          *struct{ Effective int }
	NoNewPrivs   *bool
	Seccomp      *struct{ Mode string }
	Container    *struct {
		Runtime, ID, PodUID string
		Sandbox             bool
	}
	Unknown map[string]string
}

// counted returns the samples of the processes that ps lists, and of the containers that they
// are in. opening is what opens the node, and children are the processes in a child user
// namespace.
func counted(list []listedTask, opening []string, children map[int]bool) map[string]int {
	all, containers := map[string]int{}, map[string]map[string]bool{}
	for _, p := range list {
		where := `where="host"`
		switch in := p.Container; {
		case in != nil && in.Sandbox:
			continue
		case in != nil:
			where = `where="container"`
			for _, l := range [...][2]string{{"runtime", in.Runtime}, {"container_id", in.ID}, {"pod_uid", in.PodUID}} {
				if l[1] != "" {
					where += fmt.Sprintf(",%s=%q", l[0], l[1])
				}
			}
		case p.Unknown["container"] != "":
			where = `where="unknown"`
		}
		count := func(family, capability string, is bool) {
			name, one := "processes"+family+"{"+where+capability+"}", 0
			if is {
				one = 1
			}
			all[name] += one
			if p.Container == nil {
				return
			}
			name = "containers" + family
			if capability != "" {
				name += "{" + strings.TrimPrefix(capability, ",") + "}"
			}
			if containers[name] == nil {
				containers[name] = map[string]bool{}
			}
			containers[name][where] = containers[name][where] || is
		}
		count("", "", true)
		count("_without_no_new_privs", "", p.NoNewPrivs != nil && !*p.NoNewPrivs)
		count("_without_seccomp", "", p.Seccomp != nil && p.Seccomp.Mode == "disabled")
		count("_as_host_root", "", p.UID != nil && p.UID.Effective == 0)
		for _, c := range opening {
			held := slices.Contains(p.Capabilities.Permitted.Names, c) || slices.Contains(p.Capabilities.Effective.Names, c)
			below := (c == "cap_sys_ptrace" || c == "cap_sys_boot") && len(p.NsPid) > 1
			count("_with_capability", fmt.Sprintf(",capability=%q", c), held && !below && !children[p.Pid])
		}
	}
	for name, in := range containers {
		for _, is := range in {
			if is {
				all[name]++
			} else {
				all[name] += 0
			}
		}
	}
	return all
}

// agree holds that ps -o openmetrics counts what ps --json and ps --by container --json list
// of the same processes.
func agree(t *testing.T, text, list, byContainer, children string) map[string]int {
	t.Helper()
	var tasks struct{ Tasks []listedTask }
	var rows struct {
		Containers []struct {
			ID                                *string
			Sandbox                           bool
			Processes                         int
			WithoutNoNewPrivs, WithoutSeccomp *bool
			UIDs                              []int
		}
	}
	table, err := csv.NewReader(strings.NewReader(children)).ReadAll()
	for _, err := range [...]error{err, json.Unmarshal([]byte(list), &tasks), json.Unmarshal([]byte(byContainer), &rows)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	inChild := map[int]bool{}
	for _, row := range table[1:] {
		pid, _ := strconv.Atoi(row[0])
		inChild[pid] = !slices.Contains([]string{"node", "?", "-"}, row[1])
	}
	got := samplesOf(t, text)
	var opening []string
	for name := range got {
		if c, ok := strings.CutPrefix(name, `containers_with_capability{capability="`); ok {
			opening = append(opening, strings.TrimSuffix(c, `"}`))
		}
	}
	want := counted(tasks.Tasks, opening, inChild)
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if n, ok := got[name]; !ok || n != want[name] {
			t.Errorf("%s %d (%t), and ps --json has %d", name, n, ok, want[name])
		}
	}
	for name := range got {
		if _, ok := want[name]; !ok && strings.Contains(name, "where=") {
			t.Errorf("ps --json has no %s", name)
		}
	}
	processes, ids := 0, map[string]bool{}
	for _, row := range rows.Containers {
		processes += row.Processes
		if row.ID != nil {
			ids[*row.ID] = true
		}
	}
	sum := 0
	for name, n := range got {
		if strings.HasPrefix(name, "processes{") {
			sum += n
		}
	}
	if sum != processes || len(tasks.Tasks) < sum || got["containers"] < len(ids) {
		t.Errorf("%d processes in %d containers, and ps --by container has %d in %d", sum, got["containers"], processes, len(ids))
	}
	return got
}

// TestMetricsOfTrees holds the counts against what ps lists of each saved procfs.
func TestMetricsOfTrees(t *testing.T) {
	trees, err := filepath.Glob("../../testdata/proc/*/1/status")
	if err != nil || len(trees) == 0 {
		t.Fatal(trees, err)
	}
	for _, status := range trees {
		proc := filepath.Dir(filepath.Dir(status))
		ps := func(args ...string) string {
			out, err := exec.Command(built(t), append([]string{"ps", "--proc", proc}, args...)...).Output()
			if err != nil {
				t.Fatal(proc, args, err)
			}
			return string(out)
		}
		got := agree(t, ps("-o", "openmetrics"), ps("--full", "--json"), ps("--by", "container", "--json"), ps("-o", "csv", "--columns", "PID,USERNS"))
		if got["containers"] == 0 && !strings.HasSuffix(proc, "node") {
			t.Errorf("%s: no container", proc)
		}
	}
}

// TestMetricsOfProcesses holds the counts against what ps lists in a pid namespace in which
// nothing runs but processes that the test starts.
func TestMetricsOfProcesses(t *testing.T) {
	need.On(t, "root", "unshare", "setpriv")
	dir := t.TempDir()
	const start = `
setpriv --no-new-privs --inh-caps -all --bounding-set -all,+sys_admin sleep 60 &
setpriv --reuid 7 --clear-groups --inh-caps -all --bounding-set -all sleep 60 &
setpriv --inh-caps -all --bounding-set -all,+net_raw,+sys_module sleep 60 &
unshare -U --map-root-user sleep 60 &
while [ "$(cat /proc/[0-9]*/comm | grep -c '^sleep$')" -lt 4 ]; do :; done
"$1" ps -o openmetrics >"$2/metrics"
"$1" ps --full --json >"$2/list"
"$1" ps --by container --json >"$2/containers"
"$1" ps -o csv --columns PID,USERNS >"$2/children"
kill $(jobs -p)
wait
`
	if o := run(t, "unshare", "-pf", "--mount-proc", "bash", "-c", start, "bash", built(t), dir); o.status != 0 {
		t.Fatalf("%+v", o)
	}
	read := func(name string) string {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	got := agree(t, read("metrics"), read("list"), read("containers"), read("children"))
	for name, want := range map[string]int{
		`processes{where="unknown"}`:                                             6, // and the shell and capinspect
		`processes_without_no_new_privs{where="unknown"}`:                        5,
		`processes_as_host_root{where="unknown"}`:                                5,
		`processes_with_capability{where="unknown",capability="cap_sys_admin"}`:  3,
		`processes_with_capability{where="unknown",capability="cap_sys_module"}`: 3,
		`processes_with_capability{where="unknown",capability="cap_bpf"}`:        2,
	} {
		if got[name] != want {
			t.Errorf("%s %d, want %d", name, got[name], want)
		}
	}
}

// TestMetricsOfContainers holds the counts of containers that docker runs.
func TestMetricsOfContainers(t *testing.T) {
	if testing.Short() {
		t.Skip("starts containers")
	}
	need.On(t, "root", "docker")
	image := buildHolderImage(t, buildImage(t))
	for name, test := range map[string]struct {
		flags                                   []string
		withoutNNP, withoutSeccomp, root, admin int
	}{
		"default": {nil, 1, 0, 1, 0},
		"open":    {[]string{"--cap-add", "SYS_ADMIN", "--security-opt", "seccomp=unconfined"}, 1, 1, 1, 1},
		"closed":  {[]string{"--user", "1000", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"}, 0, 0, 0, 0},
	} {
		full := fmt.Sprintf("capinspect-test-%d-metrics-%s", os.Getpid(), name)
		t.Cleanup(func() { exec.Command("docker", "rm", "-f", full).Run() })
		id := strings.TrimSpace(string(docker(t, slices.Concat([]string{"run", "-d", "--network", "none", "--name", full}, test.flags, []string{image})...)))
		got := samplesOf(t, run(t, built(t), "ps", "-o", "openmetrics").stdout)
		where := `{where="container",runtime="docker",container_id="` + id + `"`
		for name, want := range map[string]int{
			"processes" + where + "}":                                             1,
			"processes_without_no_new_privs" + where + "}":                        test.withoutNNP,
			"processes_without_seccomp" + where + "}":                             test.withoutSeccomp,
			"processes_as_host_root" + where + "}":                                test.root,
			"processes_with_capability" + where + `,capability="cap_sys_admin"}`:  test.admin,
			"processes_with_capability" + where + `,capability="cap_sys_module"}`: 0,
		} {
			if n, ok := got[name]; !ok || n != want {
				t.Errorf("%s: %s %d (%t), want %d", full, name, n, ok, want)
			}
		}
	}
}
