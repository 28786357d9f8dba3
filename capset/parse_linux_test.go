// SPDX-License-Identifier: Apache-2.0

package capset_test

import (
	"math/rand/v2"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"kernel.org/pub/linux/libs/security/libcap/cap"

	"github.com/capinspect/capinspect/capset"
)

// TestTextsAreLibcaps compares what random texts mean with what libcap's Go package says.
// That package takes an "=" behind the first clause to reset all capabilities, where
// cap_from_text(3) resets the listed ones, and takes "=-p" and "=e-e" without a list: goText and
// goOnly step round both. It knows neither upper case nor C's numbers.
func TestTextsAreLibcaps(t *testing.T) {
	random := seeded(t)
	last := capset.Cap(cap.MaxBits() - 1)
	good := 0
	for range 100_000 {
		text := randomText(random)
		if goOnly.MatchString(text) || octal.MatchString(text) {
			continue
		}
		got, err := capset.ParseText(text, last)
		want, wantErr := cap.FromText(goText(text))
		if strings.TrimSpace(text) == "" {
			want, wantErr = cap.NewSet(), nil // for libcap in C
		}
		if (err == nil) != (wantErr == nil) {
			t.Fatalf("%q: %v, libcap says %v", text, err, wantErr)
		}
		if err != nil {
			continue
		}
		good++
		if got.Text(last) != want.String() {
			t.Fatalf("%q is %q, libcap says %q", text, got.Text(last), want)
		}
	}
	if good < 10_000 {
		t.Errorf("only %d texts were good", good)
	}
}

// goOnly are the texts that the Go package alone takes.
var goOnly = regexp.MustCompile(`(^|\s)=[eip]*-`)

// octal are the numbers that are octal in C, and decimal for the Go package.
var octal = regexp.MustCompile(`(^|[\s,!^%])0[0-9]`)

// goText returns the text that means for the Go package what text means for
// cap_from_text(3).
func goText(text string) string {
	clauses := strings.Fields(text)
	for i, clause := range clauses {
		list, actions, reset := strings.Cut(clause, "=")
		if !reset || strings.ContainsAny(list, "+-") || i == 0 {
			continue
		}
		if list == "" {
			if strings.ContainsAny(actions, "+-") {
				continue // an error, and stays one
			}
			list = "all"
		}
		clauses[i] = list + "-eip"
		if actions != "" {
			if actions[0] != '+' && actions[0] != '-' {
				actions = "+" + actions
			}
			clauses[i] += " " + list + actions
		}
	}
	return strings.Join(clauses, " ")
}

// randomText returns a text form, which may have something wrong.
func randomText(random *rand.Rand) string {
	pick := func(list ...string) string { return list[random.IntN(len(list))] }
	var b strings.Builder
	for range random.IntN(5) {
		if random.IntN(8) > 0 {
			b.WriteString(randomList(random))
		}
		b.WriteString(pick("=", "=", "+", "-", "=+", "=-"))
		b.WriteString(pick("", "e", "p", "i", "ep", "ip", "eip", "pie"))
		for random.IntN(3) == 0 {
			b.WriteString(pick("+", "-") + pick("e", "p", "i", "ep"))
		}
		b.WriteString(pick(" ", " ", " ", "\t", "\n", "  "))
	}
	return damaged(random, b.String())
}

// damaged returns a text as it is, or with one of its characters taken out or another one
// put in.
func damaged(random *rand.Rand, text string) string {
	if text == "" || random.IntN(4) > 0 {
		return text
	}
	at := random.IntN(len(text))
	if random.IntN(2) == 0 {
		return text[:at] + text[at+1:]
	}
	odd := "=+-,eipx_ 9"
	return text[:at] + string(odd[random.IntN(len(odd))]) + text[at:]
}

// randomList returns "all", or up to four names and numbers.
func randomList(random *rand.Rand) string {
	if random.IntN(6) == 0 {
		return "all"
	}
	var list []string
	for range random.IntN(4) + 1 {
		c := capset.Cap(random.IntN(66))
		name := c.String()
		if random.IntN(5) == 0 {
			name = strconv.Itoa(int(c))
		}
		list = append(list, name)
	}
	return strings.Join(list, ",")
}

// TestIABTextsAreLibcaps does the same for the IAB text. The Go package takes numbers with
// a sign.
func TestIABTextsAreLibcaps(t *testing.T) {
	random := seeded(t)
	last := capset.Cap(cap.MaxBits() - 1)
	good := 0
	for range 100_000 {
		var list []string
		for range random.IntN(5) {
			marks := [...]string{"", "!", "^", "%", "!^", "!%", "^!", "%^!"}
			list = append(list, marks[random.IntN(len(marks))]+randomList(random))
		}
		text := damaged(random, strings.Join(list, ","))
		if strings.ContainsAny(text, "+-") || octal.MatchString(text) {
			continue
		}
		got, err := capset.ParseIAB(text, last)
		want, wantErr := cap.IABFromText(text)
		if (err == nil) != (wantErr == nil) {
			t.Fatalf("%q: %v, libcap says %v", text, err, wantErr)
		}
		if err != nil {
			continue
		}
		good++
		for k := range got {
			got[k] &= capset.UpTo(last) // libcap leaves out the others
		}
		if got.IAB(last) != want.String() {
			t.Fatalf("%q is %q, libcap says %q", text, got.IAB(last), want)
		}
	}
	if good < 10_000 {
		t.Errorf("only %d texts were good", good)
	}
}
