// SPDX-License-Identifier: Apache-2.0

package saved

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// configurations are texts that are read as a whole.
var configurations = map[string]string{
	"docker":  "[\n    {\n        \"Name\": \"/web\",\n        \"HostConfig\": {\"CapAdd\": [\"SYS_TIME\"], \"CapDrop\": [\"ALL\"], \"Privileged\": false, \"SecurityOpt\": null},\n        \"Config\": {\"User\": \"0\"}\n    }\n]\n",
	"bundle":  "{\n\t\"ociVersion\": \"1.0.2\",\n\t\"process\": {\n\t\t\"capabilities\": {\"bounding\": [\"CAP_KILL\"]}\n\t}\n}\n",
	"compose": "# ours\nservices:\n  web: # the first\n    user: '7'\n    cap_drop:\n      - ALL\n\n    environment:\n      A: |\n        $ not a prompt\n",
	"unit":    "[Unit]\nDescription=x\n\n[Service]\nUser=7\nCapabilityBoundingSet=CAP_KILL \\\n  CAP_CHOWN\n# why\nAmbientCapabilities=CAP_KILL\n",
	"quadlet": "[Container]\nUser=7\nDropCapability=ALL\n\n[Service]\nRestart=always\n",
}

// each returns a text with something before each line. An empty line has no blank at its end.
func each(before string) func(string) string {
	n := 0
	return func(text string) string {
		n = 0
		return regexp.MustCompile(`(?m)^.*\n`).ReplaceAllStringFunc(text, func(line string) string {
			n++
			return strings.TrimRight(strings.ReplaceAll(before, "N", fmt.Sprint(n))+strings.TrimSuffix(line, "\n"), " ") + "\n"
		})
	}
}

// around are what may stand around a text.
var around = map[string]func(string) string{
	"a fence":             func(s string) string { return "Hello,\n\n```yaml\n" + s + "```\nThank you.\n" },
	"a fence of tildes":   func(s string) string { return "~~~\n" + s + "~~~\n" },
	"a fence and prompts": func(s string) string { return "Look:\n```\n$ cat x\n" + s + "$\n```\n" },
	"prompts":             func(s string) string { return "user@host:~/x$ cat x\n" + s + "user@host:~/x$ exit\n" },
	"root's prompt":       func(s string) string { return "[root@host ~]# cat x\n" + s },
	"a mark of order":     func(s string) string { return strings.ReplaceAll(s, "  ", "\u00a0\u00a0") },
	"colours":             func(s string) string { return strings.ReplaceAll(s, "CAP_KILL", "\x1b[31mCAP_KILL\x1b[0m") },
	"CRLF":                func(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") },
	"indentation":         each("    "),
	"mail":                each("> "),
	"mail without blanks": each(">"),
	"mail in a list":      each(">     "),
	"a diff":              each("+"),
	"docker compose":      each("web-1  | "),
	"kubectl":             each("[pod/web/app] "),
	"grep -n":             each("N:"),
	"grep of files":       each("a/compose.yaml:"),
	"grep -n of files":    each("a/compose.yaml:N:"),
	"cat -n":              each("     N\t"),
	"a clock":             each("15:13:05 "),
	"the log of a CI":     each("2024-05-06T15:13:05.1234567Z "),
	"a log":               each("2024-05-06 15:13:05,123 "),
}

// TestUnwrapped holds that a configuration is read with what may stand around it.
func TestUnwrapped(t *testing.T) {
	tell := func(tasks []*task.Task, err error) string {
		text := fmt.Sprint(err)
		for _, t := range tasks {
			text += "; " + t.Title().Or("?") + ": " + t.Summary()
		}
		return text
	}
	for kind, text := range configurations {
		want := tell(Tasks("x", []byte(text), nil))
		if !strings.HasPrefix(want, "<nil>; ") {
			t.Fatalf("%s: %s", kind, want)
		}
		for what, wrap := range around {
			if got := tell(Tasks("x", []byte(wrap(text)), nil)); got != want {
				t.Errorf("%s in %s:\n%s\nwant %s\n%s", kind, what, got, want, wrap(text))
			}
		}
	}
	// podman says something before the JSON, and an error keeps its line.
	text := "Emulate Docker CLI using podman.\n" + configurations["docker"] + "Done.\n"
	if got, want := tell(Tasks("x", []byte(text), nil)), tell(Tasks("x", []byte(configurations["docker"]), nil)); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if _, err := Tasks("x", []byte("```\nservices:\n  web:\n    cap_add: ALL\n```\n"), nil); err == nil || !strings.HasPrefix(err.Error(), "x: line 4: services.web.cap_add: ") {
		t.Error(err)
	}
}
