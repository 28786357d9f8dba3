// SPDX-License-Identifier: Apache-2.0

// Package yamljson holds how manifests in YAML are read against sigs.k8s.io/yaml, with which
// kubectl and the API server read them.
package yamljson

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/capinspect/capinspect/testdata/fixture"
)

// answer is the JSON that is made of a text, or an error.
type answer struct{ JSON, Error string }

// ours returns what capinspect makes of texts.
func ours(t *testing.T, texts []string) []answer {
	t.Helper()
	program := filepath.Join(t.TempDir(), "tojson")
	build := exec.Command("go", "build", "-o", program, "./cmd/capinspect/internal/yamljson/testdata/tojson")
	build.Dir = filepath.Dir(fixture.Dir(t))
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	in, err := json.Marshal(texts)
	if err != nil {
		t.Fatal(err)
	}
	run := exec.Command(program)
	run.Stdin, run.Stderr = bytes.NewReader(in), os.Stderr
	out, err := run.Output()
	if err != nil {
		t.Fatal(err)
	}
	var answers []answer
	if err := json.Unmarshal(out, &answers); err != nil || len(answers) != len(texts) {
		t.Fatalf("%d answers to %d texts, %v", len(answers), len(texts), err)
	}
	return answers
}

// value returns what a JSON text stands for.
func value(t *testing.T, text string) (v any) {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return v
}

// misread matches the errors of YAML that the parser would read in another way than
// Kubernetes does, and of what may be a template beside them.
var misread = regexp.MustCompile("^line [0-9]+: (a tab in a text without quotes|a dash without a value|a colon without a space|it is a template)")

// same compares what is made of texts, and returns how many of them are refused. What
// Kubernetes refuses may be taken.
func same(t *testing.T, texts []string) (refused int) {
	t.Helper()
	for i, got := range ours(t, texts) {
		want, err := yaml.YAMLToJSON([]byte(texts[i]))
		switch {
		case err != nil || misread.MatchString(got.Error):
			refused++
		case got.Error != "":
			t.Errorf("%s: Kubernetes has %s of\n%s", got.Error, want, texts[i])
		case !reflect.DeepEqual(value(t, got.JSON), value(t, string(want))):
			t.Errorf("%s, want %s of\n%s", got.JSON, want, texts[i])
		}
	}
	return refused
}

// TestManifests compares what is made of manifests: those of this source tree, and an object
// of each kind with all fields, in each version of Kubernetes that k8s.io/api has.
func TestManifests(t *testing.T) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "k8s.io/api").Output()
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	for _, pattern := range []string{
		filepath.Join(strings.TrimSpace(string(out)), "testdata/*/*.yaml"),
		filepath.Join(fixture.Dir(t), "../docs/kubernetes/*.yaml"),
		filepath.Join(fixture.Dir(t), "pod/*.json"),
	} {
		names, err := filepath.Glob(pattern)
		if err != nil || len(names) == 0 {
			t.Fatalf("no %s, %v", pattern, err)
		}
		for _, name := range names {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			for document := range strings.SplitSeq(string(text), "\n---\n") {
				texts = append(texts, document)
				if asYAML, err := yaml.JSONToYAML([]byte(document)); err == nil {
					texts = append(texts, string(asYAML))
				}
			}
		}
	}
	if refused := same(t, texts); refused > 0 || len(texts) < 1000 {
		t.Errorf("%d of %d texts refused", refused, len(texts))
	}
}

// TestGenerated compares what is made of random YAML in all its styles.
func TestGenerated(t *testing.T) {
	count := 30_000
	if testing.Short() {
		count = 3_000
	}
	g := generator{Rand: rand.New(rand.NewPCG(16, 0))}
	texts := make([]string, count)
	for i := range texts {
		texts[i] = g.document()
	}
	refused := same(t, texts)
	if refused > count/3 {
		t.Errorf("%d of %d texts refused", refused, count)
	}
}
