// SPDX-License-Identifier: Apache-2.0

package report

import (
	"slices"
	"strconv"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// SchemaVersion is the version of the JSON form. Within one, keys are added but none
// changes its meaning.
const SchemaVersion = 1

// Results is what a run has found of some tasks.
type Results struct {
	Reader   ReaderInfo
	Tasks    []*task.Task
	Failures []Failure
	List     *List // nil but for ps
}

// ReaderInfo is when capinspect runs, and what is known of the system that it runs on.
type ReaderInfo struct {
	task.Stamp
	Release string      // of the kernel, as uname(2) tells it; "" if it is unknown
	LastCap *capset.Cap // of the kernel; nil if it is unknown
}

// Failure says why a task is not among those that were found.
type Failure struct {
	Pid string // "" if the task was to be read from a file, which Err names then
	Err error
}

// Error names the pid and the reason.
func (f Failure) Error() string {
	if f.Pid == "" {
		return f.Err.Error()
	}
	return "pid " + f.Pid + ": " + f.Err.Error()
}

// Unwrap returns the reason.
func (f Failure) Unwrap() error { return f.Err }

// Version says which form an object has.
type Version struct {
	SchemaVersion int `json:"schemaVersion"`
}

// Report is what show finds, and ps with keys of its own in the tasks.
type Report struct {
	Version
	Reader
	Tasks []Task `json:"tasks" lines:"elements,members"`
	Failed
	*List
	Incomplete
}

// Reader tells when capinspect ran, and of the system that it ran on.
type Reader struct {
	Stamp
	Kernel Kernel `json:"kernel"`
}

// Stamp tells when and where a report was made, and by which version of capinspect.
type Stamp struct {
	Time    task.Value[string] `json:"time,omitzero"`
	Node    task.Value[string] `json:"node,omitzero"`
	Program task.Value[string] `json:"version,omitzero"`
}

// Incomplete says why values of the report itself are unknown. It is left out if none is.
type Incomplete struct {
	Unknown Unknown `json:"unknown,omitempty" lines:"members"`
}

// Kernel is the kernel that capinspect runs on.
type Kernel struct {
	Release *string     `json:"release"`
	LastCap *capset.Cap `json:"lastCap"`
}

// Failed lists the tasks that could not be read.
type Failed struct {
	Errors []FailedTask `json:"errors" lines:"elements"`
}

// List sums up what ps lists, and says what that lacks.
type List struct {
	Summary  string    `json:"summary"`
	NotShown *NotShown `json:"notShown"`
}

// NotShown is how many tasks a list of all processes lacks, and why.
type NotShown struct {
	KernelThreads int     `json:"kernelThreads"`
	Refused       int     `json:"refused"` // may not be read
	HidePID       *string `json:"hidepid"` // of the procfs, if it may hide others
}

// NewNotShown returns what a list lacks. Hides is "" if the procfs hides nothing.
func NewNotShown(kernelThreads, refused int, hides string) *NotShown {
	return &NotShown{kernelThreads, refused, text(hides)}
}

// FailedTask says why a task could not be read.
type FailedTask struct {
	Pid   *int   `json:"pid"`
	Error string `json:"error"`
}

// TaskLine is a task that is a line of its own.
type TaskLine struct {
	Version
	Task
}

// FromResults returns the JSON form of results.
func FromResults(r *Results) Report {
	rep := Report{
		Version: Version{SchemaVersion}, Reader: reader(r.Reader), Tasks: []Task{},
		Failed: failed(r.Failures), List: r.List, Incomplete: incomplete(r.Reader),
	}
	for _, t := range r.Tasks {
		rep.Tasks = append(rep.Tasks, FromTask(t))
	}
	return rep
}

// Lines returns the tasks as lines of their own.
func (r *Report) Lines() []TaskLine {
	return each(r.Tasks, func(t Task) TaskLine { return line(t, r.Stamp) })
}

// line returns a task as a line of its own. It has the stamp of the report, unless it has
// one of its own.
func line(t Task, s Stamp) TaskLine {
	if t.Stamp == (Stamp{}) {
		t.Stamp, t.Unknown = s, slices.Concat(unknownOf(&s), t.Unknown)
	}
	return TaskLine{Version{SchemaVersion}, t}
}

func reader(r ReaderInfo) Reader {
	return Reader{Stamp(r.Stamp), Kernel{text(r.Release), r.LastCap}}
}

func incomplete(r ReaderInfo) Incomplete {
	s := Stamp(r.Stamp)
	return Incomplete{unknownOf(&s)}
}

func failed(list []Failure) Failed {
	return Failed{each(list, func(f Failure) FailedTask {
		failure := FailedTask{Error: f.Err.Error()}
		if pid, err := strconv.Atoi(f.Pid); err == nil {
			failure.Pid = &pid
		}
		return failure
	})}
}

// Note is a remark. Its code is stable.
type Note struct {
	Code string `json:"code"`
	Text string `json:"text"`
}

func notes(list []task.Note) []Note {
	return each(list, func(n task.Note) Note { return Note(n) })
}

// Assumptions is what an answer depends on and is not known.
type Assumptions struct {
	Assumed []Note `json:"assumed" lines:"elements"`
}

// Set is a set of capabilities.
type Set struct {
	Hex   task.Value[string] `json:"hex"`
	Names []string           `json:"names"`
}

func setOf(s capset.Set) Set { return Set{task.Known(s.Hex()), names(s)} }

// names returns the names of a set, by ascending number.
func names(s capset.Set) []string {
	list := make([]string, 0, s.Len())
	for c := range s.Caps() {
		list = append(list, c.String())
	}
	return list
}

// ByKind has something for each of the five sets. A pointer that is nil is left out.
type ByKind[T any] struct {
	Inheritable T `json:"inheritable,omitempty"`
	Permitted   T `json:"permitted,omitempty"`
	Effective   T `json:"effective,omitempty"`
	Bounding    T `json:"bounding,omitempty"`
	Ambient     T `json:"ambient,omitempty"`
}

// of returns where it has that of a set.
func (b *ByKind[T]) of(k capset.Kind) *T {
	return [...]*T{
		capset.Inheritable: &b.Inheritable, capset.Permitted: &b.Permitted, capset.Effective: &b.Effective,
		capset.Bounding: &b.Bounding, capset.Ambient: &b.Ambient,
	}[k]
}

// text returns a text that is null where it is empty.
func text(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// each returns f of the elements of a list. Its result is never nil, which would be null.
func each[T, U any](list []T, f func(T) U) []U {
	results := make([]U, len(list))
	for i, v := range list {
		results[i] = f(v)
	}
	return results
}

// array returns a list that is never nil, which would be null.
func array[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
