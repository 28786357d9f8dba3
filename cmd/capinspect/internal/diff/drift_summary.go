// SPDX-License-Identifier: Apache-2.0

package diff

import (
	"strconv"
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// Summary returns in a sentence what the later list has other than the first.
func (d *Drift) Summary() string {
	var out strings.Builder
	for _, part := range d.SummaryParts() {
		out.WriteString(part.Text)
	}
	return out.String()
}

// SummaryParts returns what Summary is made of: when and where the reports were made, how many
// containers and processes differ, and the most dangerous of them.
func (d *Drift) SummaryParts() []task.Part {
	was, is := d.A.name(), d.B.name()
	if d.A.nothing() {
		was += ", when nothing ran,"
	}
	if d.B.nothing() {
		is += ", when nothing ran"
	}
	parts := []task.Part{{Text: was + " to " + is + ": "}}
	if d.Equal() {
		return append(parts, task.Part{Text: "no difference in what is compared"})
	}
	in, out := d.counts()
	text := in.words("container", "containers")
	if outside := out.words("process", "processes"); outside != "" {
		if text != "" {
			text += "; "
		}
		text += outside + " in no container"
	}
	if d.outside() {
		text = out.words("process", "processes")
	}
	parts = append(parts, task.Part{Text: text, Mark: task.Differs})
	first := d.Entries[0]
	if !first.Gains() {
		return parts
	}
	mark := task.Differs
	if first.OpensNode() {
		mark = task.Danger
	}
	return append(parts, task.Part{Text: "; "}, task.Part{Text: first.Name() + " " + first.gainWords(), Mark: mark})
}

// outside reports whether nobody tells which processes are in containers.
func (d *Drift) outside() bool {
	for _, note := range d.NotCompared {
		if note.Code == "container" {
			return true
		}
	}
	return false
}

// name says where and when a list was made, or else what it is called.
func (l *List) name() string {
	at, timed := l.Reported.Time.Get()
	node, named := l.Reported.Node.Get()
	switch {
	case timed && named:
		return node + " at " + at
	case timed:
		return l.Label + " of " + at
	case named:
		return l.Label + " of " + node
	}
	return l.Label
}

// tally counts what differs, by what became of it.
type tally [5]int

// tallied are the words of a tally.
var tallied = [...]string{"gained", "lost", "changed", "appeared", "gone"}

func (n *tally) count(word string) {
	for i, w := range tallied {
		if w == word {
			n[i]++
		}
	}
}

// words says what became of how many.
func (n *tally) words(one, other string) string {
	var parts []string
	for i, count := range n {
		switch {
		case count == 0:
		case parts == nil:
			parts = append(parts, task.Counted(count, one, other)+" "+tallied[i])
		default:
			parts = append(parts, strconv.Itoa(count)+" "+tallied[i])
		}
	}
	return strings.Join(parts, ", ")
}

// counts counts containers, and the processes in none by name. A container of which some
// processes differ has gained if one of them has.
func (d *Drift) counts() (in, out tally) {
	seen := map[groupKey]bool{}
	var p placing
	for _, e := range d.Entries {
		word := e.Word()
		if e.In == nil {
			out.count(word)
			continue
		}
		key := p.key(&e.Place)
		key.process = ""
		if seen[key] {
			continue
		}
		seen[key] = true
		if e.Process != "" && e.Kind != Changed {
			word = string(Changed)
			if e.Gains() {
				word = "gained"
			}
		}
		in.count(word)
	}
	return in, out
}

// gainWords says what an entry gained.
func (e *Entry) gainWords() string {
	verb := "gained "
	if e.Kind == Appeared {
		verb = "appeared with "
	}
	gained, in := e.Gained()
	switch text := verb + capWords(gained); {
	case gained != 0 && in != "":
		return text + " in " + in
	case gained != 0:
		return text
	}
	var parts []string
	for _, v := range e.Values {
		if v.freed() > 0 {
			parts = append(parts, freedWords(v.Key))
		}
	}
	return listed(parts)
}

// Last returns the last capability of the kernel of an entry.
func (e *Entry) Last() capset.Cap { return e.Sum().LastCap }
