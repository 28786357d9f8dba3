// SPDX-License-Identifier: Apache-2.0

package userdb

import (
	"bytes"
	"strconv"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// maxRanges is how many ranges of a user count: uid_map has no more lines
// (user_namespaces(7); since Linux 4.15).
const maxRanges = 340

// Subordinate returns the ranges of a file of subuid(5) or subgid(5) for a user, who
// stands there by name or by number. name is "" if the user has none.
func Subordinate(from Files, file, name string, uid uint32) ([]task.IDRange, error) {
	text, err := from.Read(file, maxSize)
	if err != nil {
		return nil, err
	}
	number, list := strconv.FormatUint(uint64(uid), 10), []task.IDRange{}
	for line := range bytes.Lines(text) {
		columns := bytes.SplitN(bytes.TrimSuffix(line, []byte("\n")), []byte(":"), 4)
		if len(columns) != 3 || name == "" && len(columns[0]) == 0 {
			continue
		}
		if who := string(columns[0]); who != name && who != number {
			continue
		}
		first, err := strconv.ParseUint(string(columns[1]), 10, 32)
		count, err2 := strconv.ParseUint(string(columns[2]), 10, 32)
		if err != nil || err2 != nil || count == 0 || first+count > 1<<32 {
			continue
		}
		if list = append(list, task.IDRange{First: uint32(first), Count: uint32(count)}); len(list) == maxRanges {
			break
		}
	}
	return list, nil
}
