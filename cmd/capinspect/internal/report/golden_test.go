// SPDX-License-Identifier: Apache-2.0

package report

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/layout"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
	"github.com/capinspect/capinspect/testdata/fixture"
)

// TestFixtures holds the report on each real status file to the one that is kept for it.
func TestFixtures(t *testing.T) {
	want := map[string][]byte{}
	for _, f := range fixture.Reports(t) {
		want[f.Name] = f.Text
	}
	for _, f := range fixture.Status(t) {
		x := fromStatus(t, f.Text, task.WholeFile)
		x.Source = f.Name + ".status"
		rep := FromResults(&Results{Tasks: []*task.Task{x}})
		if got, err := layout.Marshal(&rep, true); err != nil || !reflect.DeepEqual(decoded(t, got), decoded(t, want[f.Name])) {
			t.Errorf("%s: %v\n%s\nwant\n%s", f.Name, err, got, want[f.Name])
		}
	}
}

// decoded returns a report as encoding/json sees it, without what it tells of the reader,
// which the reports that are kept do not have.
func decoded(t *testing.T, text []byte) map[string]any {
	t.Helper()
	var report map[string]any
	if err := json.Unmarshal(text, &report); err != nil {
		t.Fatal(err)
	}
	delete(report, "kernel")
	return report
}
