// SPDX-License-Identifier: Apache-2.0

package capset

import (
	"fmt"
	"strings"
	"testing"
)

// The expected texts are of capsh 2.66 on a kernel with that last capability.
func TestText(t *testing.T) {
	const (
		docker = Set(0xa80425fb)
		next   = LastKnown + 1
	)
	for _, test := range []struct {
		name string
		s    State
		last Cap
		want string
	}{
		{"nothing", State{}, LastKnown, "="},
		{"all", State{Permitted: UpTo(LastKnown), Effective: UpTo(LastKnown)}, LastKnown, "=ep"},
		{"all but one", State{Permitted: UpTo(LastKnown) &^ Of(SysResource), Effective: UpTo(LastKnown) &^ Of(SysResource)}, LastKnown, "=ep cap_sys_resource-ep"},
		{"one", State{Inheritable: Of(NetRaw), Permitted: Of(NetRaw), Effective: Of(NetRaw)}, LastKnown, "cap_net_raw=eip"},
		{"two combinations", State{Permitted: Of(Chown, Kill), Effective: Of(Kill)}, LastKnown, "cap_kill=ep cap_chown+p"},
		{
			"docker's default before 2022",
			State{Inheritable: docker, Permitted: docker, Effective: docker},
			LastKnown,
			docker.String() + "=eip",
		},
		{"all of a kernel with 38", State{Permitted: UpTo(37), Effective: UpTo(37)}, 37, "=ep"},
		{"the same on one with 41", State{Permitted: UpTo(37), Effective: UpTo(37)}, CheckpointRestore, "=ep cap_perfmon,cap_bpf,cap_checkpoint_restore-ep"},
		{"more than the kernel has", State{Permitted: UpTo(CheckpointRestore), Effective: UpTo(CheckpointRestore)}, 37, "=ep cap_perfmon,cap_bpf,cap_checkpoint_restore+ep"},
		{"without a name", State{Permitted: Of(next, next+1), Effective: Of(next)}, LastKnown, fmt.Sprintf("= %d+ep %d+p", next, next+1)},
		{"all bits", State{Permitted: ^Set(0), Effective: ^Set(0)}, 63, "=ep"},
	} {
		if got := test.s.Text(test.last); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

func TestIAB(t *testing.T) {
	const next = LastKnown + 1
	s := State{
		Inheritable: Of(Chown, NetRaw, NetAdmin, next), Ambient: Of(NetRaw, next),
		Bounding: UpTo(LastKnown) &^ Of(NetAdmin, SysAdmin),
	}
	if got, want := s.IAB(LastKnown), fmt.Sprintf("cap_chown,!%%cap_net_admin,^cap_net_raw,!cap_sys_admin,!^%d", next); got != want {
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
		{"nothing", State{}, LastKnown},
		{"docker's default", State{Bounding: 0xa80425fb}, LastKnown},
		{"full bounding of 38", State{Bounding: UpTo(37)}, 37},
		{"full effective of 38, some bounding", State{Effective: UpTo(37), Bounding: 0xff}, 37},
		{"two full widths", State{Permitted: UpTo(35), Bounding: UpTo(37)}, 37},
		{"a higher bit", State{Bounding: UpTo(37), Ambient: Of(39)}, 39},
		{"a bit above all that have a name", State{Bounding: Of(LastKnown + 5)}, LastKnown + 5},
		{"bits 0 to 29 are no kernel", State{Bounding: UpTo(29)}, LastKnown},
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
