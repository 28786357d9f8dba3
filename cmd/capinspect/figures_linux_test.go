// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/capinspect/capinspect/testdata/fixture"
)

// TestFigures holds the lengths of lines that docs/figures.md states, and what it
// computes from them.
func TestFigures(t *testing.T) {
	text := guide(t, "docs/figures.md")
	length := func(name string) int {
		status := fixture.Read(t, "status/linux-6.18-containerd-"+name+".status")
		proc := t.TempDir()
		const cgroup = "0::/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod00fb5416_4e5f_54a1_a9bf_eb5fc167d0cd.slice/" +
			"cri-containerd-4c15f47afe7f817fd559e12ddbc276f4930c5822f2049088d6f6605bec7cea56.scope\n"
		for pid := 1; pid <= 40; pid++ {
			dir := filepath.Join(proc, strconv.Itoa(pid))
			if err := os.Mkdir(dir, 0o755); err != nil {
				t.Fatal(err)
			}
			for file, content := range map[string]string{"status": string(status), "cgroup": cgroup, "mountinfo": "25 1 8:1 / / rw - ext4 /dev/sda1 rw\n"} {
				if err := os.WriteFile(filepath.Join(dir, file), []byte(content), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		}
		o := call("", "ps", "--proc", proc, "--last-cap", "40", "--by", "container", "-o", "jsonl")
		if o.status != 0 || strings.Count(o.stdout, "\n") != 1 {
			t.Fatalf("%+v", o)
		}
		// The hostname of a pod is its name.
		return len(regexp.MustCompile(`"node":"[^"]*"`).ReplaceAllString(o.stdout, `"node":"node-report-x7k2p"`))
	}
	restricted, usual, privileged := length("restricted"), length("default-from-host"), length("privileged")
	report := 250 * (restricted + usual)
	logged := report + 500*40
	for _, want := range []string{
		fmt.Sprintf("Bounding set | %d |", restricted),
		fmt.Sprintf("containerd | %d,%03d |", usual/1000, usual%1000),
		fmt.Sprintf("everything | %d,%03d |", privileged/1000, privileged%1000),
		fmt.Sprintf("| one report | %d,%03d bytes |", report/1000, report%1000),
		fmt.Sprintf("is then %d,%03d bytes", logged/1000, logged%1000),
		fmt.Sprintf("`--every 1h` %.1f MB", float64(24*logged)/1e6),
		fmt.Sprintf("lasts %d hours", 10<<20/logged),
		fmt.Sprintf("| bytes printed | %.1f GB | %.0f GB |", 5000*float64(report)/1e9, 24*5000*float64(report)/1e9),
	} {
		if !strings.Contains(strings.Join(strings.Fields(text), " "), want) {
			t.Errorf("docs/figures.md does not say %q", want)
		}
	}
}
