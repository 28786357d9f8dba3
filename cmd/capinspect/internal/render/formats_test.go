// SPDX-License-Identifier: Apache-2.0

package render

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/capset/runtime"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/diff"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/predict"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/report"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/why"
)

// form is a format of anything.
type form[T any] interface {
	FormName() string
	Append(dst []byte, found *T) []byte
}

// checkForms holds that the formats of a command have the wanted names, that each appends
// whole lines, and that json is one object.
func checkForms[F form[T], T any](t *testing.T, forms []F, found *T, want ...string) {
	t.Helper()
	var got []string
	for _, f := range forms {
		name := f.FormName()
		got = append(got, name)
		text, before := f.Append([]byte("before\n"), found), []byte("before\n")
		if !bytes.HasPrefix(text, before) || len(text) == len(before) || !bytes.HasSuffix(text, []byte("\n")) {
			t.Errorf("%s: %q", name, text)
		}
		if text = text[len(before):]; strings.HasPrefix(name, "json") {
			lines := strings.SplitAfter(strings.TrimSuffix(string(text), "\n"), "\n")
			if name == "json" {
				lines = []string{string(text)}
			}
			for _, line := range lines {
				var object struct{ SchemaVersion int }
				if err := json.Unmarshal([]byte(line), &object); err != nil || object.SchemaVersion != report.SchemaVersion {
					t.Errorf("%s: %v: %s", name, err, line)
				}
			}
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("got the formats %q, want %q", got, want)
	}
}

func TestForms(t *testing.T) {
	found := &report.Results{
		Tasks:    []*task.Task{process4711(), {}},
		Failures: []report.Failure{{Pid: "1", Err: errors.New("no such process")}},
	}
	checkForms(t, Tasks, found, "text", "json", "jsonl", "matrix")
	checkForms(t, []*TaskForm{Capsh}, found, "print")
	checkForms(t, Masks, &report.Decoded{List: []report.DecodedMask{{Input: "1", Set: 1}}}, "text", "json", "matrix")
	checkForms(t, Explanations, &report.Explaining{Whole: []capset.Cap{0}, Listed: []capset.Cap{63}}, "text", "json")
	for _, whole := range [...]bool{true, false} {
		checkForms(t, Profiles, &report.ListedProfiles{List: runtime.Profiles(capset.LastKnown), Whole: whole}, "text", "json")
	}
	answers := []*why.Answers{{Task: process4711(), List: make([]why.Answer, 1)}}
	checkForms(t, Answers, &answers, "text", "json")
	checkForms(t, Differences, &diff.Difference{
		A: &diff.Side{}, B: &diff.Side{}, Sets: []diff.SetDifference{{Kind: capset.Effective, More: 1}},
		Values: []diff.ValueDifference{{Key: "uid", A: task.AllIDs(1), B: capset.IDs{}}},
	}, "text", "json")
	checkForms(t, Predictions, prediction(), "text", "json")
	checkForms(t, Scans, &predict.Scan{Task: process4711(), Programs: []*predict.Prediction{prediction()}}, "text", "json")
	checkForms(t, SecurityContexts, derived(), "yaml", "json", "docker", "systemd")
}

// Each task is one line in jsonl.
func TestTaskLines(t *testing.T) {
	i := slices.IndexFunc(Tasks, func(f *TaskForm) bool { return f.Name == "jsonl" })
	text := Tasks[i].Append(nil, &report.Results{Tasks: []*task.Task{process4711(), process4711()}})
	if n := bytes.Count(text, []byte("\n")); n != 2 {
		t.Errorf("%d lines: %s", n, text)
	}
}
