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
	"github.com/capinspect/capinspect/cmd/capinspect/internal/layout"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/predict"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/report"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task/tasktest"
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
		Tasks:    []*task.Task{tasktest.Process(), {}},
		Failures: []report.Failure{{Pid: "1", Err: errors.New("no such process")}},
	}
	checkForms(t, written(Tasks), found, "text", "json", "jsonl", "matrix")
	checkForms(t, written([]*TaskForm{Capsh}), found, "print")
	checkForms(t, Masks, &report.Decoded{List: []report.DecodedMask{{Input: "1", Set: 1}}}, "text", "json", "matrix")
	checkForms(t, Explanations, &report.Explaining{Whole: []capset.Cap{0}, Listed: []capset.Cap{63}}, "text", "json")
	for _, whole := range [...]bool{true, false} {
		checkForms(t, Profiles, &report.ListedProfiles{List: runtime.Profiles(capset.LastKnown), Whole: whole}, "text", "json")
	}
	answers := []*why.Answers{{Task: tasktest.Process(), List: make([]why.Answer, 1)}}
	checkForms(t, Answers, &answers, "text", "json")
	checkForms(t, Differences[:2], &diff.Difference{
		A: &diff.Side{}, B: &diff.Side{}, Sets: []diff.SetDifference{{Kind: capset.Effective, More: 1}},
		Values: []diff.ValueDifference{{Key: "uid", A: task.AllIDs(1), B: capset.IDs{}}},
	}, "text", "json")
	checkForms(t, Predictions, prediction(), "text", "json")
	checkForms(t, Scans[:2], &predict.Scan{Task: tasktest.Process(), Programs: []*predict.Prediction{prediction()}}, "text", "json") // the others are the table alone
	checkForms(t, SecurityContexts, derived(), "yaml", "json", "docker", "systemd", "label")
}

// writtenForm is a format of tasks, as one of anything.
type writtenForm struct{ *TaskForm }

func written(forms []*TaskForm) (list []writtenForm) {
	for _, f := range forms {
		list = append(list, writtenForm{f})
	}
	return list
}

func (f writtenForm) Append(dst []byte, found *report.Results) []byte {
	out := bytes.NewBuffer(dst)
	to := f.To(out, found.Reader, Style{})
	for _, t := range found.Tasks {
		must(nil, to.Task(t))
	}
	must(nil, to.End(found.Failures))
	return out.Bytes()
}

// TestTasks holds that tasks which are written while they come are what a whole report has.
func TestTasks(t *testing.T) {
	last := capset.Cap(40)
	reader := report.ReaderInfo{Stamp: task.Stamp{Time: task.Known("2026-11-28T14:05:06Z"), Node: task.Unknown[string]("the hostname is empty")}, Release: "6.1", LastCap: &last}
	failures := []report.Failure{{Pid: "1", Err: errors.New("no such process")}, {Err: errors.New("x: empty")}}
	for _, found := range []report.Results{
		{},
		{Reader: reader, Tasks: []*task.Task{tasktest.Process()}},
		{Reader: reader, Tasks: []*task.Task{tasktest.Process(), {}, tasktest.Process()}, Failures: failures},
		{Failures: failures},
	} {
		rep := report.FromResults(&found)
		if got, want := written(Tasks)[1].Append(nil, &found), must(layout.Marshal(rep, true)); !bytes.Equal(got, want) {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
		if got, want := written(Tasks)[2].Append(nil, &found), must(layout.MarshalLines(rep.Lines())); !bytes.Equal(got, want) {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
	}
	down := errors.New("no space left on device")
	for _, f := range append(slices.Clone(Tasks), Capsh) {
		to := f.To(writer{down}, reader, Style{})
		if err := errors.Join(to.Task(tasktest.Process()), to.Task(tasktest.Process()), to.End(nil)); !errors.Is(err, down) {
			t.Errorf("%s: %v", f.Name, err)
		}
	}
}

// writer fails.
type writer struct{ err error }

func (w writer) Write([]byte) (int, error) { return 0, w.err }
