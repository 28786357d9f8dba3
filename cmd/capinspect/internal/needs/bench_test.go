// SPDX-License-Identifier: Apache-2.0

package needs

import (
	"fmt"
	"strings"
	"testing"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/denial"
)

// BenchmarkRefused reads a log in which every call is refused, each for another file.
func BenchmarkRefused(b *testing.B) {
	for _, errno := range []string{"ENOENT (No such file or directory)", "EACCES (Permission denied)", "EPERM (Operation not permitted)"} {
		b.Run(errno[:6], func(b *testing.B) {
			var log strings.Builder
			for i := range 10000 {
				fmt.Fprintf(&log, "%d openat(AT_FDCWD, \"/var/lib/app/data/file-%d\", O_RDONLY|O_CLOEXEC) = -1 %s\n", 1000+i%50, i, errno)
			}
			b.SetBytes(int64(log.Len()))
			for b.Loop() {
				var c Collector
				for e := range denial.Read(strings.NewReader(log.String()), "log") {
					c.Add(&e)
				}
			}
		})
	}
}
