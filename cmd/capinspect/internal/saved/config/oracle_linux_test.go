// SPDX-License-Identifier: Apache-2.0

package config

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/need"
)

// randomUnit returns lines about capabilities, as people may write them and as they do not.
func randomUnit(random *rand.Rand) string {
	text := "[Service]\nExecStart=/bin/true\n"
	names := func() string {
		var words []string
		for range random.IntN(5) {
			c := capset.Cap(random.IntN(int(capset.LastKnown) + 1))
			words = append(words, []string{c.String(), "CAP_" + c.Kubernetes(), fmt.Sprint(int(c)), c.Kubernetes(), "CAP_NONE"}[min(random.IntN(9), 4)])
		}
		return strings.Join(words, " ")
	}
	for range random.IntN(6) {
		key := []string{"CapabilityBoundingSet", "AmbientCapabilities"}[random.IntN(2)]
		text += key + "=" + []string{"", "~", "", ""}[random.IntN(4)] + names() + "\n"
	}
	for _, row := range takes {
		if random.IntN(4) == 0 {
			text += row.key + "=" + []string{"yes", "no", "1", "off", "true"}[random.IntN(5)] + "\n"
		}
	}
	for range random.IntN(3) {
		text += "SecureBits=" + []string{"noroot", "noroot noroot-locked", "", "keep-caps", "no-setuid-fixup"}[random.IntN(5)] + "\n"
	}
	return text
}

// TestSystemd compares what is made of random units with what systemd makes of them, as
// systemd --test prints it.
func TestSystemd(t *testing.T) {
	need.On(t, "systemd")
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	// Another user than the owner of t.TempDir runs systemd.
	dir, err := os.MkdirTemp("", "units")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	const n = 200
	texts := map[string]string{}
	target := "[Unit]\n"
	for i := range n {
		name := fmt.Sprintf("unit%d.service", i)
		texts[name] = randomUnit(random)
		target += "Wants=" + name + "\n"
	}
	texts["all.target"] = target
	for name, text := range texts {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("systemd", "--test", "--user", "--unit=all.target")
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "XDG_RUNTIME_DIR=" + dir, "SYSTEMD_LOG_TARGET=console", "SYSTEMD_UNIT_PATH=" + dir + ":/usr/lib/systemd/user"}
	if os.Getuid() == 0 { // for which systemd tests nothing
		if err := os.Chown(dir, 1000, 1000); err != nil {
			t.Fatal(err)
		}
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 1000, Gid: 1000}}
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		need.Lacking(t, "systemd", fmt.Sprintf("systemd --test: %v", err))
	}
	told := dumped(out)
	for name, text := range texts {
		if name == "all.target" {
			continue
		}
		list, err := units([]byte(text), sections[:]...)
		if err != nil || len(list) != 1 {
			t.Fatalf("%q: %d units, %v", text, len(list), err)
		}
		s := service{unit: list[0], most: capset.LastKnown}
		raise := s.mask("AmbientCapabilities", 0)
		s.sets()
		got := fmt.Sprintf("%v; %v; %#x", s.bounding, raise, uint32(s.securebits()))
		if want, ok := told[name]; !ok || got != want {
			t.Errorf("%q:\n%s\nsystemd: %s", text, got, want)
		}
	}
}

// dumped returns what systemd --test prints of services: their sets, and securebits.
func dumped(out []byte) map[string]string {
	told := map[string]string{}
	name, bounding, ambient := "", "", ""
	var secure capset.Securebits
	end := func() {
		if strings.HasPrefix(name, "unit") {
			told[name] = fmt.Sprintf("%s; %s; %#x", bounding, ambient, uint32(secure))
		}
		bounding, ambient, secure = capset.UpTo(capset.LastKnown).String(), "", 0
	}
	for row := range bytes.Lines(out) {
		line := strings.TrimSpace(string(row))
		key, value, _ := strings.Cut(line, ": ")
		list := strings.ReplaceAll(value, " ", ",")
		switch key {
		case "CapabilityBoundingSet", "CapabilityBoundingSet:":
			bounding = list
		case "AmbientCapabilities":
			ambient = list
		case "Secure Bits":
			for _, word := range strings.Fields(value) {
				secure |= bits[word]
			}
		}
		if unit, ok := strings.CutPrefix(line, "-> Unit "); ok {
			end()
			name = strings.TrimSuffix(unit, ":")
		}
	}
	end()
	return told
}
