// SPDX-License-Identifier: Apache-2.0

package procstatus

import (
	"errors"
	"testing"
)

const (
	statHead = "4711 (a) b) R 1 4711 4711 34816 4711 4194304 120 0 0 0 1 2 0 0 20 0 1 0 "
	statTail = " 3293184 243 18446744073709551615 1 1 0 0 0 0 0 0 0 0 0 0 17 1 0 0 0 0 0 0 0 0 0 0 0 0 0\n"
)

// TestStartTime reads field 22, whatever the name has in it.
func TestStartTime(t *testing.T) {
	for text, want := range map[string]uint64{
		statHead + "88112233" + statTail:                              88112233,
		"1 (systemd) S 0 1 1 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 7": 7,
		statHead + "18446744073709551615" + statTail:                  1<<64 - 1,
	} {
		if got, err := ParseStartTime([]byte(text)); got != want || err != nil {
			t.Errorf("%q: %d, %v, want %d", text, got, err, want)
		}
	}
	for name, text := range map[string]string{
		"empty": "", "no name": "1 S 0 1 1 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 7 8 9 10 11 12", "cut short": "1 (a) S 0 1 1",
		"not a number": statHead + "x" + statTail, "negative": statHead + "-1" + statTail, "too large": statHead + "18446744073709551616" + statTail,
	} {
		if got, err := ParseStartTime([]byte(text)); !errors.Is(err, ErrSyntax) {
			t.Errorf("%s: %d, %v", name, got, err)
		}
	}
}

// FuzzParseStartTime holds that any text is a number or an error.
func FuzzParseStartTime(f *testing.F) {
	f.Add([]byte(statHead + "88112233" + statTail))
	f.Add([]byte("1 (a"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if got, err := ParseStartTime(text); err != nil && got != 0 {
			t.Errorf("%d, %v", got, err)
		}
	})
}
