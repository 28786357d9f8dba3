// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/capset/operation"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/need"
)

// recorded is what came of an operation when somebody did it in both child user namespaces
// with every capability: testdata/operations.
type recorded struct {
	name   string
	works  map[string]bool       // by inChild and inApart
	checks map[string][]capCheck // the same
}

// recordedOperations reads the table.
func recordedOperations(t *testing.T) (rows []recorded) {
	t.Helper()
	text, err := os.ReadFile("../../testdata/operations/userns-6.18.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		columns := strings.Split(line, "|")
		if len(columns) != 3 || line[0] == '#' {
			continue
		}
		r := recorded{strings.TrimSpace(columns[0]), map[string]bool{}, map[string][]capCheck{}}
		for i, kind := range []string{inChild, inApart} {
			words := strings.Fields(columns[i+1])
			r.works[kind] = words[0] == "ok"
			for _, word := range words[1:] {
				name, where, ok := strings.Cut(word[:len(word)-1], "@")
				c, err := capset.Parse(name)
				if err != nil || !ok {
					t.Fatalf("%q: %v", word, err)
				}
				r.checks[kind] = append(r.checks[kind], capCheck{cap: c, where: where, granted: strings.HasSuffix(word, "+")})
			}
		}
		rows = append(rows, r)
	}
	return rows
}

// scopesIn returns where capinspect says that the capabilities of a process count, in a
// user namespace of a kind.
func scopesIn(t *testing.T, kind string) place {
	t.Helper()
	cmd := sleeper()
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWUSER, UidMappings: sameIDs, GidMappings: sameIDs, Pdeathsig: syscall.SIGKILL}
	if kind == inApart {
		cmd.SysProcAttr.Cloneflags |= ownUnshared | syscall.CLONE_NEWIPC | syscall.CLONE_NEWPID | syscall.CLONE_NEWCGROUP
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		cmd.Process.Kill()
		cmd.Wait()
	}()
	return placeOf(t, run(t, built(t), "--json", strconv.Itoa(cmd.Process.Pid)))
}

// agrees holds that capinspect says of a capability that it counts somewhere, if the kernel
// found it, and that it does not count somewhere, if the kernel did not. One that counts for
// processes does not for those of the node.
func (p place) agrees(t *testing.T, of string, c capCheck) {
	t.Helper()
	s := p.Scopes[c.cap.String()]
	switch {
	case s != nil && slices.Contains(s.For, capset.ScopeProcess.String()) && c.where == "initial":
	case s == nil || len(s.Unknown) > 0:
		t.Errorf("%s: nothing is said of %s", of, c.cap)
	case c.where == "own" && (!c.granted || len(s.For) == 0), c.where == "initial" && (c.granted || len(s.NotFor) == 0):
		t.Errorf("%s: the kernel says %s, capinspect that it counts for %v and not for %v", of, c, s.For, s.NotFor)
	}
}

// says holds that capinspect says the same of the scope in which the table has it that an
// operation asks for a capability.
func (p place) says(t *testing.T, o *child, c capCheck) {
	t.Helper()
	scope := o.ScopeOf(c.cap)
	s := p.Scopes[c.cap.String()]
	ownMount := func(n operation.Note) bool { return n.Code == "own-mount" }
	if s == nil || !o.Set().Has(c.cap) || unlike[o.none.Name] != "" || scope == capset.ScopeInitial && slices.ContainsFunc(o.Instead, ownMount) ||
		scope == capset.ScopeProcess && c.where == "initial" { // the process is outside
		return
	}
	list := map[string][]string{"own": s.For, "initial": s.NotFor}[c.where]
	if !slices.Contains(list, scope.String()) {
		t.Errorf("%s: %s: the kernel says %s, capinspect that it counts for %v and not for %v, and the scope is %s", o.kind, o.none.Name, c, s.For, s.NotFor, scope)
	}
}

// verifyScopes holds what capinspect says of scopes against what the kernel looked for.
func verifyScopes(t *testing.T, done []child) {
	t.Helper()
	places := map[string]place{inChild: scopesIn(t, inChild), inApart: scopesIn(t, inApart)}
	count := 0
	for i := range done {
		o := &done[i]
		for _, c := range o.full.checks {
			if o.Operation == nil || c.where != "own" && c.where != "initial" || o.full.Came == "" && !c.granted { // which was no need
				continue
			}
			count++
			places[o.kind].agrees(t, o.kind+": "+o.none.Name, c)
			places[o.kind].says(t, o, c)
		}
	}
	t.Logf("%d checks of the kernel", count)
}

// unrepeated says why an operation of the table is another one in the tests.
var unrepeated = map[string]string{
	"fanotify_init FAN_CLASS_NOTIF": "it works without a capability",
	"io_uring_setup":                "a sysctl forbids it",
}

// verifyRecorded holds that the kernel looks for what it looked for when the table was
// recorded, unless another capability suffices before: of the files there, few owners had an
// id in the user namespace. Processes belonged to the node.
func verifyRecorded(t *testing.T, done []child) {
	t.Helper()
	same := 0
	for _, r := range recordedOperations(t) {
		if doings[r.name] == nil && unrepeated[r.name] == "" {
			t.Errorf("%s is not done, and nothing says why", r.name)
		}
		for i := range done {
			o := &done[i]
			if o.none.Name != r.name || unrepeated[r.name] != "" || o.kind == inApart && o.Operation != nil && o.Scope == capset.ScopeProcess {
				continue
			}
			for n, c := range r.checks[o.kind] {
				if !slices.ContainsFunc(o.full.checks, func(got capCheck) bool {
					got.silent = false
					return got == c || got.granted && slices.Contains(r.checks[o.kind][:n], got)
				}) {
					t.Errorf("%s: %s looked for %v, now for %v", o.kind, r.name, r.checks[o.kind], o.full.checks)
				}
				same++
			}
		}
	}
	t.Logf("%d checks as recorded", same)
}

// TestRecordedScopes holds what capinspect says of scopes against what another kernel of
// Linux 6.18 looked for.
func TestRecordedScopes(t *testing.T) {
	need.On(t, "root")
	rows := recordedOperations(t)
	if len(rows) < 70 {
		t.Fatalf("%d operations", len(rows))
	}
	for _, kind := range []string{inChild, inApart} {
		p := scopesIn(t, kind)
		for _, r := range rows {
			for _, c := range r.checks[kind] {
				if c.granted || !r.works[kind] {
					p.agrees(t, kind+": "+r.name, c)
				}
			}
		}
	}
}
