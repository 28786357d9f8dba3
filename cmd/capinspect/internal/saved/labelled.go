// SPDX-License-Identifier: Apache-2.0

package saved

import (
	"strconv"
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/report"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/saved/notation"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
	"github.com/capinspect/capinspect/procstatus"
)

// ofLabelled is what an item is whose lines name a set in words, as those of setpriv --dump,
// captest, kdigger and amicontained do.
const ofLabelled = "sets with their names"

// labelledPart has the lines of one task.
type labelledPart struct {
	setsPart
	lines   []row
	ids     map[string]uint32 // by the words of setpriv
	seccomp string            // in the words of amicontained
}

var (
	labelledSet = pattern(`^\W*(?:(?:[Cc]apability|Child) )?((?i)inheritable|permitted|effective|bounding|ambient)(?i:(?: capabilities| caps| set)?)\W*?(?::|=|->|→|\|)[ \t]*(.*?)[ \t|]*$`)
	labelledID  = pattern(`^(uid|euid|gid|egid|no_new_privs): (\d{1,10})$`)

	// labelledOther is a line of such a program that tells nothing of use here.
	labelledOther = pattern(`^(?:Supplementary groups|Parent death signal|Securebits|SELinux label|AppArmor profile): `)
)

// labelledLine takes a set with its name, and the ids that setpriv --dump prints.
func (r *reader) labelledLine(l row) (bool, error) {
	begin := strings.TrimLeft(l.text, "|\t *-")
	if begin == "" || !strings.ContainsRune("aAbBcCeEgGiInNpPuU", rune(begin[0])) {
		return false, nil
	}
	if found := labelledID().FindStringSubmatch(l.text); found != nil { // setpriv begins with the uid
		p := r.labelled(l, func(p *labelledPart) bool { _, has := p.ids[found[1]]; return has || found[1] == "uid" })
		id, err := strconv.ParseUint(found[2], 10, 32)
		p.ids[found[1]] = uint32(id)
		return true, err
	}
	found := labelledSet().FindStringSubmatch(l.text)
	if found == nil || l.text[0] == '"' || listBegin().MatchString(l.text) || strings.HasSuffix(l.text, "[") {
		return false, nil
	}
	set, ok := notation.Labelled(found[2])
	k, known := kindNamed(found[1])
	if !ok || !known {
		return false, nil
	}
	p := r.labelled(l, func(p *labelledPart) bool { _, has := p.sets[k]; return has })
	p.sets[k] = set
	it := r.open[l.from]
	it.sets = append(it.sets, report.DecodedMask{Of: l.from, Label: procstatus.CapField(k).String(), Gap: "\t", Input: l.text, Set: set})
	return true, nil
}

// labelled returns the part that a line belongs to. has reports whether a part has that line
// already, so that the next task begins.
func (r *reader) labelled(l row, has func(*labelledPart) bool) *labelledPart {
	it := r.open[l.from]
	if it == nil || it.what != ofLabelled || has(it.part.(*labelledPart)) || isCell(l) != isCell(it.part.(*labelledPart).lines[0]) {
		it = r.begin(l.from, ofLabelled, &labelledPart{setsPart: setsPart{sets: map[capset.Kind]capset.Set{}}, ids: map[string]uint32{}})
	}
	p := it.part.(*labelledPart)
	p.lines = append(p.lines, l)
	return p
}

// isCell reports whether a line is one of a table.
func isCell(l row) bool { return strings.HasPrefix(l.text, "|") }

// kindNamed returns the set of a name.
func kindNamed(name string) (capset.Kind, bool) {
	for k := range capset.Kind(capset.NumKinds) {
		if strings.EqualFold(name, k.String()) {
			return k, true
		}
	}
	return 0, false
}

func (p *labelledPart) task() (*task.Task, []lineError) {
	if len(p.sets) == 0 {
		var errs []lineError
		for _, l := range p.lines {
			errs = append(errs, lineError{l.number, l.notUnderstood()})
		}
		return nil, errs
	}
	t, errs := p.setsPart.task()
	id := func(v *task.Value[capset.IDs], real, effective string) {
		if id, ok := p.ids[effective]; ok {
			ids := task.AllIDs(id)
			if id, ok := p.ids[real]; ok {
				ids.Real = id
			}
			*v, t.Partly = task.Known(ids), "setpriv does not print it"
		}
	}
	id(&t.UID, "uid", "euid")
	id(&t.GID, "gid", "egid")
	if on, ok := p.ids["no_new_privs"]; ok {
		t.NoNewPrivs = task.Known(on == 1)
	}
	readSeccomp(t, strings.TrimSuffix(p.seccomp, "ing"))
	return t, errs
}
