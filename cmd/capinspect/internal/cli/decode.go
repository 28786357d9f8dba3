// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"math"
	"slices"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/command"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/flags"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/render"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/report"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/saved"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/target"
)

var decodeCommand = command.Command{
	Name:     "decode",
	Args:     "[flags] [MASK | NAME,... | TEXT] ...",
	Operands: []flags.Candidate{flags.Anything, flags.AnyCap, flags.Anything},
	NoTarget: true,
	Numbers:  math.MaxInt,
	Summary:  "bitmaps and pasted text into names, and back",
	About: `Decode hexadecimal bitmaps into the names of capabilities, or names into a
bitmap. An argument of hexadecimal digits is a bitmap, even 13; a list of names
may be in any spelling. decode also reads the text form (cap_net_raw=ep), the
IAB text, lines of a status file, of capsh --print, getcap, getpcaps, captree,
pscap, filecap, getfattr, setpriv --dump, strace (capset), audit, Falco and
journalctl, masks of C, --cap-add, sets as ps shortens them, reports in JSON. It
skips what a shell, grep, kubectl, a log, Markdown or HTML puts around a line.
After a set it says which runtime's default that is, or which is nearest.

Without an argument and a file, it reads standard input. A line without a set
is an error unless it belongs to a status file; the other lines are decoded.`,
	Example: `
capinspect decode a80425fb
capinspect decode --kubernetes 0x3000 400
capinspect decode NET_ADMIN,cap_net_raw
capinspect decode 'CapEff:	00000000a80425fb'
capinspect decode '/usr/bin/ping cap_net_raw=ep'
capinspect decode -o matrix a80425fb 5fb
capinspect decode -f /proc/self/status`,
	New: newDecode,
}

type decodeConfig struct {
	files      flags.Repeated
	format     flags.Formats[*render.Form[report.Decoded]]
	lastCap    string
	kubernetes bool
}

func newDecode() (command.Runner, []flags.Flag) {
	c := &decodeConfig{format: flags.NewFormats(render.Masks)}
	return c, slices.Concat(
		[]flags.Flag{target.FileFlag(&c.files, "read text or a report in JSON from PATH; '-' is standard input")},
		c.format.Flags(),
		[]flags.Flag{
			{
				Name: "kubernetes", About: "write names as a securityContext has them, NET_RAW",
				Value: (*flags.Bool)(&c.kubernetes),
			},
			target.LastCapFlag(&c.lastCap, "end the matrix with capability N"),
		},
	)
}

func (c *decodeConfig) Run(e *command.Env, args []string) (int, error) {
	format, err := c.format.Chosen()
	if err != nil {
		return 0, err
	}
	last, err := target.ParseLastCap(c.lastCap)
	if err != nil {
		return 0, err
	}
	if last != nil && format.Name != "matrix" {
		return 0, usagef("--last-cap is for the matrix")
	}
	masks := report.Decoded{Kubernetes: c.kubernetes, LastCap: capset.LastKnown}
	if last != nil {
		masks.LastCap = *last
	}
	files := c.files
	if len(args)+len(files) == 0 {
		files = flags.Repeated{"-"}
	}
	failed := new(target.Found)
	for _, arg := range args {
		list, err := saved.Arg(arg)
		if err != nil {
			failed.Fail("", err)
		}
		masks.List = append(masks.List, list...)
	}
	for _, name := range files {
		text, err := saved.Read(name, e.Stdin)
		if err == nil {
			var list []report.DecodedMask
			list, err = saved.Sets(name, text)
			masks.List = append(masks.List, list...)
		}
		if err != nil {
			failed.Fail("", err)
		}
	}
	if err := e.Write(format.Append(nil, &masks)); err != nil {
		return 0, err
	}
	return e.ComplainOf(failed, command.StatusOK), nil
}
