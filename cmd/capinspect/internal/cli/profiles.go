// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/capset/runtime"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/command"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/flags"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/render"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/report"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/target"
)

var profilesCommand = command.Command{
	Name:     "profiles",
	Args:     "[flags] [NAME ...]",
	Operands: []flags.Candidate{flags.AnyProfile},
	NoTarget: true,
	Summary:  "defaults of runtimes, levels of Pod Security",
	About: `List the sets that have a name: what each runtime gives to a container by
default, what each level of the Pod Security Standards lets it add, and what
the profiles of kubectl debug ask for. With a NAME, show what is in it, where
that is written down, and since which release, if that is known. The profile
called privileged goes up to the kernel's last capability.`,
	Example: `
capinspect profiles
capinspect profiles docker restricted
capinspect profiles --json crio`,
	New: newProfiles,
}

type profilesConfig struct {
	format  flags.Formats[*render.Form[report.ListedProfiles]]
	lastCap string
}

func newProfiles() (command.Runner, []flags.Flag) {
	c := &profilesConfig{format: flags.NewFormats(render.Profiles)}
	return c, append(c.format.Flags(), target.LastCapFlag(&c.lastCap, "take capability N to be the kernel's last one; default is 40"))
}

func (c *profilesConfig) Run(e *command.Env, args []string) (int, error) {
	format, err := c.format.Chosen()
	if err != nil {
		return 0, err
	}
	last := capset.LastKnown
	if given, err := target.ParseLastCap(c.lastCap); err != nil {
		return 0, err
	} else if given != nil {
		last = *given
	}
	found := report.ListedProfiles{List: runtime.Profiles(last)}
	if len(args) > 0 {
		found = report.ListedProfiles{Whole: true}
	}
	for _, name := range args {
		p, ok := runtime.ProfileNamed(name, last)
		if !ok {
			return 0, unknownProfile(name)
		}
		found.List = append(found.List, p)
	}
	return command.StatusOK, e.Write(format.Append(nil, &found))
}

func unknownProfile(name string) error {
	return fmt.Errorf("unknown profile %q: %s", name, flags.DidYouMean(name, profileNames(), "want "+strings.Join(profileNames(), ", ")))
}

func profileNames() (names []string) {
	for _, p := range runtime.Profiles(capset.LastKnown) {
		names = append(names, p.Name)
	}
	return names
}
