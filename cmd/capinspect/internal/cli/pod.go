// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"io"
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/capset/runtime"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/diff"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/manifest"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/saved"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

const podPrefix = "pod:"

// pod returns what a manifest asks for, of the container that the other side is
// in if it is a task.
func (c *diffConfig) pod(e *env, arg string, other *diff.Side) (*diff.Side, error) {
	name, container := splitPod(strings.TrimPrefix(arg, podPrefix))
	asked := runtime.Named(c.runtime)
	if asked == nil && c.runtime != "" {
		return nil, usagef("--runtime: unknown runtime %q: want %s", c.runtime, anyOf(runtime.Names()))
	}
	var t *task.Task
	if other != nil {
		t = other.Task
	}
	m, err := saved.Parse(name, e.stdin, func(text io.Reader) (*manifest.Manifest, error) {
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
	return &diff.Side{Label: arg, Task: m.Expected(last), Manifest: m}, nil
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
