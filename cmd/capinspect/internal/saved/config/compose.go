// SPDX-License-Identifier: Apache-2.0

package config

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/strictjson"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/yamljson"
)

// composed is a service of a compose file, as far as it is of interest (compose-spec,
// 05-services.md).
type composed struct {
	CapAdd      list   `json:"cap_add"`
	CapDrop     list   `json:"cap_drop"`
	GroupAdd    []word `json:"group_add"`
	SecurityOpt list   `json:"security_opt"`
	Privileged  word   `json:"privileged"`
	ReadOnly    word   `json:"read_only"`
	User        word   `json:"user"`
	UsernsMode  word   `json:"userns_mode"`
	PID         word   `json:"pid"`
	IPC         word   `json:"ipc"`
	NetworkMode word   `json:"network_mode"`
	Net         word   `json:"net"` // in the first form
	Runtime     word   `json:"runtime"`
	Extends     *base  `json:"extends"`
}

// word is a string, a number, true or false, for which compose takes one for the other.
type word string

// Shape returns how it looks in JSON: in any way.
func (word) Shape() reflect.Type { return reflect.TypeFor[json.RawMessage]() }

// UnmarshalJSON reads it.
func (w *word) UnmarshalJSON(text []byte) error {
	if bytes.IndexByte([]byte("{["), text[0]) >= 0 {
		return errors.New("an object or an array does not belong here")
	}
	var s string
	if json.Unmarshal(text, &s) != nil {
		s = string(text)
	}
	*w = word(s)
	return nil
}

// base is the service that another one extends.
type base struct{ service, file string }

// Shape returns how it looks in JSON: the name, or an object.
func (base) Shape() reflect.Type { return reflect.TypeFor[json.RawMessage]() }

// UnmarshalJSON reads it.
func (b *base) UnmarshalJSON(text []byte) error {
	if json.Unmarshal(text, &b.service) == nil {
		return nil
	}
	var object struct {
		Service string `json:"service"`
		File    string `json:"file"`
	}
	err := json.Unmarshal(text, &object)
	b.service, b.file = object.Service, object.File
	return err
}

// form is how a text has services.
type form int

const (
	noForm        form = iota // it has none
	underServices             // below the key services
	byName                    // each key at the margin is one, as in the first compose files
	oneService                // the keys at the margin are those of one
)

// IsCompose reports whether a text is a compose file, or lines of a service in one.
func IsCompose(text []byte) bool { return composeForm(text) != noForm }

func composeForm(text []byte) form {
	if beginsObject(text) {
		if hasKey(text, "services") && !hasKey(text, "apiVersion") {
			return underServices
		}
		return noForm
	}
	has := map[string]bool{}      // keys anywhere
	atMargin := map[string]bool{} // keys of the lines that are indented least
	other, indent, dash := false, 64, 64
	for line := range bytes.Lines(text) {
		key, value, ok := strings.Cut(string(line[:min(len(line), 64)]), ":")
		blanks := len(key) - len(strings.TrimLeft(key, " "))
		key = key[blanks:]
		if strings.HasPrefix(key, "- ") {
			dash = min(dash, blanks)
		}
		if !ok || key == "" || key[0] == '#' || key[0] == '-' {
			continue
		}
		if blanks < indent {
			indent = blanks
			clear(atMargin)
			other = false
		}
		has[key] = true
		if value, _, _ = strings.Cut(value, "#"); blanks == indent {
			atMargin[key] = true
			other = other || strings.TrimSpace(value) != ""
		}
	}
	hasAny := func(keys []string, in map[string]bool) bool {
		return slices.ContainsFunc(keys, func(key string) bool { return in[key] })
	}
	switch image := []string{"image", "build"}; {
	case atMargin["apiVersion"], dash < indent: // or a list
		return noForm
	case atMargin["services"]:
		return underServices
	case hasAny(notOfService, has):
		return noForm
	case atMargin["cap_add"] && atMargin["cap_drop"], hasAny(image, atMargin) && hasAny(ofCapabilities, atMargin):
		return oneService
	case hasAny(image, has) && hasAny(ofService, has) && !other:
		return byName
	}
	return noForm
}

// beginsObject reports whether a text is JSON, as far as its first character tells.
func beginsObject(text []byte) bool {
	return bytes.HasPrefix(bytes.TrimLeft(text, " \t\r\n"), []byte("{"))
}

// ofService are keys of a service, of which ofCapabilities decide what it holds. notOfService
// are keys of what looks like one: a job of a CI, a value of a chart.
var (
	ofService = []string{
		"cap_add", "cap_drop", "command", "environment", "links", "net", "pid", "ports", "privileged", "restart", "security_opt", "user", "volumes",
	}
	ofCapabilities = []string{"cap_add", "cap_drop", "privileged", "security_opt", "user"}
	notOfService   = []string{"jobs", "repository", "runs-on", "script", "spec", "stage", "steps"}
)

// Compose returns the tasks of the services of a compose file, on a kernel with the given
// last capability. Each is what docker is asked for.
func Compose(text []byte, last capset.Cap) (tasks []*task.Task, err error) {
	r := composeReader{form: composeForm(text), services: map[string]*composed{}}
	if err := r.all(text); err != nil {
		return nil, err
	}
	for _, name := range r.names {
		whole, missing := r.whole(name, nil)
		err := whole.check()
		w := whole.wish(name)
		var t *task.Task
		if err == nil {
			t, err = w.task(last)
		}
		if err != nil {
			if name == "" {
				return nil, err
			}
			return nil, fmt.Errorf("service %s: %w", shortened(name), err)
		}
		whole.leaveOut(t, missing)
		if r.form == oneService {
			t.Asked.Assumed = append(t.Asked.Assumed, task.Note{Code: "part", Text: "settings that are not among these lines have their defaults"})
		}
		if r.include {
			t.Asked.Assumed = append(t.Asked.Assumed, task.Note{Code: "include", Text: "what the file includes does not count: docker compose config prints the whole"})
		}
		w.possible(t)
		tasks = append(tasks, t)
	}
	if tasks == nil {
		return nil, errors.New("no service")
	}
	return tasks, nil
}

// composeReader reads a compose file.
type composeReader struct {
	in       *strictjson.Decoder // of a document
	form     form
	include  bool     // there are other files
	names    []string // of the services, in the order of the file
	services map[string]*composed
}

// all reads all documents. What a later one has of a service takes precedence over what an
// earlier one has, as if it were another file (compose-go, loader).
func (r *composeReader) all(text []byte) error {
	if beginsObject(text) {
		return r.document(text, 1)
	}
	documents := yamljson.Split(bytes.NewReader(text))
	for n := 1; ; n++ {
		line, err := documents.Next()
		if err == io.EOF {
			return nil
		}
		if err == nil {
			err = tooMany("documents", n, maxContainers)
		}
		var json []byte
		if err == nil {
			json, err = yamljson.ReadCompose(documents, line)
		}
		if err == nil {
			err = r.document(json, line)
		}
		if err != nil {
			return err
		}
	}
}

// document reads a document of JSON that begins on the given line.
func (r *composeReader) document(text []byte, line int) error {
	r.in = strictjson.NewDecoderAt(bytes.NewReader(text), line)
	r.in.Limit(maxTokens)
	if r.form == oneService {
		return r.service("")
	}
	err := r.in.Object(func(key string) error {
		switch {
		case r.form == byName:
			return r.service(key)
		case key == "include":
			r.include = true
		case key == "services":
			return r.in.Object(r.service)
		}
		return nil
	})
	if err == io.EOF {
		return nil
	}
	return err
}

// service reads the service of a name.
func (r *composeReader) service(name string) error {
	s := new(composed)
	if err := r.in.Decode(s); err != nil {
		return err
	}
	if before := r.services[name]; before != nil {
		s.inherit(*before)
	} else {
		r.names = append(r.names, name)
	}
	r.services[name] = s
	return cmp.Or(
		tooMany("services", len(r.names), maxContainers),
		tooMany("capabilities, options and groups", len(s.CapAdd.names)+len(s.CapDrop.names)+len(s.SecurityOpt.names)+len(s.GroupAdd), 4*maxList),
	)
}

// whole returns a service with what it extends, and why that is not all; "" if it is.
func (r *composeReader) whole(name string, above []string) (s composed, missing string) {
	s = *r.services[name]
	if s.Extends == nil {
		return s, ""
	}
	from := s.Extends.service
	switch {
	case s.Extends.file != "":
		return s, "it extends a service of " + shortened(s.Extends.file)
	case r.services[from] == nil:
		return s, "it extends " + shortened(from) + ", which is not in the file"
	case slices.Contains(above, from) || len(above) > maxExtends:
		return s, "it extends itself"
	}
	b, missing := r.whole(from, append(above, name))
	s.inherit(b)
	return s, missing
}

// maxExtends is how many services may extend each other.
const maxExtends = 16

// inherit takes from another service what this one does not have, and what lists have.
func (s *composed) inherit(from composed) {
	if s.Extends == nil {
		s.Extends = from.Extends
	}
	s.CapAdd.names = slices.Concat(from.CapAdd.names, s.CapAdd.names)
	s.CapDrop.names = slices.Concat(from.CapDrop.names, s.CapDrop.names)
	s.SecurityOpt.names = slices.Concat(from.SecurityOpt.names, s.SecurityOpt.names)
	s.GroupAdd = slices.Concat(from.GroupAdd, s.GroupAdd)
	for _, pair := range [...][2]*word{
		{&s.Privileged, &from.Privileged},
		{&s.ReadOnly, &from.ReadOnly},
		{&s.User, &from.User},
		{&s.UsernsMode, &from.UsernsMode},
		{&s.PID, &from.PID},
		{&s.IPC, &from.IPC},
		{&s.NetworkMode, &from.NetworkMode},
		{&s.Net, &from.Net},
		{&s.Runtime, &from.Runtime},
	} {
		if *pair[0] == "" {
			*pair[0] = *pair[1]
		}
	}
}

// check returns an error if a switch is neither true nor false, which compose refuses.
func (s *composed) check() error {
	for _, w := range [...]struct {
		key   string
		value word
	}{{"privileged", s.Privileged}, {"read_only", s.ReadOnly}} {
		if w.value != "" && !isTrue(w.value) && !isFalse(w.value) && !isFilled(string(w.value)) {
			return fmt.Errorf("%s: %s is neither true nor false", w.key, shortened(string(w.value)))
		}
	}
	return nil
}

// isTrue reports whether a switch is on. compose takes what YAML 1.1 has for true, and warns
// (compose-go, toBoolean).
func isTrue(w word) bool {
	return slices.Contains([]string{"true", "yes", "y", "on"}, strings.ToLower(string(w)))
}

// isFalse reports whether a switch is off.
func isFalse(w word) bool {
	return slices.Contains([]string{"false", "no", "n", "off"}, strings.ToLower(string(w)))
}

// isFilled reports whether a text has a variable that compose fills in.
func isFilled(text string) bool {
	return strings.Contains(strings.ReplaceAll(text, "$$", ""), "$")
}

// wish returns what the service asks of docker.
func (s *composed) wish(name string) wish {
	pid, ipc, network, readOnly := string(s.PID), string(s.IPC), string(cmp.Or(s.NetworkMode, s.Net)), isTrue(s.ReadOnly)
	w := wish{
		name: name, runtime: "docker", from: "a compose file", oci: string(s.Runtime),
		add: s.CapAdd.names, drop: s.CapDrop.names, options: s.SecurityOpt.names,
		privileged: isTrue(s.Privileged), readOnly: &readOnly, pid: &pid, ipc: &ipc, network: &network,
		child: task.Unknown[bool]("a compose file does not say whether the daemon has userns-remap"),
	}
	for _, g := range s.GroupAdd {
		w.groups = append(w.groups, string(g))
	}
	if s.UsernsMode == "host" {
		w.child = task.Known(false)
	}
	if s.User != "" {
		w.user = new(string(s.User))
	}
	return w
}

// leaveOut makes unknown what depends on a variable that compose fills in, or on what is
// missing.
func (s *composed) leaveOut(t *task.Task, missing string) {
	filled := func(texts ...string) string {
		for _, text := range texts {
			if isFilled(text) {
				return "compose fills in " + shortened(text) + ": docker compose config prints the whole"
			}
		}
		if missing != "" {
			return missing + ": docker compose config prints the whole"
		}
		return ""
	}
	if why := filled(slices.Concat(s.CapAdd.names, s.CapDrop.names, []string{string(s.Privileged)})...); why != "" {
		unknownSets(t, why)
		t.Asked.Traps = nil
	}
	if why := filled(string(s.User)); why != "" {
		unknownUser(t, why)
		t.GID, t.Groups = task.Unknown[capset.IDs](why), task.Unknown[[]uint32](why)
	}
	if why := filled(append([]string{string(s.Privileged)}, s.SecurityOpt.names...)...); why != "" {
		t.NoNewPrivs, t.Seccomp = task.Unknown[bool](why), task.Unknown[task.Seccomp](why)
		t.Mounts.ProcMasked, t.Mounts.SysReadOnly = task.Unknown[bool](why), task.Unknown[bool](why)
	}
	if why := filled(string(s.ReadOnly)); why != "" {
		t.Mounts.ReadOnlyRoot = task.Unknown[bool](why)
	}
	for _, ns := range [...]struct {
		mode word
		to   *task.Value[bool]
	}{{s.PID, &t.Isolation.HostPID}, {s.IPC, &t.Isolation.HostIPC}, {s.NetworkMode, &t.Isolation.HostNetwork}} {
		if why := filled(string(ns.mode)); why != "" {
			*ns.to = task.Unknown[bool](why)
		}
	}
}
