// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"cmp"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/collect"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// capshOption is one option of capsh(1). It prints capsh's own words wherever a
// script may look for them.
type capshOption struct {
	name     string
	argument string    // the word that help shows behind "="; "" for an option without one
	value    candidate // what completion offers there
	about    string    // its line of help
	run      func(c *capsh, value string) error
}

// spelling returns the option as a user types it, without the value.
func (o *capshOption) spelling() string {
	if o.argument != "" {
		return "--" + o.name + "="
	}
	return "--" + o.name
}

// capshOptions are the options of capsh that ask something. They run from left
// to right, up to the first that fails.
var capshOptions = [...]capshOption{
	{"print", "", "", "the state of capinspect's own process; also takes PIDs, -p, -f", (*capsh).print},
	{"current", "", "", "its sets in two lines", (*capsh).current},
	{"decode", "MASK", anything, "the names in a hexadecimal MASK", (*capsh).decode},
	{"explain", "CAP", anyCap, "what a CAP permits", (*capsh).explain},
	{"suggest", "TEXT", anything, "the capabilities whose name or text holds TEXT", (*capsh).suggest},
	{"supports", "CAPS", anyCap, "does the kernel know the CAPS", (*capsh).supports},
	{"has-e", "CAPS", anyCap, "are all CAPS in Effective", (*capsh).hasEffective},
	{"has-p", "CAPS", anyCap, "are all CAPS in Permitted", (*capsh).hasPermitted},
	{"has-i", "CAPS", anyCap, "are all CAPS in Inheritable", (*capsh).hasInheritable},
	{"has-a", "CAPS", anyCap, "are all CAPS in Ambient", (*capsh).hasAmbientCaps},
	{"has-b", "CAPS", anyCap, "are all CAPS in Bounding", (*capsh).hasBounding},
	{"dropped", "CAPS", anyCap, "are all CAPS out of Bounding", (*capsh).dropped},
	{"has-ambient", "", "", "does the kernel have Ambient", (*capsh).hasAmbient},
	{"has-no-new-privs", "", "", "is no_new_privs set", (*capsh).hasNoNewPrivs},
	{"is-uid", "N", anything, "is the real uid N", (*capsh).isUID},
	{"is-gid", "N", anything, "is the real gid N", (*capsh).isGID},
	{"mode", "", "", "libcap's guess of the mode", (*capsh).mode},
	{"modes", "", "", "the modes that libcap knows", (*capsh).modes},
	{"inmode", "MODE", anything, "is the mode MODE", (*capsh).inMode},
	{"license", "", "", "the licence", (*capsh).license},
	{"quiet", "", "", "accepted, and changes nothing", (*capsh).nothing},
	{"strict", "", "", "accepted, and changes nothing", (*capsh).nothing},
	{"noenv", "", "", "accepted, and changes nothing", (*capsh).nothing},
}

// capshRefused are the options of capsh that change its state or start a
// program. Those that end in "=" take a value.
var capshRefused = [...]string{
	"--addamb=", "--cap-uid=", "--caps=", "--chroot=", "--delamb=", "--drop=", "--forkfor=", "--gid=", "--groups=",
	"--iab=", "--inh=", "--keep=", "--killit=", "--mode=", "--no-new-privs", "--secbits=", "--shell=", "--uid=", "--user=",
	"--", "==", "-+", "=+",
}

// findCapsh returns the option of capsh in an argument and its value, or nil if
// the argument is no such option.
func findCapsh(arg string) (opt *capshOption, value string) {
	name, value, hasValue := strings.Cut(arg, "=")
	for i := range capshOptions {
		opt := &capshOptions[i]
		if name == "--"+opt.name && hasValue == (opt.argument != "") {
			return opt, value
		}
	}
	return nil, ""
}

// refusedCapsh returns the option of capshRefused in an argument, or "" if there
// is none.
func refusedCapsh(arg string) string {
	for _, name := range capshRefused {
		if value, ok := strings.CutPrefix(arg, name); ok && (value == "" || strings.HasSuffix(name, "=")) {
			name, _, _ = strings.Cut(name, "=")
			return cmp.Or(name, arg)
		}
		if arg == strings.TrimSuffix(name, "=") && arg != "" { // without its value
			return arg
		}
	}
	if strings.HasPrefix(arg, "--noamb") {
		return "--noamb"
	}
	return ""
}

// capsh runs options in capsh's spelling. It keeps what they print until the
// last one has run or one has failed.
type capsh struct {
	env  *env
	own  *task.Task // nil until it is read
	done bool       // the options that follow do not run
	out  []byte
}

// errNo is the answer no. Its text goes to standard error unchanged.
type errNo struct{ error }

func no(format string, args ...any) error { return errNo{fmt.Errorf(format, args...)} }

// tryCapsh runs a command line made of capsh's options. handled is false if the
// command line is for show: it has no option of capsh, or --print is the only
// one and other arguments stand beside it.
func (e *env) tryCapsh(args []string, named bool) (handled bool, status int, err error) {
	found, prints := 0, 0
	foreign := ""
	for _, arg := range args {
		opt, _ := findCapsh(arg)
		switch {
		case opt != nil && opt.name == "print":
			prints++
			fallthrough
		case opt != nil:
			found++
		case refusedCapsh(arg) != "":
			return true, 0, fmt.Errorf("%s: capinspect only inspects", refusedCapsh(arg))
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

func (e *env) runCapsh(args []string) (status int, err error) {
	c := &capsh{env: e}
	for _, arg := range args {
		opt, value := findCapsh(arg)
		if err = opt.run(c, value); err != nil || c.done {
			break
		}
	}
	if len(c.out) > 0 {
		if err := e.write(c.out); err != nil {
			return 0, err
		}
	}
	if no, ok := errors.AsType[errNo](err); ok {
		if text := no.Error(); text != "" {
			fmt.Fprintln(e.stderr, text)
		}
		return statusNo, nil
	}
	return statusOK, err
}

// task returns what is known of capinspect's own process, which is read when it is first
// needed.
func (c *capsh) task() (*task.Task, error) {
	if c.own == nil {
		from, err := collect.Open(collect.Options{Detail: collect.Named})
		if err != nil {
			return nil, err
		}
		defer from.Close()
		if c.own, err = from.Task(self); err != nil {
			return nil, err
		}
	}
	return c.own, nil
}

// calledCapsh reports whether the program was called by the name of capsh.
func calledCapsh(program string) bool { return filepath.Base(program) == "capsh" }
