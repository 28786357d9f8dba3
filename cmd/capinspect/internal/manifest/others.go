// SPDX-License-Identifier: Apache-2.0

package manifest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// others are the objects that are no pods and make none.
type others struct {
	count int
	kinds []string // each once, the first maxMembers
}

func (o *others) add(kind string) {
	o.count++
	if len(kind) > maxKind {
		kind = kind[:maxKind]
	}
	if !slices.Contains(o.kinds, kind) && len(o.kinds) < maxMembers {
		o.kinds = append(o.kinds, kind)
	}
}

// maxKind is how long the longest name of a kind is in an error, in bytes.
const maxKind = 63

// err returns the error of a text that has only such objects in so many documents. A list
// may be empty: that is none.
func (o *others) err(documents int) error {
	if o.count == 0 {
		return nil
	}
	if o.count > 1 {
		what := "objects"
		if o.count == documents {
			what = "documents"
		}
		text := fmt.Sprintf("%d %s, none of them a pod or a workload", o.count, what)
		if kinds := slices.DeleteFunc(slices.Clone(o.kinds), func(kind string) bool { return kind == "" }); len(kinds) > 0 {
			text += ": " + strings.Join(kinds, ", ")
		}
		return errors.New(text)
	}
	kind := o.kinds[0]
	if kind == "" {
		return errors.New("it has no kind and no containers, so it is neither a pod nor a workload")
	}
	if _, known := kinds[kind]; known {
		return fmt.Errorf("it is a %s without containers", kind)
	}
	return fmt.Errorf("it is a %s, neither a pod nor a workload", kind)
}
