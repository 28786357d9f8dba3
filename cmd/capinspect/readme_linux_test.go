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

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/manifest"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/need"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// example is a command line of the README and the output that stands below
// it, in which a line of three dots stands for any lines, twelve hexadecimal
// digits for any container's id, and two spaces or more for as many as a column
// needs.
type example struct {
	file    string
	dir     string // where it runs
	line    int
	command string
	output  string
}

// readme returns the README.
func readme(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestReadme runs the command lines of the README's console blocks. In those
// of docker, the image is the one that the tests built.
func TestReadme(t *testing.T) {
	var plain, containers []example
	for _, e := range examples(readme(t)) {
		e.file, e.dir = "README.md", "../.."
		if strings.HasPrefix(e.command, "docker ") {
			containers = append(containers, e)
		} else {
			plain = append(plain, e)
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

// TestReadmeLists runs what the README lists without its output: the lines of
// sh blocks that begin with capinspect, and the commands of probes. The answer
// may be no, but nothing may be wrong.
func TestReadmeLists(t *testing.T) {
	t.Setenv("PATH", filepath.Dir(built(t))+":"+os.Getenv("PATH"))
	lines, probes := 0, 0
	block := ""
	for line := range strings.Lines(readme(t)) {
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
			t.Errorf("%s%+v", line, o)
		}
	}
	if lines == 0 || probes == 0 {
		t.Errorf("%d lines, %d probes", lines, probes)
	}
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

// TestReadmeTraps holds that the README and the schema list the code of every trap.
func TestReadmeTraps(t *testing.T) {
	text, err := schemaText()
	if err != nil {
		t.Fatal(err)
	}
	want := manifest.TrapCodes()
	for _, code := range want {
		if !strings.Contains(readme(t), "| `"+code+"` |") {
			t.Errorf("README.md does not tell of the trap %s", code)
		}
	}
	slices.Sort(want)
	if got := codes(text.(map[string]any)["$defs"].(map[string]any)["trap"]); len(want) < 7 || !slices.Equal(got, want) {
		t.Errorf("the schema has the traps %q, the table %q", got, want)
	}
}

// TestReadmeNotes holds that the README lists the code of every note.
func TestReadmeNotes(t *testing.T) {
	text := readme(t)
	for _, code := range task.NoteCodes() {
		if !ofCapability(code) && !strings.Contains(text, "`"+code+"`") {
			t.Errorf("README.md does not tell of the note %s", code)
		}
	}
}

// ofCapability reports whether a code is that of the note on a capability.
func ofCapability(code string) bool {
	_, err := capset.Parse(strings.ReplaceAll(code, "-", "_"))
	return err == nil
}
