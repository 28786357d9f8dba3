// SPDX-License-Identifier: Apache-2.0

// Package metrics holds what ps -o openmetrics writes against the parser of Prometheus, with
// which node_exporter reads what its textfile collector finds. It is only tests.
package metrics

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/capinspect/capinspect/testdata/fixture"
)

// TestFormats holds that both formats have the same counts: what the parser of the text format
// reads, the encoder of OpenMetrics writes as it was.
func TestFormats(t *testing.T) {
	binary := build(t)
	for _, proc := range slices.Concat([]string{"/proc", hostile(t)}, trees(t)) {
		text := metrics(t, binary, proc)
		parser := expfmt.NewTextParser(model.UTF8Validation)
		families, err := parser.TextToMetricFamilies(bytes.NewReader(text))
		if err != nil {
			t.Fatalf("%s: %v\n%s", proc, err, text)
		}
		var again bytes.Buffer
		for line := range strings.Lines(string(text)) {
			name, ok := strings.CutPrefix(line, "# HELP ")
			if !ok {
				continue
			}
			name, _, _ = strings.Cut(name, " ")
			if _, err := expfmt.MetricFamilyToOpenMetrics(&again, families[name]); err != nil {
				t.Fatal(proc, err)
			}
			unique(t, families[name])
			delete(families, name)
		}
		if _, err := expfmt.FinalizeOpenMetrics(&again); err != nil || len(families) > 0 {
			t.Error(proc, err, families)
		}
		if got := strings.ReplaceAll(again.String(), ".0\n", "\n"); got != string(text) {
			t.Errorf("%s:\n%s\nwant\n%s", proc, got, text)
		}
		problems, err := promlint.New(bytes.NewReader(text)).Lint()
		if err != nil || len(problems) > 0 {
			t.Errorf("%s: %v %v", proc, problems, err)
		}
	}
}

// unique holds that no two lines of a family have the same labels, which would make
// node_exporter refuse the whole file, and that all are gauges.
func unique(t *testing.T, f *dto.MetricFamily) {
	t.Helper()
	seen := map[string]bool{}
	for _, m := range f.GetMetric() {
		labels := fmt.Sprint(m.GetLabel())
		if seen[labels] || m.TimestampMs != nil || f.GetType() != dto.MetricType_GAUGE {
			t.Errorf("%s %v: twice, or not a gauge without a time", f.GetName(), m)
		}
		seen[labels] = true
		for _, l := range m.GetLabel() {
			if strings.ContainsAny(l.GetValue(), "\n\r\x1b") || !utf8.ValidString(l.GetValue()) {
				t.Errorf("%s: %q", l.GetName(), l.GetValue())
			}
		}
	}
	if len(seen) == 0 {
		t.Errorf("%s has no line", f.GetName())
	}
}

// metrics returns what is written of a procfs.
func metrics(t *testing.T, binary, proc string) []byte {
	t.Helper()
	out, err := exec.Command(binary, "ps", "-o", "openmetrics", "--proc", proc).Output()
	if err != nil {
		t.Fatalf("%s: %v", proc, err)
	}
	return out
}

// trees returns the saved procfs.
func trees(t *testing.T) (list []string) {
	t.Helper()
	found, err := os.ReadDir("../../proc")
	for _, f := range found {
		if f.IsDir() {
			list = append(list, filepath.Join("../../proc", f.Name()))
		}
	}
	if err != nil || len(list) == 0 {
		t.Fatal(list, err)
	}
	return list
}

// hostile returns a procfs of containers whose names somebody chose who means no good.
func hostile(t *testing.T) string {
	t.Helper()
	proc := t.TempDir()
	for i, name := range []string{
		"a\"} 1\\n# EOF", `quote"backslash\`, "\xff\xfe", `\xff\xfe`, "esc\x1b[31m", "r\rn", "ünïcode\u202e", "} 7", "", `a\\`,
		strings.Repeat("long", 60),
	} {
		dir := filepath.Join(proc, fmt.Sprint(i+2))
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		status := fmt.Sprintf("Name:\tx\nTgid:\t%d\nPid:\t%d\nUid:\t0\t0\t0\t0\nNSpid:\t%d\t1\nCapPrm:\t0000000000200000\nCapEff:\t0000000000200000\n", i+2, i+2, i+2)
		for file, text := range map[string]string{"status": status, "cgroup": "0::/lxc.payload." + name + "\n"} {
			if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	return proc
}

// TestHostile holds that each of the containers with such names is counted as one.
func TestHostile(t *testing.T) {
	text := string(metrics(t, build(t), hostile(t)))
	if !strings.Contains(text, "\ncapinspect_containers_with_capability{capability=\"cap_sys_admin\"} 10\n") {
		t.Error(text)
	}
}

// build returns the path of the binary.
func build(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "capinspect")
	if err := fixture.Build(path); err != nil {
		t.Fatal(err)
	}
	return path
}
