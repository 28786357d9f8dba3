// SPDX-License-Identifier: Apache-2.0

package flags

import (
	"errors"
	"strconv"
	"strings"
	"time"
)

// String is the value of a flag that takes any text.
type String string

func (s *String) String() string { return string(*s) }

func (s *String) Type() string { return "string" }

func (s *String) Set(text string) error {
	*s = String(text)
	return nil
}

// Bool is the value of a switch.
type Bool bool

func (b *Bool) String() string { return strconv.FormatBool(bool(*b)) }

func (b *Bool) Type() string { return "bool" }

func (b *Bool) Set(text string) error {
	on, err := strconv.ParseBool(text)
	if err != nil {
		return errors.New("must be true or false")
	}
	*b = Bool(on)
	return nil
}

// Func is called with each value that a flag is given.
type Func func(string) error

func (f Func) String() string { return "" }

func (f Func) Type() string { return "func" }

func (f Func) Set(text string) error { return f(text) }

// Repeated keeps each value of a flag that may be repeated.
type Repeated []string

func (r *Repeated) String() string { return strings.Join(*r, " ") }

func (r *Repeated) Type() string { return "repeated" }

func (r *Repeated) Set(text string) error {
	*r = append(*r, text)
	return nil
}

// List keeps the values of a flag that takes several separated by commas,
// and may be repeated.
type List []string

func (l *List) String() string { return strings.Join(*l, ",") }

func (l *List) Type() string { return "list" }

func (l *List) Set(text string) error {
	*l = append(*l, strings.Split(text, ",")...)
	return nil
}

// Interval is the value of a flag that takes a time: a number of seconds, or
// numbers with units, as in 1h30m.
type Interval time.Duration

func (i *Interval) String() string { return time.Duration(*i).String() }

func (i *Interval) Type() string { return "interval" }

func (i *Interval) Set(s string) error {
	if strings.Trim(s, "0123456789") == "" {
		s += "s"
	}
	d, err := time.ParseDuration(s)
	if err != nil || d <= 0 {
		return errors.New("want a time, such as 30s or 1h")
	}
	*i = Interval(d)
	return nil
}
