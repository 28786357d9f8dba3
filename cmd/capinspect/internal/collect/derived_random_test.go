// SPDX-License-Identifier: Apache-2.0

package collect

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/procstatus"
)

// TestSecurityContextIsValid holds the rules of the API, and that the capabilities are
// those of the set, for random tasks.
func TestSecurityContextIsValid(t *testing.T) {
	seed := rand.Uint64()
	random, seen := rand.New(rand.NewPCG(seed, 1)), map[string]int{}
	for range 20_000 {
		r, minimal := randomRecord(random), random.IntN(2) == 0
		d, err := SecurityContextOf(r, minimal)
		if err != nil {
			t.Fatal(err)
		}
		if err := valid(d); err != nil {
			t.Fatalf("seed %d: %v\n%+v\n%+v", seed, err, r, d)
		}
		asked := r.Status.CapState()[capset.Bounding]
		if minimal {
			asked &= r.Status.CapState()[capset.Permitted]
		}
		got, want := capset.Set(0), asked&capset.UpTo(capset.LastKnown)
		all := capset.UpTo(r.LastCap.Value).Within(asked)
		if all {
			want = 0
		}
		for _, name := range d.Add {
			if c, err := capset.Parse(name); err == nil {
				got |= capset.Of(c)
			}
		}
		if got != want || all != (d.Privileged != nil || slices.Equal(d.Add, []string{"ALL"})) {
			t.Fatalf("seed %d: %v of %v", seed, d.Add, asked)
		}
		seen[fmt.Sprint(d.Privileged != nil, all, d.AllowPrivilegeEscalation != nil)]++
		for _, c := range d.Comments {
			seen[c.Code]++
		}
	}
	if len(seen) < 24 {
		t.Errorf("seed %d: %d kinds only: %v", seed, len(seen), seen)
	}
}

// valid returns an error where the API of Kubernetes would refuse a securityContext
// (pkg/apis/core/validation, ValidateSecurityContext), or a runtime would not
// understand it.
func valid(d *Derived) error {
	privileged := d.Privileged != nil && *d.Privileged
	escalation := d.AllowPrivilegeEscalation == nil || *d.AllowPrivilegeEscalation
	for _, name := range d.Add {
		if c, err := capset.Parse(name); name != "ALL" && (err != nil || c.Kubernetes() != name || c > capset.LastKnown) {
			return errors.New("name " + name)
		}
		if !escalation && (name == "SYS_ADMIN" || name == "ALL") {
			return errors.New("escalation beside " + name)
		}
	}
	for _, id := range [...]*int64{d.RunAsUser, d.RunAsGroup} {
		if id != nil && (*id < 0 || *id > 1<<31-1) {
			return errors.New("id")
		}
	}
	switch {
	case privileged && (!escalation || d.Add != nil || d.Drop != nil || d.Seccomp != ""):
		return errors.New("privileged beside other members")
	case !privileged && d.Add == nil && d.Drop == nil:
		return errors.New("no capabilities")
	case slices.Contains(d.Add, "ALL") && (len(d.Add) > 1 || d.Drop != nil):
		return errors.New("ALL beside others")
	case d.RunAsNonRoot != nil && (d.RunAsUser == nil || *d.RunAsUser == 0):
		return errors.New("runAsNonRoot as root")
	}
	return nil
}

// randomRecord returns a task in a random state, of which not all is known.
func randomRecord(random *rand.Rand) *Record {
	yes := func() bool { return random.IntN(3) == 0 }
	const last = capset.LastKnown
	r := &Record{LastCap: LastCap{[...]capset.Cap{37, last, last, last, last + 2}[random.IntN(5)], "kernel"}}
	for k := range capset.Kind(capset.NumKinds) {
		set := capset.Set(random.Uint64() & random.Uint64())
		if k == capset.Bounding && yes() {
			set = capset.UpTo(r.LastCap.Value)
		}
		if !yes() {
			set &= capset.UpTo(r.LastCap.Value)
		}
		if k == capset.Bounding || k == capset.Permitted || yes() {
			r.Status.SetCaps(k, set)
		}
	}
	s := &r.Status
	id := func() uint32 { return [...]uint32{0, 0, 1000, 65534, 65535, 1 << 31, 1<<32 - 2}[random.IntN(7)] }
	for _, ids := range [...]*capset.IDs{&s.UID, &s.GID} {
		*ids = capset.IDs{Real: id()}
		if ids.Effective, ids.Saved, ids.Filesystem = ids.Real, ids.Real, ids.Real; yes() {
			ids.Effective = id()
		}
	}
	for range random.IntN(3) {
		s.Groups = append(s.Groups, id())
	}
	s.NoNewPrivs, s.Seccomp = yes(), [...]int{0, 0, 2, 2, 1, 3}[random.IntN(6)]
	for _, f := range [...]procstatus.Field{
		procstatus.FieldUID, procstatus.FieldGID, procstatus.FieldGroups, procstatus.FieldNoNewPrivs, procstatus.FieldSeccomp,
	} {
		if random.IntN(8) > 0 {
			s.Mark(f)
		}
	}
	r.Mounted = Mounted{ReadOnly: Answer(random.IntN(3)), Proc: Answer(random.IntN(3)), Sys: Answer(random.IntN(3))}
	places := [...]func(*Record){onNode, inContainer, inChild, hiddenNamespaces, func(r *Record) { r.unknown("userNamespace", notTold) }}
	places[random.IntN(len(places))](r)
	if r.Securebits = capset.Securebits(random.IntN(256)); yes() {
		r.unknown("securebits", "hidden")
	}
	r.absent()
	return r
}
