// SPDX-License-Identifier: Apache-2.0

package manifest

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"
	"github.com/xeipuuv/gojsonschema"
)

// sarifSchema returns the schema of SARIF 2.1.0, which is a constant of the module. That
// validates only what it has written itself.
func sarifSchema(t *testing.T) (schema string) {
	t.Helper()
	module, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/owenrumney/go-sarif/v3").Output()
	if err != nil {
		t.Fatal(err)
	}
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(strings.TrimSpace(string(module)), "pkg/report/v210/sarif/schema.go"), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		if literal, ok := n.(*ast.BasicLit); ok && len(literal.Value) > len(schema) {
			schema, err = strconv.Unquote(literal.Value)
		}
		return err == nil
	})
	if err != nil || !strings.Contains(schema, "sarif-schema-2.1.0") {
		t.Fatalf("%d bytes, %v", len(schema), err)
	}
	return schema
}

// TestSARIF holds what check -o sarif writes against the schema of SARIF 2.1.0, and that it
// has no key which SARIF does not have.
func TestSARIF(t *testing.T) {
	binary, schema := build(t), gojsonschema.NewStringLoader(sarifSchema(t))
	const pod = `{"kind":"Pod","spec":{"hostPID":true,"containers":[{"name":"a"},{"name":"b","securityContext":{"privileged":true}}]}}`
	for _, args := range [][]string{
		{"pod:-", "--pss", "restricted", "--seccomp", "filter"},
		{"self", "--has", "63"},
		{"pod:/no/such file", "--has", "chown"},
	} {
		cmd := exec.Command(binary, append([]string{"check", "-o", "sarif"}, args...)...)
		cmd.Stdin = bytes.NewReader([]byte(pod))
		out, err := cmd.Output()
		if _, exited := errors.AsType[*exec.ExitError](err); !exited {
			t.Fatal(args, err)
		}
		var log sarif.Report
		known := json.NewDecoder(bytes.NewReader(out))
		known.DisallowUnknownFields()
		if err := known.Decode(&log); err != nil || len(log.Runs) != 1 {
			t.Errorf("%v: %v\n%s", args, err, out)
		}
		result, err := gojsonschema.Validate(schema, gojsonschema.NewBytesLoader(out))
		if err != nil {
			t.Fatal(err)
		}
		for _, wrong := range result.Errors() {
			t.Errorf("%v: %s", args, wrong)
		}
	}
	if result, err := gojsonschema.Validate(schema, gojsonschema.NewStringLoader(`{"version":"2.1.0"}`)); err != nil || result.Valid() {
		t.Errorf("the schema takes a log without runs: %v", err)
	}
}
