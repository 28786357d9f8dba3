// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/collect"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/manifest"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/saved"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/target"
)

func (r *psRun) chooseTasks(args []string) error {
	c, q := r.config, &r.query
	if r.format.name == openMetrics {
		if err := c.checkMetrics(args); err != nil {
			return err
		}
	}
	words := slices.Concat(c.PIDs, args)
	for _, word := range words {
		pid, err := strconv.Atoi(word)
		name, inContainer := strings.CutPrefix(word, target.ContainerPrefix)
		switch {
		case inContainer && (len(words) > 1 || c.container != ""):
			return usagef("%s stands alone: it is all processes of the container", word)
		case inContainer:
			if _, c.container, err = target.Container(c.Proc, name, q.NameContainer); err != nil {
				return err
			}
			q.Container = true
			continue
		case strings.Contains(word, ":") || word == "-":
			return target.NotPID{Word: word}
		case word == target.Self:
			pid = collect.Self
		case err != nil || !target.IsPID(word):
			return usagef("%q is not a PID: use -n %s for the processes of that name", word, word)
		}
		q.Pids = append(q.Pids, pid)
	}
	if _, err := path.Match(c.name, ""); err != nil {
		return usagef("--name %q: %v", c.name, err)
	}
	q.Name, q.ContainerID, q.Privileged, q.KernelToo = c.name, c.container, c.privileged, c.kernelToo
	if c.user != "" {
		id, err := collect.UserID(c.user)
		if err != nil {
			return fmt.Errorf("user %q: %w", c.user, err)
		}
		q.UID = &id
	}
	var err error
	if q.Threads, err = c.Threads.Choice(); err != nil {
		return err
	}
	if r.format.name == "tree" {
		q.Threads = max(q.Threads, collect.Differing)
	}
	r.options, err = c.List.Options()
	return err
}

// choosePods reads the names of pods, once for all lists.
func (r *psRun) choosePods() error {
	if name := r.config.pods; name != "" {
		names, err := saved.Parse(name, r.env.Stdin, manifest.ReadNames)
		if err != nil {
			return err
		}
		r.query.NameContainer = names.Name
	}
	return nil
}

// chooseHeld takes the values of --cap, each "[SET:]CAP,...".
func (r *psRun) chooseHeld() error {
	for _, text := range r.config.caps {
		held, names := collect.Held{Any: true}, text
		if set, list, ok := strings.Cut(text, ":"); ok {
			if held.Kind, ok = capset.ParseKind(set); !ok {
				return usagef("--cap: %v", unknownSet(set))
			}
			held.Any, names = false, list
		}
		var err error
		if held.Caps, err = parseCaps(names); err != nil {
			return usagef("--cap: %v", err)
		}
		r.query.Holding = append(r.query.Holding, held)
	}
	return nil
}
