// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/collect"
)

const podPrefix = "pod:"

// pod returns what a manifest asks for, of the container that the other side is
// in if it is a task.
func (c *diffConfig) pod(e *env, arg string, other *collect.Side) (*collect.Side, error) {
	name, container := splitPod(strings.TrimPrefix(arg, podPrefix))
	runtime := capset.RuntimeNamed(c.runtime)
	if runtime == nil && c.runtime != "" {
		return nil, usagef("--runtime: unknown runtime %q: want containerd, crio, docker or podman", c.runtime)
	}
	var task *collect.Record
	if other != nil {
		task = other.Task
	}
	m, err := collect.Choose(name, container, e.stdin, task)
	if err != nil {
		return nil, err
	}
	last := capset.LastKnown
	if task != nil {
		task.Inside()
		last = task.LastCap.Value
	}
	m.Through(runtime, task)
	return &collect.Side{Label: arg, Task: m.Expected(last), Manifest: m}, nil
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
