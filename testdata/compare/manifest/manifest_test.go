// SPDX-License-Identifier: Apache-2.0

package manifest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	kjson "sigs.k8s.io/json"
	"sigs.k8s.io/yaml"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/procstatus"
	"github.com/capinspect/capinspect/testdata/fixture"
)

// build builds the binary and returns its path.
func build(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "capinspect")
	if err := fixture.Build(path); err != nil {
		t.Fatal(err)
	}
	return path
}

// container is a container as far as a manifest says how it is secured.
type container struct {
	SecurityContext *corev1.SecurityContext `json:"securityContext"`
}

// report is what is written as JSON.
type report struct {
	container
	SchemaVersion int    `json:"schemaVersion"`
	Pid           *int   `json:"pid"`
	Tid           *int   `json:"tid"`
	Source        string `json:"source"`
	Minimal       bool   `json:"minimal"`
	Comments      []struct {
		Code string `json:"code"`
		Text string `json:"text"`
	} `json:"comments"`
}

// decode decodes as the API server does: a member that it does not know, in that
// spelling, or that appears twice is an error.
func decode(text []byte, to any) error {
	strict, err := kjson.UnmarshalStrict(text, to)
	if err := errors.Join(append(strict, err)...); err != nil {
		return fmt.Errorf("%w\n%s", err, text)
	}
	return nil
}

// derive returns the securityContext that the binary writes, which is the same as YAML
// and as JSON.
func derive(binary string, status []byte, flags ...string) (*corev1.SecurityContext, error) {
	run := func(format string) ([]byte, error) {
		cmd := exec.Command(binary, append([]string{"securitycontext", "-f", "-", "-o", format}, flags...)...)
		cmd.Stdin = bytes.NewReader(status)
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		if err != nil {
			err = fmt.Errorf("%w: %s", err, &stderr)
		}
		return out, err
	}
	text, err := run("yaml")
	if err != nil {
		return nil, err
	}
	asJSON, err := yaml.YAMLToJSONStrict(text)
	if err != nil {
		return nil, fmt.Errorf("%w\n%s", err, text)
	}
	var c container
	if err := decode(asJSON, &c); err != nil {
		return nil, err
	}
	if text, err = run("json"); err != nil {
		return nil, err
	}
	var r report
	if err := decode(text, &r); err != nil {
		return nil, err
	}
	one, err := json.Marshal(c.SecurityContext)
	other, err2 := json.Marshal(r.SecurityContext)
	if err := errors.Join(err, err2); err != nil || c.SecurityContext == nil || !bytes.Equal(one, other) {
		return nil, fmt.Errorf("%v: as YAML %s, as JSON %s", err, one, other)
	}
	return c.SecurityContext, nil
}

// validate returns an error for what the API refuses (kubernetes
// pkg/apis/core/validation, ValidateSecurityContext), and for what it takes and no
// runtime understands, as a name with CAP_.
func validate(sc *corev1.SecurityContext) error {
	privileged := sc.Privileged != nil && *sc.Privileged
	for _, id := range []*int64{sc.RunAsUser, sc.RunAsGroup} {
		if id != nil && (*id < 0 || *id > 1<<31-1) {
			return fmt.Errorf("id %d", *id)
		}
	}
	if sc.RunAsNonRoot != nil && *sc.RunAsNonRoot && (sc.RunAsUser == nil || *sc.RunAsUser == 0) {
		return errors.New("runAsNonRoot, and no such user") // which kubelet refuses to start
	}
	if p := sc.SeccompProfile; p != nil && (p.LocalhostProfile != nil ||
		p.Type != corev1.SeccompProfileTypeRuntimeDefault) {
		return fmt.Errorf("seccompProfile %v", p)
	}
	refused := sc.AllowPrivilegeEscalation != nil && !*sc.AllowPrivilegeEscalation
	if refused && privileged {
		return errors.New("allowPrivilegeEscalation false beside privileged")
	}
	if sc.Capabilities == nil {
		return nil
	}
	for _, c := range append(sc.Capabilities.Add, sc.Capabilities.Drop...) {
		known, err := capset.Parse(string(c))
		if c != "ALL" && (err != nil || known.Kubernetes() != string(c) || known > capset.LastKnown) {
			return fmt.Errorf("capability %q", c)
		}
	}
	for _, c := range sc.Capabilities.Add {
		if refused && (c == "SYS_ADMIN" || c == "ALL") {
			return fmt.Errorf("allowPrivilegeEscalation false beside %s", c)
		}
	}
	return nil
}

// check derives the securityContext of a status file, and holds what it gives.
func check(binary string, status []byte, minimal bool) error {
	var s procstatus.Status
	if err := s.UnmarshalText(status); err != nil {
		return err
	}
	sc, err := derive(binary, status, fmt.Sprintf("--minimal=%v", minimal))
	if err == nil {
		err = validate(sc)
	}
	if err == nil {
		err = compare(sc, &s, minimal)
	}
	return err
}

// TestStatusFiles derives the securityContext of each captured status file.
func TestStatusFiles(t *testing.T) {
	binary := build(t)
	for _, file := range fixture.Status(t) {
		for _, minimal := range []bool{false, true} {
			if err := check(binary, file.Text, minimal); err != nil {
				t.Errorf("%s: %v", file.Name, err)
			}
		}
	}
}

// TestRandomStatus derives the securityContext of random status files, of which lines
// may be missing.
func TestRandomStatus(t *testing.T) {
	binary, seed := build(t), rand.Uint64()
	random := rand.New(rand.NewPCG(seed, 1))
	for range 400 {
		status := randomStatus(random)
		if err := check(binary, []byte(status), random.IntN(2) == 0); err != nil {
			t.Fatalf("seed %d: %v\n%s", seed, err, status)
		}
	}
}

func randomStatus(random *rand.Rand) string {
	var text strings.Builder
	line := func(always bool, format string, args ...any) {
		if always || random.IntN(8) > 0 {
			fmt.Fprintf(&text, format+"\n", args...)
		}
	}
	for _, key := range []string{"Uid", "Gid"} {
		ids := []uint32{0, 0, 1000, 65534, 1<<31 - 1, 1 << 31, 1<<32 - 2}
		id, other := ids[random.IntN(len(ids))], ids[random.IntN(len(ids))]
		line(false, "%s:\t%d\t%d\t%d\t%d", key, id, other, id, id)
	}
	line(false, "Groups:\t%d %d ", random.IntN(100), 100+random.IntN(100))
	for _, key := range []string{"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"} {
		set := capset.Set(random.Uint64())
		switch random.IntN(4) {
		case 0:
			set = capset.UpTo(capset.LastKnown)
		case 1:
			set &= capset.Set(random.Uint64())
		}
		if random.IntN(8) > 0 {
			set &= capset.UpTo(capset.LastKnown)
		}
		line(key == "CapBnd" || key == "CapPrm", "%s:\t%s", key, set.Hex())
	}
	line(false, "NoNewPrivs:\t%d", random.IntN(2))
	line(false, "Seccomp:\t%d", []int{0, 0, 2, 2, 2, 1, 3}[random.IntN(7)])
	return text.String()
}
