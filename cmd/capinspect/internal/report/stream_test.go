// SPDX-License-Identifier: Apache-2.0

package report

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/layout"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
	"github.com/capinspect/capinspect/testdata/fixture"
)

// stamped is a reader that does not know its hostname.
var stamped = ReaderInfo{Stamp: task.Stamp{Time: task.Known("2026-11-28T14:05:06Z"), Node: task.Unknown[string]("the hostname is empty")}, Release: "6.18.0"}

// streamed returns what a stream of tasks writes, so many of them in a chunk.
func streamed(t *testing.T, s *Stream, tasks []*task.Task, perChunk int, failures []Failure) string {
	t.Helper()
	var out strings.Builder
	s.W = &out
	s.Reader = stamped
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	for len(tasks) > 0 {
		n := min(perChunk, len(tasks))
		c := s.Begin()
		for _, x := range tasks[:n] {
			s.Visit(c, x)
		}
		if err := s.Done(c); err != nil {
			t.Fatal(err)
		}
		tasks = tasks[n:]
	}
	if s.Object {
		if err := s.End(failures, &List{"s", NewNotShown(1, 2, "invisible")}); err != nil {
			t.Fatal(err)
		}
	}
	return out.String()
}

// several returns a task of each status file, some of which have the same rights, and one
// of which everything is known.
func several(t *testing.T) []*task.Task {
	t.Helper()
	var tasks []*task.Task
	for _, f := range fixture.Status(t) {
		for range 2 {
			tasks = append(tasks, fromStatus(t, f.Text, task.WholeFile))
		}
	}
	return append(tasks, everything())
}

// TestStream holds that a task which is written from kept text says what it would say
// alone, whatever stands in the same chunk and whichever form the stream has.
func TestStream(t *testing.T) {
	tasks := several(t)
	for _, keys := range []Keys{{}, {Container: true}, {UserNames: true}, {Place: true}, {true, true, true}} {
		var want []map[string]any
		for _, x := range tasks {
			alone := streamed(t, &Stream{Keys: keys}, []*task.Task{x}, 1, nil)
			want = append(want, decoded(t, []byte(alone)))
		}
		for _, perChunk := range []int{1, 7, len(tasks)} {
			text := streamed(t, &Stream{Keys: keys}, tasks, perChunk, nil)
			lines := strings.SplitAfter(strings.TrimSuffix(text, "\n"), "\n")
			if len(lines) != len(tasks) {
				t.Fatalf("%d lines, want %d", len(lines), len(tasks))
			}
			for i, line := range lines {
				if got := decoded(t, []byte(line)); !reflect.DeepEqual(got, want[i]) {
					t.Errorf("task %d of %d in a chunk: %v\nalone: %v", i, perChunk, got, want[i])
				}
			}
			text = streamed(t, &Stream{Frame: Frame{Object: true}, Keys: keys}, tasks, perChunk, []Failure{{Pid: "7", Err: errors.New("gone")}})
			whole := decoded(t, []byte(text))
			for i, got := range whole["tasks"].([]any) {
				inReport := decoded(t, []byte(lines[i]))
				for _, key := range [...]string{"schemaVersion", "time", "node"} {
					delete(inReport, key)
				}
				delete(inReport["unknown"].(map[string]any), "node")
				if !reflect.DeepEqual(got, any(inReport)) {
					t.Errorf("task %d of %d in a chunk: %v\nalone: %v", i, perChunk, got, inReport)
				}
			}
			if failures := any([]any{map[string]any{"pid": 7., "error": "gone"}}); !reflect.DeepEqual(whole["errors"], failures) {
				t.Errorf("errors: %v", whole["errors"])
			}
		}
	}
}

// psReport is what a stream writes as one object.
type psReport struct {
	Version
	Reader
	Tasks []psTask `json:"tasks" lines:"elements,members"`
	Failed
	*List
	Incomplete
}

// psTask is a task in a stream.
type psTask struct {
	Identity
	Rights
	Became
	Started
	*Listed
	Contained
	Explained
}

// psLine is a task in a stream of lines.
type psLine struct {
	Version
	Stamp
	psTask
}

// TestStreamWhole holds that what a stream writes part by part is what encoding/json makes
// of the whole.
func TestStreamWhole(t *testing.T) {
	failures := []Failure{{Pid: "7", Err: errors.New("gone")}}
	for _, tasks := range [][]*task.Task{nil, several(t)} {
		for _, keys := range []Keys{{}, {Container: true}, {UserNames: true}, {Place: true}, {true, true, true}} {
			s := &Stream{Frame: Frame{Object: true}, Keys: keys}
			whole := psReport{Version{SchemaVersion}, reader(stamped), []psTask{}, failed(failures), &List{"s", NewNotShown(1, 2, "invisible")}, incomplete(stamped)}
			for _, x := range tasks {
				p := psTask{Identity: identity(x), Rights: s.rightsOf(x), Started: Started{x.StartTime}}
				if keys.Place {
					p.Listed = &Listed{Within{namespaces(x.Namespaces)}, labelled(x)}
				}
				if keys.Container {
					p.Contained = contained(x)
				}
				p.Unknown = unknownOf(&p)
				whole.Tasks = append(whole.Tasks, p)
			}
			want, err := layout.Marshal(&whole, true)
			if got := streamed(t, s, tasks, 5, failures); got != string(want) || err != nil {
				t.Errorf("%+v, %v: %s\nwant %s", keys, err, got, want)
			}
			want, err = layout.MarshalLines(each(whole.Tasks, func(p psTask) psLine {
				p.Unknown = slices.Concat(whole.Incomplete.Unknown, p.Unknown)
				return psLine{whole.Version, whole.Stamp, p}
			}))
			if got := streamed(t, &Stream{Keys: keys}, tasks, 5, nil); got != string(want) || err != nil {
				t.Errorf("%+v, %v: %s\nwant %s", keys, err, got, want)
			}
		}
	}
}

// BenchmarkStream writes tasks as `ps -o jsonl` does.
func BenchmarkStream(b *testing.B) {
	x, s := everything(), &Stream{Frame: Frame{Reader: stamped}}
	if err := s.Start(); err != nil {
		b.Fatal(err)
	}
	c := s.Begin()
	for b.Loop() {
		c.buf = c.buf[:0]
		s.Visit(c, x)
	}
	b.SetBytes(int64(len(c.buf)))
}
