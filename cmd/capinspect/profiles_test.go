// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/capinspect/capinspect/testdata/fixture"
)

// profileNames returns what each profile holds, by the lists that were written by
// hand from the sources, in the order of the capabilities' numbers, and the profiles
// in their order.
func profileNames(t *testing.T) (holds map[string][]string, order []string) {
	t.Helper()
	holds = map[string][]string{}
	for line := range strings.Lines(string(fixture.Read(t, "profiles.txt"))) {
		name, list, ok := strings.Cut(line, ":")
		if strings.HasPrefix(name, "#") {
			continue
		}
		if _, twice := holds[name]; !ok || twice {
			t.Fatalf("%q: want one line NAME: CAPABILITY ... for each", line)
		}
		order = append(order, name)
		holds[name] = strings.Fields(list)
	}
	return holds, order
}

// without returns what of a is not in b, each with a prefix.
func without(a, b []string, prefix string) []string {
	rest := []string{}
	for _, name := range a {
		if !slices.Contains(b, name) {
			rest = append(rest, prefix+name)
		}
	}
	return rest
}

// done returns what a command line prints that ends with a status and without a
// message.
func done(t *testing.T, status int, args ...string) string {
	t.Helper()
	o := call("", args...)
	if o.status != status || o.stderr != "" {
		t.Fatalf("%v: %+v, want exit status %d", args, o, status)
	}
	return o.stdout
}

// TestDiffProfiles compares each profile with each other one.
func TestDiffProfiles(t *testing.T) {
	holds, order := profileNames(t)
	var known struct{ Profiles []struct{ Name string } }
	if err := json.Unmarshal([]byte(done(t, 0, "profiles", "--json")), &known); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, p := range known.Profiles {
		names = append(names, p.Name)
	}
	if !slices.Equal(names, order) {
		t.Errorf("there are %v, and testdata/profiles.txt has %v", names, order)
	}
	for _, a := range order {
		for _, b := range order {
			less, more := without(holds[a], holds[b], "-cap_"), without(holds[b], holds[a], "+cap_")
			want, status := "", 0
			if len(less)+len(more) > 0 {
				want, status = "Bounding: "+strings.Join(append(less, more...), " ")+"\n", 1
			}
			// The first line says in words what the others list.
			if _, got, _ := strings.Cut(done(t, status, "diff", a, b), "\n"); got != want {
				t.Errorf("diff %s %s: %q, want %q", a, b, got, want)
			}
			diffJSON(t, a, b, status, without(holds[b], holds[a], "cap_"), without(holds[a], holds[b], "cap_"))
		}
	}
}

// diffJSON holds the difference in JSON.
func diffJSON(t *testing.T, a, b string, status int, more, less []string) {
	t.Helper()
	var got struct {
		A, B   string
		Equal  *bool
		Sets   map[string]struct{ More, Less []string }
		Values map[string]any
		Errors []string
	}
	if err := json.Unmarshal([]byte(done(t, status, "diff", a, b, "--json")), &got); err != nil {
		t.Fatal(err)
	}
	bounding, differs := got.Sets["bounding"]
	if got.A != a || got.B != b || got.Equal == nil || *got.Equal != (status == 0) || len(got.Values)+len(got.Errors) != 0 ||
		differs != (status == 1) || len(got.Sets) != status ||
		differs && (!slices.Equal(bounding.More, more) || !slices.Equal(bounding.Less, less)) {
		t.Errorf("diff %s %s: %+v, want +%v -%v", a, b, got, more, less)
	}
}
