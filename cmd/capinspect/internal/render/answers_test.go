// SPDX-License-Identifier: Apache-2.0

package render

import (
	"slices"
	"strings"
	"testing"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/capset/runtime"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/diff"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/manifest"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/predict"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/report"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/securitycontext"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task/tasktest"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/why"
)

// derived returns what to write for a container, with all there can be.
func derived() *securitycontext.Derived {
	x := &task.Task{Securebits: task.Known(capset.NoRoot | capset.KeepCaps | capset.KeepCaps.Lock())}
	x.NoNewPrivs, x.Seccomp = task.Known(true), task.Known(task.Seccomp{})
	d := &securitycontext.Derived{
		Task: x, Set: capset.Of(capset.NetRaw, capset.Chown), Ambient: capset.Of(capset.NetRaw),
		UID: new(uint32(7)), GID: new(uint32(65535)), Groups: []uint32{9, 10},
		Comments: []securitycontext.Comment{
			{Note: task.Note{Code: "odd", Text: "a $(reboot) `b` \x1b " + strings.Repeat("long ", 14)}, For: securitycontext.Docker},
			{Note: task.Note{Code: "plain", Text: `of "units"`}, For: securitycontext.Systemd | securitycontext.Kubernetes},
		},
	}
	d.Capabilities = &manifest.Capabilities{Drop: []string{"ALL"}, Add: []string{"CHOWN", "NET_RAW"}}
	d.RunAsUser, d.RunAsGroup = new(int64(7)), new(int64(8))
	d.ReadOnlyRootFilesystem, d.AllowPrivilegeEscalation = new(true), new(false)
	d.SeccompProfile = &manifest.SeccompProfile{Type: "RuntimeDefault"}
	d.ProcMount, d.AppArmorProfile = "Unmasked", &manifest.AppArmorProfile{Type: "Unconfined"}
	d.UnmaskedProc, d.HostFlags, d.DynamicUser = true, []string{"--pid", "--ipc"}, true
	return d
}

func TestManifest(t *testing.T) {
	want := `securityContext:
  capabilities:
    drop:
    - ALL
    add:
    - CHOWN
    - NET_RAW
  runAsUser: 7
  runAsGroup: 8
  readOnlyRootFilesystem: true
  allowPrivilegeEscalation: false
  procMount: Unmasked
  seccompProfile:
    type: RuntimeDefault
  appArmorProfile:
    type: Unconfined
  # plain: of "units"
`
	if got := printed(printManifest, derived()); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	privileged := &securitycontext.Derived{Task: &task.Task{}}
	privileged.Privileged, privileged.RunAsNonRoot = new(true), new(false)
	if got, want := printed(printManifest, privileged), "securityContext:\n  privileged: true\n  runAsNonRoot: false\n"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// Nothing in the comments acts on a shell that takes them for commands.
func TestDocker(t *testing.T) {
	words := strings.Fields("--cap-drop ALL --cap-add CHOWN --cap-add NET_RAW --user 7:8 --group-add 9 --group-add 10" +
		" --security-opt no-new-privileges --security-opt seccomp=unconfined --security-opt apparmor=unconfined" +
		" --security-opt systempaths=unconfined --pid host --ipc host --read-only")
	d := derived()
	if got := dockerWords(d); !slices.Equal(got, words) {
		t.Errorf("got %q\nwant %q", got, words)
	}
	want := "# odd: a __reboot_ _b_ _x1b" + strings.Repeat(" long", 10) + "\n#   long long long long\n" + strings.Join(words, " ") + "\n"
	if got := printed(printDocker, d); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	privileged := &securitycontext.Derived{Task: &task.Task{}}
	privileged.Privileged, privileged.ReadOnlyRootFilesystem = new(true), new(false)
	privileged.Task.Seccomp = task.Known(task.Seccomp{})
	if got := dockerWords(privileged); !slices.Equal(got, []string{"--privileged"}) {
		t.Errorf("got %q", got)
	}
}

func TestUnit(t *testing.T) {
	want := `# plain: of "units"
[Service]
DynamicUser=yes
User=7
SupplementaryGroups=9 10
CapabilityBoundingSet=CAP_CHOWN CAP_NET_RAW
AmbientCapabilities=CAP_NET_RAW
NoNewPrivileges=yes
SecureBits=noroot keep-caps-locked
`
	if got := printed(printUnit, derived()); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	for want, d := range map[string]*securitycontext.Derived{
		"[Service]\nCapabilityBoundingSet=\n":  {Task: &task.Task{}},
		"[Service]\nCapabilityBoundingSet=~\n": {Task: &task.Task{}, Full: true},
	} {
		if got := printed(printUnit, d); got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
	}
}

func TestDifference(t *testing.T) {
	d := &diff.Difference{
		A:    &diff.Side{Label: "a\x1b", Task: &task.Task{Asked: &task.Asked{Traps: []task.Note{{Code: "x", Text: "y"}}}}},
		B:    &diff.Side{Label: "b"},
		Sets: []diff.SetDifference{{Kind: capset.Effective, More: capset.Of(capset.NetRaw), Less: capset.Of(capset.Chown)}},
		Values: []diff.ValueDifference{
			{Key: "uid", A: task.AllIDs(0), B: capset.IDs{Real: 1}},
			{Key: "groups", A: []uint32(nil), B: []uint32{1, 2}},
			{Key: "securebits", A: capset.Securebits(0), B: capset.NoRoot | capset.NoRoot.Lock()},
			{Key: "lsm", A: "a\nb", B: "c"},
			{Key: "noNewPrivs", A: true, B: false},
		},
		NotCompared: []task.Note{{Code: "userNamespace.uidMap", Text: "x"}, {Code: "mode", Text: "x"}, {Code: "lsm", Text: "y\n"}},
	}
	want := `b has net_raw more and chown less than a\x1b; other uids, no_new_privs off, another LSM label, other groups, other securebits
Effective: -cap_chown +cap_net_raw
uid: 0 -> real 1, effective 0, saved 0, filesystem 0
groups: none -> 1,2
securebits: 0x0 -> 0x3
lsm: a\x0ab -> c
noNewPrivs: true -> false
Traps:
  x  y
Not compared: userNamespace.uidMap, mode (x); lsm (y\x0a)
`
	if got := printed(printDifference, d); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	d.B.Task = &task.Task{Asked: &task.Asked{Assumed: []task.Note{{Code: "z", Text: "w"}}}}
	if got, want := printed(printDifference, d), "Traps of a\\x1b:\n  x  y\nAssumed of b:\n  z  w\n"; !strings.Contains(got, want) {
		t.Errorf("got\n%s\nwithout\n%s", got, want)
	}
}

func prediction() *predict.Prediction {
	before, after := tasktest.Process(), tasktest.Process()
	after.UID = task.Known(capset.IDs{Real: 1})
	after.UserNames = task.Names{0: task.Known("root")}
	after.Sets[capset.Permitted] = task.Known(capset.Of(capset.NetRaw, capset.SysAdmin))
	before.GID, after.GID = task.Known(task.AllIDs(5)), task.Known(capset.IDs{Real: 5, Effective: 6})
	return &predict.Prediction{
		Task: before, File: "/bin/a\x1b", Result: predict.OK, Before: before, After: after,
		Program: &predict.Program{
			Path: "/bin/a\x1b", Mode: 0o6711, UID: 0, GID: 6, NoSuid: true,
			Caps: &capset.FileCaps{Permitted: capset.Of(capset.SysAdmin), Effective: true},
		},
		Steps: []task.Note{{Code: "set-user-id", Text: "uid 0"}, {Code: "x", Text: "y"}},
	}
}

func TestPrediction(t *testing.T) {
	want := `execve of /bin/a\x1b by pid 4712 (a\x1b): ok
Program: /bin/a\x1b, mode 6711 of uid 0, gid 6, cap_sys_admin=ep, on a nosuid mount
Current: cap_net_raw=ep cap_sys_admin+p
uid=1(???) euid=0(root)
gid=5(???) egid=6(???)
Changes: Permitted +cap_sys_admin -cap_chown; euid 33 to 0; egid 5 to 6
Steps:
  set-user-id  uid 0
  x            y
Not examined: ` + predict.NotExamined + "\n"
	p := prediction()
	if got := printed(printPrediction, p); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	p.After = p.Before
	if got := printed(printPrediction, p); !strings.Contains(got, "\nChanges: none\n") {
		t.Errorf("got\n%s", got)
	}
	p.Program, p.After, p.Result, p.Why = nil, nil, "ENOENT", "no such file"
	want = "execve of /bin/a\\x1b by pid 4712 (a\\x1b): ENOENT\nWhy: no such file\nSteps:\n"
	if got := printed(printPrediction, p); !strings.HasPrefix(got, want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestScan(t *testing.T) {
	p := prediction()
	found := &predict.Scan{
		Task: p.Task, Dir: "/bin", Programs: []*predict.Prediction{p},
		Files: 20, Dirs: 2, Closed: 1, Others: 2, Left: 3, Assumed: []task.Note{{Code: "a", Text: "b"}},
	}
	want := `... and 3 more
4 of 20 files in 2 directories of /bin, for pid 4712 (a\x1b), without 1 that it may not search, without 2 on another device, as a subvolume is (see --all)
Assumed:
  a  b
Not examined: ` + predict.NotExamined + "\n"
	if got := printed(printScan, found); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestAnswers(t *testing.T) {
	answer := why.Answer{
		Cap: capset.NetRaw, Reason: task.Note{Code: "dropped", Text: "a\x1b"}, Also: []task.Note{{Code: "c", Text: "d"}},
		Changes: []why.Change{{Where: "unit", Text: "e"}},
	}
	answer.Sets[capset.Bounding], answer.Sets[capset.Inheritable] = true, true
	effective := why.Answer{Cap: capset.Chown, Reason: task.Note{Code: why.PlainlyEffective, Text: "f"}}
	effective.Sets[capset.Effective] = true
	none := why.Answer{Cap: 63, Reason: task.Note{Code: "g", Text: "h"}}
	list := []*why.Answers{{
		Task: tasktest.Process(), List: []why.Answer{answer, effective, none}, Assumed: []task.Note{{Code: "i", Text: "j"}},
	}}
	want := `cap_net_raw (13): not effective in pid 4712 (a\x1b)
Sets: Inheritable, Bounding
Reason: a\x1b (dropped)
Also: d (c)
To change it:
  unit  e

cap_chown (0): effective in pid 4712 (a\x1b)
Sets: Effective

63 (63): not effective in pid 4712 (a\x1b)
Sets: none
Reason: h (g)
Assumed:
  i  j
`
	if got := printed(printAnswers, &list); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestMasks(t *testing.T) {
	found := &report.Decoded{
		List: []report.DecodedMask{
			{Label: "CapEff", Gap: "\t", Input: "3000", Set: capset.Of(capset.NetAdmin, capset.NetRaw)},
			{Input: "1", Set: capset.Of(capset.Chown)},
		},
		LastCap: 1,
	}
	want := "CapEff:\t0x0000000000003000=cap_net_admin,cap_net_raw\n0x0000000000000001=cap_chown\n"
	if got := printed(printMasks, found); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	found.Kubernetes = true
	want = `CAPABILITY    CapEff  1
CHOWN         -       yes
DAC_OVERRIDE  -       -
NET_ADMIN     yes     -
NET_RAW       yes     -
mask          3000    1
`
	if got := printed(printMaskMatrix, found); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestTaskMatrix(t *testing.T) {
	x := &task.Task{LastCap: task.LastCap{Value: 0}}
	x.Sets[capset.Effective] = task.Known(capset.Of(63))
	want := `CAPABILITY  Inheritable  Permitted  Effective         Bounding  Ambient
cap_chown   ?            ?          -                 ?         ?
63          ?            ?          yes               ?         ?
mask        ?            ?          8000000000000000  ?         ?
`
	if got := printed(printTaskMatrix, x); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestExplanations(t *testing.T) {
	for _, test := range []struct {
		cap, last capset.Cap
		want      string
	}{
		{capset.NetRaw, capset.LastKnown, "cap_net_raw (13) [/proc/self/status:CapXXX: 0x0000000000002000]\n\n    "},
		{capset.NetRaw, 3, "<reserved for> cap_net_raw (13) [/proc/self/status:CapXXX: 0x0000000000002000]\n\n    "},
		{62, 63, "<unnamed in libcap> (62) [/proc/self/status:CapXXX: 0x4000000000000000]\n"},
		{62, 61, "<unsupported> (62) [/proc/self/status:CapXXX: 0x4000000000000000]\n"},
	} {
		if got := string(AppendExplanation(nil, test.cap, test.last)); !strings.HasPrefix(got, test.want) || test.cap == 62 && got != test.want {
			t.Errorf("%v: got\n%s\nwant\n%s", test.cap, got, test.want)
		}
	}
	for c := range capset.LastKnown + 1 {
		for line := range strings.Lines(string(AppendExplanation(nil, c, capset.LastKnown))) {
			if len(line) > screen+1 {
				t.Errorf("%v: a line of %d bytes: %s", c, len(line), line)
			}
		}
	}
	found := &report.Explaining{Whole: []capset.Cap{0, 1}, Listed: []capset.Cap{2}}
	got := printed(printExplanations, found)
	if strings.Count(got, "\n\ncap_dac_override (1)") != 1 || !strings.HasSuffix(got, "\n\n 2  cap_dac_read_search     "+capset.Cap(2).Summary()+"\n") {
		t.Errorf("got\n%s", got)
	}
}

// TestSetChange holds that a change of a set is told in the fewest words.
func TestSetChange(t *testing.T) {
	docker, few := runtime.Named("docker").Default(), capset.Of(capset.NetRaw, capset.Chown)
	for _, test := range []struct {
		was, is capset.Set
		want    string
	}{
		{few, 0, " -cap_chown,cap_net_raw"},
		{0, few, " +cap_chown,cap_net_raw"},
		{few, capset.Of(capset.NetRaw, capset.Kill), " +cap_kill -cap_chown"},
		{docker, 0, " docker to none"},
		{docker, few, " docker to chown,net_raw"},
		{docker, docker | few | capset.Of(capset.SysAdmin), " +cap_sys_admin"},
		{capset.UpTo(capset.LastKnown), docker, " all to docker"},
		{capset.UpTo(capset.LastKnown), capset.UpTo(capset.LastKnown) &^ few, " -cap_chown,cap_net_raw"},
	} {
		if got := setChange(test.was, test.is, capset.LastKnown); got != test.want {
			t.Errorf("%v to %v: %q, want %q", test.was, test.is, got, test.want)
		}
	}
}
