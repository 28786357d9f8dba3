// SPDX-License-Identifier: Apache-2.0

package target

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/collect"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// Named returns the PIDs of the processes of a name, as somebody may type it for a PID; nil if
// there are none, or if nobody can tell.
func Named(name string) (pids []int) {
	const comm = 15 // bytes that the kernel keeps of a name
	from, err := collect.Open(collect.Options{})
	if err != nil || name == "" {
		return nil
	}
	defer from.Close()
	literal := strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`)
	query := collect.Query{Name: literal.Replace(name[:min(len(name), comm)])}
	_, err = collect.Walk(from, query, func() *[]int { return new([]int) }, func(found *[]int, t *task.Task) {
		*found = append(*found, t.Pid.Zero())
	}, func(found *[]int) error {
		pids = append(pids, *found...)
		return nil
	})
	if err != nil {
		return nil
	}
	return pids
}

// some returns the first of some PIDs, and how many more there are.
func some(pids []int) string {
	const shown = 5
	var list []string
	for _, pid := range pids[:min(len(pids), shown)] {
		list = append(list, strconv.Itoa(pid))
	}
	text := strings.Join(list, ", ")
	if more := len(pids) - shown; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// SaidByName says which processes have the name that stands in place of a PID, and how to
// look at one; "" if none has it.
func SaidByName(name string) string {
	pids := Named(name)
	if len(pids) == 0 {
		return ""
	}
	return fmt.Sprintf("processes named %s: %s; try 'capinspect %d'", name, some(pids), pids[0])
}
