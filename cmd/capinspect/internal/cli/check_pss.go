// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"github.com/capinspect/capinspect/capset/podsecurity"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/check"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/flags"
)

// podSecurity is what --pss and --pss-version ask for.
type podSecurity struct{ level, version string }

// latest is the default of --pss-version.
const latest = "latest"

func (p *podSecurity) flags() []flags.Flag {
	levels := []flags.Candidate{flags.Candidate(podsecurity.Baseline.String()), flags.Candidate(podsecurity.Restricted.String())}
	return []flags.Flag{
		{
			Name: "pss", Argument: "LEVEL", Values: levels,
			About: "it may belong to a pod that keeps to this Pod Security LEVEL: " + flags.Joined(levels, ", "),
			Value: (*flags.String)(&p.level),
		},
		{
			Name: "pss-version", Argument: "VERSION", Values: []flags.Candidate{flags.Anything},
			About: "the level in this VERSION, such as 1.25; default is the latest", Value: (*flags.String)(&p.version),
		},
	}
}

// chosen returns the level that the flags ask for, or nil if they ask for none.
func (p *podSecurity) chosen() (*check.PodSecurity, error) {
	level, known := podsecurity.ParseLevel(p.level)
	minor, valid := podsecurity.ParseVersion(p.version)
	switch {
	case p.level == "" && p.version == latest:
		return nil, nil
	case known && valid:
		return &check.PodSecurity{Level: level, Minor: minor, Asked: p.version}, nil
	}
	if !known {
		return nil, usagef("--pss %q: want baseline or restricted", p.level)
	}
	return nil, usagef("--pss-version %q: want latest or 1.0 to 1.%d", p.version, podsecurity.LatestVersion)
}
