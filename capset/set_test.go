// SPDX-License-Identifier: Apache-2.0

package capset

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestSet(t *testing.T) {
	docker := Set(0xa80425fb)
	if got := docker.Len(); got != 14 {
		t.Errorf("Len = %d", got)
	}
	if !docker.Has(Mknod) || docker.Has(SysAdmin) || docker.Has(64) || docker.Has(255) {
		t.Error("Has")
	}
	if got := Of(NetAdmin, NetRaw, Cap(64), Cap(255)); got != 0x3000 {
		t.Errorf("Of = %x", got)
	}
	if got := slices.Collect(Set(1<<63 | 1<<40 | 1).Caps()); !slices.Equal(got, []Cap{0, 40, 63}) {
		t.Errorf("Caps = %v", got)
	}
	if got := Set(1<<63 | 1<<40 | 1).String(); got != "cap_chown,cap_checkpoint_restore,63" {
		t.Errorf("String = %q", got)
	}
	for last, want := range map[Cap]Set{0: 1, 37: 0x3fffffffff, 40: 0x1ffffffffff, 62: 1<<63 - 1, 63: ^Set(0), 64: ^Set(0), 255: ^Set(0)} {
		if got := UpTo(last); got != want {
			t.Errorf("UpTo(%d) = %x, want %x", last, got, want)
		}
	}
	if Set(0).Last() != 0 || Set(1).Last() != 0 || docker.Last() != Setfcap || (^Set(0)).Last() != 63 {
		t.Error("Last")
	}
	if !docker.Within(UpTo(LastKnown)) || docker.Within(UpTo(30)) || !Set(0).Within(0) {
		t.Error("Within")
	}
}

func TestParseHex(t *testing.T) {
	for in, want := range map[string]Set{
		"0": 0, "a80425fb": 0xa80425fb, "A80425FB": 0xa80425fb, "0xa80425fb": 0xa80425fb, "0XA80425fb": 0xa80425fb,
		"00000000a80425fb": 0xa80425fb, "ffffffffffffffff": ^Set(0), "00000000000000000000000000000001": 1, "13": 0x13,
	} {
		if got, err := ParseHex(in); got != want || err != nil {
			t.Errorf("ParseHex(%q) = %x, %v", in, got, err)
		}
	}
	for in, want := range map[string]error{
		"": ErrNoDigits, "0x": ErrNoDigits, "zz": ErrNotHex, "12 ": ErrNotHex, " 12": ErrNotHex, "-1": ErrNotHex, "+1": ErrNotHex,
		"1_0": ErrNotHex, "0x0x1": ErrNotHex, "10000000000000000": ErrTooLong, "fffffffffffffffff": ErrTooLong, "g": ErrNotHex,
		"@": ErrNotHex, "`": ErrNotHex, "/": ErrNotHex, ":": ErrNotHex, "\x00": ErrNotHex, "\xc1": ErrNotHex, "10000000000000000z": ErrNotHex,
	} {
		if got, err := ParseHex(in); got != 0 || !errors.Is(err, want) {
			t.Errorf("ParseHex(%q) = %x, %v; want %v", in, got, err, want)
		}
	}
}

func TestParseList(t *testing.T) {
	for in, want := range map[string]Set{
		"": 0, "NET_ADMIN,cap_net_raw": 0x3000, "net_admin net_raw\n": 0x3000, "12,, 13": 0x3000, "63": 1 << 63,
	} {
		if got, err := ParseList(in); got != want || err != nil {
			t.Errorf("ParseList(%q) = %x, %v", in, got, err)
		}
	}
	if _, err := ParseList("chown,foo,bar"); err == nil || !strings.Contains(err.Error(), `"foo"`) {
		t.Errorf("ParseList: %v", err)
	}
}

// FuzzParseHex holds that a text is a set or an error, and that a set's own
// digits lead back to it.
func FuzzParseHex(f *testing.F) {
	for _, seed := range []string{"0", "a80425fb", "0x1ffffffffff", "00000000a80425fb", "zz", "", "0x", "10000000000000000"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		set, err := ParseHex(s)
		if err != nil {
			if set != 0 {
				t.Fatalf("ParseHex(%q) = %x, %v: both", s, set, err)
			}
			return
		}
		hex := set.Hex()
		if again, err := ParseHex([]byte(hex)); again != set || err != nil || len(hex) != 16 {
			t.Fatalf("ParseHex(%q) = %x, whose digits %q give %x, %v", s, set, hex, again, err)
		}
		digits := strings.TrimLeft(strings.TrimPrefix(strings.ToLower(s), "0x"), "0")
		if strings.TrimLeft(hex, "0") != digits {
			t.Fatalf("ParseHex(%q) = %q", s, hex)
		}
		if again, err := ParseList(set.String()); again != set || err != nil {
			t.Fatalf("ParseList(%q) = %x, %v", set, again, err)
		}
	})
}
