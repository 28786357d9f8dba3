// SPDX-License-Identifier: Apache-2.0

package report

import (
	"bytes"
	"strconv"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/collect"
	"github.com/capinspect/capinspect/procstatus"
)

// noName stands for a name that cannot be resolved, as in capsh(1).
const noName = "???"

// appendText appends the text report of one task: the lines of capsh(1)
// --print, then what capsh has not.
func appendText(dst []byte, r *collect.Record) []byte {
	return appendExtra(appendCapsh(dst, r), r)
}

// appendCapsh appends the lines of capsh(1) --print, of libcap 2.66. A line
// that needs what is not known says so instead.
func appendCapsh(dst []byte, r *collect.Record) []byte {
	dst = appendCurrentText(dst, r)
	dst = appendSetLine(dst, r, capset.Bounding)
	dst = appendSetLine(dst, r, capset.Ambient)
	dst = appendCurrentIAB(dst, r)
	dst = appendSecurebits(dst, r)
	dst = appendIDs(dst, r)
	dst = append(dst, "Guessed mode: "...)
	if mode, ok := r.Mode(); ok {
		dst = append(dst, mode.String()...)
		dst = append(dst, " ("...)
		dst = strconv.AppendUint(dst, uint64(mode), 10)
		return append(dst, ")\n"...)
	}
	return appendUnknown(dst, r, "mode")
}

// appendUnknown ends a line whose value is not known.
func appendUnknown(dst []byte, r *collect.Record, path string) []byte {
	dst = append(dst, "unknown ("...)
	dst = appendEscaped(dst, r.Why(path))
	return append(dst, ")\n"...)
}

// setPath returns the JSON key of a set, under which its reason is listed if
// it is unknown.
func setPath(k capset.Kind) string { return "capabilities." + setKeys[k] }

// missing returns the path of the first of some sets that is unknown, or "".
func missing(r *collect.Record, kinds ...capset.Kind) string {
	for _, k := range kinds {
		if _, ok := r.Status.Caps(k); !ok && !r.Unsupported(k) {
			return setPath(k)
		}
	}
	return ""
}

// AppendCurrent appends the lines of capsh(1) --current.
func AppendCurrent(dst []byte, r *collect.Record) []byte {
	return appendCurrentIAB(appendCurrentText(dst, r), r)
}

func appendCurrentText(dst []byte, r *collect.Record) []byte {
	dst = append(dst, "Current: "...)
	if path := missing(r, capset.Effective, capset.Permitted, capset.Inheritable); path != "" {
		return appendUnknown(dst, r, path)
	}
	return append(r.Status.CapState().AppendText(dst, r.LastCap.Value), '\n')
}

func appendSetLine(dst []byte, r *collect.Record, k capset.Kind) []byte {
	dst = append(dst, k.String()...)
	dst = append(dst, " set ="...)
	set, ok := r.Status.Caps(k)
	switch {
	case ok:
		return append(set.AppendNames(dst), '\n')
	case r.Unsupported(k):
		return append(dst, " <unsupported>\n"...)
	}
	return appendUnknown(append(dst, ' '), r, setPath(k))
}

// missingIAB is missing for what IAB is made of. A kernel without Ambient has
// nothing there; one without a task's own Bounding has something, but tells not
// what.
func missingIAB(r *collect.Record) string {
	if !r.Status.Has(procstatus.FieldCapBnd) {
		return setPath(capset.Bounding)
	}
	return missing(r, capset.Inheritable, capset.Ambient)
}

func appendCurrentIAB(dst []byte, r *collect.Record) []byte {
	dst = append(dst, "Current IAB: "...)
	if path := missingIAB(r); path != "" {
		return appendUnknown(dst, r, path)
	}
	return append(r.Status.CapState().AppendIAB(dst, r.LastCap.Value), '\n')
}

// secureLines are the switches that capsh(1) knows, in its words.
var secureLines = [...]struct {
	name string
	bit  capset.Securebits
}{
	{"noroot", capset.NoRoot},
	{"no-suid-fixup", capset.NoSetuidFixup},
	{"keep-caps", capset.KeepCaps},
	{"no-ambient-raise", capset.NoCapAmbientRaise},
}

func appendSecurebits(dst []byte, r *collect.Record) []byte {
	dst = append(dst, "Securebits: "...)
	known := r.Known("securebits")
	if known {
		// In octal, in hexadecimal, and in binary behind its width.
		b := uint64(r.Securebits)
		dst = strconv.AppendUint(append(dst, '0'), b, 8)
		dst = strconv.AppendUint(append(dst, "/0x"...), b, 16)
		binary := strconv.FormatUint(b, 2)
		dst = strconv.AppendInt(append(dst, '/'), int64(len(binary)), 10)
		dst = append(append(dst, "'b"...), binary...)
	} else {
		dst = appendUnknown(dst, r, "securebits")
		dst = dst[:len(dst)-1]
	}
	dst = append(dst, " (no-new-privs="...)
	switch {
	case !r.Status.Has(procstatus.FieldNoNewPrivs):
		dst = append(dst, "unknown"...)
	case r.Status.NoNewPrivs:
		dst = append(dst, '1')
	default:
		dst = append(dst, '0')
	}
	dst = append(dst, ")\n"...)
	if !known {
		return dst
	}
	for _, line := range secureLines {
		if line.bit == capset.NoCapAmbientRaise && r.Unsupported(capset.Ambient) {
			continue
		}
		dst = append(dst, " secure-"...)
		dst = append(dst, line.name...)
		dst = append(dst, choose(r.Securebits&line.bit != 0, ": yes", ": no")...)
		dst = append(dst, choose(r.Securebits&line.bit.Lock() != 0, " (locked)\n", " (unlocked)\n")...)
	}
	return dst
}

func choose(yes bool, a, b string) string {
	if yes {
		return a
	}
	return b
}

func appendIDs(dst []byte, r *collect.Record) []byte {
	s := &r.Status
	dst = append(dst, "uid="...)
	if s.Has(procstatus.FieldUID) {
		dst = appendID(dst, s.UID.Real, r.UserNames)
		dst = appendID(append(dst, " euid="...), s.UID.Effective, r.UserNames)
		dst = append(dst, '\n')
	} else {
		dst = appendUnknown(dst, r, "uid")
	}
	dst = append(dst, "gid="...)
	if s.Has(procstatus.FieldGID) {
		dst = append(appendID(dst, s.GID.Real, r.GroupNames), '\n')
	} else {
		dst = appendUnknown(dst, r, "gid")
	}
	dst = append(dst, "groups="...)
	if !s.Has(procstatus.FieldGroups) {
		return appendUnknown(dst, r, "groups")
	}
	for i, g := range s.Groups {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendID(dst, g, r.GroupNames)
	}
	return append(dst, '\n')
}

func appendID(dst []byte, id uint32, names map[uint32]string) []byte {
	dst = strconv.AppendUint(dst, uint64(id), 10)
	dst = append(dst, '(')
	if name, ok := names[id]; ok {
		dst = appendEscaped(dst, name)
	} else {
		dst = append(dst, noName...)
	}
	return append(dst, ')')
}

// appendExtra appends what capsh(1) has no line for, as far as there is
// something to say.
func appendExtra(dst []byte, r *collect.Record) []byte {
	if flags := [...]capset.Kind{capset.Effective, capset.Permitted, capset.Inheritable}; missing(r, flags[:]...) != "" {
		for _, k := range flags { // which Current cannot say
			if r.Status.Has(procstatus.CapField(k)) {
				dst = appendSetLine(dst, r, k)
			}
		}
	}
	if r.LastCap.From == "guess" {
		dst = append(dst, "Last capability: "...)
		dst = strconv.AppendInt(dst, int64(r.LastCap.Value), 10)
		dst = append(dst, " (a guess)\n"...)
	}
	if flags := r.Securebits.Flags()[len(secureLines):]; r.Known("securebits") {
		for _, flag := range flags {
			if flag.Set || flag.Locked {
				dst = append(dst, "Securebit "...)
				dst = append(dst, flag.Name...)
				dst = append(dst, choose(flag.Set, ": yes", ": no")...)
				if flag.Named {
					dst = append(dst, choose(flag.Locked, " (locked)", " (unlocked)")...)
				}
				dst = append(dst, '\n')
			}
		}
	}
	if s := &r.Status; s.Has(procstatus.FieldSeccomp) && s.Seccomp != 0 {
		dst = append(dst, "Seccomp: "...)
		dst = append(dst, collect.SeccompName(s.Seccomp)...)
		if s.Has(procstatus.FieldSeccompFilters) && s.SeccompFilters > 0 {
			dst = append(dst, " ("...)
			dst = strconv.AppendInt(dst, int64(s.SeccompFilters), 10)
			dst = append(dst, choose(s.SeccompFilters == 1, " filter)", " filters)")...)
		}
		dst = append(dst, '\n')
	}
	dst = appendSurroundings(dst, r)
	for _, note := range r.Notes {
		dst = append(dst, "Note: "...)
		dst = appendEscaped(dst, note.Text)
		dst = append(dst, '\n')
	}
	return dst
}

// appendHeader appends the line that stands above a task where there are
// several.
func appendHeader(dst []byte, r *collect.Record) []byte {
	if len(dst) > 0 && !bytes.HasSuffix(dst, []byte("\n\n")) {
		dst = append(dst, '\n')
	}
	dst = append(dst, "==> "...)
	if r.Status.Has(procstatus.FieldPid) {
		dst = strconv.AppendInt(dst, int64(r.Status.Pid), 10)
	} else {
		dst = appendEscaped(dst, collect.InputName(r.Source))
	}
	dst = append(dst, " ("...)
	if r.Status.Has(procstatus.FieldName) {
		dst = appendEscaped(dst, r.Status.Name)
	} else {
		dst = append(dst, "name unknown"...)
	}
	return append(dst, ") <==\n"...)
}
