// SPDX-License-Identifier: Apache-2.0

package procstatus

import (
	"bytes"
	"errors"
	"testing"
)

// checkLineError checks that the error of a parser of lines names one of them.
func checkLineError(t *testing.T, text []byte, err error) {
	t.Helper()
	bad, ok := errors.AsType[*LineError](err)
	if !ok {
		t.Fatalf("%v is no LineError", err)
	}
	lines := bytes.SplitAfter(text, []byte("\n"))
	if bad.Line < 1 || bad.Line > len(lines) || len(bad.Value) > 64 || !bytes.HasPrefix(lines[bad.Line-1], bad.Value) || bad.Err == nil {
		t.Fatalf("line %d of %d: %v", bad.Line, len(lines), bad)
	}
}
