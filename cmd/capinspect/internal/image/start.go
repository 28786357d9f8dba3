// SPDX-License-Identifier: Apache-2.0

package image

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/capset/operation"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/collect/userdb"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/manifest"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/predict"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// Refused is the result of a prediction for a container that is not made at all.
const Refused = "refused"

// Start tells whether the program of the image would start in a container that asks for what
// the manifest has. A program that is named takes the place of the image's own. The runtime
// of the manifest has to be set, and it is changed: the image fills in what it leaves out.
func (i *Image) Start(m *manifest.Manifest, program string, what *predict.WhatIf) (*predict.Prediction, error) {
	starts := &m.Container.Starts
	if starts.WorkingDir != "" {
		i.Config.WorkingDir = starts.WorkingDir
	}
	i.mounts = starts.Mounts
	refused := i.fill(m)
	t := m.Expected(capset.LastKnown)
	i.describe(t)
	command := i.command(starts, program)
	if refused == nil {
		refused = missing(m, command)
	}
	if refused != nil {
		refused.Task, refused.File, refused.Image = t, first(command), i.Name
		return refused, nil
	}
	s, err := i.subject(t, m)
	if err != nil {
		return nil, err
	}
	if c := &s.Credentials; m.Runtime.PermitsAll && c.UID.Effective != 0 {
		c.Sets[capset.Permitted], c.Sets[capset.Effective] = c.Sets[capset.Bounding], c.Sets[capset.Bounding]
	}
	if s.Path = searchPath(starts, &i.Config); what.Path != "" {
		s.Path = what.Path
	}
	if err := s.Change(what); err != nil {
		return nil, err
	}
	p, err := s.Predict(command[0])
	if err != nil {
		return nil, err
	}
	p.Image = i.Name
	if len(command) > 2 && command[0] == "/bin/sh" && command[1] == "-c" && p.Result == "ENOENT" && p.Script == "" {
		p.Changes = append([]predict.Change{{Where: "image", Text: `write ENTRYPOINT and CMD as ["/PROGRAM", "ARGUMENT"]: as a text, they need a shell`}}, p.Changes...)
	}
	p.Notes = append(append(append([]task.Note(nil), m.Traps...), p.Notes...), i.notes(s, p, command)...)
	return p, nil
}

func first(command []string) string {
	if len(command) == 0 {
		return ""
	}
	return command[0]
}

// searchPath returns where a bare name is looked for.
func searchPath(starts *manifest.Starts, config *Config) string {
	if starts.Path != "" {
		return starts.Path
	}
	return config.Getenv("PATH")
}

// command returns what is executed, with its arguments: a command in the manifest takes the
// place of entrypoint and command of the image, and arguments that of its command.
func (i *Image) command(starts *manifest.Starts, program string) []string {
	switch {
	case program != "":
		return []string{program}
	case starts.Command != nil:
		return slices.Concat(starts.Command, starts.Args)
	case starts.Args != nil:
		return slices.Concat(i.Config.Entrypoint, starts.Args)
	}
	return i.Config.Command()
}

// missing returns why a container without a command is not made.
func missing(m *manifest.Manifest, command []string) *predict.Prediction {
	if len(command) > 0 && command[0] != "" {
		return nil
	}
	where := predict.Change{Where: "image", Text: `add ENTRYPOINT ["/PROGRAM"] to the Dockerfile`}
	return refuse("the image has neither ENTRYPOINT nor CMD, and nothing else says what to start", where,
		predict.Change{Where: "manifest", Text: `command: ["/PROGRAM"]` + docker(m, ` (docker run IMAGE /PROGRAM)`)})
}

func docker(m *manifest.Manifest, text string) string {
	if m.Direct {
		return text
	}
	return ""
}

func refuse(why string, changes ...predict.Change) *predict.Prediction {
	return &predict.Prediction{Result: Refused, Why: why, Changes: changes}
}

// fill lets the image say who starts, where the manifest does not. It returns why no container
// is made, nil if one is (kubelet, kuberuntime/security_context.go, verifyRunAsNonRoot).
func (i *Image) fill(m *manifest.Manifest) *predict.Prediction {
	asks := &m.Asks
	name := i.Config.User
	if asks.RunAsUser != nil {
		name = strconv.FormatInt(*asks.RunAsUser, 10)
	}
	u, err := i.userOf(name)
	if asks.RunAsUser == nil && asks.RunAsNonRoot != nil && *asks.RunAsNonRoot {
		before, _, _ := strings.Cut(name, ":")
		fix := predict.Change{Where: "securityContext", Text: "runAsUser: with a number other than 0"}
		switch _, notNumber := number(before); {
		case before != "" && notNumber != nil:
			return refuse(fmt.Sprintf("runAsNonRoot is true, and the image names its user, %q: kubelet cannot tell whether that is root", shortened(before)),
				predict.Change{Where: "image", Text: "USER with a number" + numberOf(u, err)}, fix)
		case u.uid == 0:
			return refuse("runAsNonRoot is true, and the image starts as root", predict.Change{Where: "image", Text: "USER with the number of another user"}, fix)
		}
	}
	if err != nil {
		return refuse(err.Error()+", and the runtime makes no container", predict.Change{Where: "image", Text: "USER with a number, or add the user to the image"},
			predict.Change{Where: "securityContext", Text: "runAsUser: with a number (docker: --user)"})
	}
	uid, gid := int64(u.uid), int64(u.gid)
	asks.RunAsUser = &uid
	if asks.RunAsGroup == nil {
		asks.RunAsGroup = &gid
	}
	m.Container.User = &manifest.User{UID: u.uid, GID: uint32(*asks.RunAsGroup), Groups: slices.Concat(u.groups, m.Pod.Groups)}
	return nil
}

func numberOf(u user, err error) string {
	if err != nil {
		return ""
	}
	return ", as USER " + strconv.FormatUint(uint64(u.uid), 10)
}

// describe names the task's user.
func (i *Image) describe(t *task.Task) {
	t.UserNamespace = task.Known(task.UserNamespace{Own: true})
	t.Securebits = task.Known(capset.Securebits(0))
	names := userdb.Database{File: userdb.Passwd, From: i, Doubts: func(uint32) error { return nil }}
	if ids, ok := t.UID.Get(); ok {
		t.UserNames = names.Names(ids.Real, ids.Effective)
	}
	names.File = userdb.Group
	if ids, ok := t.GID.Get(); ok {
		t.GroupNames = names.Names(ids.Real, ids.Effective)
	}
	if i.Name != "" && t.Asked.Name == "" {
		t.Asked.Name = i.Name
	}
}

// subject returns the task that executes the program of the container.
func (i *Image) subject(t *task.Task, m *manifest.Manifest) (*predict.Subject, error) {
	s, err := predict.New(t)
	if err != nil {
		return nil, err
	}
	s.Finder, s.Architecture = i, predict.ArchitectureNamed(i.Architecture)
	for _, a := range m.Assumed {
		s.Assume(a.Code, a.Text)
	}
	if s.Architecture == nil {
		s.Assume("format", "the kernel executes its programs: their architecture, "+strconv.Quote(shortened(i.Architecture))+", is not known")
	}
	return s, nil
}

// notes tells what is remarkable about the program and its file.
func (i *Image) notes(s *predict.Subject, p *predict.Prediction, command []string) (notes []task.Note) {
	note := func(code, text string) { notes = append(notes, task.Note{Code: code, Text: text}) }
	at, err := i.find(command[0], nil)
	if p.Program != nil {
		at, err = i.lookUp(&place{file: i.top}, p.Program.Path, nil)
	}
	if err == nil && at.lost != nil {
		caps := "capabilities"
		if c, err := capset.ParseFileCaps(at.lost.caps); err == nil {
			caps = (&predict.Program{Caps: &c}).CapsText(capset.LastKnown)
		}
		note("lost-file-capabilities", fmt.Sprintf("layer %d has %s with %s, and layer %d has it without: COPY, chown and strip take file capabilities away; call setcap after them",
			at.lost.layer, at.path, caps, at.layer))
	}
	if err == nil && at.lost == nil && at.caps == nil {
		for n, h := range i.History {
			if strings.Contains(h.CreatedBy, "setcap ") && strings.Contains(h.CreatedBy, at.path) && !strings.Contains(h.CreatedBy, "setcap -r") {
				note("lost-file-capabilities", fmt.Sprintf("step %d calls setcap, and %s has no file capabilities: a later COPY, chown or strip takes them away, and a builder without xattrs loses them", n+1, at.path))
				break
			}
		}
	}
	if p.After == nil {
		return notes
	}
	return append(notes, i.needs(s, p, command)...)
}

// needs tells what the programs lack that the container starts one after the other.
func (i *Image) needs(s *predict.Subject, p *predict.Prediction, command []string) (notes []task.Note) {
	note := func(code, text string) { notes = append(notes, task.Note{Code: code, Text: text}) }
	script := i.script(p.Script)
	if p.After.UID.Zero().Effective != 0 && asksForRoot(script) {
		return nil // as another user it goes on without them
	}
	holds := p.After.Sets[capset.Permitted].Zero()
	for _, name := range changers(script, command) {
		for _, o := range operation.Named(name) {
			if lacks := o.Set() &^ holds; lacks != 0 && o.Program {
				note("program-needs", fmt.Sprintf("%s usually needs %v, and would lack %v. %s", name, o.Set(), lacks, o.Why))
			}
		}
	}
	for _, name := range switchersIn(script) {
		if !strings.Contains(script, "exec "+name) || slices.ContainsFunc(searches, func(search string) bool { return strings.Contains(script, search+name) }) {
			continue
		}
		if found, err := s.Predict(name); err == nil && found.Result == "ENOENT" {
			note("program-missing", fmt.Sprintf("%s names %s, and the image does not have it", p.Script, name))
		}
	}
	return notes
}

// asksForRoot reports whether a script does something else for root than for other users, as
// the entrypoints of many images do.
func asksForRoot(script string) bool {
	return slices.ContainsFunc([]string{"id -u", "$UID", "${UID", "$EUID", "${EUID", "whoami"}, func(asks string) bool { return strings.Contains(script, asks) })
}

// searches are how a script finds out whether a program is there.
var searches = []string{"command -v ", "which ", "type ", "hash "}

// switchers are the programs that an entrypoint calls to become another user.
var switchers = []string{"gosu", "su-exec", "runuser", "setuidgid", "s6-setuidgid", "chpst", "su", "sudo"}

// script returns the text of a script without its comments; "" if there is none.
func (i *Image) script(name string) string {
	if name == "" {
		return ""
	}
	at, err := i.lookUp(&place{file: i.top}, name, nil)
	if err != nil {
		return ""
	}
	var text strings.Builder
	for line := range strings.Lines(string(at.head)) {
		if !strings.HasPrefix(strings.TrimSpace(line), "#") {
			text.WriteString(line)
		}
	}
	return text.String()
}

// switchersIn returns the switchers that a script names.
func switchersIn(script string) (names []string) {
	for _, word := range strings.FieldsFunc(script, func(r rune) bool { return strings.ContainsRune(" \t\n;&|()`\"'$", r) }) {
		if slices.Contains(switchers, path.Base(word)) && !slices.Contains(names, word) {
			names = append(names, word)
		}
	}
	return names
}

// changers returns the programs of the table of operations that the container starts, or that
// its script names.
func changers(script string, command []string) (names []string) {
	add := func(name string) {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	add(path.Base(command[0]))
	if command[0] == "/init" {
		add("/init")
	}
	for _, word := range command[1:] {
		if base := path.Base(word); slices.Contains(switchers, base) {
			add(base)
		}
	}
	for _, word := range switchersIn(script) {
		add(path.Base(word))
	}
	return names
}
