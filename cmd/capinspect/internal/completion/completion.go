// SPDX-License-Identifier: Apache-2.0

// Package completion makes the scripts that complete the command line in bash,
// zsh and fish, from one table of what can stand where.
package completion

import (
	_ "embed" // the three scripts
	"strings"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/flags"
)

// The scripts of the shells. The rows replace {rows} in them.
var (
	//go:embed completion.bash
	bashScript string
	//go:embed completion.zsh
	zshScript string
	//go:embed completion.fish
	fishScript string
)

// Row is a row of the table that the scripts search.
type Row struct {
	Of     string            // the command behind which Word may stand, "" at the start; or a list, as "@cap"
	Word   string            // all spellings of a flag, separated by blanks; "" for the operands of the command
	Values []flags.Candidate // what may follow the flag, or be an operand
	About  string            // what the shell shows beside the word
}

// Script returns the script of a shell: bash, zsh or fish. ok is false for
// another shell.
func Script(shell string, rows []Row) (script string, ok bool) {
	switch shell {
	case "bash":
		script = bashScript
	case "zsh":
		script = zshScript
	case "fish":
		script = fishScript
	default:
		return "", false
	}
	lines := make([]string, len(rows))
	for i, r := range rows {
		lines[i] = strings.Join([]string{r.Of, r.Word, flags.Joined(r.Values, " "), r.About}, "|")
	}
	// All three shells quote in the same way.
	quoted := strings.ReplaceAll(strings.Join(lines, "\n"), "'", `'\''`)
	quoted = strings.ReplaceAll(quoted, "\n", "' \\\n\t'")
	return strings.Replace(script, "{rows}", quoted, 1), true
}
