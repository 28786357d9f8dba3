// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/flags"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/render"
)

// output is standard output with errors in the words of a message.
type output struct{ env *env }

func (e *env) output() *output { return &output{e} }

// Write writes to standard output.
func (o *output) Write(text []byte) (int, error) {
	if err := o.env.write(text); err != nil {
		return 0, err
	}
	return len(text), nil
}

// colour is the value of --color, which says when text is coloured.
type colour string

func (c *colour) flag() flags.Flag {
	*c = "auto"
	return flags.Flag{
		Name: "color", Argument: "WHEN", Values: []flags.Candidate{"auto", "always", "never"},
		About: "colour text WHEN: auto (on a terminal, without NO_COLOR), always or never", Value: (*flags.String)(c),
	}
}

// style returns how text looks on standard output.
func (c colour) style(e *env) (render.Style, error) {
	s := render.Style{Width: terminalWidth(e.stdout)}
	switch c {
	case "auto":
		s.Color = s.Width > 0 && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
	case "always":
		s.Color = true
	case "never":
	default:
		return s, usagef("--color %q: want auto, always or never", string(c))
	}
	return s, nil
}

// note says something that is no failure on standard error.
func (e *env) note(format string, args ...any) {
	fmt.Fprintf(e.stderr, "%s: note: %s\n", program, render.Printable(fmt.Sprintf(format, args...)))
}

// progress is a line on standard error for somebody who waits.
type progress struct {
	out     io.Writer
	what    string // as "reading tasks"
	watched bool   // it is a terminal
	start   time.Time
	chunks  int
	shown   bool
}

func newProgress(e *env, what string) *progress {
	return &progress{out: e.stderr, what: what, watched: terminalWidth(e.stderr) > 0, start: time.Now()}
}

// step counts what was read, and says so after the first second.
func (p *progress) step() {
	p.chunks++
	if p.watched && time.Since(p.start) > time.Second {
		fmt.Fprintf(p.out, "\r%s: %s %s ", program, p.what, [...]string{"|", "/", "-", "\\"}[p.chunks/16%4])
		p.shown = true
	}
}

// clear takes the line away.
func (p *progress) clear() {
	if p.shown {
		fmt.Fprintf(p.out, "\r%*s\r", len(program)+len(p.what)+5, "")
	}
}
