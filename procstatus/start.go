// SPDX-License-Identifier: Apache-2.0

package procstatus

import (
	"bytes"
	"strconv"
)

// MaxStat is the size in bytes of the longest stat file that is read.
const MaxStat = 4 << 10

// ParseStartTime returns when a task started, from its stat file (proc_pid_stat(5), field
// 22): clock ticks after the boot, since Linux 2.6. A pid and a start time together name one
// task; a pid alone is used again.
func ParseStartTime(text []byte) (ticks uint64, err error) {
	// The name in brackets, the second field, may have spaces and brackets of its own.
	const named, start = 2, 22
	fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
	if len(fields) < start-named || !bytes.ContainsRune(text, ')') {
		return 0, ErrSyntax
	}
	ticks, err = strconv.ParseUint(string(fields[start-named-1]), 10, 64)
	if err != nil {
		return 0, ErrSyntax
	}
	return ticks, nil
}
