// SPDX-License-Identifier: Apache-2.0

// Package capsh answers the options of capsh(1) that ask something, in capsh's
// own words wherever a script may look for them.
package capsh

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/flags"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// Option is one option of capsh(1).
type Option struct {
	Name     string
	Argument string          // the word that help shows behind "="; "" for an option without one
	Value    flags.Candidate // what completion offers there
	About    string          // its line of help
	run      func(c *runner, value string) error
}

// Spelling returns the option as a user types it, without the value.
func (o *Option) Spelling() string {
	if o.Argument != "" {
		return "--" + o.Name + "="
	}
	return "--" + o.Name
}

// Options are the options of capsh that ask something.
var Options = [...]Option{
	{"print", "", "", "the state of its own process; also takes PIDs, -p, -f", (*runner).print},
	{"current", "", "", "its sets in two lines", (*runner).current},
	{"decode", "MASK", flags.Anything, "the names in a hexadecimal MASK", (*runner).decode},
	{"explain", "CAP", flags.AnyCap, "what a CAP permits", (*runner).explain},
	{"suggest", "TEXT", flags.Anything, "the capabilities whose name or text holds TEXT", (*runner).suggest},
	{"supports", "CAPS", flags.AnyCap, "does the kernel know the CAPS", (*runner).supports},
	{"has-e", "CAPS", flags.AnyCap, "are all CAPS in Effective", (*runner).hasEffective},
	{"has-p", "CAPS", flags.AnyCap, "are all CAPS in Permitted", (*runner).hasPermitted},
	{"has-i", "CAPS", flags.AnyCap, "are all CAPS in Inheritable", (*runner).hasInheritable},
	{"has-a", "CAPS", flags.AnyCap, "are all CAPS in Ambient", (*runner).hasAmbientCaps},
	{"has-b", "CAPS", flags.AnyCap, "are all CAPS in Bounding", (*runner).hasBounding},
	{"dropped", "CAPS", flags.AnyCap, "are all CAPS out of Bounding", (*runner).dropped},
	{"has-ambient", "", "", "does the kernel have Ambient", (*runner).hasAmbient},
	{"has-no-new-privs", "", "", "is no_new_privs set", (*runner).hasNoNewPrivs},
	{"is-uid", "N", flags.Anything, "is the real uid N", (*runner).isUID},
	{"is-gid", "N", flags.Anything, "is the real gid N", (*runner).isGID},
	{"mode", "", "", "libcap's guess of the mode", (*runner).mode},
	{"modes", "", "", "the modes that libcap knows", (*runner).modes},
	{"inmode", "MODE", flags.Anything, "is the mode MODE", (*runner).inMode},
	{"license", "", "", "the licence", (*runner).license},
	{"quiet", "", "", "accepted, and changes nothing", (*runner).nothing},
	{"strict", "", "", "accepted, and changes nothing", (*runner).nothing},
	{"noenv", "", "", "accepted, and changes nothing", (*runner).nothing},
}

// refused are the options of capsh that change its state or start a program.
// Those that end in "=" take a value.
var refused = [...]string{
	"--addamb=", "--cap-uid=", "--caps=", "--chroot=", "--delamb=", "--drop=", "--forkfor=", "--gid=", "--groups=",
	"--iab=", "--inh=", "--keep=", "--killit=", "--mode=", "--no-new-privs", "--secbits=", "--shell=", "--uid=", "--user=",
	"--", "==", "-+", "=+",
}

// Find returns the option in an argument and its value, or nil if the argument
// is not in Options.
func Find(arg string) (opt *Option, value string) {
	name, value, hasValue := strings.Cut(arg, "=")
	for i := range Options {
		opt := &Options[i]
		if name == "--"+opt.Name && hasValue == (opt.Argument != "") {
			return opt, value
		}
	}
	return nil, ""
}

// Refused returns the option in an argument that would change the state of
// capsh or start a program, or "" if there is none.
func Refused(arg string) string {
	for _, name := range refused {
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

// No is the answer no. Its text goes to standard error unchanged.
type No struct{ error }

func no(format string, args ...any) error { return No{fmt.Errorf(format, args...)} }

// runner runs options. It keeps what they print until the last one has run or
// one has failed.
type runner struct {
	read func() (*task.Task, error)
	own  *task.Task // nil until it is read
	done bool       // the options that follow do not run
	out  []byte
}

// Run runs options from left to right, up to the first that fails, and returns
// what they print. The error is a No if the answer to one of them is no. read
// returns what is known of capinspect's own process.
func Run(args []string, read func() (*task.Task, error)) (out []byte, err error) {
	c := &runner{read: read}
	for _, arg := range args {
		opt, value := Find(arg)
		if opt == nil {
			return c.out, fmt.Errorf("%q is not an option of capsh", arg)
		}
		if err := opt.run(c, value); err != nil || c.done {
			return c.out, err
		}
	}
	return c.out, nil
}

// task returns what is known of capinspect's own process. It is read once, and
// only if an option needs it.
func (c *runner) task() (own *task.Task, err error) {
	if c.own == nil {
		c.own, err = c.read()
	}
	return c.own, err
}
