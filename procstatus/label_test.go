// SPDX-License-Identifier: Apache-2.0

package procstatus

import (
	"strings"
	"testing"
)

// labels are texts as the modules write them, most of them read from a kernel.
var labels = []struct {
	cause, module, text string
	want                Label
}{
	{"AppArmor", "", "docker-default (enforce)\n", Label{"apparmor", "docker-default", "enforce"}},
	{"AppArmor, a place of its own", "apparmor", "docker-default (enforce)\n", Label{"apparmor", "docker-default", "enforce"}},
	{"AppArmor, complain", "", "/usr/sbin/ntpd (complain)\n", Label{"apparmor", "/usr/sbin/ntpd", "complain"}},
	{"AppArmor, kill", "", "x (kill)\n", Label{"apparmor", "x", "kill"}},
	{"AppArmor, user", "", "x (user)\n", Label{"apparmor", "x", "user"}},
	{"AppArmor, prompt", "", "x (prompt)\n", Label{"apparmor", "x", "prompt"}},
	{"AppArmor, a profile that does not confine", "", "flatpak (unconfined)\n", Label{"apparmor", "flatpak", "unconfined"}},
	{"AppArmor, a name with blanks and brackets", "", "my app (2) (enforce)\n", Label{"apparmor", "my app (2)", "enforce"}},
	{"AppArmor, a mode in the name", "", "a (kill) (enforce)\n", Label{"apparmor", "a (kill)", "enforce"}},
	{"AppArmor, a child profile", "", "man//groff (enforce)\n", Label{"apparmor", "man//groff", "enforce"}},
	{"AppArmor, a stack", "", "a//&b (mixed)\n", Label{"apparmor", "a//&b", "mixed"}},
	{"AppArmor, a container of LXD", "", "lxd-c1_</var/lib/lxd>//&:lxd-c1_<var-lib-lxd>:unconfined (mixed)\n", Label{"apparmor", "lxd-c1_</var/lib/lxd>//&:lxd-c1_<var-lib-lxd>:unconfined", "mixed"}},
	{"AppArmor, a stack without a mode", "", "unconfined//&:ns:unconfined\n", Label{"apparmor", "unconfined//&:ns:unconfined", ""}},
	{"AppArmor, another namespace", "", ":ns://profile (enforce)\n", Label{"apparmor", ":ns://profile", "enforce"}},
	{"AppArmor, another namespace, unconfined", "", ":ns://unconfined\n", Label{"apparmor", ":ns://unconfined", ""}},
	{"AppArmor, unconfined", "", "unconfined\n", Label{"apparmor", "unconfined", ""}},
	{"AppArmor, unconfined, a place of its own", "apparmor", "unconfined\n", Label{"apparmor", "unconfined", ""}},
	{"AppArmor, a mode of the future", "apparmor", "x (strict)\n", Label{"apparmor", "x (strict)", ""}},
	{"SELinux", "", "system_u:system_r:container_t:s0:c12,c345\x00", Label{"selinux", "system_u:system_r:container_t:s0:c12,c345", ""}},
	{"SELinux, a place of its own", "selinux", "system_u:system_r:container_t:s0:c12,c345\x00", Label{"selinux", "system_u:system_r:container_t:s0:c12,c345", ""}},
	{"SELinux, a range", "", "unconfined_u:unconfined_r:unconfined_t:s0-s0:c0.c1023", Label{"selinux", "unconfined_u:unconfined_r:unconfined_t:s0-s0:c0.c1023", ""}},
	{"SELinux without levels", "", "user_u:user_r:user_t\n", Label{"selinux", "user_u:user_r:user_t", ""}},
	{"SELinux, Android", "", "u:r:untrusted_app:s0:c512,c768\x00", Label{"selinux", "u:r:untrusted_app:s0:c512,c768", ""}},
	{"SELinux before its policy is loaded", "", "kernel\x00", Label{"", "kernel", ""}},
	{"SELinux, what AppArmor would write", "selinux", "x (enforce)", Label{"selinux", "x (enforce)", ""}},
	{"SELinux, what AppArmor would write without a mode", "selinux", "unconfined", Label{"selinux", "unconfined", ""}},
	{"Smack", "", "_", Label{"", "_", ""}},
	{"Smack, a place of its own", "smack", "User::App::x", Label{"smack", "User::App::x", ""}},
	{"a colon too few", "", "a:b\n", Label{"", "a:b", ""}},
	{"colons behind a blank", "", "a b:c:d\n", Label{"", "a b:c:d", ""}},
	{"no mode", "", "x (y)\n", Label{"", "x (y)", ""}},
	{"a mode of nobody", "", " (enforce)\n", Label{"", " (enforce)", ""}},
	{"a bracket alone", "", " (\n", Label{"", " (", ""}},
	{"bytes that are not UTF-8", "", "\x1b[31m\xff\u202e (enforce)\n", Label{"apparmor", "\x1b[31m\xff\u202e", "enforce"}},
	{"as long as can be", "", strings.Repeat("x", MaxLabel-1) + "\n", Label{"", strings.Repeat("x", MaxLabel-1), ""}},
}

func TestParseLabel(t *testing.T) {
	for _, test := range labels {
		if l, err := ParseLabel(test.module, []byte(test.text)); err != nil || l != test.want {
			t.Errorf("%s: %q, %v; want %q", test.cause, l, err, test.want)
		}
	}
	for _, text := range []string{"", "\n", "\x00", "\x00\n"} {
		for _, module := range []string{"", "apparmor"} {
			if l, err := ParseLabel(module, []byte(text)); err == nil || l != (Label{}) {
				t.Errorf("%q: %q, %v", text, l, err)
			}
		}
	}
}

// FuzzParseLabel holds that any text is a label or an error, that nothing of it
// is lost but what ends it, and that a module that was given is kept.
func FuzzParseLabel(f *testing.F) {
	for _, test := range labels[:len(labels)-1] {
		f.Add(test.module, []byte(test.text))
	}
	f.Fuzz(func(t *testing.T, module string, text []byte) {
		l, err := ParseLabel(module, text)
		if (l == Label{}) != (err != nil) {
			t.Fatalf("%q, %v", l, err)
		}
		if err != nil {
			if strings.Trim(string(text), "\x00\n") != "" {
				t.Fatalf("%q: %v", text, err)
			}
			return
		}
		whole := l.Label
		if l.Mode != "" {
			whole += " (" + l.Mode + ")"
		}
		if whole != strings.TrimRight(string(text), "\x00\n") || l.Label == "" || l.Mode != "" && l.Module != "apparmor" || module != "" && l.Module != module {
			t.Fatalf("%q of %q: %q", text, module, l)
		}
	})
}
