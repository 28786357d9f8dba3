// SPDX-License-Identifier: Apache-2.0

package needs

import (
	"hash/maphash"
	"regexp"
	"strings"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/denial"
)

// A refused call is one that its program survived, a probe, if each process that made it
// went on: it did the same thing again with success, or it ended with the exit status 0 and
// no process of that program ended otherwise. Where the log does not say, it is none. A
// thread ends with 0 when it has no more to do, whatever becomes of its process: that is
// why the other ends of the program count.

// attempt stands for what a process tried: the call, and what of its arguments has to be the
// same. It is a hash, since many processes may wait for their end.
type attempt uint64

var seed = maphash.MakeSeed()

// multiplexed are calls of which a constant among the arguments tells what they do.
var multiplexed = map[string]bool{"setsockopt": true, "ioctl": true, "fcntl": true, "prctl": true, "ptrace": true, "bpf": true, "shmctl": true, "msgctl": true, "semctl": true}

var (
	constant = regexp.MustCompile(`\b[A-Z][A-Z0-9_]{3,}\b`)
	first    = regexp.MustCompile(`^[^,|]*`)
)

// attempted returns what an event is a try at. Two that differ in how it is done are the
// same: a bind to another port, another kind of socket of the family.
func attempted(e *denial.Event) attempt {
	what := e.Call + " " + e.Path
	switch {
	case multiplexed[e.Call]:
		what += " " + strings.Join(constant.FindAllString(e.Args, 3), " ")
	case e.Path == "":
		what += " " + first.FindString(e.Args)
	}
	return attempt(maphash.String(seed, what))
}

// wait notes that the process of an event may still show that it went on.
func (c *Collector) wait(g *group, e *denial.Event) {
	if e.PID == 0 || c.waits >= maxWaiting {
		g.doomed = true
	}
	if g.doomed {
		return
	}
	if _, waits := g.alive[e.PID]; !waits {
		c.waiting[e.PID] = append(c.waiting[e.PID], g)
		c.waits++
	}
	g.alive[e.PID] = attempted(e)
}

// succeeded takes the refusals off that the process has got over.
func (c *Collector) succeeded(e *denial.Event) {
	list := c.waiting[e.PID]
	if len(list) == 0 {
		return
	}
	what := attempted(e)
	rest := list[:0]
	for _, g := range list {
		if g.alive[e.PID] == what {
			delete(g.alive, e.PID)
			c.waits--
		} else {
			rest = append(rest, g)
		}
	}
	c.keep(e.PID, rest)
}

// exited settles what became of a process.
func (c *Collector) exited(e *denial.Event) {
	if e.Status != 0 {
		if len(c.ended) < maxGroups {
			c.ended[e.Program] = true
		}
	}
	for _, g := range c.waiting[e.PID] {
		delete(g.alive, e.PID)
		c.waits--
		g.doomed = g.doomed || e.Status != 0
	}
	c.keep(e.PID, nil)
}

func (c *Collector) keep(pid int, list []*group) {
	if len(list) == 0 {
		delete(c.waiting, pid)
	} else {
		c.waiting[pid] = list
	}
}

// wentOn reports whether the program survived what it was refused.
func (c *Collector) wentOn(g *group) bool {
	return (g.class == needed || g.class == perhaps) && !g.doomed && len(g.alive) == 0 && !c.ended[g.program]
}
