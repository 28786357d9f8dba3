// SPDX-License-Identifier: Apache-2.0

package needs

import (
	"slices"
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/capset/podsecurity"
	"github.com/capinspect/capinspect/capset/runtime"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/securitycontext"
)

// Several platforms of those that a manifest is for.
const (
	containers = securitycontext.Kubernetes | securitycontext.Docker
	everywhere = containers | securitycontext.Systemd
)

// Derived returns what a manifest has to say for a container that has what the log is
// certain about, and nothing else. What is not certain is in comments.
func (a *Answer) Derived() *securitycontext.Derived {
	set := Set(a.Needed) | Set(a.Used)
	d := securitycontext.Adding(set)
	if set != 0 {
		restricted, baseline := beyond(podsecurity.Restricted, set), beyond(podsecurity.Baseline, set)
		switch {
		case baseline != 0:
			d.Comment(securitycontext.Kubernetes, "pod-security", "neither baseline nor restricted lets a pod add "+list(slices.Collect(baseline.Caps()), ", "))
		case restricted != 0:
			d.Comment(securitycontext.Kubernetes, "pod-security", "baseline lets a pod add these, restricted does not")
		}
		d.Comment(containers, "non-root", "root has these; any other user only gets those that the file of its program has, and only without no_new_privs")
		d.Comment(securitycontext.Systemd, "user", "AmbientCapabilities= is for a unit with User=; root has what CapabilityBoundingSet= leaves")
	}
	for _, f := range a.Perhaps {
		var why []string
		for _, r := range f.Reasons {
			why = append(why, r.Text)
		}
		d.Comment(everywhere, "perhaps", list(f.Caps, " and ")+", for "+f.Operation+": "+strings.Join(why, "; "))
	}
	for _, sum := range Capabilities(a.Needed) {
		if len(sum.Or) > 0 && Set(a.Needed)&capset.Of(sum.Or...) == 0 {
			d.Comment(everywhere, "instead", list(sum.Or, " or ")+" would do as well as "+sum.Cap.Kubernetes())
		}
	}
	if Set(a.Child) != 0 {
		d.Comment(everywhere, "child-namespace", list(slices.Collect(Set(a.Child).Caps()), ", ")+": checked against a child user namespace, where what a container adds does not help")
	}
	if !a.TellsUse {
		d.Comment(everywhere, "log", "the log says what was refused, not what the program used of what it held: add that if you drop its capabilities")
	}
	return d
}

// beyond returns what of a set a level does not let a pod add.
func beyond(level podsecurity.Level, set capset.Set) capset.Set {
	p, _ := runtime.ProfileNamed(level.String(), capset.LastKnown)
	return set &^ p.Set
}

// list returns capabilities as Kubernetes writes them.
func list(caps []capset.Cap, between string) string {
	var names []string
	for _, c := range caps {
		names = append(names, c.Kubernetes())
	}
	return strings.Join(names, between)
}
