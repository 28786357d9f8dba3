// SPDX-License-Identifier: Apache-2.0

package notation

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/capinspect/capinspect/capset"
)

// Table is a table of which the header has been read.
type Table struct {
	what string
	row  func() *regexp.Regexp
	read func(found []string) (Told, error)
}

// tables are those of libcap-ng, by their headers. A list in them is of names with ", "
// between, or "full".
var tables = []struct {
	header func() *regexp.Regexp
	Table
}{
	{pattern(`^ppid +pid +\w+ +command +(?:type +port +)?capabilities$`), Table{
		"the table of pscap",
		pattern(`^\d+ +(\d+) +\S+ +(\S.*?) +(full|none|[a-z_]+(?:, [a-z_]+)*)((?: +[@+*])*)$`),
		readProcess,
	}},
	{pattern(`^(?:set +)?file +capabilities(?: +rootid)?$`), Table{
		"the table of filecap",
		pattern(`^(?:(effective|permitted) +)?(/.*?) +(full|none|[a-z_]+(?:, [a-z_]+)*)(?: +(\d{1,10}))?$`),
		readProgram,
	}},
}

// Header returns the table that a line is the header of, nil if it is of none: one of
// libcap-ng, or of capinspect ps.
func Header(text string) *Table {
	if !strings.Contains(text, "PID") && !strings.Contains(text, "CAPS") && !strings.Contains(text, "capabilities") {
		return nil
	}
	for i := range tables {
		if tables[i].header().MatchString(text) {
			return &tables[i].Table
		}
	}
	return listed(text)
}

// Row returns what a row of the table tells, nil if the line is none.
func (t *Table) Row(text string) (*Told, error) {
	found := t.row().FindStringSubmatch(text)
	if found == nil {
		return nil, nil
	}
	told, err := t.read(found)
	if err != nil {
		return nil, err
	}
	told.What = t.what
	return &told, nil
}

// readProcess reads a row of pscap or netcap. They print Permitted, or "full" if Effective is.
func readProcess(found []string) (told Told, err error) {
	set, err := names(found[3])
	if err != nil {
		return told, err
	}
	task := Task{Sets: map[capset.Kind]capset.Set{capset.Permitted: set}}
	if found[3] == "full" {
		task.Sets[capset.Effective] = set
	}
	task.Pid, _ = strconv.Atoi(found[1])
	task.Name, _, _ = strings.Cut(strings.TrimSuffix(found[2], " *"), "  ")
	told.Tasks = append(told.Tasks, task)
	return told, nil
}

// readProgram reads a row of filecap. It prints Permitted; before 0.8.3 it only lists files
// with the effective flag.
func readProgram(found []string) (told Told, err error) {
	set, err := names(found[3])
	if err != nil {
		return told, err
	}
	root, _ := strconv.ParseUint(found[4], 10, 32)
	told.Files = append(told.Files, File{found[2], capset.FileCaps{Permitted: set, Effective: found[1] != "permitted", RootID: uint32(root)}})
	return told, nil
}

// captree is a line in the tree of captree(8): a process or a thread, and what it has if it
// has something.
var captree = pattern(`^[| ]*(?:--|\+-|:>-)(\S.*?|)[({](\d+)(?:\+\{[\d,]*\}|,[\d,]*)?[)}](?: "([^"]*)")?(?: \[([^\]]*)\])?$`)

// captreeLine reads such a line. Without a text the sets are empty, and without an IAB text
// Ambient is, and Bounding is full.
func captreeLine(text string) (*Told, error) {
	if text == "" || !strings.ContainsRune("|-+:", rune(text[0])) {
		return nil, nil
	}
	found := captree().FindStringSubmatch(text)
	if found == nil {
		return nil, nil
	}
	pid, err := strconv.Atoi(found[2])
	if err != nil || pid == 0 {
		return nil, nil
	}
	s, err := capset.ParseText(found[3], capset.LastKnown)
	if err != nil {
		return nil, err
	}
	iab, err := capset.ParseIAB(found[4], capset.LastKnown)
	if err != nil {
		return nil, err
	}
	s[capset.Bounding], s[capset.Ambient] = iab[capset.Bounding], iab[capset.Ambient]
	task := Task{Pid: pid, Name: found[1], Sets: map[capset.Kind]capset.Set{}}
	for k, set := range s {
		task.Sets[capset.Kind(k)] = set
	}
	return &Told{What: "the tree of captree", Tasks: []Task{task}}, nil
}
