// SPDX-License-Identifier: Apache-2.0

package render

import (
	"strings"

	"github.com/capinspect/capinspect/capset/runtime"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/report"
)

// printProfiles prints a row for each profile, or all that is known of each.
func printProfiles(p *printer, found *report.ListedProfiles) {
	if !found.Whole {
		rows := [][]string{{"NAME", "MASK", "WHO"}}
		for _, profile := range found.List {
			rows = append(rows, []string{profile.Name, profile.Set.Hex(), profile.Title})
		}
		p.grid(rows)
		return
	}
	separate := p.separated("", "\n")
	for _, profile := range found.List {
		separate()
		printWholeProfile(p, &profile)
	}
}

func printWholeProfile(p *printer, profile *runtime.Profile) {
	p.line(profile.Name, ": ", profile.Title)
	p.line(" ", mask(profile.Set, false))
	if profile.Set != 0 {
		p.line(" Kubernetes: [", strings.Join(names(profile.Set, true), ", "), "]")
	}
	p.line(" Source: ", profile.Source)
	if profile.Since != "" {
		p.line(" Since: ", profile.Since)
	}
}
