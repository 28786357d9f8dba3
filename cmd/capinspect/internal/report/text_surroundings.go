// SPDX-License-Identifier: Apache-2.0

package report

import (
	"slices"
	"strconv"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/collect"
	"github.com/capinspect/capinspect/procstatus"
)

// appendSurroundings appends where the task is, as far as there is something to
// say: that it is where everything else is goes without.
func appendSurroundings(dst []byte, r *collect.Record) []byte {
	dst = appendUserNamespace(dst, r)
	dst = appendNamespaces(dst, r)
	dst = appendLabel(dst, r)
	dst = appendContainerLines(dst, r)
	return appendProfile(dst, r)
}

func appendUserNamespace(dst []byte, r *collect.Record) []byte {
	ns := r.UserNamespace
	if ns == nil || ns.Initial || !r.Known("userNamespace.initial") {
		return dst
	}
	dst = append(dst, "User namespace: "...)
	if ns.ID != 0 {
		dst = strconv.AppendUint(dst, ns.ID, 10)
	} else {
		dst = appendUnknown(dst, r, "userNamespace.id")
		dst = dst[:len(dst)-1]
	}
	dst = append(dst, ", not the initial one"...)
	if ns.Setgroups == "deny" {
		dst = append(dst, ", setgroups denied"...)
	}
	dst = append(dst, '\n')
	for _, m := range [...]struct {
		key, name string
		ids       procstatus.IDMap
	}{{"userNamespace.uidMap", " uid map", ns.UIDMap}, {"userNamespace.gidMap", " gid map", ns.GIDMap}} {
		dst = append(dst, m.name...)
		switch {
		case m.ids == nil:
			dst = appendUnknown(append(dst, ": "...), r, m.key)
			continue
		case len(m.ids) == 0:
			dst = append(dst, ": none is written yet\n"...)
			continue
		}
		dst = append(dst, choose(ns.Own, " to the one above:", " to capinspect's:")...)
		for i, extent := range m.ids {
			dst = append(dst, choose(i == 0, " ", ", ")...)
			dst = appendRange(dst, extent.Inside, extent.Length)
			dst = append(dst, choose(extent.Length == 1, " is ", " are ")...)
			if extent.Outside == procstatus.UnmappedID {
				dst = append(dst, "none"...)
				continue
			}
			dst = appendRange(dst, extent.Outside, extent.Length)
		}
		dst = append(dst, '\n')
	}
	return dst
}

// appendRange appends the first and the last of some ids, or the only one.
func appendRange(dst []byte, first, length uint32) []byte {
	dst = strconv.AppendUint(dst, uint64(first), 10)
	if length > 1 {
		dst = append(dst, '-')
		dst = strconv.AppendUint(dst, uint64(first)+uint64(length)-1, 10)
	}
	return dst
}

// appendNamespaces appends the namespaces that the task does not share with
// capinspect, and those that it does not share with PID 1.
func appendNamespaces(dst []byte, r *collect.Record) []byte {
	if !r.Namespaces.Known() {
		if reason := r.Why("namespaces"); reason == "" || collect.Expected(reason) || r.Known("userNamespace.initial") {
			return dst // or the line of the user namespace has the reason
		}
		return appendUnknown(append(dst, "User namespace and others: "...), r, "namespaces")
	}
	var self, first [procstatus.NumNamespaces]bool
	for k := range r.Namespaces {
		self[k] = r.Namespaces[k].WithSelf == collect.No
		first[k] = r.Namespaces[k].WithPID1 == collect.No
	}
	if self == first {
		return appendApart(dst, r, "capinspect and PID 1", self)
	}
	return appendApart(appendApart(dst, r, "capinspect", self), r, "PID 1", first)
}

func appendApart(dst []byte, r *collect.Record, from string, apart [procstatus.NumNamespaces]bool) []byte {
	if apart == [procstatus.NumNamespaces]bool{} {
		return dst
	}
	dst = append(append(append(dst, "Namespaces apart from "...), from...), ':')
	for k := range r.Namespaces {
		if apart[k] {
			dst = append(dst, ' ')
			dst = append(dst, procstatus.NamespaceKind(k).String()...)
			dst = append(dst, ":["...)
			dst = strconv.AppendUint(dst, r.Namespaces[k].ID, 10)
			dst = append(dst, ']')
		}
	}
	return append(dst, '\n')
}

func appendLabel(dst []byte, r *collect.Record) []byte {
	l := r.Label
	if l == nil {
		if reason := r.Why("lsm"); reason != "" && !collect.Expected(reason) {
			dst = appendUnknown(append(dst, "LSM: "...), r, "lsm")
		}
		return dst
	}
	dst = append(dst, "LSM: "...)
	if l.Module != "" {
		dst = append(append(dst, l.Module...), ' ')
	}
	dst = appendEscaped(dst, l.Label)
	if l.Mode != "" {
		dst = appendEscaped(append(dst, " ("...), l.Mode)
		dst = append(dst, ')')
	}
	return append(dst, '\n')
}

func appendContainerLines(dst []byte, r *collect.Record) []byte {
	c := r.Container
	if c == nil {
		if reason := r.Why("container"); reason != "" && !collect.Expected(reason) {
			dst = appendUnknown(append(dst, "Container: "...), r, "container")
		}
		return dst
	}
	runtime := c.Runtime
	if !r.Known("container.runtime") {
		runtime = "unknown runtime"
	}
	dst = appendMembers(dst, "Container:", []member{
		{" ", runtime}, {" ", c.ID}, {" sandbox ", c.SandboxID}, {" name ", c.Name},
	})
	pod := c.PodName
	if pod != "" && c.PodNamespace != "" {
		pod = c.PodNamespace + "/" + pod
	} else if c.PodNamespace != "" {
		pod = "in " + c.PodNamespace
	}
	dst = appendMembers(dst, "Pod:", []member{{" ", pod}, {" uid ", c.PodUID}})
	return appendEvidence(dst, c.Evidence)
}

// appendEvidence appends each source, and what is known from it.
func appendEvidence(dst []byte, evidence []procstatus.Evidence) []byte {
	dst = append(dst, " known from "...)
	start := len(dst)
	for i, e := range evidence {
		same := func(other procstatus.Evidence) bool { return other.From == e.From }
		if slices.ContainsFunc(evidence[:i], same) {
			continue
		}
		dst = appendEscaped(append(dst, choose(len(dst) == start, "", ", ")...), e.From)
		separator := " ("
		for _, other := range evidence[i:] {
			if same(other) {
				dst = append(append(dst, separator...), other.What...)
				separator = ", "
			}
		}
		dst = append(dst, ')')
	}
	return append(dst, '\n')
}

// member is a value and what stands before it.
type member struct{ before, value string }

// appendMembers appends a line of those values that there are.
func appendMembers(dst []byte, label string, members []member) []byte {
	start := len(dst)
	dst = append(dst, label...)
	for _, m := range members {
		if m.value != "" {
			dst = appendEscaped(append(dst, m.before...), m.value)
		}
	}
	if len(dst) == start+len(label) {
		return dst[:start]
	}
	return append(dst, '\n')
}

// appendProfile appends what the bounding set equals. That it is all there is
// says nothing outside a container.
func appendProfile(dst []byte, r *collect.Record) []byte {
	if len(r.Profile) == 0 || r.Profile[0] == "privileged" && !r.InContainer() {
		return dst
	}
	dst = append(dst, "Profile:"...)
	for i, name := range r.Profile {
		dst = append(append(dst, choose(i == 0, " ", ", ")...), name...)
	}
	return append(dst, '\n')
}
