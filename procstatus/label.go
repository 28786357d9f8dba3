// SPDX-License-Identifier: Apache-2.0

package procstatus

import (
	"bytes"
	"strings"
)

// Label is what a security module calls a task. The strings may hold any bytes;
// whoever prints them escapes them.
type Label struct {
	Module string // "apparmor" or "selinux"; "" if the text does not tell, as of Smack
	Label  string // the profile or the stack of them, or the context
	Mode   string // of an AppArmor profile, as "enforce", and "mixed" of a stack; "" otherwise
}

// MaxLabel is the size in bytes of the longest label that is read: the kernel
// gives at most a page (proc_pid_attr(5)), of up to 64 KiB.
const MaxLabel = 64 << 10

// appArmorModes are what AppArmor writes behind the name of a profile
// (security/apparmor/policy.c, aa_profile_mode_names; label.c for "mixed";
// "prompt" is Ubuntu's).
var appArmorModes = [...]string{"enforce", "complain", "kill", "unconfined", "user", "prompt", "mixed"}

// ParseLabel returns what a /proc/PID/attr/current says, or, if module is not
// "", a file of that module alone, as attr/apparmor/current (since Linux 5.8).
// Which module a text is of is told from its form: AppArmor writes "NAME (MODE)",
// or "unconfined" without a mode, SELinux "USER:ROLE:TYPE" and perhaps a level.
// The NUL of SELinux and the newline of AppArmor are dropped. An empty text is an
// error.
func ParseLabel(module string, text []byte) (Label, error) {
	text = bytes.TrimRight(text, "\n\x00")
	if len(text) == 0 {
		return Label{}, ErrSyntax
	}
	l := Label{Module: module, Label: string(text)}
	if module != "" && module != "apparmor" {
		return l, nil
	}
	if i := strings.LastIndex(l.Label, " ("); i > 0 && l.Label[len(l.Label)-1] == ')' {
		for _, mode := range appArmorModes {
			if l.Label[i+2:len(l.Label)-1] == mode {
				return Label{"apparmor", l.Label[:i], mode}, nil
			}
		}
	}
	context, _, _ := strings.Cut(l.Label, " ")
	switch {
	case module != "":
	case l.Label == "unconfined" || l.Label[0] == ':' || strings.Contains(l.Label, "//&"): // :NAMESPACE:unconfined, or a stack
		l.Module = "apparmor"
	case strings.Count(context, ":") >= 2:
		l.Module = "selinux"
	}
	return l, nil
}
