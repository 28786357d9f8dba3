// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/capsh"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/collect"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/target"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// tryCapsh runs a command line made of capsh's options. handled is false if the
// command line is for show: it has no option of capsh, or --print is the only
// one and other arguments stand beside it.
func (e *env) tryCapsh(args []string, named bool) (handled bool, status int, err error) {
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
		return named, statusOK, nil
	case found == 0 || foreign != "" && found == prints:
		return false, 0, nil
	case foreign == "-h" || foreign == "--help":
		status, err = commands()[0].execute(e, []string{"--help"}, false)
		return true, status, err
	case foreign != "":
		return true, 0, usagef("%q does not go with the options of capsh, which speak of capinspect's own process", foreign)
	}
	status, err = e.runCapsh(args)
	return true, status, err
}

// runCapsh runs options of capsh and prints what they answer.
func (e *env) runCapsh(args []string) (status int, err error) {
	out, err := capsh.Run(args, readSelf)
	if len(out) > 0 {
		if err := e.write(out); err != nil {
			return 0, err
		}
	}
	if no, ok := errors.AsType[capsh.No](err); ok {
		if text := no.Error(); text != "" {
			fmt.Fprintln(e.stderr, text)
		}
		return statusNo, nil
	}
	return statusOK, err
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

// calledCapsh reports whether the program was called by the name of capsh.
func calledCapsh(program string) bool { return filepath.Base(program) == "capsh" }
