// SPDX-License-Identifier: Apache-2.0

package yamljson

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
)

// generator writes random YAML.
type generator struct {
	*rand.Rand
	b       strings.Builder
	anchors []string // of mappings, and of other values
	maps    []string
	keys    int
}

func (g *generator) one(n int) bool { return g.IntN(n) == 0 }

func pick[T any](g *generator, list ...T) T { return list[g.IntN(len(list))] }

// document returns a document.
func (g *generator) document() string {
	g.b.Reset()
	g.anchors, g.maps, g.keys = nil, nil, 0
	if g.one(8) {
		g.b.WriteString(pick(g, "# a comment\n", "\n", "--- # x\n", "---\n"))
	}
	g.mapping(0, 4)
	text := g.b.String()
	if g.one(8) {
		text = strings.ReplaceAll(text, "\n", "\r\n")
	}
	if g.one(8) {
		text = strings.TrimRight(text, " \r\n")
	}
	return text
}

// indented starts a line.
func (g *generator) indented(indent int) { g.b.WriteString(strings.Repeat(" ", indent)) }

// endLine ends a line.
func (g *generator) endLine() {
	if g.one(12) {
		g.b.WriteString(pick(g, " # comment", "  # it's: [a, comment", " "))
	}
	g.b.WriteString("\n")
	if g.one(12) {
		g.b.WriteString(pick(g, "\n", "# comment\n", "    # comment: x\n", "   \n"))
	}
}

// mapping writes a mapping in block style, whose first line is not yet begun.
func (g *generator) mapping(indent, depth int) {
	for n := range 1 + g.IntN(4) {
		if n > 0 || indent >= 0 {
			g.indented(indent)
		}
		g.member(indent, depth)
	}
}

// member writes a member of a mapping in block style, behind its indentation.
func (g *generator) member(indent, depth int) {
	if len(g.maps) > 0 && g.one(6) {
		g.b.WriteString("<<: ")
		if g.one(3) {
			g.b.WriteString("[*" + pick(g, g.maps...) + ", *" + pick(g, g.maps...) + "]")
		} else {
			g.b.WriteString("*" + pick(g, g.maps...))
		}
		g.endLine()
		return
	}
	g.b.WriteString(g.key() + ":")
	anchor := ""
	if g.one(8) {
		anchor = "x" + strconv.Itoa(g.keys)
		g.b.WriteString(" &" + anchor)
	}
	switch kind := g.IntN(8); {
	case depth > 0 && kind == 0:
		g.endLine()
		g.mapping(indent+1+g.IntN(4), depth-1)
		if anchor != "" {
			g.maps = append(g.maps, anchor)
		}
	case depth > 0 && kind <= 2:
		g.endLine()
		g.sequence(indent+g.IntN(4), depth-1)
	case kind == 3:
		g.b.WriteString(" " + g.flow(depth))
		g.endLine()
	case kind == 4:
		g.blockScalar(indent)
	case kind == 5 && anchor == "" && len(g.anchors) > 0:
		g.b.WriteString(" *" + pick(g, g.anchors...))
		g.endLine()
	case kind == 6 && anchor == "":
		g.endLine() // no value
	default:
		g.b.WriteString(" " + g.scalar(false))
		g.endLine()
	}
	if anchor != "" {
		g.anchors = append(g.anchors, anchor)
	}
}

// sequence writes a sequence in block style.
func (g *generator) sequence(indent, depth int) {
	for range 1 + g.IntN(3) {
		g.indented(indent)
		g.b.WriteString("-")
		switch kind := g.IntN(8); {
		case depth > 0 && kind <= 2:
			blanks := 1 + g.IntN(2)
			g.b.WriteString(strings.Repeat(" ", blanks))
			inner := indent + 1 + blanks
			g.member(inner, depth-1)
			for range g.IntN(3) {
				g.indented(inner)
				g.member(inner, depth-1)
			}
		case kind == 3:
			g.b.WriteString(" " + g.flow(depth))
			g.endLine()
		case kind == 4:
			g.blockScalar(indent)
		case kind == 5 && len(g.anchors) > 0:
			g.b.WriteString(" *" + pick(g, g.anchors...))
			g.endLine()
		case kind == 6:
			g.endLine()
		default:
			g.b.WriteString(" " + g.scalar(false))
			g.endLine()
		}
	}
}

// flow returns a value in flow style.
func (g *generator) flow(depth int) string {
	var entries []string
	kind := g.IntN(3)
	for range g.IntN(4) {
		value := g.scalar(true)
		if depth > 0 && g.one(3) {
			value = g.flow(depth - 1)
		}
		if kind == 0 {
			value = g.key() + ": " + value
		}
		entries = append(entries, value)
	}
	between := pick(g, ", ", ",  ", " , ")
	switch kind {
	case 0:
		return "{" + strings.Join(entries, between) + "}"
	case 1:
		return "[" + strings.Join(entries, between) + "]"
	}
	return "[ " + strings.Join(entries, between) + " ]"
}

// key returns a key that the document does not have.
func (g *generator) key() string {
	g.keys++
	key := pick(g, "a", "name", "securityContext", "kubernetes.io/x", "x-y", "x_y", "a b", "1.5.", "été") + strconv.Itoa(g.keys)
	switch g.IntN(12) {
	case 0:
		return "'" + key + "'"
	case 1:
		return "\"" + key + "\""
	case 2:
		return strconv.Itoa(1000 + g.keys)
	case 3:
		return pick(g, "0x") + strconv.Itoa(g.keys)
	}
	return key
}

// scalar returns a scalar on one line.
func (g *generator) scalar(flow bool) string {
	switch g.IntN(10) {
	case 0:
		return pick(g, "true", "false", "null", "~", "True", "FALSE", "Null")
	case 1:
		return strconv.Itoa(g.IntN(100000) - 50000)
	case 2:
		return pick(g, "0x1F", "0777", "0o17", "0b101", "1_000", "+5", "-0", "08", "1e3", "1.50", ".5", "5.", "-1.5e-3", "1e400", "0x1p4", "18446744073709551615", "99999999999999999999", "1:30", "2001-01-01", "2001-12-14t21:59:43.10-05:00", "1.2.3", "10Mi", "500m", "1__0", "0x", "_1")
	case 3:
		return "'" + pick(g, "", "it''s", "a: b", "# no", "{x}", " a ", "1", "true") + "'"
	case 4:
		return "\"" + pick(g, "", `a\nb`, `a\tb`, `\"q\"`, "a: b # c", `\u00e9\x41`, `\\`, "1", "null", "{{ x }}") + "\""
	case 5:
		return pick(g, "!!str 1", "!!int 5", "!!float 1", "!!bool true", "!!null ~", "!!str true", "! 1", "!!binary YWJj")
	case 6:
		if !flow {
			return pick(g, "a, b", "a [b] {c}", "x]", "--flag=a,b", "*", "&", "a # no comment", "http://x/y?z#w", "a:b", "- x", "@x", "%x", "`x`", "? x", "a: b", "a 'b'", "\"a\" b", "<", "<<", "|x", "-", "--", "...", "=")
		}
	}
	return pick(g, "a", "NET_ADMIN", "cap_net_raw", "registry.example/a:1.2", "--port=80", "/bin/sh", "-c", "a b c", "nginx@sha256", "x.y", "été", "ALL", "$(VAR)", "~x", "nullx", "trueish", "a#b", "a'b", "-x", ".", "..", "+", "+x", "e5", "a\tb", "<x>", "<<x")
}

// blockScalar writes a block scalar behind what it belongs to.
func (g *generator) blockScalar(indent int) {
	fmt.Fprintf(&g.b, " %s%s", pick(g, "|", ">"), pick(g, "", "", "", "-", "+"))
	g.endBlockHeader()
	inner := indent + 1 + g.IntN(4)
	for n := range 1 + g.IntN(4) {
		g.indented(inner)
		if n > 0 && g.one(4) {
			g.b.WriteString("  ")
		}
		g.b.WriteString(pick(g, "text", "key: value", "# no comment", "- item", "if [ $x ]; then", "\"quoted\"", "{{ x }}", "a |", "tab\there", "a  b", "---x", "<<: y", "&a"))
		g.b.WriteString("\n")
		for g.one(5) {
			g.b.WriteString("\n")
		}
	}
}

func (g *generator) endBlockHeader() { g.b.WriteString(pick(g, "\n", "\n", "\n", " # comment\n")) }
