// SPDX-License-Identifier: Apache-2.0

package render

import (
	"strconv"
	"strings"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/why/userns"
)

// printUserns prints for each task whether it may create a user namespace.
func printUserns(p *printer, tasks *[]*userns.Answer) {
	separate := p.separated("", "\n")
	for _, a := range *tasks {
		separate()
		printUsernsAnswer(p, a)
	}
}

func printUsernsAnswer(p *printer, a *userns.Answer) {
	p.print("user namespace: ")
	switch creates, known := a.Creates.Get(); {
	case !known:
		p.print("cannot tell whether ")
		printWho(p, a.Task)
		p.line(" may create one")
	case !creates:
		p.print("no, ")
		printWho(p, a.Task)
		p.line(" may not create one")
	case task.Is(a.Works, false):
		p.print("no, ")
		printWho(p, a.Task)
		p.line(" may create one, and what it has in there counts for nothing")
	default:
		p.print("yes, ")
		printWho(p, a.Task)
		p.line(" may create one")
	}
	printReason(p, "Reason: ", a.Reason)
	for _, also := range a.Also {
		printReason(p, "Also: ", also)
	}
	if !task.Is(a.Works, false) {
		p.line("Inside: all ", strconv.Itoa(len(names(a.Inside, false))), " capabilities, which count for the namespaces that it owns, the processes in it, "+
			"and files whose owner and group it maps; for nothing of the node's")
		p.print("Users: ")
		printMappable(p, &a.Users, "uid ")
		p.print("Groups: ")
		printMappable(p, &a.Groups, "gid ")
	}
	printAdvice(p, a.Changes)
	p.notes("Assumed", a.Assumed)
}

// printMappable prints the ids that a user namespace of a task may have.
func printMappable(p *printer, ids *userns.SubordinateIDs, kind string) {
	if ids.Any {
		p.line(kind, task.Decimal(ids.Own), " by itself; any of its own user namespace, if a process that stays in that writes the map")
		return
	}
	p.print(kind, task.Decimal(ids.Own), " by itself; ")
	ranges, known := ids.Ranges.Get()
	switch helps, sure := ids.Helps.Get(); {
	case !known:
		p.print(ids.File, " is ")
		p.unknown(ids.Ranges.Why())
	case len(ranges) == 0:
		p.print(ids.File, " gives it no others")
	case !sure:
		p.print("whether ", ids.Helper, " maps ", rangesText(ranges), " is ")
		p.unknown(ids.Helps.Why())
	case !helps:
		p.print("none of ", rangesText(ranges), " in ", ids.File, ", since ")
		if ids.Helper != "" {
			p.print("of ", ids.Helper, ": ")
		}
		p.escaped(ids.Why)
	default:
		p.print(rangesText(ranges), " by ", ids.Helper)
	}
	p.line()
}

// rangesText returns ranges as "100000-165535", the first few of them.
func rangesText(ranges []task.IDRange) string {
	const most = 4
	var list []string
	for _, r := range ranges[:min(len(ranges), most)] {
		list = append(list, task.Decimal(r.First)+"-"+strconv.FormatUint(uint64(r.First)+uint64(r.Count)-1, 10))
	}
	text := strings.Join(list, ", ")
	if more := len(ranges) - most; more > 0 {
		text += " and " + strconv.Itoa(more) + " more"
	}
	return text
}
