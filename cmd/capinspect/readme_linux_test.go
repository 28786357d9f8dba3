// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/need"
)

// example is a command line of the README and the output that stands below
// it, in which a line of three dots stands for any lines.
type example struct {
	line    int
	command string
	output  string
}

// TestReadme runs the command lines of the README's console blocks. In those
// of docker, the image is the one that the tests built.
func TestReadme(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	var plain, containers []example
	for _, e := range examples(string(text)) {
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
		image := strings.NewReplacer("docker run ", "docker run --network none ", " capinspect", " "+buildImage(t))
		for _, e := range containers {
			e.command = image.Replace(e.command)
			e.run(t)
		}
	})
}

func (e example) run(t *testing.T) {
	t.Helper()
	cmd := exec.Command("sh", "-c", e.command)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	pattern := "^"
	for line := range strings.Lines(e.output) {
		if line == "...\n" {
			pattern += `(.*\n)*?`
		} else {
			pattern += regexp.QuoteMeta(line)
		}
	}
	if !regexp.MustCompile(pattern + "$").Match(out.Bytes()) {
		t.Errorf("README.md:%d: %s\n%s\nwant\n%s", e.line, e.command, &out, e.output)
	}
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
