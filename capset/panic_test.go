// SPDX-License-Identifier: Apache-2.0

package capset

import (
	"math"
	"testing"
)

// TestNoPanic calls every function with values outside their usual range.
func TestNoPanic(t *testing.T) {
	texts := []string{"", "\xff", "cap_", "0x", "999999999999999999999", "\x00,\n"}
	for _, c := range []Cap{0, 40, 41, 63, 64, 200, 255} {
		if c.String() == "" || c.Short() == "" || c.Kubernetes() == "" {
			t.Errorf("Cap(%d) has an empty name", uint8(c))
		}
		if e, ok := c.Explain(); ok != (c <= LastKnown) || ok != (e.Opens() != "") || ok != (c.Since() != "") || ok != (c.Summary() != "") {
			t.Errorf("Cap(%d): %+v, %t", uint8(c), e, ok)
		}
		if s := Of(c, c); s.Len() > 1 || s.Has(c) != (c <= Max) || UpTo(c).Has(c) != (c <= Max) {
			t.Errorf("Of(%d) = %x", uint8(c), s)
		}
		for _, s := range []Set{0, 1 << 63, ^Set(0)} {
			if s == 0 && s.Has(c) {
				t.Errorf("the empty set has %d", uint8(c))
			}
			for in := range s.Caps() {
				if !s.Has(in) {
					t.Errorf("%x has %d", s, in)
				}
			}
			_ = s.String() + s.Hex() + string(s.AppendNames(nil)) + string(s.AppendHex(nil))
			_, _, _ = s.First(), s.Last(), s.Within(^s)
			state := State{s, ^s, s, ^s, s}
			_ = state.Text(c) + state.IAB(c) + string(state.AppendText(nil, c)) + string(state.AppendIAB(nil, c))
			GuessLastCap(state)
			for _, bits := range []Securebits{0, 1 << 31, math.MaxUint32} {
				GuessMode(state, bits, true)
				oddCredentials(t, state, bits, c)
			}
		}
	}
	for _, bits := range []Securebits{0, 1 << 31, math.MaxUint32} {
		if flags := bits.Flags(); len(flags) < len(securebitNames) || bits.Lock() != bits<<1 {
			t.Errorf("%x has %d flags", bits, len(flags))
		}
	}
	if Kind(200).String() == "" || Mode(200).String() == "" {
		t.Error("a kind or a mode without a name")
	}
	for _, text := range texts {
		Parse(text)
		ParseKind(text)
		ParseMode(text)
		ParseHex(text)
		ParseHex([]byte(text))
		ParseList(text)
		ParseText(text, 200)
		ParseIAB(text, 200)
		ParseFileCaps([]byte(text))
		Closest(text)
		Search(text)
		_ = (&UnknownError{text}).Error()
	}
	ParseFileCaps(nil)
	for _, version := range []int{math.MinInt, -1, 0, 4, math.MaxInt} {
		if got := (FileCaps{Version: version}).Attribute(); got != nil {
			t.Errorf("version %d: %x", version, got)
		}
	}
}

// oddCredentials calls what works on credentials.
func oddCredentials(t *testing.T, sets State, bits Securebits, last Cap) {
	t.Helper()
	c := Credentials{Sets: sets, Securebits: bits}
	for _, id := range []uint32{0, Unchanged - 1, Unchanged} {
		c.UID = IDs{Real: id, Filesystem: id}
		if after, err := c.Setuid(id); (err == nil) != (id != Unchanged) {
			t.Errorf("setuid(%d): %+v, %v", id, after, err)
		}
		if after, err := c.Setresuid(id, id, id); err != nil {
			t.Errorf("setresuid(%d): %+v, %v", id, after, err)
		}
		for _, caps := range []*FileCaps{nil, {}, {Permitted: ^Set(0), Effective: true, Version: -1}} {
			file := File{Mode: math.MaxUint32, UID: id, GID: id, Caps: caps}
			if c.MayExecute(file); !c.MaySearch(file) {
				t.Errorf("%+v may not search %+v", c, file)
			}
			if !c.MayRead(file) {
				t.Errorf("%+v may not read %+v", c, file)
			}
			Exec(c, file, Circumstances{Last: last, Traced: true, SharesFS: true})
		}
	}
}
