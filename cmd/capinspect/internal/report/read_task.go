// SPDX-License-Identifier: Apache-2.0

package report

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
	"github.com/capinspect/capinspect/procstatus"
	"github.com/capinspect/capinspect/procstatus/container"
)

// task returns the task that a report tells of. What follows from the rest, as the mode and
// the text form of the sets, is not taken from the report.
func (r *Task) task() (*task.Task, error) {
	if r.Capabilities == nil {
		return nil, errors.New("no capabilities")
	}
	explain(r, r.Unknown)
	t := &task.Task{Self: r.Self}
	for _, read := range [...]func(*task.Task) error{r.readLastCap, r.readSets, r.readSeccomp} {
		if err := read(t); err != nil {
			return nil, err
		}
	}
	if !t.HasSets() {
		return nil, errors.New("no capability line")
	}
	t.Reported, t.StartTime = r.Stamp.task(), r.StartTime
	r.readStatus(t)
	r.readNames(t)
	r.readPlace(t)
	for _, l := range r.OtherCaps {
		t.OtherCaps = append(t.OtherCaps, procstatus.CapLine(l))
	}
	for _, n := range r.Notes {
		t.Notes = append(t.Notes, task.Note(n))
	}
	return t, nil
}

func (r *Task) readLastCap(t *task.Task) error {
	last, ok := r.LastCap.Value.Get()
	if !ok {
		return nil
	}
	if last < 0 || last > int(capset.Max) {
		return fmt.Errorf("lastCap: %d: %w", last, procstatus.ErrRange)
	}
	t.LastCap = task.LastCap{Value: capset.Cap(last), From: task.FromReport}
	if r.LastCap.From == task.FromGuess {
		t.LastCap.From = task.FromGuess
		if l := r.LastCap.Limit; l != nil && l.Value >= 0 && l.Value <= int(capset.Max) {
			t.LastCap.Limit = task.Limit{Cap: capset.Cap(l.Value), Why: l.Text}
		}
	}
	return nil
}

func (r *Task) readSets(t *task.Task) error {
	for k := range capset.Kind(capset.NumKinds) {
		saved := r.Capabilities.of(k)
		set, ok := saved.Get()
		if !ok {
			t.Sets[k] = task.Unknown[capset.Set](saved.Why())
			continue
		}
		hex, ok := set.Hex.Get()
		if !ok {
			return fmt.Errorf("capabilities.%s: no hex", task.SetName(k))
		}
		bits, err := capset.ParseHex(hex)
		if err != nil {
			return fmt.Errorf("capabilities.%s.hex: %q: %w", task.SetName(k), hex, err)
		}
		t.Sets[k] = task.Known(bits)
	}
	return nil
}

func (r *Task) readSeccomp(t *task.Task) error {
	saved, _ := r.Seccomp.Get()
	name, ok := saved.Mode.Get()
	if !ok {
		t.Seccomp = task.Unknown[task.Seccomp](r.Seccomp.Why())
		return nil
	}
	mode, ok := task.SeccompMode(name)
	if !ok {
		return fmt.Errorf("seccomp: mode: %q: %w", name, procstatus.ErrSyntax)
	}
	saved.Filters.Because(task.Untold)
	t.Seccomp = task.Known(task.Seccomp{Mode: mode, Filters: saved.Filters})
	return nil
}

// readStatus takes what else a status file tells, and the securebits.
func (r *Task) readStatus(t *task.Task) {
	t.Pid, t.Tid, t.PPid, t.Name = r.Pid, r.Tid, r.PPid, r.Name
	t.RunState = ifValid(r.State, letter)
	t.Threads, t.TracerPid = r.Threads, r.TracerPid
	t.NSPid = ifValid(r.NSPid, allKnown)
	t.UID = ifValid(r.UID, func(ids IDs) (capset.IDs, bool) { return firstIDs(ids, 2) })
	t.GID = ifValid(r.GID, func(ids IDs) (capset.IDs, bool) { return firstIDs(ids, 1) })
	for _, ids := range [...]task.Value[IDs]{r.UID, r.GID} {
		if four, ok := ids.Get(); ok && !four.Saved.Known() {
			t.Partly = cmp.Or(t.Partly, four.Saved.Why())
		}
	}
	t.Groups = ifValid(r.Groups, groupIDs)
	t.NoNewPrivs = r.NoNewPrivs
	t.Securebits = ifValid(r.Securebits, func(b Securebits) (capset.Securebits, bool) {
		value, ok := b.Value.Get()
		return capset.Securebits(value), ok
	})
	t.Securebits.Because("the report does not say")
	for _, v := range [...]interface{ Because(why string) }{
		&t.Pid, &t.Tid, &t.PPid, &t.Name, &t.RunState, &t.Threads, &t.NSPid, &t.TracerPid,
		&t.UID, &t.GID, &t.Groups, &t.NoNewPrivs, &t.Seccomp,
	} {
		v.Because(task.Untold)
	}
	for k := range t.Sets {
		t.Sets[k].Because(task.Untold)
	}
	t.Whole = t.Complete()
}

// ifValid returns f of a value. It is unknown if f says that the value is not valid.
func ifValid[T, U any](v task.Value[T], f func(T) (U, bool)) task.Value[U] {
	if value, ok := v.Get(); ok {
		if u, ok := f(value); ok {
			return task.Known(u)
		}
	}
	return task.Unknown[U](v.Why())
}

// task returns the stamp of a saved report.
func (s Stamp) task() task.Stamp {
	return task.Stamp{Time: ifValid(s.Time, rfc3339), Node: ifValid(s.Node, notEmpty), Program: ifValid(s.Program, notEmpty)}
}

func rfc3339(s string) (string, bool) {
	_, err := time.Parse(time.RFC3339, s)
	return s, err == nil
}

// letter returns the byte of a text that is one letter.
func letter(s string) (byte, bool) {
	if len(s) != 1 || s[0]|0x20 < 'a' || s[0]|0x20 > 'z' {
		return 0, false
	}
	return s[0], true
}

// allKnown returns the values of a list in which all are known.
func allKnown[T any](list []task.Value[T]) (known []T, ok bool) {
	known = make([]T, 0, len(list))
	for _, v := range list {
		if !v.Known() {
			return nil, false
		}
		known = append(known, v.Zero())
	}
	return known, true
}

// firstIDs returns ids of which at least the first n are known. Those that are not, for a
// reason, are what the ones before them are.
func firstIDs(ids IDs, n int) (four capset.IDs, ok bool) {
	list := []task.Value[uint32]{ids.Real, ids.Effective, ids.Saved, ids.Filesystem}
	for i, id := range list {
		if !id.Known() && (i < n || id.Why() == "") {
			return capset.IDs{}, false
		}
	}
	four.Real = ids.Real.Zero()
	four.Effective = ids.Effective.Or(four.Real)
	four.Saved, four.Filesystem = ids.Saved.Or(four.Effective), ids.Filesystem.Or(four.Effective)
	return four, true
}

func groupIDs(list []Group) ([]uint32, bool) {
	return allKnown(each(list, func(g Group) task.Value[uint32] { return g.ID }))
}

// readNames takes the names of ids, and the ids in the initial user namespace.
func (r *Task) readNames(t *task.Task) {
	t.UserNames, t.GroupNames = task.Names{}, task.Names{}
	var users, groups Elsewhere
	if ids, ok := t.UID.Get(); ok {
		users = elsewhere(r.UID)
		learn(t.UserNames, ids.Real, users.RealName)
		learn(t.UserNames, ids.Effective, users.EffectiveName)
	}
	if ids, ok := t.GID.Get(); ok {
		groups = elsewhere(r.GID)
		learn(t.GroupNames, ids.Real, groups.RealName)
		learn(t.GroupNames, ids.Effective, groups.EffectiveName)
	}
	for _, g := range r.Groups.Zero() {
		if id, ok := g.ID.Get(); ok && g.GroupName != nil {
			learn(t.GroupNames, id, g.Name)
		}
	}
	// A report has the real and the effective ones alone.
	host := []task.Value[uint32]{users.HostReal, users.HostEffective, groups.HostReal, groups.HostEffective}
	if ids, ok := allKnown(host); ok {
		t.Host = task.Known(task.HostIDs{
			UID: capset.IDs{Real: ids[0], Effective: ids[1]},
			GID: capset.IDs{Real: ids[2], Effective: ids[3]},
		})
		return
	}
	why := ""
	for _, id := range host {
		why = cmp.Or(why, id.Why())
	}
	t.Host = task.Unknown[task.HostIDs](why)
}

// elsewhere returns what a report tells of ids beside the ids.
func elsewhere(ids task.Value[IDs]) Elsewhere {
	if e := ids.Zero().Elsewhere; e != nil {
		return *e
	}
	return Elsewhere{}
}

// learn adds the name of an id, unless a better one is there.
func learn(names task.Names, id uint32, name task.Value[string]) {
	names[id] = task.First(names[id], ifValid(name, notEmpty))
}

func notEmpty(s string) (string, bool) { return s, s != "" }

func notZero(id uint64) (uint64, bool) { return id, id != 0 }

// readPlace takes where the task is.
func (r *Task) readPlace(t *task.Task) {
	t.Namespaces = ifValid(r.Namespaces, savedNamespaces)
	own := task.Is(t.Namespace(procstatus.NamespaceUser).WithSelf, true)
	t.UserNamespace = task.Map(r.UserNamespace, func(ns UserNamespace) task.UserNamespace {
		ns.Initial.Because(task.Untold)
		return task.UserNamespace{
			ID: ifValid(ns.ID, notZero), Initial: ns.Initial, Own: own,
			UIDMap: task.Map(ns.UIDMap, idMap), GIDMap: task.Map(ns.GIDMap, idMap),
			Setgroups: ifValid(ns.Setgroups, notEmpty),
		}
	})
	t.Label = task.Map(r.LSM, func(l Label) procstatus.Label {
		return procstatus.Label{Module: orEmpty(l.Module), Label: l.Label, Mode: orEmpty(l.Mode)}
	})
	t.Container = task.Map(r.Container, savedContainer)
	if !t.Container.Known() && t.Container.Why() == "" { // null without a reason is none
		t.Container = task.Known[*task.Container](nil)
	}
	t.Profile = task.Map(r.Profile, func(list []string) []string {
		return slices.DeleteFunc(array(list), func(name string) bool { return name == "" })
	})
	t.Mounts = task.UnknownMounts(task.Untold)
}

func idMap(list []Extent) procstatus.IDMap {
	return each(list, func(e Extent) procstatus.Extent { return procstatus.Extent(e) })
}

// savedNamespaces returns the namespaces that have an id. ok is false if none has.
func savedNamespaces(saved Namespaces) (all task.Namespaces, ok bool) {
	for k, v := range saved.kinds() {
		ns, _ := v.Get()
		ns.Owned.Because(task.Untold)
		if id := ifValid(ns.ID, notZero); id.Known() {
			all[k] = task.Namespace{
				ID: id, WithSelf: ns.SharedWithSelf, WithPID1: ns.SharedWithPID1, Node: ns.Node,
				Owner: ns.Owner, Owned: ns.Owned, ByUID: ns.OwnedByUID,
			}
		} else {
			all[k] = task.HiddenNamespace(v.Why())
		}
	}
	return all, all.Any()
}

func savedContainer(saved *Container) *task.Container {
	if saved == nil {
		return nil
	}
	c := &task.Container{
		Container: container.Container{
			Runtime: saved.Runtime.Zero(), ID: saved.ID.Zero(), PodUID: saved.PodUID.Zero(), PodID: orEmpty(saved.PodID),
			SandboxID: orEmpty(saved.SandboxID), Name: saved.Name.Zero(),
		},
		PodName: saved.PodName.Zero(), PodNamespace: saved.PodNamespace.Zero(),
		Hostname: saved.Hostname.Zero(), Sandbox: saved.Sandbox, Conflicts: saved.Conflicts,
		Why: task.Reasons{
			Runtime: saved.Runtime.Why(), ID: saved.ID.Why(), Name: saved.Name.Why(), PodUID: saved.PodUID.Why(),
			PodName: saved.PodName.Why(), PodNamespace: saved.PodNamespace.Why(), Hostname: saved.Hostname.Why(),
		},
	}
	for _, evidence := range saved.Evidence {
		what, from, _ := strings.Cut(evidence, ": ")
		c.Evidence = append(c.Evidence, container.Evidence{What: what, From: from})
	}
	return c
}

// orEmpty returns a text that is "" where it is null.
func orEmpty(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
