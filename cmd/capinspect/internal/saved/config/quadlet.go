// SPDX-License-Identifier: Apache-2.0

package config

import (
	"bytes"
	"errors"
	"slices"
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// quadletSections are the section of a unit from which podman makes a service, and that
// section in the service.
var quadletSections = []string{"Container", "X-Container"}

// otherQuadlets are the sections of podman's other units, and what these are.
var otherQuadlets = map[string]string{
	"Kube":   "a .kube unit of podman: its pods stand in the file of Yaml=, which pod:FILE reads",
	"Pod":    "a .pod unit of podman: its containers are .container units",
	"Build":  "a .build unit of podman, which starts no container",
	"Image":  "a .image unit of podman, which starts no container",
	"Volume": "a .volume unit of podman, which starts no container",
}

// IsQuadlet reports whether a text is a unit of podman.
func IsQuadlet(text []byte) bool { return quadletSection(text) != "" }

// quadletSection returns the section by which a text is a unit of podman; "" if it is none.
func quadletSection(text []byte) (section string) {
	for line := range bytes.Lines(text) {
		name, ok := strings.CutPrefix(strings.TrimSpace(string(line[:min(len(line), 64)])), "[")
		if name, closed := strings.CutSuffix(name, "]"); ok && closed {
			if slices.Contains(quadletSections, name) {
				return name
			}
			if otherQuadlets[name] != "" {
				section = name
			}
		}
	}
	return section
}

// Quadlet returns the tasks of the containers that .container units start
// (podman-systemd.unit(5)), on a kernel with the given last capability.
func Quadlet(text []byte, last capset.Cap) (tasks []*task.Task, err error) {
	if what := otherQuadlets[quadletSection(text)]; what != "" {
		return nil, errors.New("this is " + what)
	}
	list, err := units(text, quadletSections...)
	for _, u := range list {
		if err := u.template(ofContainer[:]); err != nil {
			return nil, err
		}
		w := u.container()
		t, err := w.task(last)
		if err != nil {
			return nil, err
		}
		w.possible(t)
		tasks = append(tasks, t)
	}
	if err == nil && tasks == nil {
		err = errors.New("no setting of a container")
	}
	return tasks, err
}

// ofContainer are the settings of a container that decide what it holds.
var ofContainer = [...]string{"AddCapability", "DropCapability", "Group", "NoNewPrivileges", "User", "UserNS"}

// commas splits words at the commas that podman run takes in a list.
func commas(words []string) []string {
	return strings.FieldsFunc(strings.Join(words, ","), func(r rune) bool { return r == ',' })
}

// container returns what a .container unit asks of podman.
func (u *unit) container() wish {
	readOnly, private, network := u.is("ReadOnly"), "private", u.last("Network")
	w := wish{
		name: u.last("ContainerName"), runtime: "podman", from: "a .container unit",
		add: commas(u.words("AddCapability")), drop: commas(u.words("DropCapability")), groups: u.words("GroupAdd"),
		readOnly: &readOnly, pid: &private, ipc: &private, network: &network,
		child: task.Unknown[bool]("a .container unit does not say whether podman is rootless"),
	}
	if w.name == "" {
		w.name = strings.TrimSuffix(u.name, ".container")
	}
	if mode := u.last("UserNS"); mode != "" && mode != "host" {
		w.child = task.Known(true)
	}
	if user := u.last("User"); user != "" {
		if group := u.last("Group"); group != "" {
			user += ":" + group
		}
		w.user = &user
	}
	if u.is("NoNewPrivileges") {
		w.options = append(w.options, "no-new-privileges")
	}
	for _, option := range [...]struct{ setting, key string }{{"SeccompProfile", "seccomp"}, {"AppArmor", "apparmor"}} {
		if value := u.last(option.setting); value != "" {
			w.options = append(w.options, option.key+"="+value)
		}
	}
	for _, paths := range u.words("Unmask") {
		w.options = append(w.options, "unmask="+paths)
	}
	for _, args := range u.settings["PodmanArgs"] {
		w.take(fields(args))
	}
	return w
}
