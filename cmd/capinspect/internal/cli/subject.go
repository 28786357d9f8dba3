// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/collect"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/flags"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/predict"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/report"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/target"
)

// subject are the flags that say for which task the prediction is made, and
// what to assume of that task.
type subject struct {
	task       string
	proc       string
	whatIf     predict.WhatIf
	securebits capset.Securebits
	user       string // of --uid, if that is a name
	uid, gid   uint32
}

func (s *subject) flags() []flags.Flag {
	n, caps := []flags.Candidate{flags.Anything}, []flags.Candidate{flags.AnyCap}
	return []flags.Flag{
		target.PIDFlag((*flags.String)(&s.task), "for the process PID"),
		target.ProcFlag(&s.proc),
		{
			Name: "uid", Argument: "N|NAME", Values: []flags.Candidate{flags.AnyUser},
			About: "as if all its user ids were N, and its sets as they are",
			Value: flags.Func(s.setUser),
		},
		{
			Name: "gid", Argument: "N", Values: n, About: "as if all its group ids were N",
			Value: flags.Func(func(value string) error {
				s.whatIf.GID = &s.gid
				return parseNumber(&s.gid, value, 10)
			}),
		},
		{
			Name:  "entrypoint",
			About: "as containerd starts the program of a container: with all of the Bounding set in Permitted and Effective",
			Value: (*flags.Bool)(&s.whatIf.Entrypoint),
		},
		{
			Name: "drop", Argument: "CAP,...", Values: caps, About: "as if none of its sets had CAP,..., or all",
			Value: flags.Func(func(value string) error { return addCaps(&s.whatIf.Drop, value) }),
		},
		{
			Name: "add", Argument: "CAP,...", Values: caps,
			About: "as if a runtime had added CAP,... to Permitted, Effective and Bounding, after --drop",
			Value: flags.Func(func(value string) error { return addCaps(&s.whatIf.Add, value) }),
		},
		{Name: "no-new-privs", About: "as if no_new_privs were set", Value: (*flags.Bool)(&s.whatIf.NoNewPrivs)},
		{
			Name: "securebits", Argument: "N", Values: n,
			About: "as if its securebits were N; default is 0, because nobody can read those of another process",
			Value: flags.Func(func(value string) error {
				s.whatIf.Securebits = &s.securebits
				return parseNumber((*uint32)(&s.securebits), value, 0)
			}),
		},
	}
}

// pathFlag is --path.
func (s *subject) pathFlag() flags.Flag {
	return flags.Flag{
		Name: "path", Argument: "PATH", Values: []flags.Candidate{flags.AnyFile},
		About: "look for a bare name in PATH, directories separated by colons", Value: (*flags.String)(&s.whatIf.Path),
	}
}

// setUser sets the user, a number or a name.
func (s *subject) setUser(value string) error {
	s.user, s.whatIf.UID = "", nil
	if strings.Trim(value, "-0123456789") != "" && strings.IndexByte("-0123456789", value[0]) < 0 {
		s.user = value
		return nil
	}
	s.whatIf.UID = &s.uid
	return parseNumber(&s.uid, value, 10)
}

// named finds out the id of a user that is given by name.
func (s *subject) named(id func(name string) (uint32, error)) error {
	if s.user == "" {
		return nil
	}
	var err error
	if s.uid, err = id(s.user); err != nil {
		return fmt.Errorf("user %q: %w", s.user, err)
	}
	s.whatIf.UID = &s.uid
	return nil
}

// parseNumber sets a number of 32 bits; base 0 is for one that may be written 0x2f.
func parseNumber(n *uint32, value string, base int) error {
	v, err := strconv.ParseUint(value, base, 32)
	if err != nil {
		return errors.New("want a number of 32 bits")
	}
	*n = uint32(v)
	return nil
}

// addCaps adds the capabilities of a list to a set.
func addCaps(set *capset.Set, list string) error {
	if strings.EqualFold(list, "all") {
		*set = predict.AllCaps
		return nil
	}
	more, err := flags.ParseCaps(list)
	*set |= more
	return err
}

// open opens the procfs that the task is in. inside says that --uid is one of the task's user
// namespace.
func (s *subject) open(inside bool) (*collect.Collector, error) {
	var err error
	if s.task, err = target.PID(s.proc, s.task); err != nil {
		return nil, err
	}
	if err := s.check(); err != nil {
		return nil, err
	}
	from, err := collect.Open(collect.Options{Proc: s.proc, Detail: collect.Surrounded})
	if err != nil {
		return nil, err
	}
	if err := s.named(func(name string) (uint32, error) { return from.UserID(s.task, name, inside) }); err != nil {
		from.Close()
		return nil, s.failed(from, err)
	}
	return from, nil
}

// check returns what is wrong with the flags.
func (s *subject) check() error {
	for _, id := range [...]*uint32{s.whatIf.UID, s.whatIf.GID} {
		if id != nil && *id == capset.Unchanged {
			return usagef("%d is not an id", *id)
		}
	}
	if both := s.whatIf.Drop & s.whatIf.Add; both != 0 && s.whatIf.Drop != predict.AllCaps {
		return usagef("--drop and --add both have %v", both)
	}
	return nil
}

// failed names the task that an error is of.
func (s *subject) failed(from *collect.Collector, err error) error {
	return report.Failure{Pid: from.Pid(s.task), Err: err}
}
