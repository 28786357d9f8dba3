// SPDX-License-Identifier: Apache-2.0

// Package podsecurity has the rules of the Kubernetes Pod Security Standards, and
// judges manifests and running tasks by them.
//
// [Rules] is the table of all rules. [Rule.In] tells whether a rule belongs to a
// [Level] in a version of the standards. A [Pod] is what a manifest asks for, and
// [Rule.Breaches] tells where that breaks the rule. [Facts] are what is known of a
// task, and [Rule.Judge] tells what they say about the pod: that it breaks the rule,
// that it may well keep to it, or that a running task cannot show it, since many of
// the rules are about fields that leave no trace there.
//
// # What it does not do
//
// It reads no task and no manifest: the caller does. Package runtime has the sets of
// capabilities that the two levels allow.
package podsecurity

import (
	"slices"
	"strconv"
	"strings"
)

// Level is a level of the Pod Security Standards.
type Level uint8

// The levels that have rules. Restricted has the rules of Baseline too, except
// those that it replaces by a stricter one.
const (
	Baseline Level = iota
	Restricted
)

var levels = [...]string{Baseline: "baseline", Restricted: "restricted"}

// String returns the level as Kubernetes spells it, or its number if it is none.
func (l Level) String() string {
	if int(l) < len(levels) {
		return levels[l]
	}
	return strconv.Itoa(int(l))
}

// ParseLevel returns the level with a name, as Kubernetes spells it.
func ParseLevel(name string) (level Level, ok bool) {
	i := slices.Index(levels[:], name)
	return Level(max(i, 0)), i >= 0
}

// LatestVersion is the N of the latest version 1.N of the standards that is known
// here.
const LatestVersion = 37

// ParseVersion returns the N of a version 1.N, written as "1.25", "v1.25" or
// "latest". ok is false if the text is no version, or one after LatestVersion.
func ParseVersion(text string) (minor uint8, ok bool) {
	if text == "latest" {
		return LatestVersion, true
	}
	digits, ok := strings.CutPrefix(strings.TrimPrefix(text, "v"), "1.")
	n, err := strconv.ParseUint(digits, 10, 8)
	if !ok || err != nil || n > LatestVersion || digits[0] == '0' && digits != "0" {
		return 0, false
	}
	return uint8(n), true
}
