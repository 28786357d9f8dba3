// SPDX-License-Identifier: Apache-2.0

package strictjson

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

var (
	newline = []byte("\n")
	errUTF8 = errors.New("invalid UTF-8")
)

// text counts the lines of what is read, and refuses what is not UTF-8, for which
// encoding/json puts U+FFFD in silence.
type text struct {
	from io.Reader
	ends int    // line ends so far, those before the text included
	rest []byte // the start of a character that the last read cut
	err  error
}

// maxRead is how much is read at once, in bytes: the decoder offers as much room as its
// longest value took, and to tell the line of a value all that is read ahead is looked at.
const maxRead = 4 << 10

// Read reads from the text.
func (t *text) Read(p []byte) (int, error) {
	if t.err != nil {
		return 0, t.err
	}
	p = p[:min(len(p), maxRead)]
	n, err := t.from.Read(p)
	all := append(t.rest, p[:n]...)
	for at := 0; at < len(all); {
		r, size := utf8.DecodeRune(all[at:])
		if r == utf8.RuneError && size == 1 {
			if err != io.EOF && !utf8.FullRune(all[at:]) {
				t.rest = bytes.Clone(all[at:])
				t.ends += bytes.Count(p[:n], newline)
				return n, err
			}
			t.err = fmt.Errorf("line %d: %w", 1+t.ends+bytes.Count(all[:at], newline), errUTF8)
			return 0, t.err
		}
		at += size
	}
	t.rest = nil
	t.ends += bytes.Count(p[:n], newline)
	return n, err
}
