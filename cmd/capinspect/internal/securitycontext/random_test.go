// SPDX-License-Identifier: Apache-2.0

package securitycontext

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// TestIsValid holds the rules of the API, and that the capabilities are
// those of the set, for random tasks.
func TestIsValid(t *testing.T) {
	seed := rand.Uint64()
	random, seen := rand.New(rand.NewPCG(seed, 1)), map[string]int{}
	for range 20_000 {
		r, minimal := randomTask(random), random.IntN(2) == 0
		d, err := Of(r, minimal)
		if err != nil {
			t.Fatal(err)
		}
		if err := valid(d); err != nil {
			t.Fatalf("seed %d: %v\n%+v\n%+v", seed, err, r, d)
		}
		asked := r.Sets[capset.Bounding].Zero()
		if minimal {
			asked &= r.Sets[capset.Permitted].Zero()
		}
		got, want := capset.Set(0), asked&capset.UpTo(capset.LastKnown)
		all := capset.UpTo(r.LastCap.Value).Within(asked)
		if all {
			want = 0
		}
		add, _ := lists(d)
		for _, name := range add {
			if c, err := capset.Parse(name); err == nil {
				got |= capset.Of(c)
			}
		}
		if got != want || all != (d.Privileged != nil || slices.Equal(add, []string{"ALL"})) {
			t.Fatalf("seed %d: %v of %v", seed, add, asked)
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
	add, drop := lists(d)
	for _, name := range add {
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
	case privileged && (!escalation || d.Capabilities != nil || d.SeccompProfile != nil):
		return errors.New("privileged beside other members")
	case !privileged && add == nil && drop == nil:
		return errors.New("no capabilities")
	case slices.Contains(add, "ALL") && (len(add) > 1 || drop != nil):
		return errors.New("ALL beside others")
	case d.RunAsNonRoot != nil && (d.RunAsUser == nil || *d.RunAsUser == 0):
		return errors.New("runAsNonRoot as root")
	}
	return nil
}

// lists returns the capabilities to add and to drop.
func lists(d *Derived) (add, drop []string) {
	if d.Capabilities == nil {
		return nil, nil
	}
	return d.Capabilities.Add, d.Capabilities.Drop
}

// randomTask returns a task in a random state, of which not all is known.
func randomTask(random *rand.Rand) *task.Task {
	yes := func() bool { return random.IntN(3) == 0 }
	const last = capset.LastKnown
	t := &task.Task{LastCap: task.LastCap{Value: [...]capset.Cap{37, last, last, last, last + 2}[random.IntN(5)], From: task.FromKernel}}
	for k := range capset.Kind(capset.NumKinds) {
		set := capset.Set(random.Uint64() & random.Uint64())
		if k == capset.Bounding && yes() {
			set = capset.UpTo(t.LastCap.Value)
		}
		if !yes() {
			set &= capset.UpTo(t.LastCap.Value)
		}
		if k == capset.Bounding || k == capset.Permitted || yes() {
			t.Sets[k] = task.Known(set)
		}
	}
	id := func() uint32 { return [...]uint32{0, 0, 1000, 65534, 65535, 1 << 31, 1<<32 - 2}[random.IntN(7)] }
	ids := func() capset.IDs {
		ids := task.AllIDs(id())
		if yes() {
			ids.Effective = id()
		}
		return ids
	}
	var groups []uint32
	for range random.IntN(3) {
		groups = append(groups, id())
	}
	t.UID, t.GID, t.Groups = mostly(random, ids()), mostly(random, ids()), mostly(random, groups)
	t.NoNewPrivs = mostly(random, yes())
	t.Seccomp = mostly(random, task.Seccomp{Mode: [...]int{0, 0, 2, 2, 1, 3}[random.IntN(6)]})
	t.Mounts = task.Mounts{ReadOnlyRoot: perhaps(random), ProcMasked: perhaps(random), SysReadOnly: perhaps(random)}
	places := [...]func(*task.Task){onNode, inContainer, inChild, hiddenNamespaces, func(t *task.Task) { t.Nowhere(task.NotTold) }}
	places[random.IntN(len(places))](t)
	if t.Securebits = task.Known(capset.Securebits(random.IntN(256))); yes() {
		t.Securebits = task.Unknown[capset.Securebits]("hidden")
	}
	return t
}

// mostly returns a value that is unknown once in a while.
func mostly[T any](random *rand.Rand, v T) task.Value[T] {
	if random.IntN(8) == 0 {
		return task.Unknown[T]("hidden")
	}
	return task.Known(v)
}

// perhaps returns true, false, or that it is unknown which.
func perhaps(random *rand.Rand) task.Value[bool] {
	if n := random.IntN(3); n > 0 {
		return task.Known(n == 1)
	}
	return task.Unknown[bool]("hidden")
}
