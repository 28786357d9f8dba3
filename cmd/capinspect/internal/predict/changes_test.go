// SPDX-License-Identifier: Apache-2.0

package predict

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// changer does what the text of a change says.
type changer struct {
	match *regexp.Regexp
	do    func(t *testing.T, s *Subject, in *tree, words []string)
}

var changers = []changer{
	{regexp.MustCompile(`^setcap -r (/\S+?)(,|$)`), func(_ *testing.T, _ *Subject, in *tree, words []string) {
		in.files[words[1]].Caps = task.Known([]byte(nil))
	}},
	{regexp.MustCompile(`^setcap ('[^']+'|\S+) (/[^:]+): without`), func(t *testing.T, _ *Subject, in *tree, words []string) {
		c, err := capset.ParseFileCaps(in.files[words[2]].Caps.Zero())
		if err != nil {
			t.Fatal(err)
		}
		c.Effective = false
		in.files[words[2]].Caps = task.Known(c.Attribute())
	}},
	{regexp.MustCompile(`^capabilities.add: \[(.*)\] \(docker`), func(t *testing.T, s *Subject, _ *tree, words []string) {
		add, err := capset.ParseList(strings.ReplaceAll(words[1], " ", ""))
		if err != nil {
			t.Fatal(err)
		}
		s.Credentials.Sets[capset.Bounding] |= add
	}},
	{regexp.MustCompile(`^chmod ([ugo])\+x (/\S+)$`), func(_ *testing.T, _ *Subject, in *tree, words []string) {
		bit := map[string]uint32{"u": 0o100, "g": 0o10, "o": 1}[words[1]]
		if f := in.files[words[2]]; f != nil {
			f.Mode |= bit
			return
		}
		dir := in.dirs[words[2]]
		dir.Mode |= bit
		in.dirs[words[2]] = dir
	}},
	{regexp.MustCompile(`^have it on a mount without noexec: (/\S+)$`), func(_ *testing.T, _ *Subject, in *tree, words []string) {
		in.files[words[1]].Mount = task.Known(MountOptions{})
	}},
	{regexp.MustCompile(`^have (/\S+) where no nosuid mount is$`), func(_ *testing.T, _ *Subject, in *tree, words []string) {
		in.files[words[1]].Mount = task.Known(MountOptions{})
	}},
	{regexp.MustCompile(`^execute it without a tracer`), func(_ *testing.T, s *Subject, _ *tree, _ []string) {
		s.How.Traced = false
	}},
	{regexp.MustCompile(`^give (/\S+) to a user and a group that have ids`), func(_ *testing.T, _ *Subject, in *tree, words []string) {
		in.files[words[1]].NoUID, in.files[words[1]].UID = false, 5 // whose class of the mode stays
	}},
	{regexp.MustCompile(`^setcap ('[^']+'|\S+) (/[^:]+), by root of`), func(t *testing.T, _ *Subject, in *tree, words []string) {
		c, err := capset.ParseFileCaps(in.files[words[2]].Caps.Zero())
		if err != nil {
			t.Fatal(err)
		}
		c.Version, c.RootID = 2, 0
		if text := quoted(&c, capset.LastKnown); text != words[1] {
			t.Errorf("%s, want %s", words[1], text)
		}
		in.files[words[2]].Caps = task.Known(c.Attribute())
	}},
	{regexp.MustCompile(`^no allowPrivilegeEscalation: false `), func(_ *testing.T, s *Subject, _ *tree, _ []string) {
		s.Credentials.NoNewPrivs = false
	}},
}

// apply does what a change says. known is false if it is none that a program can do.
func apply(t *testing.T, c Change, s *Subject, in *tree) (known bool) {
	t.Helper()
	for _, by := range changers {
		if words := by.match.FindStringSubmatch(c.Text); words != nil {
			by.do(t, s, in, words)
			return true
		}
	}
	return false
}

func (t *tree) clone() *tree {
	c := *t
	c.files, c.dirs = map[string]*Found{}, maps.Clone(t.dirs)
	for path, f := range t.files {
		g := *f
		c.files[path] = &g
	}
	return &c
}

// TestChangesWork applies each change of a failure alone, in random states: the failure is
// gone then, or another file or directory is in the way.
func TestChangesWork(t *testing.T) {
	random := rand.New(rand.NewPCG(15, 5))
	applied := map[string]int{}
	sets := func() capset.Set {
		a, b := random.Uint64(), random.Uint64()
		return capset.Set(a&b) & capset.UpTo(capset.LastKnown)
	}
	for range 3000 {
		caps := capset.FileCaps{Version: 2, Effective: random.IntN(3) > 0, Permitted: sets(), Inheritable: sets()}
		ids := [...]uint32{0, 1000, 27, 5}
		id := func() uint32 { return ids[random.IntN(len(ids))] }
		in := &tree{
			files: map[string]*Found{"/d/x": file(mode(0o711+uint32(random.IntN(2))*0o44, id(), id()))},
			dirs:  map[string]Inode{"/d": {Mode: 0o755, UID: id(), GID: id()}},
		}
		x := in.files["/d/x"]
		if random.IntN(2) == 0 {
			x.Caps = task.Known(caps.Attribute())
		}
		if random.IntN(4) == 0 {
			x.Mode = uint32(random.IntN(0o1000)) | uint32(random.IntN(4))<<10
		}
		if random.IntN(3) == 0 {
			x.Mount = task.Known(MountOptions{NoExec: random.IntN(2) == 0, NoSuid: random.IntN(2) == 0})
		}
		if random.IntN(4) == 0 {
			in.dirs["/d"] = Inode{Mode: uint32(random.IntN(0o1000)), UID: id(), GID: id()}
		}
		if caps.Version, caps.RootID = 2, 0; random.IntN(4) == 0 {
			caps.Version, caps.RootID = 3, 7
		}
		if x.Caps.Zero() != nil {
			x.Caps = task.Known(caps.Attribute())
		}
		x.NoUID = random.IntN(6) == 0
		u, traced := user(), random.IntN(6) == 0
		u.Sets[capset.Bounding], u.NoNewPrivs = task.Known(^sets()&capset.UpTo(capset.LastKnown)), task.Known(random.IntN(5) == 0)
		predict := func(in *tree, changes ...Change) *Prediction {
			s := subject(t, u, in, WhatIf{})
			s.How.Traced = traced
			for _, c := range changes {
				if !apply(t, c, s, in) {
					return nil
				}
			}
			p, err := s.Predict("/d/x")
			if err != nil {
				t.Fatal(err)
			}
			return p
		}
		p := predict(in)
		if p.Result != OK && p.Changes == nil {
			t.Errorf("%s: no change: %s", p.Result, p.Why)
		}
		for _, c := range p.Changes {
			applied[strings.Fields(c.Text)[0]+" "+p.Result]++
		}
		if p.Result == OK {
			testObstacles(t, p, in, predict)
			continue
		}
		for _, c := range p.Changes {
			after := predict(in.clone(), c)
			switch {
			case after == nil:
				t.Errorf("%q: what does it say?", c)
			case after.Result == p.Result && after.Why == p.Why:
				t.Errorf("%q: still %s", c, after.Why)
			}
		}
	}
	t.Log(applied)
	for _, word := range []string{"setcap EPERM", "capabilities.add: EPERM", "chmod EACCES", "have EACCES", "have ok", "no ok", "execute ok", "give ok", "setcap ok"} {
		if applied[word] < 20 {
			t.Errorf("%s: %d times", word, applied[word])
		}
	}
}

// testObstacles holds that a program gives something else with all changes together than
// without one of them.
func testObstacles(t *testing.T, p *Prediction, in *tree, predict func(*tree, ...Change) *Prediction) {
	t.Helper()
	outcome := func(changes ...Change) string {
		after := predict(in.clone(), changes...)
		if after == nil || after.After == nil {
			t.Errorf("%q: what does it say?", changes)
			return ""
		}
		return fmt.Sprint(after.After.State(), after.After.UID, after.After.GID)
	}
	var changes []Change
	for _, c := range p.Changes {
		if !strings.HasPrefix(c.Text, "capabilities.add:") { // for what root does later
			changes = append(changes, c)
		}
	}
	all := outcome(changes...)
	if changes != nil && all == outcome() {
		t.Errorf("%q: nothing changes: %v", changes, p.Steps)
	}
	for n := range changes {
		if fewer := slices.Delete(slices.Clone(changes), n, n+1); outcome(fewer...) == all {
			t.Errorf("%q: %q would do", changes, fewer)
		}
	}
}

// TestForcedChanges holds the order of least privilege.
func TestForcedChanges(t *testing.T) {
	caps := capset.FileCaps{Version: 2, Effective: true, Permitted: capset.Of(capset.SysAdmin, capset.NetRaw), Inheritable: capset.Of(capset.NetRaw)}
	in := &tree{files: map[string]*Found{"/ping": file(func(f *Found) { f.Caps = task.Known(caps.Attribute()) })}}
	for _, row := range []struct {
		outside bool
		want    []Change
	}{
		{false, []Change{
			{"image", "setcap -r /ping, if it does its work without cap_net_raw,cap_sys_admin"},
			{"image", "setcap 'cap_net_raw=ip cap_sys_admin+p' /ping: without the effective flag it starts, but has to raise what it gets"},
			{"securityContext", "capabilities.add: [SYS_ADMIN] (docker: --cap-add SYS_ADMIN)"},
		}},
		{true, []Change{
			{"file", "setcap -r /ping, if it does its work without cap_net_raw,cap_sys_admin"},
			{"file", "setcap 'cap_net_raw=ip cap_sys_admin+p' /ping: without the effective flag it starts, but has to raise what it gets"},
			{"unit", "CapabilityBoundingSet= with CAP_SYS_ADMIN"},
		}},
	} {
		s := subject(t, user(), in, WhatIf{})
		s.Outside = row.outside
		p, err := s.Predict("/ping")
		if err != nil || p.Result != "EPERM" || fmt.Sprint(p.Changes) != fmt.Sprint(row.want) {
			t.Errorf("%v: %v, %v\n got %q\nwant %q", row.outside, p.Result, err, p.Changes, row.want)
		}
	}
}

// TestRootNotes holds what is said of uid 0 that holds too little.
func TestRootNotes(t *testing.T) {
	setuid := file(mode(0o4755, 0, 0))
	in := &tree{files: map[string]*Found{"/bin/sudo": setuid, "/bin/newuidmap": setuid, "/bin/newgidmap": setuid, "/bin/sh": file(), "/bin/plain/newuidmap": file()}}
	docker := dockerBounding | capset.Of(capset.Setgid, capset.Setuid, capset.DacOverride)
	all := docker | capset.Of(capset.SysAdmin)
	for name, row := range map[string]struct {
		file     string
		uid      uint32
		bounding capset.Set
		notes    string
		changes  string
	}{
		"sudo that holds nothing": {"sudo", 1000, 0, "root-without-capabilities", "[{securityContext capabilities.add: [SETGID, SETUID] (docker: --cap-add SETGID --cap-add SETUID), for setgid(2) and setuid(2)}]"},
		"sudo":                    {"sudo", 1000, docker, "", "[]"},
		"root that holds nothing": {"sh", 0, 0, "root-without-capabilities", "[]"},
		"a user":                  {"sh", 1000, 0, "", "[]"},
		"newuidmap":               {"newuidmap", 1000, docker, "id-map-helper", "[{image chmod u-s /bin/newuidmap && setcap cap_setuid=ep /bin/newuidmap: then it keeps the uid that owns the namespace} {securityContext capabilities.add: [SYS_ADMIN] (docker: --cap-add SYS_ADMIN)}]"},
		"newgidmap without setgid": {
			"newgidmap", 1000, docker &^ capset.Of(capset.Setgid), "id-map-helper",
			"[{image chmod u-s /bin/newgidmap && setcap cap_setgid=ep /bin/newgidmap: then it keeps the uid that owns the namespace} {securityContext capabilities.add: [SETGID] (docker: --cap-add SETGID)} {securityContext capabilities.add: [SYS_ADMIN] (docker: --cap-add SYS_ADMIN)}]",
		},
		"newuidmap with all": {"newuidmap", 1000, all, "", "[]"},
		"newuidmap without dac_override": {
			"newuidmap", 1000, all &^ capset.Of(capset.DacOverride), "id-map-helper",
			"[{image chmod u-s /bin/newuidmap && setcap cap_setuid=ep /bin/newuidmap: then it keeps the uid that owns the namespace} {securityContext capabilities.add: [DAC_OVERRIDE] (docker: --cap-add DAC_OVERRIDE)}]",
		},
		"newuidmap without setuid": {
			"newuidmap", 1000, all &^ capset.Of(capset.Setuid), "id-map-helper",
			"[{image chmod u-s /bin/newuidmap && setcap cap_setuid=ep /bin/newuidmap: then it keeps the uid that owns the namespace} {securityContext capabilities.add: [SETUID] (docker: --cap-add SETUID)}]",
		},
		"plain newuidmap": {
			"plain/newuidmap", 1000, docker, "id-map-helper",
			"[{image setcap cap_setuid=ep /bin/plain/newuidmap: then it keeps the uid that owns the namespace}]",
		},
		"newuidmap as root":      {"newuidmap", 0, docker, "", "[]"},
		"newuidmap with nothing": {"newuidmap", 0, 0, "root-without-capabilities", "[]"},
	} {
		u := user()
		u.Sets[capset.Bounding], u.UID = task.Known(row.bounding), task.Known(task.AllIDs(row.uid))
		p, err := subject(t, u, in, WhatIf{}).Predict("/bin/" + row.file)
		if err != nil || codes(p.Notes) != row.notes || fmt.Sprint(p.Changes) != row.changes {
			t.Errorf("%s: %v, %v, %v", name, err, p.Notes, p.Changes)
		}
	}
}

// TestScopeNotes holds that it is said where it counts what the task would hold.
func TestScopeNotes(t *testing.T) {
	in := &tree{files: map[string]*Found{"/gives": file(mode(0o4755, 0, 0)), "/plain": file()}}
	for path, want := range map[string]string{"/gives": "child-user-namespace", "/plain": ""} {
		u := user()
		u.UserNamespace = task.Known(task.UserNamespace{Own: true, Initial: task.Known(false)})
		p, err := subject(t, u, in, WhatIf{}).Predict(path)
		if err != nil || codes(p.Notes) != want {
			t.Errorf("%s: %v, %v", path, p.Notes, err)
		}
	}
}
