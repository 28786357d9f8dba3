// SPDX-License-Identifier: Apache-2.0

package notation

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/capset/runtime"
)

// Short returns the set of a text in few words, as the tables of capinspect have it: none,
// all, "all but" some, the name of a profile, and what is more and less than it, as
// "docker+net_admin-mknod". ok is false if a text is none.
func Short(text string) (set capset.Set, ok bool) {
	text = strings.TrimSuffix(strings.TrimSuffix(text, " defaults"), " default")
	switch but, all := strings.CutPrefix(text, "all but "); {
	case text == "none":
		return 0, true
	case text == "all":
		return capset.UpTo(capset.LastKnown), true
	case all:
		missing, err := names(but)
		return capset.UpTo(capset.LastKnown) &^ missing, err == nil
	}
	rest := ""
	for _, p := range runtime.Profiles(capset.LastKnown) {
		more, found := strings.CutPrefix(text, p.Name)
		if found && (more == "" || more[0] == '+' || more[0] == '-') && (!ok || len(more) < len(rest)) {
			set, rest, ok = p.Set, more, true
		}
	}
	for rest != "" && ok {
		end := strings.IndexAny(rest[1:], "+-") + 1
		if end == 0 {
			end = len(rest)
		}
		list, err := names(rest[1:end])
		ok = err == nil && list != 0
		if rest[0] == '+' {
			set |= list
		} else {
			set &^= list
		}
		rest = rest[end:]
	}
	return set, ok
}

var (
	// listing is the header of the table that capinspect ps writes, with a column of a set,
	// or podman top, in whose cells names are in capitals.
	listing = pattern(`^(?:[A-Z][A-Z ]*?  +)*(?:(?:PID|TID)  .*\b(?:EFFECTIVE|PERMITTED|INHERITABLE|BOUNDING|AMBIENT)|(?:EFFECTIVE|PERMITTED|INHERITED|INHERITABLE|BOUNDING|AMBIENT) CAPS)\b`)
	gap     = pattern(`  +`)
)

var (
	errColumns = errors.New("it has not as many cells as the header")
	errNoSet   = errors.New("it tells no set")
)

// setIn returns the set that a column has. ok is false if it has another thing.
func setIn(column string) (kind capset.Kind, ok bool) {
	column = strings.Replace(strings.TrimSuffix(column, " CAPS"), "INHERITED", "INHERITABLE", 1)
	for k := range capset.Kind(capset.NumKinds) {
		if strings.EqualFold(column, k.String()) {
			return k, true
		}
	}
	return 0, false
}

// cell takes a cell of a column. What was unknown to ps stays unknown.
func (t *Task) cell(column, text string) error {
	switch column {
	case "PID", "TID":
		t.Pid, _ = strconv.Atoi(text)
	case "NAME":
		t.Name = text
	case "UID":
		if id, err := strconv.ParseUint(text, 10, 32); err == nil {
			t.UID = new(uint32(id))
		}
	case "NNP":
		if text == "yes" || text == "no" {
			t.NoNewPrivs = new(text == "yes")
		}
	}
	kind, is := setIn(column)
	if !is || text == "?" || text == "-" {
		return nil
	}
	set, ok := Short(text)
	if !ok {
		var err error
		if set, err = shortNames(text); err != nil {
			return fmt.Errorf("%s: %w", column, err)
		}
	}
	t.Sets[kind] = set
	return nil
}

// shortNames returns the set of names without "cap_", or of a bitmap.
func shortNames(text string) (capset.Set, error) {
	if strings.HasPrefix(text, "0x") {
		return capset.ParseHex(text)
	}
	return names(text)
}

// maxColumns is how many columns a table may have: more than capinspect ps knows.
const maxColumns = 64

// listed returns the table of capinspect ps that a line is the header of, nil if it is of
// none.
func listed(text string) *Table {
	if !listing().MatchString(text) {
		return nil
	}
	columns := gap().Split(text, -1)
	isSet := func(column string) bool { _, ok := setIn(column); return ok }
	if len(columns) > maxColumns || !slices.ContainsFunc(columns, isSet) {
		return nil
	}
	return &Table{"the table of capinspect ps", pattern(`^ *\S.*$`), func(found []string) (told Told, err error) {
		cells := gap().Split(strings.TrimSpace(found[0]), -1)
		if len(cells) != len(columns) {
			return told, errColumns
		}
		task := Task{Sets: map[capset.Kind]capset.Set{}}
		for i, cell := range cells {
			if err := task.cell(columns[i], cell); err != nil {
				return told, err
			}
		}
		if len(task.Sets) == 0 {
			return told, errNoSet
		}
		told.Tasks = append(told.Tasks, task)
		return told, nil
	}}
}
