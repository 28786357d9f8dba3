// SPDX-License-Identifier: Apache-2.0

package collect

import (
	"fmt"
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/capset/runtime"
)

// trap lists a trap.
func (m *Manifest) trap(code, text string) { addNote(&m.Traps, code, text) }

// traps finds what the manifest asks for that does not come, or not as it seems.
func (m *Manifest) traps(g *runtime.Grant) {
	asks := &m.Asks
	privileged := isTrue(asks.Privileged)
	refused := "privileged: true"
	for _, e := range g.Entries {
		if !privileged {
			m.entry(e)
		}
		if e.Text == "CAP_SYS_ADMIN" && !e.Drop {
			refused = "add CAP_SYS_ADMIN"
		}
	}
	if privileged && g.Entries != nil {
		m.trap("privileged-ignores-lists", "privileged: true: add and drop count for nothing")
	} else {
		m.both(g)
	}
	if added := kubernetes(g.Added & g.Bounding); asks.isRoot() == No && !m.Runtime.RaisesAmbient && (privileged || g.AddAll || added != "") {
		added = "add " + added
		switch {
		case privileged:
			added = "privileged: true"
		case g.AddAll:
			added = "add ALL"
		}
		m.trap("add-without-effect", added+": another user than root is not permitted that, unless the file of the program has it")
	}
	if isTrue(asks.RunAsNonRoot) && asks.isRoot() == Yes {
		m.trap("root-as-non-root", "runAsNonRoot: true: kubelet starts no container with it and runAsUser: 0")
	}
	if isFalse(asks.AllowPrivilegeEscalation) && (privileged || refused[0] == 'a') {
		m.trap("no-new-privs-with-sys-admin", "allowPrivilegeEscalation: false: the API server refuses it beside "+refused)
	}
}

// entry looks at one name of the lists.
func (m *Manifest) entry(e *runtime.Entry) {
	list, code, right := "add", "cap-prefix", kubernetes(e.Meant)
	if e.Drop {
		list = "drop"
	}
	if e.All || e.Meant.Len() > 1 {
		right = "ALL"
	}
	fate, fix := "it counts for nothing", ", write "
	if m.Runtime.Strict {
		fate = m.Runtime.Name + " makes no container"
	}
	switch {
	case e.Text == right && (e.All || e.Set != 0):
		return
	case e.All || e.Set != 0 && !e.Prefixed:
		code, fate = "lower-case-name", "taken, but Pod Security does not know it"
	case e.Meant == 0:
		code, fix, right = "unknown-capability", ", perhaps ", kubernetes(capset.Closest(e.Text))
	case e.Set != 0:
		fate = "taken, but containerd would ignore it"
	case !e.Prefixed:
		code, fate, right = "unknown-capability", "the kernel does not have it, "+fate, ""
	}
	if right != "" {
		right = fix + right
	}
	m.trap(code, fmt.Sprintf(`%s "%.64s": %s%s`, list, e.Text, fate, right))
}

// both looks at what is in both lists.
func (m *Manifest) both(g *runtime.Grant) {
	twice := g.Added & g.Dropped
	what, where, kept := kubernetes(twice), " in add and in drop: with ", twice&g.Bounding != 0
	switch {
	case g.AddAll && g.DropAll:
		what, kept = "ALL", g.Bounding&^g.Added != 0
	case g.AddAll:
		what, where = kubernetes(g.Dropped), " in drop beside ALL in add: with "
	}
	fate := " it is dropped"
	switch {
	case what == "":
		return
	case g.Conflict:
		fate = " there is no container"
	case kept:
		fate = " it is added"
	}
	m.trap("add-and-drop", what+where+m.Runtime.Name+fate)
}

// kubernetes returns the names of a set as a manifest has them.
func kubernetes(set capset.Set) string {
	return strings.ReplaceAll(strings.ToUpper(set.String()), "CAP_", "")
}
