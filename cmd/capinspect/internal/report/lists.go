// SPDX-License-Identifier: Apache-2.0

package report

import (
	"slices"
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/capset/operation"
	"github.com/capinspect/capinspect/capset/runtime"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// Explained capabilities, decoded bitmaps and listed profiles have no package of their own
// that finds them: what explain, decode and profiles show is put together here.

// Explaining is what a run of explain has found.
type Explaining struct {
	Operations []operation.Operation
	Whole      []capset.Cap // those to explain
	Listed     []capset.Cap // those to list, a line each
}

// Once leaves each capability in at one place.
func (e *Explaining) Once() {
	var seen capset.Set
	for _, list := range [...]*[]capset.Cap{&e.Whole, &e.Listed} {
		*list = slices.DeleteFunc(*list, func(c capset.Cap) bool {
			had := seen.Has(c)
			seen |= capset.Of(c)
			return had
		})
	}
}

// Explanations is what explain finds.
type Explanations struct {
	Version
	Capabilities []Explanation `json:"capabilities" lines:"elements,members"`
	Operations   []Operation   `json:"operations" lines:"elements,members"`
}

// Operation is what the kernel asks for when a program does something.
type Operation struct {
	Name         string            `json:"name"`
	Names        []string          `json:"names"`
	Capabilities []string          `json:"capabilities"`
	Any          bool              `json:"any"`   // any of them suffices
	Alone        []string          `json:"alone"` // of which any suffices in place of all
	Errno        *string           `json:"errno"`
	Scope        *string           `json:"scope"`
	Elsewhere    map[string]string `json:"elsewhere"`  // what is asked for in another scope
	Usual        bool              `json:"usual"`      // what a program usually needs; another configuration needs others
	Unverified   *string           `json:"unverified"` // why no kernel was asked whether it is right
	Why          string            `json:"why"`
	Instead      []Note            `json:"instead"`
	Gates        []Note            `json:"gates"`
}

// Explanation is what is known of a capability.
type Explanation struct {
	Number     int      `json:"number"`
	Hex        string   `json:"hex"`
	Name       string   `json:"name"`
	Kubernetes string   `json:"kubernetes"`
	Since      *string  `json:"since"`
	Summary    *string  `json:"summary"`
	Permits    *string  `json:"permits"`
	Needs      *string  `json:"needs"`
	Risk       *string  `json:"risk"`
	Instead    *string  `json:"instead"`
	Scopes     []string `json:"scopes"` // nil if the capability has no name
	DefaultIn  []string `json:"defaultIn"`
}

// FromExplaining returns the JSON form of what explain has found.
func FromExplaining(e *Explaining) Explanations {
	return Explanations{Version{SchemaVersion}, each(slices.Concat(e.Whole, e.Listed), explanation), each(e.Operations, explainedOperation)}
}

func explainedOperation(o operation.Operation) Operation {
	named := func(list []capset.Cap) []string { return each(list, capset.Cap.String) }
	noted := func(n operation.Note) Note { return Note(n) }
	r := Operation{
		Name: o.Name(), Names: o.Names, Capabilities: named(o.Caps), Any: !o.All, Alone: named(o.Alone), Errno: text(o.Errno),
		Elsewhere: map[string]string{}, Usual: o.Program, Unverified: text(o.Unverified), Why: o.Why, Instead: each(o.Instead, noted), Gates: each(slices.Concat(SeccompGates(&o), o.Gates), noted),
	}
	if len(o.Caps) > 0 {
		r.Scope = text(o.Scope.String())
	}
	for c, s := range o.Elsewhere {
		r.Elsewhere[c.String()] = s.String()
	}
	return r
}

// SeccompGates returns what the default filters of the runtimes make of an operation, one
// note for the runtimes whose filters agree.
func SeccompGates(o *operation.Operation) (notes []operation.Note) {
	var texts []string
	by := map[string][]string{}
	for _, name := range runtime.Names() {
		of, opened, text := runtime.Named(name), []string(nil), ""
		for _, gate := range o.SeccompGates(of) {
			opened = append(opened, gate.Cap.Kubernetes())
		}
		switch {
		case opened != nil:
			text = " refuses it unless the bounding set that the runtime configures has " + strings.Join(opened, " or ")
		case slices.ContainsFunc(o.Calls, of.SeccompRefuses):
			text = " refuses it, whatever the capabilities"
		default:
			continue
		}
		if by[text] == nil {
			texts = append(texts, text)
		}
		by[text] = append(by[text], name)
	}
	for _, text := range texts {
		notes = append(notes, operation.Note{Code: "seccomp", Text: "the default filter of " + task.And(by[text]) + text})
	}
	return notes
}

func explanation(c capset.Cap) Explanation {
	e, named := c.Explain()
	var scopes []string
	if named {
		scopes = each(c.Scopes(), capset.Scope.String)
	}
	return Explanation{
		Number: int(c), Hex: capset.Of(c).Hex(), Name: c.String(), Kubernetes: c.Kubernetes(),
		Since: text(c.Since()), Summary: text(c.Summary()),
		Permits: text(e.Permits), Needs: text(e.Needs), Risk: text(e.Risk), Instead: text(e.Instead),
		Scopes:    scopes,
		DefaultIn: each(runtime.GrantedBy(c), func(p runtime.Profile) string { return p.Name }),
	}
}

// Decoded is what a run of decode has found.
type Decoded struct {
	List       []DecodedMask
	Kubernetes bool       // names as a securityContext has them
	LastCap    capset.Cap // where a matrix ends
}

// DecodedMask is a decoded bitmap.
type DecodedMask struct {
	Of    string // the file or the task that has it, "" if nothing tells that
	Label string // what stood before a colon, "" if nothing
	Gap   string // what stood between the colon and the digits
	Input string // as it was given
	Set   capset.Set
}

// Masks is what decode finds.
type Masks struct {
	Version
	Masks []Mask `json:"masks" lines:"elements"`
}

// Mask is a decoded bitmap.
type Mask struct {
	Label    *string  `json:"label"`
	Input    string   `json:"input"`
	Hex      string   `json:"hex"`
	Names    []string `json:"names"`
	Of       *string  `json:"of"`
	Profiles []string `json:"profiles"`
	Relative *string  `json:"relative"`
}

// FromDecoded returns the JSON form of what decode has found.
func FromDecoded(d *Decoded) Masks {
	return Masks{Version{SchemaVersion}, each(d.List, func(m DecodedMask) Mask {
		relative, _ := runtime.Relative(m.Set)
		mask := Mask{
			Label: text(m.Label), Input: m.Input, Hex: m.Set.Hex(), Names: names(m.Set), Of: text(m.Of),
			Profiles: each(runtime.ProfilesOf(m.Set, capset.LastKnown), func(p runtime.Profile) string { return p.Name }),
			Relative: text(relative),
		}
		if d.Kubernetes {
			mask.Names = each(slices.Collect(m.Set.Caps()), capset.Cap.Kubernetes)
		}
		return mask
	})}
}

// ListedProfiles are the profiles that a run of profiles shows.
type ListedProfiles struct {
	List  []runtime.Profile
	Whole bool // with what is in them
}

// Profiles is what profiles finds.
type Profiles struct {
	Version
	Profiles []Profile `json:"profiles" lines:"elements"`
}

// Profile is a set of capabilities that has a name.
type Profile struct {
	Name    string  `json:"name"`
	Title   string  `json:"title"`
	Runtime *string `json:"runtime"`
	Set     Set     `json:"set"`
	Source  string  `json:"source"`
	Since   *string `json:"since"`
}

// FromProfiles returns the JSON form of profiles.
func FromProfiles(p *ListedProfiles) Profiles {
	return Profiles{Version{SchemaVersion}, each(p.List, func(p runtime.Profile) Profile {
		return Profile{p.Name, p.Title, text(p.Runtime), setOf(p.Set), p.Source, text(p.Since)}
	})}
}
