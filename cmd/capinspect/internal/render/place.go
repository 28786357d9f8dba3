// SPDX-License-Identifier: Apache-2.0

package render

import (
	"slices"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
	"github.com/capinspect/capinspect/procstatus"
	"github.com/capinspect/capinspect/procstatus/container"
)

// printPlace prints where the task is: its namespaces, its security module, its container,
// and when that was so if a saved report tells it. It says nothing of a task that is where
// everything else is.
func printPlace(p *printer, t *task.Task) {
	printUserNamespace(p, t)
	printNamespaces(p, t)
	printLabel(p, t)
	printContainer(p, t)
	printProfile(p, t)
	printReported(p, t)
}

func printUserNamespace(p *printer, t *task.Task) {
	if !t.InChildUserNamespace() {
		return
	}
	ns := t.UserNamespace.Zero()
	p.print("User namespace: ")
	if id, ok := ns.ID.Get(); ok {
		p.printf("%d", id)
	} else {
		p.unknown(ns.ID.Why())
	}
	p.print(", not the initial one")
	if task.Is(ns.Setgroups, "deny") {
		p.print(", setgroups denied")
	}
	p.line()
	printIDMap(p, " uid map", ns.UIDMap, ns.Own)
	printIDMap(p, " gid map", ns.GIDMap, ns.Own)
}

// printIDMap prints the id map of a user namespace. own says that the namespace is
// capinspect's own.
func printIDMap(p *printer, title string, m task.Value[procstatus.IDMap], own bool) {
	p.print(title)
	extents, known := m.Get()
	switch {
	case !known:
		p.print(": ")
		p.unknown(m.Why())
	case len(extents) == 0:
		p.print(": none is written yet")
	default:
		p.print(choose(own, " to the one above:", " to capinspect's:"))
	}
	separate := p.separated(" ", ", ")
	for _, extent := range extents {
		separate()
		printIDRange(p, extent.Inside, extent.Length)
		p.print(choose(extent.Length == 1, " is ", " are "))
		if extent.Outside == procstatus.UnmappedID {
			p.print("none")
		} else {
			printIDRange(p, extent.Outside, extent.Length)
		}
	}
	p.line()
}

// printIDRange prints the first and the last of some ids, or the only one.
func printIDRange(p *printer, first, length uint32) {
	p.print(task.Decimal(first))
	if length > 1 {
		p.printf("-%d", uint64(first)+uint64(length)-1)
	}
}

// printNamespaces prints the namespaces that the task shares neither with capinspect nor
// with PID 1.
func printNamespaces(p *printer, t *task.Task) {
	all, known := t.Namespaces.Get()
	if !known || !all.Any() {
		ns, ok := t.UserNamespace.Get()
		why := t.Namespaces.Why()
		if why != "" && !task.Expected(why) && ok && !ns.Initial.Known() {
			p.print("User namespace and others: ")
			p.unknown(why)
			p.line()
		}
		return
	}
	var self, first [procstatus.NumNamespaces]bool
	for k, ns := range all {
		self[k] = task.Is(ns.WithSelf, false)
		first[k] = task.Is(ns.WithPID1, false)
	}
	if self == first {
		printApart(p, &all, "capinspect and PID 1", self)
		return
	}
	printApart(p, &all, "capinspect", self)
	printApart(p, &all, "PID 1", first)
}

func printApart(p *printer, all *task.Namespaces, from string, apart [procstatus.NumNamespaces]bool) {
	if !slices.Contains(apart[:], true) {
		return
	}
	p.print("Namespaces apart from ", from, ":")
	for k, ns := range all {
		if apart[k] {
			p.printf(" %v:[%d]", procstatus.NamespaceKind(k), ns.ID.Zero())
		}
	}
	p.line()
}

// printIfNews prints why a value is unknown, unless the reader knows that already.
func printIfNews(p *printer, title, why string) {
	if why != "" && !task.Expected(why) {
		p.print(title)
		p.unknown(why)
		p.line()
	}
}

func printLabel(p *printer, t *task.Task) {
	const title = "LSM: "
	l, ok := t.Label.Get()
	if !ok {
		printIfNews(p, title, t.Label.Why())
		return
	}
	p.print(title)
	if l.Module != "" {
		p.escaped(l.Module)
		p.print(" ")
	}
	p.escaped(l.Label)
	if l.Mode != "" {
		p.print(" (")
		p.escaped(l.Mode)
		p.print(")")
	}
	p.line()
}

func printContainer(p *printer, t *task.Task) {
	c, ok := t.Container.Get()
	if !ok {
		printIfNews(p, "Container: ", t.Container.Why())
	}
	if c == nil {
		return
	}
	name := c.Runtime
	if name == "" {
		name = "unknown runtime"
	}
	sandbox := c.SandboxID
	if task.Is(c.Sandbox, true) {
		name, sandbox = "sandbox of a pod, "+name, ""
	}
	printMembers(p, "Container:", []member{{" ", name}, {" ", c.ID}, {" sandbox ", sandbox}, {" name ", c.Name}})
	if c.ID == "" {
		printIfNews(p, " id: ", c.Why.ID)
	}
	pod := c.PodName
	if pod != "" && c.PodNamespace != "" {
		pod = c.PodNamespace + "/" + pod
	} else if c.PodNamespace != "" {
		pod = "in " + c.PodNamespace
	}
	printMembers(p, "Pod:", []member{{" ", pod}, {" uid ", c.PodUID}, {" id ", c.PodID}, {" host name ", c.Hostname}})
	printEvidence(p, c.Evidence)
	for _, other := range c.Conflicts {
		p.print(" contradiction: ")
		p.escaped(other)
		p.line()
	}
}

// member is a value and the text before it.
type member struct{ before, value string }

// printMembers prints a line with the values that are not "". It prints nothing if all are.
func printMembers(p *printer, title string, members []member) {
	members = slices.DeleteFunc(members, func(m member) bool { return m.value == "" })
	if len(members) == 0 {
		return
	}
	p.print(title)
	for _, m := range members {
		p.print(m.before)
		p.escaped(m.value)
	}
	p.line()
}

// printEvidence prints each source, and the values that are known from it.
func printEvidence(p *printer, evidence []container.Evidence) {
	if len(evidence) == 0 {
		return
	}
	p.print(" known from ")
	var done []string
	separate := p.separated("", ", ")
	for _, e := range evidence {
		if slices.Contains(done, e.From) {
			continue
		}
		done = append(done, e.From)
		separate()
		p.escaped(e.From)
		value := p.separated(" (", ", ")
		for _, other := range evidence {
			if other.From == e.From {
				value()
				p.escaped(other.What)
			}
		}
		p.print(")")
	}
	p.line()
}

// printReported prints when and where the saved report was made that the task was read from.
func printReported(p *printer, t *task.Task) {
	at, timed := t.Reported.Time.Get()
	node, named := t.Reported.Node.Get()
	if !timed && !named {
		return
	}
	p.print("Reported:")
	if timed {
		p.print(" ")
		p.escaped(at)
	}
	if named {
		p.print(" on ")
		p.escaped(node)
	}
	p.line()
}

// printProfile prints the profiles that the bounding set equals. Outside a container every
// capability is no news.
func printProfile(p *printer, t *task.Task) {
	names := t.Profile.Zero()
	if len(names) == 0 || names[0] == "privileged" && !t.InContainer() {
		return
	}
	p.print("Profile:")
	separate := p.separated(" ", ", ")
	for _, name := range names {
		separate()
		p.escaped(name)
	}
	p.line()
}
