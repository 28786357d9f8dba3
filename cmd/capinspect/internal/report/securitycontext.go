// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/collect"
	"github.com/capinspect/capinspect/procstatus"
)

// The forms of a securityContext.
var (
	SecurityContextYAML    = &Form[collect.Derived]{"yaml", appendManifest}
	SecurityContextJSON    = &Form[collect.Derived]{"json", appendManifestJSON}
	SecurityContextDocker  = &Form[collect.Derived]{"docker", appendDockerFlags}
	SecurityContextSystemd = &Form[collect.Derived]{"systemd", appendUnit}
)

// setting is a member, a flag or a directive; it is left out if its value is "".
type setting struct{ key, value string }

// scalars returns the members of a securityContext that are neither objects nor lists,
// in the order of the API. Their values are the same in YAML and in JSON.
func scalars(d *collect.Derived) [6]setting {
	return [...]setting{
		{"privileged", flagText(d.Privileged)},
		{"runAsUser", idText(d.RunAsUser)},
		{"runAsGroup", idText(d.RunAsGroup)},
		{"runAsNonRoot", flagText(d.RunAsNonRoot)},
		{"readOnlyRootFilesystem", flagText(d.ReadOnlyRootFilesystem)},
		{"allowPrivilegeEscalation", flagText(d.AllowPrivilegeEscalation)},
	}
}

func flagText(flag *bool) string {
	if flag == nil {
		return ""
	}
	return strconv.FormatBool(*flag)
}

func idText(id *int64) string {
	if id == nil {
		return ""
	}
	return strconv.FormatInt(*id, 10)
}

// put appends some texts.
func put(dst []byte, texts ...string) []byte {
	for _, t := range texts {
		dst = append(dst, t...)
	}
	return dst
}

// appendManifest appends the lines of a container's manifest. No value of them needs
// quotes in YAML: they are numbers, true, false, and names that are fixed.
func appendManifest(dst []byte, d *collect.Derived) []byte {
	dst = put(dst, "securityContext:\n")
	if d.Privileged == nil {
		dst = put(dst, "  capabilities:\n")
		dst = appendItems(appendItems(dst, "drop", d.Drop), "add", d.Add)
	}
	for _, m := range scalars(d) {
		if m.value != "" {
			dst = put(dst, "  ", m.key, ": ", m.value, "\n")
		}
	}
	if d.Seccomp != "" {
		dst = put(dst, "  seccompProfile:\n    type: ", d.Seccomp, "\n")
	}
	return appendComments(dst, "  # ", d.CommentsFor(collect.Kubernetes))
}

// appendItems appends a list, unless it is empty.
func appendItems(dst []byte, key string, items []string) []byte {
	if len(items) > 0 {
		dst = put(dst, "    ", key, ":\n    - ", strings.Join(items, "\n    - "), "\n")
	}
	return dst
}

// appendComments appends lines that begin with a mark, which is that of a comment.
func appendComments(dst []byte, mark string, comments []collect.Note) []byte {
	for _, n := range comments {
		dst = put(dst, mark, Wrapped(n.Code+": "+Escape(n.Text), len(mark), mark+"  "), "\n")
	}
	return dst
}

// screen is the width that texts are wrapped to.
const screen = 79

// Wrapped breaks a text whose first line begins at a column into lines that begin with
// a mark.
func Wrapped(text string, column int, mark string) string {
	out := make([]byte, 0, len(text)+len(mark))
	for i, word := range strings.Fields(text) {
		switch {
		case i > 0 && column+1+len(word) > screen:
			out = put(out, "\n", mark)
			column = len(mark)
		case i > 0:
			out = put(out, " ")
			column++
		}
		out = put(out, word)
		column += len(word)
	}
	return string(out)
}

func appendManifestJSON(dst []byte, d *collect.Derived) []byte {
	e, r := encoder{buf: dst, indent: true}, d.Task
	e.openLines('{')
	e.number("schemaVersion", SchemaVersion)
	e.key("pid")
	e.ifHas(r, procstatus.FieldTgid, r.Status.Tgid)
	e.key("tid")
	e.ifHas(r, procstatus.FieldPid, r.Status.Pid)
	e.member("source", r.Source)
	e.key("minimal")
	e.bool(d.Minimal)
	e.key("securityContext")
	e.openLines('{')
	if d.Privileged == nil {
		e.key("capabilities")
		e.open('{')
		e.items("drop", d.Drop)
		e.items("add", d.Add)
		e.close('}')
	}
	for _, m := range scalars(d) {
		if m.value != "" {
			e.key(m.key)
			e.buf = put(e.buf, m.value)
		}
	}
	if d.Seccomp != "" {
		e.key("seccompProfile")
		e.open('{')
		e.member("type", d.Seccomp)
		e.close('}')
	}
	e.close('}')
	e.listed("comments", d.CommentsFor(collect.Kubernetes))
	e.close('}')
	return put(e.buf, "\n")
}

// items appends a member that is a list, unless that is empty.
func (e *encoder) items(key string, items []string) {
	if len(items) == 0 {
		return
	}
	e.key(key)
	e.open('[')
	for _, item := range items {
		e.string(item)
	}
	e.close(']')
}

// appendDockerFlags appends the flags of docker run, below comments that harm nobody
// whose shell takes them for commands.
func appendDockerFlags(dst []byte, d *collect.Derived) []byte {
	start := len(dst)
	dst = appendComments(dst, "# ", d.CommentsFor(collect.Docker))
	for i, b := range dst[start:] {
		if strings.IndexByte("\n# ,.:/+-=_", b) < 0 && (b < '0' || b > '9') && (b|0x20 < 'a' || b|0x20 > 'z') {
			dst[start+i] = '_'
		}
	}
	user := idText(d.RunAsUser)
	if group := idText(d.RunAsGroup); user != "" && group != "" {
		user += ":" + group
	}
	start = len(dst)
	for _, f := range [...]setting{
		{"privileged", flagText(d.Privileged)},
		{"cap-drop", strings.Join(d.Drop, " ")},
		{"cap-add", strings.Join(d.Add, " ")},
		{"user", user},
		{"group-add", numbers(d.Groups)},
		{"security-opt", strings.TrimSpace(choose(d.Task.Status.NoNewPrivs, "no-new-privileges ", "") +
			choose(d.Unconfined(), "seccomp=unconfined", ""))},
		{"read-only", choose(flagText(d.ReadOnlyRootFilesystem) == "true", "true", "")},
	} {
		switch flag := " --" + f.key; f.value {
		case "":
		case "true":
			dst = put(dst, flag)
		default:
			dst = put(dst, flag, " ", strings.ReplaceAll(f.value, " ", flag+" "))
		}
	}
	return put(append(dst[:start], dst[start+1:]...), "\n")
}

// numbers returns ids with a blank between.
func numbers(ids []uint32) string { return strings.Trim(fmt.Sprint(ids), "[]") }

// unitBits are the names that a unit has for securebits, by bit; "" for one that it
// cannot set.
var unitBits = [...]string{"noroot", "noroot-locked", "no-setuid-fixup", "no-setuid-fixup-locked", "", "keep-caps-locked"}

// appendUnit appends the lines of a unit of systemd.
func appendUnit(dst []byte, d *collect.Derived) []byte {
	dst = put(appendComments(dst, "# ", d.CommentsFor(collect.Systemd)), "[Service]\n")
	bits, set := "", d.UnitBits()
	for n, name := range unitBits {
		if set>>n&1 == 1 {
			bits += " " + name
		}
	}
	s := &d.Task.Status
	for _, l := range [...]setting{
		{"User", unitID(d.UID)},
		{"Group", unitID(d.GID)},
		{"SupplementaryGroups", numbers(d.Groups)},
		{bounding, choose(d.Full, "~", unitNames(d.Set))},
		{"AmbientCapabilities", unitNames(d.Ambient)},
		{"NoNewPrivileges", choose(s.Has(procstatus.FieldNoNewPrivs), choose(s.NoNewPrivs, "yes", "no"), "")},
		{"SecureBits", strings.TrimSpace(bits)},
	} {
		if l.value != "" || l.key == bounding {
			dst = put(dst, l.key, "=", l.value, "\n")
		}
	}
	return dst
}

// bounding is the directive that empties the set where it has no value.
const bounding = "CapabilityBoundingSet"

// unitID returns an id as a unit has it, "" if it takes none like that.
func unitID(id *uint32) string {
	if id == nil || !collect.Systemd.Fits(*id) {
		return ""
	}
	return strconv.FormatUint(uint64(*id), 10)
}

// unitNames returns the names that systemd has for the capabilities of a set.
func unitNames(set capset.Set) string {
	return strings.ToUpper(strings.ReplaceAll(set.String(), ",", " "))
}
