// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/capset/runtime"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/need"
)

// kubernetesGuide has the Dockerfile of the application that the pods of all guides run.
const kubernetesGuide = "docs/kubernetes/README.md"

// guides returns the documents whose command lines follow one another, beginning in an empty
// folder, where docker stands for a cluster.
func guides(t *testing.T) []string {
	t.Helper()
	return found(t, "docs/guide-*.md", "docs/lint.md", "docs/kubernetes/*.md")
}

// documents returns the README and everything in docs.
func documents(t *testing.T) []string {
	t.Helper()
	return found(t, "README.md", "docs/*.md", "docs/kubernetes/*.md")
}

// found returns the files that match some patterns, from the top of the source.
func found(t *testing.T, patterns ...string) (names []string) {
	t.Helper()
	for _, pattern := range patterns {
		paths, err := filepath.Glob(filepath.Join(startDir, "../..", pattern))
		if err != nil || len(paths) == 0 {
			t.Fatalf("%s: nothing found, %v", pattern, err)
		}
		for _, path := range paths {
			names = append(names, filepath.Join(filepath.Dir(pattern), filepath.Base(path)))
		}
	}
	return names
}

// manifestBlock is a block of YAML that begins with the name of its file, and has a pod.
var manifestBlock = regexp.MustCompile("(?s)```yaml\n# ([\\w-]+\\.yaml)\n(.*?)```\n")

// TestGuides runs the command lines of each guide, one after the other.
func TestGuides(t *testing.T) {
	if testing.Short() {
		t.Skip("starts containers")
	}
	need.On(t, "root", "docker", "jq", "strace", "setpriv")
	pods := fmt.Sprintf("capinspect-test-%d", os.Getpid())
	image := buildImage(t)
	t.Setenv("PATH", os.Getenv("PATH")+":"+filepath.Dir(built(t))+":"+filepath.Join(startDir, "../kubectl-capinspect"))
	t.Setenv("IMAGE", image)
	t.Setenv("APP", buildAppImage(t, image))
	docs, err := filepath.Abs("../../docs/kubernetes")
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("DOCS", docs)
	t.Setenv("TESTDATA", filepath.Join(startDir, "../../testdata"))
	for i, guide := range guides(t) {
		t.Run(guide, func(t *testing.T) {
			t.Setenv("PODS", fmt.Sprintf("%s-%d", pods, i))
			runGuide(t, guide)
		})
	}
}

// buildAppImage builds an image of capinspect and an application, as the guide says.
func buildAppImage(t *testing.T, image string) string {
	t.Helper()
	_, text, _ := strings.Cut(guide(t, kubernetesGuide), "```dockerfile\n")
	text, _, ok := strings.Cut(text, "```\n")
	if !ok || !strings.HasPrefix(text, "FROM scratch\n") {
		t.Fatalf("no Dockerfile: %s", text)
	}
	dir := t.TempDir()
	buildHelper(t, filepath.Join(dir, "my-app"), "container/server")
	text = strings.Replace(text, "--from=capinspect ", "--from="+image+" ", 1)
	if err := os.WriteFile(filepath.Join(dir, "Dockerfile"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	dockerBuild(t, image+"-app", dir)
	return image + "-app"
}

func guide(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(startDir, "../..", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// runGuide runs the examples of a guide where the manifests that it shows are files. With
// -update it writes anew what they print, but where something is left out of that.
func runGuide(t *testing.T, name string) {
	text, dir := guide(t, name), t.TempDir()
	for _, match := range manifestBlock.FindAllStringSubmatch(text, -1) {
		if err := os.WriteFile(filepath.Join(dir, match[1]), []byte(match[2]), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		list, _ := filepath.Glob(filepath.Join(dir, "*.pod"))
		for _, pod := range list {
			exec.Command("docker", "rm", "-f", podName(strings.TrimSuffix(filepath.Base(pod), ".pod"))).Run()
		}
	})
	written, rest := "", text
	for _, e := range examples(text) {
		e.file, e.dir = name, dir
		got, command := e.result(t), "$ "+e.command+"\n"
		switch {
		case e.pattern().MatchString(got):
			got = e.output
		case !*update || strings.Contains(e.output, "...\n"):
			e.wrong(t, got)
			got = e.output
		}
		before, after, _ := strings.Cut(rest, command+e.output)
		written, rest = written+before+command+got, after
	}
	if written += rest; written != text {
		if err := os.WriteFile(filepath.Join(startDir, "../..", name), []byte(written), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, match := range manifestBlock.FindAllStringSubmatch(text, -1) {
		probe := regexp.MustCompile(`(?m)^ +exec: \{command: (\[.*\])\}$`).FindStringSubmatch(match[2])
		if probe == nil {
			continue
		}
		var command []string
		if err := json.Unmarshal([]byte(probe[1]), &command); err != nil {
			t.Fatal(err)
		}
		pod := strings.TrimSuffix(match[1], ".yaml")
		if o := run(t, "kubectl", append([]string{"exec", pod, "--"}, command...)...); o.status != 0 {
			t.Errorf("%s: the probe of %s: %+v", name, pod, o)
		}
	}
}

// TestNeedsCluster holds that the command lines of kubectl that no test runs say so: they
// are in a block of sh that begins with it.
func TestNeedsCluster(t *testing.T) {
	const mark = "# needs a cluster\n"
	marked := 0
	for _, name := range documents(t) {
		for _, block := range regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(guide(t, name), -1) {
			switch has := strings.Contains(block[1], "kubectl "); {
			case strings.HasPrefix(block[1], mark):
				marked++
			case has:
				t.Errorf("%s: no %q above %s", name, mark, block[1])
			}
		}
	}
	if marked == 0 {
		t.Error("no such block")
	}
}

// clusterBlock is a block that is marked as one that needs a cluster.
var clusterBlock = regexp.MustCompile("(?s)```sh\n# needs a cluster\n(.*?)```")

// TestClusterBlocks runs what stands in the blocks that need a cluster, as far as docker can
// stand for one: kubectl's own arguments are checked, and capinspect runs in a container
// with what the profile of kubectl debug gives.
func TestClusterBlocks(t *testing.T) {
	if testing.Short() {
		t.Skip("starts containers")
	}
	need.On(t, "root", "docker", "bash")
	image := buildImage(t)
	t.Setenv("PATH", os.Getenv("PATH")+":"+filepath.Dir(built(t))+":"+filepath.Join(startDir, "../kubectl-capinspect"))
	t.Setenv("IMAGE", image)
	t.Setenv("APP", buildAppImage(t, image))
	t.Setenv("PODS", fmt.Sprintf("capinspect-test-%d-blocks", os.Getpid()))
	t.Setenv("DOCS", filepath.Join(startDir, "../../docs/kubernetes"))
	dir := t.TempDir()
	if err := os.Symlink(filepath.Join(startDir, "../../docs"), filepath.Join(dir, "docs")); err != nil {
		t.Fatal(err)
	}
	for _, name := range documents(t) {
		for _, match := range manifestBlock.FindAllStringSubmatch(guide(t, name), -1) {
			if err := os.WriteFile(filepath.Join(dir, match[1]), []byte(match[2]), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	t.Chdir(dir)
	remove := func(names ...string) {
		for _, name := range names {
			exec.Command("docker", "rm", "-f", podName(name)).Run()
		}
	}
	t.Cleanup(func() { remove("my-pod", "my-pod-caps", "my-pod-capinspect-1", "web") })
	for _, file := range []string{"my-pod.yaml", "fixed.yaml"} {
		if o := run(t, "kubectl", "apply", "-f", file); o.status != 0 {
			t.Fatalf("%s: %+v", file, o)
		}
	}
	blocks := 0
	for _, name := range documents(t) {
		for _, block := range clusterBlock.FindAllStringSubmatch(guide(t, name), -1) {
			blocks++
			o := run(t, "bash", "-eo", "pipefail", "-c", block[1])
			if o.status != 0 || o.stdout == "" && !strings.Contains(block[1], "diff pod:") {
				t.Errorf("%s: %s%+v", name, block[1], o)
			}
			remove("my-pod-caps", "my-pod-capinspect-1")
		}
	}
	if blocks < 5 {
		t.Errorf("%d blocks", blocks)
	}
}

// TestGuideSize holds the size that the guide states.
func TestGuideSize(t *testing.T) {
	info, err := os.Stat(built(t))
	if err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf("adds %d MiB", (info.Size()+1<<19)>>20)
	for _, name := range []string{kubernetesGuide, "README.md"} {
		if text := guide(t, name); !strings.Contains(text, want) {
			t.Errorf("%s does not say that it %s", name, want)
		}
	}
}

// TestDebugProfiles holds the guide's tables of what each profile of kubectl debug can
// see: the first where the pod names no user, the second where it does.
func TestDebugProfiles(t *testing.T) {
	if testing.Short() {
		t.Skip("starts containers")
	}
	need.On(t, "root", "docker")
	image := buildImage(t)
	app := buildAppImage(t, image)
	t.Setenv("IMAGE", image)
	t.Setenv("PODS", fmt.Sprintf("capinspect-test-%d-debug", os.Getpid()))
	for pod, flags := range map[string][]string{"root": nil, "user": {"--user", "1000"}} {
		t.Cleanup(func() { exec.Command("docker", "rm", "-f", podName(pod)).Run() })
		docker(t, append(append([]string{"run", "-d", "--network", "none", "--name", podName(pod)}, flags...), app)...)
	}
	rows := regexp.MustCompile("(?m)^\\| `(\\w+)`.* \\| (.*) \\| (.*) \\| (.*) \\| (.*) \\|$").FindAllStringSubmatch(guide(t, kubernetesGuide), -1)
	if len(rows) != 2*len(profiles) {
		t.Fatalf("%d rows", len(rows))
	}
	t.Chdir(t.TempDir())
	for i, row := range rows {
		above := "spec:\n"
		if i >= len(profiles) {
			above += "  securityContext:\n    runAsUser: 1000\n"
		}
		for pod, sees := range map[string]string{"root": row[4], "user": row[5]} {
			if err := os.WriteFile(pod+".pod", []byte(above), 0o644); err != nil {
				t.Fatal(err)
			}
			debugRow(t, row, pod, sees)
		}
	}
}

// TestDebugLevels holds the guide's column of the levels of Pod Security that take the
// profiles of kubectl debug.
func TestDebugLevels(t *testing.T) {
	baseline, _ := runtime.ProfileNamed("baseline", capset.LastKnown)
	rows := regexp.MustCompile("(?m)^\\| `(\\w+)`.* \\| (privileged|baseline|restricted) \\| .*root").FindAllStringSubmatch(guide(t, kubernetesGuide), -1)
	if len(rows) != len(profiles) {
		t.Fatalf("%d rows", len(rows))
	}
	for _, row := range rows {
		flags, want := profiles[row[1]], "baseline"
		for _, add := range regexp.MustCompile(`--cap-add (\w+)`).FindAllStringSubmatch(flags, -1) {
			if c, err := capset.Parse(add[1]); err != nil || !baseline.Set.Has(c) {
				want = "privileged"
			}
		}
		switch {
		case row[1] == "sysadmin": // it is privileged, for which everything is added
			want = "privileged"
		case strings.Contains(flags, "--cap-drop ALL") && strings.Contains(flags, "no-new-privileges"):
			want = "restricted"
		}
		if row[2] != want {
			t.Errorf("%s: the guide says %s, want %s", row[1], row[2], want)
		}
	}
}

// getsProfile is what the guide says that a debug container gets, and what capinspect
// calls its bounding set then. What privileged gets is everything that the node has.
var getsProfile = map[string]string{
	"`SYS_PTRACE` besides the default": "docker+sys_ptrace", "the default": "docker",
	"`NET_ADMIN`, `NET_RAW` besides the default": "docker+net_admin+net_raw", "nothing, and no_new_privs": "", "nothing": "", "everything, privileged": "",
}

// debugRow looks at a pod as a row of the guide's tables says.
func debugRow(t *testing.T, row []string, pod, sees string) {
	t.Helper()
	debug := func(command ...string) outcome {
		return run(t, "kubectl", append([]string{"debug", "-it", pod, "--image=capinspect", "--profile=" + row[1], "--", "/capinspect"}, command...)...)
	}
	o := debug("--json", "1", "self")
	var report struct {
		Tasks []struct {
			place
			NoNewPrivs   bool
			Capabilities struct{ Effective struct{ Hex string } }
		}
	}
	if err := json.Unmarshal([]byte(o.stdout), &report); err != nil || len(report.Tasks) != 2 || o.status != 0 {
		t.Fatalf("%v: %+v", err, o)
	}
	app, own := report.Tasks[0], report.Tasks[1]
	const hidden = "has no cap_sys_ptrace"
	got := "all"
	if app.Namespaces == nil && strings.HasSuffix(app.Unknown["namespaces"], hidden) && strings.HasSuffix(app.Unknown["uid.realName"], hidden) {
		got = "not these three"
	}
	program := !strings.Contains(debug("predict", "/my-app", "-p", "1").stderr, hidden)
	if got != sees || program != (got == "all") {
		t.Errorf("%s: it sees %s of %s, and its program: %t", row[0], got, pod, program)
	}
	none := own.Capabilities.Effective.Hex == "0000000000000000"
	profile, known := getsProfile[row[3]]
	if text(own.UID.Real) != map[string]string{"root": "0", "not root: 65532": "65532", "1000": "1000"}[row[2]] ||
		none != strings.HasPrefix(row[3], "nothing") || own.NoNewPrivs != strings.HasSuffix(row[3], "no_new_privs") ||
		!known || profile != "" && !slices.Contains(own.Profile, profile) {
		t.Errorf("%s: it runs as %s, no_new_privs %t, with %+v, which is %q", row[0], text(own.UID.Real), own.NoNewPrivs, own.Capabilities, own.Profile)
	}
}
