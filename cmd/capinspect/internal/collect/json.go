// SPDX-License-Identifier: Apache-2.0

package collect

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/procstatus"
)

// schemaVersion is the version of the JSON form that is read.
const schemaVersion = 1

// jsonTask is a task as report writes it, as far as it can be read back. A
// value that is null or missing is unknown.
type jsonTask struct {
	SchemaVersion int
	Pid           *int
	Tid           *int
	PPid          *int
	Name          *string
	State         *string
	Threads       *int
	NSPid         *[]int
	TracerPid     *int
	Self          bool
	LastCap       *struct {
		Value *int
		From  string
	}
	Capabilities *struct {
		Inheritable, Permitted, Effective, Bounding, Ambient *jsonSet
	}
	UID, GID   *jsonIDs
	Groups     *[]jsonGroup
	NoNewPrivs *bool
	Seccomp    *struct {
		Mode    string
		Filters *int
	}
	Securebits *struct{ Value *uint32 }
	jsonSurroundings
	Notes   []Note
	Unknown orderedReasons
}

type jsonSet struct{ Hex *string }

type jsonIDs struct {
	Real, Effective, Saved, Filesystem *uint32
	RealName, EffectiveName            *string
	HostReal, HostEffective            *uint32
}

type jsonGroup struct {
	ID   *uint32
	Name *string
}

// orderedReasons are the reasons for what is unknown, in the order in which
// they were written.
type orderedReasons []Unknown

func (o *orderedReasons) UnmarshalJSON(text []byte) error {
	d := json.NewDecoder(bytes.NewReader(text))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return err
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return err
		}
		var reason string
		if err := d.Decode(&reason); err != nil {
			return err
		}
		*o = append(*o, Unknown{key.(string), reason})
	}
	return nil
}

// fromJSON returns the tasks of reports and of lines of jsonl, one after the
// other.
func fromJSON(text []byte) ([]*Record, error) {
	var records []*Record
	d := json.NewDecoder(bytes.NewReader(text))
	for {
		at := d.InputOffset()
		var value struct {
			jsonTask
			Tasks *[]jsonTask
		}
		err := d.Decode(&value)
		if errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", lineAt(text, d, at, err), plainJSON(err))
		}
		if value.SchemaVersion != schemaVersion {
			return nil, fmt.Errorf("line %d: schemaVersion %d, want %d", lineAt(text, d, at, nil), value.SchemaVersion, schemaVersion)
		}
		tasks := []jsonTask{value.jsonTask}
		if value.Tasks != nil {
			tasks = *value.Tasks
		}
		for i := range tasks {
			r, err := tasks[i].record()
			if err != nil {
				return nil, fmt.Errorf("task %d: %w", len(records)+1, err)
			}
			records = append(records, r)
		}
	}
	if records == nil {
		return nil, errors.New("no task")
	}
	return records, nil
}

// lineAt returns the line that an error is in.
func lineAt(text []byte, d *json.Decoder, at int64, err error) int {
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		at = max(at, syntax.Offset-1)
	} else if mismatch, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		at = max(at, mismatch.Offset-1)
	} else if err != nil {
		at = max(at, d.InputOffset())
	}
	at = min(at, int64(len(text)))
	skipped := len(text[at:]) - len(bytes.TrimLeft(text[at:], " \t\r\n"))
	return bytes.Count(text[:min(int(at)+skipped, len(text))], []byte("\n")) + 1
}

// plainJSON says what is wrong in the words of the report, not of Go's types.
func plainJSON(err error) error {
	if mismatch, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return fmt.Errorf("%s: a %s is not what belongs here", strings.TrimPrefix(strings.ToLower(mismatch.Field), "jsontask."), mismatch.Value)
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("cut short")
	}
	return errors.New(strings.TrimPrefix(err.Error(), "json: "))
}

// record returns the task with everything that was known of it.
func (t *jsonTask) record() (*Record, error) {
	if t.Capabilities == nil {
		return nil, errors.New("no capabilities")
	}
	r := &Record{Self: t.Self, Notes: t.Notes, Unknown: t.Unknown}
	s := &r.Status
	for _, n := range [...]struct {
		from  *int
		to    *int
		field procstatus.Field
	}{
		{t.Pid, &s.Tgid, procstatus.FieldTgid},
		{t.Tid, &s.Pid, procstatus.FieldPid},
		{t.PPid, &s.PPid, procstatus.FieldPPid},
		{t.Threads, &s.Threads, procstatus.FieldThreads},
		{t.TracerPid, &s.TracerPid, procstatus.FieldTracerPid},
	} {
		if n.from != nil {
			*n.to = *n.from
			s.Mark(n.field)
		}
	}
	if t.Name != nil {
		s.Name = *t.Name
		s.Mark(procstatus.FieldName)
	}
	if t.State != nil && len(*t.State) == 1 && (*t.State)[0]|0x20 >= 'a' && (*t.State)[0]|0x20 <= 'z' {
		s.State = (*t.State)[0]
		s.Mark(procstatus.FieldState)
	}
	if t.NSPid != nil {
		s.NSpid = *t.NSPid
		s.Mark(procstatus.FieldNSpid)
	}
	t.credentials(r)
	if err := t.seccomp(r); err != nil {
		return nil, err
	}
	t.surroundings(r)
	t.hostIDs(r)
	return r, t.sets(r)
}

// sets fills in the sets, the last capability and the securebits.
func (t *jsonTask) sets(r *Record) error {
	c := t.Capabilities
	for k, set := range map[capset.Kind]*jsonSet{
		capset.Inheritable: c.Inheritable, capset.Permitted: c.Permitted, capset.Effective: c.Effective,
		capset.Bounding: c.Bounding, capset.Ambient: c.Ambient,
	} {
		if set == nil {
			continue
		}
		if set.Hex == nil {
			return fmt.Errorf("capabilities.%s: no hex", strings.ToLower(k.String()))
		}
		bits, err := capset.ParseHex(*set.Hex)
		if err != nil {
			return fmt.Errorf("capabilities.%s.hex: %q: %w", strings.ToLower(k.String()), *set.Hex, err)
		}
		r.Status.SetCaps(k, bits)
	}
	if !r.hasCaps() {
		return errNoCaps
	}
	if t.LastCap != nil && t.LastCap.Value != nil {
		if n := *t.LastCap.Value; n < 0 || n > int(capset.Max) {
			return fmt.Errorf("lastCap: %d: %w", n, procstatus.ErrRange)
		}
		r.LastCap = LastCap{capset.Cap(*t.LastCap.Value), "report"}
		if t.LastCap.From == "guess" {
			r.LastCap.From = "guess"
		}
	}
	r.unsupported = r.whole()
	if t.Securebits != nil && t.Securebits.Value != nil {
		r.Securebits = capset.Securebits(*t.Securebits.Value)
	} else if r.Known("securebits") {
		r.unknown("securebits", "the report does not tell them")
	}
	for _, row := range statusPaths {
		if !r.Status.Has(row.field) && r.Known(row.path) && r.Known(strings.Split(row.path, ".")[0]) &&
			(row.field != procstatus.FieldSeccompFilters || r.Status.Has(procstatus.FieldSeccomp)) {
			r.unknown(row.path, untold)
		}
	}
	if _, ok := r.Mode(); !ok && r.Known("mode") {
		r.unknown("mode", "needs securebits")
	}
	return nil
}

func (t *jsonTask) credentials(r *Record) {
	s := &r.Status
	r.UserNames, r.GroupNames = map[uint32]string{}, map[uint32]string{}
	if ids, ok := t.UID.ids(r.UserNames); ok {
		s.UID = ids
		s.Mark(procstatus.FieldUID)
	}
	if ids, ok := t.GID.ids(r.GroupNames); ok {
		s.GID = ids
		s.Mark(procstatus.FieldGID)
	}
	if t.Groups != nil && !slices.ContainsFunc(*t.Groups, func(g jsonGroup) bool { return g.ID == nil }) {
		for _, g := range *t.Groups {
			s.Groups = append(s.Groups, *g.ID)
			if g.Name != nil {
				r.GroupNames[*g.ID] = *g.Name
			}
		}
		s.Mark(procstatus.FieldGroups)
	}
	if t.NoNewPrivs != nil {
		s.NoNewPrivs = *t.NoNewPrivs
		s.Mark(procstatus.FieldNoNewPrivs)
	}
}

// ids returns the four ids; ok is false unless all are known.
func (ids *jsonIDs) ids(names map[uint32]string) (out procstatus.IDs, ok bool) {
	if ids == nil || ids.Real == nil || ids.Effective == nil || ids.Saved == nil || ids.Filesystem == nil {
		return out, false
	}
	if ids.RealName != nil {
		names[*ids.Real] = *ids.RealName
	}
	if ids.EffectiveName != nil {
		names[*ids.Effective] = *ids.EffectiveName
	}
	return procstatus.IDs{Real: *ids.Real, Effective: *ids.Effective, Saved: *ids.Saved, Filesystem: *ids.Filesystem}, true
}

func (t *jsonTask) seccomp(r *Record) error {
	if t.Seccomp == nil {
		return nil
	}
	mode, ok := SeccompMode(t.Seccomp.Mode)
	if !ok {
		return fmt.Errorf("seccomp: mode: %q: %w", t.Seccomp.Mode, procstatus.ErrSyntax)
	}
	r.Status.Seccomp = mode
	r.Status.Mark(procstatus.FieldSeccomp)
	if t.Seccomp.Filters != nil {
		r.Status.SeccompFilters = *t.Seccomp.Filters
		r.Status.Mark(procstatus.FieldSeccompFilters)
	}
	return nil
}

// seccompNames are the modes of seccomp(2) that have a name.
var seccompNames = [...]string{"disabled", "strict", "filter"}

// SeccompName names a mode of seccomp(2); one without a name is its number.
func SeccompName(mode int) string {
	if mode >= 0 && mode < len(seccompNames) {
		return seccompNames[mode]
	}
	return strconv.Itoa(mode)
}

// SeccompMode returns the mode of a name or a number.
func SeccompMode(name string) (mode int, ok bool) {
	for mode, known := range seccompNames {
		if name == known {
			return mode, true
		}
	}
	n, err := strconv.ParseUint(name, 10, 31)
	return int(n), err == nil && n <= math.MaxInt32
}
