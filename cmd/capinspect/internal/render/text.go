// SPDX-License-Identifier: Apache-2.0

package render

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/capset/runtime"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// noName stands for a name that cannot be resolved, as in capsh(1).
const noName = "???"

// printTask prints the text report of one task: what it comes to, what is remarkable, the
// lines of capsh(1) --print, and what capsh does not show.
func printTask(p *printer, t *task.Task) {
	printHeadline(p, t)
	for _, note := range t.Notes {
		p.print("Note: ")
		p.marked(choose(task.OpensNode(note.Code), task.Danger, task.Plain), note.Text)
		p.line()
	}
	printCapsh(p, t)
	printExtra(p, t)
}

// printHeadline prints who a task is, what it holds and what limits it.
func printHeadline(p *printer, t *task.Task) {
	name, named := t.Name.Get()
	number := t.Number()
	switch {
	case named:
		p.escaped(name)
	case number != "":
		p.print("task")
	default:
		p.escaped(task.InputName(t.Source))
	}
	if number != "" {
		p.print(" (", number, ")")
	}
	p.print(": ")
	for _, part := range t.SummaryParts() {
		p.marked(part.Mark, part.Text)
	}
	p.line()
}

// printCapsh prints the lines of capsh(1) --print, of libcap 2.66. A line that needs an
// unknown value says so instead.
func printCapsh(p *printer, t *task.Task) {
	printCurrent(p, t)
	printSet(p, t, capset.Bounding)
	printSet(p, t, capset.Ambient)
	printIAB(p, t)
	printSecurebits(p, t)
	printIDs(p, t)
	p.print("Guessed mode: ")
	if mode, ok := t.Mode().Get(); ok {
		p.printf("%v (%d)", mode, mode)
	} else {
		p.unknown(t.Mode().Why())
	}
	p.line()
}

// AppendCapsh appends the lines of capsh(1) --print.
func AppendCapsh(dst []byte, t *task.Task) []byte {
	p := printer{buf: dst}
	printCapsh(&p, t)
	return p.buf
}

// AppendCurrent appends the lines of capsh(1) --current.
func AppendCurrent(dst []byte, t *task.Task) []byte {
	p := printer{buf: dst}
	printCurrent(&p, t)
	printIAB(&p, t)
	return p.buf
}

// printCurrent prints the sets in the text form of libcap (cap_to_text(3)).
func printCurrent(p *printer, t *task.Task) {
	p.print("Current: ")
	if k, missing := t.Missing(task.TextKinds[:]...); missing {
		p.unknown(t.Sets[k].Why())
	} else {
		p.print(t.State().Text(t.LastCap.Value))
	}
	p.line()
}

// printSet prints the names of one set.
func printSet(p *printer, t *task.Task, k capset.Kind) {
	p.print(k.String(), " set =")
	set, known := t.Sets[k].Get()
	switch {
	case known && k == capset.Bounding:
		printNames(p, set)
	case known:
		p.print(set.String())
	case t.Unsupported(k):
		p.print(" <unsupported>")
	default:
		p.print(" ")
		p.unknown(t.Sets[k].Why())
	}
	p.line()
}

// printNames prints the names of a set. Those that the nearest default of a runtime does not
// have are marked, unless they are more than a few.
func printNames(p *printer, set capset.Set) {
	more := runtime.Nearest(set).More
	if more.Len() > fewMissing {
		more = 0
	}
	i := 0
	for c := range set.Caps() {
		p.print(choose(i > 0, ",", ""))
		p.marked(choose(more.Has(c), task.Differs, task.Plain), c.String())
		i++
	}
}

// printIAB prints the Inheritable, Ambient and Bounding sets in the notation of libcap
// (cap_iab(3)). A kernel without the Ambient set has nothing in it. One that does not tell
// the Bounding set of a task does have one, so that the notation is unknown.
func printIAB(p *printer, t *task.Task) {
	p.print("Current IAB: ")
	k, missing := t.Missing(capset.Inheritable, capset.Ambient)
	if !t.Sets[capset.Bounding].Known() {
		k, missing = capset.Bounding, true
	}
	if missing {
		p.unknown(t.Sets[k].Why())
	} else {
		p.print(t.State().IAB(t.LastCap.Value))
	}
	p.line()
}

// secureLines are the securebits that capsh(1) knows, in its words. They are the first
// ones of [capset.Securebits.Flags].
var secureLines = [...]struct {
	name string
	bit  capset.Securebits
}{
	{"noroot", capset.NoRoot},
	{"no-suid-fixup", capset.NoSetuidFixup},
	{"keep-caps", capset.KeepCaps},
	{"no-ambient-raise", capset.NoCapAmbientRaise},
}

func printSecurebits(p *printer, t *task.Task) {
	p.print("Securebits: ")
	bits, known := t.Securebits.Get()
	if known {
		binary := strconv.FormatUint(uint64(bits), 2)
		p.printf("0%o/0x%x/%d'b%s", uint32(bits), uint32(bits), len(binary), binary)
	} else {
		p.unknown(t.Securebits.Why())
	}
	p.line(" (no-new-privs=", noNewPrivs(t, "1", "0", "unknown"), ")")
	if !known {
		return
	}
	for _, line := range secureLines {
		if line.bit == capset.NoCapAmbientRaise && t.Unsupported(capset.Ambient) {
			continue
		}
		p.print(" secure-", line.name, choose(bits&line.bit != 0, ": yes", ": no"))
		p.line(choose(bits&line.bit.Lock() != 0, " (locked)", " (unlocked)"))
	}
}

// noNewPrivs returns one of three texts, by whether no_new_privs is set.
func noNewPrivs(t *task.Task, yes, no, unknown string) string {
	set, known := t.NoNewPrivs.Get()
	if !known {
		return unknown
	}
	return choose(set, yes, no)
}

func printIDs(p *printer, t *task.Task) {
	p.print("uid=")
	if ids, ok := t.UID.Get(); ok {
		printID(p, ids.Real, t.UserNames)
		p.print(" euid=")
		printID(p, ids.Effective, t.UserNames)
	} else {
		p.unknown(t.UID.Why())
	}
	p.print("\ngid=")
	if ids, ok := t.GID.Get(); ok {
		printID(p, ids.Real, t.GroupNames)
	} else {
		p.unknown(t.GID.Why())
	}
	p.print("\ngroups=")
	groups, ok := t.Groups.Get()
	if !ok {
		p.unknown(t.Groups.Why())
	}
	for i, g := range groups {
		p.print(choose(i > 0, ",", ""))
		printID(p, g, t.GroupNames)
	}
	p.line()
}

// printID prints an id and its name.
func printID(p *printer, id uint32, names task.Names) {
	p.print(task.Decimal(id), "(")
	p.escaped(names[id].Or(noName))
	p.print(")")
}

// printExtra prints what capsh(1) has no line for, as far as there is something to say.
func printExtra(p *printer, t *task.Task) {
	if _, missing := t.Missing(task.TextKinds[:]...); missing {
		for _, k := range task.TextKinds { // those of them that are known
			if t.Sets[k].Known() {
				printSet(p, t, k)
			}
		}
	}
	for _, l := range t.OtherCaps {
		p.escaped(l.Name + ": " + l.Value)
		p.line(" (a set that capinspect does not know)")
	}
	if t.LastCap.From == task.FromGuess {
		why := "a guess"
		if limit := t.LastCap.Limit.Why; limit != "" {
			why += ": " + limit
		}
		p.printf("Last capability: %d (", t.LastCap.Value)
		p.escaped(why)
		p.line(")")
	}
	printVoid(p, t)
	printOtherSecurebits(p, t)
	if s := t.Seccomp.Zero(); s.Mode != 0 {
		p.print("Seccomp: ", task.SeccompName(s.Mode))
		if n := s.Filters.Zero(); n > 0 {
			p.printf(" (%d %s)", n, choose(n == 1, "filter", "filters"))
		}
		p.line()
	}
	printPlace(p, t)
}

// printVoid prints the bits that stand for no capability of the task's kernel.
func printVoid(p *printer, t *task.Task) {
	void := t.Void()
	if void == 0 {
		return
	}
	var in []string
	for k, set := range t.State() {
		if set&void != 0 {
			in = append(in, capset.Kind(k).String())
		}
	}
	p.line("Void: ", bitRanges(void), " in ", strings.Join(in, ", "), ", which this kernel does not know: they count for nothing")
}

// bitRanges returns "bits 37 to 63", "bit 41", or several of these.
func bitRanges(set capset.Set) string {
	var list []string
	for c := capset.Cap(0); c <= capset.Max; c++ {
		if !set.Has(c) {
			continue
		}
		first := c
		for set.Has(c + 1) {
			c++
		}
		if first == c {
			list = append(list, fmt.Sprintf("bit %d", c))
		} else {
			list = append(list, fmt.Sprintf("bits %d to %d", first, c))
		}
	}
	return strings.Join(list, ", ")
}

// printOtherSecurebits prints the securebits that are set or locked and that capsh(1) does
// not know.
func printOtherSecurebits(p *printer, t *task.Task) {
	bits, known := t.Securebits.Get()
	if !known {
		return
	}
	for _, flag := range bits.Flags()[len(secureLines):] {
		if !flag.Set && !flag.Locked {
			continue
		}
		p.print("Securebit ", flag.Name, choose(flag.Set, ": yes", ": no"))
		if flag.Named {
			p.print(choose(flag.Locked, " (locked)", " (unlocked)"))
		}
		p.line()
	}
}

// printHeader prints the header of a task where there are several.
func printHeader(p *printer, t *task.Task) {
	p.print("==> ")
	if tid, ok := t.Tid.Get(); ok {
		p.print(strconv.Itoa(tid))
	} else {
		p.escaped(task.InputName(t.Source))
	}
	p.print(" (")
	p.escaped(t.Title().Or("name unknown"))
	p.line(") <==")
}

// printWho prints what the text of an answer calls a task.
func printWho(p *printer, t *task.Task) {
	tid, ok := t.Tid.Get()
	if !ok {
		p.escaped(task.InputName(t.Source))
		return
	}
	p.print("pid ", strconv.Itoa(tid))
	if name, ok := t.Name.Get(); ok {
		p.print(" (")
		p.escaped(name)
		p.print(")")
	}
}
