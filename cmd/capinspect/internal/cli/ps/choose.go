// SPDX-License-Identifier: Apache-2.0

package ps

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/collect"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/flags"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/manifest"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/saved"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/target"
)

func (r *run) chooseTasks(args []string) error {
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
			return flags.Usagef("%s stands alone: it is all processes of the container", word)
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
			return flags.Usagef("%q is not a PID: use -n %s for the processes of that name", word, word)
		}
		q.Pids = append(q.Pids, pid)
	}
	if _, err := path.Match(c.name, ""); err != nil {
		return flags.Usagef("--name %q: %v", c.name, err)
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
func (r *run) choosePods() error {
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
func (r *run) chooseHeld() error {
	for _, text := range r.config.caps {
		kinds, names, err := flags.SplitSet(text)
		if err != nil {
			return flags.Usagef("--cap: %v", err)
		}
		held := collect.Held{Any: kinds == nil}
		if !held.Any {
			held.Kind = kinds[0]
		}
		if held.Caps, err = flags.ParseCaps(names); err != nil {
			return flags.Usagef("--cap: %v", err)
		}
		r.query.Holding = append(r.query.Holding, held)
	}
	return nil
}
