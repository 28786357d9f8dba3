// SPDX-License-Identifier: Apache-2.0

package saved

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/saved/config"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

var (
	yamlKind = pattern(`(?m)^kind:[ \t]*["']?([A-Za-z]\w{0,62})\b`)
	yamlAPI  = pattern(`(?m)^apiVersion:`)
	jsonKind = pattern(`"kind"[ \t\r\n]*:[ \t\r\n]*"([A-Za-z]\w{0,62})"`)
	jsonAPI  = pattern(`"apiVersion"[ \t\r\n]*:`)
)

// manifestKind returns the kind of the first object in a manifest of Kubernetes, "" if a
// text is none.
func manifestKind(text []byte) string {
	api, kind := yamlAPI, yamlKind
	if isJSON(text) {
		api, kind = jsonAPI, jsonKind
	}
	if found := kind().FindSubmatch(text); found != nil && api().Match(text) {
		return string(found[1])
	}
	return ""
}

// isManifest reports whether a text is a manifest and has no lines of a status file beside
// it, as a ticket may.
func isManifest(text []byte) bool {
	return bytes.Contains(text, []byte("kind")) && bytes.Contains(text, []byte("apiVersion")) && !capName().Match(text) && manifestKind(text) != ""
}

// manifestError says what takes a manifest.
type manifestError struct{ kind, file string }

func (e *manifestError) Error() string {
	article := "a"
	if strings.ContainsRune("AEIOU", rune(e.kind[0])) {
		article = "an"
	}
	return fmt.Sprintf("this is %s %s of Kubernetes: use pod:%s, which check and diff take", article, e.kind, cmp.Or(e.file, "FILE"))
}

func refuseManifest(text []byte) ([]*task.Task, error) {
	return nil, &manifestError{kind: manifestKind(text)}
}

// isJSON reports whether a text is JSON, an object as far as its first character tells. An
// array is looked at as a whole: a unit of systemd and a prefix begin with a bracket too.
func isJSON(text []byte) bool {
	return isObject(text) || bytes.HasPrefix(bytes.TrimLeft(text, " \t\r\n"), []byte("[")) && json.Valid(text)
}

// isOtherJSON reports whether a text is JSON of which nothing says that it is a report, and
// in which no line of a status file stands.
func isOtherJSON(text []byte) bool {
	return isJSON(text) && !bytes.Contains(text, []byte(`"schemaVersion"`)) && !capName().Match(text)
}

func refuseJSON(text []byte) ([]*task.Task, error) {
	if err := config.Kin(text); err != nil {
		return nil, err
	}
	return nil, errors.New("this is JSON, and neither a report of capinspect nor the output of an inspect command")
}

// isReport reports whether a text is a report of ours, which says so.
func isReport(text []byte) bool {
	return isObject(text) && (bytes.Contains(text, []byte(`"schemaVersion"`)) || !capName().Match(text))
}
