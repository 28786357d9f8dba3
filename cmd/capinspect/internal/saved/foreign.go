// SPDX-License-Identifier: Apache-2.0

package saved

import "regexp"

// foreigner is a line of a text that is known and not read.
type foreigner struct {
	line  func() *regexp.Regexp
	what  string // what it is, and what to do
	table bool   // further lines of the table follow
}

var foreigners = []foreigner{
	{pattern(`\btype=(?:BPRM_FCAPS|1321)\b`), "an audit record of a program with file capabilities (BPRM_FCAPS), which capinspect does not read", false},
	{pattern(`\btype=(?:CAPSET|1322)\b`), "an audit record of capset (CAPSET), which capinspect does not read", false},
	{pattern(`\bapparmor="\w+"`), "a record of AppArmor, which is about one check, not a set: 'capinspect needs FILE' reads it", false},
	{pattern(`\bavc: +(?:denied|granted)\b|\btype=AVC\b`), "a record of SELinux, which is about one check, not a set: 'capinspect needs FILE' reads it", false},
	{pattern(`\btype=(?:SECCOMP|1326)\b`), "a record of seccomp, which is about a system call, not a set: 'capinspect needs FILE' reads it", false},
	{pattern(`\bcap_capable: `), "a trace of cap_capable, which is about one check, not a set: 'capinspect needs FILE' reads it", false},
	{pattern(`\) += -1 E[A-Z]+ \(.*\)$`), "a system call that was refused, which is not about a set: 'capinspect needs FILE' reads it", false},
	{pattern(`^TIME +.*\bCAP +NAME\b`), "the table of the tool capable, which is about checks, not a set: 'capinspect needs FILE' reads it", true},
	{pattern(`^\d\d:\d\d:\d\d +\d+ +\d+ +.* CAP_[A-Z_]+ +\d`), "a line of the tool capable, which is about one check, not a set: 'capinspect needs FILE' reads it", false},
	{pattern(`^(?:PID|TID|.*  PID) .*\bEFFECTIVE\b`), "the table of capinspect ps, which shortens the sets: save the output of capinspect ps -o json instead", true},
	{pattern(`^ppid +pid +\w+ +command +capabilities`), "the table of pscap, which has one set of several: save the output of getpcaps or of capinspect ps -o json instead", true},
	{pattern(`^-{1,2}\S.*\(\d+\) "=?`), "the tree of captree, which capinspect does not read: save the output of getpcaps instead", false},
}

// foreign returns what a line is of a text that is known and not read, nil if it is of none.
func foreign(text string) *foreigner {
	for i := range foreigners {
		if foreigners[i].line().MatchString(text) {
			return &foreigners[i]
		}
	}
	return nil
}
