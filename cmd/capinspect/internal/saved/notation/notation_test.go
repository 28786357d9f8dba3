// SPDX-License-Identifier: Apache-2.0

package notation_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/render"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/saved/notation"
)

// text writes what a line tells, in few words.
func text(told *notation.Told) string {
	if told == nil {
		return "nothing"
	}
	var list []string
	for _, f := range told.Files {
		list = append(list, fmt.Sprintf("%s p=%s i=%s e=%t root=%d", f.Path, short(f.Caps.Permitted), short(f.Caps.Inheritable), f.Caps.Effective, f.Caps.RootID))
	}
	for _, l := range told.Lists {
		list = append(list, l.Label+"="+short(l.Set))
	}
	for _, t := range told.Tasks {
		words := []string{fmt.Sprintf("%d %q", t.Pid, t.Name)}
		if t.UID != nil {
			words = append(words, fmt.Sprintf("uid=%d", *t.UID))
		}
		if t.NoNewPrivs != nil {
			words = append(words, fmt.Sprintf("nnp=%t", *t.NoNewPrivs))
		}
		for k := range capset.Kind(capset.NumKinds) {
			if set, ok := t.Sets[k]; ok {
				words = append(words, k.String()[:1]+"="+short(set))
			}
		}
		list = append(list, strings.Join(words, " "))
	}
	return strings.Join(list, "; ")
}

func short(set capset.Set) string { return render.Short(set, capset.LastKnown) }

func TestLine(t *testing.T) {
	for _, test := range []struct{ line, want string }{
		{"type=CAPSET msg=audit(1.2:3): pid=7 cap_pi=0 cap_pp=3000 cap_pe=2000 cap_pa=0", `7 "" I=none P=net_admin,net_raw E=net_raw A=none`},
		{"type=1322 audit(1.2:3): pid=7 cap_pi=0 cap_pp=1 cap_pe=1 cap_pa=0", `7 "" I=none P=chown E=chown A=none`},
		{"host audit[7]: CAPSET pid=7 cap_pi=none cap_pp=net_admin,net_raw cap_pe=none", `7 "" I=none P=net_admin,net_raw E=none`},
		{"type=BPRM_FCAPS msg=audit(1.2:3): fver=0 fp=0 fi=0 fe=0 old_pp=3 old_pi=0 old_pe=3 pp=0 pi=0 pe=0", `old Inheritable=none; old Permitted=chown,dac_override; old Effective=chown,dac_override; 0 "" I=none P=none E=none`},
		{"type=BPRM_FCAPS msg=audit(1.2:3): fver=3 fp=2000 fi=1 fe=1 old_pp=0 new_pp=2000 new_pi=0 new_pe=2000 frootid=1000", `the file p=net_raw i=chown e=true root=1000; old Permitted=none; 0 "" I=none P=net_raw E=net_raw`},
		{`type=PATH msg=audit(1.2:3): item=0 name="/opt/a b" cap_fp=2000 cap_fi=0 cap_fe=0 cap_fver=2 cap_frootid=0OUID="root"`, "/opt/a b p=net_raw i=none e=false root=0"},
		{"type=PATH msg=audit(1.2:3): item=0 name=/x cap_fp=0 cap_fi=0 cap_fe=0 cap_fver=0", "nothing"},
		{"type=CAPSET msg=audit(1.2:3): pid=7", "nothing"},
		{`--sh(7+{8,9}) "=p" [!cap_chown]`, `7 "sh" I=none P=all E=none B=all but chown A=none`},
		{`| +-a (b)(12)`, `12 "a (b)" I=none P=none E=none B=all A=none`},
		{`:>-gmain{552,553} "cap_chown=eip" [^cap_chown]`, `552 "gmain" I=chown P=chown E=chown B=all A=chown`},
		{"--<kernel>(0)", "nothing"},
		{"docker run --cap-add=NET_ADMIN --cap-add net_raw --cap-drop ALL x", "cap-add=net_admin,net_raw; cap-drop=all"},
		{"bwrap --cap-drop ALL --cap-add CAP_NET_RAW sh", "cap-drop=all; cap-add=net_raw"},
		{"capsh --drop=cap_chown,cap_kill --", "drop=chown,kill"},
		{`RUN setcap -q cap_net_raw=+ep /a && setcap "cap_chown,cap_kill=ei cap_bpf+p" '/b'`, "/a p=net_raw i=none e=true root=0; /b p=bpf i=chown,kill e=true root=0"},
		{"setcap -n 1000 cap_net_raw=p /a", "/a p=net_raw i=none e=false root=1000"},
		{"1: cap_chown,cap_kill=ep", `1 "" I=none P=chown,kill E=chown,kill`},
		{"Capabilities for `7': = cap_chown+p", `7 "" I=none P=chown E=none`},
		{`7: "=p" [!cap_chown,^cap_kill]`, `7 "" I=none P=all E=none B=all but chown A=kill`},
		{"Capabilities for \\`7': = cap_chown+p", `7 "" I=none P=chown E=none`},
		{"Capabilities for ‘7’: = cap_chown+p", `7 "" I=none P=chown E=none`},
		{"type=CAPSET msg=audit(1.2:3): pid=7 cap_pe=sys_psacct,kill", `7 "" E=kill,sys_pacct`},
		{"_CAP_EFFECTIVE=1ffffffffff", `0 "" E=all`},
		{"_CAP_EFFECTIVE=x", "nothing"},
		{"7: hello", "nothing"},
		{"x (thread.cap_effective=CAP_CHOWN CAP_KILL thread.cap_permitted=NONE cap_inh=<NA>)", `0 "" P=none E=chown,kill`},
		{"hello", "nothing"},
	} {
		told, err := notation.Line(test.line)
		if got := text(told); got != test.want || err != nil {
			t.Errorf("%q: %s, %v, want %s", test.line, got, err, test.want)
		}
	}
	for line, want := range map[string]string{
		"type=CAPSET pid=7 cap_pp=bogus":    `cap_pp: unknown capability "bogus"`,
		"docker run --cap-add=NET_ROW x":    `unknown capability "NET_ROW", did you mean cap_net_raw?`,
		"setcap cap_net_row+ep /x":          `"cap_net_row+ep": unknown capability "cap_net_row", did you mean cap_net_raw?`,
		`--sh(7) "cap_bogus=p"`:             `"cap_bogus=p": unknown capability "cap_bogus"`,
		`--sh(7) "=p" [!cap_chown,!cap_x]`:  `"!cap_x": unknown capability "cap_x"`,
		"type=BPRM_FCAPS fver=2 fp=1g fi=0": `fp: unknown capability "1g"`,
	} {
		if told, err := notation.Line(line); err == nil || err.Error() != want {
			t.Errorf("%q: %s, %v, want %s", line, text(told), err, want)
		}
	}
}

func TestAttribute(t *testing.T) {
	for text, want := range map[string]string{
		"security.capability=0x0100000200200000000000000000000000000000":                                      "net_raw none true 0",
		"security.capability=0sAQAAAgAgAAAAAAAAAAAAAAAAAAA=":                                                  "net_raw none true 0",
		`security.capability="\001\000\000\002\000 \000\000\000\000\000\000\000\000\000\000\000\000\000\000"`: "net_raw none true 0",
		"SCHILY.xattr.security.capability=0x010000010020000000000000":                                         "net_raw none true 0",
		"security.capability: 0x0000000300200000010000000000000000000000e8030000":                             "net_raw chown false 1000",
		"0100000200200000000000000000000000000000":                                                            "net_raw none true 0",
		"01000002 00200000 00000000 00000000 00000000":                                                        "net_raw none true 0",
		`b'\x01\x00\x00\x02\x00 \x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00'`:                    "net_raw none true 0",
	} {
		caps, is, err := notation.Attribute(text)
		got := fmt.Sprintf("%s %s %t %d", short(caps.Permitted), short(caps.Inheritable), caps.Effective, caps.RootID)
		if got != want || !is || err != nil {
			t.Errorf("%q: %s, %t, %v, want %s", text, got, is, err, want)
		}
	}
	for text, want := range map[string]bool{"security.capability=0x01": true, "security.capability=0x0": true, "00000000a80425fb": false, "hello": false, "user.x=0x01": false} {
		if _, is, err := notation.Attribute(text); is != want || is != (err != nil) {
			t.Errorf("%q: %t, %v", text, is, err)
		}
	}
}

func TestRow(t *testing.T) {
	for _, test := range []struct{ header, row, want string }{
		{"ppid  pid   name        command             capabilities", "1     320   root        systemd-journal     chown, kill +", `320 "systemd-journal" P=chown,kill`},
		{"ppid  pid   name        command             capabilities", "1     4     1000        a b *               full @ +", `4 "a b" P=all E=all`},
		{"ppid  pid   acct       command          type port  capabilities", "1     733   www        nginx            tcp6 80    net_raw", `733 "nginx" P=net_raw`},
		{"file                 capabilities", "/usr/bin/x y     net_raw, kill", "/usr/bin/x y p=kill,net_raw i=none e=true root=0"},
		{"set       file                 capabilities  rootid", "permitted /x    full 1000", "/x p=all i=none e=false root=1000"},
		{"PID  PPID  UID  NAME  EFFECTIVE  PERMITTED  AMBIENT  BOUNDING  NNP", "1  0  101  nginx  none  docker+net_admin  ?  all but sys_admin  yes", `1 "nginx" uid=101 nnp=true P=docker+net_admin E=none B=all but sys_admin`},
		{"PID  NAME  EFFECTIVE", "1  x  chown,40", `1 "x" E=chown,checkpoint_restore`},
		{"USER        PID         EFFECTIVE CAPS  INHERITED CAPS", "root        1           CHOWN,KILL      none", `1 "" I=none E=chown,kill`},
	} {
		table := notation.Header(test.header)
		if table == nil {
			t.Errorf("%q is no header", test.header)
			continue
		}
		told, err := table.Row(test.row)
		if got := text(told); got != test.want || err != nil {
			t.Errorf("%q: %s, %v, want %s", test.row, got, err, test.want)
		}
	}
	for _, line := range []string{"PID NAME", "CONTAINER  POD  EFFECTIVE", "PID  S  BOUNDING S", "hello", ""} {
		if notation.Header(line) != nil {
			t.Errorf("%q is a header", line)
		}
	}
	table := notation.Header("PID  NAME  EFFECTIVE")
	for _, row := range []string{"1  x", "1  x  bogus", "1  x  ?"} {
		if told, err := table.Row(row); err == nil {
			t.Errorf("%q: %s", row, text(told))
		}
	}
}

func TestExpression(t *testing.T) {
	raw, admin := capset.Of(capset.NetRaw), capset.Of(capset.NetAdmin)
	for text, want := range map[string]capset.Set{
		"(1<<12)|(1<<13)":                raw | admin,
		"1ULL << 12 | 1ull<<CAP_NET_RAW": raw | admin,
		"BIT(12) | BIT_ULL(13)":          raw | admin,
		"CAP_TO_MASK(CAP_NET_RAW)":       raw,
		"CAP_NET_ADMIN|CAP_NET_RAW;":     raw | admin,
		"CAP_NET_ADMIN and CAP_NET_RAW":  raw | admin,
		`["CAP_NET_ADMIN", "net_raw"]`:   raw | admin,
		"[NET_RAW NET_ADMIN]":            raw | admin,
		"{cap_net_raw}":                  raw,
		"0x2000|1<<12":                   raw | admin,
		"[ALL]":                          capset.UpTo(capset.LastKnown),
	} {
		if got, ok := notation.Expression(text); got != want || !ok {
			t.Errorf("%q: %v, %t, want %v", text, got, ok, want)
		}
	}
	for _, text := range []string{"", "cap_net_raw", "1|2", "a|b", "[]", "{}", "[NET_ADMIN] [ALL]", "1<<64", "1<<bogus", "[12:30]", "web | CapEff", "this and that", "0x|0x1"} {
		if got, ok := notation.Expression(text); ok {
			t.Errorf("%q: %v", text, got)
		}
	}
}

// TestShort holds that what a table of ours has in few words means the set that it is of.
func TestShort(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	near := [...]capset.Set{0, capset.UpTo(capset.LastKnown), 0xa80425fb, 0x400, 0x800405fb}
	words := 0
	for range 20_000 {
		set := near[random.IntN(len(near))]
		for range random.IntN(5) {
			set ^= capset.Of(capset.Cap(random.IntN(int(capset.LastKnown) + 1)))
		}
		text := render.Short(set, capset.LastKnown)
		if strings.HasPrefix(text, "0x") {
			continue
		}
		got, ok := notation.Short(text)
		if !ok {
			if got, ok = notation.Labelled(text); !ok {
				t.Fatalf("%q of %v is not read", text, set)
			}
		}
		if got != set {
			t.Fatalf("%q is %v, want %v", text, got, set)
		}
		words++
	}
	if words < 10_000 {
		t.Errorf("only %d sets had words", words)
	}
	for _, text := range []string{"", "dockers", "docker+", "docker-bogus", "docker+net_admin-", "all but", "all but x"} {
		if set, ok := notation.Short(text); ok {
			t.Errorf("%q: %v", text, set)
		}
	}
}

// FuzzLine holds that any line tells something, or nothing, or is wrong, and not two of these.
func FuzzLine(f *testing.F) {
	for _, line := range []string{
		"type=CAPSET msg=audit(1.2:3): pid=7 cap_pi=0 cap_pp=3000 cap_pe=2000 cap_pa=0", `:>-gmain{552} "cap_chown=eip" [^cap_chown]`,
		"docker run --cap-add=NET_ADMIN x", `7: "=p" [!cap_chown]`, "thread.cap_effective=CAP_CHOWN", "security.capability=0x010000010020000000000000", "setcap -n 1 'cap_net_raw=p' /a", "(1<<12)|BIT(13)", "docker+net_admin-mknod", "all but chown",
		"1     320   root        systemd-journal     chown, kill +", "permitted /x    full 1000", "PID  NAME  EFFECTIVE",
	} {
		f.Add(line)
	}
	headers := []string{"ppid  pid   name        command             capabilities", "set       file                 capabilities  rootid", "PID  NAME  EFFECTIVE"}
	f.Fuzz(func(t *testing.T, line string) {
		if told, err := notation.Line(line); told != nil && (err != nil || len(told.Files)+len(told.Lists)+len(told.Tasks) == 0) {
			t.Fatalf("%+v, %v", told, err)
		}
		for _, header := range headers {
			if told, err := notation.Header(header).Row(line); told != nil && err != nil {
				t.Fatalf("%+v, %v", told, err)
			}
		}
		if table := notation.Header(line); table != nil {
			if told, err := table.Row(line); told != nil && err != nil {
				t.Fatalf("%+v, %v", told, err)
			}
		}
		if _, is, err := notation.Attribute(line); err != nil && !is {
			t.Fatal(err)
		}
		notation.Expression(line)
		notation.Short(line)
		notation.Labelled(line)
	})
}
