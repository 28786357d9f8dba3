// SPDX-License-Identifier: Apache-2.0

package config

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
)

// unit is what a unit of systemd is told to have: the values of its settings, in the order
// in which they are assigned.
type unit struct {
	name     string // "" if the text does not say
	ofUser   bool   // a user's own manager starts it
	file     bool   // it stands in a file, and systemctl show has not printed it
	settings map[string][]string
	astray   []string // what is said of settings in a section where they count for nothing
}

// marks are settings that few other texts have: one of them makes a text one of systemd.
var marks = [...]string{
	"AmbientCapabilities", "CapabilityBoundingSet", "DynamicUser", "NoNewPrivileges", "PrivateUsers", "SecureBits",
}

// sections are those of a unit that say how its commands are executed.
var sections = [...]string{"Service", "Socket", "Mount", "Swap"}

// IsUnit reports whether a text is a unit of systemd, lines of one, or what systemctl show
// prints.
func IsUnit(text []byte) bool {
	for line := range bytes.Lines(text) {
		key, _, ok := strings.Cut(strings.TrimSpace(string(line[:min(len(line), 64)])), "=")
		if section := strings.TrimSpace(key); section == "[Service]" || ok && slices.Contains(marks[:], strings.TrimSpace(key)) {
			return true
		}
	}
	return false
}

// maxContinued is the length of the longest line with those that continue it, in bytes
// (systemd, LONG_LINE_MAX).
const maxContinued = 1 << 20

// units returns the units of a text, with the settings of some of their sections.
func units(text []byte, sections ...string) ([]*unit, error) {
	r := unitReader{here: newUnit(), sections: sections, counts: true}
	var before strings.Builder // of the line, that goes on
	number := 0
	for row := range bytes.Lines(text) {
		number++
		line := strings.TrimSpace(string(row))
		if comment := strings.HasPrefix(line, "#") || strings.HasPrefix(line, ";"); comment {
			r.comment(line)
			continue
		}
		if goesOn, ok := strings.CutSuffix(line, `\`); ok {
			before.WriteString(goesOn + " ")
			if before.Len() > maxContinued {
				return nil, fmt.Errorf("line %d: a line that goes on for more than 1 MiB, which systemd refuses", number)
			}
			continue
		}
		r.line(before.String() + line)
		before.Reset()
		if err := tooMany("units", len(r.done), maxContainers); err != nil {
			return nil, err
		}
	}
	r.line(before.String())
	list := r.units()
	if len(list) == 0 && len(r.here.astray) > 0 {
		return nil, errors.New(r.here.astray[0])
	}
	if what := noUnits[r.section]; len(list) == 0 && what != "" {
		return nil, errors.New("this is " + what)
	}
	return list, nil
}

// noUnits are the sections of files that look like units, and what these are.
var noUnits = map[string]string{
	"Exec":    "a file of systemd-nspawn, which capinspect does not read",
	"Manager": "a configuration of systemd itself: the output of systemctl show tells what a unit has",
}

// fragment returns the directory and the name of a unit's file that a comment names, which
// is how systemctl cat begins each file; the name of a drop-in is that of the unit. name is
// "" if the comment is another one.
func fragment(comment string) (dir, name string) {
	path, ok := strings.CutPrefix(comment, "# /")
	if !ok {
		return "", ""
	}
	dir, name = filepath.Split(path)
	if unit, ok := strings.CutSuffix(dir, ".d/"); ok && strings.HasSuffix(name, ".conf") {
		dir, name = filepath.Split(unit)
	}
	if !slices.Contains([]string{".service", ".socket", ".mount", ".swap", ".container"}, filepath.Ext(name)) {
		return "", ""
	}
	return dir, name
}

func newUnit() *unit { return &unit{settings: map[string][]string{}} }

// unitReader reads the lines of units.
type unitReader struct {
	here *unit
	done []*unit

	sections []string // those that count
	section  string   // in which the lines are
	counts   bool     // it is one of them
}

// comment looks for the name of a file, with which another unit begins unless the file adds
// to the same one.
func (r *unitReader) comment(line string) {
	dir, name := fragment(line)
	if name == "" {
		return
	}
	if r.here.name != "" && r.here.name != name {
		r.end()
	}
	r.here.name = name
	r.here.ofUser = r.here.ofUser || strings.Contains(dir, "/systemd/user/")
}

// line reads a line that is whole. A blank one stands between the units that systemctl show
// prints.
func (r *unitReader) line(line string) {
	key, value, ok := strings.Cut(line, "=")
	key, value = strings.TrimSpace(key), strings.TrimSpace(value)
	switch {
	case line == "" && !r.here.file:
		r.end()
	case strings.HasPrefix(line, "["):
		r.here.file = true
		r.section = strings.Trim(line, "[]")
		r.counts = slices.Contains(r.sections, r.section)
	case ok && !r.counts && slices.Contains(marks[:], key) && slices.Contains([]string{"Unit", "Install"}, r.section):
		if len(r.here.astray) < maxTraps {
			r.here.astray = append(r.here.astray, key+"= counts for nothing in ["+r.section+"]: it belongs in [Service]")
		}
	case !ok || !r.counts:
	case !r.here.file && key == "Id":
		r.here.name = value
	case !r.here.file && key == "FragmentPath":
		r.here.ofUser = strings.Contains(value, "/systemd/user/")
	case len(r.here.settings[key]) < maxLines:
		r.here.settings[key] = append(r.here.settings[key], value)
	}
}

// end begins another unit, unless nothing is known of this one.
func (r *unitReader) end() {
	if len(r.here.settings) > 0 || r.here.name != "" {
		r.done = append(r.done, r.here)
		r.here = newUnit()
	}
}

// units returns the units that were read. Blocks of lines without a section are units of
// their own if they have a name or all have the same settings, as systemctl show prints
// them, and else lines of one.
func (r *unitReader) units() []*unit {
	r.end()
	all := r.done
	if len(all) < 2 {
		return all
	}
	same := func(u *unit) bool {
		return u.name != "" || u.file || slices.Equal(slices.Sorted(maps.Keys(u.settings)), slices.Sorted(maps.Keys(all[0].settings)))
	}
	if !slices.ContainsFunc(all, func(u *unit) bool { return !same(u) }) {
		return all
	}
	one := newUnit()
	for _, u := range all {
		for key, values := range u.settings {
			one.settings[key] = append(one.settings[key], values...)
		}
	}
	return []*unit{one}
}

// last returns the last value of a setting, "" if there is none.
func (u *unit) last(key string) string {
	if values := u.settings[key]; len(values) > 0 {
		return values[len(values)-1]
	}
	return ""
}

// template returns an error if one of some settings is a template's, of Ansible or Go.
func (u *unit) template(keys []string) error {
	for _, key := range keys {
		for _, value := range u.settings[key] {
			if strings.Contains(value, "{{") || strings.Contains(value, "{%") {
				return errors.New(key + "=: it is a template, {{ ... }}: render it first, or save the output of systemctl cat")
			}
		}
	}
	return nil
}

// is reports whether a setting that is yes or no is yes. systemd passes over a value that is
// neither.
func (u *unit) is(key string) bool {
	for _, value := range slices.Backward(u.settings[key]) {
		if isYes(value) || value != "" && isNo(value) {
			return isYes(value)
		}
	}
	return false
}

// isYes reports whether a value stands for yes (systemd, parse_boolean).
func isYes(value string) bool {
	return slices.Contains([]string{"1", "yes", "y", "true", "t", "on"}, strings.ToLower(value))
}

// isNo reports whether a value stands for no, or for nothing.
func isNo(value string) bool {
	return slices.Contains([]string{"", "~", "0", "no", "n", "false", "f", "off"}, strings.ToLower(value))
}

// words returns the words of a setting that may stand several times. An empty value takes
// back those before it.
func (u *unit) words(key string) (list []string) {
	for _, value := range u.settings[key] {
		if value == "" {
			list = nil
		}
		list = append(list, fields(value)...)
	}
	return list
}

// fields splits a value at its blanks, but for those in quotes (systemd, extract_first_word
// with EXTRACT_UNQUOTE).
func fields(value string) (list []string) {
	if !strings.ContainsAny(value, `"'`) {
		return strings.Fields(value)
	}
	var word strings.Builder
	quote, inWord := rune(0), false
	for _, r := range value {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote == 0 && (r == '"' || r == '\''):
			quote, inWord = r, true
		case quote == 0 && (r == ' ' || r == '\t'):
			if inWord {
				list = append(list, word.String())
			}
			word.Reset()
			inWord = false
		default:
			word.WriteRune(r)
			inWord = true
		}
	}
	if inWord {
		list = append(list, word.String())
	}
	return list
}
