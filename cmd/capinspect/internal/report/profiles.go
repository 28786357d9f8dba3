// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"strings"

	"github.com/capinspect/capinspect/capset/runtime"
)

// Profiles are those that one run of profiles shows.
type Profiles struct {
	List  []runtime.Profile
	Whole bool // with what is in them
}

// The forms of profiles.
var (
	ProfilesText = &Form[Profiles]{"text", appendProfiles}
	ProfilesJSON = &Form[Profiles]{"json", appendProfilesJSON}
)

func appendProfiles(dst []byte, found *Profiles) []byte {
	if !found.Whole {
		rows := [][]string{{"NAME"}, {"MASK"}, {"WHO"}}
		for _, p := range found.List {
			for i, cell := range [...]string{p.Name, p.Set.Hex(), p.Title} {
				rows[i] = append(rows[i], cell)
			}
		}
		return appendGrid(dst, rows[0], rows[1:])
	}
	for i, p := range found.List {
		if i > 0 {
			dst = put(dst, "\n")
		}
		dst = fmt.Appendf(dst, "%s: %s\n", p.Name, p.Title)
		dst = append(AppendMask(put(dst, " "), p.Set, false), '\n')
		if p.Set != 0 {
			dst = fmt.Appendf(dst, " Kubernetes: [%s]\n", strings.Join(names(p.Set, true), ", "))
		}
		dst = fmt.Appendf(dst, " Source: %s\n", p.Source)
		if p.Since != "" {
			dst = fmt.Appendf(dst, " Since: %s\n", p.Since)
		}
	}
	return dst
}

func appendProfilesJSON(dst []byte, found *Profiles) []byte {
	e := encoder{buf: dst, indent: true}
	e.openLines('{')
	e.number("schemaVersion", SchemaVersion)
	e.key("profiles")
	e.openLines('[')
	for _, p := range found.List {
		e.open('{')
		e.member("name", p.Name)
		e.member("title", p.Title)
		e.text("runtime", p.Runtime)
		e.key("set")
		e.set(p.Set)
		e.member("source", p.Source)
		e.text("since", p.Since)
		e.close('}')
	}
	e.close(']')
	e.close('}')
	return append(e.buf, '\n')
}
