// SPDX-License-Identifier: Apache-2.0

package manifest

import (
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/procstatus"
)

// set returns what containerd makes of the capabilities, for a kernel that knows some
// (containerd internal/cri/opts, WithCapabilities): ALL first, added and then dropped.
func set(c *corev1.Capabilities, known capset.Set) (s capset.Set) {
	for _, name := range c.Add {
		if name == "ALL" {
			s = known
		}
	}
	for _, name := range c.Drop {
		if name == "ALL" {
			s = 0
		}
	}
	for _, name := range c.Add {
		if cap, err := capset.Parse("CAP_" + string(name)); err == nil {
			s |= capset.Of(cap)
		}
	}
	return s
}

// compare returns an error where a securityContext gives another state than that of a
// status file. A full set may be asked for as ALL.
func compare(sc *corev1.SecurityContext, s *procstatus.Status, minimal bool) error {
	state := s.CapState()
	want := state[capset.Bounding]
	if minimal {
		want &= state[capset.Permitted]
	}
	known := capset.UpTo(capset.GuessLastCap(state))
	if sc.Capabilities == nil || sc.Privileged != nil { // its mounts would have to say so
		return errors.New("privileged")
	}
	got := set(sc.Capabilities, known)
	if want &= capset.UpTo(capset.LastKnown); got&capset.UpTo(capset.LastKnown) != want {
		return fmt.Errorf("capabilities %v, want %v", got, want)
	}
	if err := compareIDs(sc, s); err != nil {
		return err
	}
	if e := sc.AllowPrivilegeEscalation; !s.Has(procstatus.FieldNoNewPrivs) && e != nil || e != nil && *e == s.NoNewPrivs ||
		e == nil && s.Has(procstatus.FieldNoNewPrivs) && !(s.NoNewPrivs && want.Has(capset.SysAdmin)) {
		return errors.New("allowPrivilegeEscalation")
	}
	profile := ""
	if sc.SeccompProfile != nil {
		profile = string(sc.SeccompProfile.Type)
	}
	seccomp := map[int]string{2: "RuntimeDefault"}[s.Seccomp]
	if !s.Has(procstatus.FieldSeccomp) {
		seccomp = ""
	}
	if profile != seccomp || sc.ReadOnlyRootFilesystem != nil {
		return fmt.Errorf("seccompProfile %s", profile)
	}
	return nil
}

func compareIDs(sc *corev1.SecurityContext, s *procstatus.Status) error {
	for _, id := range []struct {
		has  bool
		real uint32
		got  *int64
	}{
		{s.Has(procstatus.FieldUID), s.UID.Real, sc.RunAsUser},
		{s.Has(procstatus.FieldGID), s.GID.Real, sc.RunAsGroup},
	} {
		if wanted := id.has && id.real < 1<<31; wanted != (id.got != nil) || wanted && *id.got != int64(id.real) {
			return fmt.Errorf("an id of %d", id.real)
		}
	}
	nonRoot := sc.RunAsUser != nil && *sc.RunAsUser != 0
	if nonRoot != (sc.RunAsNonRoot != nil && *sc.RunAsNonRoot) {
		return errors.New("runAsNonRoot")
	}
	return nil
}
