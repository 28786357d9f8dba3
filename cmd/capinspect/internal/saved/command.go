// SPDX-License-Identifier: Apache-2.0

package saved

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/capinspect/capinspect/capset"
)

// A transcript has commands in front of what they print.

var (
	// promptCommand is a command, with what stands in front of it. A number sign alone may as
	// well begin a comment.
	promptCommand = pattern(`^(?:[$%❯➜]|\++|[^\s#$%❯➜>][^$%❯➜>]*?[#$%❯➜>]) *(\S.*)$`)

	// statusCommand is a command that shows a status file: where it runs and which file it is.
	statusCommand = pattern(`^(.*?)\b(?:[ef]?grep|cat|head|tail|sed|awk|less|rg|ba?sh)\b.*?(/proc/\S+/status)\b`)

	// lastCapNamed is what sysctl and grep print of the last capability of a kernel.
	lastCapNamed = pattern(`^\S*\bcap_last_cap["']?[ \t]*[:=][ \t]*(\d{1,2})$`)

	// shortNumber is a number of at most two digits.
	shortNumber = pattern(`^\d{1,2}$`)
)

// command takes the command in front of lines. One that shows another status file than the
// one before ends the tasks.
func (r *reader) command(text string) {
	if len(text) > longestOther {
		return
	}
	if found := promptCommand().FindStringSubmatch(text); found != nil && isNoise(text) {
		r.asked = found[1]
	}
	if !strings.Contains(text, "/status") {
		return
	}
	if found := statusCommand().FindStringSubmatch(text); found != nil {
		if shown := found[1] + found[2]; shown != r.shown {
			clear(r.open)
			r.shown = shown
		}
	}
}

// otherOutput reports whether a number is what a command has printed that is not about
// capabilities, as id and pidof. The kernel prints 16 digits of a set.
func (r *reader) otherOutput(text string) bool {
	asked := strings.ToLower(r.asked)
	return asked != "" && !strings.Contains(asked, "cap") && !strings.HasPrefix(text, "0x") && len(text) != kernelDigits
}

// lastCapLine takes the last capability of a kernel, behind its name or a command.
func (r *reader) lastCapLine(l row) (bool, error) {
	text := l.text
	if !strings.Contains(text, "cap_last_cap") && len(text) > 2 {
		return false, nil
	}
	if found := lastCapNamed().FindStringSubmatch(text); found != nil {
		text = found[1]
	} else if !strings.Contains(r.asked, "cap_last_cap") || !shortNumber().MatchString(text) {
		return false, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n > int(capset.Max) {
		return true, fmt.Errorf("%q: no capability", text)
	}
	if last := capset.Cap(n); !slices.Contains(r.lastCaps, last) {
		r.lastCaps = append(r.lastCaps, last)
	}
	return true, nil
}

// lastCap returns the last capability of the kernel, if the text has one.
func (r *reader) lastCap() (last capset.Cap, ok bool) {
	if len(r.lastCaps) != 1 {
		return 0, false
	}
	return r.lastCaps[0], true
}

// giveLastCap tells the last capability to what capsh has printed, in which it decides what
// all are.
func (r *reader) giveLastCap(it *item) {
	p, ok := it.part.(capshPart)
	last, known := r.lastCap()
	if ok && known {
		p[reportLastCap] = capshValue{value: strconv.Itoa(int(last)), row: row{number: 1}}
	}
}
