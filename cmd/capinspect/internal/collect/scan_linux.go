// SPDX-License-Identifier: Apache-2.0

package collect

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/collect/root"
)

// Scan looks below a directory of a task's root for the programs that give something
// to whoever executes them, and tells what each would give that task. all is for the
// file systems mounted there too, and step is called now and then.
func (c *Collector) Scan(task, dir string, all bool, what *WhatIf, step func()) (*Scan, error) {
	if !strings.HasPrefix(dir, "/") {
		return nil, fmt.Errorf("%s: want a path that begins with /", dir)
	}
	s, err := c.subject(task, what)
	if err != nil {
		return nil, err
	}
	defer s.close()
	scan := &Scan{Task: s.record, Dir: dir}
	tree := root.Tree{
		All: all, Step: step, By: s,
		Found:  func(f *root.Program) { scan.add(s, f) },
		Failed: scan.failed,
	}
	if err := s.root.Search(dir, &tree); err != nil {
		return nil, err
	}
	scan.Files, scan.Dirs, scan.Closed, scan.Assumed = tree.Files, tree.Dirs, tree.Closed, s.assumed
	slices.SortFunc(scan.Programs, func(a, b *Prediction) int { return cmp.Compare(a.File, b.File) })
	return scan, nil
}

// add predicts what a program that was found gives.
func (scan *Scan) add(s *subject, f *root.Program) {
	if len(scan.Programs) >= maxPrograms {
		scan.Left++
		return
	}
	p, err := s.predict(f.Path)
	if err != nil {
		scan.failed(f.Path, err)
		return
	}
	if p.Program == nil { // the task does not get to it
		p.Program = found(f)
	}
	if p.After == nil && p.Program.Path == f.Path { // nobody went by what it has
		if caps, err := capset.ParseFileCaps(f.Caps); err == nil {
			p.Program.Caps = &caps
		}
	}
	scan.Programs = append(scan.Programs, p)
}

// failed keeps why something could not be looked at.
func (scan *Scan) failed(path string, err error) {
	if len(scan.Failures) < maxFailures {
		scan.Failures = append(scan.Failures, fmt.Errorf("%s: %s", path, reasonOf(err)))
	} else {
		scan.MoreFailures++
	}
}
