// SPDX-License-Identifier: Apache-2.0

package saved

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/report"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
	"github.com/capinspect/capinspect/procstatus"
)

// ofStatus is what an item is that is made of lines of a status file.
const ofStatus = "a status file"

var (
	newline  = []byte("\n")
	nameLine = procstatus.FieldName.String() + ":\t"
)

const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_"

// statusPart has the lines of one status file, or some of them.
type statusPart struct {
	lines []row // as the kernel prints them
	names []string
	cut   []int // which lines have but the beginning of their digits
	after bool  // a line follows them that is not read, as the last ones of every kernel are not
}

// maxRead is how many lines are read of a status file: the fields that package procstatus
// knows, and as many sets of later kernels.
const maxRead = 128

// statusLine takes a line of a status file that package procstatus knows, and a line of a
// set that it does not know.
func (r *reader) statusLine(l row) (bool, error) {
	s, ok := parseStatusLine(l.text)
	if !ok {
		return false, nil
	}
	it := r.open[l.from]
	if it == nil || it.what != ofStatus || it.part.(*statusPart).ends(s.name) {
		it = r.begin(l.from, ofStatus, &statusPart{})
	}
	p := it.part.(*statusPart)
	if len(p.lines) == maxRead {
		return true, errTooManySets
	}
	p.names, p.after = append(p.names, s.name), false
	p.lines = append(p.lines, row{number: l.number, from: l.from, text: s.name + ":\t" + s.value, ended: l.ended || s.whole})
	if s.cut {
		p.cut = append(p.cut, len(p.lines)-1)
	}
	if s.cut || !strings.HasPrefix(s.name, "Cap") {
		return true, nil
	}
	if set, err := capset.ParseHex(s.value); err == nil {
		it.sets = append(it.sets, report.DecodedMask{Of: l.from, Label: s.name, Gap: s.gap, Input: l.text, Set: set})
	}
	return true, s.err
}

// add takes a line that is not read. One of a set that is not known is shown as it is.
func (p *statusPart) add(l row) {
	p.after = true
	name, _, _ := strings.Cut(l.text, ":\t")
	if _, known := procstatus.FieldNamed(name); !known && strings.HasPrefix(name, "Cap") && tabbed().MatchString(l.text) {
		p.lines = append(p.lines, l)
	}
}

// ends reports whether a line of a name is one of the next status file: a file has a name
// once, and begins with the name of the task.
func (p *statusPart) ends(name string) bool {
	return slices.Contains(p.names, name) || name == procstatus.FieldName.String()
}

// statusLine is a line of a status file.
type statusLine struct {
	name, value string
	gap         string // between the colon and the value
	whole       bool   // the value is whole, whether its line is ended or not
	cut         bool   // the value is the beginning of more digits
	err         error
}

func parseStatusLine(text string) (s statusLine, ok bool) {
	s.name = text[:len(text)-len(strings.TrimLeft(text, letters))]
	rest := strings.TrimLeft(text[len(s.name):], " ")
	s.name = setNamed(s.name, rest)
	f, known := procstatus.FieldNamed(s.name)
	isCap := strings.HasPrefix(s.name, "Cap")
	switch {
	case !known && !isCap, rest == "":
		return s, false
	case rest[0] == ':':
		rest = rest[1:]
		s.gap = rest[:len(rest)-len(strings.TrimLeft(rest, " \t"))]
	case rest[0] == '=' && f != procstatus.FieldName && f != procstatus.FieldState:
		rest, s.gap = rest[1:], "\t"
	case isCap && known && (rest[0] == '\t' || text[len(text)-len(rest)-1] == ' '):
		s.gap = "\t"
		if !hexValue().MatchString(rest) {
			return s, false
		}
	default:
		return s, false
	}
	if isCap {
		return s, s.setCaps(rest, known)
	}
	const longName = 64 // bytes, of a kernel thread
	if f == procstatus.FieldName && len(rest) > longName && capAnywhere().MatchString(rest) {
		return s, false // several lines have become one
	}
	if f == procstatus.FieldName && s.gap != "" && s.gap[0] == '\t' {
		s.value = rest[1:] // which may begin and end with blanks
		return s, true
	}
	s.value = strings.Trim(rest, " \t\"'`,;")
	switch f {
	case procstatus.FieldUID, procstatus.FieldGID:
		s.value = strings.Join(strings.Fields(s.value), "\t")
	case procstatus.FieldSeccomp: // which our own report has too, with words
		return s, s.value == "" || s.value[0] >= '0' && s.value[0] <= '9'
	}
	return s, true
}

// setNamed returns the kernel's name of a set for another spelling of it, or for one that
// has lost its first letters. The value behind it says whether it is a set.
func setNamed(name, value string) string {
	for k := range capset.Kind(capset.NumKinds) {
		kernels := procstatus.CapField(k).String()
		switch spelled := strings.ReplaceAll(name, "_", ""); {
		case strings.EqualFold(name, kernels):
			return kernels
		case strings.EqualFold(spelled, kernels), len(name) >= 3 && strings.HasSuffix(kernels, name):
			if bareValue().MatchString(value) {
				return kernels
			}
		}
	}
	return name
}

var (
	// hexValue is the value of a set: digits, which may be quoted, or what decode makes of
	// them.
	hexValue = pattern("^[\"'` \t]*(0[xX])?([0-9a-fA-F](?:_?[0-9a-fA-F])*)(=[^ \t]*)?[\"'`,; \t|]*(?:#.*)?$")

	// firstValue is such a value with something behind it: all digits that the kernel prints,
	// or 0x, say that it is whole.
	firstValue = pattern("^[\"'` \t|]*(0[xX])?([0-9a-fA-F]{1,16})()[\"'`,;|<>)\\]} \t].*$")

	// bareValue is the value that follows the name of a set in another spelling.
	bareValue = pattern("^[:=]?[\"'` \t]*(?:0[xX][0-9a-fA-F]{1,16}|[0-9a-fA-F]{16})\\b")
)

// kernelDigits is how many digits the kernel prints of a set.
const kernelDigits = 16

// firstOf returns what firstValue finds, nil if the value may not be whole.
func firstOf(value string) []string {
	found := firstValue().FindStringSubmatch(value)
	if found == nil || found[1] == "" && len(found[2]) < kernelDigits {
		return nil
	}
	return found
}

// isCut reports whether some digits are the beginning of more: the kernel prints zeros in
// front, and always as many digits. People write eight.
func isCut(digits string) bool {
	return strings.HasPrefix(digits, "00") && len(digits) < kernelDigits && len(digits) != kernelDigits/2
}

// setCaps takes the value of a set. known says that the kernel's name of the set is known;
// an unknown one is a set only with digits.
func (s *statusLine) setCaps(value string, known bool) bool {
	if len(value) > longest {
		s.value = shortened(value)
		return known
	}
	found := hexValue().FindStringSubmatch(value)
	if found == nil {
		if capAnywhere().MatchString(value) { // several lines have become one
			return false
		}
		if found = firstOf(value); found == nil {
			s.value = strings.Trim(value, " \t")
			return known
		}
	}
	s.value = strings.ReplaceAll(found[2], "_", "")
	s.cut = found[1] == "" && isCut(s.value)
	if found[1] != "" {
		if set, err := capset.ParseHex(s.value); err == nil {
			s.value, s.whole = set.Hex(), true
		}
	}
	if found[3] != "" {
		_, s.err = namedMask(found[1]+found[2], found[3][1:])
	}
	return true
}

// malformed is why a value is unknown whose line has something wrong.
const malformed = "its line is malformed"

// task returns the task of a status file. A value whose line has something wrong is
// unknown.
func (p *statusPart) task() (*task.Task, []lineError) {
	var errs []lineError
	lines, bad := slices.Clone(p.lines), map[procstatus.Field]bool{}
	for _, at := range p.cut {
		name, value, _ := strings.Cut(lines[at].text, ":\t")
		errs = append(errs, lineError{lines[at].number, fmt.Errorf("%s: %q: %w: the kernel prints %d digits", name, value, errCutShort, kernelDigits)})
		if f, ok := procstatus.FieldNamed(name); ok {
			bad[f] = true
		}
		lines[at].text, lines[at].ended = name+":\t0", true
	}
	for {
		s, err := procstatus.Parse(joinedLines(lines))
		wrong, ok := errors.AsType[*procstatus.FieldError](err)
		if !ok {
			if err != nil { // no line is left
				return nil, errs
			}
			return p.taskOf(s, bad), errs
		}
		at := wrong.Line - 1
		if errors.Is(wrong.Err, io.ErrUnexpectedEOF) {
			wrong.Err = errCutShort
		}
		value := bytes.TrimPrefix(wrong.Value, []byte("\t"))
		errs = append(errs, lineError{lines[at].number, fmt.Errorf("%v: %q: %w", wrong.Field, value, wrong.Err)})
		if strings.HasPrefix(wrong.Field.String(), "Cap") && !bad[wrong.Field] { // the kernel has that set
			lines[at].text, lines[at].ended = wrong.Field.String()+":\t0", true
		} else {
			lines = slices.Delete(lines, at, at+1)
		}
		bad[wrong.Field] = true
	}
}

// tellsSets reports whether there are lines of sets.
func (p *statusPart) tellsSets() bool {
	return slices.ContainsFunc(p.names, func(name string) bool { return strings.HasPrefix(name, "Cap") })
}

func joinedLines(lines []row) (text []byte) {
	for _, l := range lines {
		text = append(text, l.text...)
		if l.ended {
			text = append(text, '\n')
		}
	}
	return text
}

// taskOf returns the task of a status file, nil if that tells no set. bad are the fields
// whose lines are malformed.
func (p *statusPart) taskOf(s *procstatus.Status, bad map[procstatus.Field]bool) *task.Task {
	t := &task.Task{Status: task.StatusOf(s, task.PartOfFile)}
	switch {
	case t.EveryKernelTells() && p.after && !lacksAny(s):
		t.Status = task.StatusOf(s, task.WholeFile)
	case t.EveryKernelTells():
		t.Status = task.StatusOf(s, task.CutFile)
	}
	for k := range t.Sets {
		spoil(&t.Sets[k], bad[procstatus.CapField(capset.Kind(k))])
	}
	spoil(&t.UID, bad[procstatus.FieldUID])
	spoil(&t.GID, bad[procstatus.FieldGID])
	spoil(&t.Groups, bad[procstatus.FieldGroups])
	spoil(&t.NoNewPrivs, bad[procstatus.FieldNoNewPrivs])
	spoil(&t.Seccomp, bad[procstatus.FieldSeccomp])
	if !t.HasSets() {
		return nil
	}
	t.Securebits = task.Unknown[capset.Securebits]("a status file does not say")
	t.WithoutNames("a status file has no names")
	t.Nowhere(task.NotTold)
	return t
}

// lacksAny reports whether a status file lacks a set that its kernel has, as others of its
// lines tell. Only Linux prints NSpid.
func lacksAny(s *procstatus.Status) bool {
	return s.Has(procstatus.FieldNSpid) &&
		(!s.Has(procstatus.FieldCapBnd) || !s.Has(procstatus.FieldCapAmb) && s.Has(procstatus.FieldNoNewPrivs))
}

// spoil makes a value unknown if its line is malformed.
func spoil[T any](v *task.Value[T], bad bool) {
	if bad {
		*v = task.Unknown[T](malformed)
	}
}

// otherLine is a line of a status file that is of no use here: a name and a value. The
// names of the kernel begin with a capital or have an underscore.
var otherLine = pattern(`^(?:[A-Z]\w*|\w+_\w*):(?:[ \t].*)?$`)

// tabbed is the beginning of a line as the kernel prints it.
var tabbed = pattern(`^\w+:\t`)

// mayBeStatus reports whether a line may be one of a status file.
func mayBeStatus(text string) bool {
	return otherLine().MatchString(text) && !strings.HasPrefix(text, "Error:") && !strings.EqualFold(text[:min(len(text), 8)], "Warning:") && !capAnywhere().MatchString(text) && !fieldAnywhere().MatchString(text) && !isNoise(text)
}
