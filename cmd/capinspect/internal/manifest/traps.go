// SPDX-License-Identifier: Apache-2.0

package manifest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/capset/runtime"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
	"github.com/capinspect/capinspect/procstatus"
)

// entryTraps is the table of traps in one name of the lists that add and drop capabilities.
// At most one of them catches a name. find returns "" if it does not.
var entryTraps = [...]struct {
	code string
	find func(*runtime.Runtime, *runtime.Entry) string
}{
	{"cap-prefix", capPrefix},
	{"unknown-capability", unknownCapability},
	{"lower-case-name", lowerCaseName},
}

// traps is the table of traps in the manifest as a whole, in the order in which they are
// listed.
var traps = [...]struct {
	code       string
	kubernetes bool // nobody but Kubernetes sets it
	find       func(*Manifest, *runtime.Grant) string
}{
	{"privileged-ignores-lists", false, privilegedIgnoresLists},
	{"add-and-drop", false, addAndDrop},
	{"add-without-effect", false, addWithoutEffect},
	{"void-in-user-namespace", true, voidInUserNamespace},
	{"root-as-non-root", true, rootAsNonRoot},
	{"no-new-privs-with-sys-admin", true, noNewPrivsWithSysAdmin},
}

// TrapCodes returns the codes of all traps.
func TrapCodes() (codes []string) {
	for _, row := range entryTraps {
		codes = append(codes, row.code)
	}
	for _, row := range traps {
		codes = append(codes, row.code)
	}
	return append(codes, unknownField)
}

// maxEntryTraps is how many names have a trap each. Nobody lists more by mistake.
const maxEntryTraps = 32

// traps finds where the runtime does not do what the manifest seems to ask for.
func (m *Manifest) traps(g *runtime.Grant) (found []task.Note) {
	if !m.Asks.privileged() {
		for _, e := range g.Entries {
			if len(found) >= maxEntryTraps {
				break
			}
			for _, row := range entryTraps {
				if text := row.find(m.Runtime, e); text != "" {
					found = append(found, task.Note{Code: row.code, Text: inList(e) + text})
				}
			}
		}
	}
	for _, row := range traps {
		if m.Direct && row.kubernetes {
			continue
		}
		if text := row.find(m, g); text != "" {
			found = append(found, task.Note{Code: row.code, Text: text})
		}
	}
	for _, u := range m.Pod.UnknownFields() {
		found = append(found, task.Note{Code: unknownField, Text: u.Text()})
	}
	return found
}

// unknownField is the code of the trap in a field that counts for nothing.
const unknownField = "unknown-field"

// inList says in which list an entry is.
func inList(e *runtime.Entry) string {
	list := "add"
	if e.Drop {
		list = "drop"
	}
	return fmt.Sprintf(`%s "%.64s": `, list, e.Text)
}

// right returns the name that should stand in place of an entry.
func right(e *runtime.Entry) string {
	if e.All || e.Meant.Len() > 1 {
		return "ALL"
	}
	return names(e.Meant)
}

// refused says what a runtime does about a name that it does not take.
func refused(r *runtime.Runtime) string {
	if r.Strict {
		return r.Name + " makes no container"
	}
	return "it counts for nothing"
}

// capPrefix finds a name with CAP_ before it, which no name in Kubernetes has.
func capPrefix(r *runtime.Runtime, e *runtime.Entry) string {
	fate := refused(r)
	switch {
	case !e.Prefixed || e.Meant == 0:
		return ""
	case e.Set != 0:
		fate = "accepted, but containerd would ignore it"
	}
	return fate + ", write " + right(e)
}

// unknownCapability finds a name that no kernel knows, or not the kernel at hand.
func unknownCapability(r *runtime.Runtime, e *runtime.Entry) string {
	switch {
	case e.All || e.Meant != 0 && (e.Prefixed || e.Set != 0):
		return ""
	case e.Meant != 0:
		return "the kernel does not have it, " + refused(r)
	}
	if close := names(capset.Closest(e.Text)); close != "" {
		return refused(r) + ", perhaps " + close
	}
	return refused(r)
}

// lowerCaseName finds a name that is taken, though it is not in upper case.
func lowerCaseName(_ *runtime.Runtime, e *runtime.Entry) string {
	if e.Prefixed || e.Set == 0 && !e.All || e.Text == right(e) {
		return ""
	}
	return "accepted, but Pod Security does not know it: write " + right(e)
}

func privilegedIgnoresLists(m *Manifest, g *runtime.Grant) string {
	if !m.Asks.privileged() || g.Entries == nil {
		return ""
	}
	adds := g.AddAll || g.Added != 0
	if !adds || !m.Runtime.RaisesAmbient || task.Is(m.isRoot(), true) {
		return "privileged: true: add and drop count for nothing"
	}
	if task.Is(m.isRoot(), false) && !g.DropAll && g.Dropped == 0 {
		return ""
	}
	return "privileged: true: drop counts for nothing, and add only for a user other than root"
}

// addAndDrop finds what is in both lists.
func addAndDrop(m *Manifest, g *runtime.Grant) string {
	twice := g.Added & g.Dropped
	what, where, added := names(twice), "in add and in drop", twice&g.Bounding != 0
	switch {
	case m.Asks.privileged():
		return ""
	case g.AddAll && g.DropAll:
		what, added = "ALL", g.Bounding&^g.Added != 0
	case g.AddAll:
		what, where = names(g.Dropped), "in drop beside ALL in add"
	}
	fate := "it is dropped"
	switch {
	case what == "":
		return ""
	case g.Conflict:
		fate = "there is no container"
	case added:
		fate = "it is added"
	}
	return fmt.Sprintf("%s %s: with %s %s", what, where, m.Runtime.Name, fate)
}

// addWithoutEffect finds what is added for a user who does not get it: only root does,
// unless the runtime raises it in Ambient.
func addWithoutEffect(m *Manifest, g *runtime.Grant) string {
	if !task.Is(m.isRoot(), false) || m.Runtime.RaisesAmbient {
		return ""
	}
	what := ""
	switch added := names(g.Added & g.Bounding); {
	case m.Asks.privileged():
		what = "privileged: true"
	case g.AddAll:
		what = "add ALL"
	case added != "":
		what = "add " + added
	default:
		return ""
	}
	text := what + ": a user other than root does not get it"
	if m.Runtime.Name == "docker" && isFalse(m.Asks.AllowPrivilegeEscalation) {
		text += ", and no_new_privs keeps the file of the program from giving it"
	} else {
		text += ", unless the file of the program has it"
	}
	return text + m.opens(g)
}

// opens says what the default seccomp filter allows because of what is added. It looks at
// the bounding set, which a user other than root has too.
func (m *Manifest) opens(g *runtime.Grant) (text string) {
	if m.Asks.privileged() || m.Asks.seccomp() != "" && m.Asks.seccomp() != "RuntimeDefault" {
		return ""
	}
	for c := range (g.Added & g.Bounding).Caps() {
		if gate, ok := m.Runtime.SeccompGate(c); ok && gate.Free != nil {
			text += "; " + c.Kubernetes() + " opens the default seccomp filter, if that is on: " + gate.Text()
		}
	}
	return text
}

// voidInUserNamespace finds what counts for nothing in the pod's user namespace, though it
// is effective: of what is added all, and with the node's network also what the runtime
// gives by default for a network.
func voidInUserNamespace(m *Manifest, g *runtime.Grant) string {
	if !isFalse(m.Pod.HostUsers) {
		return ""
	}
	nodes := []struct {
		kind  procstatus.NamespaceKind
		scope capset.Scope
		field string
		is    bool
	}{
		{procstatus.NamespaceNet, capset.ScopeNet, "hostNetwork", m.Pod.HostNetwork},
		{procstatus.NamespacePID, capset.ScopePID, "hostPID", m.Pod.HostPID},
		{procstatus.NamespaceIPC, capset.ScopeIPC, "hostIPC", m.Pod.HostIPC},
	}
	shared := map[procstatus.NamespaceKind]bool{procstatus.NamespaceTime: true}
	for _, n := range nodes {
		shared[n.kind] = n.is
	}
	owned := func(k procstatus.NamespaceKind) task.Value[bool] { return task.Known(!shared[k]) }
	var void, network capset.Set
	for c := range g.Bounding.Caps() {
		s := task.ScopesInChild(c, owned)
		if s.NotFor == nil || !s.Nowhere() {
			continue
		}
		void |= capset.Of(c)
		if slices.Contains(s.NotFor, capset.ScopeNet) {
			network |= capset.Of(c)
		}
	}
	if !m.Asks.privileged() && !g.AddAll {
		void = void&g.Added | network
	}
	if void == 0 {
		return ""
	}
	var with []string
	for _, n := range nodes {
		asks := func(c capset.Cap) bool { return slices.Contains(c.Scopes(), n.scope) }
		if n.is && slices.ContainsFunc(slices.Collect(void.Caps()), asks) {
			with = append(with, n.field+": true")
		}
	}
	where := "hostUsers: false"
	if with != nil {
		where += " with " + task.And(with)
	}
	return where + ": " + names(void) + ": no help there, even if effective: the kernel checks it against the node's user namespace"
}

func rootAsNonRoot(m *Manifest, _ *runtime.Grant) string {
	if !isTrue(m.Asks.RunAsNonRoot) || !task.Is(m.isRoot(), true) {
		return ""
	}
	return "runAsNonRoot: true: the kubelet starts no container that has it and runAsUser: 0"
}

// noNewPrivsWithSysAdmin finds what the API server refuses. It looks for CAP_SYS_ADMIN and
// not for SYS_ADMIN (pkg/apis/core/validation, ValidateSecurityContext).
func noNewPrivsWithSysAdmin(m *Manifest, g *runtime.Grant) string {
	beside := ""
	if m.Asks.privileged() {
		beside = "privileged: true"
	}
	for _, e := range g.Entries {
		if e.Text == "CAP_SYS_ADMIN" && !e.Drop {
			beside = "add CAP_SYS_ADMIN"
		}
	}
	if beside == "" || !isFalse(m.Asks.AllowPrivilegeEscalation) {
		return ""
	}
	return "allowPrivilegeEscalation: false: the API server refuses it beside " + beside
}

// names returns the names of a set as a manifest has them, separated by commas.
func names(set capset.Set) string {
	var list []string
	for c := range set.Caps() {
		list = append(list, c.Kubernetes())
	}
	return strings.Join(list, ",")
}
