// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/capset/runtime"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/command"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/flags"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/manifest"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/predict"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/render"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/saved"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// started are the flags that say how a container is started.
type started struct{ pod, runtime string }

// flags returns the flags. with says when they count.
func (s *started) flags(with, as string) []flags.Flag {
	r := runtimeFlag(&s.runtime)
	r.About = with + r.About
	return []flags.Flag{
		{
			Name: "pod", Argument: "FILE", Values: []flags.Candidate{flags.AnyFile},
			About: as, Value: (*flags.String)(&s.pod),
		},
		r,
	}
}

// asked reports whether any of the flags is given.
func (s *started) asked() bool { return s.pod != "" || s.runtime != "" }

// manifest returns what a container asks for: nothing, or what the manifest says. Its runtime is
// the one that is asked for, or containerd.
func (s *started) manifest(e *command.Env) (*manifest.Manifest, error) {
	asked, err := runtimeNamed(s.runtime)
	if err != nil {
		return nil, err
	}
	m := &manifest.Manifest{Pod: &manifest.Pod{}, Container: &manifest.Container{}, Direct: true}
	if s.pod != "" {
		name, container := splitPod(strings.TrimPrefix(s.pod, podPrefix))
		m, err = saved.Parse(name, e.Stdin, func(text io.Reader) (*manifest.Manifest, error) {
			return manifest.Choose(text, container, nil)
		})
		if err != nil {
			return nil, err
		}
	}
	if asked == nil && m.Container.Runtime == "" {
		asked = runtime.Named("containerd")
		m.Assumed = append(m.Assumed, task.Note{Code: "runtime", Text: "containerd starts it; --runtime chooses another"})
	}
	m.Through(asked, nil)
	return m, nil
}

// ask makes the container ask for what the flags say, as if they stood in its manifest.
func (s *subject) ask(m *manifest.Manifest) {
	asks, what := &m.Asks, &s.whatIf
	if what.UID != nil {
		id := int64(*what.UID)
		asks.RunAsUser = &id
	}
	if what.GID != nil {
		id := int64(*what.GID)
		asks.RunAsGroup = &id
	}
	if what.NoNewPrivs {
		no := false
		asks.AllowPrivilegeEscalation = &no
	}
	if what.Drop|what.Add != 0 {
		lists := manifest.Capabilities{}
		if asks.Capabilities != nil {
			lists = *asks.Capabilities
		}
		lists.Drop, lists.Add = append(lists.Drop, namesFor(what.Drop)...), append(lists.Add, namesFor(what.Add)...)
		asks.Capabilities = &lists
	}
}

// namesFor returns the names of capabilities as a manifest has them.
func namesFor(set capset.Set) (names []string) {
	if set == predict.AllCaps {
		return []string{"ALL"}
	}
	for c := range set.Caps() {
		names = append(names, c.Kubernetes())
	}
	return names
}

// start makes of the task what a container starts with, if the flags ask for one.
func (c *scanConfig) start(e *command.Env) (err error) {
	switch {
	case c.profile != "" && c.started.asked():
		return usagef("--profile cannot be used together with --pod and --runtime")
	case c.started.pod == "" && c.started.asked():
		return usagef("--runtime is for --pod")
	case c.profile == "" && c.started.pod == "":
		return nil
	}
	what := predict.WhatIf{Securebits: c.whatIf.Securebits}
	if c.profile != "" {
		what.Start, err = c.ofProfile()
	} else {
		what.Start, err = c.ofPod(e)
	}
	c.whatIf = what
	return err
}

// ofProfile returns what a container has when it starts with the Bounding set of a profile,
// changed by --drop and --add. Root has all of it in Permitted and Effective too.
func (c *scanConfig) ofProfile() (*predict.Start, error) {
	p, ok := runtime.ProfileNamed(c.profile, capset.LastKnown)
	if !ok {
		return nil, unknownProfile(c.profile)
	}
	s := predict.Start{Who: "a container of the profile " + p.Name}
	in := &s.Credentials
	in.UID, in.GID = task.AllIDs(c.uid), task.AllIDs(c.gid)
	in.NoNewPrivs = c.whatIf.NoNewPrivs
	bounding := (p.Set&^c.whatIf.Drop | c.whatIf.Add) & capset.UpTo(capset.LastKnown)
	in.Sets[capset.Bounding] = bounding
	if c.uid == 0 || c.whatIf.Entrypoint {
		in.Sets[capset.Permitted], in.Sets[capset.Effective] = bounding, bounding
	}
	s.Assumed = append(s.Assumed, task.Note{Code: "profile", Text: fmt.Sprintf("it starts as uid %d, gid %d, with %s in Bounding, as you asked",
		c.uid, c.gid, render.Short(bounding, capset.LastKnown))})
	return &s, nil
}

// ofPod returns what a container of a manifest has when it starts.
func (c *scanConfig) ofPod(e *command.Env) (*predict.Start, error) {
	m, err := c.started.manifest(e)
	if err != nil {
		return nil, err
	}
	c.ask(m)
	if m.Container.User == nil {
		if m.Asks.RunAsUser == nil {
			return nil, fmt.Errorf("%s: it leaves the user to the image: name the user with --uid", c.started.pod)
		}
		if m.Asks.RunAsGroup == nil {
			m.Asks.RunAsGroup = new(int64)
			m.Assumed = append(m.Assumed, task.Note{Code: "gid", Text: "its group ids are 0: the manifest leaves them to the image"})
		}
		m.Container.User = &manifest.User{UID: uint32(*m.Asks.RunAsUser), GID: uint32(*m.Asks.RunAsGroup), Groups: m.Pod.Groups}
	}
	credentials, err := m.Expected(capset.LastKnown).Credentials(true)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.started.pod, err)
	}
	s := predict.Start{Who: "a container of " + c.started.pod, Credentials: credentials, Assumed: m.Assumed}
	if m.Container.Name != "" {
		s.Who = "container " + m.Container.Name + " of " + c.started.pod
	}
	return &s, nil
}
