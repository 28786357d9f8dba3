// SPDX-License-Identifier: Apache-2.0

package report

import (
	"io"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/collect"
)

// WriteJSON writes an object a container, each on a line, or all in one.
func (c *Containers) WriteJSON(w io.Writer, object bool, kernel collect.KernelInfo, failures []Failure) error {
	e := encoder{indent: object}
	if object {
		e.openLines('{')
		e.head(kernel)
		e.key("containers")
		e.openLines('[')
	}
	for _, row := range c.sorted() {
		e.open('{')
		if !object {
			e.number("schemaVersion", SchemaVersion)
		}
		e.containerRow(row)
		e.close('}')
		if !object {
			e.buf = append(e.buf, '\n')
		}
	}
	if object {
		e.close(']')
		e.failures(failures)
		e.close('}')
		e.buf = append(e.buf, '\n')
	}
	_, err := w.Write(e.buf)
	return err
}

func (e *encoder) containerRow(row *ContainerRow) {
	who := row.names
	if who == nil {
		who = new(collect.Container)
	}
	e.text("runtime", who.Runtime)
	e.text("id", who.ID)
	e.text("name", who.Name)
	e.text("podUID", who.PodUID)
	e.text("podName", who.PodName)
	e.text("podNamespace", who.PodNamespace)
	e.number("processes", int64(row.processes))
	e.rowMember(row, "effective", func() { e.set(row.effective) })
	e.rowMember(row, "permitted", func() { e.set(row.permitted) })
	e.rowMember(row, "bounding", func() { e.set(row.bounding) })
	e.rowMember(row, "uids", func() {
		e.open('[')
		for _, uid := range row.uids {
			e.int(int64(uid))
		}
		e.close(']')
	})
	e.rowMember(row, "withoutNoNewPrivs", func() { e.bool(row.withoutNoNewPrivs) })
	e.rowMember(row, "withoutSeccomp", func() { e.bool(row.withoutSeccomp) })
	e.key("unknown")
	e.open('{')
	for _, k := range rowKeys {
		if reason, lacking := row.unknown[k.key]; lacking {
			e.key(k.key)
			e.string(reason)
		}
	}
	e.close('}')
}

// rowMember appends a member of a row, null if it is not known.
func (e *encoder) rowMember(row *ContainerRow, key string, value func()) {
	e.key(key)
	if _, lacking := row.unknown[key]; lacking {
		e.null()
		return
	}
	value()
}
