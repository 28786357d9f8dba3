// SPDX-License-Identifier: Apache-2.0

package main

import (
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/need"
)

// TestTextsAreSetcaps compares what random text forms mean with what setcap(8), which
// reads them with cap_from_text(3), gives to a file: what libcap's Go package cannot tell,
// such as an "=" behind other clauses, upper case and the numbers of C.
func TestTextsAreSetcaps(t *testing.T) {
	need.On(t, "root", "capsh")
	random := rand.New(rand.NewPCG(1, 2))
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	lists := []string{"", "all", "ALL,cap_chown", "CAP_CHOWN,Cap_Kill", "cap_kill", "0x1,07", "010,13,cap_kill", "41", "08", "64", "chown", "cap_kill,"}
	operators := []string{"=", "=", "+", "-", "=+", "=-", ""}
	flags := []string{"", "e", "p", "i", "ep", "eip", "P", "i-p", "eip-ep", "p=i", "p+"}
	blanks := []string{" ", "  ", "\t", "\n"}
	good, bad := 0, 0
	for range 600 {
		text := ""
		for range 1 + random.IntN(3) {
			text += lists[random.IntN(len(lists))] + operators[random.IntN(len(operators))] + flags[random.IntN(len(flags))] + blanks[random.IntN(len(blanks))]
		}
		if strings.HasPrefix(text, "-") || strings.TrimSpace(text) == "" {
			continue // options of setcap
		}
		want, err := capset.ParseText(text, capset.LastKnown)
		if e := want[capset.Effective]; e != 0 && !(want[capset.Permitted] | want[capset.Inheritable]).Within(e) {
			continue // no file can have that
		}
		out, refused := exec.Command("setcap", "-q", text, path).CombinedOutput()
		if (err != nil) != (refused != nil) {
			t.Errorf("%q: %v, setcap says %v, %s", text, err, refused, out)
		}
		if err != nil {
			bad++
			continue
		}
		good++
		var attribute [64]byte
		n, err := unix.Getxattr(path, "security.capability", attribute[:])
		if err != nil {
			t.Fatal(err)
		}
		got, err := capset.ParseFileCaps(attribute[:n])
		if err != nil || got.Permitted != want[capset.Permitted] || got.Inheritable != want[capset.Inheritable] || got.Effective != (want[capset.Effective] != 0) {
			t.Errorf("%q: %+v, %v, want %x", text, got, err, want)
		}
	}
	if good < 50 || bad < 50 {
		t.Errorf("%d texts were good and %d bad: too few", good, bad)
	}
}
