// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/capinspect/capinspect/testdata/fixture"
)

// TestTargets holds for each command and each kind of target that the command takes it, or
// names in a sentence one that does.
func TestTargets(t *testing.T) {
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	id := strings.Repeat("0a", 32)
	for name, text := range map[string]string{
		"proc/1/status":  string(fixture.Read(t, "status/linux-6.18-containerd-default.status")),
		"proc/1/uid_map": "0 0 4294967295\n",
		"proc/1/gid_map": "0 0 4294967295\n",
		"proc/1/cgroup":  "0::/system.slice/docker-" + id + ".scope\n",
		"status":         string(fixture.Read(t, "status/linux-6.18-containerd-default.status")),
		"log":            "chroot(\"/srv\") = -1 EPERM (Operation not permitted)\n",
		"pod.json":       string(fixture.Read(t, "pod/linux-6.18-containerd-default.json")),
	} {
		if err := os.MkdirAll(filepath.Dir(in(name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(in(name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	kinds := []struct{ kind, word string }{
		{"pid", strconv.Itoa(os.Getpid())},
		{"self", "self"},
		{"container", "container:0a0a"},
		{"file", "file:" + in("status")},
		{"pod", "pod:" + in("pod.json")},
		{"profile", "profile:docker"},
		{"-", "-"},
	}
	const none = "^capinspect: .*(capinspect [a-z]+ |'capinspect |use -f |use file:|-p )"
	for command, row := range map[string]struct {
		args  string // with @ where the target stands
		takes string // the kinds
	}{
		"show":            {"show @", "pid self container file"},
		"ps":              {"ps @", "pid self container"},
		"why":             {"why chown @", "container file"},
		"why -p":          {"why chown -p @", "pid self container"},
		"predict":         {"predict /proc/self/exe -p @", "pid self container"},
		"scan":            {"scan /proc/self/fdinfo -p @", "pid self container"},
		"diff":            {"diff docker @", "pid self container file pod profile"},
		"check":           {"check --has chown @", "pid self container file pod"},
		"securitycontext": {"securitycontext @", "pid self container file"},
		"needs -p":        {"needs " + in("log") + " -p @", "pid self container"},
		"decode":          {"decode @", "pid"}, // a bitmap
		"explain":         {"explain @", ""},
		"profiles":        {"profiles @", ""},
		"completion":      {"completion @", ""},
	} {
		for _, kind := range kinds {
			args := strings.Fields(strings.Replace(row.args, "@", kind.word, 1))
			wants := strings.Contains(" "+row.takes+" ", " "+kind.kind+" ")
			if wants && kind.kind == "container" {
				args = append(args, "--proc", in("proc"))
			}
			o := call(string(fixture.Read(t, "status/linux-6.18-containerd-default.status")), args...)
			taken := !regexp.MustCompile(`is not a PID|no such capability|is neither|is standard input|takes no TARGET`).MatchString(o.stderr)
			switch {
			case wants && (!taken || o.stdout == "" && command != "predict" && command != "scan"):
				t.Errorf("%s %s: exit %d, %s", command, kind.kind, o.status, o.stderr)
			case !wants && (taken || o.status != 2 || o.stdout != "" || !regexp.MustCompile(none).MatchString(o.stderr)):
				t.Errorf("%s %s: exit %d, %s%s", command, kind.kind, o.status, o.stdout, o.stderr)
			}
		}
	}
}
