// SPDX-License-Identifier: Apache-2.0

package saved

import (
	"bytes"
	"regexp"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// row is a line of a text.
type row struct {
	number int    // of the line in the text, from 1
	from   string // what stood in front of it and says whose it is, as the name of a file or a pod
	text   string // what is left
	behind bool   // a word and a colon, which may as well say what the rest is
	ended  bool   // by the end of a line, and not by the end of the text
}

// longest is the length of the longest line that is examined for anything but the lines of
// a status file, in bytes.
const longest = 8 << 10

// rowOf returns a line as it was before it went through a terminal, a web page or a chat.
// The name of a task, behind the kernel's own tab, stays as it is.
func rowOf(line []byte, number int) row {
	line, ended := bytes.CutSuffix(line, newline)
	line = bytes.TrimSuffix(line, []byte("\r"))
	line = bytes.TrimLeft(line, " \t\ufeff")
	text := string(line)
	if !strings.HasPrefix(text, nameLine) {
		text = plain(text)
	}
	return row{number: number, text: text, ended: ended}
}

// pattern returns what compiles an expression when it is first needed: most runs read no
// text.
func pattern(expr string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expr) })
}

// control is a sequence that changes the colour of a terminal, its title and the like
// (ECMA-48, 5.4; xterm's operating system commands).
var control = pattern(`\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])`)

// plain returns a text without what a terminal acts on, and with ordinary blanks.
func plain(text string) string {
	if strings.IndexByte(text, '\x1b') >= 0 {
		text = control().ReplaceAllString(text, "")
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
	return strings.Trim(text, " \t\r\v\f")
}

// prefixes are what programs put before a line, with the part that says whose it is as the
// group. word marks those that may as well say what the rest is.
var prefixes = []struct {
	line func() *regexp.Regexp
	word bool
}{
	{line: pattern(`^\[(pid +\d+)\] +`)},                                        // strace -f
	{line: pattern(`^\[[\d\s.:TZ+-]+\] *`)},                                     // a time, as dmesg has it
	{line: pattern(`^\[([^\]]+)\] +`)},                                          // kubectl logs --prefix
	{line: pattern(`^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d\S*[ \t]+`)},              // kubectl logs --timestamps
	{line: pattern(`^std(?:out|err) [FP] `)},                                    // the log file of a container
	{line: pattern(`^[A-Z][a-z][a-z] [ \d]\d \d\d:\d\d:\d\d (\S+ [^\s:]+): +`)}, // syslog
	{line: pattern(`^(?:[>|+*#]+|[-=]+>?)[ \t]+|^>+`)},                          // mail, Markdown, diff, set -x
	{line: pattern(`^(pid \d+): +`)},                                            // decode
	{line: pattern(`^\d+[:-]`)},                                                 // grep -n
	{line: pattern(`^([^\s|]+)[ \t]+\|[ \t]*`)},                                 // docker compose
	{line: pattern(`^([^\s:]+):(?:\d+:)?[ \t]*`), word: true},                   // grep in several files
	{line: pattern(`^\d+[ \t]+`)},                                               // cat -n
}

// capName is the name of a set in a status file, which is never what stands before a line.
var capName = pattern(`\bCap(?:Inh|Prm|Eff|Bnd|Amb)\b`)

// peel returns a line without what some program put before it.
func peel(l row) (rest row, ok bool) {
	for _, p := range prefixes {
		at := p.line().FindStringSubmatchIndex(l.text)
		if at == nil || capName().MatchString(l.text[:at[1]]) {
			continue
		}
		rest = l
		rest.text = l.text[at[1]:]
		rest.behind = l.behind || p.word
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
	`WARNING: libcap needs an update .*`,                            // to know the names of this kernel
	`--+`, `==+`, `\.\.\.`, `…`, `\[\.\.\.\]`, `<snip>`, `\[snip\]`, // something is left out
	`[#$%❯➜](?: .*)?`, // a prompt, or a comment
	`\++ .*`,          // set -x of a shell
	`(?:\[[^\]]+\]|[\w.@:~/-]+)(?: [\w.@:~/-]+)?[ \]]?[#$%❯➜](?: .*)?`, // a prompt with a host or a directory
	`PS [^>]*>.*`, // the prompt of PowerShell
}, "|") + ")$")

// isNoise reports whether a line tells nothing.
func isNoise(text string) bool { return noise().MatchString(text) }
