// SPDX-License-Identifier: Apache-2.0

package procstatus

import (
	"bytes"
	"strings"
)

// Label is what a security module calls a task. The strings may hold any bytes;
// whoever prints them has to escape them.
type Label struct {
	Module string // "apparmor" or "selinux"; "" if the text does not tell, as Smack's
	Label  string // the AppArmor profile or stack of profiles, the SELinux context
	Mode   string // of an AppArmor profile, such as "enforce", or "mixed" of a stack; "" otherwise
}

// MaxLabel is the size in bytes of the longest label that is read. The kernel
// gives at most a page (proc_pid_attr(5)), and a page has at most 64 KiB.
const MaxLabel = 64 << 10

// appArmorModes are the modes that AppArmor writes behind the name of a profile
// (security/apparmor/policy.c, aa_profile_mode_names; label.c for "mixed";
// "prompt" is Ubuntu's).
var appArmorModes = [...]string{"enforce", "complain", "kill", "unconfined", "user", "prompt", "mixed"}

// ParseLabel parses a /proc/PID/attr/current. If module is not "", the text is of
// a file that this module has to itself, as attr/apparmor/current (since Linux
// 5.8); otherwise the form of the text tells the module: AppArmor writes "NAME
// (MODE)", or "unconfined" without a mode, SELinux "USER:ROLE:TYPE" and possibly a
// level. The NUL of SELinux and the newline of AppArmor are dropped. An empty text
// is an error.
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
