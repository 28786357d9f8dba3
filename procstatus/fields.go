// SPDX-License-Identifier: Apache-2.0

package procstatus

import (
	"bytes"
	"errors"
	"math"
	"strings"

	"github.com/capinspect/capinspect/capset"
)

// Field is one line of a status file that [Parse] knows.
type Field uint8

// The known lines, in the order in which the kernel prints them.
const (
	FieldName Field = iota
	FieldState
	FieldTgid
	FieldPid
	FieldPPid
	FieldTracerPid
	FieldUID
	FieldGID
	FieldGroups
	FieldNSpid
	FieldKthread
	FieldVMSize
	FieldThreads
	FieldCapInh
	FieldCapPrm
	FieldCapEff
	FieldCapBnd
	FieldCapAmb
	FieldNoNewPrivs
	FieldSeccomp
	FieldSeccompFilters
	numFields = iota
)

// fields is the table of known lines. set and whole get the untrimmed text behind
// ":\t".
var fields = [numFields]struct {
	head  string // the kernel's spelling, and the colon
	since string // the first Linux release that prints it (proc_pid_status(5))
	// whole reports whether a value that is not followed by a newline is all of its line:
	// no number in it may go on.
	whole func([]byte) bool
	set   func(*Status, []byte) error
}{
	FieldName:           {"Name:", "2.2", anyText, func(s *Status, v []byte) error { return s.setName(v) }},
	FieldState:          {"State:", "2.2", anyText, func(s *Status, v []byte) error { return s.setState(v) }},
	FieldTgid:           {"Tgid:", "2.4", wholeInt, func(s *Status, v []byte) error { return setInt(&s.Tgid, v) }},
	FieldPid:            {"Pid:", "2.2", wholeInt, func(s *Status, v []byte) error { return setInt(&s.Pid, v) }},
	FieldPPid:           {"PPid:", "2.2", wholeInt, func(s *Status, v []byte) error { return setInt(&s.PPid, v) }},
	FieldTracerPid:      {"TracerPid:", "2.4", wholeInt, func(s *Status, v []byte) error { return setInt(&s.TracerPid, v) }},
	FieldUID:            {"Uid:", "2.2", wholeIDs, func(s *Status, v []byte) error { return setIDs(&s.UID, v) }},
	FieldGID:            {"Gid:", "2.2", wholeIDs, func(s *Status, v []byte) error { return setIDs(&s.GID, v) }},
	FieldGroups:         {"Groups:", "2.2", openList, func(s *Status, v []byte) error { return setList(&s.Groups, v) }},
	FieldNSpid:          {"NSpid:", "4.1", openList, func(s *Status, v []byte) error { return setList(&s.NSpid, v) }},
	FieldKthread:        {"Kthread:", "6.10", wholeFlag, func(s *Status, v []byte) error { return setBool(&s.kthread, v) }},
	FieldVMSize:         {"VmSize:", "2.2", anyText, func(*Status, []byte) error { return nil }}, // only its presence counts
	FieldThreads:        {"Threads:", "2.6.0", wholeInt, func(s *Status, v []byte) error { return setInt(&s.Threads, v) }},
	FieldCapInh:         {"CapInh:", "2.2", wholeCaps, func(s *Status, v []byte) error { return s.setCaps(capset.Inheritable, v) }},
	FieldCapPrm:         {"CapPrm:", "2.2", wholeCaps, func(s *Status, v []byte) error { return s.setCaps(capset.Permitted, v) }},
	FieldCapEff:         {"CapEff:", "2.2", wholeCaps, func(s *Status, v []byte) error { return s.setCaps(capset.Effective, v) }},
	FieldCapBnd:         {"CapBnd:", "2.6.26", wholeCaps, func(s *Status, v []byte) error { return s.setCaps(capset.Bounding, v) }},
	FieldCapAmb:         {"CapAmb:", "4.3", wholeCaps, func(s *Status, v []byte) error { return s.setCaps(capset.Ambient, v) }},
	FieldNoNewPrivs:     {"NoNewPrivs:", "4.10", wholeFlag, func(s *Status, v []byte) error { return setBool(&s.NoNewPrivs, v) }},
	FieldSeccomp:        {"Seccomp:", "3.8", wholeMode, func(s *Status, v []byte) error { return setInt(&s.Seccomp, v) }},
	FieldSeccompFilters: {"Seccomp_filters:", "5.9", wholeInt, func(s *Status, v []byte) error { return setInt(&s.SeccompFilters, v) }},
}

// String returns the kernel's spelling of the field, such as "CapEff"; "unknown" for an
// unknown one.
func (f Field) String() string {
	if f < numFields {
		return strings.TrimSuffix(fields[f].head, ":")
	}
	return "unknown"
}

// Since returns the first Linux release that prints the field, such as "4.3"; "" for an
// unknown one.
func (f Field) Since() string {
	if f < numFields {
		return fields[f].since
	}
	return ""
}

// CapField returns the field of a capability set, an unknown one for an unknown
// kind.
func CapField(k capset.Kind) Field {
	if k >= capset.NumKinds {
		return numFields
	}
	return FieldCapInh + Field(k)
}

// The reasons why the value of a known line is refused.
var (
	ErrSyntax  = errors.New("invalid syntax")
	ErrRange   = errors.New("value out of range")
	ErrColumns = errors.New("wrong number of columns")
)

// The functions by which a value is all of its line.
func anyText(v []byte) bool   { return len(v) > 0 } // no number is read
func openList([]byte) bool    { return false }      // another number may follow
func wholeFlag(v []byte) bool { return len(v) == 1 }
func wholeCaps(v []byte) bool { return len(v) == 16 }
func wholeInt(v []byte) bool  { return cannotGoOn(v, math.MaxInt32) }

// wholeMode takes the modes of seccomp that there are, which have one digit.
func wholeMode(v []byte) bool { return len(v) == 1 && v[0] <= '2' }

func wholeIDs(v []byte) bool {
	return bytes.Count(v, []byte("\t")) == 3 && cannotGoOn(v[bytes.LastIndexByte(v, '\t')+1:], math.MaxUint32)
}

// cannotGoOn reports whether a text is a number that has no further digit: the kernel
// prints no zero before others, and nothing above a greatest number.
func cannotGoOn(v []byte, greatest int64) bool {
	n, rest, err := number(v)
	return err == nil && len(rest) == 0 && (n == 0 || n > greatest/10)
}

// setName undoes the two escapes of the kernel, "\n" and "\\" (fs/proc/array.c,
// proc_task_name). The kernel prints all other bytes unchanged.
func (s *Status) setName(v []byte) error {
	if i := bytes.IndexByte(v, '\\'); i >= 0 {
		v = unescape(v, i)
	}
	if s.Name != string(v) { // the same name again needs no memory
		s.Name = string(v)
	}
	return nil
}

func unescape(v []byte, from int) []byte {
	out := append(make([]byte, 0, len(v)), v[:from]...)
	for i := from; i < len(v); i++ {
		if v[i] == '\\' && i+1 < len(v) {
			switch v[i+1] {
			case 'n':
				out = append(out, '\n')
				i++
				continue
			case '\\':
				i++
			}
		}
		out = append(out, v[i])
	}
	return out
}

// setState takes the letter of "S (sleeping)".
func (s *Status) setState(v []byte) error {
	if len(v) == 0 || (v[0]|0x20)-'a' > 'z'-'a' || len(v) > 1 && v[1] != ' ' {
		return ErrSyntax
	}
	s.State = v[0]
	return nil
}

func (s *Status) setCaps(k capset.Kind, v []byte) error {
	set, err := capset.ParseHex(v)
	if err == nil && len(v) > 16 {
		err = ErrSyntax
	}
	s.caps[k] = set
	return err
}

// setIDs takes the four columns of a Uid or Gid line.
func setIDs(ids *IDs, v []byte) error {
	columns := [4]*uint32{&ids.Real, &ids.Effective, &ids.Saved, &ids.Filesystem}
	for i, id := range columns {
		n, rest, err := number(v)
		if err != nil {
			return err
		}
		// Kernels before 3.5 print ids as signed numbers.
		if n < math.MinInt32 || n > math.MaxUint32 {
			return ErrRange
		}
		*id = uint32(n)
		if i == len(columns)-1 && len(rest) > 0 || i < len(columns)-1 && (len(rest) == 0 || rest[0] != '\t') {
			return ErrColumns
		}
		v = rest[min(1, len(rest)):]
	}
	return nil
}

func setBool(b *bool, v []byte) error {
	if len(v) != 1 || v[0]&^1 != '0' {
		return ErrSyntax
	}
	*b = v[0] == '1'
	return nil
}

func setInt(to *int, v []byte) error {
	n, rest, err := number(v)
	if err == nil && len(rest) > 0 {
		err = ErrSyntax
	}
	if err == nil && (n < 0 || n > math.MaxInt32) {
		err = ErrRange
	}
	*to = int(n)
	return err
}

// setList takes the numbers of a Groups or NSpid line, with blanks or tabs between
// them. Groups ends in a blank.
func setList[T int | uint32](to *[]T, v []byte) error {
	list := (*to)[:0]
	for len(v) > 0 {
		if v[0] == ' ' || v[0] == '\t' {
			v = v[1:]
			continue
		}
		n, rest, err := number(v)
		if err != nil {
			return err
		}
		if n < math.MinInt32 || n > math.MaxUint32 {
			return ErrRange
		}
		if len(rest) > 0 && rest[0] != ' ' && rest[0] != '\t' {
			return ErrSyntax
		}
		list, v = append(list, T(n)), rest
	}
	*to = list
	return nil
}

// number reads a decimal number at the start of v. It refuses one that is far above
// 2^40, long before it overflows.
func number(v []byte) (n int64, rest []byte, err error) {
	i, sign := 0, int64(1)
	if len(v) > 0 && v[0] == '-' {
		i, sign = 1, -1
	}
	start := i
	for ; i < len(v) && v[i]-'0' <= 9; i++ {
		if n > 1<<40 {
			return 0, nil, ErrRange
		}
		n = n*10 + int64(v[i]-'0')
	}
	if i == start {
		return 0, nil, ErrSyntax
	}
	return sign * n, v[i:], nil
}
