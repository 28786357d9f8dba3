// SPDX-License-Identifier: Apache-2.0

package table

import (
	"strings"
	"testing"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/diff"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// TestWithChanges holds the columns that stand around those of a task.
func TestWithChanges(t *testing.T) {
	x := &task.Task{LastCap: task.LastCap{Value: capset.LastKnown}}
	x.Pid = task.Known(7)
	more, less := capset.Of(capset.NetAdmin), capset.Of(capset.Chown, capset.Kill)
	pid, _ := Tasks.Named("pid")
	for _, test := range []struct {
		change diff.Delta
		want   string
	}{
		{diff.Delta{Kind: diff.Appeared}, "appeared|7|-"},
		{diff.Delta{Kind: diff.Gone}, "gone|7|-"},
		{diff.Delta{Kind: diff.Changed, Sets: []diff.SetDifference{{Kind: capset.Effective, More: more}, {Kind: capset.Ambient, More: more}}}, "gained|7|effective +net_admin; ambient +net_admin"},
		{diff.Delta{Kind: diff.Changed, Sets: []diff.SetDifference{{Kind: capset.Bounding, Less: less}}}, "lost|7|bounding -chown,kill"},
		{
			diff.Delta{
				Kind: diff.Changed, Sets: []diff.SetDifference{{Kind: capset.Permitted, More: more, Less: less}},
				Values: []diff.ValueDifference{{Key: "uid", A: task.AllIDs(0), B: task.AllIDs(5)}, {Key: "noNewPrivs", A: false, B: true}, {Key: "lsm", A: "a\x1b", B: ""}},
			}, "changed|7|permitted +net_admin -chown,kill; uid was 0; noNewPrivs was false; lsm was a\\x1b",
		},
	} {
		rows := Table[*task.Task]{Columns: WithChanges([]*Column[*task.Task]{pid}, func(*task.Task) *diff.Delta { return &test.change }, func(*task.Task) capset.Cap { return capset.LastKnown })}
		c := rows.Begin()
		rows.Visit(c, x)
		var got []string
		for i := range rows.Columns {
			got = append(got, string(c.cell(i)))
		}
		if text := strings.Join(got, "|"); text != test.want {
			t.Errorf("%s, want %s", text, test.want)
		}
	}
}
