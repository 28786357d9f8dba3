// SPDX-License-Identifier: Apache-2.0

package capset_test

import (
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
	"kernel.org/pub/linux/libs/security/libcap/cap"

	"github.com/capinspect/capinspect/capset"
)

// TestNamesAreLibcaps holds the table of names against libcap's and the
// kernel header's.
func TestNamesAreLibcaps(t *testing.T) {
	for c := range capset.LastKnown + 1 {
		if want := cap.Value(c).String(); c.String() != want {
			t.Errorf("%d is %v, libcap says %s", c, c, want)
		}
		if back, err := cap.FromName(c.String()); err != nil || back != cap.Value(c) {
			t.Errorf("libcap reads %v as %d, %v", c, back, err)
		}
	}
	if want := uint(capset.LastKnown) + 1; cap.NamedCount != want {
		t.Errorf("libcap names %d capabilities, the table %d: add the others", cap.NamedCount, want)
	}
	if unix.CAP_LAST_CAP != capset.LastKnown {
		t.Errorf("the kernel header's last is %d, the table's %d", unix.CAP_LAST_CAP, capset.LastKnown)
	}
	if running := capset.Cap(cap.MaxBits() - 1); running > capset.LastKnown {
		t.Logf("warning: this kernel's last capability is %d, the table's %d", running, capset.LastKnown)
	}
}

// seeded returns random numbers that CAPINSPECT_SEED repeats.
func seeded(t *testing.T) *rand.Rand {
	seed := rand.Uint64()
	if n, err := strconv.ParseUint(os.Getenv("CAPINSPECT_SEED"), 10, 64); err == nil {
		seed = n
	}
	t.Logf("CAPINSPECT_SEED=%d", seed)
	return rand.New(rand.NewPCG(seed, 2))
}

// TestFormsAreLibcaps compares the text and IAB forms of random sets with
// libcap's, which are for the running kernel's last capability. Each form parses
// to what it is a form of.
func TestFormsAreLibcaps(t *testing.T) {
	random := seeded(t)
	last := capset.Cap(cap.MaxBits() - 1)
	for range 100_000 {
		s := randomState(random)
		if got, want := s.Text(last), libcapText(t, s); got != want {
			t.Fatalf("text form of %x: %q, libcap says %q", s, got, want)
		}
		text := s
		text[capset.Bounding], text[capset.Ambient] = 0, 0
		if back, err := capset.ParseText(s.Text(last), last); back != text || err != nil {
			t.Fatalf("%q: %x, %v, want %x", s.Text(last), back, err, text)
		}
		for k := range s {
			s[k] &= capset.UpTo(last) // libcap takes no others, and leaves them out
		}
		if got, want := s.IAB(last), libcapIAB(t, s); got != want {
			t.Fatalf("IAB of %x: %q, libcap says %q", s, got, want)
		}
		iab := capset.State{
			capset.Inheritable: s[capset.Inheritable] | s[capset.Ambient], // as libcap keeps it
			capset.Ambient:     s[capset.Ambient], capset.Bounding: s[capset.Bounding],
		}
		if back, err := capset.ParseIAB(s.IAB(last), last); back != iab || err != nil {
			t.Fatalf("%q: %x, %v, want %x", s.IAB(last), back, err, iab)
		}
	}
}

// randomState returns sets of very different fullness, so that each
// combination of flags is at times the most frequent one.
func randomState(random *rand.Rand) (s capset.State) {
	for k := range s {
		set := capset.Set(random.Uint64())
		switch random.IntN(6) {
		case 0:
			set = 0
		case 1:
			set = ^capset.Set(0)
		case 2:
			set &= capset.Set(random.Uint64() & random.Uint64())
		case 3:
			set |= capset.Set(random.Uint64() | random.Uint64())
		case 4:
			set = s[random.IntN(k+1)]
		}
		if random.IntN(2) == 0 {
			set &= capset.UpTo(capset.Cap(random.IntN(64)))
		}
		s[k] = set
	}
	return s
}

func libcapText(t *testing.T, s capset.State) string {
	set := cap.NewSet()
	for flag, k := range map[cap.Flag]capset.Kind{
		cap.Effective: capset.Effective, cap.Permitted: capset.Permitted, cap.Inheritable: capset.Inheritable,
	} {
		for c := range s[k].Caps() {
			if err := set.SetFlag(flag, true, cap.Value(c)); err != nil {
				t.Fatal(err)
			}
		}
	}
	return set.String()
}

func libcapIAB(t *testing.T, s capset.State) string {
	iab := cap.NewIAB()
	set := func(vec cap.Vector, caps capset.Set, raised bool) {
		for c := range caps.Caps() {
			if err := iab.SetVector(vec, raised, cap.Value(c)); err != nil {
				t.Fatal(err)
			}
		}
	}
	// Raising Ambient raises Inheritable; libcap keeps no other state.
	set(cap.Inh, s[capset.Inheritable]|s[capset.Ambient], true)
	set(cap.Amb, s[capset.Ambient], true)
	set(cap.Bound, capset.UpTo(capset.Cap(cap.MaxBits()-1))&^s[capset.Bounding], true)
	return strings.TrimSpace(iab.String())
}
