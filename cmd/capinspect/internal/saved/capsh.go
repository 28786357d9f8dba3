// SPDX-License-Identifier: Apache-2.0

package saved

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
	"github.com/capinspect/capinspect/procstatus"
	"github.com/capinspect/capinspect/procstatus/container"
)

// ofCapsh is what an item is that is made of lines of capsh --print, or of the text report.
const ofCapsh = "the output of capsh --print"

// capshPart has the lines of one run of capsh --print, or of the report on one task, by
// their beginnings.
type capshPart map[string]capshValue

type capshValue struct {
	row
	value string // behind the beginning
}

// The beginnings of the lines of capsh --print that tell something, of libcap 2.25 to
// 2.78, and of the lines that the text report has besides.
const (
	capshCurrent    = "Current: "
	capshBounding   = "Bounding set ="
	capshIAB        = "Current IAB: "
	capshSecurebits = "Securebits: "
	capshUID        = "uid="
	capshGID        = "gid="
	capshGroups     = "groups="
	reportSeccomp   = "Seccomp: "
	reportLastCap   = "Last capability: "
	reportContainer = "Container: "
)

// setLine returns the beginning of the line of one set.
func setLine(k capset.Kind) string { return k.String() + " set =" }

// capshLines are the beginnings, and capshOthers those of lines that tell nothing new.
var (
	capshLines = []string{
		capshCurrent, setLine(capset.Inheritable), setLine(capset.Permitted), setLine(capset.Effective), setLine(capset.Bounding),
		setLine(capset.Ambient), capshIAB, capshSecurebits, capshUID, capshGID, capshGroups, reportSeccomp, reportLastCap, reportContainer,
	}
	capshOthers = pattern(`^(?:secure-[\w-]+: (?:yes|no)|Guessed mode: ` +
		`|User namespace: |User namespace and others: |[ug]id map|Namespaces apart from |LSM: |Pod: |id: |known from |contradiction: ` +
		`|Profile: |Note: |Void: |Securebit |Cap\w+: .*\(a set that capinspect does not know\)$)`)
)

// reportHead matches the lines of the text report that stand before those of capsh: what a
// task comes to, and the notes.
var reportHead = pattern(`^.+: (?:uid \d+(?: \(host uid \d+\))?, ` +
	`|(?:.*(?: defaults| effective| in Bounding)|everything.*|nothing|what it holds is unknown)(?:[,;].*)?$)` +
	`|^Note: [a-z]`)

// capshLine takes a line of capsh --print.
func (r *reader) capshLine(l row) (bool, error) {
	text := l.text
	if strings.HasPrefix(text, "Current IAB:") || strings.HasPrefix(text, "Current:") { // nothing follows the blank
		text += " "
	}
	it := r.open[l.from]
	if it != nil && it.what == ofLabelled {
		if value, ok := strings.CutPrefix(text, reportSeccomp); ok {
			it.part.(*labelledPart).seccomp = value
			return true, nil
		}
		if labelledOther().MatchString(text) {
			return true, nil
		}
	}
	within := it != nil && it.what == ofCapsh
	for _, begin := range capshLines {
		value, ok := strings.CutPrefix(text, begin)
		if !ok {
			continue
		}
		value = strings.TrimSpace(value)
		switch begin {
		case capshUID, capshGID, capshGroups:
			if !within { // id(1) has such a line too
				return false, nil
			}
		case reportSeccomp, reportLastCap, reportContainer:
			if !within { // they follow the sets
				return true, nil
			}
		}
		if !within || it.part.(capshPart)[begin].number > 0 {
			it = r.begin(l.from, ofCapsh, capshPart{})
		}
		it.part.(capshPart)[begin] = capshValue{l, value}
		return true, nil
	}
	return within && capshOthers().MatchString(text) || reportHead().MatchString(text), nil
}

// task returns the task of what capsh has printed.
func (p capshPart) task() (*task.Task, []lineError) {
	t := textTask()
	var errs []lineError
	read := func(begin string, parse func(value string) error) {
		l, ok := p[begin]
		if !ok || l.value == "" && begin != capshBounding && begin != setLine(capset.Ambient) && begin != capshGroups {
			return
		}
		if err := parse(l.value); err != nil {
			errs = append(errs, lineError{l.number, err})
		}
	}
	last := capset.LastKnown
	read(reportLastCap, func(value string) error {
		n, err := strconv.ParseUint(strings.Fields(value)[0], 10, 8)
		if err == nil && n <= uint64(capset.Max) {
			last = capset.Cap(n)
			t.LastCap = task.LastCap{Value: last, From: task.FromGuess}
		}
		return nil
	})
	for k := range capset.Kind(capset.NumKinds) {
		read(setLine(k), func(value string) (err error) {
			t.Sets[k], err = setValue(value)
			return err
		})
	}
	if b := t.Sets[capset.Bounding]; t.LastCap.From == "" && b.Known() {
		last = capset.GuessLastCap(t.State())
	}
	read(capshCurrent, func(value string) error { return p.current(t, value, last) })
	read(capshIAB, func(value string) error { return p.iab(t, value, last) })
	read(capshSecurebits, func(value string) error { return readSecurebits(t, value) })
	users, groups := names{}, names{}
	read(capshUID, func(value string) error { return readUID(t, value, users) })
	read(capshGID, func(value string) error { return readGID(t, value, groups) })
	read(capshGroups, func(value string) error { return readGroups(t, value, groups) })
	read(reportSeccomp, func(value string) error { readSeccomp(t, value); return nil })
	read(reportContainer, func(value string) error { return readContainer(t, value) })
	if !t.HasSets() {
		return nil, errs
	}
	t.WithoutNames(task.NotInText)
	users.into(t.UserNames)
	groups.into(t.GroupNames)
	return t, errs
}

// textTask returns a task of which a text tells nothing yet.
func textTask() *task.Task {
	t := &task.Task{Status: task.StatusOf(new(procstatus.Status), task.OtherText)}
	t.Securebits = task.Unknown[capset.Securebits](task.NotInText)
	t.WithoutNames(task.NotInText)
	t.Nowhere(task.NotInText)
	return t
}

// setValue returns the set of a list of names, or why it is unknown.
func setValue(value string) (task.Value[capset.Set], error) {
	if why, ok := unknownValue(value); ok {
		return task.Unknown[capset.Set](why), nil
	}
	set, err := capset.ParseList(value)
	if err != nil {
		return task.Unknown[capset.Set](malformed), err
	}
	return task.Known(set), nil
}

// unknownValue returns the reason that the text report has for a value that is unknown.
func unknownValue(value string) (why string, ok bool) {
	if value == "<unsupported>" {
		return "the kernel does not have it", true
	}
	why, ok = strings.CutPrefix(value, "unknown (")
	return strings.TrimSuffix(why, ")"), ok
}

// current takes the text form. It does not tell what the sets have lines of their own for.
func (p capshPart) current(t *task.Task, value string, last capset.Cap) error {
	s, err := capset.ParseText(value, last)
	why, unknown := unknownValue(value)
	for _, k := range [...]capset.Kind{capset.Inheritable, capset.Permitted, capset.Effective} {
		switch {
		case t.Sets[k].Known():
		case unknown:
			t.Sets[k] = task.Unknown[capset.Set](why)
		case err != nil:
			t.Sets[k] = task.Unknown[capset.Set](malformed)
		default:
			t.Sets[k] = task.Known(s[k])
		}
	}
	if unknown {
		return nil
	}
	return err
}

// iab takes what the IAB text tells of sets that have no lines of their own: libcap before
// 2.33 prints no Ambient set.
func (p capshPart) iab(t *task.Task, value string, last capset.Cap) error {
	if _, unknown := unknownValue(value); unknown {
		return nil
	}
	s, err := capset.ParseIAB(value, last)
	if err != nil {
		return err
	}
	for _, k := range [...]capset.Kind{capset.Inheritable, capset.Bounding, capset.Ambient} {
		if _, has := p[setLine(k)]; !has && !t.Sets[k].Known() {
			t.Sets[k] = task.Known(s[k])
		}
	}
	return nil
}

// securebitsValue is what capsh prints of securebits: "00/0x0/1'b0 (no-new-privs=0)".
var securebitsValue = pattern(`^(?:0[0-7]+/0x([0-9a-fA-F]{1,8})/\d+'b[01]+|unknown .*?)?(?: ?\(no-new-privs=([01]|unknown)\))?$`)

func readSecurebits(t *task.Task, value string) error {
	found := securebitsValue().FindStringSubmatch(value)
	if found == nil {
		return fmt.Errorf("%q: no securebits", value)
	}
	if bits, err := strconv.ParseUint(found[1], 16, 32); err == nil {
		t.Securebits = task.Known(capset.Securebits(bits))
	}
	if found[2] == "0" || found[2] == "1" {
		t.NoNewPrivs = task.Known(found[2] == "1")
	}
	return nil
}

// names are the names of ids.
type names map[uint32]string

// into adds the names to those of a task.
func (n names) into(all task.Names) {
	for id, name := range n {
		all[id] = task.Known(name)
	}
}

// idValue is an id and its name, which is ??? if it has none.
var idValue = pattern(`^(\d+)(?:\(([^()]*)\))?$`)

// id returns an id, and keeps its name.
func (n names) id(text string) (uint32, error) {
	found := idValue().FindStringSubmatch(text)
	if found == nil {
		return 0, fmt.Errorf("%q: no id", text)
	}
	id, err := strconv.ParseUint(found[1], 10, 32)
	if err != nil {
		return 0, fmt.Errorf("%q: no id", text)
	}
	if found[2] != "" && found[2] != "???" {
		n[uint32(id)] = found[2]
	}
	return uint32(id), nil
}

// partly is why the other ids are unknown.
const partly = "capsh does not print it"

// readUID takes "0(root) euid=0(root)". libcap before 2.34 prints the real uid alone.
func readUID(t *task.Task, value string, users names) error {
	if why, unknown := unknownValue(value); unknown {
		t.UID = task.Unknown[capset.IDs](why)
		return nil
	}
	first, second, both := strings.Cut(value, " euid=")
	real, err := users.id(first)
	if err != nil {
		return err
	}
	if !both {
		t.UID = task.Unknown[capset.IDs]("the text only shows the real one,  " + task.Decimal(real))
		return nil
	}
	effective, err := users.id(second)
	if err != nil {
		return err
	}
	ids := task.AllIDs(effective)
	ids.Real = real
	t.UID, t.Partly = task.Known(ids), partly
	return nil
}

// readGID takes the real gid, "0(root)".
func readGID(t *task.Task, value string, groups names) error {
	if why, unknown := unknownValue(value); unknown {
		t.GID = task.Unknown[capset.IDs](why)
		return nil
	}
	id, err := groups.id(value)
	if err == nil {
		t.GID, t.Partly = task.Known(task.AllIDs(id)), partly
	}
	return err
}

// readGroups takes "0(root),4(adm)".
func readGroups(t *task.Task, value string, groups names) error {
	if why, unknown := unknownValue(value); unknown {
		t.Groups = task.Unknown[[]uint32](why)
		return nil
	}
	list := []uint32{}
	for text := range strings.SplitSeq(value, ",") {
		if text == "" {
			continue
		}
		id, err := groups.id(text)
		if err != nil {
			return err
		}
		list = append(list, id)
	}
	t.Groups = task.Known(list)
	return nil
}

// seccompValue is what the text report has of seccomp: "filter (2 filters)".
var seccompValue = pattern(`^(\w+)(?: \((\d{1,9}) filters?\))?$`)

func readSeccomp(t *task.Task, value string) {
	found := seccompValue().FindStringSubmatch(value)
	if found == nil {
		return
	}
	mode, ok := task.SeccompMode(found[1])
	if !ok {
		return
	}
	s := task.Seccomp{Mode: mode, Filters: task.Unknown[int](task.NotInText)}
	if n, err := strconv.Atoi(found[2]); err == nil {
		s.Filters = task.Known(n)
	}
	t.Seccomp = task.Known(s)
}

// containerValue is what the text report has of a container: a runtime and an id.
var containerValue = pattern(`^([a-z][\w-]{0,31}) ([0-9a-f]{12,64})\b`)

// readContainer takes the runtime and the id of a container. What else its line has, as a
// sandbox, is left to the report in JSON.
func readContainer(t *task.Task, value string) error {
	if found := containerValue().FindStringSubmatch(value); found != nil {
		c := &task.Container{Container: container.Container{Runtime: found[1], ID: found[2]}}
		c.Evidence = []container.Evidence{{What: "runtime", From: "the report"}, {What: "id", From: "the report"}}
		t.Container = task.Known(c)
	}
	return nil
}
