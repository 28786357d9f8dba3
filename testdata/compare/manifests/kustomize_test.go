// SPDX-License-Identifier: Apache-2.0

package manifests

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/pod-security-admission/api"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

// build returns what kustomize makes of a folder.
func build(t *testing.T, dir string) string {
	t.Helper()
	built, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), dir)
	if err != nil {
		t.Fatal(err)
	}
	text, err := built.AsYaml()
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// named returns objects by their kind and name.
func named(objects []metav1.Object) map[string]metav1.Object {
	all := map[string]metav1.Object{}
	for _, object := range objects {
		all[strings.TrimPrefix(fmt.Sprintf("%T ", object)+object.GetName(), "*v1.")] = object
	}
	return all
}

func podOf(object metav1.Object) *corev1.PodTemplateSpec {
	switch object := object.(type) {
	case *batchv1.Job:
		return &object.Spec.Template
	case *appsv1.DaemonSet:
		return &object.Spec.Template
	}
	return nil
}

// The objects of the overlays, and what `capinspect check` finds of each, which the guide
// tells. Beside processes, an overlay changes nothing of what the flat file says.
var overlays = map[string]struct {
	objects, findings []string
}{
	"hourly":    {[]string{"DaemonSet node-report", "Namespace capinspect"}, []string{"host-namespace"}},
	"once":      {[]string{"Job node-report", "Namespace capinspect"}, []string{"host-namespace"}},
	"metrics":   {[]string{"DaemonSet node-metrics", "Namespace capinspect"}, []string{"host-namespace", "may-be-root", "root"}},
	"processes": {[]string{"DaemonSet node-report", "Namespace capinspect"}, []string{"host-namespace", "may-be-root", "opens-node", "root"}},
}

// TestKustomize holds that each folder builds what the flat files say, which the API takes,
// and what is found in it.
func TestKustomize(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "capinspect")
	cmd := exec.Command("go", "build", "-o", binary, "./cmd/capinspect")
	cmd.Dir = "../../.."
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	flat := named(decode(t, read(t, docs+"node-report.yaml")+"\n---\n"+read(t, docs+"node-metrics.yaml")))
	if base := named(decode(t, build(t, docs))); len(base) != 4 || !reflect.DeepEqual(base, flat) {
		t.Errorf("the base is %v, the files are %v", base, flat)
	}
	dirs, err := filepath.Glob(docs + "../kustomize/*")
	if err != nil || len(dirs) != len(overlays) {
		t.Fatalf("%q, %v", dirs, err)
	}
	for name, want := range overlays {
		text := build(t, docs+"../kustomize/"+name)
		objects := named(decode(t, text))
		if got := slices.Sorted(maps.Keys(objects)); !slices.Equal(got, want.objects) {
			t.Errorf("%s: %q, want %q", name, got, want.objects)
		}
		for key, object := range objects {
			if name != "processes" && !reflect.DeepEqual(object, flat[key]) {
				t.Errorf("%s: %s is %v, in the flat file it is %v", name, key, object, flat[key])
			}
		}
		if got := findings(t, binary, text); !slices.Equal(got, want.findings) {
			t.Errorf("%s: check finds %q, want %q", name, got, want.findings)
		}
		for _, finding := range want.findings {
			if row := fmt.Sprintf("| `%s` |", name); !strings.Contains(lineWith(read(t, docs+"README.md"), row), "`"+finding+"`") {
				t.Errorf("the guide's row of %s does not tell of %s", name, finding)
			}
		}
	}
}

// TestKustomizeGuide builds what the guide shows, from here, and holds that the image is
// named wherever there is one.
func TestKustomizeGuide(t *testing.T) {
	block := regexp.MustCompile("(?s)```yaml\n(apiVersion: kustomize.*?)```").FindStringSubmatch(read(t, docs+"README.md"))
	if block == nil {
		t.Fatal("no kustomization")
	}
	dir, here := t.TempDir(), ""
	for name := range overlays {
		from := "https://github.com/capinspect/capinspect//docs/kustomize/" + name + "?ref=v1.2.3"
		if !strings.Contains(block[1], from) {
			continue
		}
		overlay, err := filepath.Abs(docs + "../kustomize/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if overlay, err = filepath.Rel(dir, overlay); err != nil {
			t.Fatal(err)
		}
		here = strings.Replace(block[1], from, overlay, 1)
	}
	if err := os.WriteFile(filepath.Join(dir, "kustomization.yaml"), []byte(here), 0o644); err != nil || here == "" {
		t.Fatalf("%v: %s", err, block[1])
	}
	images := 0
	for _, object := range decode(t, build(t, dir)) {
		if pod := podOf(object); pod != nil {
			if images++; pod.Spec.Containers[0].Image != "ghcr.io/capinspect/capinspect:v1.2.3" {
				t.Errorf("%s: image %s", object.GetName(), pod.Spec.Containers[0].Image)
			}
		}
	}
	if images != 1 {
		t.Errorf("%d images", images)
	}
}

// findings returns the codes of what check without a condition finds.
func findings(t *testing.T, binary, text string) (codes []string) {
	t.Helper()
	cmd := exec.Command(binary, "check", "pod:-", "--json")
	cmd.Stdin = strings.NewReader(text)
	out, err := cmd.Output()
	if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.ExitCode() != 1 {
		t.Fatalf("%v: %s", err, out)
	}
	var report struct {
		Findings []struct{ Code string }
	}
	if err := json.Unmarshal(out, &report); err != nil {
		t.Fatal(err)
	}
	for _, finding := range report.Findings {
		codes = append(codes, finding.Code)
	}
	slices.Sort(codes)
	return slices.Compact(codes)
}

func lineWith(text, part string) string {
	for line := range strings.Lines(text) {
		if strings.Contains(line, part) {
			return line
		}
	}
	return ""
}

// TestProcesses holds what the overlay that sees all changes: the command, the user, and one
// capability.
func TestProcesses(t *testing.T) {
	hourly := podOf(named(decode(t, build(t, docs+"../kustomize/hourly")))["DaemonSet node-report"])
	pod := podOf(named(decode(t, build(t, docs+"../kustomize/processes")))["DaemonSet node-report"])
	container := &pod.Spec.Containers[0]
	if got := strings.Join(container.Args, " "); got != "ps --full -o jsonl --node $(NODE) --every 1h" {
		t.Errorf("args %s", got)
	}
	if got := container.SecurityContext.Capabilities; fmt.Sprint(got.Add, got.Drop) != "[SYS_PTRACE] [ALL]" {
		t.Errorf("capabilities %v", got)
	}
	for what := range forbidden(t, api.LevelBaseline, pod) {
		if what != "host namespaces: hostPID=true:true" && !strings.HasPrefix(what, "host namespaces: ") && !strings.HasPrefix(what, "non-default capabilities: ") {
			t.Errorf("baseline forbids %s", what)
		}
	}
	container.Args, container.SecurityContext.Capabilities.Add = hourly.Spec.Containers[0].Args, nil
	if user := pod.Spec.SecurityContext.RunAsUser; user == nil || *user != 0 {
		t.Errorf("user %v", user)
	}
	pod.Spec.SecurityContext = hourly.Spec.SecurityContext
	if !reflect.DeepEqual(pod, hourly) {
		t.Errorf("it also changes\n%v\nto\n%v", hourly, pod)
	}
}
