// SPDX-License-Identifier: Apache-2.0

// Package strictjson decodes JSON from outside into structs with encoding/json, and is
// strict where that is lax: a key counts only as it is spelled, a key that appears twice
// is an error, and an integer is written in digits. An error names the line and the keys
// that lead to the value: "line 3: tasks.pid: an object does not belong here".
//
// Null is no error, whatever belongs there. Keys that the struct does not have are
// skipped. A [Decoder] holds one value at a time, so that a list may be longer than memory is
// large.
//
// It does not write JSON, and it has no fractions.
package strictjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Decoder decodes the values of a text, which stand one after the other.
type Decoder struct {
	tokens *json.Decoder
	text   *text
	path   []string // the keys that lead to the next value
	left   int      // how many more tokens may be read, if there is a limit
	limit  bool
}

// NewDecoder returns a Decoder of a text, which it reads no further than it needs to, but
// for some kilobytes.
func NewDecoder(r io.Reader) *Decoder { return NewDecoderAt(r, 1) }

// NewDecoderAt returns a Decoder of a text that begins on the given line of a larger one.
func NewDecoderAt(r io.Reader, line int) *Decoder {
	t := &text{from: r, ends: line - 1}
	d := &Decoder{tokens: json.NewDecoder(t), text: t}
	d.tokens.UseNumber()
	return d
}

// Limit sets how many tokens may be read from now on: brackets, keys and values, without
// those that are skipped.
func (d *Decoder) Limit(tokens int) { d.left, d.limit = tokens, true }

// Line returns the line on which what was read last ends.
func (d *Decoder) Line() int {
	var ahead lineEnds
	io.Copy(&ahead, d.tokens.Buffered()) // which cannot fail: it is in memory
	return 1 + d.text.ends - int(ahead)
}

// lineEnds counts line ends.
type lineEnds int

func (n *lineEnds) Write(p []byte) (int, error) {
	*n += lineEnds(bytes.Count(p, newline))
	return len(p), nil
}

// ahead returns what is read of the text and not yet decoded.
func (d *Decoder) ahead() []byte {
	rest, err := io.ReadAll(d.tokens.Buffered())
	if err != nil {
		return nil // which cannot be: it is in memory
	}
	return rest
}

// Next returns the first character of the next value; 0 if there is none.
func (d *Decoder) Next() byte {
	if !d.tokens.More() {
		return 0
	}
	return bytes.TrimLeft(d.ahead(), " \t\r\n")[0]
}

// Decode decodes the next value into what v points to. At the end of the text it returns
// io.EOF.
func (d *Decoder) Decode(v any) error {
	known := filter{d: d}
	if err := known.value(typeOf(v)); err != nil {
		return err
	}
	if err := json.Unmarshal(known.out, v); err != nil {
		return d.fail(err)
	}
	return nil
}

// Object calls member for each key of the next value, which must be an object, in the order
// of the text. What member leaves undecoded is skipped.
func (d *Decoder) Object(member func(key string) error) error {
	t, err := d.token()
	if err != nil || t == nil {
		return err
	}
	if t != json.Delim('{') {
		return d.misplaced(t)
	}
	seen := map[string]bool{}
	for d.tokens.More() {
		key, err := d.key(seen)
		if err != nil {
			return err
		}
		d.path = append(d.path, key)
		if err := d.orSkip(func() error { return member(key) }); err != nil {
			return err
		}
		d.path = d.path[:len(d.path)-1]
	}
	_, err = d.inner()
	return err
}

// Array calls element for each element of the next value, which must be an array. What
// element leaves undecoded is skipped.
func (d *Decoder) Array(element func() error) error {
	t, err := d.token()
	if err != nil || t == nil {
		return err
	}
	if t != json.Delim('[') {
		return d.misplaced(t)
	}
	for d.tokens.More() {
		if err := d.orSkip(element); err != nil {
			return err
		}
	}
	_, err = d.inner()
	return err
}

// orSkip calls read, and passes the next value over if that has not read it.
func (d *Decoder) orSkip(read func() error) error {
	before := d.tokens.InputOffset()
	if err := read(); err != nil || d.tokens.InputOffset() != before {
		return err
	}
	_, err := d.raw()
	return err
}

// Raw reads the next value. At the end of the text it returns io.EOF.
func (d *Decoder) Raw() (Raw, error) {
	r := Raw{path: append([]string(nil), d.path...)}
	text, err := d.raw()
	r.text = text
	r.line = d.Line() - bytes.Count(text, newline)
	return r, err
}

// raw reads the next value as it stands.
func (d *Decoder) raw() (json.RawMessage, error) {
	var raw json.RawMessage
	err := d.tokens.Decode(&raw)
	if _, ok := errors.AsType[*json.SyntaxError](err); ok {
		// The decoder stays before the value: where in it the error is, another one tells.
		rest := d.ahead()
		if bad, ok := errors.AsType[*json.SyntaxError](json.NewDecoder(bytes.NewReader(rest)).Decode(&raw)); ok {
			skipped := bytes.Count(rest[:min(int(bad.Offset), len(rest))], newline)
			return nil, fmt.Errorf("line %d: %w", d.Line()+skipped, err)
		}
	}
	if err == io.EOF && len(d.path) == 0 {
		return nil, err
	}
	return raw, d.noted(err)
}

// token returns the next token: a json.Delim, bool, json.Number, string or nil for null.
func (d *Decoder) token() (json.Token, error) {
	if err := d.spend(); err != nil {
		return nil, err
	}
	t, err := d.tokens.Token()
	if err == io.EOF && len(d.path) == 0 {
		return nil, err
	}
	return t, d.noted(err)
}

// spend counts a token against the limit.
func (d *Decoder) spend() error {
	if d.left--; d.limit && d.left < 0 {
		return d.fail(errTooMuch)
	}
	return nil
}

// inner is token within a value, where the text must not end.
func (d *Decoder) inner() (json.Token, error) {
	if err := d.spend(); err != nil {
		return nil, err
	}
	t, err := d.tokens.Token()
	return t, d.noted(err)
}

// key returns the next key of an object, in which seen stand before.
func (d *Decoder) key(seen map[string]bool) (string, error) {
	t, err := d.inner()
	if err != nil {
		return "", err
	}
	key := t.(string) // the decoder takes no other token there
	if seen[key] {
		return "", d.repeated(key)
	}
	seen[key] = true
	return key, nil
}

func (d *Decoder) repeated(key string) error {
	return d.at(fmt.Errorf("key %s appears twice", quote(key)))
}

var (
	errCutShort = errors.New("cut short")
	errTooMuch  = errors.New("too much to be read")
)

// noted makes one of our errors of one of the decoder.
func (d *Decoder) noted(err error) error {
	if err == nil {
		return nil
	}
	if bad := d.text.err; bad != nil {
		return bad
	}
	switch _, bad := errors.AsType[*json.SyntaxError](err); {
	case err == io.EOF || err == io.ErrUnexpectedEOF:
		return fmt.Errorf("line %d: %w", 1+d.text.ends, errCutShort)
	case bad:
		return d.at(err)
	}
	return err
}

// at puts the line before an error.
func (d *Decoder) at(err error) error { return &lineError{d.Line(), err} }

// lineError is an error on a line of the text.
type lineError struct {
	line int
	err  error
}

func (e *lineError) Error() string { return fmt.Sprintf("line %d: %v", e.line, e.err) }

func (e *lineError) Unwrap() error { return e.err }

// Line returns the line.
func (e *lineError) Line() int { return e.line }

// fail puts the line and the keys before an error.
func (d *Decoder) fail(err error) error {
	if len(d.path) == 0 {
		return d.at(err)
	}
	keys := make([]string, len(d.path))
	for i, key := range d.path {
		if keys[i] = key; strings.ContainsFunc(key, odd) || len(key) > maxKey {
			keys[i] = quote(key)
		}
	}
	return d.at(fmt.Errorf("%s: %w", strings.Join(keys, "."), err))
}

// misplaced is the error of a token that does not belong there.
func (d *Decoder) misplaced(t json.Token) error {
	what := ""
	switch t := t.(type) {
	case json.Delim:
		what = map[json.Delim]string{'{': "an object", '[': "an array"}[t]
	case string:
		what = "a string"
	case json.Number:
		what = "a number"
	case bool:
		what = fmt.Sprint(t)
	}
	return d.fail(errors.New(what + " does not belong here"))
}

// maxKey is how many characters of a key an error repeats.
const maxKey = 64

// odd reports whether a character keeps a key from being printed as it is.
func odd(c rune) bool { return c <= ' ' || c >= 0x7f || c == '"' || c == '\\' || c == ':' }

func quote(key string) string { return fmt.Sprintf("%.*q", maxKey, key) }
