// SPDX-License-Identifier: Apache-2.0

package report

import (
	"slices"
	"strconv"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/collect"
	"github.com/capinspect/capinspect/procstatus"
	"github.com/capinspect/capinspect/procstatus/container"
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
	dst = put(dst, "User namespace: ")
	if ns.ID != 0 {
		dst = strconv.AppendUint(dst, ns.ID, 10)
	} else {
		dst = appendUnknown(dst, r, "userNamespace.id")
		dst = dst[:len(dst)-1]
	}
	dst = put(dst, ", not the initial one")
	if ns.Setgroups == "deny" {
		dst = put(dst, ", setgroups denied")
	}
	dst = put(dst, "\n")
	for _, m := range [...]struct {
		key, name string
		ids       procstatus.IDMap
	}{{"userNamespace.uidMap", " uid map", ns.UIDMap}, {"userNamespace.gidMap", " gid map", ns.GIDMap}} {
		dst = put(dst, m.name)
		switch {
		case m.ids == nil:
			dst = appendUnknown(put(dst, ": "), r, m.key)
			continue
		case len(m.ids) == 0:
			dst = put(dst, ": none is written yet\n")
			continue
		}
		dst = put(dst, choose(ns.Own, " to the one above:", " to capinspect's:"))
		for i, extent := range m.ids {
			dst = put(dst, choose(i == 0, " ", ", "))
			dst = appendRange(dst, extent.Inside, extent.Length)
			dst = put(dst, choose(extent.Length == 1, " is ", " are "))
			if extent.Outside == procstatus.UnmappedID {
				dst = put(dst, "none")
				continue
			}
			dst = appendRange(dst, extent.Outside, extent.Length)
		}
		dst = put(dst, "\n")
	}
	return dst
}

// appendRange appends the first and the last of some ids, or the only one.
func appendRange(dst []byte, first, length uint32) []byte {
	dst = strconv.AppendUint(dst, uint64(first), 10)
	if length > 1 {
		dst = put(dst, "-")
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
		return appendUnknown(put(dst, "User namespace and others: "), r, "namespaces")
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
	dst = put(dst, "Namespaces apart from ", from, ":")
	for k := range r.Namespaces {
		if apart[k] {
			dst = put(dst, " ", procstatus.NamespaceKind(k).String(), ":[")
			dst = strconv.AppendUint(dst, r.Namespaces[k].ID, 10)
			dst = put(dst, "]")
		}
	}
	return put(dst, "\n")
}

func appendLabel(dst []byte, r *collect.Record) []byte {
	l := r.Label
	if l == nil {
		if reason := r.Why("lsm"); reason != "" && !collect.Expected(reason) {
			dst = appendUnknown(put(dst, "LSM: "), r, "lsm")
		}
		return dst
	}
	dst = put(dst, "LSM: ")
	if l.Module != "" {
		dst = put(dst, l.Module, " ")
	}
	dst = appendEscaped(dst, l.Label)
	if l.Mode != "" {
		dst = appendEscaped(put(dst, " ("), l.Mode)
		dst = put(dst, ")")
	}
	return put(dst, "\n")
}

func appendContainerLines(dst []byte, r *collect.Record) []byte {
	c := r.Container
	if c == nil {
		if reason := r.Why("container"); reason != "" && !collect.Expected(reason) {
			dst = appendUnknown(put(dst, "Container: "), r, "container")
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
func appendEvidence(dst []byte, evidence []container.Evidence) []byte {
	dst = put(dst, " known from ")
	start := len(dst)
	for i, e := range evidence {
		same := func(other container.Evidence) bool { return other.From == e.From }
		if slices.ContainsFunc(evidence[:i], same) {
			continue
		}
		dst = appendEscaped(put(dst, choose(len(dst) == start, "", ", ")), e.From)
		separator := " ("
		for _, other := range evidence[i:] {
			if same(other) {
				dst = put(dst, separator, other.What)
				separator = ", "
			}
		}
		dst = put(dst, ")")
	}
	return put(dst, "\n")
}

// member is a value and what stands before it.
type member struct{ before, value string }

// appendMembers appends a line of those values that there are.
func appendMembers(dst []byte, label string, members []member) []byte {
	start := len(dst)
	dst = put(dst, label)
	for _, m := range members {
		if m.value != "" {
			dst = appendEscaped(put(dst, m.before), m.value)
		}
	}
	if len(dst) == start+len(label) {
		return dst[:start]
	}
	return put(dst, "\n")
}

// appendProfile appends what the bounding set equals. That it is all there is
// says nothing outside a container.
func appendProfile(dst []byte, r *collect.Record) []byte {
	if len(r.Profile) == 0 || r.Profile[0] == "privileged" && !r.InContainer() {
		return dst
	}
	dst = put(dst, "Profile:")
	for i, name := range r.Profile {
		dst = put(dst, choose(i == 0, " ", ", "), name)
	}
	return put(dst, "\n")
}
