// SPDX-License-Identifier: Apache-2.0

package task

import (
	"strings"
	"testing"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/procstatus"
)

// statusText returns a status file: a head with the lines of Linux up to 6.10 that do not
// depend on sets, less those that are left out.
func statusText(sets string, without ...string) string {
	text := "Name:\tx\nState:\tS (sleeping)\nTgid:\t1\nPid:\t1\nPPid:\t0\nTracerPid:\t0\nUid:\t0\t0\t0\t0\nNSpid:\t1\nKthread:\t0\nThreads:\t1\n" +
		sets + "NoNewPrivs:\t0\nSeccomp:\t0\nSeccomp_filters:\t0\n"
	var kept strings.Builder
	for line := range strings.Lines(text) {
		name, _, _ := strings.Cut(line, ":")
		left := false
		for _, w := range without {
			left = left || name == w
		}
		if !left {
			kept.WriteString(line)
		}
	}
	return kept.String()
}

// TestGuess holds what the last capability is taken for, and what it can be at the most.
func TestGuess(t *testing.T) {
	sets := func(prm, bnd string) string {
		return "CapInh:\t0\nCapPrm:\t" + prm + "\nCapEff:\t" + prm + "\nCapBnd:\t" + bnd + "\nCapAmb:\t0\n"
	}
	const all64 = "ffffffffffffffff"
	for _, row := range []struct {
		name, text   string
		whole        bool
		last, atMost capset.Cap
		why          string
	}{
		{"of today", statusText(sets("0", "1ffffffffff")), true, 40, 63, ""},
		{"of today, with a capability to come", statusText(sets("0", "3ffffffffff")), true, 41, 63, ""},
		{"before 6.10", statusText(sets("0", "1ffffffffff"), "Kthread"), true, 40, 40, "no Kthread line, so Linux before 6.10"},
		{"5.8", statusText(sets("0", "a80425fb"), "Kthread", "Seccomp_filters"), true, 39, 39, "no Seccomp_filters line, so Linux before 5.9"},
		{"5.8, known by a full set", statusText(sets("0", "ffffffffff"), "Kthread", "Seccomp_filters"), true, 39, 39, "no Seccomp_filters line, so Linux before 5.9"},
		{"a 4.18 with later capabilities", statusText(sets("0", "1ffffffffff"), "Kthread", "Seccomp_filters"), true, 40, 63, ""},
		{"5.8 and a line of 6.10", statusText(sets("0", "a80425fb"), "Seccomp_filters"), true, 40, 63, ""},
		{"of today, without its ambient line", "CapInh:\t0\nCapPrm:\t0\nCapEff:\t0\nCapBnd:\ta80425fb\nNoNewPrivs:\t0\n", false, 40, 63, ""},
		{"without seccomp", statusText(sets("0", "0"), "Seccomp", "Seccomp_filters"), true, 40, 63, ""},
		{"4.9", statusText(sets("0", "0"), "Kthread", "Seccomp_filters", "NoNewPrivs"), true, 37, 37, "no NoNewPrivs line, so Linux before 4.10"},
		{"4.1", statusText(sets("3ffff7ffff", "3ffff7ffff"), "Kthread", "Seccomp_filters", "NoNewPrivs", "CapAmb"), true, 37, 37, "no CapAmb line, so Linux before 4.3"},
		{"part of 4.1", "CapInh:\t0\nCapPrm:\t0\nCapEff:\t0\nCapBnd:\ta80425fb\n", false, 37, 37, "no CapAmb line, so Linux before 4.3"},
		{"one line", "CapEff:\t0\n", false, 40, 63, ""},
		{"3.2, init", "CapInh:\t0\nCapPrm:\t" + all64 + "\nCapEff:\t" + all64 + "\nCapBnd:\t" + all64 + "\n", false, 37, 37, "no CapAmb line, so Linux before 4.3"},
		{"3.2, without its 36", "CapInh:\t0\nCapPrm:\t0\nCapEff:\t0\nCapBnd:\tfffffff000000000\n", false, 35, 37, "no CapAmb line, so Linux before 4.3"},
		{"3.2, all but SYS_TIME", "CapInh:\t0\nCapPrm:\t0\nCapEff:\t0\nCapBnd:\tfffffffffdffffff\n", false, 37, 37, "no CapAmb line, so Linux before 4.3"},
		{"gVisor", statusText(sets("0", "a80425fb"), "Kthread", "Seccomp_filters", "NSpid"), true, 40, 63, ""},
		{"gVisor without NoNewPrivs", statusText(sets("0", "a80425fb"), "Kthread", "Seccomp_filters", "NoNewPrivs", "NSpid"), true, 40, 63, ""},
		{"early gVisor", statusText("CapInh:\t0\nCapPrm:\t0\nCapEff:\t0\nCapBnd:\ta80425fb\n", "Kthread", "Seccomp_filters", "NoNewPrivs", "NSpid", "Uid"), false, 40, 63, ""},
		{"all bits by hand", sets(all64, all64), false, 40, 63, ""},
		{"one line of all bits", "CapEff:\t" + all64 + "\n", false, 40, 63, ""},
	} {
		s, err := procstatus.Parse([]byte(row.text))
		if err != nil {
			t.Fatal(row.name, err)
		}
		from := PartOfFile
		if row.whole {
			from = WholeFile
		}
		of := &Task{Status: StatusOf(s, from)}
		of.Guess()
		if l := of.LastCap; l.Value != row.last || l.AtMost() != row.atMost || l.Limit.Why != row.why || l.From != FromGuess {
			t.Errorf("%s: %+v, at most %d", row.name, l, l.AtMost())
		}
	}
}

func TestOlder(t *testing.T) {
	for pair, want := range map[[2]string]bool{
		{"2.6.25", "2.6.26"}: true, {"2.6.26", "2.6.26"}: false, {"2.6.26", "4.3"}: true, {"4.10", "4.3"}: false,
		{"2.2", "2.2.1"}: true, {"2.2.1", "2.2"}: false, {"5.9", "6.10"}: true,
	} {
		if got := older(pair[0], pair[1]); got != want {
			t.Errorf("%v: %t", pair, got)
		}
	}
}

// TestHoldsAll holds when a task has all capabilities: bits above the last one do not
// count, and one that is missing does.
func TestHoldsAll(t *testing.T) {
	all := capset.UpTo(37)
	for _, row := range []struct {
		held capset.Set
		from string
		want bool
	}{
		{all, FromKernel, true},
		{all, FromGuess, false},
		{^capset.Set(0), FromFlag, true},
		{all | capset.Of(39), FromReport, true},
		{all &^ capset.Of(5), FromKernel, false},
		{^capset.Set(0) &^ capset.Of(37), FromKernel, false},
		{0, FromKernel, false},
	} {
		of := &Task{LastCap: LastCap{Value: 37, From: row.from}}
		of.Sets[capset.Permitted] = Known(row.held)
		if got := of.holdsAll(); got != row.want {
			t.Errorf("%x by %s: %t", uint64(row.held), row.from, got)
		}
	}
}
