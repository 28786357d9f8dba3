// SPDX-License-Identifier: Apache-2.0

package capset

import (
	"errors"
	"testing"
)

// TestParseText holds what a text form means; setcap(8) and getcap(8) of libcap 2.66 say
// the same of those that a file can have.
func TestParseText(t *testing.T) {
	all, chown, kill := UpTo(LastKnown), Of(Chown), Of(Kill)
	for _, test := range []struct {
		text string
		want State
	}{
		{"", State{}},
		{" \n", State{}},
		{"=", State{}},
		{"=ep", State{Permitted: all, Effective: all}},
		{"= cap_chown,cap_kill+ep", State{Permitted: chown | kill, Effective: chown | kill}}, // libcap 2.25
		{"cap_chown,cap_kill=ep", State{Permitted: chown | kill, Effective: chown | kill}},
		{"all=p cap_chown-p", State{Permitted: all &^ chown}},
		{"ALL,cap_chown=p", State{Permitted: all}},
		{"CAP_CHOWN,Cap_Kill=p", State{Permitted: chown | kill}},
		{"cap_chown=p cap_kill=i", State{Permitted: chown, Inheritable: kill}},
		{"=i cap_chown=p", State{Permitted: chown, Inheritable: all &^ chown}},
		{"=i cap_chown=+p", State{Permitted: chown, Inheritable: all &^ chown}},
		{"=i cap_chown=-p", State{Inheritable: all &^ chown}},
		{"cap_chown+eip-e+e-p", State{Effective: chown, Inheritable: chown}},
		{"cap_chown+pp", State{Permitted: chown}},
		{"\tcap_chown+p\v\r\ncap_kill+p ", State{Permitted: chown | kill}},
		{"0x1,07,13+p", State{Permitted: Of(DacOverride, Setuid, NetRaw)}},
		{"0X1f,010,63+p", State{Permitted: Of(31, 8, 63)}},
	} {
		got, err := ParseText(test.text, LastKnown)
		if got != test.want || err != nil {
			t.Errorf("%q: %x, %v, want %x", test.text, got, err, test.want)
		}
	}
	if s, err := ParseText("all=p 41+p", 37); err != nil || s[Permitted] != UpTo(37)|Of(41) {
		t.Errorf("a kernel with 38: %x, %v", s, err)
	}
}

func TestParseTextErrors(t *testing.T) {
	for _, test := range []struct {
		text string
		want error
		msg  string
	}{
		{"cap_chown", ErrNoOperator, `"cap_chown": no =, + or - behind the capabilities`},
		{"cap_chown =p x", ErrNoOperator, ""},
		{"=p x", nil, `"x": unknown capability "x"`},
		{"cap_net_row=ep", nil, `"cap_net_row=ep": unknown capability "cap_net_row", did you mean cap_net_raw?`},
		{"net_raw=ep", nil, `"net_raw=ep": unknown capability "net_raw", did you mean cap_net_raw?`},
		{"cap_chown,=p", nil, `"cap_chown,=p": unknown capability ""`},
		{",=p", nil, ""},
		{"64=p", nil, `"64=p": unknown capability "64"`},
		{"08=p", nil, ""},
		{"0x=p", nil, ""},
		{"0b1=p", nil, ""},
		{"1_0=p", nil, ""},
		{"99999999999999999999=p", nil, ""},
		{"+p", ErrNoList, `"+p": + and - need a list of capabilities before them`},
		{"-p", ErrNoList, ""},
		{"=+p", ErrNoList, ""},
		{"=-p", ErrNoList, ""},
		{"=p+i", ErrNoList, ""},
		{"cap_chown+", ErrNoFlags, `"cap_chown+": + and - need flags behind them: e, i and p`},
		{"cap_chown=-", ErrNoFlags, ""},
		{"cap_chown=p-", ErrNoFlags, ""},
		{"cap_chown=p+-e", ErrNoFlags, ""},
		{"cap_chown=P", ErrFlag, `"cap_chown=P": the flags are e, i and p`},
		{"cap_chown=p=i", ErrFlag, ""},
		{"cap_chown+p,cap_kill+p", ErrFlag, ""},
		{"0x0000000000003000=cap_net_admin", nil, ""},
	} {
		got, err := ParseText(test.text, LastKnown)
		text, ok := errors.AsType[*TextError](err)
		if !ok || got != (State{}) {
			t.Errorf("%q: %x, %v, want a TextError", test.text, got, err)
			continue
		}
		if _, unknown := errors.AsType[*UnknownError](err); unknown != (test.want == nil) && text.Err != test.want {
			t.Errorf("%q: %v, want %v", test.text, err, test.want)
		}
		if test.msg != "" && err.Error() != test.msg {
			t.Errorf("%q: %v, want %s", test.text, err, test.msg)
		}
	}
}

func TestParseIAB(t *testing.T) {
	all := UpTo(LastKnown)
	for _, test := range []struct {
		text string
		want State
		err  string
	}{
		{"", State{Bounding: all}, ""},
		{"cap_chown", State{Bounding: all, Inheritable: Of(Chown)}, ""},
		{"!cap_chown,^CAP_KILL,!%cap_setuid,!^13,%0x1", State{
			Bounding: all &^ Of(Chown, Setuid, NetRaw), Ambient: Of(Kill, NetRaw), Inheritable: Of(Kill, Setuid, NetRaw, DacOverride),
		}, ""},
		{"!!^%cap_chown", State{Bounding: all &^ Of(Chown), Ambient: Of(Chown), Inheritable: Of(Chown)}, ""},
		{"!41", State{Bounding: all}, ""},
		{"cap_chown,", State{}, `"": unknown capability ""`},
		{"!", State{}, `"!": unknown capability ""`},
		{"!cap_chwn", State{}, `"!cap_chwn": unknown capability "cap_chwn", did you mean cap_chown?`},
		{"!cap_chown, cap_kill", State{}, `" cap_kill": unknown capability " cap_kill"`},
	} {
		got, err := ParseIAB(test.text, LastKnown)
		msg := ""
		if err != nil {
			msg = err.Error()
		}
		if got != test.want || msg != test.err {
			t.Errorf("%q: %x, %q, want %x, %q", test.text, got, msg, test.want, test.err)
		}
	}
}

// FuzzParseText holds that what a text means has a text form of its own that means the
// same, and that an error comes without a state.
func FuzzParseText(f *testing.F) {
	for _, text := range []string{"", "=ep", "= cap_chown+ep", "all=p cap_x-e", "0x3f,010+eip-p", "cap_chown=-e", "64=p"} {
		f.Add(text, uint8(LastKnown))
	}
	f.Fuzz(func(t *testing.T, text string, last uint8) {
		s, err := ParseText(text, Cap(last))
		if err != nil {
			if s != (State{}) {
				t.Fatalf("%x beside %v", s, err)
			}
			return
		}
		if back, err := ParseText(s.Text(Cap(last)), Cap(last)); back != s || err != nil {
			t.Fatalf("%x is %q, which is %x, %v", s, s.Text(Cap(last)), back, err)
		}
	})
}

// FuzzParseIAB holds the same of the IAB text.
func FuzzParseIAB(f *testing.F) {
	for _, text := range []string{"", "!cap_chown,^cap_kill,%13", "!^%0x3f", "cap_chown,"} {
		f.Add(text, uint8(LastKnown))
	}
	f.Fuzz(func(t *testing.T, text string, last uint8) {
		s, err := ParseIAB(text, Cap(last))
		if err != nil {
			if s != (State{}) {
				t.Fatalf("%x beside %v", s, err)
			}
			return
		}
		if back, err := ParseIAB(s.IAB(Cap(last)), Cap(last)); back != s || err != nil {
			t.Fatalf("%x is %q, which is %x, %v", s, s.IAB(Cap(last)), back, err)
		}
	})
}
