// SPDX-License-Identifier: Apache-2.0

package check

import (
	"fmt"
	"strings"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// Verdict returns "yes", "no" or "unknown".
func (c *Checked) Verdict() string {
	switch yes, known := c.Holds().Get(); {
	case !known:
		return "unknown"
	case yes:
		return "yes"
	}
	return "no"
}

// Summary returns in a sentence whether all conditions hold, and for whom; name is what it
// calls a subject. It is "" where there is no condition, but what to write.
func (c *Checked) Summary(name func(*Subject) string) string {
	if len(c.Conditions) == 0 && c.Standard == nil {
		return ""
	}
	return c.Verdict() + ": " + c.outcome(name)
}

func (c *Checked) outcome(name func(*Subject) string) string {
	var bad, unclear []*Judged
	for i := range c.Subjects {
		j := &c.Subjects[i]
		switch holds := j.Holds(); {
		case task.Is(holds, false):
			bad = append(bad, j)
		case !holds.Known():
			unclear = append(unclear, j)
		}
	}
	all := len(c.Subjects)
	switch {
	case len(bad) > 0:
		return some(bad, all, name, (*Judged).fails)
	case len(unclear) > 0:
		return some(unclear, all, name, (*Judged).unclear)
	case len(c.Failures) > 0:
		return fmt.Sprintf("%d of %d could not be read", len(c.Failures), len(c.Failures)+all)
	case all == 0:
		return "there is nothing to check"
	case all == 1:
		return name(&c.Subjects[0].Subject) + ": " + c.Subjects[0].holding()
	}
	return fmt.Sprintf("all %d: %s", all, c.Subjects[0].holding())
}

// some says what is so of one subject, or of how many of all, with the first of them.
func some(list []*Judged, all int, name func(*Subject) string, says func(*Judged) string) string {
	first := name(&list[0].Subject) + " " + says(list[0])
	if all == 1 {
		return first
	}
	return fmt.Sprintf("%d of %d; %s", len(list), all, first)
}

// fails says how many conditions do not hold of a subject, and how many rules it breaks.
func (j *Judged) fails() string {
	conditions, failed, broken, level := 0, 0, 0, ""
	for _, c := range j.Conditions {
		no := task.Is(c.Holds, false)
		switch {
		case c.Level == "":
			conditions++
			if no {
				failed++
			}
		case no:
			broken++
			level = c.Level
		}
	}
	var parts []string
	switch {
	case failed == 1 && conditions == 1:
		parts = append(parts, "fails the condition")
	case failed > 0:
		parts = append(parts, fmt.Sprintf("fails %d of %d conditions", failed, conditions))
	}
	switch {
	case broken == 1:
		parts = append(parts, "breaks a rule of "+level)
	case broken > 1:
		parts = append(parts, fmt.Sprintf("breaks %d rules of %s", broken, level))
	}
	return strings.Join(parts, " and ")
}

// unclear says of how many conditions nobody can know.
func (j *Judged) unclear() string {
	n := 0
	for _, c := range j.Conditions {
		if !c.Holds.Known() {
			n++
		}
	}
	if n == 1 {
		return "leaves a condition open"
	}
	return fmt.Sprintf("leaves %d conditions open", n)
}

// holding says what holds.
func (j *Judged) holding() string {
	const few = 3
	var parts []string
	for _, c := range j.Conditions {
		switch {
		case c.Code == "pss":
			return c.Text
		case c.Level != "":
			return "nothing that can be seen breaks a rule of " + c.Level
		}
		parts = append(parts, c.Text)
	}
	if len(parts) > few {
		return fmt.Sprintf("all %d conditions hold", len(parts))
	}
	return strings.Join(parts, "; ")
}
