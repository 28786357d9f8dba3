// SPDX-License-Identifier: Apache-2.0

// Package notation reads lines of programs and of people in which sets of capabilities
// stand: getpcaps, records of audit, tables of libcap-ng, the tree of captree, masks of C, flags of
// docker, and the like. Each line stands for itself. The package does no I/O.
package notation

import (
	"regexp"
	"strings"
	"sync"

	"github.com/capinspect/capinspect/capset"
)

// Told is what a line tells.
type Told struct {
	What  string // what the line is, in a message, as "a record of audit"
	Files []File
	Lists []List
	Tasks []Task
}

// File is a file and its capabilities.
type File struct {
	Path string // "" if the line does not say
	Caps capset.FileCaps
}

// List is a set that is not one of a task.
type List struct {
	Label string
	Set   capset.Set
}

// Task is a task and those of its sets that the line tells.
type Task struct {
	Pid        int // 0 if the line does not say
	Name       string
	UID        *uint32 // the effective one; nil if the line does not say
	NoNewPrivs *bool   // nil if the line does not say
	Sets       map[capset.Kind]capset.Set
}

// lines are the kinds of lines that can be told without what stands before them.
var lines = []func(text string) (*Told, error){getpcapsLine, auditRecord, captreeLine, setcapCall, flagLine, falcoLine, journalLine}

// Line returns what a line tells, nil if it is of no kind that this package knows.
func Line(text string) (*Told, error) {
	for _, read := range lines {
		if told, err := read(text); told != nil || err != nil {
			return told, err
		}
	}
	return nil, nil
}

// pattern returns what compiles an expression when it is first needed.
func pattern(expr string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expr) })
}

// names returns the set of names that stand behind each other. "all", "full" and "none"
// stand for such sets.
func names(text string) (capset.Set, error) {
	var set capset.Set
	for name := range strings.FieldsFuncSeq(text, func(r rune) bool { return strings.ContainsRune(", \t\"'[]", r) }) {
		switch strings.ToLower(name) {
		case "all", "full":
			set |= capset.UpTo(capset.LastKnown)
			continue
		case "none":
			continue
		case "sys_psacct": // as older releases of libcap-ng write it
			set |= capset.Of(capset.SysPacct)
			continue
		}
		c, err := capset.Parse(name)
		if err != nil {
			return 0, err
		}
		set |= capset.Of(c)
	}
	return set, nil
}

// Labelled returns the set behind a label: a list of names, "[none]", or a bitmap with all
// its digits.
func Labelled(text string) (capset.Set, bool) {
	digits, hex := strings.CutPrefix(text, "0x")
	if hex || len(text) == 16 && strings.Trim(text, "0123456789abcdefABCDEF") == "" {
		set, err := capset.ParseHex(digits)
		return set, err == nil
	}
	if text == "-" {
		return 0, true
	}
	set, err := names(text)
	return set, err == nil
}
