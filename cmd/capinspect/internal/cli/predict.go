// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"slices"
	"strings"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/cli/columns"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/command"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/flags"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/predict"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/render"
)

var predictCommand = command.Command{
	Name:     "predict",
	Args:     "[flags] FILE | image:PATH [FILE]",
	Operands: []flags.Candidate{flags.AnyFile, flags.AnyDir},
	Summary:  "what execve of a file would give a process",
	About: `Tell which capabilities and ids a process would have after execve of FILE, or
why that fails, by the rules of the kernel. FILE is looked up as the process
itself would: below its root directory, from its working directory, by PATH if
it has no slash, through links and #! interpreters. Nothing is executed. The
exit status is 1 if execve would fail.

A process of a container has what is left after its own execve. To ask whether
the image would start with another program or user, add --entrypoint, which
starts it as containerd does; docker gives a user other than root nothing to
begin with.

With image:PATH, predict says whether an image starts, as whom and with what.
PATH is what docker save or podman save writes, or an OCI layout, as a
directory or an archive; image:PATH:NAME is one of several. --pod starts it as
a manifest says; --uid, --gid, --drop, --add and --no-new-privs stand for what
docker run or a manifest asks for.

'predict --scan' is the same as 'capinspect scan'.`,
	Example: `
capinspect predict sh
capinspect predict /bin/sh --uid 1000 --drop all
capinspect predict sh --add net_admin --no-new-privs --json`,
	New: newPredict,
}

type predictConfig struct {
	scanConfig
	format flags.Formats[*render.Form[predict.Prediction]]
	scan   bool
}

func newPredict() (command.Runner, []flags.Flag) {
	c := &predictConfig{scanConfig: aScan(), format: flags.NewFormats(render.Predictions)}
	return c, slices.Concat(
		[]flags.Flag{{Name: "scan", About: "list the programs below DIR that give privileges, as 'capinspect scan' does", Value: (*flags.Bool)(&c.scan)}},
		c.scanConfig.ownFlags(),
		c.subject.flags(),
		[]flags.Flag{c.subject.pathFlag()},
		c.started.flags("with image:, ", "with image:, start it as the manifest FILE, or FILE:CONTAINER, says"),
		c.format.Flags(),
	)
}

func (c *predictConfig) Run(e *command.Env, args []string) (int, error) {
	switch {
	case c.scan || c.columns.Names == "help":
		c.scanConfig.format.Output, c.scanConfig.format.JSON = c.format.Output, c.format.JSON
		return c.scanConfig.Run(e, args)
	case c.all:
		return 0, usagef("--all is for --scan")
	case c.columns != columns.Asked{} || c.color != "auto":
		return 0, usagef("--columns, --sort, --no-headers and --color are for --scan")
	}
	format, err := c.format.Chosen()
	if err != nil {
		return 0, err
	}
	style, err := c.color.Style(e)
	if err != nil {
		return 0, err
	}
	p, err := c.predict(e, args)
	if err != nil {
		return 0, err
	}
	if err := e.Write(format.Styled(nil, p, style)); err != nil {
		return 0, err
	}
	if p.Result != predict.OK {
		return command.StatusNo, nil
	}
	return command.StatusOK, nil
}

// predict predicts what comes of a program, or of an image.
func (c *predictConfig) predict(e *command.Env, args []string) (*predict.Prediction, error) {
	if len(args) > 0 && strings.HasPrefix(args[0], imagePrefix) {
		return c.image(e, args)
	}
	switch {
	case len(args) != 1:
		return nil, usagef("want one program, as 'capinspect predict /bin/ping'")
	case c.started.asked():
		return nil, usagef("--pod and --runtime are for image:PATH")
	}
	from, err := c.open(false)
	if err != nil {
		return nil, err
	}
	defer from.Close()
	p, err := from.Predict(c.task, args[0], &c.whatIf)
	if err != nil {
		return nil, c.failed(from, err)
	}
	return p, nil
}
