// SPDX-License-Identifier: Apache-2.0

package saved

import (
	"bytes"
	"encoding/json"
	"html"
	"iter"
	"regexp"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/capinspect/capinspect/capset"
)

// row is a line of a text.
type row struct {
	number int    // of the line in the text, from 1
	from   string // what stood in front of it and says whose it is, as the name of a file or a pod
	text   string // what is left
	peeled bool   // something stood in front of it
	behind bool   // that is a word and a colon, which may as well say what the rest is
	ended  bool   // by the end of a line, and not by the end of the text
}

// longest is the length of the longest line that is examined for anything but the lines of
// a status file, in bytes: a call of capset with all names has half. longestOther is that of
// one without "cap" in it.
const (
	longest      = 4 << 10
	longestOther = 1 << 10
)

// isLong reports whether a line is too long to be examined.
func isLong(text string) bool {
	return len(text) > longest || len(text) > longestOther && !anyCap().MatchString(text)
}

var anyCap = pattern(`(?i)cap`)

// rowOf returns a line as it was before it went through a terminal, a web page or a chat.
// The name of a task, behind the kernel's own tab, stays as it is.
func rowOf(line []byte, number int) row {
	line, ended := bytes.CutSuffix(line, newline)
	line = bytes.TrimSuffix(line, []byte("\r"))
	line = bytes.TrimLeft(line, " \t\ufeff")
	text := string(line)
	switch {
	case strings.HasPrefix(text, nameLine):
	case len(text) > longest:
		text = strings.Trim(text, " \t\r")
	default:
		text = plain(text)
	}
	return row{number: number, text: text, ended: ended}
}

// rows returns the lines of a text that are not empty. Those of a string are lines of their
// own, and one that was wrapped is whole.
func rows(text []byte) iter.Seq[row] {
	return func(yield func(row) bool) {
		var last row
		number, wrapped := 0, 0
		for line := range bytes.Lines(text) {
			number++
			if len(line) == len(newline) && line[0] == '\n' {
				continue
			}
			for part := range bytes.Lines(unescaped(line)) {
				l := rowOf(part, number)
				switch {
				case wrapped < maxWrapped && len(last.text)+len(l.text) <= longestList && l.continues(last):
					wrapped++
					last.text, last.ended = last.text+l.text, l.ended
					continue
				case last.number > 0 && !yield(last):
					return
				}
				last = l
			}
		}
		if last.number > 0 {
			yield(last)
		}
	}
}

// pattern returns what compiles an expression when it is first needed: most runs read no
// text.
func pattern(expr string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expr) })
}

// dockerLog is a line of the log that docker's json-file keeps, with the text as the group.
var dockerLog = pattern(`^\{"log":("(?:[^"\\]|\\.)*"),"(?:stream|attrs|time)":`)

// escapedCaps is what says that a line has the lines of a status file as a string in JSON or
// of a program has them, with the string's end as the group.
var escapedCaps = pattern(`^(?:.*?["'])??(\w*:?\\+t.*?|Cap(?:Inh|Prm|Eff|Bnd|Amb):.*?\\+n.*?)(?:["'][\]}),;+\\ ]*)?$`)

// escapedName is the name of any line of a status file in such a string.
var escapedName = pattern(`["'](?:[A-Z]\w*|\w+_\w+):\\+t`)

// escapedBlank is a tab or the end of a line in such a string.
var escapedBlank = pattern(`\\+([tnr])`)

// unescaped returns the lines that one line has as a string, or the line itself.
func unescaped(line []byte) []byte {
	if len(line) > longest || bytes.IndexByte(line, '\\') < 0 || bytes.HasPrefix(line, []byte(nameLine)) {
		return line
	}
	trimmed := bytes.TrimSpace(line)
	if found := dockerLog().FindSubmatch(trimmed); found != nil {
		var text string
		if json.Unmarshal(found[1], &text) == nil {
			return append([]byte(strings.TrimSuffix(text, "\n")), newline...)
		}
	}
	found := escapedCaps().FindSubmatch(trimmed)
	if found == nil || !fieldName().Match(line) && !escapedName().Match(line) {
		return line
	}
	text := escapedBlank().ReplaceAllStringFunc(string(found[1]), func(mark string) string {
		return map[byte]string{'t': "\t", 'n': "\n", 'r': ""}[mark[len(mark)-1]]
	})
	return append([]byte(strings.TrimSuffix(text, "\n")), newline...)
}

// control is a sequence that changes the colour of a terminal, its title and the like
// (ECMA-48, 5.4; xterm's operating system commands). A page that shows it has lost the
// first byte of a colour.
var control = pattern(`\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])|\[\d{1,2}(?:;\d{1,3})*m(?:\[K)?|\[m\[K|\[[mK]$`)

// tag is a tag of HTML that stands around a text, not in its place.
var tag = pattern(`(?i)</?(?:pre|code|p|br|b|i|strong|em|span|div|table|tbody|td|th|tr|li|samp|kbd|tt)(?:[ /][^<>]*)?>`)

// plain returns a text without what a terminal acts on, without the marks of a web page, and
// with ordinary blanks.
func plain(text string) string {
	if strings.IndexByte(text, '\x1b') >= 0 || strings.Contains(text, "m") && strings.Contains(text, "[") || strings.HasSuffix(text, "[K") {
		text = control().ReplaceAllString(text, "")
	}
	if strings.IndexByte(text, '&') >= 0 {
		text = html.UnescapeString(text)
	}
	if strings.IndexByte(text, '<') >= 0 && strings.IndexByte(text, '>') >= 0 {
		text = tag().ReplaceAllString(text, " ")
	}
	if strings.Contains(text, "**") { // Markdown
		text = strings.ReplaceAll(text, "**", "")
	}
	if strings.Contains(text, "^I") { // cat -A
		text = strings.TrimSuffix(strings.ReplaceAll(text, "^I", "\t"), "$")
	}
	if strings.IndexFunc(text, func(r rune) bool { return r >= utf8.RuneSelf }) >= 0 {
		text = strings.Map(func(r rune) rune {
			switch {
			case r >= utf8.RuneSelf && unicode.IsSpace(r):
				return ' '
			case unicode.Is(unicode.Cf, r): // no width, or a direction
				return -1
			}
			return r
		}, text)
	}
	return strings.Trim(text, " \t\r\v\f“”„‘’")
}

// longestList is the length of the longest list that is put together again, in bytes: a
// full one has a third.
const longestList = 2 << 10

// maxWrapped is how many lines are put behind the one before.
const maxWrapped = 10_000

// wrappedList is the end of a line inside a list of capabilities, with the last name as the
// group; restOfList is a line that has nothing but the rest of one.
var (
	wrappedList = pattern(`(?:^|[\s=,!^%"\[])(cap_[a-z_]*|cap?|c)?(,?)$`)
	restOfList  = pattern(`^[a-z0-9_,!^%]+(?:[=+-][eip]*)*(?: [a-z0-9_,]*[=+-][eip]*)*(?: [a-z0-9_,]*)?["\]]*$`)
	cutSet      = pattern(`^(?:.*\W)?Cap(?:Inh|Prm|Eff|Bnd|Amb):?[ \t]+(00[0-9a-f]*)$`)
	restOfSet   = pattern(`^[0-9a-f]{1,15}$`)
)

// continues reports whether a line is the rest of the one before it, which somebody copied
// from a narrow terminal: of a bitmap with fewer digits than the kernel prints, or of a
// list of names that ends in the middle.
func (l row) continues(before row) bool {
	if restOfSet().MatchString(l.text) {
		if cut := cutSet().FindStringSubmatch(before.text); cut != nil {
			return len(cut[1])+len(l.text) == kernelDigits
		}
	}
	if !strings.Contains(before.text, "cap_") || !restOfList().MatchString(l.text) {
		return false
	}
	if l.text[0] == ',' {
		return true
	}
	const longName = 64
	found := wrappedList().FindStringSubmatch(before.text[max(0, len(before.text)-longName):])
	switch {
	case found == nil:
		return false
	case found[2] != "":
		return true
	}
	rest := l.text
	if end := strings.IndexAny(rest, `,=+-"]`); end >= 0 {
		rest = rest[:end]
	}
	_, cut := capset.Parse(found[1])
	_, whole := capset.Parse(found[1] + rest)
	return cut != nil && whole == nil
}

// prefixes are what programs put before a line, with the part that says whose it is as the
// group. word marks those that may as well say what the rest is.
var prefixes = []struct {
	line func() *regexp.Regexp
	word bool
}{
	{line: pattern(`^\[(pid +\d+)\] +`)},                                     // strace -f
	{line: pattern(`^\[[\d\s.:TZ+-]+\] *`)},                                  // a time, as dmesg has it
	{line: pattern(`^\[([^\]]+)\] +`)},                                       // kubectl logs --prefix
	{line: pattern(`^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d\S*[ \t]+`)},           // kubectl logs --timestamps
	{line: pattern(`^([^\t]+)\t[^\t]+\t\x{feff}?\d{4}-\d\d-\d\dT\S+[ \t]+`)}, // gh run view --log
	{line: pattern(`^(?:\d{4}/\d\d/\d\d )?\d\d:\d\d:\d\d(?:[.,]\d+)?[ \t]+(?:\|[ \t]*)?`)},
	{line: pattern(`^#\d+ \d+\.\d+[ \t]+`)},                                     // BuildKit
	{line: pattern(`^(?:TRACE|DEBUG|INFO|WARN|WARNING|ERROR)[ \t]+`)},           // a level
	{line: pattern(`^E[ \t]{3,}`)},                                              // pytest
	{line: pattern(`^std(?:out|err) [FP] `)},                                    // the log file of a container
	{line: pattern(`^\d\d[OE][ +]`)},                                            // the log of a GitLab job
	{line: pattern(`^<\d{1,3}>1 \S+ (\S+ \S+) \S+ \S+ (?:-|\[[^\]]*\]) +`)},     // syslog, RFC 5424
	{line: pattern(`^([\w.-]+ [\w./@-]+\[\d+\]): +`)},                           // journalctl -o short-iso
	{line: pattern(`^[A-Z][a-z][a-z] [ \d]\d \d\d:\d\d:\d\d (\S+ [^\s:]+): +`)}, // syslog
	{line: pattern(`^(?:[>|+*#]+|[-=]+>?)[ \t]+|^>+`)},                          // mail, Markdown, diff, set -x
	{line: pattern(`^\d{1,3}[.)][ \t]+`)},                                       // a numbered list
	{line: pattern(`^(pid \d+): +`)},                                            // decode
	{line: pattern(`^\d+[:-]`)},                                                 // grep -n
	{line: pattern(`^([^\s|]+)[ \t]+\|[ \t]*`)},                                 // docker compose
	{line: pattern(`^([^\s:]+):(?:\d+:)?[ \t]*`), word: true},                   // grep in several files
	{line: pattern(`^\d+[ \t]+`)},                                               // cat -n
}

// capName is the name of a set in a status file, which is never what stands before a line.
var capName = pattern(`Cap(?:Inh|Prm|Eff|Bnd|Amb)\b`)

// numbers is a line of numbers alone, as uid_map has it: the first is not that of a line.
var numbers = pattern(`^\d{1,10}(?:[ \t]+\d{1,10})+$`)

// peel returns a line without what some program put before it.
func peel(l row) (rest row, ok bool) {
	if l.text != "" && l.text[0] <= '9' && numbers().MatchString(l.text) {
		return l, false
	}
	for _, p := range prefixes {
		at := p.line().FindStringSubmatchIndex(l.text)
		if at == nil || fieldName().MatchString(l.text[:at[1]]) {
			continue
		}
		rest = l
		rest.text = l.text[at[1]:]
		rest.peeled, rest.behind = true, l.behind || p.word
		if len(at) > 2 && at[2] >= 0 {
			rest.from = strings.Trim(l.from+" "+l.text[at[2]:at[3]], " ")
		}
		return rest, true
	}
	return l, false
}

// noise are the lines between others that nobody needs to be told of.
var noise = pattern("^(?:" + strings.Join([]string{
	"",                               // an empty line
	"[`~]{3,}.*",                     // a fence of Markdown
	`Default(?:ed|ing) container .*`, // kubectl
	`Use 'kubectl describe .*`,
	`If you don't see a command prompt.*`,
	`command terminated with exit code \d+`,
	`WARNING: libcap needs an update .*`, // to know the names of this kernel
	`[|+][-=:|+ ]+[|+]`,                  // a line in a table
	"[][{}(),;\"']+", `"[\w.]+": ?[\[{]`, // what stands around lines
	`##\[\w+\].*`, `::\w[\w-]*(?: [^:]*)?::.*`, `section_(?:start|end):.*`, // of a CI job
	`#+ [A-Z ]+ #+`, `Comment: .*`, // kdigger
	`Container Runtime: .*`, `Has Namespaces:`, `(?:pid|user): (?:true|false)`, `AppArmor Profile: .*`, // amicontained
	`(?:Child )?(?:User|Group) +credentials .*`, // captest
	`(?i)capabilities:`,
	`getfattr: Removing leading '/' .*`,
	`--+`, `==+`, `\.\.\.`, `…`, `\[\.\.\.\]`, `<snip>`, `\[snip\]`, // something is left out
	`[#$%❯➜](?: .*)?`, // a prompt, or a comment
	`\++ .*`,          // set -x of a shell
	`(?:\[[^\]]+\]|[\w.@:~/-]+)(?: [\w.@:~/-]+)?[ \]]?[#$%❯➜](?: .*)?`, // a prompt with a host or a directory
	`PS [^>]*>.*`, // the prompt of PowerShell
	`(?:Apptainer|Singularity)>.*`,
}, "|") + ")$")

// noiseAbove is a line above others that tell nothing either: the system calls that
// amicontained lists.
var noiseAbove = pattern(`^Blocked [sS]yscalls \(\d+\):$`)

// isPath is the path of a file alone, which getcap -v prints if it has no capabilities.
var isPath = pattern(`^\.{0,2}/\S*[^\s:]$`)

// isNoise reports whether a line tells nothing.
func isNoise(text string) bool { return noise().MatchString(text) }
