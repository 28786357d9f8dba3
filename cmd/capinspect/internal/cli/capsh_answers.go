// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/collect"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/report"
	"github.com/capinspect/capinspect/procstatus"
)

func (c *capsh) nothing(string) error { return nil }

func (c *capsh) print(string) error {
	r, err := c.record()
	if err == nil {
		c.out = report.Capsh.Append(c.out, &report.Report{Tasks: []*collect.Record{r}})
	}
	return err
}

func (c *capsh) current(string) error {
	r, err := c.record()
	if err == nil {
		c.out = report.AppendCurrent(c.out, r)
	}
	return err
}

func (c *capsh) decode(mask string) error {
	set, err := capset.ParseHex(mask)
	if err != nil {
		return fmt.Errorf("--decode: %q: %w", mask, err)
	}
	c.out = append(report.AppendMask(c.out, set, false), '\n')
	return nil
}

// explain writes what capsh writes, with our own text.
func (c *capsh) explain(name string) error {
	found, err := parseCap(name)
	if err != nil {
		return no("unrecognised value '%s'", report.Escape(name))
	}
	c.out = report.AppendExplanation(c.out, found, c.last())
	return nil
}

func (c *capsh) suggest(text string) error {
	hits := capset.Search(text)
	if len(hits) == 0 {
		return no("no capability speaks of '%s'", report.Escape(text))
	}
	for i, hit := range hits {
		if i > 0 {
			c.out = append(c.out, '\n')
		}
		c.out = report.AppendExplanation(c.out, hit, c.last())
	}
	return nil
}

// last returns the last capability that this kernel has.
func (c *capsh) last() capset.Cap {
	if r, err := c.record(); err == nil {
		return r.LastCap.Value
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

func (c *capsh) supports(list string) error {
	err := each("--supports", list, func(name string, asked capset.Cap) error {
		if asked > c.last() {
			return no("cap[%s=%d] not supported by kernel", name, asked)
		}
		return nil
	})
	if unknown, ok := errors.AsType[*capset.UnknownError](err); ok {
		return no("cap[%s] not recognized by library", report.Escape(unknown.Name))
	}
	return err
}

func (c *capsh) hasEffective(list string) error {
	return c.hasIn(list, "--has-e", capset.Effective, "effective")
}

func (c *capsh) hasPermitted(list string) error {
	return c.hasIn(list, "--has-p", capset.Permitted, "permitted")
}

func (c *capsh) hasInheritable(list string) error {
	return c.hasIn(list, "--has-i", capset.Inheritable, "inheritable")
}

func (c *capsh) hasAmbientCaps(list string) error {
	return c.hasIn(list, "--has-a", capset.Ambient, "in ambient vector")
}

func (c *capsh) hasBounding(list string) error {
	return c.hasIn(list, "--has-b", capset.Bounding, "in bounding vector")
}

// hasIn asks whether a set holds all of a list.
func (c *capsh) hasIn(list, option string, k capset.Kind, words string) error {
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

func (c *capsh) set(k capset.Kind) (capset.Set, error) {
	r, err := c.record()
	if err != nil {
		return 0, err
	}
	set, ok := r.Status.Caps(k)
	if !ok && !r.Unsupported(k) {
		return 0, fmt.Errorf("%v is unknown", k)
	}
	return set, nil
}

func (c *capsh) dropped(list string) error {
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

func (c *capsh) hasAmbient(string) error {
	r, err := c.record()
	if err == nil && r.Unsupported(capset.Ambient) {
		return no("ambient set not supported")
	}
	return err
}

func (c *capsh) hasNoNewPrivs(string) error {
	r, err := c.record()
	switch {
	case err != nil:
		return err
	case !r.Status.Has(procstatus.FieldNoNewPrivs):
		return errors.New("no_new_privs is unknown")
	case !r.Status.NoNewPrivs:
		return no("no-new-privs not set")
	}
	return nil
}

func (c *capsh) isUID(want string) error {
	r, err := c.record()
	if err != nil {
		return err
	}
	return isID("uid", r, procstatus.FieldUID, r.Status.UID.Real, want)
}

func (c *capsh) isGID(want string) error {
	r, err := c.record()
	if err != nil {
		return err
	}
	return isID("gid", r, procstatus.FieldGID, r.Status.GID.Real, want)
}

func isID(kind string, r *collect.Record, f procstatus.Field, got uint32, want string) error {
	if !r.Status.Has(f) {
		return fmt.Errorf("the %s is unknown: %s", kind, r.Why(kind))
	}
	n, err := strconv.ParseUint(want, 0, 32)
	if err != nil {
		return fmt.Errorf("--is-%s: %q is not a %s", kind, want, kind)
	}
	if uint64(got) != n {
		return no("%s: got=%d, want=%d", kind, got, n)
	}
	return nil
}

func (c *capsh) guess() (string, error) {
	r, err := c.record()
	if err != nil {
		return "", err
	}
	mode, ok := r.Mode()
	if !ok {
		return "", fmt.Errorf("the mode is unknown: %s", r.Why("mode"))
	}
	return mode.String(), nil
}

func (c *capsh) mode(string) error {
	mode, err := c.guess()
	if err == nil {
		c.out = fmt.Appendf(c.out, "Mode: %s\n", mode)
	}
	return err
}

func (c *capsh) modes(string) error {
	c.out = append(c.out, "Supported modes:"...)
	for m := capset.ModeNoPriv; m <= capset.ModeHybrid; m++ {
		c.out = fmt.Appendf(c.out, " %v", m)
	}
	c.out = append(c.out, '\n')
	return nil
}

func (c *capsh) inMode(want string) error {
	got, err := c.guess()
	if err != nil || got == want {
		return err
	}
	c.out = fmt.Appendf(c.out, "mismatched mode got=%s want=%s\n", got, report.Escape(want))
	return errNo{errors.New("")}
}

// license ends the run, as capsh does.
func (c *capsh) license(string) error {
	c.out = append(c.out, "capinspect: Apache-2.0; of what is linked in: BSD-3-Clause, Apache-2.0. The texts are in docs/licenses, and under /licenses in the image.\n"...)
	c.done = true
	return nil
}
