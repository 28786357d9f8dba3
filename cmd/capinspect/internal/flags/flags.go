// SPDX-License-Identifier: Apache-2.0

// Package flags declares the flags of a command. Parsing, help, completion and
// the man page's test all work from the same declaration.
package flags

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/pflag"

	"github.com/capinspect/capinspect/capset"
)

// Flag is one flag of a command. Parsing, help and completion all work from
// this declaration.
type Flag struct {
	Name      string
	Shorthand string      // a letter, or ""
	Argument  string      // the word that help shows behind the name; "" for a switch
	Values    []Candidate // what completion offers for the argument
	About     string      // its line of help
	NotEmpty  bool        // an empty value is bad usage
	Value     Value       // what the flag sets; a switch sets it to "true"
}

// Value is what a flag sets. The types in this package are values.
type Value = pflag.Value

// Candidate is what completion offers at one place of the command line: a word
// as it stands, or a list. The completion scripts know the lists by the names
// below.
type Candidate string

const (
	Anything Candidate = "@" // nobody can list it

	// The shell makes these lists.
	AnyPID  Candidate = "@pid" // self, and behind a digit the others
	AnyFile Candidate = "@file"
	AnyDir  Candidate = "@dir"
	AnyUser Candidate = "@user"

	// The shell asks capinspect for this list.
	AnyContainer Candidate = "@container"

	// The script contains these lists.
	AnyCap       Candidate = "@cap"
	AnyOperation Candidate = "@operation"
	AnySet       Candidate = "@set"
	AnySetPrefix Candidate = "@set:" // the name of a set and a colon, before capabilities
	AnyColumn    Candidate = "@column"
	AnyProfile   Candidate = "@profile"
)

// Words returns the candidates of some words.
func Words(list []string) []Candidate {
	found := make([]Candidate, len(list))
	for i, word := range list {
		found[i] = Candidate(word)
	}
	return found
}

// Joined returns the candidates as one text with sep between them.
func Joined(list []Candidate, sep string) string { return strings.Join(texts(list), sep) }

func texts(list []Candidate) []string {
	words := make([]string, len(list))
	for i, c := range list {
		words[i] = string(c)
	}
	return words
}

// UsageError is a mistake in the command line.
type UsageError struct{ error }

// Unwrap returns what the mistake is.
func (e UsageError) Unwrap() error { return e.error }

// Usagef returns a UsageError.
func Usagef(format string, args ...any) error {
	return UsageError{fmt.Errorf(format, args...)}
}

// Unknown returns the name of the flag that an error of Parse is about, if the command has no
// such flag; else "".
func Unknown(err error) string {
	if unknown, ok := errors.AsType[*pflag.NotExistError](err); ok {
		return unknown.GetSpecifiedName()
	}
	return ""
}

// meant says which flag a misspelt one may be.
func meant(flags []Flag, name string) string {
	names := make([]string, len(flags))
	for i, f := range flags {
		names[i] = f.Name
	}
	found := capset.Nearest(name, names)
	if len(name) < 2 || len(found) == 0 {
		return ""
	}
	return ": did you mean --" + strings.Join(found, " or --") + "?"
}

// DidYouMean returns a question for a misspelt word, or what is to be said if no known word
// is near it.
func DidYouMean(word string, known []string, otherwise string) string {
	if found := capset.Nearest(strings.ToLower(word), known); len(found) > 0 {
		return "did you mean " + strings.Join(found, " or ") + "?"
	}
	return otherwise
}

// Parse parses the arguments of a command and sets the values of its flags. It
// returns the operands, which may stand before, between and behind the flags.
func Parse(command string, flags []Flag, args []string) (operands []string, err error) {
	set := pflag.NewFlagSet(command, pflag.ContinueOnError)
	set.Usage = func() {}
	set.SetOutput(io.Discard)
	for _, f := range flags {
		registered := set.VarPF(f.Value, f.Name, f.Shorthand, f.About)
		if f.Argument == "" {
			registered.NoOptDefVal = "true"
		}
	}
	if err := set.Parse(args); err != nil {
		if unknown, ok := errors.AsType[*pflag.NotExistError](err); ok {
			return nil, Usagef("%w%s", err, meant(flags, unknown.GetSpecifiedName()))
		}
		return nil, UsageError{err}
	}
	for _, f := range flags {
		if f.NotEmpty && set.Changed(f.Name) && f.Value.String() == "" {
			return nil, Usagef("--%s: want a value", f.Name)
		}
	}
	return set.Args(), nil
}
