// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	goruntime "runtime"
	"strings"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/command"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/image"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/manifest"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/predict"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/target"
)

const imagePrefix = "image:"

// image predicts whether an image starts.
func (c *predictConfig) image(e *command.Env, args []string) (*predict.Prediction, error) {
	if len(args) > 2 {
		return nil, usagef("want one image and at most one program")
	}
	i, m, err := c.asked(e, args[0])
	if err != nil {
		return nil, err
	}
	program := ""
	if len(args) == 2 {
		program = args[1]
	}
	left := predict.WhatIf{Securebits: c.whatIf.Securebits, Path: c.whatIf.Path}
	return i.Start(m, program, &left)
}

// asked returns an image, and what a container asks for that is started from it.
func (c *scanConfig) asked(e *command.Env, arg string) (*image.Image, *manifest.Manifest, error) {
	switch {
	case c.task != target.Self || c.proc != "":
		return nil, nil, usagef("-p and --proc are for processes, and an image has none")
	case c.whatIf.Entrypoint:
		return nil, nil, usagef("--entrypoint is for processes: an image is started by the rules of --runtime")
	case c.profile != "":
		return nil, nil, usagef("--profile is for directories: an image is started by the rules of --runtime")
	}
	if err := c.check(); err != nil {
		return nil, nil, err
	}
	m, err := c.started.manifest(e)
	if err != nil {
		return nil, nil, err
	}
	i, err := openImage(e, strings.TrimPrefix(arg, imagePrefix))
	if err != nil {
		return nil, nil, err
	}
	if err := c.named(i.UserID); err != nil {
		return nil, nil, err
	}
	c.ask(m)
	return i, m, nil
}

// openImage opens an image by its path, which may have the name of one image behind it.
func openImage(e *command.Env, arg string) (*image.Image, error) {
	p := e.Waiting("reading the image")
	defer p.Clear()
	switch arg {
	case "":
		return nil, usagef("%s names no file: want %[1]sPATH", imagePrefix)
	case "-":
		return nil, errors.New("an image is read more than once: want a file, not standard input")
	}
	file, name := cutImage(arg)
	i, err := image.Open(file, name, goruntime.GOARCH)
	switch {
	case errors.Is(err, fs.ErrNotExist) && isName(arg):
		return nil, fmt.Errorf("%s: no such file or directory: to ask about an image of that name, save it first, as 'docker save -o image.tar %[1]s'", arg)
	case err != nil:
		return nil, fmt.Errorf("%s: %w", arg, plainPath(err))
	}
	return i, nil
}

// isName reports whether somebody may mean an image by its name, as debian:12, and no file.
func isName(arg string) bool {
	return !strings.HasPrefix(arg, "/") && !strings.HasPrefix(arg, ".") && filepath.Ext(arg) != ".tar"
}

// cutImage splits PATH:NAME behind the first path that is there, because both may have colons.
func cutImage(arg string) (file, name string) {
	for at, c := range arg + ":" {
		if c != ':' {
			continue
		}
		if _, err := os.Stat(arg[:at]); err == nil {
			return arg[:at], strings.TrimPrefix(arg[at:], ":")
		}
	}
	return arg, ""
}

// plainPath leaves the path out of an error that is named by it.
func plainPath(err error) error {
	if wrong, ok := errors.AsType[*fs.PathError](err); ok {
		return wrong.Err
	}
	return err
}
