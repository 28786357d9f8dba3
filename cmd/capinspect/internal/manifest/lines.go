// SPDX-License-Identifier: Apache-2.0

package manifest

import (
	"slices"
	"strconv"
	"strings"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/strictjson"
)

// Lines returns the lines of the file on which fields of the pod are. The path to a field
// begins with "spec" or "metadata"; indices of elements are in decimal. The line of a field
// that is not there is that of what it would stand in.
func (p *Pod) Lines(fields [][]string) []int {
	lines := make([]int, len(fields))
	for key, raw := range map[string]strictjson.Raw{
		"metadata": p.object.metadata, "spec": p.object.spec, "template": p.object.pods,
	} {
		var paths [][]string
		var at []int
		for i, field := range fields {
			if path := p.Path(field...); len(path) > 0 && path[0] == key {
				paths, at = append(paths, path[1:]), append(at, i)
			}
		}
		for i, line := range raw.Lines(paths) {
			lines[at[i]] = line
		}
	}
	for i := range lines {
		lines[i] = max(lines[i], p.object.line)
	}
	return lines
}

// Path returns the path to a field of the pod from the object that it is in.
func (p *Pod) Path(field ...string) []string {
	if p.fields != nil && len(field) > 1 && field[0] == "spec" {
		for n := min(len(field), 3); n > 1; n-- {
			if at, ok := p.fields[strings.Join(field[1:n], ".")]; ok {
				return slices.Concat(at, field[n:])
			}
		}
		field = field[1:]
	}
	return slices.Concat(p.path, field)
}

// Field returns the path to a field of the container, from the pod.
func (c *Container) Field(path ...string) []string {
	return slices.Concat([]string{"spec", c.List, strconv.Itoa(c.Index)}, path)
}
