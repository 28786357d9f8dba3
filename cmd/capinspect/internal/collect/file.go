// SPDX-License-Identifier: Apache-2.0

package collect

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/procstatus"
)

// MaxInput is the size in bytes of the longest file that a report is made
// from.
const MaxInput = 16 << 20

// The reasons for which a file is refused.
var (
	errInputTooLong = errors.New("more than 16 MiB")
	errBinary       = errors.New("binary")
	errNoCaps       = errors.New("no capability line")
	errCutShort     = errors.New("cut short inside a line")
)

// ReadInput returns the text of a file, or of standard input if its name is
// "-".
func ReadInput(name string, stdin io.Reader) ([]byte, error) {
	from := stdin
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, inFile(name, err)
		}
		defer f.Close()
		from = f
	}
	text, err := io.ReadAll(io.LimitReader(from, MaxInput+1))
	switch {
	case err != nil:
		return nil, inFile(name, err)
	case len(text) > MaxInput:
		err = errInputTooLong
	case bytes.IndexByte(text, 0) >= 0:
		err = errBinary
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", InputName(name), err)
	}
	return text, nil
}

// inFile names the file before the reason.
func inFile(name string, err error) error {
	if path, ok := errors.AsType[*fs.PathError](err); ok {
		err = path.Err
	}
	return fmt.Errorf("%s: %w", InputName(name), err)
}

// InputName is what a message calls the file of a name.
func InputName(name string) string {
	if name == "-" {
		return "standard input"
	}
	return name
}

// FromFile returns the tasks that a saved file tells of: status files, whole or
// in part, one after the other, or a report of ours in JSON. last is the last
// capability if the user gave it.
func FromFile(name string, text []byte, last *capset.Cap) ([]*Record, error) {
	first := bytes.TrimLeft(text, " \t\r\n")
	parse, report := fromStatus, len(first) > 0 && first[0] == '{'
	if report {
		parse = fromJSON
	}
	records, err := parse(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", InputName(name), err)
	}
	for _, r := range records {
		r.Source = name
		switch {
		case last != nil:
			r.LastCap = LastCap{*last, "flag"}
		case r.LastCap.From == "":
			r.LastCap = LastCap{capset.GuessLastCap(r.Status.CapState()), "guess"}
		}
		if !report { // which has them
			r.profile()
			r.remarks()
		}
	}
	return records, nil
}

// fromStatus returns the tasks of status files that stand one after the other.
func fromStatus(text []byte) ([]*Record, error) {
	if len(text) > 0 && text[len(text)-1] != '\n' {
		if !endsInMask(text) {
			return nil, fmt.Errorf("line %d: %w", bytes.Count(text, []byte("\n"))+1, errCutShort)
		}
		text = append(bytes.Clone(text), '\n')
	}
	var records []*Record
	for line := 1; len(text) > 0; {
		part, rest := split(text)
		r := &Record{}
		if err := r.Status.UnmarshalText(part); err != nil {
			if bad, ok := errors.AsType[*procstatus.FieldError](err); ok {
				bad.Line += line - 1
				return nil, bad
			}
			if !errors.Is(err, procstatus.ErrNoFields) {
				return nil, err
			}
		} else if r.hasCaps() {
			r.unsupported = r.whole()
			r.absent()
			r.unknown("securebits", "a status file does not tell them")
			r.unknown("mode", "needs securebits")
			r.unnamed()
			r.nowhere(notTold)
			records = append(records, r)
		}
		line += bytes.Count(part, []byte("\n"))
		text = rest
	}
	if records == nil {
		return nil, errNoCaps
	}
	return records, nil
}

// unnamed lists as unknown the names of ids that are of another machine.
func (r *Record) unnamed() {
	const reason = "a status file has no names"
	if r.Status.Has(procstatus.FieldUID) {
		r.unknown("uid.realName", reason)
		r.unknown("uid.effectiveName", reason)
	}
	if r.Status.Has(procstatus.FieldGID) {
		r.unknown("gid.realName", reason)
		r.unknown("gid.effectiveName", reason)
	}
	if len(r.Status.Groups) > 0 {
		r.unknown("groups[].name", reason)
	}
}

func (r *Record) hasCaps() bool {
	for k := range capset.Kind(capset.NumKinds) {
		if r.Status.Has(procstatus.CapField(k)) {
			return true
		}
	}
	return false
}

// whole reports whether the record comes from a whole status file and not from
// some lines of one: it has the lines that every kernel prints, so that a set
// it lacks is one that the kernel does not have.
func (r *Record) whole() bool {
	for _, f := range [...]procstatus.Field{
		procstatus.FieldName, procstatus.FieldState, procstatus.FieldTgid, procstatus.FieldPid, procstatus.FieldPPid,
		procstatus.FieldTracerPid, procstatus.FieldThreads, procstatus.FieldCapInh, procstatus.FieldCapPrm, procstatus.FieldCapEff,
	} {
		if !r.Status.Has(f) {
			return false
		}
	}
	return true
}

// endsInMask reports whether a text that does not end in a line end still has
// all of its last line: one of 16 digits of a set.
func endsInMask(text []byte) bool {
	line := tidy(text[bytes.LastIndexByte(text, '\n')+1:])
	label, mask, ok := bytes.Cut(line, []byte(":\t"))
	if !ok || !bytes.HasPrefix(label, []byte("Cap")) || len(mask) != 16 {
		return false
	}
	_, err := capset.ParseHex(mask)
	return err == nil
}

// split returns the lines of the first task in a text, tidied, and the rest. A
// task ends where a line that it has stands again, or a name, with which a whole
// status file begins.
func split(text []byte) (part, rest []byte) {
	var seen [256]bool
	for len(text) > 0 {
		end := bytes.IndexByte(text, '\n') + 1
		line := tidy(text[:end-1])
		label, _, colon := bytes.Cut(line, []byte(":"))
		if f, ok := procstatus.FieldNamed(string(label)); ok && colon {
			if seen[f] || f == procstatus.FieldName && part != nil {
				break
			}
			seen[f] = true
		}
		part = append(append(part, line...), '\n')
		text = text[end:]
	}
	return part, text
}

// tidy undoes what copying by a terminal does to a line of a status file: a
// carriage return, spaces for the tab, spaces around it. What follows the
// kernel's own tab in a name is kept.
func tidy(line []byte) []byte {
	line = bytes.TrimLeft(bytes.TrimSuffix(line, []byte("\r")), " \t")
	label, value, ok := bytes.Cut(line, []byte(":"))
	tab := len(value) > 0 && value[0] == '\t'
	switch {
	case !ok || tab && string(label) == "Name":
		return line
	case tab:
		return bytes.TrimRight(line, " ")
	}
	return append(append(bytes.Clone(label), ':', '\t'), bytes.Trim(value, " \t")...)
}
