// SPDX-License-Identifier: Apache-2.0

package capset

import (
	"slices"
	"strings"
	"testing"
)

// TestExplain holds each text to the form that explain's output relies on.
func TestExplain(t *testing.T) {
	seen := map[string]string{}
	for c := Cap(0); c <= LastKnown; c++ {
		e, ok := c.Explain()
		if !ok {
			t.Errorf("%v: no explanation", c)
			continue
		}
		for _, m := range []struct{ name, text string }{
			{"Permits", e.Permits},
			{"Needs", e.Needs},
			{"Risk", e.Risk},
			{"Instead", e.Instead},
		} {
			where := c.String() + " " + m.name
			if why := malformed(m.text); why != "" {
				t.Errorf("%s: %s: %q", where, why, m.text)
			}
			if other, dup := seen[m.text]; dup {
				t.Errorf("%s: same text as %s: %q", where, other, m.text)
			}
			seen[m.text] = where
		}
	}
	if want := 4 * (int(LastKnown) + 1); len(seen) != want {
		t.Errorf("%d different texts, want %d", len(seen), want)
	}
}

// malformed says what is wrong with the form of a text, "" if nothing.
func malformed(s string) string {
	switch {
	case s == "":
		return "missing"
	case len(s) < 40:
		return "too short"
	case len(s) > 320:
		return "too long"
	case !strings.HasSuffix(s, "."):
		return "no full stop at its end"
	case strings.Contains(s, "  "):
		return "double space"
	case strings.TrimSpace(s) != s:
		return "space at its ends"
	}
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return "not printable ASCII"
		}
	}
	return ""
}

// TestExplainNamesCapabilities holds that each CAP_... in a text is a name
// that Parse knows.
func TestExplainNamesCapabilities(t *testing.T) {
	for c := Cap(0); c <= LastKnown; c++ {
		e, _ := c.Explain()
		all := strings.Join([]string{e.Permits, e.Needs, e.Risk, e.Instead}, " ")
		for _, word := range strings.FieldsFunc(all, notNameByte) {
			if !strings.HasPrefix(word, "CAP_") {
				continue
			}
			if _, err := Parse(word); err != nil {
				t.Errorf("%v: %v", c, err)
			}
		}
	}
}

func notNameByte(r rune) bool {
	return r != '_' && (r < 'A' || r > 'Z') && (r < '0' || r > '9')
}

// TestExplainScopes holds that a capability that counts in the initial user namespace only,
// as its text says, has no other scope.
func TestExplainScopes(t *testing.T) {
	said := 0
	for c := range LastKnown + 1 {
		e, _ := c.Explain()
		if !strings.Contains(e.Permits, "counts in the initial user namespace only") {
			continue
		}
		said++
		if scopes := c.Scopes(); !slices.Equal(scopes, []Scope{ScopeInitial}) {
			t.Errorf("%v: %v", c, scopes)
		}
	}
	if said == 0 {
		t.Error("no text says so")
	}
}

// TestExplainAbsolutes holds that no text promises what a sysctl, a security module or a
// file system can take back.
func TestExplainAbsolutes(t *testing.T) {
	for c := range LastKnown + 1 {
		e, _ := c.Explain()
		for _, text := range []string{e.Permits, e.Risk} {
			for _, word := range []string{"always", "whatever", "every ", "any file", "nothing else", "no other"} {
				if strings.Contains(strings.ToLower(text), word) {
					t.Errorf("%v says %q: %q", c, word, text)
				}
			}
		}
	}
}

// TestExplainRoot holds that a text which says that a capability is root on the node names the
// namespace in which it is, and what may stand in the way.
func TestExplainRoot(t *testing.T) {
	said := 0
	for c := range LastKnown + 1 {
		e, _ := c.Explain()
		if !strings.Contains(e.Risk, "root on the node") {
			continue
		}
		said++
		names := func(word string) bool { return strings.Contains(strings.ToLower(e.Risk), word) }
		if !slices.ContainsFunc([]string{"security module", "no lsm", "lockdown", "bugs", "kernel code that"}, names) {
			t.Errorf("%v: nothing stands in the way: %q", c, e.Risk)
		}
		if !names("initial user namespace") && !names("bugs") {
			t.Errorf("%v: in any user namespace: %q", c, e.Risk)
		}
	}
	if said < 8 {
		t.Errorf("only %d texts say so", said)
	}
}

// TestExplainUnnamed holds that a capability without a name has no text.
func TestExplainUnnamed(t *testing.T) {
	for _, c := range []Cap{LastKnown + 1, Max, Max + 1, 255} {
		if e, ok := c.Explain(); ok || e != (Explanation{}) {
			t.Errorf("Cap(%d).Explain() = %+v, %v; want none", c, e, ok)
		}
	}
}
