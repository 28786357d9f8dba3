// SPDX-License-Identifier: Apache-2.0

package manifest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Others are the objects that are no pods and make none.
type Others struct {
	Count int
	Kinds []string // each once, the first maxMembers; "" if an object has none

	hint string // what may be wrong with the first that should have containers
}

// add adds an object. One of a kind that makes pods has no containers: a field that Kubernetes
// does not have may tell why.
func (o *Others) add(object *object) {
	o.Count++
	kind := object.kind
	if specFields[kind] != nil && o.hint == "" {
		for _, u := range (&Pod{Kind: kind, object: object}).UnknownFields() {
			o.hint = "; " + u.Text()
			break
		}
	}
	if len(kind) > maxKind {
		kind = kind[:maxKind]
	}
	if !slices.Contains(o.Kinds, kind) && len(o.Kinds) < maxMembers {
		o.Kinds = append(o.Kinds, kind)
	}
}

// Named returns the kinds that have a name.
func (o *Others) Named() []string {
	return slices.DeleteFunc(slices.Clone(o.Kinds), func(kind string) bool { return kind == "" })
}

// maxKind is how long the longest name of a kind is in an error, in bytes.
const maxKind = 63

// noPods is the error of a text in which there is nothing that is a pod or makes pods.
type noPods string

func (e noPods) Error() string { return string(e) }

// IsNoPods reports whether a text could be read, and has nothing that is a pod or makes pods.
func IsNoPods(err error) bool {
	_, ok := errors.AsType[noPods](err)
	return ok
}

// err returns the error of a text that has only such objects in so many documents. A list
// may be empty: that is none.
func (o *Others) err(documents int) error {
	if o.Count == 0 {
		return nil
	}
	if o.Count > 1 {
		what := "objects"
		if o.Count == documents {
			what = "documents"
		}
		text := fmt.Sprintf("%d %s, none of them with the containers of a pod", o.Count, what)
		if kinds := o.Named(); len(kinds) > 0 {
			text += ": " + strings.Join(kinds, ", ")
		}
		return noPods(text + o.hint)
	}
	kind := o.Kinds[0]
	if kind == "" {
		return noPods("it has no kind and no containers, so it is neither a pod nor a workload; " + filePath)
	}
	if _, known := kinds[kind]; known || workflowKinds[kind] != nil {
		return noPods(fmt.Sprintf("it is %s without containers", withArticle(kind)) + o.hint)
	}
	return noPods(fmt.Sprintf("it is %s, neither a pod nor a workload", withArticle(kind)))
}

// withArticle puts a or an before the name of a kind.
func withArticle(kind string) string {
	if strings.ContainsAny(kind[:1], "AEIOUaeiou") {
		return "an " + kind
	}
	return "a " + kind
}
