// SPDX-License-Identifier: Apache-2.0

package yamljson

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// member is a member of an object.
type member struct {
	key    string
	at     *token.Token
	value  ast.Node
	merged bool // it comes from a merge key
}

// mapping writes an object.
func (c *converter) mapping(entries []*ast.MappingValueNode) error {
	members, err := c.members(entries)
	if err != nil {
		return err
	}
	c.out = append(c.out, '{')
	for i, m := range members {
		if i > 0 {
			c.out = append(c.out, ',')
		}
		if m.merged {
			c.inAlias++
		}
		c.goTo(m.at)
		key, err := json.Marshal(m.key)
		if err != nil {
			return c.at(m.at, err)
		}
		c.out = append(append(c.out, key...), ':')
		if err := c.value(m.value); err != nil {
			return err
		}
		if m.merged {
			c.inAlias--
		}
	}
	c.out = append(c.out, '}')
	return nil
}

// members returns the members of an object, with those that merge keys bring. Of those and
// of its own the last counts.
func (c *converter) members(entries []*ast.MappingValueNode) ([]member, error) {
	var list []member
	place := map[string]int{}
	put := func(m member) error {
		at, twice := place[m.key]
		switch {
		case !twice:
			place[m.key] = len(list)
			list = append(list, m)
		case m.merged || list[at].merged:
			list[at] = m
		default:
			return c.at(m.at, fmt.Errorf("key %s appears twice", quote(m.key)))
		}
		return nil
	}
	for _, e := range entries {
		if e.Key.IsMergeKey() {
			merged, err := c.merged(e.Value)
			if err != nil {
				return nil, err
			}
			for _, m := range merged {
				if err := put(m); err != nil {
					return nil, err
				}
			}
			continue
		}
		key, err := c.key(e.Key)
		if err != nil {
			return nil, c.at(e.Key.GetToken(), err)
		}
		if err := put(member{key, e.Key.GetToken(), e.Value, false}); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// merged returns the members that the value of a merge key brings.
func (c *converter) merged(n ast.Node) ([]member, error) {
	if err := c.spend(n); err != nil {
		return nil, err
	}
	var anchor *ast.AnchorNode
	switch n := n.(type) {
	case *ast.AliasNode:
		anchor = c.aliases[n]
	case *ast.AnchorNode:
		anchor = n
	case *ast.MappingNode:
		return c.mergedFrom(n.Values)
	case *ast.MappingValueNode:
		return c.mergedFrom([]*ast.MappingValueNode{n})
	case *ast.SequenceNode:
		var all []member
		for i := len(n.Values) - 1; i >= 0; i-- { // the first counts most
			if _, nested := n.Values[i].(*ast.SequenceNode); nested {
				return nil, c.at(n.GetToken(), errMerge)
			}
			some, err := c.merged(n.Values[i])
			if err != nil {
				return nil, err
			}
			all = append(all, some...)
		}
		return all, nil
	}
	if anchor == nil {
		return nil, c.at(n.GetToken(), errMerge)
	}
	if c.around[anchor] {
		return nil, c.at(n.GetToken(), fmt.Errorf("anchor %s contains itself", quote(name(anchor.Name))))
	}
	c.around[anchor] = true
	defer delete(c.around, anchor)
	switch value := anchor.Value.(type) {
	case *ast.MappingNode:
		return c.mergedFrom(value.Values)
	case *ast.MappingValueNode:
		return c.mergedFrom([]*ast.MappingValueNode{value})
	}
	return nil, c.at(n.GetToken(), errMerge)
}

var errMerge = errors.New("<< merges mappings only")

func (c *converter) mergedFrom(entries []*ast.MappingValueNode) ([]member, error) {
	members, err := c.members(entries)
	for i := range members {
		if err == nil {
			err = c.spend(members[i].value)
		}
		members[i].merged = true
	}
	return members, err
}

// key returns the key that JSON has for one of YAML.
func (c *converter) key(n ast.Node) (string, error) {
	for {
		switch k := n.(type) {
		case *ast.MappingKeyNode:
			n = k.Value
			continue
		case *ast.AnchorNode:
			n = k.Value
			continue
		case *ast.AliasNode:
			n = c.aliases[k].Value
			continue
		}
		break
	}
	v, err := scalar(n)
	if err != nil {
		return "", err
	}
	switch v := v.(type) {
	case string:
		return v, nil
	case bool:
		return strconv.FormatBool(v), nil
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 32), nil
	case nil:
		return "", errors.New("null is no key")
	default:
		return fmt.Sprint(v), nil
	}
}
