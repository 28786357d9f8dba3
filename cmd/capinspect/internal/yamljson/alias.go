// SPDX-License-Identifier: Apache-2.0

package yamljson

import (
	"fmt"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

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
		text := name(n.Name)
		if r.err == nil && (text == "" || strings.ContainsFunc(text, oddInName)) {
			r.err = r.c.at(n.GetToken(), fmt.Errorf("anchor %s: a name has letters, digits, _ and - only", quote(text)))
		}
		r.anchors[text] = n
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

func oddInName(c rune) bool {
	return !strings.ContainsRune("-_0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", c)
}

// spend counts what aliases repeat.
func (c *converter) spend(n ast.Node) error {
	if c.inAlias == 0 && len(c.around) == 0 {
		return nil
	}
	if c.spent++; c.spent > maxRepeated || len(c.out) > 2*MaxDocument {
		return c.at(n.GetToken(), errRepeated)
	}
	return nil
}
