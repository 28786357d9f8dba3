// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/manifest"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/need"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// example is a command line of a document and the output that stands below it, in
// which a line of three dots stands for any lines, twelve hexadecimal
// digits for any container's id, and two spaces or more for as many as a column
// needs.
type example struct {
	file    string
	dir     string // where it runs
	line    int
	command string
	output  string
}

// pages returns the README and the documents whose command lines each stand alone, and run
// at the top of the source.
func pages(t *testing.T) (names []string) {
	t.Helper()
	tutorials := guides(t)
	for _, name := range documents(t) {
		if !slices.Contains(tutorials, name) {
			names = append(names, name)
		}
	}
	return names
}

// TestReadme runs the command lines of the console blocks of the README and the pages. In
// those of docker, the image is the one that the tests built.
func TestReadme(t *testing.T) {
	var plain, containers []example
	for _, name := range pages(t) {
		for _, e := range examples(guide(t, name)) {
			e.file, e.dir = name, "../.."
			if strings.HasPrefix(e.command, "docker ") {
				containers = append(containers, e)
			} else {
				plain = append(plain, e)
			}
		}
	}
	if len(plain) == 0 || len(containers) == 0 {
		t.Fatal("no examples")
	}
	t.Setenv("PATH", filepath.Dir(built(t))+":"+os.Getenv("PATH"))
	for _, e := range plain {
		e.run(t)
	}
	t.Run("docker", func(t *testing.T) {
		if testing.Short() {
			t.Skip("starts containers")
		}
		need.On(t, "root", "docker")
		image := " " + buildImage(t)
		for _, e := range containers {
			e.command = strings.Replace(e.command, "docker run ", "docker run --network none ", 1)
			e.command = strings.Replace(e.command, " capinspect", image, 1)
			e.run(t)
		}
	})
}

// TestReadmeLists runs what the README and the pages list without its output: the lines of
// sh blocks that begin with capinspect, and the commands of probes. The answer may be no,
// but nothing may be wrong.
func TestReadmeLists(t *testing.T) {
	t.Setenv("PATH", filepath.Dir(built(t))+":"+os.Getenv("PATH"))
	lines, probes := 0, 0
	for _, name := range pages(t) {
		block := ""
		for line := range strings.Lines(guide(t, name)) {
			var o outcome
			_, probe, _ := strings.Cut(line, `command: ["/`)
			switch {
			case strings.HasPrefix(line, "```"):
				block = line
				continue
			case block == "```sh\n" && strings.HasPrefix(line, "capinspect "):
				lines++
				o = run(t, "sh", "-c", line)
			case block == "```yaml\n" && probe != "":
				probes++
				list, _, _ := strings.Cut(probe, "]")
				args := strings.Split(strings.TrimSuffix(list, `"`), `", "`)
				o = run(t, args[0], args[1:]...)
			default:
				continue
			}
			if o.status > 1 || o.status < 0 {
				t.Errorf("%s: %s%+v", name, line, o)
			}
		}
	}
	if lines == 0 || probes == 0 {
		t.Errorf("%d lines, %d probes", lines, probes)
	}
}

// TestReadmeGo runs the program of the README.
func TestReadmeGo(t *testing.T) {
	_, body, _ := strings.Cut(guide(t, "README.md"), "```go\n")
	body, _, ok := strings.Cut(body, "```\n")
	if !ok {
		t.Fatal("no program")
	}
	const module = "github.com/capinspect/capinspect/"
	file := filepath.Join(t.TempDir(), "main.go")
	text := fmt.Sprintf("package main\n\nimport (\n\"fmt\"\n\"log\"\n%q\n%q\n)\n\nfunc main() {\n%s}\n", module+"capset", module+"procstatus", body)
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	if o := run(t, "go", "run", file); o.status != 0 || o.stderr != "" {
		t.Errorf("%+v", o)
	}
}

// TestReadmeLength holds that the README is read in a few minutes.
func TestReadmeLength(t *testing.T) {
	if n := strings.Count(guide(t, "README.md"), "\n"); n > 200 {
		t.Errorf("README.md has %d lines, want at most 200: move what is looked up to docs", n)
	}
}

// link is the target of a link.
var link = regexp.MustCompile(`\]\(([^)\s]+)\)`)

// heading is the line of a heading.
var heading = regexp.MustCompile(`(?m)^#+ (.*)$`)

// TestLinks holds that each relative link of a document leads to a file, and to a heading
// if it names one; and that every page can be reached from the README.
func TestLinks(t *testing.T) {
	reached := map[string]bool{"README.md": true}
	for _, name := range append(documents(t), "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md") {
		for _, match := range link.FindAllStringSubmatch(guide(t, name), -1) {
			if strings.Contains(match[1], "://") {
				continue
			}
			path, anchor, _ := strings.Cut(match[1], "#")
			target := name
			if path != "" {
				target = filepath.Join(filepath.Dir(name), path)
			}
			reached[target] = true
			if _, err := os.Stat(filepath.Join(startDir, "../..", target)); err != nil {
				t.Errorf("%s: %s: no such file", name, match[1])
			} else if anchor != "" && !slices.Contains(anchors(guide(t, target)), anchor) {
				t.Errorf("%s: %s: no such heading", name, match[1])
			}
		}
	}
	for _, name := range documents(t) {
		if !reached[name] {
			t.Errorf("no link leads to %s", name)
		}
	}
}

// anchors returns what GitHub calls the headings of a document.
func anchors(text string) (list []string) {
	for _, match := range heading.FindAllStringSubmatch(text, -1) {
		list = append(list, strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case r == '-', r == '_', unicode.IsLetter(r), unicode.IsDigit(r):
				return unicode.ToLower(r)
			}
			return -1
		}, match[1]))
	}
	return list
}

// run runs an example, and holds its output.
func (e example) run(t *testing.T) {
	t.Helper()
	if got := e.result(t); !e.pattern().MatchString(got) {
		e.wrong(t, got)
	}
}

func (e example) wrong(t *testing.T, got string) {
	t.Helper()
	t.Errorf("%s:%d: %s\n%s\nwant\n%s", e.file, e.line, e.command, got, e.output)
}

// result returns what an example prints.
func (e example) result(t *testing.T) string {
	t.Helper()
	cmd := exec.Command("sh", "-c", e.command)
	cmd.Dir = e.dir
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	if err := checkJSON(out.String()); err != nil {
		t.Error(err)
	}
	// It goes to standard error, which docker may pass on before standard output.
	return kernelThreads.ReplaceAllString(out.String(), "")
}

var (
	kernelThreads = regexp.MustCompile(`(?m)^capinspect: note: kernel threads left out: .*\n`)

	anyID  = regexp.MustCompile(`\b([0-9a-f]{12}|[0-9a-f]{64})\b`)
	spaces = regexp.MustCompile(`(\S)  +`)
)

// pattern returns what the output has to match.
func (e example) pattern() *regexp.Regexp {
	pattern := "^"
	for line := range strings.Lines(e.output) {
		if line == "...\n" {
			pattern += `(.*\n)*?`
			continue
		}
		line = regexp.QuoteMeta(line)
		line = spaces.ReplaceAllString(line, "$1  +")
		pattern += anyID.ReplaceAllStringFunc(line, func(id string) string { return fmt.Sprintf("[0-9a-f]{%d}", len(id)) })
	}
	return regexp.MustCompile(pattern + "$")
}

// examples returns the examples of the blocks that are marked console.
func examples(text string) (list []example) {
	console := false
	for i, line := range strings.Split(text, "\n") {
		command, prompt := strings.CutPrefix(line, "$ ")
		switch {
		case strings.HasPrefix(line, "```"):
			console = line == "```console"
		case console && prompt:
			list = append(list, example{line: i + 1, command: command})
		case console && len(list) > 0:
			list[len(list)-1].output += line + "\n"
		}
	}
	return list
}

// TestTrapCodes holds that docs/manifests.md and the schema list the code of every trap.
func TestTrapCodes(t *testing.T) {
	text, err := schemaText()
	if err != nil {
		t.Fatal(err)
	}
	want := manifest.TrapCodes()
	for _, code := range want {
		if !strings.Contains(guide(t, "docs/manifests.md"), "| `"+code+"` |") {
			t.Errorf("docs/manifests.md does not list the trap %s", code)
		}
	}
	slices.Sort(want)
	if got := codes(text.(map[string]any)["$defs"].(map[string]any)["trap"]); len(want) < 7 || !slices.Equal(got, want) {
		t.Errorf("the schema has the traps %q, the table %q", got, want)
	}
}

// TestNoteCodes holds that docs/output.md lists the code of every note.
func TestNoteCodes(t *testing.T) {
	text := guide(t, "docs/output.md")
	for _, code := range task.NoteCodes() {
		if !ofCapability(code) && !strings.Contains(text, "`"+code+"`") {
			t.Errorf("docs/output.md does not list the note %s", code)
		}
	}
}

// ofCapability reports whether a code is that of the note on a capability.
func ofCapability(code string) bool {
	_, err := capset.Parse(strings.ReplaceAll(code, "-", "_"))
	return err == nil
}
