// SPDX-License-Identifier: Apache-2.0

package yamljson

import (
	"errors"
	"fmt"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/scanner"
	"github.com/goccy/go-yaml/token"
)

// A text may be made to take a parser's memory and time. These bounds are far from any
// manifest that people write.
const (
	MaxDocument = 16 << 20 // of a document, in bytes
	maxTokens   = 500_000  // of a document: keys, values, punctuation
	maxRepeated = 1 << 20  // values that aliases and merge keys repeat
)

var (
	errTooLong  = fmt.Errorf("the document is longer than %d MiB: JSON may be longer, as kubectl prints it with -o json", MaxDocument>>20)
	errTooLarge = fmt.Errorf("the document has more than %d tokens: JSON may have more, as kubectl prints it with -o json", maxTokens)
	errRepeated = errors.New("the aliases repeat too much")
)

// tokens splits a text into tokens.
func (c *converter) tokens(text string) (token.Tokens, error) {
	var (
		s   scanner.Scanner
		all token.Tokens
	)
	s.Init(text)
	for {
		some, err := s.Scan()
		if err != nil {
			return all, nil // there is no other error than io.EOF
		}
		all.Add(some...)
		if len(all) > maxTokens {
			return nil, errTooLarge
		}
	}
}

// aliases are the anchors that aliases stand for.
type aliases map[*ast.AliasNode]*ast.AnchorNode

// resolver finds the anchor of each alias: the last of its name before it.
type resolver struct {
	c       *converter
	anchors map[string]*ast.AnchorNode
	err     error
}

func (c *converter) resolveAliases(body ast.Node) error {
	r := &resolver{c: c, anchors: map[string]*ast.AnchorNode{}}
	ast.Walk(r, body)
	return r.err
}

// Visit sees the nodes in the order of the text.
func (r *resolver) Visit(n ast.Node) ast.Visitor {
	switch n := n.(type) {
	case *ast.AnchorNode:
		r.anchors[name(n.Name)] = n
	case *ast.AliasNode:
		anchor, ok := r.anchors[name(n.Value)]
		if !ok && r.err == nil {
			r.err = r.c.at(n.GetToken(), fmt.Errorf("alias %s has no anchor before it", quote(name(n.Value))))
		}
		r.c.aliases[n] = anchor
	}
	if r.err != nil {
		return nil
	}
	return r
}

// spend counts what aliases repeat.
func (c *converter) spend(n ast.Node) error {
	if c.inAlias == 0 && len(c.around) == 0 {
		return nil
	}
	if c.spent++; c.spent > maxRepeated || len(c.out) > 4*MaxDocument {
		return c.at(n.GetToken(), errRepeated)
	}
	return nil
}
