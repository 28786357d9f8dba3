// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/need"
)

// hostRun is the program that the drive unit of the host starts: one test, in the form
// that `go tool test2json` reads.
const hostRun = `#!/bin/sh
export HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export CAPINSPECT_BUILT=/drive/bin CAPINSPECT_ON_HOST=1
cd /drive/src/cmd/capinspect && exec /drive/bin/capinspect.test -test.v=test2json -test.timeout 25m -test.run '^TestOnHost$' 2>&1
`

// TestHost boots the real host of $CAPINSPECT_HOST, which testdata/host/build makes, and
// tells how each part of TestOnHost ended there. What the kinds of containers and units
// showed is held as well. `make host` runs it.
func TestHost(t *testing.T) {
	if testing.Short() {
		t.Skip("boots a virtual machine")
	}
	need.On(t, "host disk", "qemu-system-x86_64", "mke2fs")
	dir, host := t.TempDir(), os.Getenv("CAPINSPECT_HOST")
	root, drive, results := filepath.Join(dir, "root"), filepath.Join(dir, "drive"), filepath.Join(dir, "results")
	stock(t, root, "capinspect.test")
	if err := errors.Join(
		os.WriteFile(filepath.Join(root, "run"), []byte(hostRun), 0o755),
		exec.Command("truncate", "-s", "256M", drive).Run(),
		exec.Command("mke2fs", "-q", "-t", "ext4", "-d", root, drive).Run(),
	); err != nil {
		t.Fatal(err)
	}
	console, err := emulate(t, 30*time.Minute, "-machine", "q35", "-cpu", "max", "-m", "2048", "-display", "none",
		"-serial", "stdio", "-serial", "file:"+results,
		"-kernel", filepath.Join(host, "vmlinuz"), "-initrd", filepath.Join(host, "initrd"),
		"-append", "root=/dev/vda rw console=ttyS0 quiet panic=-1 systemd.default_timeout_start_sec=900 systemd.default_device_timeout_sec=900",
		"-drive", "if=virtio,format=raw,snapshot=on,cache=unsafe,file="+filepath.Join(host, "disk"),
		"-drive", "if=virtio,format=raw,readonly=on,file="+drive,
		"-device", "virtio-rng-pci")
	printed, readErr := os.ReadFile(results)
	if err = errors.Join(err, readErr); err != nil {
		t.Fatalf("%v\n%s\n%s", err, console, printed)
	}
	ended := repeatTests(t, bytes.ReplaceAll(printed, []byte("\r"), nil))
	if ended["TestOnHost"] == "" {
		t.Fatalf("TestOnHost has not ended:\n%s\n%s", console, printed)
	}
	answers := "# What capinspect tells on a host of Debian 12: kind, container, sandbox, pod, uid map, label, profile, notes, summary.\n"
	for line := range strings.Lines(string(printed)) {
		if _, row, ok := strings.Cut(line, answerMark); ok {
			answers += strings.TrimRight(row, "\r\n") + "\n"
		}
	}
	golden(t, "../../testdata/host/answers.txt", answers)
}

// repeatTests makes each test that ran elsewhere a part of this one, with its result and
// what it printed, and returns how each ended.
func repeatTests(t *testing.T, printed []byte) map[string]string {
	t.Helper()
	convert := exec.Command("go", "tool", "test2json")
	convert.Stdin, convert.Stderr = bytes.NewReader(printed), os.Stderr
	events, err := convert.Output()
	if err != nil {
		t.Fatal(err)
	}
	ended, output := map[string]string{}, map[string]*strings.Builder{}
	for line := range bytes.Lines(events) {
		var event struct{ Action, Test, Output string }
		if err := json.Unmarshal(line, &event); err != nil {
			t.Fatal(err)
		}
		if output[event.Test] == nil {
			output[event.Test] = new(strings.Builder)
		}
		output[event.Test].WriteString(event.Output)
		switch event.Action {
		case "pass", "fail", "skip":
			if event.Test != "" {
				ended[event.Test] = event.Action
				t.Run(strings.TrimPrefix(event.Test, "TestOnHost/"), func(t *testing.T) {
					t.Log(output[event.Test])
					if event.Action != "pass" {
						t.Fail()
					}
				})
			}
		}
	}
	return ended
}
