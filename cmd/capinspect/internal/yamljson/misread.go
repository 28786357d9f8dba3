// SPDX-License-Identifier: Apache-2.0

package yamljson

import (
	"strings"

	"github.com/goccy/go-yaml/token"
)

// misreadError is an error in YAML that the parser would read in another way than Kubernetes
// does.
type misreadError string

func (e misreadError) Error() string { return string(e) }

// misread returns an error for what the parser reads in another way than Kubernetes does.
// It sees a token and the one before it.
func misread(last, t *token.Token) error {
	if t.Type == token.StringType && last != nil && last.Type != token.LiteralType && last.Type != token.FoldedType && strings.Contains(strings.TrimSpace(t.Origin), "\t") {
		return misreadError("a tab in a text without quotes: put quotes around it")
	}
	if last == nil {
		return nil
	}
	behind := t.Position.Offset == last.Position.Offset+1
	switch last.Type {
	case token.SequenceEntryType:
		if t.Position.Line > last.Position.Line && t.Position.Column == last.Position.Column && t.Type != token.SequenceEntryType {
			return misreadError("a dash without a value before it: write null there, or leave it out")
		}
	case token.MappingValueType:
		quoted := last.Prev != nil && last.Prev.Indicator == token.QuotedScalarIndicator
		if behind && !quoted && t.Type != token.CollectEntryType && t.Type != token.MappingEndType && t.Type != token.SequenceEndType {
			return misreadError("a colon without a space behind it: put one there, or quotes around the text")
		}
	}
	return nil
}
