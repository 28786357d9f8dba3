// SPDX-License-Identifier: Apache-2.0

package saved

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/report"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/saved/notation"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
	"github.com/capinspect/capinspect/procstatus"
)

// What items are that one line makes.
const (
	ofCall   = "a call of capset"
	ofFile   = "the capabilities of a file"
	ofMask   = "a bitmap without a label"
	ofNames  = "a list of names"
	ofList   = "a list of a container's configuration"
	ofText   = "a text form"
	ofIAB    = "an IAB text"
	ofFlags  = "flags of a command"
	ofBefore = "the sets of a task before execve"
)

// setsPart is a task of which some sets are known.
type setsPart struct {
	sets       map[capset.Kind]capset.Set
	tid        int
	name       string
	uid        *uint32
	noNewPrivs *bool
}

func (p *setsPart) task() (*task.Task, []lineError) {
	t := textTask()
	for k, set := range p.sets {
		t.Sets[k] = task.Known(set)
	}
	if p.tid > 0 {
		t.Tid = task.Known(p.tid)
	}
	p.known(t)
	return t, nil
}

// addSets appends an item that has some sets of a task.
func (r *reader) addSets(l row, what, of string, p *setsPart, isTask bool) {
	var list []report.DecodedMask
	for k := range capset.Kind(capset.NumKinds) {
		if set, ok := p.sets[k]; ok {
			list = append(list, report.DecodedMask{Of: of, Label: procstatus.CapField(k).String(), Gap: "\t", Input: l.text, Set: set})
		}
	}
	if isTask {
		r.add(l, what, p, list...)
	} else {
		r.add(l, what, nil, list...)
	}
}

// textSets returns the sets that a text form tells of.
func textSets(s capset.State) map[capset.Kind]capset.Set {
	return map[capset.Kind]capset.Set{
		capset.Inheritable: s[capset.Inheritable], capset.Permitted: s[capset.Permitted], capset.Effective: s[capset.Effective],
	}
}

// capset is a call of capset(2) or capget(2), as strace(1) prints it.
var straceCall = pattern(`\bcap([sg])et\(\{version=\w+, pid=(\d+)\}, \{effective=([^,{}]*), permitted=([^,{}]*), inheritable=([^,{}]*)\}\)(?: += (-?\d+)( \w+)?.*)?$`)

func (r *reader) straceLine(l row) (bool, error) {
	if !strings.Contains(l.text, "et({version=") {
		return false, nil
	}
	found := straceCall().FindStringSubmatch(l.text)
	if found == nil {
		return false, nil
	}
	p := &setsPart{sets: map[capset.Kind]capset.Set{}}
	for i, k := range [...]capset.Kind{capset.Effective, capset.Permitted, capset.Inheritable} {
		set, err := straceSet(found[3+i])
		if err != nil {
			return true, err
		}
		p.sets[k] = set
	}
	p.tid, _ = strconv.Atoi(found[2])
	of := ""
	if p.tid > 0 {
		of = "pid " + found[2]
	}
	r.addSets(l, ofCall, of, p, found[6] == "0")
	if found[6] != "" && found[6] != "0" {
		return true, fmt.Errorf("capset failed with%s: the sets are what it asked for", found[7])
	}
	return true, nil
}

// straceSet returns the set of "1<<CAP_NET_RAW|1<<CAP_CHOWN", "0" or what strace has no
// name for, in hexadecimal.
func straceSet(text string) (capset.Set, error) {
	var s capset.Set
	for word := range strings.SplitSeq(text, "|") {
		if name, ok := strings.CutPrefix(word, "1<<"); ok {
			c, err := capset.Parse(name)
			if err != nil {
				return 0, err
			}
			s |= capset.Of(c)
			continue
		}
		set, err := capset.ParseHex(word)
		if err != nil {
			return 0, fmt.Errorf("%q: %w", word, err)
		}
		s |= set
	}
	return s, nil
}

// files reports whether a file with capabilities has been read.
func (r *reader) files() bool {
	return slices.ContainsFunc(r.items, func(it *item) bool { return it.what == ofFile })
}

// xattrLine takes what getfattr prints, and the attribute alone.
func (r *reader) xattrLine(l row) (bool, error) {
	if name, ok := strings.CutPrefix(l.text, "# file: "); ok {
		r.file = name
		return true, nil
	}
	caps, is, err := notation.Attribute(l.text)
	if is && err == nil {
		r.addFile(l, r.file, caps)
	}
	return is, err
}

// addFile appends the capabilities of a file: its sets as far as they hold something, and
// the flag.
func (r *reader) addFile(l row, file string, caps capset.FileCaps) {
	of := file
	if caps.RootID != 0 {
		of = strings.TrimLeft(fmt.Sprintf("%s [rootid=%d]", file, caps.RootID), " ")
	}
	mask := func(label string, set capset.Set) report.DecodedMask {
		return report.DecodedMask{Of: of, Label: label, Gap: " ", Input: l.text, Set: set}
	}
	var list []report.DecodedMask
	if caps.Inheritable != 0 {
		list = append(list, mask(capset.Inheritable.String(), caps.Inheritable))
	}
	if caps.Permitted != 0 || caps.Inheritable == 0 {
		list = append(list, mask(capset.Permitted.String(), caps.Permitted))
	}
	if caps.Effective {
		list = append(list, mask(capset.Effective.String(), caps.Permitted|caps.Inheritable))
	}
	r.add(l, ofFile, nil, list...)
}

// rootID is what getcap -n prints behind the text form.
var rootID = pattern(` \[rootid=(\d{1,10})\]$`)

// wrongClause is a clause that means nothing, before others that do: no path.
var wrongClause = pattern(`(?i)(?:^|\s)(?:cap_|all)[a-z_0-9,]*[=+-]`)

// clauseBegin is where the text form may begin behind a path, and maxClauses is how many of
// these are tried.
var clauseBegin = pattern(`[ \t](?:=|\d|(?i:cap_|all\b))`)

const maxClauses = 64

// getcapLine takes a path and a text form. libcap before 2.41 has "= " before what is one
// clause today.
func (r *reader) getcapLine(l row) (bool, error) {
	if !strings.ContainsAny(l.text, "=+") {
		return false, nil
	}
	text, caps := l.text, capset.FileCaps{}
	if found := rootID().FindStringSubmatch(text); found != nil {
		id, err := strconv.ParseUint(found[1], 10, 32)
		if err != nil {
			return false, nil
		}
		text, caps.RootID = strings.TrimSuffix(text, found[0]), uint32(id)
	}
	for _, found := range clauseBegin().FindAllStringIndex(text, maxClauses) {
		at := found[0]
		s, err := capset.ParseText(text[at:], capset.LastKnown)
		if err != nil || strings.TrimSpace(text[at:]) == "" {
			continue
		}
		if wrongClause().MatchString(text[:at]) {
			return false, nil
		}
		caps.Permitted, caps.Inheritable, caps.Effective = s[capset.Permitted], s[capset.Inheritable], s[capset.Effective] != 0
		r.addFile(l, text[:at], caps)
		return true, nil
	}
	return false, nil
}

// decoded is what decode and capsh --decode print of a set, with the label of a set or of
// something else, and what decode says beside it.
var decoded = pattern(`^(?:(?:(.*): ?)?(\w+):[ \t]*)?(0x[0-9a-fA-F]{1,16})=([^ ]*)(?: +#.*)?$`)

func (r *reader) decodedLine(l row) (bool, error) {
	found := decoded().FindStringSubmatch(l.text)
	if found == nil || found[4] != "" && strings.Trim(found[4], "eip") == "" {
		return false, nil
	}
	set, err := namedMask(found[3], found[4])
	if err != nil {
		return true, err
	}
	of := found[1]
	if of == "" {
		of = l.from
	}
	r.add(l, ofMask, nil, report.DecodedMask{Of: of, Label: found[2], Gap: " ", Input: l.text, Set: set})
	return true, nil
}

// namedMask returns the set of a bitmap beside which its names stand.
func namedMask(mask, names string) (capset.Set, error) {
	set, err := capset.ParseHex(mask)
	if err != nil {
		return 0, fmt.Errorf("%q: %w", mask, err)
	}
	named, err := capset.ParseList(names)
	if err == nil && named != set {
		err = fmt.Errorf("%s is not the bitmap of the names beside it, 0x%s is", mask, named.Hex())
	}
	return set, err
}

// listBegin is the beginning of a list in JSON or YAML of what a container is to have more
// or less, listName one of its names, listEnd its end.
var (
	listBegin = pattern(`^"?(CapAdd|CapDrop|cap_add|cap_drop|add|drop|bounding|effective|permitted|inheritable|ambient)"?:[ \t]*(\[?)[ \t]*(\]?)(.*)$`)
	listName  = pattern(`^(?:- *)?["']?((?i:cap_)?[A-Za-z_]{3,}|\d{1,2})["']?,?$`)
	listEnd   = pattern(`^[\]\[{}]+,?$`)
)

// listLine takes the lines of such a list, as a part of docker inspect has it.
func (r *reader) listLine(l row) (bool, error) {
	if found := listBegin().FindStringSubmatch(l.text); found != nil {
		m := report.DecodedMask{Of: l.from, Label: found[1], Gap: " ", Input: l.text}
		names := found[4]
		if found[2] != "" { // all of it in one line
			names = strings.TrimRight(names, "], \t")
		}
		for name := range strings.FieldsFuncSeq(names, func(r rune) bool { return strings.ContainsRune(`"', `, r) }) {
			if name == "null" {
				continue
			}
			set, err := listed(name)
			if err != nil {
				return false, nil
			}
			m.Set |= set
		}
		r.add(l, ofList, nil, m)
		if found[3] == "" && !strings.Contains(found[4], "]") {
			r.list = r.items[len(r.items)-1]
		}
		return true, nil
	}
	if r.list == nil {
		return r.namesBegin(l), nil
	}
	if listEnd().MatchString(l.text) {
		r.list = nil
		return true, nil
	}
	found := listName().FindStringSubmatch(l.text)
	if found == nil {
		r.list = nil
		return false, nil
	}
	set, err := listed(found[1])
	r.list.sets[0].Set |= set
	return true, err
}

// namesBegin takes the first name of a list of YAML that says nothing of what it is.
func (r *reader) namesBegin(l row) bool {
	if !strings.HasPrefix(l.text, "- ") {
		return false
	}
	found := listName().FindStringSubmatch(l.text)
	if found == nil {
		return false
	}
	set, err := listed(found[1])
	if err != nil {
		return false
	}
	r.add(l, ofNames, nil, report.DecodedMask{Of: l.from, Input: l.text, Set: set})
	r.list = r.items[len(r.items)-1]
	return true
}

// listed returns the set of a name in such a list, which may be ALL.
func listed(name string) (capset.Set, error) {
	if strings.EqualFold(name, "all") {
		return capset.UpTo(capset.LastKnown), nil
	}
	c, err := capset.Parse(name)
	if err != nil {
		return 0, err
	}
	return capset.Of(c), nil
}

// maskLine takes a bitmap alone, or names.
func (r *reader) maskLine(l row) (bool, error) {
	text := strings.Trim(l.text, "\"'`,;")
	if text == "" || strings.ContainsAny(text, ":=+!^%") || strings.Contains(text, "/") && !wordAndMask().MatchString(text) || dumped().MatchString(text) {
		return false, nil
	}
	if masks := strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || r == ',' || r == '\t' }); len(masks) > 1 && !slices.ContainsFunc(masks, notMask) {
		for _, mask := range masks {
			m, err := Set(mask)
			if err != nil {
				return true, err
			}
			m.Of = l.from
			r.add(l, ofMask, nil, m)
		}
		return true, nil
	}
	if found := wordAndMask().FindStringSubmatch(text); found != nil {
		m, err := Set(found[2])
		if err != nil || m.Set>>(capset.LastKnown+1) != 0 {
			return false, nil
		}
		m.Of = strings.TrimSpace(l.from + " " + found[1])
		r.add(l, ofMask, nil, m)
		return true, nil
	}
	m, err := Set(text)
	switch {
	case err != nil:
		return false, nil
	case IsMask(text) && len(text) == idDigits && m.Set>>(capset.LastKnown+1) != 0:
		return true, fmt.Errorf("%q: the id of a container or an image, not a set: write 0x in front of a bitmap", text)
	}
	if IsMask(text) && r.otherOutput(text) {
		return true, fmt.Errorf("%q: the output of a command, not a set: write 0x in front of a bitmap", text)
	}
	what, plain := ofNames, strings.HasPrefix(strings.ToLower(text), "cap_")
	if IsMask(text) {
		what, plain = ofMask, len(text) == len(m.Set.Hex()) || strings.HasPrefix(text, "0x")
	}
	if l.behind && !plain {
		return false, nil
	}
	m.Of = l.from
	r.add(l, what, nil, m)
	return true, nil
}

// wordAndMask is a bitmap with all its digits behind a word that says whose it is.
var wordAndMask = pattern(`^([^\s,]+)[ \t]+((?:0x)?[0-9a-f]{16})$`)

// idDigits is how many digits docker and podman print of an id.
const idDigits = 12

// dumped are the bytes of something, which are no numbers of capabilities.
var dumped = pattern(`^(?:[0-9a-fA-F]+:? +)?(?:[0-9a-fA-F]{2} +){3,}[0-9a-fA-F]{2}\b|[ ,]0[0-9a-fA-F]\b|^0[0-9a-fA-F][ ,]`)

// notMask reports whether a word is no bitmap of several in a line, which has "0x" or the
// digits of the kernel.
func notMask(text string) bool {
	const kernels = 16
	return !IsMask(text) || len(text) != kernels && !strings.HasPrefix(text, "0x")
}

// textBegin is how a text form begins.
var textBegin = pattern(`^[=\w]`)

// textLine takes a text form or an IAB text alone.
func (r *reader) textLine(l row) (bool, error) {
	text := strings.Trim(l.text, "\"'`[]")
	if strings.ContainsAny(text, "=+-") && textBegin().MatchString(text) {
		if s, err := capset.ParseText(text, capset.LastKnown); err == nil && strings.TrimSpace(text) != "" {
			r.addSets(l, ofText, l.from, &setsPart{sets: textSets(s)}, true)
			return true, nil
		}
	}
	if !strings.ContainsAny(text, "!^%") {
		return false, nil
	}
	s, err := capset.ParseIAB(text, capset.LastKnown)
	if err != nil {
		return false, nil
	}
	sets := map[capset.Kind]capset.Set{
		capset.Inheritable: s[capset.Inheritable], capset.Bounding: s[capset.Bounding], capset.Ambient: s[capset.Ambient],
	}
	r.addSets(l, ofIAB, l.from, &setsPart{sets: sets}, true)
	return true, nil
}
