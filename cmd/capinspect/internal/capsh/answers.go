// SPDX-License-Identifier: Apache-2.0

package capsh

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/render"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

func (c *runner) nothing(string) error { return nil }

func (c *runner) print(string) error {
	t, err := c.task()
	if err == nil {
		c.out = render.AppendCapsh(c.out, t)
	}
	return err
}

func (c *runner) current(string) error {
	t, err := c.task()
	if err == nil {
		c.out = render.AppendCurrent(c.out, t)
	}
	return err
}

func (c *runner) decode(mask string) error {
	set, err := capset.ParseHex(mask)
	if err != nil {
		return fmt.Errorf("--decode: %q: %w", mask, err)
	}
	c.out = append(render.AppendMask(c.out, set, false), '\n')
	return nil
}

// explain writes what capsh writes, with our own text.
func (c *runner) explain(name string) error {
	found, err := parseCap(name)
	if err != nil {
		return no("unrecognised value '%s'", render.Escape(name))
	}
	c.out = render.AppendExplanation(c.out, found, c.last())
	return nil
}

func (c *runner) suggest(text string) error {
	hits := capset.Search(text)
	if len(hits) == 0 {
		return no("no capability mentions '%s'", render.Escape(text))
	}
	for i, hit := range hits {
		if i > 0 {
			c.out = append(c.out, '\n')
		}
		c.out = render.AppendExplanation(c.out, hit, c.last())
	}
	return nil
}

// last returns the last capability that this kernel has.
func (c *runner) last() capset.Cap {
	if t, err := c.task(); err == nil {
		return t.LastCap.Value
	}
	return capset.LastKnown
}

// parseCap returns the capability of a name, or of a number as capsh takes it,
// also in hexadecimal.
func parseCap(name string) (capset.Cap, error) {
	if digits, ok := strings.CutPrefix(strings.ToLower(name), "0x"); ok {
		if n, err := strconv.ParseUint(digits, 16, 8); err == nil && n <= uint64(capset.Max) {
			return capset.Cap(n), nil
		}
	}
	return capset.Parse(name)
}

// each calls f for every capability of a list. A name that is none makes the
// question impossible to answer.
func each(option, list string, f func(name string, c capset.Cap) error) error {
	for name := range strings.SplitSeq(list, ",") {
		c, err := parseCap(name)
		if err != nil {
			return fmt.Errorf("%s: %w", option, err)
		}
		if err := f(name, c); err != nil {
			return err
		}
	}
	return nil
}

func (c *runner) supports(list string) error {
	err := each("--supports", list, func(name string, asked capset.Cap) error {
		if asked > c.last() {
			return no("cap[%s=%d] not supported by kernel", name, asked)
		}
		return nil
	})
	if unknown, ok := errors.AsType[*capset.UnknownError](err); ok {
		return no("cap[%s] not recognized by library", render.Escape(unknown.Name))
	}
	return err
}

func (c *runner) hasEffective(list string) error {
	return c.hasIn(list, "--has-e", capset.Effective, "effective")
}

func (c *runner) hasPermitted(list string) error {
	return c.hasIn(list, "--has-p", capset.Permitted, "permitted")
}

func (c *runner) hasInheritable(list string) error {
	return c.hasIn(list, "--has-i", capset.Inheritable, "inheritable")
}

func (c *runner) hasAmbientCaps(list string) error {
	return c.hasIn(list, "--has-a", capset.Ambient, "in ambient vector")
}

func (c *runner) hasBounding(list string) error {
	return c.hasIn(list, "--has-b", capset.Bounding, "in bounding vector")
}

// hasIn asks whether a set holds all of a list.
func (c *runner) hasIn(list, option string, k capset.Kind, words string) error {
	set, err := c.set(k)
	if err != nil {
		return err
	}
	return each(option, list, func(name string, asked capset.Cap) error {
		if !set.Has(asked) {
			return no("cap[%s] not %s", name, words)
		}
		return nil
	})
}

func (c *runner) set(k capset.Kind) (capset.Set, error) {
	t, err := c.task()
	if err != nil {
		return 0, err
	}
	set, err := t.Set(k)
	if err != nil {
		return 0, fmt.Errorf("%v is unknown", k)
	}
	return set, nil
}

func (c *runner) dropped(list string) error {
	set, err := c.set(capset.Bounding)
	if err != nil {
		return err
	}
	return each("--dropped", list, func(name string, asked capset.Cap) error {
		if set.Has(asked) {
			return no("cap[%s] raised in bounding vector", name)
		}
		return nil
	})
}

func (c *runner) hasAmbient(string) error {
	t, err := c.task()
	if err == nil && t.Unsupported(capset.Ambient) {
		return no("ambient set not supported")
	}
	return err
}

func (c *runner) hasNoNewPrivs(string) error {
	t, err := c.task()
	if err != nil {
		return err
	}
	switch set, known := t.NoNewPrivs.Get(); {
	case !known:
		return errors.New("no_new_privs is unknown")
	case !set:
		return no("no-new-privs not set")
	}
	return nil
}

func (c *runner) isUID(want string) error {
	t, err := c.task()
	if err != nil {
		return err
	}
	return isID("uid", t.UID, want)
}

func (c *runner) isGID(want string) error {
	t, err := c.task()
	if err != nil {
		return err
	}
	return isID("gid", t.GID, want)
}

func isID(kind string, ids task.Value[capset.IDs], want string) error {
	got, known := ids.Get()
	if !known {
		return fmt.Errorf("the %s is unknown: %s", kind, ids.Why())
	}
	n, err := strconv.ParseUint(want, 0, 32)
	if err != nil {
		return fmt.Errorf("--is-%s: %q is not a %s", kind, want, kind)
	}
	if uint64(got.Real) != n {
		return no("%s: got=%d, want=%d", kind, got.Real, n)
	}
	return nil
}

func (c *runner) guess() (string, error) {
	t, err := c.task()
	if err != nil {
		return "", err
	}
	mode, known := t.Mode().Get()
	if !known {
		return "", fmt.Errorf("the mode is unknown: %s", t.Mode().Why())
	}
	return mode.String(), nil
}

func (c *runner) mode(string) error {
	mode, err := c.guess()
	if err == nil {
		c.out = fmt.Appendf(c.out, "Mode: %s\n", mode)
	}
	return err
}

func (c *runner) modes(string) error {
	c.out = append(c.out, "Supported modes:"...)
	for m := capset.ModeNoPriv; m <= capset.ModeHybrid; m++ {
		c.out = fmt.Appendf(c.out, " %v", m)
	}
	c.out = append(c.out, '\n')
	return nil
}

func (c *runner) inMode(want string) error {
	got, err := c.guess()
	if err != nil || got == want {
		return err
	}
	c.out = fmt.Appendf(c.out, "mismatched mode got=%s want=%s\n", got, render.Escape(want))
	return No{errors.New("")}
}

// license ends the run, as capsh does.
func (c *runner) license(string) error {
	c.out = append(c.out, "capinspect: Apache-2.0; of what is linked in: BSD-3-Clause, Apache-2.0. The texts are in docs/licenses, and under /licenses in the image.\n"...)
	c.done = true
	return nil
}
