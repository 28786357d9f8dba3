// SPDX-License-Identifier: Apache-2.0

package capset

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func TestNames(t *testing.T) {
	seen := map[string]bool{}
	for c := range LastKnown + 1 {
		name := c.String()
		if !strings.HasPrefix(name, prefix) || strings.ToLower(name) != name || seen[name] {
			t.Errorf("capability %d has the name %q", c, name)
		}
		seen[name] = true
		if c.Since() == "" || c.Summary() == "" || len(c.Summary()) > 52 {
			t.Errorf("%v: since %q, summary %q", c, c.Since(), c.Summary())
		}
	}
	if next := LastKnown + 1; next.String() != strconv.Itoa(int(next)) {
		t.Errorf("the first without a name = %q", next)
	}
	if got := Cap(200).String() + Cap(200).Since() + Cap(200).Summary(); got != "200" {
		t.Errorf("Cap(200) = %q", got)
	}
	if got := NetRaw.Kubernetes(); got != "NET_RAW" {
		t.Errorf("Kubernetes = %q", got)
	}
}

func TestParse(t *testing.T) {
	for c := range Max + 1 {
		for _, spelling := range []string{
			c.String(), strings.ToUpper(c.String()), c.Short(), c.Kubernetes(), strconv.Itoa(int(c)),
		} {
			if got, err := Parse(spelling); got != c || err != nil {
				t.Errorf("Parse(%q) = %v, %v; want %v", spelling, got, err, c)
			}
		}
	}
	if got, err := Parse("Cap_Net_Raw"); got != NetRaw || err != nil {
		t.Errorf("mixed case: %v, %v", got, err)
	}
	for _, bad := range []string{"", "64", "100", "+1", "-1", " 1", "1 ", "0x1", "cap_", "net raw", "cap_cap_net_raw", "cap_13", "\xff", "cap_chown\x00", "ſys_admin"} {
		_, err := Parse(bad)
		unknown, ok := errors.AsType[*UnknownError](err)
		if !ok || unknown.Name != bad {
			t.Errorf("Parse(%q): %v", bad, err)
		}
	}
}

// TestNearest holds what a misspelt word is taken for.
func TestNearest(t *testing.T) {
	known := []string{"show", "ps", "why", "diff", "securitycontext"}
	for word, want := range map[string]string{
		"sho": "show", "hwy": "why", "dif": "diff", "securtycontxt": "securitycontext", "pss": "ps", "nginx": "", "": "", strings.Repeat("show", 20): "",
	} {
		if got := strings.Join(Nearest(word, known), " "); got != want {
			t.Errorf("%q: %q, want %q", word, got, want)
		}
	}
}

func TestClosest(t *testing.T) {
	for _, test := range []struct {
		name string
		want []Cap
	}{
		{"cap_net_row", []Cap{NetRaw}},
		{"NET_ADMN", []Cap{NetAdmin}},
		{"sysadmin", []Cap{SysAdmin}},
		{"net_rwa", []Cap{NetRaw}}, // neighbours swapped
		{"setpid", []Cap{Setgid, Setuid}},
		{"zzzz", nil},
		{strings.Repeat("net_raw", 1000), nil},
	} {
		if got := Closest(test.name); got != Of(test.want...) {
			t.Errorf("Closest(%.20q) = %v; want %v", test.name, got, test.want)
		}
		_, err := Parse(test.name)
		if unknown, _ := errors.AsType[*UnknownError](err); unknown == nil || !slices.Equal(unknown.Close(), test.want) {
			t.Errorf("Parse(%.20q): %v; want %v", test.name, err, test.want)
		}
	}
	_, err := Parse("setpid")
	if want := `unknown capability "setpid", did you mean cap_setgid or cap_setuid?`; err == nil || err.Error() != want {
		t.Errorf("error %q, want %q", err, want)
	}
}

// FuzzParse holds that a text is a capability or an error, and that a
// capability's own name leads back to it.
func FuzzParse(f *testing.F) {
	for c := range Max + 1 {
		f.Add(c.String())
		f.Add(c.Kubernetes())
	}
	f.Add("cap_")
	f.Add("64")
	f.Fuzz(func(t *testing.T, s string) {
		c, err := Parse(s)
		if err != nil {
			if c != 0 || err.Error() == "" {
				t.Fatalf("Parse(%q) = %v, %v", s, c, err)
			}
			return
		}
		if again, err := Parse(c.String()); again != c || err != nil || c > Max {
			t.Fatalf("Parse(%q) = %v, whose name gives %v, %v", s, c, again, err)
		}
		if list, err := ParseList(s); err != nil || list != Of(c) {
			t.Fatalf("ParseList(%q) = %v, %v", s, list, err)
		}
	})
}
