// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	goruntime "runtime"
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/capset/runtime"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/command"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/flags"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/image"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/manifest"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/predict"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/saved"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/target"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

const imagePrefix = "image:"

// started are the flags that say how an image is started.
type started struct{ pod, runtime string }

func (s *started) flags() []flags.Flag {
	r := runtimeFlag(&s.runtime)
	r.About = "with image:, " + r.About
	return []flags.Flag{
		{
			Name: "pod", Argument: "FILE", Values: []flags.Candidate{flags.AnyFile},
			About: "with image:, start it as the manifest FILE, or FILE:CONTAINER, says", Value: (*flags.String)(&s.pod),
		},
		r,
	}
}

// asked reports whether any of the flags is given.
func (s *started) asked() bool { return s.pod != "" || s.runtime != "" }

// image predicts whether an image starts.
func (c *predictConfig) image(e *command.Env, args []string) (*predict.Prediction, error) {
	switch {
	case len(args) > 2:
		return nil, usagef("want one image and at most one program")
	case c.task != target.Self || c.proc != "":
		return nil, usagef("-p and --proc are for processes, and an image has none")
	case c.whatIf.Entrypoint:
		return nil, usagef("--entrypoint is for processes: an image is started by the rules of --runtime")
	}
	if err := c.check(); err != nil {
		return nil, err
	}
	asked, err := runtimeNamed(c.started.runtime)
	if err != nil {
		return nil, err
	}
	m, err := c.manifest(e)
	if err != nil {
		return nil, err
	}
	if asked == nil && m.Container.Runtime == "" {
		asked = runtime.Named("containerd")
		m.Assumed = append(m.Assumed, task.Note{Code: "runtime", Text: "containerd starts it: --runtime names another"})
	}
	m.Through(asked, nil)
	c.ask(m)
	name := strings.TrimPrefix(args[0], imagePrefix)
	i, err := openImage(e, name)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, plainPath(err))
	}
	program := ""
	if len(args) == 2 {
		program = args[1]
	}
	left := predict.WhatIf{Securebits: c.whatIf.Securebits, Path: c.whatIf.Path}
	return i.Start(m, program, &left)
}

// openImage opens an image by its path, which may have the name of one image behind it.
func openImage(e *command.Env, name string) (*image.Image, error) {
	p := e.Waiting("reading the image")
	defer p.Clear()
	i, err := image.Open(name, "", goruntime.GOARCH)
	file, which, ok := cutImage(name)
	if errors.Is(err, fs.ErrNotExist) && ok {
		return image.Open(file, which, goruntime.GOARCH)
	}
	return i, err
}

// cutImage splits PATH:NAME, where NAME may have a tag.
func cutImage(arg string) (file, name string, ok bool) {
	slash := strings.LastIndexByte(arg, '/')
	for at := len(arg); ; {
		at = strings.LastIndexByte(arg[:at], ':')
		if at < 0 {
			return "", "", false
		}
		if before := strings.LastIndexByte(arg[:at], ':'); before <= slash {
			return arg[:at], arg[at+1:], true
		}
	}
}

// plainPath leaves the path out of an error that is named by it.
func plainPath(err error) error {
	if wrong, ok := errors.AsType[*fs.PathError](err); ok {
		return wrong.Err
	}
	return err
}

// manifest returns what a container asks for that is started from the image: nothing, or what
// the manifest says.
func (c *predictConfig) manifest(e *command.Env) (*manifest.Manifest, error) {
	if c.started.pod == "" {
		return &manifest.Manifest{Pod: &manifest.Pod{}, Container: &manifest.Container{}, Direct: true}, nil
	}
	name, container := splitPod(strings.TrimPrefix(c.started.pod, podPrefix))
	return saved.Parse(name, e.Stdin, func(text io.Reader) (*manifest.Manifest, error) {
		return manifest.Choose(text, container, nil)
	})
}

// ask makes the container ask for what the flags say, as if they stood in its manifest.
func (c *predictConfig) ask(m *manifest.Manifest) {
	asks, what := &m.Asks, &c.whatIf
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
