// SPDX-License-Identifier: Apache-2.0

package report

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/layout"
	"github.com/capinspect/capinspect/testdata/fixture"
)

// TestSchemaKeys holds that docs/schema.json and the structs have the same keys.
func TestSchemaKeys(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(fixture.Dir(t), "../docs/schema.json"))
	if err != nil {
		t.Fatal(err)
	}
	var schema struct {
		Outputs []struct {
			Ref string `json:"$ref"`
		} `json:"anyOf"`
		Defs map[string]any `json:"$defs"`
	}
	if err := json.Unmarshal(text, &schema); err != nil {
		t.Fatal(err)
	}
	outputs := map[string]any{
		"showReport": Report{}, "showLine": TaskLine{}, "containersReport": Containers{}, "containersLine": ContainerLine{},
		"psReport": psReport{}, "psLine": psLine{},
		"explain": Explanations{}, "decode": Masks{}, "profiles": Profiles{}, "diff": Diff{}, "drift": Drift{}, "why": Why{}, "whyUserns": WhyUserns{}, "whyAccess": WhyAccess{}, "needs": Needs{}, "check": Check{},
		"predict": Prediction{}, "scan": Scan{}, "securityContext": SecurityContext{},
	}
	if len(schema.Outputs) != len(outputs) {
		t.Errorf("the schema has %d outputs, want %d", len(schema.Outputs), len(outputs))
	}
	for name, output := range outputs {
		tags, keys := map[string]bool{}, map[string]bool{}
		shapeKeys(layout.ShapeOf(reflect.TypeOf(output)), "", tags)
		schemaKeys(schema.Defs, schema.Defs[name], "", keys)
		for _, path := range slices.Sorted(maps.Keys(keys)) {
			if !tags[path] && !freeKey.MatchString(path) {
				t.Errorf("%s: the schema has %s, and no tag", name, path)
			}
		}
		for _, path := range slices.Sorted(maps.Keys(tags)) {
			left := strings.HasPrefix(name, "ps") && notInPs.MatchString(path)
			if keys[path] == left && !freeKey.MatchString(path) {
				t.Errorf("%s: %s is a tag, and in the schema: %v", name, path, keys[path])
			}
		}
		if len(keys) < 5 {
			t.Errorf("%s: the schema has the keys %v only", name, keys)
		}
	}
}

// freeKey matches what is below an object whose keys are no tags.
var freeKey = regexp.MustCompile(`\b(unknown|values|before)(\.|\[\])`)

// notInPs matches the keys that show has, and ps leaves out.
var notInPs = regexp.MustCompile(`^(tasks\[\]\.)?(gid\.(realName|effectiveName|hostReal|hostEffective)|groups\[\]\.name)$`)

// shapeKeys adds the paths of the keys of a shape.
func shapeKeys(s *layout.Shape, path string, to map[string]bool) {
	if s.Elem != nil {
		shapeKeys(s.Elem, path+"[]", to)
	}
	for key, m := range s.ByKey {
		at := strings.TrimPrefix(path+"."+key, ".")
		to[at] = true
		shapeKeys(m.Shape, at, to)
	}
}

// schemaKeys adds the paths of the keys that a part of the schema describes.
func schemaKeys(defs map[string]any, part any, path string, to map[string]bool) {
	node, ok := part.(map[string]any)
	if !ok {
		return
	}
	if ref, ok := node["$ref"].(string); ok {
		schemaKeys(defs, defs[strings.TrimPrefix(ref, "#/$defs/")], path, to)
	}
	if any, ok := node["anyOf"].([]any); ok {
		for _, choice := range any {
			schemaKeys(defs, choice, path, to)
		}
	}
	schemaKeys(defs, node["items"], path+"[]", to)
	schemaKeys(defs, node["additionalProperties"], path+"[]", to)
	properties, _ := node["properties"].(map[string]any)
	for key, member := range properties {
		at := strings.TrimPrefix(path+"."+key, ".")
		to[at] = true
		schemaKeys(defs, member, at, to)
	}
}
