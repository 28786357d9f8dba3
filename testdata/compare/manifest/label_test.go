// SPDX-License-Identifier: Apache-2.0

package manifest

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.podman.io/common/pkg/capabilities"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/capset/runtime"
)

// TestLabel holds the label that securitycontext -o label writes against the package with
// which podman reads it: that takes from it the set that was asked for, and there is a comment
// where podman does not honour it.
func TestLabel(t *testing.T) {
	binary := build(t)
	given := runtime.Named("podman").Default()
	random := rand.New(rand.NewPCG(19, 1))
	sets := []capset.Set{0, given, given | capset.Of(capset.SysAdmin), capset.Of(capset.SysAdmin)}
	for range 40 {
		set := capset.Set(random.Uint64()) & capset.UpTo(capset.LastKnown)
		if random.IntN(2) == 0 {
			set &= given
		}
		sets = append(sets, set)
	}
	if !slices.Contains(capabilities.ContainerImageLabels, "io.containers.capabilities") {
		t.Fatalf("podman reads %q", capabilities.ContainerImageLabels)
	}
	for _, set := range sets {
		status := filepath.Join(t.TempDir(), "status")
		if err := os.WriteFile(status, fmt.Appendf(nil, "CapBnd:\t%016x\n", uint64(set)), 0o644); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command(binary, "securitycontext", "-o", "label", "-f", status).Output()
		if err != nil {
			t.Fatal(err)
		}
		comments, value, ok := strings.Cut(string(out), "LABEL io.containers.capabilities=")
		if value = strings.Trim(value, "\"\n"); !ok || (value == "") != (set == 0) {
			t.Fatalf("%v: %s", set, out)
		}
		if set != 0 {
			if got := parsed(t, strings.Split(value, ",")); got != set {
				t.Errorf("%v: podman reads %v", set, got)
			}
		}
		if got := strings.Contains(comments, "# label-beyond-default: "); got == set.Within(given) {
			t.Errorf("%v: %s", set, comments)
		}
	}
}

// parsed returns the set of some names, as podman takes them.
func parsed(t *testing.T, names []string) (set capset.Set) {
	t.Helper()
	full, err := capabilities.MergeCapabilities(nil, names, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range full {
		c, err := capset.Parse(name)
		if err != nil {
			t.Fatal(err)
		}
		set |= capset.Of(c)
	}
	return set
}
