// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"
)

// version is the version of a release, as each kind of package spells it.
type version struct {
	tag string // what the binary says: v1.2.3, v1.2.3-rc.1, or a pseudo-version between tags
	deb string // of rpm too: both sort ~ before the end of a version, and + behind it
	apk string
}

// apkPrerelease has the suffixes that apk knows of those that a tag may end in.
var apkPrerelease = regexp.MustCompile(`^(alpha|beta|pre|rc)\.?([0-9]*)$`)

// parseVersion takes the version that Go wrote into a binary. A commit between two
// tags sorts between them in each format, and two such commits by their time.
func parseVersion(v string) (version, error) {
	tag, _, dirty := strings.Cut(v, "+dirty")
	if !semver.IsValid(tag) {
		return version{}, fmt.Errorf("its version is %q: build it from a git checkout, which is not a worktree", v)
	}
	base, commit, apkCommit := tag, "", ""
	if module.IsPseudoVersion(tag) {
		var err error
		if base, err = module.PseudoVersionBase(tag); err != nil {
			return version{}, err
		}
		at, err := module.PseudoVersionTime(tag)
		if err != nil {
			return version{}, err
		}
		rev, err := module.PseudoVersionRev(tag)
		if err != nil {
			return version{}, err
		}
		commit = "git" + at.Format("20060102150405") + "." + rev
		// apk has no place for the revision, and its older releases hold a number in
		// 31 bits: enough for the seconds since 1970, and not for a date with a time.
		apkCommit = "_git" + strconv.FormatInt(at.Unix(), 10)
	}
	out := version{tag: tag, deb: "0.0~" + commit, apk: "0.0.0" + apkCommit}
	if base != "" {
		number := strings.TrimSuffix(strings.TrimPrefix(base, "v"), semver.Prerelease(base))
		out.deb, out.apk = number, number
		if pre := strings.TrimPrefix(semver.Prerelease(base), "-"); pre != "" {
			m := apkPrerelease.FindStringSubmatch(pre)
			if m == nil {
				return version{}, fmt.Errorf("apk does not know the version %s: name it alpha, beta, pre or rc with a number, as in %s-rc.1", base, number)
			}
			out.deb += "~" + m[1] + m[2]
			out.apk += "_" + m[1] + m[2]
		}
		if commit != "" {
			out.deb += "+" + commit
			out.apk += apkCommit
		}
	}
	if dirty {
		out.deb += "+dirty"
	}
	return out, nil
}
