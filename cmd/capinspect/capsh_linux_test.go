// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/need"
)

// same holds that capinspect and capsh answer the same to the same options.
func same(t *testing.T, args ...string) {
	t.Helper()
	ours, capsh := run(t, built(t), args...), run(t, "capsh", args...)
	if ours != capsh {
		t.Fatalf("%q:\n%+v\ncapsh:\n%+v", args, ours, capsh)
	}
}

// TestDecodeIsCapsh compares --decode for random masks.
func TestDecodeIsCapsh(t *testing.T) {
	need.On(t, "capsh")
	random := random(t)
	for range 300 {
		mask := random.Uint64() >> random.IntN(64)
		if random.IntN(3) == 0 {
			mask &= random.Uint64()
		}
		spelling := [...]string{"%x", "%X", "0x%x", "%016x", "0X%X"}[random.IntN(5)]
		same(t, "--decode="+fmt.Sprintf(spelling, mask))
	}
	same(t, "--decode=0", "--decode=ffffffffffffffff", "--modes")
}

// TestQuestionsAreCapshs asks capinspect and capsh the same random questions
// in the same random states.
func TestQuestionsAreCapshs(t *testing.T) {
	need.On(t, "root", "capsh")
	random := random(t)
	built(t) // while this may still build
	answers := map[int]int{}
	for i := range 200 {
		c := randomCredentials(random, own())
		question := randomQuestion(random, &c)
		var ours, capsh outcome
		if err := within(&c, func() { ours, capsh = run(t, built(t), question...), run(t, "capsh", question...) }); err != nil {
			t.Fatal(err)
		}
		if ours != capsh {
			t.Fatalf("state %d, %+v, %q:\n%+v\ncapsh:\n%+v", i, c, question, ours, capsh)
		}
		answers[ours.status]++
	}
	if answers[0] < 20 || answers[1] < 20 {
		t.Errorf("answers by exit status: %v: too few of one kind", answers)
	}
}

// randomQuestion returns options that capsh answers rightly: one capability at
// a time, by libcap's name or a number that the kernel knows.
func randomQuestion(random *rand.Rand, c *credentials) []string {
	var args []string
	if random.IntN(4) == 0 {
		args = append(args, "--quiet")
	}
	for range 1 + random.IntN(3) {
		asked := capset.Cap(random.IntN(int(capset.LastKnown) + 1))
		name := asked.String()
		switch random.IntN(4) {
		case 0:
			name = strings.ToUpper(name)
		case 1:
			name = strconv.Itoa(int(asked))
		case 2:
			name = fmt.Sprintf("%#x", int(asked))
		}
		id := [...]int{c.ruid, c.rgid, 0, 1000, 4242}[random.IntN(5)]
		if id > 1<<31-1 || c.ruid > 1<<31-1 || c.rgid > 1<<31-1 {
			id = 1 // capsh prints such ids as negative
			args = append(args, "--current")
			continue
		}
		options := [...]string{
			"--current", "--mode", "--modes", "--strict", "--noenv", "--has-ambient", "--has-no-new-privs",
			"--has-p=" + name, "--has-i=" + name, "--has-a=" + name, "--has-b=" + name, "--dropped=" + name, "--supports=" + name,
			"--is-uid=" + strconv.Itoa(id), "--is-gid=" + strconv.Itoa(id), "--is-uid=" + fmt.Sprintf("%#x", id),
			"--inmode=HYBRID", "--inmode=UNCERTAIN", "--inmode=nonsense", "--decode=" + fmt.Sprintf("%x", random.Uint32()),
		}
		args = append(args, options[random.IntN(len(options))])
	}
	return args
}

// TestExplainIsCapshs compares the first line of --explain, and where there is
// no text to explain the whole.
func TestExplainIsCapshs(t *testing.T) {
	need.On(t, "capsh")
	for c := range capset.Max + 1 {
		for _, name := range []string{c.String(), strconv.Itoa(int(c))} {
			ours, capsh := run(t, built(t), "--explain="+name), run(t, "capsh", "--explain="+name)
			first, text, _ := strings.Cut(ours.stdout, "\n")
			want, _, _ := strings.Cut(capsh.stdout, "\n")
			if first != want || ours.status != capsh.status || ours.stderr != capsh.stderr {
				t.Errorf("--explain=%s: %+v, capsh %+v", name, ours, capsh)
			}
			if (text != "") != (c <= capset.LastKnown) {
				t.Errorf("--explain=%s: text %q", name, text)
			}
		}
	}
	same(t, "--explain=64")
	same(t, "--explain=nonsense")
	same(t, "--explain=cap_chown_")
}

// differences are the command lines on which capinspect answers otherwise than
// capsh 2.66, on purpose.
var differences = []struct {
	args           []string
	reason         string
	status, capshs int // exit status
	stdout, stderr string
}{
	{[]string{"--has-p=cap_chown,foo"}, "capsh looks at the first name only", 2, 0, "", "capinspect: --has-p: unknown capability \"foo\"\n"},
	{[]string{"--has-p=cap_chown,cap_sys_resource"}, "and so misses what is not there", 1, 0, "", "cap[cap_sys_resource] not permitted\n"},
	{[]string{"--has-p=foo"}, "a name that is none is no answer", 2, 1, "", "capinspect: --has-p: unknown capability \"foo\"\n"},
	{[]string{"--has-p="}, "nor is no name", 2, 1, "", "capinspect: --has-p: unknown capability \"\"\n"},
	{[]string{"--has-a=63"}, "capsh takes an error for a yes", 1, 0, "", "cap[63] not in ambient vector\n"},
	{[]string{"--has-b=63"}, "capsh takes an error for a yes", 1, 0, "", "cap[63] not in bounding vector\n"},
	{[]string{"--has-p=chown"}, "names are taken in every spelling", 0, 1, "", ""},
	{[]string{"--supports=NET_RAW"}, "names are taken in every spelling", 0, 1, "", ""},
	{[]string{"--has-e=cap_chown"}, "capsh has no check of Effective", 0, 1, "", ""},
	{[]string{"--has-e=cap_sys_resource"}, "capsh has no check of Effective", 1, 1, "", "cap[cap_sys_resource] not effective\n"},
	{[]string{"--decode=zz"}, "capsh takes what is no number for 0", 2, 0, "", "capinspect: --decode: \"zz\": not a hexadecimal number\n"},
	{[]string{"--decode="}, "and nothing", 2, 0, "", "capinspect: --decode: \"\": no hexadecimal digits\n"},
	{[]string{"--decode=CapEff:00000000a80425fb"}, "capsh decodes the start of the label", 2, 0, "", "capinspect: --decode: \"CapEff:00000000a80425fb\": not a hexadecimal number\n"},
	{[]string{"--decode=10000000000000000"}, "more than 64 bits", 2, 0, "", "capinspect: --decode: \"10000000000000000\": more than 64 bits\n"},
	{[]string{"--suggest=qqqq"}, "nothing found is a no", 1, 0, "", "no capability mentions 'qqqq'\n"},
	{[]string{"--is-uid=abc"}, "what is no number is no answer", 2, 1, "", "capinspect: --is-uid: \"abc\" is not a uid\n"},
	{[]string{"--mode=NOPRIV", "--print"}, "capinspect changes nothing", 2, 0, "", "capinspect: --mode: capinspect only inspects\n"},
	{[]string{"--print", "--drop=all"}, "and says so before it prints", 2, 0, "", "capinspect: --drop: capinspect only inspects\n"},
	{[]string{"--print", "--drop"}, "also without a value", 2, 1, "", "capinspect: --drop: capinspect only inspects\n"},
	{[]string{"--print", "--", "-c", "true"}, "capinspect runs nothing", 2, 0, "", "capinspect: --: capinspect only inspects\n"},
	{[]string{"==", "--print"}, "capinspect runs nothing", 2, 0, "", "capinspect: ==: capinspect only inspects\n"},
	{[]string{"--noambient"}, "capsh takes any end of --noamb", 2, 0, "", "capinspect: --noamb: capinspect only inspects\n"},
}

func TestDifferences(t *testing.T) {
	need.On(t, "root", "capsh")
	// In a state that lacks SYS_RESOURCE on every machine.
	c := credentials{sets: capset.State{capset.Permitted: own(), capset.Effective: own(), capset.Bounding: own() &^ capset.Of(capset.SysResource)}}
	for _, d := range differences {
		var ours, capsh outcome
		if err := within(&c, func() { ours, capsh = run(t, built(t), d.args...), run(t, "capsh", d.args...) }); err != nil {
			t.Fatal(err)
		}
		if ours.status != d.status || ours.stdout != d.stdout || ours.stderr != d.stderr {
			t.Errorf("%q (%s): %+v, want %d, %q, %q", d.args, d.reason, ours, d.status, d.stdout, d.stderr)
		}
		if capsh.status != d.capshs {
			t.Errorf("%q (%s): capsh exits %d, not %d: no longer a difference?", d.args, d.reason, capsh.status, d.capshs)
		}
	}
}

// TestCalledCapsh calls the binary by the name of capsh.
func TestCalledCapsh(t *testing.T) {
	need.On(t, "capsh")
	link := t.TempDir() + "/capsh"
	if o := run(t, "ln", "-s", built(t), link); o.status != 0 {
		t.Fatal(o)
	}
	for _, args := range [][]string{nil, {"--print"}, {"--current"}, {"--decode=a80425fb"}, {"--quiet"}, {"--has-p=cap_chown", "--print"}} {
		if ours, capsh := run(t, link, args...), run(t, "capsh", args...); ours != capsh {
			t.Errorf("%q: %+v, capsh %+v", args, ours, capsh)
		}
	}
}
