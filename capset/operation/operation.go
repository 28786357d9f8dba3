// SPDX-License-Identifier: Apache-2.0

// Package operation tells which capabilities the kernel asks for when a program does
// something that it guards, and what else decides: system calls, socket options, ioctls,
// files, and what well-known programs do.
//
// It is arithmetic on a table: nothing is opened, and nothing is tried.
package operation

import (
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/capset/runtime"
)

// Operation is something that a program does and that the kernel guards, as Linux 6.18
// has it.
type Operation struct {
	// Names are what it is called. The first is the usual one, such as "mount", "SO_MARK",
	// "/proc/PID/root" or "bind :80".
	Names []string

	// Caps are the capabilities that it is about, in the order in which the kernel asks for
	// them. Any of them suffices, unless All is set. It needs none if there are none.
	Caps []capset.Cap
	All  bool

	// Alone are the capabilities of which any suffices in place of all of Caps. Substitutes
	// are those of which any stands in for one of them, as DAC_OVERRIDE for
	// DAC_READ_SEARCH.
	Alone       []capset.Cap
	Substitutes map[capset.Cap][]capset.Cap

	// Errno is what comes back without them, such as "EPERM"; "" if the operation succeeds
	// without the part that they guard.
	Errno string

	// Scope is the user namespace in which they are asked for. Elsewhere has those of them,
	// and of the substitutes, that are asked for in another one.
	Scope     capset.Scope
	Elsewhere map[capset.Cap]capset.Scope

	// Why is a sentence on when they are asked for.
	Why string

	// Instead is what else lets it pass, Gates what else may refuse it.
	Instead, Gates []Note

	// Calls are the system calls by which seccomp filters know it.
	Calls []string

	// Unverified is why the tests do not let a kernel say whether the row is right; "" if
	// they do.
	Unverified string

	// Program is set for a program: the capabilities are what it usually needs, and another
	// configuration may need others.
	Program bool
}

// Note is a remark on an operation. Its code is stable.
type Note struct{ Code, Text string }

// Name returns the usual name, "" if it has none.
func (o *Operation) Name() string {
	if len(o.Names) == 0 {
		return ""
	}
	return o.Names[0]
}

// Set returns the capabilities as a set.
func (o *Operation) Set() capset.Set { return capset.Of(o.Caps...) }

// ScopeOf returns the user namespace in which the operation asks for a capability.
func (o *Operation) ScopeOf(c capset.Cap) capset.Scope {
	if s, ok := o.Elsewhere[c]; ok {
		return s
	}
	return o.Scope
}

// Suffices reports whether a set has what the operation asks for.
func (o *Operation) Suffices(has capset.Set) bool {
	met := func(c capset.Cap) bool { return has.Has(c) || capset.Of(o.Substitutes[c]...)&has != 0 }
	switch {
	case len(o.Caps) == 0 || capset.Of(o.Alone...)&has != 0:
		return true
	case o.All:
		return !slices.ContainsFunc(o.Caps, func(c capset.Cap) bool { return !met(c) })
	}
	return slices.ContainsFunc(o.Caps, met)
}

// SeccompGates returns what the default seccomp filter of a runtime allows with a
// capability, and refuses without, of the system calls that the operation makes.
func (o *Operation) SeccompGates(r *runtime.Runtime) (gates []runtime.Gate) {
	for c := range capset.LastKnown + 1 {
		gate, ok := r.SeccompGate(c)
		if ok && slices.ContainsFunc(o.Calls, func(call string) bool { return slices.Contains(gate.Calls, call) }) {
			gates = append(gates, gate)
		}
	}
	return gates
}

// All returns the operations, in the order of the table.
func All() (list []Operation) {
	for _, group := range groups {
		list = append(list, group()...)
	}
	return list
}

// table is what All returns, made once: a log may ask a million times.
var table = sync.OnceValue(All)

// groups is the table, by what the operations are about. Nothing of it is made before it is
// asked for.
var groups = [...]func() []Operation{mounts, files, sysctls, processes, memory, network, system, programs}

// Named returns the operations of a name, in any case and spacing; nil if there are none.
// A name may stand for several operations. A port has one of its own or not: "bind :25" is a
// port below 1024.
func Named(name string) (found []Operation) {
	found = slices.Clone(byPlainName()[plain(name)])
	switch port, ok := Port(name); {
	case found != nil || !ok:
		return found
	case port > 0 && port < 1024:
		return Named("bind below 1024")
	}
	return Named("bind from 1024 up")
}

// byPlainName has the operations by each of their names, as plain returns it.
var byPlainName = sync.OnceValue(func() map[string][]Operation {
	by := map[string][]Operation{}
	for _, o := range table() {
		seen := map[string]bool{}
		for _, n := range o.Names {
			if name := plain(n); !seen[name] {
				seen[name] = true
				by[name] = append(by[name], o)
			}
		}
	}
	return by
})

// Close returns at most three names that differ from one by a letter, or begin with it.
func Close(name string) (found []string) {
	wanted := plain(name)
	if len(wanted) < 3 {
		return nil
	}
	for _, near := range []func(a, b string) bool{oneOff, strings.HasPrefix} {
		for _, o := range All() {
			for _, n := range o.Names {
				if near(plain(n), wanted) && !slices.Contains(found, n) {
					found = append(found, n)
				}
			}
		}
	}
	return found[:min(len(found), 3)]
}

// oneOff reports whether a letter more, less, other or swapped with its neighbour makes one
// name of another.
func oneOff(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	a, b = a[i:], b[i:]
	if len(a) < len(b) {
		return a == b[1:]
	}
	return len(a) > 0 && a[1:] == b[1:] || len(a) > 1 && a[0] == b[1] && a[1] == b[0] && a[2:] == b[2:]
}

// plain returns a name without what people write differently: case, blanks, a colon before
// a port, and the section of a man page.
func plain(name string) string {
	name = strings.Join(strings.Fields(strings.ToLower(name)), " ")
	if open := strings.IndexByte(name, '('); open > 0 && strings.HasSuffix(name, ")") {
		name = name[:open]
	}
	return strings.ReplaceAll(name, " :", ":")
}

// Port returns the port that a name ends in, such as "bind :25", "listen on 8443",
// "0.0.0.0:80" or "443/tcp".
func Port(name string) (port int, ok bool) {
	match := matcher(portName).FindStringSubmatch(strings.TrimSpace(strings.ToLower(name)))
	if match == nil || match[1]+match[2]+match[4] == "" {
		return 0, false
	}
	n, err := strconv.ParseUint(match[3], 10, 16)
	return int(n), err == nil
}

// portName matches words that stand before a port, an address and a colon, the port, and the
// protocol. One of the others has to be there beside the port.
const portName = `^((?:(?:bind|listen|port|on|to|tcp|udp)(?:\(\))?[ :]+|(?:bind|listen|port):)*)` +
	`((?:\*|localhost|\d+\.\d+\.\d+\.\d+|\[[0-9a-f:.]*\]|)\s*:\s*)?(\d+)(/(?:tcp|udp))?$`

// Asking returns the operations that ask for a capability.
func Asking(c capset.Cap) (found []Operation) {
	for _, o := range table() {
		if slices.Contains(o.Caps, c) {
			found = append(found, o)
		}
	}
	return found
}
