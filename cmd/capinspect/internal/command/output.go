// SPDX-License-Identifier: Apache-2.0

package command

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/flags"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/render"
)

// Output is standard output with errors in the words of a message.
type Output struct{ env *Env }

// Output returns standard output.
func (e *Env) Output() *Output { return &Output{e} }

// Write writes to standard output.
func (o *Output) Write(text []byte) (int, error) {
	if err := o.env.Write(text); err != nil {
		return 0, err
	}
	return len(text), nil
}

// Colour is the value of --color, which says when text is coloured.
type Colour string

// Flag returns --color, set to auto.
func (c *Colour) Flag() flags.Flag {
	*c = "auto"
	return flags.Flag{
		Name: "color", Argument: "WHEN", Values: []flags.Candidate{"auto", "always", "never"},
		About: "colour text WHEN: auto (on a terminal, without NO_COLOR), always or never", Value: (*flags.String)(c),
	}
}

// Style returns how text looks on standard output.
func (c Colour) Style(e *Env) (render.Style, error) {
	s := render.Style{Width: TerminalWidth(e.Stdout)}
	switch c {
	case "auto":
		s.Color = s.Width > 0 && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
	case "always":
		s.Color = true
	case "never":
	default:
		return s, flags.Usagef("--color %q: want auto, always or never", string(c))
	}
	return s, nil
}

// Note says something that is no failure on standard error.
func (e *Env) Note(format string, args ...any) {
	fmt.Fprintf(e.Stderr, "%s: note: %s\n", name, printable(fmt.Sprintf(format, args...)))
}

// Progress is a line on standard error for somebody who waits.
type Progress struct {
	out     io.Writer
	what    string // as "reading tasks"
	watched bool   // it is a terminal
	start   time.Time
	chunks  int
	shown   bool
}

// Waiting returns the line, with what is being done.
func (e *Env) Waiting(what string) *Progress {
	return &Progress{out: e.Stderr, what: what, watched: TerminalWidth(e.Stderr) > 0, start: time.Now()}
}

// Step counts what was read, and says so after the first second.
func (p *Progress) Step() {
	p.chunks++
	if p.watched && time.Since(p.start) > time.Second {
		fmt.Fprintf(p.out, "\r%s: %s %s ", name, p.what, [...]string{"|", "/", "-", "\\"}[p.chunks/16%4])
		p.shown = true
	}
}

// Clear takes the line away.
func (p *Progress) Clear() {
	if p.shown {
		fmt.Fprintf(p.out, "\r%*s\r", len(name)+len(p.what)+5, "")
	}
}
