// SPDX-License-Identifier: Apache-2.0

// Package columns has the flags that say which columns a table has and how it is sorted.
package columns

import (
	"fmt"
	"slices"
	"strings"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/flags"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/render"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/table"
)

// Asked is what the flags ask for.
type Asked struct {
	Names     string // the value of --columns
	Sort      string
	NoHeaders bool
}

// Flags returns the flags. The columns are what completion offers.
func (c *Asked) Flags(columns ...flags.Candidate) []flags.Flag {
	return []flags.Flag{
		{
			Name: "columns", Argument: "A,B", Values: append(slices.Clone(columns), "help"), NotEmpty: true,
			About: "the columns A,B of the table, or +A in addition to the usual ones; 'help' lists them",
			Value: (*flags.String)(&c.Names),
		},
		{
			Name: "sort", Argument: "COLUMN", Values: append(slices.Clone(columns), byRisk), NotEmpty: true,
			About: "sort the table by COLUMN, or by 'risk': the most dangerous first", Value: (*flags.String)(&c.Sort),
		},
		{Name: "no-headers", About: "leave out the line of column names", Value: (*flags.Bool)(&c.NoHeaders)},
	}
}

// Fit reports whether a format can have what the flags ask for.
func (c *Asked) Fit(format string) error {
	switch {
	case !table.Form(format).Valid() && *c != Asked{}:
		return flags.Usagef("--columns, --sort and --no-headers are for the table")
	case c.NoHeaders && table.Form(format) == table.Markdown:
		return flags.Usagef("--no-headers: a table of Markdown has a header")
	}
	return nil
}

// Chosen are the columns of a table that were asked for.
type Chosen[T any] struct {
	columns []*table.Column[T]
	all     bool // each of them was asked for
	sort    *table.Column[T]
	headers bool
}

// byRisk is what --sort takes beside the columns.
const byRisk = "risk"

// Choose returns the columns that the flags ask for, and of what risk sorts by. named says
// that a manifest tells names.
func Choose[T any](c *Asked, all table.Columns[T], risk *table.Column[T], named bool) (*Chosen[T], error) {
	r := &Chosen[T]{headers: !c.NoHeaders, all: c.Names != ""}
	list, more := strings.CutPrefix(c.Names, "+")
	if more || list == "" {
		for i := range all {
			if all[i].Default || all[i].Named && named {
				r.columns = append(r.columns, &all[i])
			}
		}
	}
	if list != "" || more {
		for name := range strings.SplitSeq(list, ",") {
			column, err := columnOf(all, strings.TrimPrefix(name, "+"))
			if err != nil {
				return nil, err
			}
			r.columns = append(r.columns, column)
		}
	}
	// The one that can be of any width stays the last, if it is there unasked.
	if wide := &all[len(all)-1]; more && wide.Default {
		at := slices.Index(r.columns, wide)
		r.columns = append(slices.Delete(r.columns, at, at+1), wide)
	}
	var err error
	switch {
	case strings.EqualFold(c.Sort, byRisk):
		r.sort = risk
	case c.Sort != "":
		r.sort, err = columnOf(all, c.Sort)
	}
	return r, err
}

// columnOf returns the column with a name.
func columnOf[T any](all table.Columns[T], name string) (*table.Column[T], error) {
	column, ok := all.Named(name)
	if !ok {
		return nil, flags.Usagef("unknown column %q: %s", name, flags.DidYouMean(name, all.Names(), "--columns help lists them"))
	}
	return column, nil
}

// Needs returns what the columns take besides the status file.
func (c *Chosen[T]) Needs() (n table.Needs) {
	list := c.columns
	if c.sort != nil {
		list = append(slices.Clip(list), c.sort)
	}
	for _, column := range list {
		n.Container = n.Container || column.Needs.Container
		n.UserNames = n.UserNames || column.Needs.UserNames
		n.UserNamespace = n.UserNamespace || column.Needs.UserNamespace
	}
	return n
}

// Table returns an empty table of the columns.
func (c *Chosen[T]) Table(form table.Form, style render.Style) *table.Table[T] {
	return &table.Table[T]{Columns: c.columns, Chosen: c.all, Header: c.headers, Sort: c.sort, Form: form, Style: style}
}

// Help returns what --columns help prints.
func Help[T any](all table.Columns[T]) []byte {
	var out []byte
	for _, c := range all {
		mark := " "
		if c.Default {
			mark = "*"
		}
		out = fmt.Appendf(out, "%s %-13s %s (%s)\n", mark, c.Name, c.About, c.Key)
	}
	return append(out, "* is a default column; the key in JSON is in brackets\n"+
		"--sort takes risk too, the most dangerous first\n"...)
}
