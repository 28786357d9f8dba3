// SPDX-License-Identifier: Apache-2.0

package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/capset/podsecurity"
	"github.com/capinspect/capinspect/capset/runtime"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/manifest"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// Lint looks in a manifest for what gives a container more than it is likely to need, and
// says what to write in its place. It knows capabilities and what guards them, and nothing
// of limits, probes or images.

// lintRules is the table of what lint looks for. What it says to write makes the finding go
// away, and all of it together makes a pod that keeps to restricted, as far as the rules of
// that are about what is looked for here.
var lintRules = [...]struct {
	code     string
	severity Severity
	about    string // as docs/lint.md has it
	find     func(*linted) []advice
}{
	{"privileged", Error, "privileged: true", isPrivileged},
	{"host-process", Error, "a Windows container that runs as a process of the node", breaks("windowsHostProcess", false, "it runs as a process of the node")},
	{"host-namespace", Warning, "the node's pid, network or ipc namespace", breaks("hostNamespaces", false, "what it may do there counts for the node too")},
	{"unmasked-proc", Warning, "procMount: Unmasked, with or without a user namespace for the pod", breaks("procMount_restricted", "Default", "nothing in /proc is hidden from it or read-only")},
	{"opens-node", Error, "an added capability that makes root in the container root on the node", opensNode},
	{"added-capability", Warning, "another added capability, except NET_BIND_SERVICE", addedCapability},
	{"default-capabilities", Warning, "nothing is dropped, so the runtime's default stays", defaultCapabilities},
	{"all-not-dropped", Warning, "something is dropped, but not ALL", allNotDropped},
	{"root", Warning, "runAsUser: 0, unless the pod has a user namespace of its own", breaks("runAsUser", 1000, "in the user namespace of the node that is the node's root: use a uid of the image")},
	{"may-be-root", Warning, "neither runAsNonRoot nor runAsUser keeps it from starting as root", mayBeRoot},
	{"non-root-unsaid", Note, "another user in runAsUser, without the runAsNonRoot that restricted requires", nonRootUnsaid},
	{"privilege-escalation", Warning, "allowPrivilegeEscalation is not false", breaks("allowPrivilegeEscalation", false, "a program with the set-user-ID bit or with file capabilities gives it more")},
	{"no-seccomp", Warning, "no seccompProfile, or Unconfined", noSeccomp},
	{"no-apparmor", Warning, "an AppArmor profile that is Unconfined; where AppArmor is on, a pod that says nothing gets the profile of its runtime", breaks("appArmorProfile", nil, "on nodes with AppArmor nothing confines it, while a pod that says nothing gets the profile of the runtime")},
	{"writable-root", Note, "readOnlyRootFilesystem is not true", writableRoot},

	{"unknown-field", Warning, "a field that Kubernetes does not have there; only you know what you meant", unknownFields},
	{"cap-prefix", Warning, "CAP_ before a name", trapped("cap-prefix", spelled)},
	{"unknown-capability", Warning, "a name of no capability", trapped("unknown-capability", spelled)},
	{"lower-case-name", Warning, "a name that Pod Security does not know, because it is not in upper case", trapped("lower-case-name", spelled)},
	{"privileged-ignores-lists", Warning, "add or drop together with privileged: true", trapped("privileged-ignores-lists", unprivileged)},
	{"add-and-drop", Warning, "a name in both lists, or ALL in add", trapped("add-and-drop", dropAll)},
	{"add-without-effect", Note, "an added capability that a user other than root does not get unless the program's file has it", addWithoutEffect},
	{"void-in-user-namespace", Note, "an added capability that has no effect with hostUsers: false", trapped("void-in-user-namespace", addNothing)},
	{"root-as-non-root", Error, "runAsNonRoot together with runAsUser: 0: the kubelet does not start it", trapped("root-as-non-root", anotherUser)},
	{"no-new-privs-with-sys-admin", Error, "no privilege escalation, together with privileged or CAP_SYS_ADMIN: the API server refuses it", trapped("no-new-privs-with-sys-admin", addNothing)},
}

// LintCodes returns the codes of what lint finds.
func LintCodes() (codes []string) {
	for _, rule := range lintRules {
		codes = append(codes, rule.code)
	}
	return codes
}

// lintAbout returns what a code of lint is about, "" if it is none.
func lintAbout(code string) string {
	for _, rule := range lintRules {
		if rule.code == code {
			return rule.about
		}
	}
	return ""
}

// linted is a pod that lint looks at.
type linted struct {
	pod        *manifest.Pod
	containers []*manifest.Manifest
	grants     []*runtime.Grant // what the runtime makes of the lists of each
	last       capset.Cap
}

// advice is what was found at a field of a container or of the pod, and what to write.
type advice struct {
	container *manifest.Container // nil for the pod
	field     []string
	line      int // of the field, if that is no path
	text      string
	explains  string
	write     patch // none if only somebody who knows what is meant can write it
}

// patch is what to write: a value at a field of the same container or pod.
type patch struct {
	field []string
	value any // nil takes the field away
}

// Lint looks for what gives those containers of a pod that are chosen more than they are
// likely to need.
func (c *Checked) Lint(p *manifest.Pod, from Source, chosen func(*manifest.Container) bool) {
	l := linted{pod: p, last: from.Last}
	for _, in := range p.Containers {
		if !chosen(in) {
			continue
		}
		m := p.Of(in)
		m.Through(from.Runtime, nil)
		m.Expected(from.Last)
		var lists manifest.Capabilities
		if m.Asks.Capabilities != nil {
			lists = *m.Asks.Capabilities
		}
		l.containers = append(l.containers, m)
		l.grants = append(l.grants, m.Runtime.Grant(lists.Add, lists.Drop, from.Last))
	}
	before := len(c.Findings)
	for _, rule := range lintRules {
		for _, a := range rule.find(&l) {
			if a.container != nil && !chosen(a.container) {
				continue
			}
			f := Finding{
				Subject: Subject{Pod: p, Container: a.container, field: a.field},
				Code:    rule.code, Lint: true, Severity: rule.severity, Text: a.text, Explains: a.explains,
			}
			f.Line = a.line
			f.Where, f.Write = a.placed(p)
			c.add(f)
		}
	}
	place(c.Findings[before:], from)
}

// placed returns the keys in the object that lead to where the advice is to be written, and
// the line to write there: a merge patch in YAML.
func (a *advice) placed(p *manifest.Pod) (where []string, line string) {
	field := a.write.field
	if field == nil {
		return nil, ""
	}
	if a.container != nil {
		return p.Path(a.container.Field()...), flow(field, a.write.value)
	}
	field = field[1:]
	where = p.Path(a.write.field...)
	return where[:len(where)-len(field)], flow(field, a.write.value)
}

// breaks finds what breaks a rule of restricted. value is what to write at the field of the
// breach; nil takes it away, with the object that it is alone in.
func breaks(id string, value any, why string) func(*linted) []advice {
	return func(l *linted) (found []advice) {
		for _, rule := range podsecurity.Rules() {
			if rule.ID != id {
				continue
			}
			for _, b := range rule.Breaches(l.secured(), podsecurity.LatestVersion) {
				a := advice{field: b.Field, text: b.String() + ": " + why, write: patch{b.Field, value}}
				if value == nil {
					a.write.field = slices.DeleteFunc(slices.Clone(b.Field), func(key string) bool { return key == "type" })
				}
				if b.Container >= 0 {
					a.container = l.pod.Containers[b.Container]
				}
				found = append(found, a)
			}
		}
		return found
	}
}

// secured returns what the rules look at, with the system that the pod is for even if its os
// does not say so.
func (l *linted) secured() *podsecurity.Pod {
	pod := *l.pod.Security
	if l.pod.Windows {
		pod.OS = "windows"
	}
	return &pod
}

// isPrivileged finds privileged containers. What to write in their place leaves them nothing of
// what the runtime gives by default either: they have not asked for that.
func isPrivileged(l *linted) []advice {
	found := breaks("privileged", false, "it has every capability, no seccomp filter, and the node's devices")(l)
	for i, a := range found {
		at := slices.IndexFunc(l.containers, func(m *manifest.Manifest) bool { return m.Container == a.container })
		if at >= 0 {
			found[i].write = unprivileged(l.containers[at], l.grants[at])
		}
	}
	return found
}

func mayBeRoot(l *linted) []advice {
	return slices.DeleteFunc(breaks("runAsNonRoot", true, "nothing keeps it from starting as root")(l), l.saysUser)
}

func nonRootUnsaid(l *linted) []advice {
	said := breaks("runAsNonRoot", true, "runAsUser says so, and restricted wants both")(l)
	return slices.DeleteFunc(said, func(a advice) bool { return !l.saysUser(a) })
}

// saysUser reports whether a manifest says that the container of an advice runs as a
// user other than root.
func (l *linted) saysUser(a advice) bool {
	if a.container == nil {
		return false
	}
	id := l.pod.Of(a.container).Asks.RunAsUser
	return id != nil && *id != 0
}

func noSeccomp(l *linted) []advice {
	found := breaks("seccompProfile_restricted", "RuntimeDefault", "every system call is open to it")(l)
	for i, a := range found {
		if a.container != nil && l.pod.Of(a.container).Asks.SeccompProfile == nil {
			found[i].text += ", unless seccompDefault of the kubelet is on"
		}
	}
	return found
}

var (
	addField  = []string{"securityContext", "capabilities", "add"}
	dropField = []string{"securityContext", "capabilities", "drop"}
	rootField = []string{"securityContext", "readOnlyRootFilesystem"}
)

// eachLinux finds something in each container that is not for Windows.
func (l *linted) eachLinux(find func(*manifest.Manifest, *runtime.Grant) []advice) (found []advice) {
	if l.pod.Windows {
		return nil
	}
	for i, m := range l.containers {
		for _, a := range find(m, l.grants[i]) {
			a.container = m.Container
			found = append(found, a)
		}
	}
	return found
}

func opensNode(l *linted) []advice       { return l.added(true) }
func addedCapability(l *linted) []advice { return l.added(false) }

// added finds capabilities that are added and that restricted does not allow: those that
// open the node, or the others.
func (l *linted) added(opening bool) []advice {
	return l.eachLinux(func(m *manifest.Manifest, g *runtime.Grant) (found []advice) {
		if privileged(m) {
			return nil
		}
		opens, write := l.opens(m), patch{addField, kept(g)}
		for i, e := range g.Entries {
			if e.Drop || !e.All && e.Set&^podsecurity.Allowed(podsecurity.Restricted, "") == 0 {
				continue
			}
			a := advice{field: append(slices.Clone(addField), fmt.Sprint(i)), write: write}
			text := opens["full-capabilities"]
			if a.text = "adds ALL"; !e.All && e.Set.Len() == 1 {
				c := slices.Collect(e.Set.Caps())[0]
				a.text, a.explains = "adds "+c.Kubernetes(), c.Summary()
				text = strings.TrimPrefix(opens[strings.ReplaceAll(c.String(), "_", "-")], c.String()+": ")
			}
			if opening != (text != "") {
				continue
			}
			if text != "" {
				a.text += ": " + text
			}
			found = append(found, a)
		}
		return found
	})
}

// privileged reports whether a container is privileged, so that its lists count for nothing.
func privileged(m *manifest.Manifest) bool { return m.Asks.Privileged != nil && *m.Asks.Privileged }

// opens returns what the notes on the container say, by their codes: of root, unless it
// neither starts as root nor can become root.
func (l *linted) opens(m *manifest.Manifest) map[string]string {
	worst := *m
	if b := m.Asks.AllowPrivilegeEscalation; b == nil || *b {
		worst.Asks.RunAsUser = new(int64(0))
	}
	said := map[string]string{}
	t := worst.Possible(l.last)[0]
	t.Container = task.Known(new(task.Container))
	t.InUserNamespace(t.Isolation.ChildUserNamespace, nil)
	t.Remark()
	for _, note := range t.Notes {
		said[note.Code] = note.Text
	}
	return said
}

// kept returns which of the names in add restricted allows.
func kept(g *runtime.Grant) []string {
	return slices.DeleteFunc(names(g), func(name string) bool {
		c, err := capset.Parse(name)
		return err != nil || !podsecurity.Allowed(podsecurity.Restricted, "").Has(c)
	})
}

// names returns the names in add as Kubernetes spells them, each once, without those that
// mean nothing.
func names(g *runtime.Grant) []string {
	list := []string{}
	var meant capset.Set
	for _, e := range g.Entries {
		switch {
		case e.Drop:
		case e.All || e.Meant.Len() > 1:
			list = []string{"ALL"}
		default:
			meant |= e.Meant
		}
	}
	for c := range meant.Caps() {
		list = append(list, c.Kubernetes())
	}
	return list
}

func defaultCapabilities(l *linted) []advice {
	return l.notDropped(func(g *runtime.Grant) bool { return !slices.ContainsFunc(g.Entries, isDrop) })
}

func allNotDropped(l *linted) []advice {
	return l.notDropped(func(g *runtime.Grant) bool { return slices.ContainsFunc(g.Entries, isDrop) })
}

func isDrop(e *runtime.Entry) bool { return e.Drop }

// notDropped finds containers that do not drop ALL.
func (l *linted) notDropped(which func(*runtime.Grant) bool) []advice {
	return l.eachLinux(func(m *manifest.Manifest, g *runtime.Grant) []advice {
		if g.DropAll || privileged(m) || !which(g) {
			return nil
		}
		text := "keeps nothing of the default of " + m.Runtime.Name + ", but by names: another runtime may have more"
		if left := g.Bounding & m.Runtime.Default() &^ g.Added; left != 0 {
			text = fmt.Sprintf("keeps what %s gives by default, not only what it needs: %v", m.Runtime.Name, left)
		}
		return []advice{{field: dropField, text: text, write: patch{dropField, []string{"ALL"}}}}
	})
}

func writableRoot(l *linted) []advice {
	return l.eachLinux(func(m *manifest.Manifest, _ *runtime.Grant) []advice {
		if b := m.Asks.ReadOnlyRootFilesystem; b != nil && *b {
			return nil
		}
		const text = "securityContext.readOnlyRootFilesystem is not true: it can change its own programs; what it writes goes to an emptyDir"
		return []advice{{field: rootField, text: text, write: patch{rootField, true}}}
	})
}

func unknownFields(l *linted) (found []advice) {
	for _, u := range l.pod.UnknownFields() {
		found = append(found, advice{line: u.Line, text: u.What()})
	}
	return found
}

// trapped finds the traps of a code. fix returns what to write.
func trapped(code string, fix func(*manifest.Manifest, *runtime.Grant) patch) func(*linted) []advice {
	return func(l *linted) []advice {
		return l.eachLinux(func(m *manifest.Manifest, g *runtime.Grant) (found []advice) {
			write := fix(m, g)
			for _, trap := range m.Traps {
				if trap.Code == code {
					found = append(found, advice{field: write.field, text: trap.Text, write: write})
				}
			}
			return found
		})
	}
}

// addWithoutEffect finds what a user other than root does not get. If the file of the program
// has it, the kernel does not execute the file without it.
func addWithoutEffect(l *linted) []advice {
	found := trapped("add-without-effect", addNothing)(l)
	for i, a := range found {
		if !privileged(l.pod.Of(a.container)) {
			found[i].text += "; if the file has it, keep it: execve fails without it"
		}
	}
	return found
}

// spelled writes the lists as Kubernetes spells them. What is dropped by name goes, with
// all the rest.
func spelled(_ *manifest.Manifest, g *runtime.Grant) patch { return lists(g, names(g)) }

func dropAll(_ *manifest.Manifest, g *runtime.Grant) patch { return lists(g, kept(g)) }

func addNothing(m *manifest.Manifest, g *runtime.Grant) patch {
	if privileged(m) {
		return unprivileged(m, g)
	}
	return lists(g, []string{})
}

// lists writes what to add, if something is added now, and to drop ALL.
func lists(g *runtime.Grant, add []string) patch {
	to := map[string]any{"drop": []string{"ALL"}}
	if slices.ContainsFunc(g.Entries, func(e *runtime.Entry) bool { return !e.Drop }) {
		to["add"] = add
	}
	return patch{addField[:2], to}
}

// unprivileged takes privileged away, and writes the lists for what then counts.
func unprivileged(_ *manifest.Manifest, g *runtime.Grant) patch {
	return patch{addField[:1], map[string]any{"capabilities": lists(g, kept(g)).value, "privileged": false}}
}

func anotherUser(*manifest.Manifest, *runtime.Grant) patch {
	return patch{[]string{"securityContext", "runAsUser"}, 1000}
}
