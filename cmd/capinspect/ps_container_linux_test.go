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
	"strings"
	"testing"
	"time"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/need"
)

// containerRow is what tests read of a row of --by container.
type containerRow struct {
	Runtime, ID, PodUID *string
	Processes           int
	Effective, Bounding struct{ Hex string }
	UIDs                []int
	WithoutNoNewPrivs   bool
	WithoutSeccomp      bool
}

// containerRows runs ps --by container, and returns the rows by id.
func containerRows(t *testing.T) map[string]containerRow {
	t.Helper()
	o := run(t, built(t), "ps", "--by", "container", "-o", "jsonl")
	if o.status != 0 || !onlyKernelThreads.MatchString(o.stderr) {
		t.Fatalf("%+v", o)
	}
	return rowsOf(t, o)
}

// rowsOf returns the rows that were printed, by id; what is in no container is under "".
func rowsOf(t *testing.T, o outcome) map[string]containerRow {
	t.Helper()
	rows := map[string]containerRow{}
	for line := range strings.Lines(o.stdout) {
		var row containerRow
		if err := json.Unmarshal([]byte(line), &row); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		id := ""
		if row.ID != nil {
			id = *row.ID
		}
		rows[id] = row
	}
	return rows
}

// TestPsDocker finds docker containers from the host, with their ids.
func TestPsDocker(t *testing.T) {
	if testing.Short() {
		t.Skip("starts containers")
	}
	need.On(t, "root", "docker")
	image := buildHolderImage(t, buildImage(t))
	start := func(flags ...string) string {
		name := fmt.Sprintf("capinspect-test-%d-ps%d", os.Getpid(), len(flags))
		t.Cleanup(func() { exec.Command("docker", "rm", "-f", name).Run() })
		o := run(t, "docker", append(append([]string{"run", "-d", "--network", "none", "--name", name}, flags...), image)...)
		if o.status != 0 {
			t.Fatalf("%+v", o)
		}
		return strings.TrimSpace(o.stdout)
	}
	plain, bare := start(), start("--cap-drop", "ALL", "--user", "1000:1000", "--security-opt", "no-new-privileges")
	rows := containerRows(t)
	for _, want := range []struct {
		id, effective, bounding string
		uid                     int
		without                 bool
	}{
		{plain, "00000000a80425fb", "00000000a80425fb", 0, true},
		{bare, "0000000000000000", "0000000000000000", 1000, false},
	} {
		row := rows[want.id]
		if row.Runtime == nil || *row.Runtime != "docker" || row.Processes != 1 || row.Effective.Hex != want.effective ||
			row.Bounding.Hex != want.bounding || len(row.UIDs) != 1 || row.UIDs[0] != want.uid ||
			row.WithoutNoNewPrivs != want.without || row.WithoutSeccomp || row.PodUID != nil {
			t.Errorf("%s: %+v, want %+v", want.id, row, want)
		}
	}
	if rows[""].Processes == 0 {
		t.Error("nothing is outside of containers")
	}
	list := run(t, built(t), "ps", "--container", plain[:12], "--columns", "CONTAINER,RUNTIME,NAME,EFFECTIVE", "--no-headers")
	if want := plain[:12] + "  docker  holder  docker\n"; list.stdout != want || list.status != 0 {
		t.Errorf("%+v, want %q", list, want)
	}
}

// TestPsRunc finds a container of runc by the path that a kubelet gives it.
func TestPsRunc(t *testing.T) {
	if testing.Short() {
		t.Skip("starts containers")
	}
	need.On(t, "root", "runc")
	const (
		id  = "1c0f34e8ac1e0a9b7f0d3c5b2a49687786950413223344556677889900aabbcc"
		pod = "0f2b4c6d-8e9f-4a1b-9c3d-5e7f90123456"
	)
	startRunc(t, fmt.Sprintf(`{"linux": {"cgroupsPath": "/kubepods/besteffort/pod%s/%s"}}`, pod, id), nil)
	var row containerRow
	// runc is in the container's cgroup before it becomes the container.
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline) && (row.Processes == 0 || row.WithoutNoNewPrivs); time.Sleep(20 * time.Millisecond) {
		row = containerRows(t)[id]
	}
	if row.Processes != 1 || row.Runtime != nil || row.PodUID == nil || *row.PodUID != pod || row.WithoutNoNewPrivs || !row.WithoutSeccomp {
		t.Errorf("%+v", row)
	}
}

// startRunc runs the holder in a container of runc until the test ends, and
// returns its name. Its configuration is that of runc spec, changed by a JSON
// merge patch; prepare adds to its root, which has capinspect and nothing else.
func startRunc(t *testing.T, patch string, prepare func(root string) error) string {
	t.Helper()
	dir, name := t.TempDir(), fmt.Sprintf("capinspect-test-%d-%s", os.Getpid(), strings.ReplaceAll(t.Name(), "/", "-"))
	root := filepath.Join(dir, "rootfs")
	var errs []error
	for _, mountPoint := range []string{"proc", "dev", "sys", "etc"} {
		errs = append(errs, os.MkdirAll(filepath.Join(root, mountPoint), 0o755))
	}
	errs = append(errs, copyFile(buildHolder(t), root), copyFile(built(t), root))
	for d := dir; d != os.TempDir() && d != "/"; d = filepath.Dir(d) { // for who is root in there
		errs = append(errs, os.Chmod(d, 0o755))
	}
	if prepare != nil {
		errs = append(errs, prepare(root))
	}
	if o := run(t, "runc", "spec", "--bundle", dir); o.status != 0 {
		t.Fatalf("%+v", o)
	}
	config := filepath.Join(dir, "config.json")
	text, err := os.ReadFile(config)
	var spec, ours, theirs any
	errs = append(errs, err, json.Unmarshal(text, &spec), json.Unmarshal([]byte(patch), &theirs),
		json.Unmarshal([]byte(`{"process": {"terminal": false, "args": ["/holder"]}}`), &ours))
	text, err = json.Marshal(merge(merge(spec, ours), theirs))
	errs = append(errs, err, os.WriteFile(config, text, 0o644))
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("runc", "run", "--bundle", dir, name)
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
		exec.Command("runc", "delete", "-f", name).Run()
		cmd.Wait()
	})
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "ready\n" {
		t.Fatalf("%q, %v: %s", line, err, &stderr)
	}
	return name
}
