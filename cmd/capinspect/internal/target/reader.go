// SPDX-License-Identifier: Apache-2.0

package target

import (
	"time"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/collect"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/report"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// Reader returns when and where capinspect looks at the tasks, and its version.
func Reader() report.ReaderInfo {
	release, last := collect.Kernel()
	now := task.Known(time.Now().UTC().Format(time.RFC3339))
	version, _ := report.Build()
	stamp := task.Stamp{Time: now, Node: collect.Node(), Program: task.Known(version)}
	return report.ReaderInfo{Stamp: stamp, Release: release, LastCap: last}
}
