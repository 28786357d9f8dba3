// SPDX-License-Identifier: Apache-2.0

package saved

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A configuration comes from a terminal or a ticket too: behind a prompt, in a fence, or with
// something before each line. It is read as a whole, so what does not belong to it is blanked
// before, and every line keeps its number.

// worn are words of which a configuration has at least one.
var worn = []string{
	"HostConfig", "ociVersion", "runtimeSpec", "CapAdd", `"Spec"`, "services:", "[Service]", "[Container]",
	"CapabilityBoundingSet=", "AmbientCapabilities=", "NoNewPrivileges=", "DynamicUser=", "SecureBits=",
}

// fore are what may stand before each line of a text, with the blanks behind it that are not
// those of the line.
var fore = []func() *regexp.Regexp{
	pattern(`^> ?`),                  // mail
	pattern(`^[+-]`),                 // diff
	pattern(`^[^\s|"{}\[\]]+ +\| ?`), // docker compose
	pattern(`^(?:\d{4}-\d\d-\d\d[T ])?\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?(?: |$)`), // a log
	pattern(`^\[[^\]"]+\](?: |$)`),     // kubectl logs --prefix
	pattern(`^[^\s:"{}\[\]]+:\d+[:-]`), // grep -n in several files
	pattern(`^\d+[:-]`),                // grep -n
	pattern(`^ *\d+\t`),                // cat -n
	pattern(`^[^\s:"{}\[\]]+\.\w+:`),   // grep in several files
}

// maxWorn is the size in bytes of the longest text that is searched for a configuration:
// what people paste is shorter, and each of its lines is looked at several times.
const maxWorn = 1 << 20

// unwrapped returns a text without what stands around a configuration in it; any other text,
// and one longer than maxWorn, as it is.
func unwrapped(text []byte) []byte {
	has := func(word string) bool { return bytes.Contains(text, []byte(word)) }
	if len(text) > maxWorn || !slices.ContainsFunc(worn, has) || capName().Match(text) {
		return text
	}
	if bytes.IndexByte(text, '\x1b') >= 0 || bytes.IndexFunc(text, oddBlank) >= 0 {
		text = ordinary(text)
	}
	bare := text
	if inner := withoutPrompts(text); inner != nil {
		bare = inner
	}
	for _, without := range []func([]byte) []byte{fenced, withoutFore, itself, betweenBrackets, withoutIndent} {
		if inner := without(bare); inner != nil && isAsked(inner) {
			return inner
		}
	}
	return text
}

// itself returns a text, unless something follows JSON in it.
func itself(text []byte) []byte {
	trimmed := bytes.TrimSpace(text)
	if isObject(text) && !bytes.HasSuffix(trimmed, []byte("}")) || bytes.HasPrefix(trimmed, []byte("[{")) && !bytes.HasSuffix(trimmed, []byte("]")) {
		if inner := betweenBrackets(text); inner != nil && isAsked(inner) {
			return inner
		}
	}
	return text
}

// isAsked reports whether a text is a configuration.
func isAsked(text []byte) bool { return formatOf(text).asks != nil }

// oddBlank reports whether a character is a blank that only people take for one.
func oddBlank(r rune) bool {
	return r >= utf8.RuneSelf && (unicode.IsSpace(r) || unicode.Is(unicode.Cf, r))
}

// ordinary returns a text without what a terminal acts on, and with ordinary blanks.
func ordinary(text []byte) []byte {
	return bytes.Map(func(r rune) rune {
		switch {
		case !oddBlank(r):
			return r
		case unicode.IsSpace(r):
			return ' '
		}
		return -1
	}, control().ReplaceAll(text, nil))
}

// changed returns a text whose lines are what change makes of them. A line that is left out
// stays as an empty one.
func changed(text []byte, change func(line string) (string, bool)) []byte {
	var out bytes.Buffer
	for row := range bytes.Lines(text) {
		line := strings.TrimRight(string(row), "\r\n")
		if line, ok := change(line); ok {
			out.WriteString(line)
		}
		if bytes.HasSuffix(row, newline) {
			out.WriteByte('\n')
		}
	}
	return out.Bytes()
}

// fenced returns what stands in the fences of a text in Markdown; nil if it has none.
func fenced(text []byte) []byte {
	inside, fence, any := false, "", false
	inner := changed(text, func(line string) (string, bool) {
		trimmed := strings.TrimSpace(line)
		for _, mark := range [...]string{"```", "~~~"} {
			if strings.HasPrefix(trimmed, mark) && (fence == "" || fence == mark) {
				any, inside, fence = true, !inside, mark
				if !inside {
					fence = ""
				}
				return "", false
			}
		}
		return line, inside
	})
	if !any {
		return nil
	}
	return inner
}

// prompt is a line of a shell: what stands before a command, and the command.
var prompt = pattern(`^(?:(?:\[[\w.-]+@[^\]]+\]|[\w.-]+@[\w.:~/-]+) ?[#$%❯➜]|[$%❯➜]|PS [^>]*>)(?: .*)?$`)

// withoutPrompts leaves out the lines of a shell; nil if there are none.
func withoutPrompts(text []byte) []byte {
	any := false
	inner := changed(text, func(line string) (string, bool) {
		if prompt().MatchString(line) {
			any = true
			return "", false
		}
		return line, true
	})
	if !any {
		return nil
	}
	return inner
}

// betweenBrackets leaves out what stands before and behind JSON, which begins and ends with a
// bracket at the margin.
func betweenBrackets(text []byte) []byte {
	lines := bytes.SplitAfter(text, newline)
	first, last := -1, -1
	for i, line := range lines {
		line = bytes.TrimRight(line, "\r\n")
		if first < 0 && (bytes.HasPrefix(line, []byte("{")) || bytes.HasPrefix(line, []byte("[")) && !prompt().Match(line)) {
			first = i
		}
		if first >= 0 && len(line) > 0 && (bytes.HasSuffix(line, []byte("]")) || bytes.HasSuffix(line, []byte("}"))) && (i == first || len(line) == 1) {
			last = i
		}
	}
	if first < 0 || last < first {
		return nil
	}
	return slices.Concat(bytes.Repeat(newline, first), bytes.Join(lines[first:last+1], nil))
}

// withoutFore takes away what stands before each line; nil if something else stands before
// one.
func withoutFore(text []byte) []byte {
	for _, before := range fore {
		all := true
		inner := changed(text, func(line string) (string, bool) {
			at := before().FindStringIndex(line)
			if at == nil {
				all = all && strings.TrimSpace(line) == ""
				return "", false
			}
			return line[at[1]:], true
		})
		if all {
			if isAsked(inner) {
				return inner
			}
			return withoutIndent(inner)
		}
	}
	return nil
}

// withoutIndent returns a text whose lines are all indented without that.
func withoutIndent(text []byte) []byte {
	least := -1
	for row := range bytes.Lines(text) {
		line := bytes.TrimRight(row, " \t\r\n")
		if indent := len(line) - len(bytes.TrimLeft(line, " ")); len(line) > 0 && (least < 0 || indent < least) {
			least = indent
		}
	}
	if least <= 0 {
		return nil
	}
	return changed(text, func(line string) (string, bool) { return line[min(least, len(line)):], true })
}
