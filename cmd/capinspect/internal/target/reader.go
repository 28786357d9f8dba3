// SPDX-License-Identifier: Apache-2.0

package target

import (
	"time"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/collect"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/report"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// Reader returns when and where capinspect looks at the tasks.
func Reader() report.ReaderInfo {
	release, last := collect.Kernel()
	now := task.Known(time.Now().UTC().Format(time.RFC3339))
	return report.ReaderInfo{Stamp: task.Stamp{Time: now, Node: collect.Node()}, Release: release, LastCap: last}
}
