// SPDX-License-Identifier: Apache-2.0

// Package yamljson turns YAML into JSON, as Kubernetes does (sigs.k8s.io/yaml), and keeps
// every value on its line: an error that a reader of the JSON finds names the line of the
// YAML.
//
// It differs from Kubernetes where that guesses. A key that appears twice is an error.
// `yes`, `no`, `on`, `off`, `y` and `n` are strings, as YAML 1.2 has it: a reader that wants
// a boolean can say so.
//
// [Documents] splits a text into its documents without reading it whole. One document of
// YAML is held in memory, with the bounds of limits.go.
package yamljson

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// Read reads the one document of YAML in a text, and returns it as JSON. first is the line
// of the file on which the text begins.
func Read(from io.Reader, first int) ([]byte, error) {
	return read(from, converter{first: first, line: first})
}

// ReadCompose is [Read] for a compose file, which has the tags !reset, for a value that is taken
// back, and !override, for one that replaces that of another file.
func ReadCompose(from io.Reader, first int) ([]byte, error) {
	return read(from, converter{first: first, line: first, compose: true})
}

func read(from io.Reader, c converter) ([]byte, error) {
	first := c.first
	text, err := io.ReadAll(io.LimitReader(from, MaxDocument+1))
	if err != nil {
		return nil, err
	}
	if len(text) > MaxDocument {
		if bytes.IndexByte(text, 0) >= 0 {
			return nil, errNoText
		}
		return nil, errTooLong
	}
	if err = c.convert(text); err == nil {
		return c.out, nil
	}
	if at, ok := errors.AsType[*lineError](err); ok {
		far := 2
		if _, ok := errors.AsType[misreadError](err); ok {
			far = 0
		}
		if line := template(text, at.line-first, far); line >= 0 {
			return nil, &lineError{first + line, errTemplate}
		}
		if line, r := otherSpace(text, at.line-first); line >= 0 {
			return nil, &lineError{first + line, fmt.Errorf("not YAML: %U, a space as web pages have them: YAML takes plain spaces only", r)}
		}
	}
	return nil, err
}

// converter writes a document as JSON.
type converter struct {
	out         []byte
	first, line int  // on which the text begins, and out ends
	compose     bool // it is a compose file
	spent       int  // on what aliases repeat
	aliases     aliases
	inAlias     int                      // how many aliases are around
	around      map[*ast.AnchorNode]bool // whose values are being written
}

func (c *converter) convert(text []byte) error {
	if err := c.checkText(text); err != nil {
		return err
	}
	tokens, err := c.tokens(string(text))
	if err != nil {
		return err
	}
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		return c.syntax(err)
	}
	var body ast.Node
	if len(file.Docs) > 0 { // it has more than comments
		body = file.Docs[0].Body
	}
	c.aliases, c.around = aliases{}, map[*ast.AnchorNode]bool{}
	if body == nil {
		c.out = append(c.out, "null"...)
		return nil
	}
	if err := c.resolveAliases(body); err != nil {
		return err
	}
	return c.value(body)
}

// checkText refuses what YAML does not have.
func (c *converter) checkText(text []byte) error {
	switch {
	case bytes.HasPrefix(text, []byte("\xff\xfe")) || bytes.HasPrefix(text, []byte("\xfe\xff")):
		return errUTF16
	case bytes.IndexByte(text, 0) >= 0:
		return errNoText
	}
	var limits textLimits
	for at := 0; at < len(text); {
		r, size := utf8.DecodeRune(text[at:])
		var err error
		switch {
		case r == utf8.RuneError && size == 1:
			err = errors.New("invalid UTF-8")
		case r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0x7f:
			err = fmt.Errorf("invalid character %q", r)
		case r == '\r' && !bytes.HasPrefix(text[at:], []byte("\r\n")):
			err = errors.New("a carriage return that ends no line")
		default:
			err = limits.add(r, at)
		}
		if err != nil {
			return &lineError{c.first + bytes.Count(text[:at], []byte("\n")), err}
		}
		at += size
	}
	limits.endLine(len(text))
	return limits.err()
}

var (
	errTab    = errors.New("not YAML: a tab where a line is indented: YAML takes spaces only")
	errNoText = errors.New("it is not text")
	errUTF16  = errors.New("it is UTF-16, as PowerShell writes it: Kubernetes takes UTF-8")
)

// syntax makes one of our errors of one of the parser.
func (c *converter) syntax(err error) error {
	var bad interface {
		error
		GetMessage() string
		GetToken() *token.Token
	}
	if !errors.As(err, &bad) {
		return err
	}
	if strings.Contains(bad.GetMessage(), "'\t'") {
		return c.at(bad.GetToken(), errTab)
	}
	return c.at(bad.GetToken(), fmt.Errorf("not YAML: %.200s", bad.GetMessage()))
}

// at puts the line of a token before an error.
func (c *converter) at(t *token.Token, err error) error { return &lineError{c.lineOf(t), err} }

// lineError is an error on a line of the file.
type lineError struct {
	line int
	err  error
}

func (e *lineError) Error() string { return fmt.Sprintf("line %d: %v", e.line, e.err) }

func (e *lineError) Unwrap() error { return e.err }

// Line returns the line.
func (e *lineError) Line() int { return e.line }

var errTemplate = errors.New("it is a template, {{ ... }}: render it first, as with helm template")

// lineOf returns the line of the file on which a token stands.
func (c *converter) lineOf(t *token.Token) int {
	if t == nil || t.Position == nil {
		return c.line
	}
	return c.first + t.Position.Line - 1
}

// goTo goes to the line of a token. What an alias repeats has the line of the alias.
func (c *converter) goTo(t *token.Token) {
	if c.inAlias > 0 {
		return
	}
	for to := c.lineOf(t); c.line < to; c.line++ {
		c.out = append(c.out, '\n')
	}
}

// value writes a value.
func (c *converter) value(n ast.Node) error {
	if err := c.spend(n); err != nil {
		return err
	}
	c.goTo(n.GetToken())
	switch n := n.(type) {
	case *ast.MappingNode:
		return c.mapping(n.Values)
	case *ast.MappingValueNode:
		return c.mapping([]*ast.MappingValueNode{n})
	case *ast.SequenceNode:
		c.out = append(c.out, '[')
		for i, element := range n.Values {
			if i > 0 {
				c.out = append(c.out, ',')
			}
			if err := c.value(element); err != nil {
				return err
			}
		}
		c.out = append(c.out, ']')
		return nil
	case *ast.AnchorNode:
		return c.anchored(n)
	case *ast.AliasNode:
		c.inAlias++
		defer func() { c.inAlias-- }()
		return c.anchored(c.aliases[n])
	case *ast.TagNode:
		switch {
		case c.compose && n.Start.Value == "!reset":
			c.out = append(c.out, "null"...)
			return nil
		case c.compose && n.Start.Value == "!override" && n.Value != nil:
			return c.value(n.Value)
		}
		if ok, err := c.collection(n); ok || err != nil {
			return err
		}
	}
	v, err := scalar(n)
	if err == nil {
		var text []byte
		if text, err = json.Marshal(v); err == nil {
			c.out = append(c.out, text...)
			return nil
		}
	}
	return c.at(n.GetToken(), err)
}

// collection writes the value of a tag, unless that is a scalar.
func (c *converter) collection(n *ast.TagNode) (bool, error) {
	if !slices.Contains(tags, n.Start.Value) {
		return false, c.at(n.Start, fmt.Errorf("tag %s: a manifest has none but %s", quote(n.Start.Value), strings.Join(tags, " ")))
	}
	value := n.Value
	if anchor, ok := value.(*ast.AnchorNode); ok {
		value = anchor.Value
	}
	if _, scalar := value.(ast.ScalarNode); scalar {
		return false, nil
	}
	return true, c.value(n.Value)
}

// tags are the tags of YAML that JSON has values for.
var tags = []string{"!", "!!str", "!!int", "!!float", "!!bool", "!!null", "!!binary", "!!map", "!!seq"}

// anchored writes the value that an anchor is on.
func (c *converter) anchored(n *ast.AnchorNode) error {
	if c.around[n] {
		return c.at(n.GetToken(), fmt.Errorf("anchor %s contains itself", quote(name(n.Name))))
	}
	c.around[n] = true
	defer delete(c.around, n)
	return c.value(n.Value)
}

// scalar returns the value of a scalar: nil, bool, int64, uint64, float64 or string.
func scalar(n ast.Node) (any, error) {
	tag := ""
	for unwrapped := true; unwrapped; {
		switch around := n.(type) {
		case *ast.TagNode:
			tag, n = around.Start.Value, around.Value
		case *ast.AnchorNode:
			n = around.Value
		default:
			unwrapped = false
		}
	}
	var text string
	plain := false
	switch n := n.(type) {
	case *ast.LiteralNode:
		text = n.Value.Value
	case *ast.StringNode:
		text, plain = n.Value, n.GetToken().Type == token.StringType
	case *ast.NullNode, *ast.BoolNode, *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode, *ast.MergeKeyNode:
		text, plain = n.GetToken().Value, true
		if n.GetToken().Type == token.ImplicitNullType {
			text = ""
		}
	default:
		return nil, errors.New("no scalar, as belongs here")
	}
	return resolve(tag, text, plain)
}

// resolve returns what a scalar stands for with its tag, which may be "".
func resolve(tag, text string, plain bool) (any, error) {
	var v any = text
	if plain || tag != "" {
		v = plainValue(text)
	}
	ok := true
	switch tag {
	case "":
	case "!!int":
		switch v.(type) {
		case int64, uint64:
		default:
			ok = false
		}
	case "!!float":
		switch n := v.(type) {
		case int64:
			v = float64(n)
		case float64:
		default:
			ok = false
		}
	case "!!bool":
		_, ok = v.(bool)
	case "!!null":
		ok = v == nil
	case "!!binary":
		decoded, err := base64.StdEncoding.DecodeString(text)
		return string(decoded), err
	default:
		v = text
	}
	if !ok {
		return nil, fmt.Errorf("%s is not %s", quote(text), tag)
	}
	if f, is := v.(float64); is && (math.IsInf(f, 0) || math.IsNaN(f)) {
		return nil, fmt.Errorf("%s: JSON has no such number", quote(text))
	}
	return v, nil
}

// name returns the name of an anchor.
func name(n ast.Node) string { return n.GetToken().Value }

// maxQuoted is how many characters of a text an error repeats.
const maxQuoted = 64

func quote(text string) string { return fmt.Sprintf("%.*q", maxQuoted, text) }
