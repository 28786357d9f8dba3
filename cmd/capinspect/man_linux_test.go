// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/capset/runtime"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/need"
)

// manPage returns the man page, by the names of its sections, and those of the
// section of commands by theirs.
func manPage(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile("capinspect.1")
	if err != nil {
		t.Fatal(err)
	}
	sections := map[string]string{}
	section, command := "", ""
	for line := range strings.Lines(string(text)) {
		if name, ok := strings.CutPrefix(line, ".Sh "); ok {
			section, command = strings.TrimSpace(name), ""
		}
		if name, ok := strings.CutPrefix(line, ".Ss "); ok && section == "COMMANDS" {
			command = strings.TrimSpace(name)
		}
		sections[section] += line
		if command != "" {
			sections[command] += line
		}
	}
	return sections
}

var macro = regexp.MustCompile(`^[A-Z][a-z]$`)

// manFlags returns the flags that a part of the page names: the words behind Fl, up
// to another macro.
func manFlags(text string) map[string]bool {
	flags := map[string]bool{}
	for line := range strings.Lines(text) {
		line, ok := strings.CutPrefix(line, ".")
		flag := false
		for _, word := range strings.Fields(line) {
			switch {
			case !ok:
			case macro.MatchString(word):
				flag = word == "Fl"
			case flag && word != "," && word != ".":
				flags["-"+word] = true
			}
		}
	}
	return flags
}

// has reports whether a text has a word, which may have hyphens in it.
func has(text, word string) bool {
	return regexp.MustCompile(`(?m)(^|[^\w-])` + regexp.QuoteMeta(word) + `($|[^\w-])`).MatchString(text)
}

// TestManPageCommands holds the page against the help: every command, each flag of
// it and each of its formats stands in its section.
func TestManPageCommands(t *testing.T) {
	page := manPage(t)
	common := manFlags(page["OPTIONS"])
	flags := regexp.MustCompile(`(?m)^  (?:(-\w), |    )(--[\w-]+)`)
	formats := regexp.MustCompile(`(?s)the FORMAT: ([^-]*)\n`)
	for _, command := range commandNames(t) {
		text := page[command]
		if text == "" || !has(page["SYNOPSIS"], "Cm "+command) {
			t.Errorf("no section, or no synopsis, of %s", command)
			continue
		}
		known := manFlags(text)
		_, help, _ := strings.Cut(call("", command, "--help").stdout, "\nFlags:\n")
		help, _, _ = strings.Cut(help, "\nExamples:\n")
		for _, f := range flags.FindAllStringSubmatch(help, -1) {
			short, long := f[1], f[2]
			switch {
			case long == "--help" || long == "--version":
				known[long] = common[long]
			case short != "" && known[short]:
				known[long] = known[long] || common[short] && common[long]
			case known[long]:
				known[long] = short == "" || known[short]
			}
			if !known[long] {
				t.Errorf("%s: no %s", command, strings.TrimSpace(short+" "+long))
			}
		}
		if list := formats.FindStringSubmatch(help); list != nil {
			for format := range strings.FieldsSeq(strings.ReplaceAll(list[1], ",", " ")) {
				if !has(text, "Cm "+format) {
					t.Errorf("%s: no format %s", command, format)
				}
			}
		}
	}
}

// TestManPageTables holds the page against what else is listed: the options of
// capsh, columns, profiles, and, by the schema, the keys and codes of JSON.
func TestManPageTables(t *testing.T) {
	page := manPage(t)
	_, list, _ := strings.Cut(call("", "--help").stdout, "\nOptions of capsh")
	known, options := manFlags(page["OPTIONS OF CAPSH"]), regexp.MustCompile(`(?m)^  (--[\w-]+)`).FindAllStringSubmatch(list, -1)
	for _, option := range options {
		if !known[option[1]] {
			t.Errorf("no %s among the options of capsh", option[1])
		}
	}
	columns := regexp.MustCompile(`(?m)^(.) ([A-Z]+) `).FindAllStringSubmatch(call("", "ps", "--columns", "help").stdout, -1)
	for _, column := range columns {
		item := strings.TrimSpace(".It " + column[2] + " " + column[1])
		if !strings.Contains(page["ps"], "\n"+item+"\n") {
			t.Errorf("no %q in the section of ps", item)
		}
	}
	for _, p := range runtime.Profiles(capset.LastKnown) {
		if !has(page["profiles"], p.Name) {
			t.Errorf("no %s in the section of profiles", p.Name)
		}
	}
	schema, err := schemaText()
	if err != nil {
		t.Fatal(err)
	}
	keys, codes := schemaWords(schema)
	for _, key := range keys {
		if !has(page["JSON"], key) {
			t.Errorf("no key %s in the section on JSON", key)
		}
	}
	for _, code := range codes {
		if !has(page["CODES"], code) {
			t.Errorf("no %s among the codes", code)
		}
	}
	if len(options) < 20 || len(columns) < 19 || len(keys) < 100 || len(codes) < 60 {
		t.Errorf("%d options, %d columns, %d keys, %d codes only", len(options), len(columns), len(keys), len(codes))
	}
}

// schemaWords returns the names of the properties in a schema, and the values that
// a code may have.
func schemaWords(schema any) (keys, codes []string) {
	switch s := schema.(type) {
	case []any:
		for _, item := range s {
			k, c := schemaWords(item)
			keys, codes = append(keys, k...), append(codes, c...)
		}
	case map[string]any:
		properties, _ := s["properties"].(map[string]any)
		for key, property := range properties {
			keys = append(keys, key)
			if p, ok := property.(map[string]any); ok && key == "code" {
				values, _ := p["enum"].([]any)
				for _, value := range values {
					codes = append(codes, value.(string))
				}
			}
		}
		for _, item := range s {
			k, c := schemaWords(item)
			keys, codes = append(keys, k...), append(codes, c...)
		}
	}
	return keys, codes
}

// TestManPageExamples runs the examples of the page. The answer may be no.
func TestManPageExamples(t *testing.T) {
	t.Setenv("PATH", filepath.Dir(built(t))+":"+os.Getenv("PATH"))
	lines := regexp.MustCompile(`(?m)^\.Dl (capinspect .*)$`).FindAllStringSubmatch(manPage(t)["EXAMPLES"], -1)
	for _, line := range lines {
		if o := run(t, "sh", "-c", line[1]); o.status > 1 || o.status < 0 {
			t.Errorf("%s\n%+v", line[1], o)
		}
	}
	if len(lines) < 5 {
		t.Errorf("%d examples", len(lines))
	}
}

// TestManPageLint holds that mandoc finds nothing to say of the page. Which other
// pages there are depends on the machine.
func TestManPageLint(t *testing.T) {
	need.On(t, "mandoc")
	o := run(t, "mandoc", "-T", "lint", "-W", "all", "capinspect.1")
	for line := range strings.Lines(o.stdout + o.stderr) {
		if !strings.Contains(line, "referenced manual not found") && !strings.Contains(line, "outdated mandoc.db") {
			t.Error(strings.TrimSpace(line))
		}
	}
	if o = run(t, "mandoc", "-T", "ascii", "capinspect.1"); o.status != 0 || !strings.Contains(o.stdout, "CAPINSPECT(1)") {
		t.Errorf("%+v", o)
	}
}
