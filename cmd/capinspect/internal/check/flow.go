// SPDX-License-Identifier: Apache-2.0

package check

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// flow returns a value at the end of a path of keys as one line of YAML, as
// "securityContext: {privileged: false}".
func flow(path []string, value any) string {
	text := flowValue(value)
	for i, key := range slices.Backward(path) {
		if text = scalar(key) + ": " + text; i > 0 {
			text = "{" + text + "}"
		}
	}
	return text
}

func flowValue(value any) string {
	switch v := value.(type) {
	case nil:
		return "null"
	case string:
		return scalar(v)
	case []string:
		return "[" + strings.Join(v, ", ") + "]"
	case map[string]any:
		var members []string
		for _, key := range slices.Sorted(maps.Keys(v)) {
			members = append(members, key+": "+flowValue(v[key]))
		}
		return "{" + strings.Join(members, ", ") + "}"
	}
	return fmt.Sprint(value)
}

// scalar returns a string as YAML has it: in quotes if it is no plain word.
func scalar(s string) string {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./"
	if s != "" && strings.Trim(s, plain) == "" && strings.Trim(s[:1], plain[:52]) == "" {
		return s
	}
	return strconv.Quote(s)
}
