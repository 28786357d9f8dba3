// SPDX-License-Identifier: Apache-2.0

package yamljson

import (
	"errors"
	"io"

	"github.com/goccy/go-yaml/scanner"
	"github.com/goccy/go-yaml/token"
)

// A text can be made to take the time and memory of the parser, which takes the square of
// some things. These bounds are far from any manifest that people write, and keep it below a
// second.
const (
	MaxText     = 16 << 20  // of the documents of a file, in bytes
	MaxDocument = 4 << 20   // of a document, in bytes: an object of Kubernetes has at most 1.5 MiB
	maxMarks    = 500_000   // characters that may be punctuation of YAML
	maxKey      = 1024      // of a key, in bytes, as in YAML itself
	maxDepth    = 256       // mappings and sequences, one in the other
	maxWork     = 200 << 20 // steps that take the square
	maxRepeated = 1 << 20   // values that aliases and merge keys repeat
)

var (
	errTooLong  = errors.New("the document is longer than 4 MiB: in JSON, as of kubectl get -o json, it may be")
	errTooLarge = errors.New("the document has too many values: in JSON, as of kubectl get -o json, it may have more")
	errTooDeep  = errors.New("more than 256 mappings and sequences, one in the other")
	errWithin   = errors.New("not YAML: a directive, --- or ... within a document")
	errLongKey  = errors.New("a key has more than 1024 bytes")
	errRepeated = errors.New("aliases repeat too much")
)

// textLimits counts what the scanner takes long for.
type textLimits struct {
	marks  int // characters that may be punctuation
	blanks int // lines without text, in a row
	less   int // signs in a row: each is looked at as the start of a merge key
	work   int

	// Of the line:
	indent, length, tabs int
	bar                  bool // it may begin a block scalar

	// Of the block scalar that the text may be in:
	in    bool
	below int // it ends at a line that is indented by no more than that
	start int

	lines int // with text
}

// add counts a character, which is at an offset of the text.
func (l *textLimits) add(r rune, at int) error {
	if r != '<' {
		l.less = 0
	}
	switch r {
	case '\n':
		l.endLine(at)
		return l.err()
	case '\r':
		return nil
	case ' ':
		if l.length == 0 {
			l.indent++
			return nil
		}
	case '<':
		l.less++
		l.work += l.less
	case '\t':
		l.tabs++
	case '|', '>':
		l.bar = true
		l.marks++
	case ':', ',', '-', '?', '[', ']', '{', '}', '&', '*', '!', '#', '%', '"', '\'':
		l.marks++
	}
	l.length++
	return nil
}

// endLine counts a line. In double quotes, each tab looks for its end. At the end of a block
// scalar, each blank line copies that.
func (l *textLimits) endLine(at int) {
	l.work += l.tabs * l.length
	switch {
	case l.length == 0:
		if l.blanks++; l.blanks > 2 && l.in {
			l.work += at - l.start
		}
	default:
		l.blanks = 0
		l.lines++
		if l.in && l.indent <= l.below {
			l.in = false
		}
		if l.bar && !l.in {
			l.in, l.below, l.start = true, l.indent, at
			if l.lines == 1 {
				l.below = -1 // the document may be a scalar
			}
		}
	}
	l.indent, l.length, l.tabs, l.less, l.bar = 0, 0, 0, 0, false
}

func (l *textLimits) err() error {
	switch {
	case l.marks > maxMarks:
		return errTooLarge
	case l.work > maxWork:
		return errors.New("too many blank lines, tabs or < in a row")
	}
	return nil
}

// tokens splits a text into tokens.
func (c *converter) tokens(text string) (token.Tokens, error) {
	var (
		s   scanner.Scanner
		all token.Tokens
	)
	s.Init(text)
	for {
		some, err := s.Scan()
		if err == io.EOF {
			break
		}
		all.Add(some...)
		if err != nil {
			return all, nil // the last token says what is wrong
		}
	}
	l := tokenLimits{c: c, all: len(all)}
	for _, t := range all {
		if err := l.add(t); err != nil {
			return nil, c.at(t, err)
		}
	}
	return all, nil
}

// collection is a mapping or a sequence that is not yet at its end.
type collection struct {
	flow, mapping bool // it is in brackets, and they are braces
	column        int
	path, key     int  // how long the keys are that lead to it, and its last
	keys          int  // how many it has
	colon         bool // its last key has one
}

// tokenLimits counts what the parser takes long for.
type tokenLimits struct {
	c          *converter
	all        int // tokens
	open       []collection
	properties int // anchors and tags in a row
	last       *token.Token
	work       int
}

// add counts a token.
func (l *tokenLimits) add(t *token.Token) error {
	if t.Type == token.CommentType {
		return nil
	}
	switch t.Type {
	case token.AnchorType, token.TagType:
		l.properties++
	default:
		if l.last == nil || l.last.Type != token.AnchorType {
			l.properties = 0
		}
	}
	switch t.Type {
	case token.DirectiveType, token.DocumentHeaderType, token.DocumentEndType:
		if t.Type != token.DocumentHeaderType || l.last != nil {
			return errWithin
		}
	case token.MappingStartType, token.SequenceStartType:
		l.push(collection{flow: true, mapping: t.Type == token.MappingStartType})
	case token.MappingEndType, token.SequenceEndType:
		l.entry()
		l.popFlow()
	case token.CollectEntryType:
		l.entry()
	case token.SequenceEntryType:
		l.block(t, len("[00000]"))
	case token.MappingKeyType:
		l.mappingKey(t, 0)
	case token.MappingValueType:
		if l.last == nil {
			break
		}
		if len(l.last.Value) > maxKey {
			return errLongKey
		}
		l.mappingKey(l.last, len(l.last.Value)+1)
	}
	// A key without a value gets one put between the tokens.
	if last := l.last; last != nil && (last.Type == token.MappingValueType || last.Type == token.SequenceEntryType) && last.Position.Line != t.Position.Line {
		ofKey := last.Type == token.MappingValueType && t.Type == token.SequenceEntryType // which may be as far left
		if top := l.top(); top != nil && !top.flow && (t.Position.Column < top.column || t.Position.Column == top.column && !ofKey) {
			l.work += l.all / 4
		}
	}
	if err := misread(l.last, t); err != nil {
		return err
	}
	l.last = t
	switch {
	case len(l.open) > maxDepth || l.properties > 4:
		return errTooDeep
	case l.work > maxWork:
		return errTooLarge
	}
	return nil
}

func (l *tokenLimits) top() *collection {
	if len(l.open) == 0 {
		return nil
	}
	return &l.open[len(l.open)-1]
}

func (l *tokenLimits) push(c collection) {
	if top := l.top(); top != nil {
		c.path = top.path + top.key
	}
	l.open = append(l.open, c)
}

// popFlow ends the innermost collection in brackets.
func (l *tokenLimits) popFlow() {
	for n := len(l.open); n > 0; n-- {
		if l.open[n-1].flow {
			l.open = l.open[:n-1]
			return
		}
	}
}

// entry ends an entry of a collection in brackets. A key without a colon gets a value put
// between the tokens.
func (l *tokenLimits) entry() {
	if top := l.top(); top != nil && top.flow {
		if top.mapping && (!top.colon || l.last.Type == token.MappingValueType) {
			l.work += l.all / 4
		}
		top.colon = false
	}
}

// mappingKey counts a key of a mapping. Without braces, those behind it are appended to it.
func (l *tokenLimits) mappingKey(t *token.Token, length int) {
	if in := l.block(t, length); !in.flow {
		in.keys++
		l.work += 4 * in.keys
	}
}

// block counts a key, or the dash of a sequence, and how long the path to it is.
func (l *tokenLimits) block(t *token.Token, key int) *collection {
	top := l.top()
	for top != nil && !top.flow && top.column > t.Position.Column {
		l.open = l.open[:len(l.open)-1]
		top = l.top()
	}
	if top == nil || !top.flow && top.column < t.Position.Column {
		l.push(collection{column: t.Position.Column})
		top = l.top()
	}
	top.key, top.colon = key, true
	l.work += 4 * (top.path + key) // the parser keeps each path
	return top
}
