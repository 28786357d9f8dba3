// SPDX-License-Identifier: Apache-2.0

package collect

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strconv"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/jsonread"
)

// schemaVersion is the version of the JSON form that is read.
const schemaVersion = 1

// fromJSON returns the tasks of reports and of lines of jsonl, one after the
// other.
func fromJSON(text []byte) ([]*Record, error) {
	saved := savedReports{Reader: jsonread.New(bytes.NewReader(text))}
	for range saved.Values() {
		if err := saved.report(); err != nil {
			return nil, err
		}
	}
	switch err := saved.Err(); {
	case err != nil:
		return nil, err
	case saved.records == nil:
		return nil, errors.New("no task")
	}
	return saved.records, nil
}

// savedReports reads reports as package report writes them.
type savedReports struct {
	*jsonread.Reader
	records []*Record
}

// report reads a report, or a task that is a line of its own.
func (s *savedReports) report() error {
	version, alone := 0, true
	line := s.task()
	for key := range s.Object() {
		switch key {
		case "schemaVersion":
			if s.Int(&version); version != schemaVersion && s.Err() == nil {
				return s.otherVersion(version)
			}
		case "tasks":
			if s.Null() {
				continue
			}
			alone = false
			if err := s.tasks(); err != nil {
				return err
			}
		default:
			line.member(key)
		}
	}
	switch {
	case s.Err() != nil:
		return s.Err()
	case version == 0:
		return s.otherVersion(version)
	case alone:
		return s.add(line)
	}
	return nil
}

func (s *savedReports) otherVersion(version int) error {
	return fmt.Errorf("line %d: schemaVersion %d, want %d", s.Line(), version, schemaVersion)
}

// tasks reads the tasks of a report.
func (s *savedReports) tasks() error {
	for range s.Array() {
		t := s.task()
		s.Members(func(key string) {
			t.member(key)
		})
		if err := s.add(t); err != nil {
			return err
		}
	}
	return s.Err()
}

// task returns a task of which nothing is read yet.
func (s *savedReports) task() *savedTask {
	return &savedTask{Reader: s.Reader, record: &Record{UserNames: map[uint32]string{}, GroupNames: map[uint32]string{}}}
}

// add takes over a task that is read to its end.
func (s *savedReports) add(t *savedTask) error {
	if s.Err() != nil {
		return s.Err()
	}
	if err := t.finish(); err != nil {
		return fmt.Errorf("task %d: %w", len(s.records)+1, err)
	}
	s.records = append(s.records, t.record)
	return nil
}

// seccompNames are the modes of seccomp(2) that have a name.
var seccompNames = [...]string{"disabled", "strict", "filter"}

// SeccompName names a mode of seccomp(2); one without a name is its number.
func SeccompName(mode int) string {
	if mode >= 0 && mode < len(seccompNames) {
		return seccompNames[mode]
	}
	return strconv.Itoa(mode)
}

// SeccompMode returns the mode of a name or a number.
func SeccompMode(name string) (mode int, ok bool) {
	for mode, known := range seccompNames {
		if name == known {
			return mode, true
		}
	}
	n, err := strconv.ParseUint(name, 10, 31)
	return int(n), err == nil && n <= math.MaxInt32
}
