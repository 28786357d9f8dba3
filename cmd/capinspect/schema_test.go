// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/cli"
)

// All that the tests see capinspect print as JSON is held against docs/schema.json:
// call and run do it, and in scripts the command capinspect and `exits`, of which
// TestSchemaInScripts holds that nothing passes by them.

const schemaURN = "urn:capinspect:schema:1"

// startDir is where the tests began; some change it.
var startDir, _ = os.Getwd()

// schemaText returns docs/schema.json. In a script, TESTDATA leads there.
var schemaText = sync.OnceValues(func() (any, error) {
	dir := os.Getenv("TESTDATA")
	if dir == "" {
		dir = filepath.Join(startDir, "../../testdata")
	}
	text, err := os.ReadFile(filepath.Join(dir, "../docs/schema.json"))
	if err != nil {
		return nil, err
	}
	return jsonschema.UnmarshalJSON(bytes.NewReader(text))
})

var schema = sync.OnceValues(func() (*jsonschema.Schema, error) {
	text, err := schemaText()
	if err != nil {
		return nil, err
	}
	return compileSchema(text)
})

func compileSchema(text any) (*jsonschema.Schema, error) {
	c := jsonschema.NewCompiler()
	if err := c.AddResource(schemaURN, text); err != nil {
		return nil, err
	}
	return c.Compile(schemaURN)
}

// checkJSON holds what was printed against the schema, from the first line that
// begins an object to the end: one, or one a line.
func checkJSON(printed string) error {
	if at := strings.Index("\n"+printed, "\n{"); at >= 0 {
		printed = printed[at:]
	} else {
		return nil
	}
	s, err := schema()
	if err != nil {
		return err
	}
	for in := json.NewDecoder(strings.NewReader(printed)); ; {
		in.UseNumber()
		var v any
		if err := in.Decode(&v); err == io.EOF {
			return nil
		} else if err != nil {
			return fmt.Errorf("%w in %s", err, printed)
		}
		if object, ok := v.(map[string]any); ok && object["runs"] != nil {
			continue // SARIF has a schema of its own: see testdata/compare/manifest
		}
		if err := invalid(s, v); err != nil {
			return fmt.Errorf("docs/schema.json: %w in %s", err, printed)
		}
	}
}

// invalid returns what of a value is not as the schema has it: of all commands the
// one that goes with most of it.
func invalid(s *jsonschema.Schema, v any) error {
	err := s.Validate(v)
	wrong, ok := errors.AsType[*jsonschema.ValidationError](err)
	if !ok {
		return err
	}
	deepest := wrong
	var visit func(*jsonschema.ValidationError)
	visit = func(e *jsonschema.ValidationError) {
		if len(e.Causes) == 0 && len(e.InstanceLocation) > len(deepest.InstanceLocation) {
			deepest = e
		}
		for _, cause := range e.Causes {
			visit(cause)
		}
	}
	visit(wrong)
	return deepest
}

// checkedMain is main, and holds what it prints against the schema.
func checkedMain() {
	var printed bytes.Buffer
	status := cli.Main(os.Args, os.Stdin, io.MultiWriter(os.Stdout, &printed), os.Stderr)
	if err := checkJSON(printed.String()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		status = 99
	}
	os.Exit(status)
}

func TestCheckJSON(t *testing.T) {
	const good = `{"schemaVersion":1,"masks":[]}`
	for printed, want := range map[string]bool{
		"":                                      true,
		"Current: =\n":                          true,
		good:                                    true,
		"Current: =\n" + good + "\n" + good:     true,
		"Current: =\n" + good + "\n{}":          false,
		`{"schemaVersion":1,"masks":[],"m":1}`:  false,
		`{"schemaVersion":2,"masks":[]}`:        false,
		`{"masks":[]}`:                          false,
		good + "\nCurrent: =\n":                 false,
		"{\n\"schemaVersion\":1,\n\"masks\": [": false,
	} {
		if err := checkJSON(printed); (err == nil) != want {
			t.Errorf("%q: %v", printed, err)
		}
	}
}
