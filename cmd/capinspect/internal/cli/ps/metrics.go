// SPDX-License-Identifier: Apache-2.0

package ps

import (
	"github.com/capinspect/capinspect/cmd/capinspect/internal/collect"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/command"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/flags"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/metrics"
)

// openMetrics is the format of ps that counts tasks.
const openMetrics = "openmetrics"

// checkMetrics refuses what makes the counts be of something else: what has a name to
// Prometheus means the same on each node.
func (c *config) checkMetrics(args []string) error {
	for _, flag := range [...]struct {
		name  string
		given bool
	}{
		{"PIDs", len(c.PIDs)+len(args) > 0},
		{"-t", c.Threads.Differing},
		{"-T", c.Threads.All},
		{"--privileged", c.privileged},
		{"--cap", len(c.caps) > 0},
		{"--name", c.name != ""},
		{"--user", c.user != ""},
		{"--container", c.container != ""},
		{"--kernel-threads", c.kernelToo},
		{"--by", c.by != ""},
		{"--sandboxes", c.sandboxes},
		{"--every", c.every != 0},
	} {
		if flag.given {
			return flags.Usagef("-o openmetrics counts all processes once, by container: leave out %s", flag.name)
		}
	}
	return nil
}

// metrics writes how many processes hold and run without what.
func (r *run) metrics(from *collect.Collector, out *command.Output, hides string) (found collect.Walked, err error) {
	var m metrics.Metrics
	if found, err = walk(r, from, m.Begin, m.Visit, m.Done); err != nil {
		return found, err
	}
	m.Unreadable, m.Hidden = found.Refused+len(found.Failures), hides != ""
	_, err = m.WriteTo(out)
	return found, err
}
