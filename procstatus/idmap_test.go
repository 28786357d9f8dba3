// SPDX-License-Identifier: Apache-2.0

package procstatus

import (
	"errors"
	"fmt"
	"io"
	"math"
	"reflect"
	"strings"
	"testing"
)

// The maps as the kernel writes them, each of who has it.
const (
	initialMap  = "         0          0 4294967295\n"
	rootlessMap = "         0       1000          1\n         1     100000      65536\n"
	// What a reader in the child of rootlessMap's namespace sees of its own.
	ownMap = "         0          0      65537\n"
	// What a reader that shares no ids sees.
	strangeMap = "         0 4294967295          1\n"
	// LXC with two host ids passed through.
	holedMap = "         0     100000       1000\n      1000       1000          2\n      1002     101002      64534\n"
)

// manyMap is of as many extents as there may be.
func manyMap() string {
	var b strings.Builder
	for i := range 340 {
		fmt.Fprintf(&b, "%10d %10d %10d\n", 2*i, 100000+2*i, 1)
	}
	return b.String()
}

func TestParseIDMap(t *testing.T) {
	for _, test := range []struct {
		cause, text string
		want        IDMap
	}{
		{"not written yet", "", IDMap{}},
		{"initial", initialMap, IDMap{{0, 0, math.MaxUint32}}},
		{"rootless", rootlessMap, IDMap{{0, 1000, 1}, {1, 100000, 65536}}},
		{"no ids in common", strangeMap, IDMap{{0, UnmappedID, 1}}},
		{"holes", holedMap, IDMap{{0, 100000, 1000}, {1000, 1000, 2}, {1002, 101002, 64534}}},
		{"the last id", "4294967294 4294967294 1\n", IDMap{{math.MaxUint32 - 1, math.MaxUint32 - 1, 1}}},
		{"up to 2^32", "1 0 4294967295\n", IDMap{{1, 0, math.MaxUint32}}},
		// The initial map, as a reader with a map of one high id sees it.
		{"outside beyond 32 bits", "0 4294967290 4294967295\n", IDMap{{0, math.MaxUint32 - 5, math.MaxUint32}}},
	} {
		if m, err := ParseIDMap([]byte(test.text)); err != nil || !reflect.DeepEqual(m, test.want) {
			t.Errorf("%s: %v, %v; want %v", test.cause, m, err, test.want)
		}
	}
	if m, err := ParseIDMap([]byte(manyMap())); err != nil || len(m) != 340 || m[339] != (Extent{678, 100678, 1}) {
		t.Errorf("340 extents: %d, %v", len(m), err)
	}
}

func TestParseIDMapDamage(t *testing.T) {
	for _, test := range []struct {
		cause, text string
		want        error
		message     string
	}{
		{"two columns", initialMap + "0 0\n", ErrColumns, `line 2: "0 0": wrong number of columns`},
		{"four columns", "0 0 1 1\n", ErrColumns, ""},
		{"empty line", "\n", ErrColumns, ""},
		{"not a number", "0 x 1\n", ErrSyntax, `line 1: "0 x 1": invalid syntax`},
		{"text behind a number", "0 0 1x\n", ErrSyntax, ""},
		{"negative", "0 -1 1\n", ErrRange, ""},
		{"33 bits", "0 4294967296 1\n", ErrRange, ""},
		{"no ids", "0 0 0\n", ErrRange, ""},
		{"beyond 2^32", "2 0 4294967295\n", ErrRange, `line 1: "2 0 4294967295": value out of range`},
		{"cut short", rootlessMap[:len(rootlessMap)-1], io.ErrUnexpectedEOF, ""},
	} {
		m, err := ParseIDMap([]byte(test.text))
		if m != nil || !errors.Is(err, test.want) {
			t.Errorf("%s: %v, %v; want %v", test.cause, m, err, test.want)
			continue
		}
		checkLineError(t, []byte(test.text), err)
		if test.message != "" && err.Error() != test.message {
			t.Errorf("%s: %q, want %q", test.cause, err, test.message)
		}
	}
}

func TestIDMap(t *testing.T) {
	const none = UnmappedID
	for _, test := range []struct {
		cause, text     string
		inside, outside uint32 // none if there is none
	}{
		{"root of initial", initialMap, 0, 0},
		{"the last of initial", initialMap, math.MaxUint32 - 1, math.MaxUint32 - 1},
		{"what is no id, initial", initialMap, UnmappedID, none},
		{"root of rootless", rootlessMap, 0, 1000},
		{"the first of the second extent", rootlessMap, 1, 100000},
		{"the last of the second extent", rootlessMap, 65536, 165535},
		{"behind the second extent", rootlessMap, 65537, none},
		{"behind the second extent, outside", rootlessMap, none, 165536},
		{"before the second extent, outside", rootlessMap, none, 99999},
		{"passed through", holedMap, 1001, 1001},
		{"behind what is passed through", holedMap, 1002, 101002},
		{"not written yet", "", 0, none},
		{"not written yet, outside", "", none, 0},
		{"no ids in common", strangeMap, 0, none},
		{"no ids in common, outside", strangeMap, none, UnmappedID},
		{"beyond 32 bits", "0 4294967290 4294967295\n", 4, math.MaxUint32 - 1},
		{"further beyond 32 bits", "0 4294967290 4294967295\n", 6, none},
		{"to what is no id", "0 4294967290 4294967295\n", 5, none},
		{"the last of many", manyMap(), 678, 100678},
		{"between many", manyMap(), 677, none},
	} {
		m, err := ParseIDMap([]byte(test.text))
		if err != nil {
			t.Fatal(err)
		}
		if test.inside != none || test.outside == none {
			if got, ok := m.Outside(test.inside); ok != (test.outside != none) || ok && got != test.outside {
				t.Errorf("%s: Outside(%d) = %d, %v", test.cause, test.inside, got, ok)
			}
		}
		if test.outside != none || test.inside == none {
			if got, ok := m.Inside(test.outside); ok != (test.inside != none) || ok && got != test.inside {
				t.Errorf("%s: Inside(%d) = %d, %v", test.cause, test.outside, got, ok)
			}
		}
	}
}

func TestIDMapWhole(t *testing.T) {
	for _, test := range []struct {
		cause, text string
		want        bool
	}{
		{"initial", initialMap, true},
		{"not written yet", "", false},
		{"one id short", "0 0 4294967294\n", false},
		{"root alone", "0 0 1\n", false},
		{"two extents", "0 0 1\n1 1 4294967294\n", false},
		{"initial, seen from a child", "0 4294967295 4294967295\n", true},
		{"a part of all, seen from inside", ownMap, false},
	} {
		if m, err := ParseIDMap([]byte(test.text)); err != nil || m.Whole() != test.want {
			t.Errorf("%s: %v, %v", test.cause, m.Whole(), err)
		}
	}
}

// FuzzParseIDMap holds that any text is a map or an error that names a line,
// that a map printed as the kernel does parses as the same, and that an id that
// leads outside leads back to one that leads to the same.
func FuzzParseIDMap(f *testing.F) {
	for _, text := range []string{"", initialMap, rootlessMap, strangeMap, holedMap, "0 4294967290 4294967295\n"} {
		f.Add([]byte(text), uint32(0))
		f.Add([]byte(text), uint32(1001))
		f.Add([]byte(text), uint32(math.MaxUint32))
	}
	f.Fuzz(func(t *testing.T, text []byte, id uint32) {
		m, err := ParseIDMap(text)
		if (m == nil) != (err != nil) {
			t.Fatalf("ParseIDMap = %v, %v: want exactly one", m, err)
		}
		if err != nil {
			checkLineError(t, text, err)
			return
		}
		var again []byte
		for _, e := range m {
			again = fmt.Appendf(again, "%10d %10d %10d\n", e.Inside, e.Outside, e.Length)
		}
		if same, err := ParseIDMap(again); err != nil || !reflect.DeepEqual(same, m) {
			t.Fatalf("printed again: %v, %v; was %v", same, err, m)
		}
		if out, ok := m.Outside(id); ok {
			in, ok := m.Inside(out)
			back, and := m.Outside(in)
			if !ok || !and || len(m) == 1 && in != id || len(m) == 1 && back != out || out == UnmappedID {
				t.Fatalf("%v: %d is %d outside, that is %d inside, which is %d", m, id, out, in, back)
			}
		}
		if in, ok := m.Inside(id); ok {
			if _, ok := m.Outside(in); !ok || in == UnmappedID {
				t.Fatalf("%v: %d is %d inside, which is nothing outside", m, id, in)
			}
		}
	})
}
