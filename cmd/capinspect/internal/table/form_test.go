// SPDX-License-Identifier: Apache-2.0

package table

import (
	"encoding/csv"
	"reflect"
	"strings"
	"testing"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// TestForms writes a name that has what each form takes for its own.
func TestForms(t *testing.T) {
	x := &task.Task{}
	x.Pid, x.Name = task.Known(7), task.Known("a,\"b|`<i>_*\x1b")
	for form, want := range map[Form]string{
		Text:     "PID  NAME\n  7  a,\"b|`<i>_*\\x1b\n",
		CSV:      "PID,NAME\n7,\"a,\"\"b|`<i>_*\\x1b\"\n",
		Markdown: "| PID | NAME |\n|---|---|\n| 7 | a,\"b\\|\\`&lt;i>\\_\\*\\\\x1b |\n",
	} {
		of := Table[*task.Task]{Columns: columnsNamed("pid", "name"), Header: true, Form: form}
		chunk := of.Begin()
		of.Visit(chunk, x)
		var out strings.Builder
		if n, err := of.WriteTo(&out); n != int64(out.Len()) || err != nil {
			t.Errorf("%s: %d bytes of %d, %v", form, n, out.Len(), err)
		}
		out.Reset()
		if err := of.Done(chunk); err != nil {
			t.Fatal(err)
		}
		if n, err := of.WriteTo(&out); out.String() != want || n != int64(len(want)) || err != nil {
			t.Errorf("%s: %q, want %q, %v", form, out.String(), want, err)
		}
		if form == CSV {
			read, err := csv.NewReader(strings.NewReader(out.String())).ReadAll()
			if want := [][]string{{"PID", "NAME"}, {"7", "a,\"b|`<i>_*\\x1b"}}; err != nil || !reflect.DeepEqual(read, want) {
				t.Errorf("%q, %v", read, err)
			}
		}
	}
}
