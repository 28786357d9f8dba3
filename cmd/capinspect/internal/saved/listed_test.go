// SPDX-License-Identifier: Apache-2.0

package saved

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/containers"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/report"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// endless gives a byte again and again.
type endless byte

func (e endless) Read(p []byte) (n int, err error) {
	for i := range p {
		p[i] = byte(e)
	}
	return len(p), nil
}

// visited returns what Listed says of a text: how many tasks and containers there are, in which
// node and from which file.
func visited(target string, stdin io.Reader) string {
	node, from := "", ""
	l, err := Listed(target, stdin, report.Visitor{
		Task: func(t *task.Task) { from = t.Source },
		Sum:  func(*containers.Sum) {},
		End:  func(s task.Stamp) { node = s.Node.Zero() },
	})
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%d tasks, %d containers of %q in %q, ours: %v, empty: %v, many: %v", l.Tasks, l.Sums, node, from, l.Report, l.Empty(), l.Many())
}

// TestListed holds what is visited of which file.
func TestListed(t *testing.T) {
	const line = `{"schemaVersion":1,"node":"n","name":"a","capabilities":{"effective":{"hex":"1"}}}` + "\n"
	const row = `{"schemaVersion":1,"node":"n","processes":1}` + "\n"
	far := `{"tasks":[` + strings.Repeat(" ", headSize) + `{"capabilities":{"effective":{"hex":"1"}}}],"schemaVersion":1}`
	for _, test := range []struct{ name, text, of, want string }{
		{"a line", line, "", `1 tasks, 0 containers of "n" in "-", ours: true, empty: false, many: false`},
		{"lines", line + line, "", `2 tasks, 0 containers of "n" in "-", ours: true, empty: false, many: true`},
		{"a byte order mark", "\ufeff" + line, "", `1 tasks, 0 containers of "n" in "-", ours: true, empty: false, many: false`},
		{"no task", `{"schemaVersion":1,"node":"n","tasks":[]}`, "", `0 tasks, 0 containers of "n" in "", ours: true, empty: true, many: false`},
		{"no container", `{"schemaVersion":1,"containers":[]}`, "", `0 tasks, 0 containers of "" in "", ours: true, empty: true, many: false`},
		{"containers", row + row, "", `0 tasks, 2 containers of "n" in "", ours: true, empty: false, many: true`},
		{"both", line + row, "", `standard input: some lines are tasks and others are containers: compare them apart`},
		{"the version far behind", far, "", `1 tasks, 0 containers of "" in "-", ours: true, empty: false, many: false`},
		{"a list in a line", line + `{"schemaVersion":1,"node":"m","tasks":[{"capabilities":{"effective":{"hex":"1"}}}]}`, "", `2 tasks, 0 containers of "m" in "-", ours: true, empty: false, many: true`},
		{"a key twice", line + `{"schemaVersion":1,` + "\n" + `"schemaVersion":1}`, "", `standard input: line 3: key "schemaVersion" appears twice`},
		{"wrong in the second line", line + strings.Replace(line, `"a"`, "7", 1), "", `standard input: line 2: name: 7 is a number, not a string: put quotes around it`},
		{"of a name", line + strings.Replace(line, `"a"`, `"b"`, 1), ":b", `1 tasks, 0 containers of "n" in "-", ours: true, empty: false, many: false`},
		{"of no name", line, ":c", `standard input: nothing in it has the name "c", but a`},
		{"of a name, where none is", `{"schemaVersion":1,"tasks":[]}`, ":c", `standard input: nothing in it has the name "c": it has no task`},
		{"of a name, by container", row, ":c", `standard input: it is by container: leave out :c`},
		{"a status file", "Name:\tx\nCapEff:\t1\n", "", `1 tasks, 0 containers of "" in "-", ours: false, empty: false, many: false`},
		{"nothing", "\n", "", `standard input: it is empty: a report of no task says so if ps wrote it with -o json`},
	} {
		if test.of != "" {
			path := filepath.Join(t.TempDir(), "f")
			if err := os.WriteFile(path, []byte(test.text), 0o600); err != nil {
				t.Fatal(err)
			}
			if got := strings.ReplaceAll(strings.ReplaceAll(visited(path+test.of, nil), path+": ", "standard input: "), path, "-"); got != test.want {
				t.Errorf("%s: %s, want %s", test.name, got, test.want)
			}
			continue
		}
		if got := visited("-", strings.NewReader(test.text)); got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
}

// TestLongReport holds that a report may be longer than other files, and that one task may not.
func TestLongReport(t *testing.T) {
	const head = `{"schemaVersion":1,"capabilities":{"effective":{"hex":"1"}},"name":"`
	line := head + strings.Repeat("x", 1<<20) + `"}` + "\n"
	lines := strings.NewReader(strings.Repeat(line, 2*MaxSize/len(line)+1))
	if got := visited("-", lines); !strings.HasPrefix(got, "32 tasks, 0 containers") {
		t.Errorf("lines: %s", got)
	}
	const want = "standard input: line 1: more than 16 MiB for one task or container"
	for name, text := range map[string]string{
		"a name": head, "unknown keys": `{"schemaVersion":1,"x":[1,"`, "tasks": `{"schemaVersion":1,"tasks":[{"name":"`,
	} {
		if got := visited("-", io.MultiReader(strings.NewReader(text), endless('x'))); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	if got := visited("-", io.MultiReader(strings.NewReader(head), strings.NewReader("\"}\n"), endless(' '))); got != want {
		t.Errorf("blanks: %s, want %s", got, want)
	}
}
