// SPDX-License-Identifier: Apache-2.0

package metrics

import (
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/render"
)

// WriteTo writes the counts in a form that is both OpenMetrics and the text format of
// Prometheus. The textfile collector of node_exporter reads only the latter: to that, EOF is a
// comment, and it knows neither the types info and unknown nor takes a time.
func (m *Metrics) WriteTo(w io.Writer) (int64, error) {
	text := m.append(nil)
	n, err := w.Write(append(text, "# EOF\n"...))
	return int64(n), err
}

func (m *Metrics) append(dst []byte) []byte {
	places := slices.Sorted(maps.Keys(m.rows))
	for i, f := range families {
		if i == ofRoot && m.child {
			continue
		}
		dst = begin(dst, "processes"+f.suffix, f.processes)
		for _, place := range places {
			for j, s := range series() {
				if s.family == i {
					dst = sample(dst, "processes"+f.suffix, m.rows[place].counts[j], place, s.label())
				}
			}
		}
	}
	for i, f := range families {
		if i == ofRoot && m.child {
			continue
		}
		dst = begin(dst, "containers"+f.suffix, f.containers)
		for j, s := range series() {
			if s.family == i {
				dst = sample(dst, "containers"+f.suffix, m.containers(j), s.label())
			}
		}
	}
	dst = begin(dst, "processes_unknown", "Processes of which a value is unknown, and which therefore are not counted by it.")
	for i, u := range unknowns {
		n := 0
		for _, r := range m.rows {
			n += r.unknown[i]
		}
		dst = sample(dst, "processes_unknown", n, label("value", u.name))
	}
	dst = begin(dst, "processes_unreadable", "Processes that could not be read.")
	dst = sample(dst, "processes_unreadable", m.Unreadable)
	hidden := 0
	if m.Hidden {
		hidden = 1
	}
	dst = begin(dst, "processes_hidden", "1 if /proc hides the processes of other users (hidepid), else 0.")
	return sample(dst, "processes_hidden", hidden)
}

// containers returns how many containers have a process that a series counts.
func (m *Metrics) containers(series int) (n int) {
	for _, r := range m.rows {
		if r.container && r.counts[series] > 0 {
			n++
		}
	}
	return n
}

func (s *oneSeries) label() string {
	if s.family != ofCapabilities {
		return ""
	}
	return label("capability", s.capability.String())
}

func label(name, value string) string { return name + `="` + escaped(value) + `"` }

const prefix = "capinspect_"

func begin(dst []byte, name, help string) []byte {
	return append(dst, "# HELP "+prefix+name+" "+help+"\n# TYPE "+prefix+name+" gauge\n"...)
}

// sample appends a line. Labels that are "" are left out.
func sample(dst []byte, name string, value int, labels ...string) []byte {
	dst = append(append(dst, prefix...), name...)
	labels = slices.DeleteFunc(labels, func(l string) bool { return l == "" })
	if len(labels) > 0 {
		dst = append(dst, "{"+strings.Join(labels, ",")+"}"...)
	}
	return append(strconv.AppendInt(append(dst, ' '), int64(value), 10), '\n')
}

var quoted = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

// escaped returns the value of a label as ps shows it, which has no line end and is UTF-8, in
// the quotes of the format.
func escaped(value string) string { return quoted.Replace(render.Escape(value)) }
