// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"io"
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/capset/runtime"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/command"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/diff"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/flags"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/manifest"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/saved"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

const podPrefix = "pod:"

// pod returns what a manifest asks for, of the container that the other side is
// in if it is a task.
func (c *diffConfig) pod(e *command.Env, arg string, other *diff.Side) (*diff.Side, error) {
	name, container := splitPod(strings.TrimPrefix(arg, podPrefix))
	asked, err := runtimeNamed(c.runtime)
	if err != nil {
		return nil, err
	}
	var t *task.Task
	if other != nil {
		t = other.Task
	}
	m, err := saved.Parse(name, e.Stdin, func(text io.Reader) (*manifest.Manifest, error) {
		return manifest.Choose(text, container, t)
	})
	if err != nil {
		return nil, err
	}
	last := capset.LastKnown
	if t != nil {
		t.Inside()
		last = t.LastCap.Value
	}
	m.Through(asked, t)
	return &diff.Side{Label: arg, Task: m.Expected(last)}, nil
}

// runtimeFlag is --runtime, which says whose rules a manifest goes through.
func runtimeFlag(name *string) flags.Flag {
	runtimes := flags.Words(runtime.Names())
	return flags.Flag{
		Name: "runtime", Argument: "RUNTIME", Values: runtimes,
		About: "apply the rules of this RUNTIME to a manifest: " + flags.Joined(runtimes, ", "),
		Value: (*flags.String)(name),
	}
}

// runtimeNamed returns the runtime of --runtime, nil if it was not given.
func runtimeNamed(name string) (*runtime.Runtime, error) {
	r := runtime.Named(name)
	if r == nil && name != "" {
		return nil, usagef("--runtime: unknown runtime %q: %s", name, flags.DidYouMean(name, runtime.Names(), "want "+anyOf(runtime.Names())))
	}
	return r, nil
}

// anyOf joins names as in "a, b or c".
func anyOf(names []string) string {
	last := len(names) - 1
	if last < 1 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:last], ", ") + " or " + names[last]
}

// splitPod splits FILE:CONTAINER at its last colon, if what follows that may be the
// name of a container (a DNS label), with those of its pod and its namespace before it
// or not.
func splitPod(arg string) (file, container string) {
	at := strings.LastIndexByte(arg, ':')
	if name := arg[at+1:]; at >= 0 && name != "" && strings.Trim(name, "-abcdefghijklmnopqrstuvwxyz0123456789./") == "" && strings.IndexByte("-./", name[0]) < 0 {
		return arg[:at], name
	}
	return arg, ""
}
