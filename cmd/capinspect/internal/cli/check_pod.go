// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/check"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/command"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/manifest"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/saved"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/target"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// podArguments parts the arguments that are manifests from the others.
func podArguments(args []string) (pods, others []string) {
	for _, arg := range args {
		if pod, ok := strings.CutPrefix(arg, podPrefix); ok {
			pods = append(pods, pod)
		} else {
			others = append(others, arg)
		}
	}
	return pods, others
}

// checkPods checks the containers of some manifests, each of them FILE[:CONTAINER]. One
// that cannot be read does not hide the others.
func (c *checkConfig) checkPods(e *command.Env, pods []string, checked *check.Checked, found *target.Found) error {
	asked, err := runtimeNamed(c.runtime)
	if err != nil {
		return err
	}
	if asked != nil && len(pods) == 0 {
		return usagef("--runtime is for pod:FILE")
	}
	last := capset.LastKnown
	if given, err := target.ParseLastCap(c.LastCap); err != nil {
		return err
	} else if given != nil {
		last = *given
	}
	for _, pod := range pods {
		m := manifests{from: check.Source{Runtime: asked, Last: last}, checked: checked, lint: c.asksNothing()}
		var name string
		name, m.name = splitPod(pod)
		files, directory, err := saved.Manifests(name)
		if err != nil {
			found.Fail("", err)
			continue
		}
		for _, file := range files {
			m.from.File, m.only = file, !directory
			_, err := saved.Parse(file, e.Stdin, m.check)
			switch several, ok := errors.AsType[manifest.Errors](err); {
			case ok:
				for _, err := range several {
					found.Fail("", &task.InputError{Name: file, Err: err})
				}
			case err != nil:
				found.Fail("", err)
			}
		}
		if err := m.nothing(); directory && err != nil {
			found.Fail("", &task.InputError{Name: name, Err: err})
		}
	}
	return nil
}

// manifests are the containers of a file, or of the files in a directory.
type manifests struct {
	from    check.Source
	name    string // of the containers to check, "" for all
	only    bool   // the file is the only one
	checked *check.Checked
	lint    bool

	members, chosen int // the containers, and the pods of which some were checked
}

// nothing returns an error if nothing was checked.
func (m *manifests) nothing() error {
	switch {
	case m.members == 0:
		return errors.New("no pod, and nothing that creates pods")
	case m.chosen == 0:
		return errors.New("no container " + m.name)
	}
	return nil
}

// check checks the containers of all pods in a text. What is wrong in it further on does
// not hide what was found before. A field that Kubernetes does not have leaves open what was
// meant; lint lists it.
func (m *manifests) check(text io.Reader) (none struct{}, _ error) {
	var unknown manifest.Errors
	others, err := manifest.Pods(text, func(p *manifest.Pod) bool {
		m.pod(p)
		for _, field := range p.UnknownFields() {
			if !m.lint && len(unknown) < maxUnknown {
				unknown = append(unknown, unknownField{field})
			}
		}
		p.Forget()
		return true
	})
	if (m.members > 0 || !m.only) && m.name == "" && others.Count > 0 {
		m.checked.PassedOver = append(m.checked.PassedOver, check.PassedOver{File: m.from.File, Others: others})
	}
	switch {
	case !m.only && manifest.IsNoPods(err):
		err = nil
	case err != nil && unknown != nil:
		if several, ok := errors.AsType[manifest.Errors](err); ok {
			err = append(several, unknown...)
		}
	case err != nil:
	case unknown != nil:
		err = unknown
	case m.only:
		err = m.nothing()
	}
	return none, err
}

// maxUnknown is how many unknown fields of a file are told of.
const maxUnknown = 16

// unknownField is the error of a field that Kubernetes does not have.
type unknownField struct{ field manifest.UnknownField }

func (u unknownField) Error() string { return u.field.Text() }

// Line returns the line of the file on which the field is.
func (u unknownField) Line() int { return u.field.Line }

// pod checks the containers of a pod.
func (m *manifests) pod(p *manifest.Pod) {
	chosen := func(c *manifest.Container) bool { return p.Named(c, m.name) }
	m.members += len(p.Containers)
	if slices.ContainsFunc(p.Containers, chosen) {
		m.chosen++
		look := m.checked.Pod
		if m.lint {
			look = m.checked.Lint
		}
		look(p, m.from, chosen)
	}
}
