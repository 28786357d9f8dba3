// SPDX-License-Identifier: Apache-2.0

package saved

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/report"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
	"github.com/capinspect/capinspect/procstatus"
)

// ofEvent is what an item is that an event in JSON makes.
const ofEvent = "an event of Tetragon, Falco or the journal"

// journalField is the field of the journal of systemd that has the effective set, as a bitmap.
const journalField = "_CAP_EFFECTIVE"

// The bounds of events, far above what a program writes.
const (
	maxEvent  = 1 << 20 // bytes of one
	maxEvents = 1 << 15
)

// eventFields are the keys of the sets: in the object "cap" of a process of Tetragon, and
// the fields of Falco.
var eventFields = []struct {
	tetragon, falco string
	kind            capset.Kind
}{
	{"inheritable", "thread.cap_inheritable", capset.Inheritable},
	{"permitted", "thread.cap_permitted", capset.Permitted},
	{"effective", "thread.cap_effective", capset.Effective},
}

// isEvents reports whether a text is events of Tetragon, Falco or the journal.
func isEvents(text []byte) bool {
	if !isObject(text) {
		return false
	}
	for _, f := range eventFields {
		if bytes.Contains(text, []byte(strconv.Quote(f.falco))) {
			return true
		}
	}
	return bytes.Contains(text, []byte(strconv.Quote(journalField))) || bytes.Contains(text, []byte(`"cap":`)) && bytes.Contains(text, []byte(`"process`))
}

// readEvents returns the tasks of the processes in a stream of events.
func readEvents(text []byte) (items []*item, err error) {
	d := json.NewDecoder(bytes.NewReader(text))
	var wrong error // the first
	more := 0
	for n := 1; ; n++ {
		var raw json.RawMessage
		switch err := d.Decode(&raw); {
		case err == io.EOF && more > 0:
			return items, fmt.Errorf("%w; and %d more", wrong, more)
		case err == io.EOF:
			return items, wrong
		case err != nil:
			return items, fmt.Errorf("event %d: %w", n, err)
		case len(raw) > maxEvent:
			return items, fmt.Errorf("event %d: more than %d bytes", n, maxEvent)
		case n > maxEvents:
			return items, fmt.Errorf("more than %d events", maxEvents)
		}
		var event map[string]any
		if err := json.Unmarshal(raw, &event); err != nil {
			return items, fmt.Errorf("event %d: %w", n, err)
		}
		found, err := eventItems(event, 0)
		switch {
		case err != nil && wrong != nil:
			more++
		case err != nil:
			wrong = fmt.Errorf("event %d: %w", n, err)
		}
		items = append(items, found...)
	}
}

// eventItems returns the processes in an object of an event.
func eventItems(event map[string]any, depth int) (items []*item, err error) {
	const deepest = 8
	if depth > deepest {
		return nil, nil
	}
	sets := map[capset.Kind]capset.Set{}
	cap, _ := event["cap"].(map[string]any)
	for _, f := range eventFields {
		value, ok := event[f.falco]
		if !ok {
			if value, ok = cap[f.tetragon]; !ok {
				continue
			}
		}
		if sets[f.kind], err = eventSet(value); err != nil {
			return nil, err
		}
	}
	if text, ok := event[journalField].(string); ok {
		if sets[capset.Effective], err = capset.ParseHex(text); err != nil {
			return nil, fmt.Errorf("%s: %q: %w", journalField, shortened(text), err)
		}
	}
	if cap != nil { // which leaves out an empty set
		for _, f := range eventFields {
			sets[f.kind] |= 0
		}
	}
	if len(sets) > 0 {
		items = append(items, eventItem(event, sets))
	}
	for _, key := range []string{"process_exec", "process_exit", "process_kprobe", "process_tracepoint", "process_uprobe", "process_lsm", "process", "parent", "output_fields"} {
		if inner, ok := event[key].(map[string]any); ok {
			more, err := eventItems(inner, depth+1)
			if err != nil {
				return nil, err
			}
			items = append(items, more...)
		}
	}
	return items, nil
}

// eventSet returns the set of a list of names, or of a text of names separated by blanks.
func eventSet(value any) (set capset.Set, err error) {
	switch value := value.(type) {
	case string:
		return capset.ParseList(strings.TrimPrefix(value, "NONE"))
	case []any:
		for _, name := range value {
			text, _ := name.(string)
			c, err := capset.Parse(text)
			if err != nil {
				return 0, err
			}
			set |= capset.Of(c)
		}
		return set, nil
	case nil:
		return 0, nil
	}
	return 0, fmt.Errorf("%v is not a list of capabilities", value)
}

// eventItem returns the item of a process with some sets.
func eventItem(event map[string]any, sets map[capset.Kind]capset.Set) *item {
	p := &setsPart{sets: sets}
	for _, key := range []string{"pid", "proc.pid", "thread.tid"} {
		if n, ok := event[key].(float64); ok && n > 0 && n <= 1<<22 {
			p.tid = int(n)
		}
	}
	if text, ok := event["_PID"].(string); ok {
		p.tid, _ = strconv.Atoi(text)
	}
	it := &item{what: ofEvent}
	it.task, _ = p.task()
	for _, key := range []string{"binary", "proc.name", "_COMM"} {
		if name, ok := event[key].(string); ok && name != "" {
			it.from = name
			it.task.Name = task.Known(name[strings.LastIndexByte(name, '/')+1:])
		}
	}
	for k := range capset.Kind(capset.NumKinds) {
		if set, ok := sets[k]; ok {
			it.sets = append(it.sets, report.DecodedMask{Label: procstatus.CapField(k).String(), Gap: "\t", Input: set.Hex(), Set: set})
		}
	}
	return it
}
