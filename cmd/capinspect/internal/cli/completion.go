// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"slices"
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/capset/operation"
	"github.com/capinspect/capinspect/capset/runtime"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/capsh"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/command"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/completion"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/flags"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/table"
)

var completionCommand = command.Command{
	Name:     "completion",
	Args:     "bash | zsh | fish",
	Operands: []flags.Candidate{"bash", "zsh", "fish"},
	NoTarget: true,
	Summary:  "shell completion for bash, zsh or fish",
	About: `Print a script that completes the command line in a shell: commands, flags,
their values, capabilities, profiles, columns, PIDs, containers. Source it when
the shell starts, or save it where the shell looks for it:

  bash  PREFIX/share/bash-completion/completions/capinspect
  zsh   a file _capinspect in a directory of $fpath, before compinit
  fish  ~/.config/fish/completions/capinspect.fish`,
	Example: `
capinspect completion bash
capinspect completion zsh
capinspect completion fish`,
	New: func() (command.Runner, []flags.Flag) { return completionConfig{}, nil },
}

// completionConfig has nothing to configure: completion has no flags of its own.
type completionConfig struct{}

func (completionConfig) Run(e *command.Env, args []string) (int, error) {
	shell := strings.Join(args, " ")
	script, ok := completion.Script(shell, rows())
	if !ok {
		return 0, usagef("unknown shell %q: %s", shell, flags.DidYouMean(shell, []string{"bash", "zsh", "fish"}, "want bash, zsh or fish"))
	}
	return command.StatusOK, e.Write([]byte(script))
}

// rows returns the table of all that can stand on a command line.
func rows() []completion.Row {
	var rows []completion.Row
	add := func(of, word string, values []flags.Candidate, about string) {
		rows = append(rows, completion.Row{Of: of, Word: word, Values: values, About: about})
	}
	for _, c := range commands() {
		add("", c.Name, nil, c.Summary)
		operands := slices.Clone(c.Operands)
		if c.Name == whyCommand.Name {
			for _, topic := range whyTopics {
				operands = append(operands, flags.Candidate(topic.word))
			}
		}
		add(c.Name, "", operands, "")
		for _, f := range c.Flags() {
			word := "--" + f.Name
			if f.Shorthand != "" {
				word = "-" + f.Shorthand + " " + word
			}
			add(c.Name, word, f.Values, f.About)
		}
	}
	for _, topic := range whyTopics {
		add(whyCommand.Name+" "+topic.word, "", []flags.Candidate{flags.AnyPID, "container:", "file:"}, "")
	}
	first := commands()[0].Flags()
	for i := range capsh.Options {
		o := &capsh.Options[i]
		if slices.ContainsFunc(first, func(f flags.Flag) bool { return f.Name == o.Name }) {
			continue // the flag has a row already
		}
		add("", o.Spelling(), []flags.Candidate{o.Value}, o.About)
	}
	for k := range capset.Kind(capset.NumKinds) {
		name := strings.ToLower(k.String())
		add(string(flags.AnySet), name, nil, "")
		add(string(flags.AnySetPrefix), name+":", nil, "")
	}
	for c := range capset.LastKnown + 1 {
		add(string(flags.AnyCap), c.Short(), nil, c.Summary())
	}
	for _, o := range operation.All() {
		if name := o.Name(); !strings.ContainsAny(name, " :") { // which a shell would take apart
			add(string(flags.AnyOperation), name, nil, o.Why)
		}
	}
	for _, c := range table.Tasks {
		add(string(flags.AnyColumn), c.Name, nil, c.About)
	}
	for _, c := range table.Containers {
		if _, ok := table.Tasks.Named(c.Name); !ok {
			add(string(flags.AnyColumn), c.Name, nil, c.About)
		}
	}
	for _, p := range runtime.Profiles(capset.LastKnown) {
		add(string(flags.AnyProfile), p.Name, nil, p.Title)
	}
	return rows
}
