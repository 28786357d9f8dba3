// SPDX-License-Identifier: Apache-2.0

package collect

import (
	"errors"
	"fmt"
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/jsonread"
	"github.com/capinspect/capinspect/procstatus"
)

// savedTask reads a task of a report into a record. A value that is null or
// missing is unknown.
type savedTask struct {
	*jsonread.Reader
	record     *Record
	caps       bool // it has capabilities
	securebits bool // it tells the securebits
	initial    bool // it tells whether its user namespace is the initial one
	uid, gid   savedIDs
	wrong      error // the first value that is well-formed and not possible
}

func (t *savedTask) fail(err error) {
	if t.wrong == nil {
		t.wrong = err
	}
}

// mark notes a field of the status file as told, if it is.
func (t *savedTask) mark(f procstatus.Field, told bool) {
	if told {
		t.record.Status.Mark(f)
	}
}

// member reads the member of a key, if that is known here.
func (t *savedTask) member(key string) {
	r, s := t.record, &t.record.Status
	switch key {
	case "pid":
		t.mark(procstatus.FieldTgid, t.Int(&s.Tgid))
	case "tid":
		t.mark(procstatus.FieldPid, t.Int(&s.Pid))
	case "ppid":
		t.mark(procstatus.FieldPPid, t.Int(&s.PPid))
	case "name":
		t.mark(procstatus.FieldName, t.String(&s.Name))
	case "state":
		var state string
		if t.String(&state) && len(state) == 1 && state[0]|0x20 >= 'a' && state[0]|0x20 <= 'z' {
			s.State = state[0]
			s.Mark(procstatus.FieldState)
		}
	case "threads":
		t.mark(procstatus.FieldThreads, t.Int(&s.Threads))
	case "nsPid":
		t.nsPid()
	case "tracerPid":
		t.mark(procstatus.FieldTracerPid, t.Int(&s.TracerPid))
	case "self":
		t.Bool(&r.Self)
	case "lastCap":
		t.lastCap()
	case "capabilities":
		t.capabilities()
	case "notes":
		t.notes()
	case "unknown":
		t.Members(func(path string) {
			var reason string
			t.String(&reason)
			r.unknown(path, reason)
		})
	default:
		t.credential(key)
	}
}

func (t *savedTask) nsPid() {
	if t.Null() {
		return
	}
	var pids []int
	told := true
	t.Elements(func() {
		var pid int
		told = t.Int(&pid) && told
		pids = append(pids, pid)
	})
	if told {
		t.record.Status.NSpid = pids
		t.record.Status.Mark(procstatus.FieldNSpid)
	}
}

func (t *savedTask) lastCap() {
	var from string
	value, told := 0, false
	t.Members(func(key string) {
		switch key {
		case "value":
			told = t.Int(&value)
		case "from":
			t.String(&from)
		}
	})
	if !told {
		return
	}
	if value < 0 || value > int(capset.Max) {
		t.fail(fmt.Errorf("lastCap: %d: %w", value, procstatus.ErrRange))
		return
	}
	t.record.LastCap = LastCap{capset.Cap(value), "report"}
	if from == "guess" {
		t.record.LastCap.From = from
	}
}

func (t *savedTask) capabilities() {
	if t.Null() {
		return
	}
	t.caps = true
	t.Members(func(key string) {
		for k := range capset.Kind(capset.NumKinds) {
			if name := strings.ToLower(k.String()); name == key {
				t.set(k, name)
			}
		}
	})
}

func (t *savedTask) set(k capset.Kind, name string) {
	if t.Null() {
		return
	}
	var hex string
	told := false
	t.Members(func(key string) {
		if key == "hex" {
			told = t.String(&hex)
		}
	})
	if !told {
		t.fail(fmt.Errorf("capabilities.%s: no hex", name))
		return
	}
	bits, err := capset.ParseHex(hex)
	if err != nil {
		t.fail(fmt.Errorf("capabilities.%s.hex: %q: %w", name, hex, err))
		return
	}
	t.record.Status.SetCaps(k, bits)
}

func (t *savedTask) notes() {
	t.Elements(func() {
		var note Note
		t.Members(func(key string) {
			switch key {
			case "code":
				t.String(&note.Code)
			case "text":
				t.String(&note.Text)
			}
		})
		t.record.Notes = append(t.record.Notes, note)
	})
}

// finish fills in what follows from all members, and lists what the report does
// not tell.
func (t *savedTask) finish() error {
	r := t.record
	switch {
	case !t.caps:
		return errors.New("no capabilities")
	case t.wrong != nil:
		return t.wrong
	case !r.hasCaps():
		return errNoCaps
	}
	t.finishIDs()
	r.unsupported = r.whole()
	if r.UserNamespace != nil {
		r.UserNamespace.Own = r.Namespaces[procstatus.NamespaceUser].WithSelf == Yes
		t.untold("userNamespace.initial", t.initial, untold)
	}
	r.Mounted.Hidden = untold
	t.untold("securebits", t.securebits, "the report does not tell them")
	for _, row := range statusPaths {
		if parent, _, _ := strings.Cut(row.path, "."); r.Known(parent) &&
			(row.field != procstatus.FieldSeccompFilters || r.Status.Has(procstatus.FieldSeccomp)) {
			t.untold(row.path, r.Status.Has(row.field), untold)
		}
	}
	_, ok := r.Mode()
	t.untold("mode", ok, "needs securebits")
	return nil
}

// untold is the reason for what a report leaves out without one.
const untold = "the report does not tell it"

// untold lists the value at a path as unknown, unless it is told or listed.
func (t *savedTask) untold(path string, told bool, reason string) {
	if !told && t.record.Known(path) {
		t.record.unknown(path, reason)
	}
}
