// SPDX-License-Identifier: Apache-2.0

package diff

import (
	"cmp"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/containers"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// Place is where processes run, by what two lists of other times or nodes have in common.
// What is unknown is "".
type Place struct {
	Namespace, Workload, Container string             // of the pod; Container is a name in it
	In                             *task.Container    // nil if they are in none
	Process                        string             // their name; "" of a whole container
	UID                            task.Value[uint32] // the effective one, of those in no container
	Maybe                          bool               // whether they are in a container is unknown
}

// group has the processes of one place in one list.
type group struct {
	place Place
	sum   *containers.Sum
	told  *told // nil of a report by container
}

// add adds the processes of another one.
func (g *group) add(sum *containers.Sum, more *told) {
	g.sum.Add(sum)
	g.told = g.told.with(more)
}

// clone returns a copy to which others can be added.
func (g *group) clone() *group {
	own := *g
	sum := *g.sum
	own.sum = &sum
	return &own
}

// fact returns one of the facts.
func (g *group) fact(i int) task.Value[any] {
	if of := facts[i].ofSum; of != nil {
		return of(g.sum)
	}
	if g.told == nil {
		return task.Value[any]{}
	}
	return g.told[i]
}

// groupKey is what two lists have of one place.
type groupKey struct {
	container string // "" outside of containers
	process   string
	uid       string
}

func (k groupKey) inContainer() bool { return k.container != "" && k.container != perhaps }

// perhaps stands for a container of what is perhaps in one.
const perhaps = "?"

// placing finds the places of both lists.
type placing struct {
	byContainer bool             // the processes of a container are not told apart
	outside     bool             // containers are not looked at
	pods        map[string]Place // by the ids of containers that have names in any list
}

// learn takes the names of the containers of a list.
func (p *placing) learn(list *List) {
	named := func(c *task.Container) {
		if c == nil || c.ID == "" {
			return
		}
		at := placeOf(c, list.Reported.Node.Zero())
		if at.Workload == "" || at.Container == "" {
			return
		}
		if old, ok := p.pods[c.ID]; !ok || old.Namespace == "" {
			p.pods[c.ID] = at
		}
	}
	for _, one := range list.gathered {
		named(one.in)
	}
	for _, sum := range list.Sums {
		named(sum.Container.Zero())
	}
}

// groups returns what the processes of each place of a list have together. The sandboxes of
// pods are left out.
func (p *placing) groups(list *List) map[groupKey]*group {
	groups := map[groupKey]*group{}
	add := func(at Place, more *group) {
		key := p.key(&at)
		if g := groups[key]; g != nil {
			g.add(more.sum, more.told)
			return
		}
		groups[key] = more.clone()
		groups[key].place = at
	}
	node := list.Reported.Node.Zero()
	for _, sum := range list.Sums {
		if in := sum.Container.Zero(); in == nil || !task.Is(in.Sandbox, true) {
			add(p.place(sum.Container, node), &group{sum: sum})
		}
	}
	for _, one := range list.gathered {
		at := p.place(one.sum.Container, node)
		if !p.byContainer {
			at.Process = one.name
			if at.In == nil {
				at.UID = one.uid
			}
		}
		add(at, &one.group)
	}
	return groups
}

// place returns the place of what is in a container, or in none.
func (p *placing) place(in task.Value[*task.Container], node string) Place {
	c, known := in.Get()
	switch {
	case p.outside:
		return Place{}
	case !known:
		return Place{Maybe: true}
	case c == nil:
		return Place{}
	}
	if at, ok := p.pods[c.ID]; ok && c.ID != "" {
		at.In = c
		return at
	}
	return placeOf(c, node)
}

// placeOf returns the place of a container. The hostname of a pod is its name where nobody
// tells that.
func placeOf(c *task.Container, node string) Place {
	return Place{Namespace: c.PodNamespace, Workload: Workload(cmp.Or(c.PodName, c.Hostname), node), Container: c.Name, In: c}
}

// key returns what a place is found by in the other list: the workload and the name of the
// container, else the pod and that name, else the id.
func (p *placing) key(at *Place) groupKey {
	const end = "\x00"
	k := groupKey{process: at.Process}
	c := at.In
	switch {
	case at.Maybe:
		k.container = perhaps
	case c == nil:
	case at.Workload != "" && at.Container != "":
		k.container = "workload" + end + at.Namespace + end + at.Workload + end + at.Container
	case c.PodUID != "" && c.Name != "":
		k.container = "pod" + end + c.PodUID + end + c.Name
	default:
		k.container = "id" + end + cmp.Or(c.ID, c.PodUID, c.PodID, c.Runtime)
	}
	if uid, ok := at.UID.Get(); ok {
		k.uid = strconv.FormatUint(uint64(uid), 10)
	}
	return k
}

// compare orders places by their names, those in no container last.
func (at *Place) compare(other *Place) int {
	outside := func(at *Place) int {
		if at.In == nil {
			return 1
		}
		return 0
	}
	return cmp.Or(
		cmp.Compare(outside(at), outside(other)), strings.Compare(at.Namespace, other.Namespace), strings.Compare(at.Workload, other.Workload),
		strings.Compare(at.Container, other.Container), strings.Compare(at.id(), other.id()),
		strings.Compare(at.Process, other.Process), cmp.Compare(at.UID.Zero(), other.UID.Zero()),
	)
}

func (at *Place) id() string {
	if at.In == nil {
		return ""
	}
	return at.In.ID
}

// shortID is how many digits of an id tell a container from others.
const shortID = 12

// Name returns what a sentence calls the place.
func (at *Place) Name() string {
	name := ""
	switch {
	case at.In == nil && at.Process == "" && at.Maybe:
		return "what is perhaps in a container"
	case at.In == nil && at.Process == "":
		return "what is in no container"
	case at.In == nil && at.UID.Known():
		return at.Process + " of uid " + task.Decimal(at.UID.Zero())
	case at.In == nil:
		return at.Process
	case at.Workload != "" && at.Container != "":
		name = at.Workload + "/" + at.Container
		if at.Namespace != "" {
			name = at.Namespace + "/" + name
		}
	default:
		id := cmp.Or(at.In.ID, at.In.PodUID, at.In.PodID)
		name = cmp.Or(at.Container, "container") + " " + id[:min(len(id), shortID)]
	}
	if at.Process != "" {
		name += " (" + at.Process + ")"
	}
	return name
}

// The names that controllers give to pods end in what changes with each pod. Their random
// letters are those of k8s.io/apimachinery/pkg/util/rand, which has no vowels; the hash of a
// ReplicaSet is a number that is written in them, so it has ten of them only.
var (
	ofDeployment = pattern(`-[4-9bcdf]{6,10}-[bcdfghjklmnpqrstvwxz2456789]{5}$`)
	ofCronJob    = pattern(`-\d{8,10}-[bcdfghjklmnpqrstvwxz2456789]{5}$`)
	ofSet        = pattern(`-[bcdfghjklmnpqrstvwxz2456789]{5}$`)
	ofOrdinal    = pattern(`-\d+$`)
)

// pattern returns what compiles an expression when it is first needed.
func pattern(expr string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expr) })
}

// Workload returns the name of the workload of a pod: that of the pod without what its
// controller adds, or without the name of the node, which ends that of a static pod. Another
// name is that of the pod.
func Workload(pod, node string) string {
	if name, ok := strings.CutSuffix(pod, "-"+node); ok && node != "" && name != "" {
		return name
	}
	for _, suffix := range [...]func() *regexp.Regexp{ofDeployment, ofCronJob, ofSet, ofOrdinal} {
		if at := suffix().FindStringIndex(pod); at != nil && at[0] > 0 {
			return pod[:at[0]]
		}
	}
	return pod
}
