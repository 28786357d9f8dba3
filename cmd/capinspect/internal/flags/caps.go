// SPDX-License-Identifier: Apache-2.0

package flags

import (
	"errors"
	"fmt"
	"strings"

	"github.com/capinspect/capinspect/capset"
)

// SplitSet splits "SET:CAPS", and gives no set for "CAPS".
func SplitSet(text string) (kinds []capset.Kind, caps string, err error) {
	name, caps, ok := strings.Cut(text, ":")
	if !ok {
		return nil, text, nil
	}
	k, ok := capset.ParseKind(name)
	if !ok {
		return nil, "", UnknownSet(name)
	}
	return []capset.Kind{k}, caps, nil
}

// UnknownSet says that a name is that of no set.
func UnknownSet(name string) error {
	known := make([]string, capset.NumKinds)
	for k := range known {
		known[k] = strings.ToLower(capset.Kind(k).String())
	}
	return fmt.Errorf("unknown set %q: %s", name, DidYouMean(name, known, "want effective, permitted, inheritable, bounding or ambient"))
}

// ParseCaps returns the set of a list that must name something.
func ParseCaps(list string) (capset.Set, error) {
	if strings.Trim(list, ", ") == "" {
		return 0, errors.New("no capability")
	}
	return capset.ParseList(list)
}
