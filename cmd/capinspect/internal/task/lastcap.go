// SPDX-License-Identifier: Apache-2.0

package task

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/procstatus"
)

// LastCap is the last capability of the kernel that a task comes from.
type LastCap struct {
	Value capset.Cap
	From  string // FromKernel, FromReport, FromFlag or FromGuess; "" if nobody has looked for it
	Limit Limit  // of a guess
}

// What tells the last capability.
const (
	FromKernel = "kernel"
	FromReport = "report"
	FromFlag   = "flag"
	FromGuess  = "guess"
)

// Limit is the last capability that a kernel can know, and how it is known. Without a
// reason there is no limit.
type Limit struct {
	Cap capset.Cap
	Why string
}

// AtMost returns the last capability that the kernel can know.
func (l LastCap) AtMost() capset.Cap {
	switch {
	case l.From == FromGuess && l.Limit.Why != "":
		return l.Limit.Cap
	case l.From == FromGuess, l.From == "":
		return capset.Max
	}
	return l.Value
}

// Counting returns what of a set can count: what is above the last capability of the
// kernel does not.
func (t *Task) Counting(set capset.Set) capset.Set { return set & capset.UpTo(t.LastCap.AtMost()) }

// Void returns the bits of any set that are above the last capability.
func (t *Task) Void() (bits capset.Set) {
	if t.LastCap.From == "" {
		return 0
	}
	for _, set := range t.State() {
		bits |= set
	}
	return bits &^ capset.UpTo(t.LastCap.Value)
}

// Guess makes the last capability a guess by the sets and by the lines that the status
// file lacks, unless something tells it.
func (t *Task) Guess() {
	if t.LastCap.From != "" {
		return
	}
	last, limit := guessLastCap(t.State(), t.limit)
	t.LastCap = LastCap{last, FromGuess, limit}
}

// clears is the release since which the kernel clears the bits that stand for no
// capability (commit 7d8b6c63751c, "CAPABILITIES: remove undefined caps from all
// processes"). Before, a full set has all 64.
const clears = "3.17"

func guessLastCap(sets capset.State, limit Limit) (capset.Cap, Limit) {
	var all capset.Set
	for _, set := range sets {
		all |= set
	}
	if !all.Has(capset.Max) {
		if all.Last() > limit.Cap { // a kernel with capabilities of later ones, or no Linux
			limit = Limit{}
		}
		last := capset.GuessLastCap(sets)
		if limit.Why != "" {
			last = min(last, limit.Cap)
		}
		return last, limit
	}
	// Nothing tells where the capabilities end, unless a set lacks all that there are: its
	// bits begin behind them.
	last := capset.LastKnown
	if limit.Why != "" {
		last = min(limit.Cap, lastBefore(clears))
	}
	for _, set := range sets {
		for n := last; set.Has(capset.Max) && n >= capset.Setfcap; n-- {
			if !set.Has(n) {
				if set>>(n+1) == ^capset.Set(0)>>(n+1) {
					last = n
				}
				break
			}
		}
	}
	return last, limit
}

// lines are the lines of a status file that every Linux prints since a release, whatever
// its configuration (fs/proc/array.c): one without such a line is older. Seccomp and NSpid
// depend on the configuration (CONFIG_SECCOMP, CONFIG_PID_NS), so that nothing follows
// where they are missing. with are the lines beside which the file would have had it.
// NSpid is one of them because gVisor, which knows all capabilities, prints neither it nor
// Seccomp_filters nor Kthread. They are in the order of their releases: a file that has a
// later one lacks the earlier for another reason.
var lines = [...]struct {
	field procstatus.Field
	part  bool // a part of a file tells too
	with  []procstatus.Field
}{
	{procstatus.FieldCapAmb, true, []procstatus.Field{procstatus.FieldCapInh, procstatus.FieldCapPrm, procstatus.FieldCapEff, procstatus.FieldCapBnd}},
	{procstatus.FieldNoNewPrivs, false, []procstatus.Field{procstatus.FieldNSpid}},
	{procstatus.FieldSeccompFilters, true, []procstatus.Field{procstatus.FieldNSpid, procstatus.FieldNoNewPrivs, procstatus.FieldSeccomp}},
	{procstatus.FieldKthread, false, []procstatus.Field{procstatus.FieldNSpid}},
}

// limitOf returns the last capability that the kernel of a status file can know, by the
// first line that it lacks.
func limitOf(s *procstatus.Status, from Origin) Limit {
	if from == SystemCalls || from == OtherText || from == CutFile || notLinux(s) {
		return Limit{}
	}
	for i, row := range lines {
		missing := func(f procstatus.Field) bool { return !s.Has(f) }
		if s.Has(row.field) || from == PartOfFile && !row.part || slices.ContainsFunc(row.with, missing) {
			continue
		}
		for _, later := range lines[i+1:] {
			if s.Has(later.field) {
				return Limit{}
			}
		}
		since := row.field.Since()
		return Limit{lastBefore(since), fmt.Sprintf("no %v line, so Linux before %s", row.field, since)}
	}
	return Limit{}
}

// notLinux reports whether a status file lacks the Uid line between two others, as those of
// early gVisor do. Linux always prints it.
func notLinux(s *procstatus.Status) bool {
	return s.Has(procstatus.FieldTracerPid) && s.Has(procstatus.FieldThreads) && !s.Has(procstatus.FieldUID)
}

// lastBefore returns the last capability that Linux had before a release.
func lastBefore(release string) (last capset.Cap) {
	for c := range capset.LastKnown + 1 {
		if older(c.Since(), release) {
			last = c
		}
	}
	return last
}

// older reports whether one release of Linux is older than another.
func older(a, b string) bool {
	for {
		first, restA, moreA := strings.Cut(a, ".")
		second, restB, moreB := strings.Cut(b, ".")
		x, _ := strconv.Atoi(first)
		y, _ := strconv.Atoi(second)
		if x != y || !moreA || !moreB {
			return x < y || x == y && !moreA && moreB
		}
		a, b = restA, restB
	}
}
