// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/collect"
	"github.com/capinspect/capinspect/procstatus"
)

// Whys is what one run of why has found, one a task.
type Whys struct{ Tasks []*collect.Why }

// The forms of reasons.
var (
	WhyText = &Form[Whys]{"text", appendWhys}
	WhyJSON = &Form[Whys]{"json", appendWhysJSON}
)

func appendWhys(dst []byte, found *Whys) []byte {
	start := len(dst)
	for _, w := range found.Tasks {
		for i := range w.Answers {
			if len(dst) > start {
				dst = put(dst, "\n")
			}
			dst = appendWhy(dst, w, &w.Answers[i])
		}
		dst = appendListed(dst, "Assumed", w.Assumed)
	}
	return dst
}

// appendWhy appends one answer: whether, in which sets, why, and what would change
// it.
func appendWhy(dst []byte, w *collect.Why, a *collect.Answered) []byte {
	dst = fmt.Appendf(dst, "%v (%d): %s in ", a.Cap, a.Cap, choose(a.Effective(), "effective", "not effective"))
	dst = put(appendWho(dst, w.Task), "\nSets: ")
	start := len(dst)
	for k, has := range a.Sets {
		if has {
			dst = put(dst, choose(len(dst) > start, ", ", ""), capset.Kind(k).String())
		}
	}
	if len(dst) == start {
		dst = put(dst, none)
	}
	dst = put(dst, "\n")
	if a.Reason.Code != collect.PlainlyEffective {
		dst = appendReason(put(dst, "Reason: "), a.Reason)
	}
	for _, also := range a.Also {
		dst = appendReason(put(dst, "Also: "), also)
	}
	changes := make([]collect.Note, len(a.Changes))
	for i, c := range a.Changes {
		changes[i] = collect.Note{Code: c.Where, Text: c.Text}
	}
	if a.Changes != nil {
		dst = appendListed(dst, "To change it", changes)
	}
	return dst
}

// appendReason appends a reason, and its code.
func appendReason(dst []byte, n collect.Note) []byte {
	dst = put(appendEscaped(dst, n.Text), " (")
	return put(dst, n.Code, ")\n")
}

func appendWhysJSON(dst []byte, found *Whys) []byte {
	e := encoder{buf: dst, indent: true}
	e.openLines('{')
	e.number("schemaVersion", SchemaVersion)
	e.key("tasks")
	e.openLines('[')
	for _, w := range found.Tasks {
		e.openLines('{')
		e.key("pid")
		e.ifHas(w.Task, procstatus.FieldTgid, w.Task.Status.Tgid)
		e.key("tid")
		e.ifHas(w.Task, procstatus.FieldPid, w.Task.Status.Pid)
		e.member("source", w.Task.Source)
		e.key("answers")
		e.openLines('[')
		for i := range w.Answers {
			e.why(&w.Answers[i])
		}
		e.close(']')
		e.listed("assumed", w.Assumed)
		e.close('}')
	}
	e.close(']')
	e.close('}')
	return append(e.buf, '\n')
}

// why appends one answer.
func (e *encoder) why(a *collect.Answered) {
	e.openLines('{')
	e.number("number", int64(a.Cap))
	e.member("name", a.Cap.String())
	e.key("sets")
	e.open('[')
	for k, has := range a.Sets {
		if has {
			e.string(strings.ToLower(capset.Kind(k).String()))
		}
	}
	e.close(']')
	e.key("effective")
	e.bool(a.Effective())
	e.key("reason")
	e.note(a.Reason)
	e.listed("also", a.Also)
	e.key("changes")
	e.openLines('[')
	for _, c := range a.Changes {
		e.open('{')
		e.member("where", c.Where)
		e.member("text", c.Text)
		e.close('}')
	}
	e.close(']')
	e.close('}')
}
