// SPDX-License-Identifier: Apache-2.0

package target

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/collect"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// ContainerPrefix stands before the id or the name of a container among PIDs.
const ContainerPrefix = "container:"

// inContainer is a container, and its first process.
type inContainer struct {
	id, name string // the name has those of the pod and its namespace before it, if they are known
	first    process
}

// goesBy reports whether name is the name of the container, with those of its pod and its
// namespace before it or not, or the beginning of its id.
func (c *inContainer) goesBy(name string) bool {
	return strings.HasPrefix(c.id, name) || strings.HasSuffix("/"+c.name, "/"+name)
}

// process is a process of a container.
type process struct {
	pid, parent int
	inside      int // its number in its own pid namespace
}

// Container returns the first process of the container that has a name, or whose id begins
// so: the one that is PID 1 of its own pid namespace, or else the lowest of those whose parent
// is in another container or in none. It also returns the whole id. proc is as --proc has it,
// and names, unless it is nil, gives containers their names.
func Container(proc, name string, names func(*task.Container)) (pid int, id string, err error) {
	if name == "" {
		return 0, "", errors.New("container: wants the beginning of an id, or a name")
	}
	all, err := containersOf(proc, names)
	if err != nil {
		return 0, "", err
	}
	matching := slices.DeleteFunc(slices.Clone(all), func(c inContainer) bool {
		return !c.goesBy(name)
	})
	asked := ContainerPrefix + name
	switch {
	case len(matching) == 1:
		return matching[0].first.pid, matching[0].id, nil
	case len(matching) > 1:
		return 0, "", fmt.Errorf("%s: several containers: %s", asked, listed(matching))
	case len(all) == 0:
		return 0, "", fmt.Errorf("%s: no process that capinspect sees is in a container whose id it can tell", asked)
	}
	return 0, "", fmt.Errorf("%s: no such container; there are %s", asked, listed(all))
}

// listed names the first of some containers, and says how many more there are.
func listed(all []inContainer) string {
	const shown = 5
	var list []string
	for _, c := range all[:min(len(all), shown)] {
		text := c.id[:min(len(c.id), 12)] + " ("
		if c.name != "" {
			text += c.name + ", "
		}
		list = append(list, text+"pid "+strconv.Itoa(c.first.pid)+")")
	}
	text := strings.Join(list, ", ")
	if more := len(all) - shown; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// member is a process, and its container.
type member struct {
	id, name string
	process
}

// containersOf returns the containers of all processes, by id.
func containersOf(proc string, names func(*task.Container)) ([]inContainer, error) {
	from, err := collect.Open(collect.Options{Proc: proc})
	if err != nil {
		return nil, err
	}
	defer from.Close()
	var members []member
	_, err = collect.Walk(from, collect.Query{Container: true, NameContainer: names}, func() *[]member { return new([]member) }, func(found *[]member, t *task.Task) {
		if c := t.Container.Zero(); c != nil && c.ID != "" && !task.Is(c.Sandbox, true) {
			*found = append(*found, member{c.ID, fullName(c), processOf(t)})
		}
	}, func(found *[]member) error {
		members = append(members, *found...)
		return nil
	})
	return firsts(members), err
}

// fullName returns the name of a container, NAMESPACE/POD/NAME as far as they are known.
func fullName(c *task.Container) string {
	if c.Name == "" || c.PodName == "" {
		return c.Name
	}
	return path.Join(c.PodNamespace, c.PodName, c.Name)
}

func processOf(t *task.Task) process {
	p := process{pid: t.Pid.Zero(), parent: t.PPid.Zero()}
	if inside := t.NSPid.Zero(); len(inside) > 0 {
		p.inside = inside[len(inside)-1]
	}
	return p
}

// firsts returns each container with its first process, by id.
func firsts(members []member) (all []inContainer) {
	of := map[int]string{}
	for _, m := range members {
		of[m.pid] = m.id
	}
	found := map[string]inContainer{}
	for _, m := range members {
		c, ok := found[m.id]
		if !ok || before(m.process, c.first, func(p process) bool { return of[p.parent] == m.id }) {
			c.first = m.process
		}
		c.id, c.name = m.id, m.name
		found[m.id] = c
	}
	for _, c := range found {
		all = append(all, c)
	}
	slices.SortFunc(all, func(a, b inContainer) int { return strings.Compare(a.id, b.id) })
	return all
}

// before reports whether a is rather the first process of a container than b; below tells
// whether the parent of one is in that container too.
func before(a, b process, below func(process) bool) bool {
	if one, other := a.inside == 1, b.inside == 1; one != other {
		return one
	}
	if one, other := below(a), below(b); one != other {
		return other
	}
	return a.pid < b.pid
}

// PID returns what a word among targets stands for: a PID or self as it is, container:ID as
// the PID of its first process.
func PID(proc, word string) (string, error) {
	if word == Self || IsPID(word) {
		return word, nil
	}
	name, ok := strings.CutPrefix(word, ContainerPrefix)
	if !ok {
		return "", NotPID{word}
	}
	pid, _, err := Container(proc, name, nil)
	return strconv.Itoa(pid), err
}

// TakeTargets takes out of args what can only be a target, and returns the rest.
func (t *List) TakeTargets(args []string) (rest []string) {
	for _, arg := range args {
		kind, _, ok := strings.Cut(arg, ":")
		if ok && (kind == "container" || kind == "pod" || kind == "profile") || arg == "-" {
			t.PIDs = append(t.PIDs, arg)
		} else {
			rest = append(rest, arg)
		}
	}
	return rest
}
