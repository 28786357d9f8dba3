// SPDX-License-Identifier: Apache-2.0

package table

import (
	"strings"
	"testing"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/render"
)

// TestNarrow leaves out columns of a table that is too wide, those first that tell nothing.
func TestNarrow(t *testing.T) {
	column := func(name string, at int) *Column[[]string] {
		return &Column[[]string]{Name: name, append: func(dst []byte, row []string) []byte { return append(dst, row[at]...) }}
	}
	columns := []*Column[[]string]{column("PPID", 0), column("EFFECTIVE", 1), column("PERMITTED", 2), column("AMBIENT", 3)}
	same := [][]string{{"1", "docker+sys_admin", "docker+sys_admin", "none"}, {"22", "none", "none", "none"}}
	other := [][]string{{"1", "docker+sys_admin", "docker+sys_admin", "none"}, {"22", "none", "all", "kill"}}
	for name, row := range map[string]struct {
		rows   [][]string
		width  int
		chosen bool
		header string
		below  string
	}{
		"wide":            {same, 51, false, "PPID EFFECTIVE PERMITTED AMBIENT", ""},
		"no terminal":     {same, 0, false, "PPID EFFECTIVE PERMITTED AMBIENT", ""},
		"a little less":   {same, 48, false, "PPID EFFECTIVE PERMITTED", "Not shown at this width: AMBIENT (none)"},
		"much less":       {same, 30, false, "PPID EFFECTIVE", "Not shown at this width: AMBIENT (none), PERMITTED (same as EFFECTIVE)"},
		"less than that":  {same, 20, false, "EFFECTIVE", "Not shown at this width: AMBIENT (none), PERMITTED (same as EFFECTIVE), PPID"},
		"they differ":     {other, 48, false, "EFFECTIVE PERMITTED AMBIENT", "Not shown at this width: PPID"},
		"they were asked": {same, 30, true, "PPID EFFECTIVE PERMITTED AMBIENT", ""},
	} {
		table := Table[[]string]{Columns: columns, Chosen: row.chosen, Header: true, Style: render.Style{Width: row.width}}
		var out strings.Builder
		if err := table.Write(&out, row.rows); err != nil {
			t.Fatal(err)
		}
		header, rest, _ := strings.Cut(out.String(), "\n")
		_, below, found := strings.Cut(rest, "Not shown")
		if found {
			below = "Not shown" + below
		}
		if got := strings.Join(strings.Fields(header), " "); got != row.header && !row.chosen {
			t.Errorf("%s: %q", name, got)
		}
		if row.chosen && len(strings.Fields(header)) != len(columns) {
			t.Errorf("%s: %q", name, header)
		}
		if got := strings.Join(strings.Fields(below), " "); got != row.below {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// TestCutPath shortens paths so that the name of the file stays.
func TestCutPath(t *testing.T) {
	const path = "/usr/lib/dbus/däemon"
	for width, want := range map[int]string{
		19: "/usr/lib/db+/däemon", 9: "/+/däemon", 8: "+/däemon", 7: "/däemo+", 6: "/däem+", 2: "/+",
	} {
		if got := string(cutPath([]byte(path), width)); got != want {
			t.Errorf("%d: %q, want %q", width, got, want)
		}
	}
	if got := string(cutPath([]byte("dbus-daemon"), 5)); got != "dbus+" {
		t.Errorf("%q", got)
	}
}
