// SPDX-License-Identifier: Apache-2.0

package render

import (
	"strconv"
	"strings"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/access"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// printAccess prints for each task which of its guarded files capinspect may read.
func printAccess(p *printer, tasks *[]*access.Answer) {
	separate := p.separated("", "\n")
	for _, a := range *tasks {
		separate()
		printAccessAnswer(p, a)
	}
}

func printAccessAnswer(p *printer, a *access.Answer) {
	var may, unsure, codes []string
	refused := map[string][]string{} // by code
	for _, f := range a.Files {
		switch yes, known := f.May.Get(); {
		case !known:
			unsure = append(unsure, f.Name)
		case yes:
			may = append(may, f.Name)
		default:
			if refused[f.Why] == nil {
				codes = append(codes, f.Why)
			}
			refused[f.Why] = append(refused[f.Why], f.Name)
		}
	}
	p.print("access: ")
	switch {
	case task.Is(a.Works, true):
		p.print("yes, capinspect may read all ")
	case may == nil && unsure == nil:
		p.print("no, capinspect may read none of ")
	case !a.Works.Known():
		p.print("cannot tell whether capinspect may read all ")
	default:
		p.print("in part, capinspect may read ", strconv.Itoa(len(may)), " of ")
	}
	p.print(strconv.Itoa(len(a.Files)), " guarded files of ")
	printWho(p, a.Task)
	p.line()
	printReason(p, "Reason: ", a.Reason)
	for _, also := range a.Also {
		printReason(p, "Also: ", also)
	}
	print := func(title string, files []string) {
		if files != nil {
			p.line(title, ": ", strings.Join(files, ", "))
		}
	}
	print("May read", may)
	for _, code := range codes {
		print("Refused by "+code, refused[code])
	}
	print("Cannot tell", unsure)
	printAdvice(p, a.Changes)
	p.notes("Assumed", a.Assumed)
}
