// SPDX-License-Identifier: Apache-2.0

package render

import (
	"strconv"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/capset/runtime"
)

// fewMissing is how many capabilities a set may lack and still be written as all but those.
const fewMissing = 4

// longest is how many bytes a set may take in few words. A longer one is a bitmap.
const longest = 40

// AppendShort appends a set in few words: all, none, all but some, the name of the runtime
// whose default it is, what it has more and less than the nearest of these, or the names
// without "cap_"; a bitmap, which decode reads, where all of these are long.
func AppendShort(dst []byte, set capset.Set, last capset.Cap) []byte {
	full := capset.UpTo(last)
	if void := set &^ full; void.Len() > fewMissing && void != set { // which no kernel with that last one gives, but those before 3.17
		dst = AppendShort(dst, set&full, last)
		return append(append(dst, " + "...), bitRanges(void)...)
	}
	missing := full &^ set
	switch {
	case set == 0:
		return append(dst, none...)
	case set == full:
		return append(dst, "all"...)
	case set.Within(full) && missing.Len() <= fewMissing && missing.Len() < set.Len():
		return appendShortNames(append(dst, "all but "...), missing)
	}
	near, start := runtime.Nearest(set), len(dst)
	if near.Len() == 0 {
		return append(dst, near.Name...)
	}
	dst = appendShortNames(dst, set)
	names := len(dst)
	if dst = near.Append(dst); len(dst)-names < names-start {
		dst = append(dst[:start], dst[names:]...)
	} else {
		dst = dst[:names]
	}
	if len(dst)-start <= longest {
		return dst
	}
	return strconv.AppendUint(append(dst[:start], "0x"...), uint64(set), 16)
}

func appendShortNames(dst []byte, set capset.Set) []byte {
	for i := 0; set != 0; i++ {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, set.First().Short()...)
		set &= set - 1
	}
	return dst
}

// Short returns what AppendShort appends.
func Short(set capset.Set, last capset.Cap) string { return string(AppendShort(nil, set, last)) }

// capName returns the name of a capability, as a securityContext has it if kubernetes asks
// for that.
func capName(c capset.Cap, kubernetes bool) string {
	if kubernetes {
		return c.Kubernetes()
	}
	return c.String()
}

// names returns the names of the capabilities of a set.
func names(set capset.Set, kubernetes bool) []string {
	list := make([]string, 0, set.Len())
	for c := range set.Caps() {
		list = append(list, capName(c, kubernetes))
	}
	return list
}
