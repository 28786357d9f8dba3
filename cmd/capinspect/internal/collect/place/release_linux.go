// SPDX-License-Identifier: Apache-2.0

package place

import (
	"strconv"
	"strings"
)

// OlderThan reports whether a kernel's release is one from before a version.
func OlderThan(release string, major, minor int) bool {
	first, rest, _ := strings.Cut(release, ".")
	n, err := strconv.Atoi(first)
	if err != nil || n != major {
		return err == nil && n < major
	}
	end := strings.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' })
	if end >= 0 {
		rest = rest[:end]
	}
	n, err = strconv.Atoi(rest)
	return err == nil && n < minor
}
