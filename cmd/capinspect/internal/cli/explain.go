// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/capset/operation"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/command"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/flags"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/render"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/report"
)

var explainCommand = command.Command{
	Name:     "explain",
	Args:     "[flags] [CAP | OPERATION | TEXT] ...",
	Operands: []flags.Candidate{flags.AnyCap, flags.AnyOperation, flags.Anything},
	NoTarget: true,
	Numbers:  int(capset.Max),
	Summary:  "what a capability permits, what an operation needs",
	About: `Explain capabilities: what each one permits, what in a container needs it, what
it opens to an attacker, what to use instead, and in which user namespaces it
counts. Without an argument, explain lists them.

An operation is a system call, a socket option, a file of /proc or /dev, a sysctl
or a program, or a line as it was refused, such as 'strace -p 4711': explain names the capabilities that the kernel checks, the user
namespace that it checks them in, what else lets it pass and what else may
refuse it.

Any other text is searched for in names and explanations. The exit status is 1
if nothing is found.`,
	Example: `
capinspect explain
capinspect explain NET_RAW
capinspect explain mount
capinspect explain SO_MARK 'bind :80' /proc/1/root
capinspect explain 'raw sockets'
capinspect explain --json sys_admin`,
	New: newExplain,
}

type explainConfig struct {
	format flags.Formats[*render.Form[report.Explaining]]
}

func newExplain() (command.Runner, []flags.Flag) {
	c := &explainConfig{format: flags.NewFormats(render.Explanations)}
	return c, c.format.Flags()
}

func (c *explainConfig) Run(e *command.Env, args []string) (int, error) {
	format, err := c.format.Chosen()
	if err != nil {
		return 0, err
	}
	var found report.Explaining
	status := command.StatusOK
	if len(args) == 0 || len(args) == 1 && strings.EqualFold(args[0], "all") {
		args = nil // ALL is every capability in Kubernetes
		for c := range capset.LastKnown + 1 {
			found.Listed = append(found.Listed, c)
		}
	}
	for _, arg := range args {
		if strings.TrimSpace(arg) == "" {
			return 0, usagef("explain %q: nothing to look for", arg)
		}
		if c, err := capset.Parse(arg); err == nil {
			found.Whole = append(found.Whole, c)
			continue
		}
		if known := operation.Named(arg); known != nil {
			found.Operations = append(found.Operations, known...)
			continue
		}
		hits := capset.Search(strings.TrimSpace(arg))
		meant := []operation.Operation(nil)
		if len(hits) == 0 {
			meant = operation.Meant(arg)
		}
		switch {
		case meant != nil:
			found.Operations = append(found.Operations, meant...)
		case len(hits) == 0:
			_, err := capset.Parse(arg)
			if unknown, ok := errors.AsType[*capset.UnknownError](err); ok && len(unknown.Close()) == 0 {
				err = fmt.Errorf("%w, and no explanation holds it", err)
			}
			e.Complain(err)
			status = command.StatusNo
		case len(hits) == 1:
			found.Whole = append(found.Whole, hits[0])
		default:
			found.Listed = append(found.Listed, hits...)
		}
	}
	found.Once()
	if err := e.Write(format.Append(nil, &found)); err != nil {
		return 0, err
	}
	return status, nil
}
