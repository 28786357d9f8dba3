// SPDX-License-Identifier: Apache-2.0

// Tojson reads a JSON array of texts, and writes for each the JSON that yamljson makes of
// its first document, or an error. The tests that compare it with sigs.k8s.io/yaml are in
// another module, which cannot import yamljson.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/yamljson"
)

type answer struct{ JSON, Error string }

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
}

func run() error {
	var texts []string
	if err := json.NewDecoder(os.Stdin).Decode(&texts); err != nil {
		return err
	}
	answers := make([]answer, len(texts))
	for i, text := range texts {
		documents := yamljson.Split(strings.NewReader(text))
		line, err := documents.Next()
		var out []byte
		if err == nil {
			out, err = yamljson.Read(documents, line)
		}
		answers[i].JSON = string(out)
		if err != nil {
			answers[i].Error = err.Error()
		}
	}
	return json.NewEncoder(os.Stdout).Encode(answers)
}
