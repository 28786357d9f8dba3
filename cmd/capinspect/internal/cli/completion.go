// SPDX-License-Identifier: Apache-2.0

package cli

import (
	_ "embed" // the three scripts
	"strings"

	"github.com/spf13/pflag"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/capset/runtime"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/report"
)

var completion = command{
	name:    "completion",
	args:    "bash | zsh | fish",
	summary: "shell completion for bash, zsh or fish",
	about: `Print a script that completes the command line in a shell: commands, flags,
their values, capabilities, profiles, columns. It is read at the start of the
shell, or kept where the shell looks for such:

  bash  PREFIX/share/bash-completion/completions/capinspect
  zsh   a file _capinspect in a directory of $fpath, before compinit
  fish  ~/.config/fish/completions/capinspect.fish`,
	example: `
capinspect completion bash
capinspect completion zsh
capinspect completion fish`,
	new: func(*pflag.FlagSet) runner { return completionConfig{} },
}

// The scripts, in which the rows stand where {rows} does.
var (
	//go:embed completion.bash
	bashScript string
	//go:embed completion.zsh
	zshScript string
	//go:embed completion.fish
	fishScript string
)

type completionConfig struct{}

func (completionConfig) run(e *env, args []string) (int, error) {
	var script string
	switch shell := strings.Join(args, " "); shell {
	case "bash":
		script = bashScript
	case "zsh":
		script = zshScript
	case "fish":
		script = fishScript
	default:
		return 0, usagef("unknown shell %q: want bash, zsh or fish", shell)
	}
	var r rows
	r.fill()
	// All three quote alike. Each row ends in a newline, but the last.
	quoted := strings.ReplaceAll(strings.ReplaceAll(string(r.text[1:]), "'", `'\''`), "\n", "' \\\n\t'")
	return statusOK, e.write([]byte(strings.Replace(script, "{rows}", quoted, 1)))
}

// rows is the table that the scripts have, a line for each COMMAND|WORD|VALUES|ABOUT:
// WORD may stand behind COMMAND, or at the beginning if that is empty; of a flag
// it is each spelling, with spaces between. VALUES may stand behind a flag, or,
// if WORD is empty, anywhere behind COMMAND. They are words, what may begin a
// file name, as "file:", and names of lists, as "@cap", whose rows have that for
// a COMMAND; @pid, @file, @dir and @user are for the shell to find, and @ is
// what nobody knows.
type rows struct {
	text []byte
	of   string // the command whose flags are added
}

func (r *rows) add(of, word, values, about string) {
	for i, cell := range [...]string{of, word, values, about} {
		r.text = append(append(r.text, "\n|||"[i]), cell...)
	}
}

func (r *rows) fill() {
	known := commands()
	for _, c := range known {
		r.of = c.name
		r.add("", c.name, "", c.summary)
		r.add(c.name, "", stands(c.args), "")
		c.flags().VisitAll(r.flag)
	}
	for i := range capshOptions {
		if o := &capshOptions[i]; known[0].flags().Lookup(o.name[2:]) == nil {
			r.add("", o.name, stands(placeholder(o.about)), strings.ReplaceAll(o.about, "`", ""))
		}
	}
	for k := range capset.Kind(capset.NumKinds) {
		name := strings.ToLower(k.String())
		r.add("@set", name, "", "")
		r.add("@set:", name+":", "", "")
	}
	for c := range capset.LastKnown + 1 {
		r.add("@cap", c.Short(), "", c.Summary())
	}
	for _, c := range report.Columns() {
		r.add("@column", c.Name, "", c.About)
	}
	for _, p := range runtime.Profiles(capset.LastKnown) {
		r.add("@profile", p.Name, "", p.Title)
	}
}

// flag adds a flag with what its help lists behind the placeholder, or with what
// that stands for.
func (r *rows) flag(f *pflag.Flag) {
	word, values := "--"+f.Name, ""
	if f.Shorthand != "" {
		word = "-" + f.Shorthand + " " + word
	}
	if _, list, ok := strings.Cut(f.Usage, "`: "); ok {
		list, _, _ = strings.Cut(list, ";")
		values = strings.ReplaceAll(list, ",", "")
	} else if f.NoOptDefVal == "" {
		values = stands(placeholder(f.Usage))
	}
	r.add(r.of, word, values, flagAbout(f))
}

// placeholders has the words of help that stand for something known.
const placeholders = "\nPID @pid\nPATH @file\nFILE @file\nDIR @dir\nUSER @user\nCAP @cap\nCAPS @cap\n" +
	"CAP,... @cap\nNAME,... @cap\nSET @set\nSET: @set:\nLIST @cap @profile none\nCOLUMN @column\n" +
	"A,B @column help\nNAME @profile\nA @pid @profile @cap file:\n"

// stands returns what may stand for the placeholders of a text; a word in lower
// case stands for itself.
func stands(text string) (values string) {
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" []|", r) }) {
		if word == "flags" || word == "..." || word[0] == '-' {
			continue
		}
		known := "@"
		if _, after, ok := strings.Cut(placeholders, "\n"+word+" "); ok {
			known, _, _ = strings.Cut(after, "\n")
		} else if word[0] >= 'a' {
			known = word
		}
		values += known + " "
	}
	return strings.TrimSpace(values)
}
