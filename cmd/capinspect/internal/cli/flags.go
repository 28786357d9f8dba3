// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"errors"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/pflag"
)

// flag is one flag of a command. Parsing, help and completion all work from
// this declaration.
type flag struct {
	name      string
	shorthand string      // a letter, or ""
	argument  string      // the word that help shows behind the name; "" for a switch
	values    []candidate // what completion offers for the argument
	about     string      // its line of help
	notEmpty  bool        // an empty value is bad usage
	value     pflag.Value // what the flag sets; a switch sets it to "true"
}

// candidate is what completion offers at one place of the command line: a word
// as it stands, or a list. The completion scripts know the lists by the names
// below.
type candidate string

const (
	anything candidate = "@" // nobody can list it

	// The shell makes these lists.
	anyPID  candidate = "@pid"
	anyFile candidate = "@file"
	anyDir  candidate = "@dir"
	anyUser candidate = "@user"

	// The script contains these lists.
	anyCap       candidate = "@cap"
	anySet       candidate = "@set"
	anySetPrefix candidate = "@set:" // the name of a set and a colon, before capabilities
	anyColumn    candidate = "@column"
	anyProfile   candidate = "@profile"
)

// words returns the candidates of some words.
func words(list []string) []candidate {
	found := make([]candidate, len(list))
	for i, word := range list {
		found[i] = candidate(word)
	}
	return found
}

// joined returns the candidates as one text with sep between them.
func joined(list []candidate, sep string) string {
	words := make([]string, len(list))
	for i, c := range list {
		words[i] = string(c)
	}
	return strings.Join(words, sep)
}

// flagSet registers flags with pflag.
func flagSet(command string, flags []flag) *pflag.FlagSet {
	set := pflag.NewFlagSet(command, pflag.ContinueOnError)
	set.Usage = func() {}
	set.SetOutput(io.Discard)
	for _, f := range flags {
		registered := set.VarPF(f.value, f.name, f.shorthand, f.about)
		if f.argument == "" {
			registered.NoOptDefVal = "true"
		}
	}
	return set
}

// checkEmpty returns an error if a parsed flag has an empty value and needs one.
func checkEmpty(set *pflag.FlagSet, flags []flag) error {
	for _, f := range flags {
		if f.notEmpty && set.Changed(f.name) && f.value.String() == "" {
			return usagef("--%s: want a value", f.name)
		}
	}
	return nil
}

// everyFlags returns the flags that every command has.
func everyFlags(help, version *bool) []flag {
	return []flag{
		{name: "help", shorthand: "h", about: "print this help", value: (*boolValue)(help)},
		{name: "version", about: "print the version", value: (*boolValue)(version)},
	}
}

// The flags below belong to several commands. Where their meaning differs, each
// command describes its own.

func pidFlag(value pflag.Value, about string) flag {
	return flag{name: "pid", shorthand: "p", argument: "PID", values: []candidate{anyPID}, about: about, value: value}
}

func fileFlag(files *repeated, about string) flag {
	return flag{name: "file", shorthand: "f", argument: "PATH", values: []candidate{anyFile}, about: about, value: files}
}

func procFlag(dir *string) flag {
	return flag{
		name: "proc", argument: "DIR", values: []candidate{anyDir},
		about: "read the procfs in DIR, as /host/proc", value: (*stringValue)(dir),
	}
}

func lastCapFlag(number *string, about string) flag {
	return flag{name: "last-cap", argument: "N", values: []candidate{anything}, about: about, value: (*stringValue)(number)}
}

// lastCapOfTasks describes --last-cap of the commands that look at tasks.
const lastCapOfTasks = "take capability N for the last that the kernel of the tasks has"

// stringValue is the value of a flag that takes any text.
type stringValue string

func (s *stringValue) String() string { return string(*s) }

func (s *stringValue) Type() string { return "string" }

func (s *stringValue) Set(text string) error {
	*s = stringValue(text)
	return nil
}

// boolValue is the value of a switch.
type boolValue bool

func (b *boolValue) String() string { return strconv.FormatBool(bool(*b)) }

func (b *boolValue) Type() string { return "bool" }

func (b *boolValue) Set(text string) error {
	on, err := strconv.ParseBool(text)
	if err != nil {
		return errors.New("must be true or false")
	}
	*b = boolValue(on)
	return nil
}

// funcValue is called with each value that a flag is given.
type funcValue func(string) error

func (f funcValue) String() string { return "" }

func (f funcValue) Type() string { return "func" }

func (f funcValue) Set(text string) error { return f(text) }

// repeated keeps each value of a flag that may be repeated.
type repeated []string

func (r *repeated) String() string { return strings.Join(*r, " ") }

func (r *repeated) Type() string { return "repeated" }

func (r *repeated) Set(text string) error {
	*r = append(*r, text)
	return nil
}

// list keeps the values of a flag that takes several with commas between them,
// and may be repeated.
type list []string

func (l *list) String() string { return strings.Join(*l, ",") }

func (l *list) Type() string { return "list" }

func (l *list) Set(text string) error {
	*l = append(*l, strings.Split(text, ",")...)
	return nil
}
