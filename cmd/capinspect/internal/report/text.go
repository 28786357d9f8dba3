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
	dst = put(dst, "Guessed mode: ")
	if mode, ok := r.Mode(); ok {
		dst = put(dst, mode.String(), " (")
		dst = strconv.AppendUint(dst, uint64(mode), 10)
		return put(dst, ")\n")
	}
	return appendUnknown(dst, r, "mode")
}

// appendUnknown ends a line whose value is not known.
func appendUnknown(dst []byte, r *collect.Record, path string) []byte {
	dst = put(dst, "unknown (")
	dst = appendEscaped(dst, r.Why(path))
	return put(dst, ")\n")
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
	dst = put(dst, "Current: ")
	if path := missing(r, capset.Effective, capset.Permitted, capset.Inheritable); path != "" {
		return appendUnknown(dst, r, path)
	}
	return append(r.Status.CapState().AppendText(dst, r.LastCap.Value), '\n')
}

func appendSetLine(dst []byte, r *collect.Record, k capset.Kind) []byte {
	dst = put(dst, k.String(), " set =")
	set, ok := r.Status.Caps(k)
	switch {
	case ok:
		return append(set.AppendNames(dst), '\n')
	case r.Unsupported(k):
		return put(dst, " <unsupported>\n")
	}
	return appendUnknown(put(dst, " "), r, setPath(k))
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
	dst = put(dst, "Current IAB: ")
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
	dst = put(dst, "Securebits: ")
	known := r.Known("securebits")
	if known {
		// In octal, in hexadecimal, and in binary behind its width.
		b := uint64(r.Securebits)
		dst = strconv.AppendUint(put(dst, "0"), b, 8)
		dst = strconv.AppendUint(put(dst, "/0x"), b, 16)
		binary := strconv.FormatUint(b, 2)
		dst = strconv.AppendInt(put(dst, "/"), int64(len(binary)), 10)
		dst = put(dst, "'b", binary)
	} else {
		dst = appendUnknown(dst, r, "securebits")
		dst = dst[:len(dst)-1]
	}
	dst = put(dst, " (no-new-privs=")
	switch {
	case !r.Status.Has(procstatus.FieldNoNewPrivs):
		dst = put(dst, "unknown")
	case r.Status.NoNewPrivs:
		dst = put(dst, "1")
	default:
		dst = put(dst, "0")
	}
	dst = put(dst, ")\n")
	if !known {
		return dst
	}
	for _, line := range secureLines {
		if line.bit == capset.NoCapAmbientRaise && r.Unsupported(capset.Ambient) {
			continue
		}
		dst = put(dst, " secure-", line.name, choose(r.Securebits&line.bit != 0, ": yes", ": no"))
		dst = put(dst, choose(r.Securebits&line.bit.Lock() != 0, " (locked)\n", " (unlocked)\n"))
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
	dst = put(dst, "uid=")
	if s.Has(procstatus.FieldUID) {
		dst = appendID(dst, s.UID.Real, r.UserNames)
		dst = appendID(put(dst, " euid="), s.UID.Effective, r.UserNames)
		dst = put(dst, "\n")
	} else {
		dst = appendUnknown(dst, r, "uid")
	}
	dst = put(dst, "gid=")
	if s.Has(procstatus.FieldGID) {
		dst = put(appendID(dst, s.GID.Real, r.GroupNames), "\n")
	} else {
		dst = appendUnknown(dst, r, "gid")
	}
	dst = put(dst, "groups=")
	if !s.Has(procstatus.FieldGroups) {
		return appendUnknown(dst, r, "groups")
	}
	for i, g := range s.Groups {
		if i > 0 {
			dst = put(dst, ",")
		}
		dst = appendID(dst, g, r.GroupNames)
	}
	return put(dst, "\n")
}

func appendID(dst []byte, id uint32, names map[uint32]string) []byte {
	dst = strconv.AppendUint(dst, uint64(id), 10)
	dst = put(dst, "(")
	if name, ok := names[id]; ok {
		dst = appendEscaped(dst, name)
	} else {
		dst = put(dst, noName)
	}
	return put(dst, ")")
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
		dst = put(dst, "Last capability: ")
		dst = strconv.AppendInt(dst, int64(r.LastCap.Value), 10)
		dst = put(dst, " (a guess)\n")
	}
	if flags := r.Securebits.Flags()[len(secureLines):]; r.Known("securebits") {
		for _, flag := range flags {
			if flag.Set || flag.Locked {
				dst = put(dst, "Securebit ", flag.Name, choose(flag.Set, ": yes", ": no"))
				if flag.Named {
					dst = put(dst, choose(flag.Locked, " (locked)", " (unlocked)"))
				}
				dst = put(dst, "\n")
			}
		}
	}
	if s := &r.Status; s.Has(procstatus.FieldSeccomp) && s.Seccomp != 0 {
		dst = put(dst, "Seccomp: ", collect.SeccompName(s.Seccomp))
		if s.Has(procstatus.FieldSeccompFilters) && s.SeccompFilters > 0 {
			dst = put(dst, " (")
			dst = strconv.AppendInt(dst, int64(s.SeccompFilters), 10)
			dst = put(dst, choose(s.SeccompFilters == 1, " filter)", " filters)"))
		}
		dst = put(dst, "\n")
	}
	dst = appendSurroundings(dst, r)
	for _, note := range r.Notes {
		dst = put(dst, "Note: ")
		dst = appendEscaped(dst, note.Text)
		dst = put(dst, "\n")
	}
	return dst
}

// appendHeader appends the line that stands above a task where there are
// several.
func appendHeader(dst []byte, r *collect.Record) []byte {
	if len(dst) > 0 && !bytes.HasSuffix(dst, []byte("\n\n")) {
		dst = put(dst, "\n")
	}
	dst = put(dst, "==> ")
	if r.Status.Has(procstatus.FieldPid) {
		dst = strconv.AppendInt(dst, int64(r.Status.Pid), 10)
	} else {
		dst = appendEscaped(dst, collect.InputName(r.Source))
	}
	dst = put(dst, " (")
	if r.Status.Has(procstatus.FieldName) {
		dst = appendEscaped(dst, r.Status.Name)
	} else {
		dst = put(dst, "name unknown")
	}
	return put(dst, ") <==\n")
}
