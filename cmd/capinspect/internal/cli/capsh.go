// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/capsh"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/collect"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/command"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/target"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// tryCapsh runs a command line made of capsh's options. handled is false if the
// command line is for show: it has no option of capsh, or --print is the only
// one among other arguments.
func tryCapsh(p *command.Program, e *command.Env, called string, args []string) (handled bool, status int, err error) {
	found, prints := 0, 0
	foreign := ""
	for _, arg := range args {
		opt, _ := capsh.Find(arg)
		switch {
		case opt != nil && opt.Name == "print":
			prints++
			fallthrough
		case opt != nil:
			found++
		case capsh.Refused(arg) != "":
			return true, 0, fmt.Errorf("%s: capinspect only inspects", capsh.Refused(arg))
		case foreign == "":
			foreign = arg
		}
	}
	switch {
	case len(args) == 0:
		return filepath.Base(called) == "capsh", command.StatusOK, nil
	case found == 0 || foreign != "" && found == prints:
		return false, 0, nil
	case foreign == "-h" || foreign == "--help":
		return true, command.StatusOK, p.Help(e)
	case foreign != "":
		return true, 0, usagef("%q does not go with the options of capsh, which are about capinspect's own process", foreign)
	}
	status, err = runCapsh(e, args)
	return true, status, err
}

// runCapsh runs options of capsh and prints what they answer.
func runCapsh(e *command.Env, args []string) (status int, err error) {
	out, err := capsh.Run(args, readSelf)
	if len(out) > 0 {
		if err := e.Write(out); err != nil {
			return 0, err
		}
	}
	if no, ok := errors.AsType[capsh.No](err); ok {
		if text := no.Error(); text != "" {
			fmt.Fprintln(e.Stderr, text)
		}
		return command.StatusNo, nil
	}
	return command.StatusOK, err
}

// readSelf returns what is known of capinspect's own process.
func readSelf() (*task.Task, error) {
	from, err := collect.Open(collect.Options{Detail: collect.Named})
	if err != nil {
		return nil, err
	}
	defer from.Close()
	return from.Task(target.Self)
}
