// SPDX-License-Identifier: Apache-2.0

package capset

import (
	"strings"
	"testing"
)

// The expected texts are of capsh 2.66 on a kernel with that last capability.
func TestText(t *testing.T) {
	const docker = Set(0xa80425fb)
	for _, test := range []struct {
		name string
		s    State
		last Cap
		want string
	}{
		{"nothing", State{}, 40, "="},
		{"all", State{Permitted: UpTo(40), Effective: UpTo(40)}, 40, "=ep"},
		{"all but one", State{Permitted: UpTo(40) &^ Of(SysResource), Effective: UpTo(40) &^ Of(SysResource)}, 40, "=ep cap_sys_resource-ep"},
		{"one", State{Inheritable: Of(NetRaw), Permitted: Of(NetRaw), Effective: Of(NetRaw)}, 40, "cap_net_raw=eip"},
		{"two combinations", State{Permitted: Of(Chown, Kill), Effective: Of(Kill)}, 40, "cap_kill=ep cap_chown+p"},
		{
			"docker's default before 2022",
			State{Inheritable: docker, Permitted: docker, Effective: docker},
			40,
			docker.String() + "=eip",
		},
		{"all of a kernel with 38", State{Permitted: UpTo(37), Effective: UpTo(37)}, 37, "=ep"},
		{"the same on one with 41", State{Permitted: UpTo(37), Effective: UpTo(37)}, 40, "=ep cap_perfmon,cap_bpf,cap_checkpoint_restore-ep"},
		{"more than the kernel has", State{Permitted: UpTo(40), Effective: UpTo(40)}, 37, "=ep cap_perfmon,cap_bpf,cap_checkpoint_restore+ep"},
		{"without a name", State{Permitted: Of(41, 42), Effective: Of(41)}, 40, "= 41+ep 42+p"},
		{"all bits", State{Permitted: ^Set(0), Effective: ^Set(0)}, 63, "=ep"},
	} {
		if got := test.s.Text(test.last); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

func TestIAB(t *testing.T) {
	s := State{
		Inheritable: Of(Chown, NetRaw, NetAdmin, 41), Ambient: Of(NetRaw, 41),
		Bounding: UpTo(40) &^ Of(NetAdmin, SysAdmin),
	}
	if got, want := s.IAB(40), "cap_chown,!%cap_net_admin,^cap_net_raw,!cap_sys_admin,!^41"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got := (State{}).IAB(2); got != "!cap_chown,!cap_dac_override,!cap_dac_read_search" {
		t.Errorf("%q", got)
	}
}

func TestGuessLastCap(t *testing.T) {
	for _, test := range []struct {
		name string
		s    State
		want Cap
	}{
		{"nothing", State{}, 40},
		{"docker's default", State{Bounding: 0xa80425fb}, 40},
		{"full bounding of 38", State{Bounding: UpTo(37)}, 37},
		{"full effective of 38, some bounding", State{Effective: UpTo(37), Bounding: 0xff}, 37},
		{"two full widths", State{Permitted: UpTo(35), Bounding: UpTo(37)}, 37},
		{"a higher bit", State{Bounding: UpTo(37), Ambient: Of(39)}, 39},
		{"a bit above all that have a name", State{Bounding: Of(45)}, 45},
		{"bits 0 to 29 are no kernel", State{Bounding: UpTo(29)}, 40},
		{"bits 0 to 30 are", State{Bounding: UpTo(30)}, 30},
		{"all bits, as before 2.6.35", State{Bounding: ^Set(0)}, 63},
	} {
		if got := GuessLastCap(test.s); got != test.want {
			t.Errorf("%s: %d, want %d", test.name, got, test.want)
		}
	}
}

func TestParseKind(t *testing.T) {
	for k := range Kind(NumKinds) {
		for _, spelling := range []string{k.String(), strings.ToLower(k.String()), strings.ToLower(k.String()[:1])} {
			if got, ok := ParseKind(spelling); got != k || !ok {
				t.Errorf("ParseKind(%q) = %v, %v", spelling, got, ok)
			}
		}
	}
	if _, ok := ParseKind("ep"); ok {
		t.Error("ParseKind(ep)")
	}
	if got := Kind(9).String(); got != "unknown" {
		t.Errorf("Kind(9) = %q", got)
	}
}

func TestSecurebits(t *testing.T) {
	var text []string
	for _, flag := range Securebits(NoRoot | NoRoot.Lock() | ExecDenyInteractive | 1<<12 | 1<<31).Flags() {
		if flag.Set && flag.Locked {
			flag.Name += " locked"
		}
		if flag.Set {
			text = append(text, flag.Name)
		}
		if flag.Named != (flag.Name[0] > '9') {
			t.Errorf("%+v", flag)
		}
	}
	if got, want := strings.Join(text, ","), "noroot locked,exec_deny_interactive,12,31"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestGuessMode(t *testing.T) {
	for _, test := range []struct {
		s       State
		b       Securebits
		ambient bool
		want    Mode
	}{
		{State{}, 0, true, ModeHybrid},
		{State{}, 1, true, ModeUncertain},
		{State{}, 0x2f, true, ModeUncertain}, // ambient capabilities can be raised
		{State{}, 0x2f, false, ModeNoPriv},
		{State{}, 0xef, true, ModeNoPriv},
		{State{}, 0x1ef, true, ModeUncertain},
		{State{Ambient: 1}, 0xef, true, ModeUncertain},
		{State{Bounding: 1}, 0xef, true, ModePure1EInit},
		{State{Permitted: 1}, 0xef, true, ModePure1EInit},
		{State{Inheritable: 1}, 0xef, true, ModePure1E},
	} {
		if got := GuessMode(test.s, test.b, test.ambient); got != test.want {
			t.Errorf("GuessMode(%x, %#x, %v) = %v, want %v", test.s, test.b, test.ambient, got, test.want)
		}
	}
	if got := Mode(9).String(); got != "9" {
		t.Errorf("Mode(9) = %q", got)
	}
}
