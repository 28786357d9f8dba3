// SPDX-License-Identifier: Apache-2.0

package saved

import (
	"fmt"
	"slices"
	"strings"
)

// A line of a status file may stand in a log, a table or a program: it is found by the name of
// its field.

// between is what may stand between the name of a field and its value.
const between = "[\"'`]*[ \t]*(?:[:=]?[=-]?>|→|[:=|,;]|is|was|shows|becomes)?[ \t]*[\"'` \t]*"

var (
	// capAnywhere is a line of a set behind anything, or several that have become one line.
	capAnywhere = pattern(`(?:^|[^\w])(Cap(?:Inh|Prm|Eff|Bnd|Amb))` + between + `((?:0[xX])?[0-9a-fA-F]+)\b`)

	// fieldAnywhere is such a line of another field that tells something.
	fieldAnywhere = pattern(`(?:^|[^\w])(?:([UG]id)` + between + `(\d+(?:[ \t]+\d+){3})|(NoNewPrivs|Seccomp)` + between + `([0-2])|(Seccomp_filters)` + between + `(\d+))\b`)

	// otherAnywhere is one that tells nothing, with the kernel's own tab.
	otherAnywhere = pattern(`^(.*?[^\w])(?:(?:[A-Z]\w*|\w+_\w+):\t|(?:Groups|x86_Thread_features\w*):$)`)
)

// fieldName is the name of such a field, which is never what stands before a line.
var fieldName = pattern(`(?:Cap(?:Inh|Prm|Eff|Bnd|Amb)|\b[UG]id|NoNewPrivs|Seccomp(?:_filters)?)\b`)

// inPath is what follows digits that are the beginning of the name of a file.
var inPath = pattern(`^(?:\.\w|[/-])`)

// maxSets is how many sets are read of a line.
const maxSets = 64

// fieldsAnywhere takes what a line has of the lines of a status file, wherever it has them.
func (r *reader) fieldsAnywhere(l row) bool {
	found := slices.Concat(capAnywhere().FindAllStringSubmatchIndex(l.text, maxSets), fieldAnywhere().FindAllStringSubmatchIndex(l.text, maxSets))
	found = slices.DeleteFunc(found, func(at []int) bool { return inPath().MatchString(l.text[at[1]:]) })
	if len(found) > 0 {
		r.takeFields(l, found)
	}
	return len(found) > 0
}

// otherAnywhere sets a line aside that has one of a status file behind something.
func (r *reader) otherAnywhere(l row) bool {
	if at := otherAnywhere().FindStringSubmatchIndex(l.text); at != nil {
		l.from = origin(l.text[:at[3]])
		r.setAside(l)
		return true
	}
	return false
}

// takeFields takes the fields that are found in a line, each with the places of its name and
// its value. What stands in front of the first says whose they are.
func (r *reader) takeFields(l row, found [][]int) {
	var fields [][]int
	for _, at := range found {
		for i := 2; i+3 < len(at); i += 4 {
			if at[i] >= 0 {
				fields = append(fields, at[i:i+4])
			}
		}
	}
	text, first := l.text, len(l.text)
	for _, at := range fields {
		first = min(first, at[0])
	}
	from, columns := origin(text[:first]), map[string]int{}
	l.ended = true
	for _, at := range fields {
		name := text[at[0]:at[1]]
		columns[name]++
		l.from = from
		if n := columns[name]; n > 1 { // as diff -y and paste have it
			l.from = strings.TrimSpace(fmt.Sprintf("%s column %d", from, n))
		}
		l.text = name + ":\t" + text[at[2]:at[3]]
		r.statusLine(l)
	}
}

// moment is what differs from line to line in front of them: times and dates, a number with a
// fraction, that of a list, and the line of a program.
var moment = pattern(`^[ \t]*\d{1,3}[.)][ \t]|\d{4}[-/]\d\d[-/]\d\d[T ]?|\b\d\d-\d\d |\d\d:\d\d(?::\d\d)?(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?|\b\d+\.\d+\b|:\d+\b`)

// firstLine is the beginning of a whole status file.
const firstLine = "Name:"

// origin returns what the text in front of a field says of whose it is.
func origin(before string) string {
	before, _, _ = strings.Cut(before, firstLine)
	from := strings.Join(strings.Fields(moment().ReplaceAllString(before, "")), " ")
	from = strings.Trim(from, " \t|:*>\"'`“‘{[(,")
	if len(from) > 1 {
		from = strings.Trim(from, "+-< ")
	}
	return from
}
