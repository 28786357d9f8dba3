// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/capinspect/capinspect/testdata/fixture"
)

// TestCaptures holds what is told of each task of the captured procfs trees: its
// container and pod, the map of its user ids, its label, the profile of its bounding set,
// and the codes of the notes.
func TestCaptures(t *testing.T) {
	var table strings.Builder
	table.WriteString("# What capinspect tells of the tasks of INDEX: name, container, sandbox, pod, uid map, label, profile, notes.\n")
	rows := 0
	for line := range strings.Lines(string(fixture.Read(t, "proc/INDEX"))) {
		at, rest, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		tree, pid, one := strings.Cut(at, "/")
		if !ok || !one {
			continue // a comment, or a tree as a whole
		}
		name, _, _ := strings.Cut(rest, ":")
		proc := filepath.Join(fixture.Dir(t), "proc", tree)
		o := call("", "--proc", proc, "--last-cap", "40", "--json", pid)
		var report struct{ Tasks []captured }
		if err := json.Unmarshal([]byte(o.stdout), &report); err != nil || o.status != 0 || len(report.Tasks) != 1 {
			t.Fatalf("%s: %+v, %v", at, o, err)
		}
		fmt.Fprintf(&table, "%s\t%s\t%s\n", tree, name, report.Tasks[0].row())
		rows++
	}
	if rows < 100 {
		t.Fatalf("%d rows", rows)
	}
	golden(t, filepath.Join(fixture.Dir(t), "proc", "captures.txt"), table.String())
}

// captured is what the table has of a report.
type captured struct {
	Container *struct {
		Runtime, ID, SandboxID, Name, PodUID, PodID *string
		Sandbox                                     *bool
	}
	UserNamespace *struct{ UIDMap []extent }
	LSM           *struct{ Label, Mode *string }
	Profile       []string
	Notes         []struct{ Code string }
	Unknown       map[string]string
}

func (c *captured) row() string {
	or := func(s *string, other string) string {
		if s == nil {
			return other
		}
		return *s
	}
	cells := []string{"none", "-", "-", "?", "-", "-"}
	switch in := c.Container; {
	case in != nil:
		cells[0] = strings.TrimRight(or(in.Runtime, "?")+" "+or(in.ID, "?")+" "+or(in.Name, ""), " ")
		cells[1] = or(in.SandboxID, "-")
		if in.Sandbox == nil {
			cells[1] += " ?"
		} else if *in.Sandbox {
			cells[1] = "itself"
		}
		cells[2] = or(cmp.Or(in.PodUID, in.PodID), "-")
	case c.Unknown["container"] != "":
		cells[0] = "unknown: " + c.Unknown["container"]
	}
	if ns := c.UserNamespace; ns != nil {
		var extents []string
		for _, e := range ns.UIDMap {
			extents = append(extents, fmt.Sprintf("%d %d %d", e.Inside, e.Outside, e.Length))
		}
		cells[3] = strings.Join(extents, ", ")
	}
	if c.LSM != nil {
		cells[4] = strings.TrimRight(or(c.LSM.Label, "")+" "+or(c.LSM.Mode, ""), " ")
	}
	if len(c.Profile) > 0 {
		cells[5] = strings.Join(c.Profile, ", ")
	}
	notes := make([]string, 0, len(c.Notes))
	for _, n := range c.Notes {
		notes = append(notes, n.Code)
	}
	slices.Sort(notes)
	return strings.Join(cells, "\t") + "\t" + strings.Join(notes, ", ")
}
