// SPDX-License-Identifier: Apache-2.0

package notation

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/capinspect/capinspect/capset"
)

// getpcaps is what getpcaps(8) prints: libcap before 2.43 has a sentence before the text
// form, which --legacy and --verbose still ask for; --iab adds the IAB text.
var getpcaps = pattern("^(?:Capabilities for \\\\?[`'‘](\\d+)['’]?:|(\\d+):) +(?:\"([^\"]*)\" \\[(.*)\\]|([^\"].*))$")

func getpcapsLine(text string) (*Told, error) {
	found := getpcaps().FindStringSubmatch(text)
	if found == nil {
		return nil, nil
	}
	pid, form, sentence := found[1]+found[2], found[3]+found[5], found[1] != ""
	s, err := capset.ParseText(form, capset.LastKnown)
	switch {
	case err != nil && sentence:
		return nil, err
	case err != nil || form == "":
		return nil, nil
	}
	t := Task{Sets: map[capset.Kind]capset.Set{}}
	for _, k := range [...]capset.Kind{capset.Inheritable, capset.Permitted, capset.Effective} {
		t.Sets[k] = s[k]
	}
	if t.Pid, err = strconv.Atoi(pid); err != nil {
		return nil, fmt.Errorf("%q: no pid", pid)
	}
	if strings.Contains(text, `" [`) {
		iab, err := capset.ParseIAB(found[4], capset.LastKnown)
		if err != nil {
			return nil, err
		}
		t.Sets[capset.Bounding], t.Sets[capset.Ambient] = iab[capset.Bounding], iab[capset.Ambient]
	}
	return &Told{What: "what getpcaps prints", Tasks: []Task{t}}, nil
}

// falcoField is a field of Falco and its names, wherever it stands in an alert.
var falcoField = pattern(`\b(?:thread\.|evt\.arg\.|proc\.)?cap_(inh|prm|eff|inheritable|permitted|effective)=((?:[ ,]?CAP_[A-Z_]+)*|NONE|<NA>)(?:[ ,;)|]|$)`)

// falcoKinds are the sets by the beginnings of their names.
var falcoKinds = map[string]capset.Kind{"inh": capset.Inheritable, "prm": capset.Permitted, "per": capset.Permitted, "eff": capset.Effective}

func falcoLine(text string) (*Told, error) {
	if !strings.Contains(text, "cap_") {
		return nil, nil
	}
	t := Task{Sets: map[capset.Kind]capset.Set{}}
	for _, found := range falcoField().FindAllStringSubmatch(text, maxCalls) {
		if found[2] == "<NA>" {
			continue
		}
		set, err := capset.ParseList(strings.TrimPrefix(found[2], "NONE"))
		if err != nil {
			return nil, err
		}
		t.Sets[falcoKinds[found[1][:3]]] = set
	}
	if len(t.Sets) == 0 {
		return nil, nil
	}
	return &Told{What: "fields of Falco", Tasks: []Task{t}}, nil
}
