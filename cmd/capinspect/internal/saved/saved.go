// SPDX-License-Identifier: Apache-2.0

// Package saved reads what people have in hand: status files of tasks, whole or in part,
// and reports of ours in JSON. The kinds of text stand in one table, formats. It opens the
// files that people name, and standard input for "-".
package saved

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"unicode/utf16"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// MaxSize is the size of the longest text that [Read] takes, in bytes.
const MaxSize = 16 << 20

// The reasons for which a text is refused.
var (
	errTooLong      = errors.New("more than 16 MiB")
	errBinary       = errors.New("not text")
	errNoCaps       = errors.New("no capability line")
	errCutShort     = errors.New("cut short")
	errTooManyLines = fmt.Errorf("more than %d lines that do not belong to a status file", maxExamined)
	errTooManySets  = fmt.Errorf("a status file with more than %d lines of sets and of what else is read", maxRead)
	errTooMany      = fmt.Errorf("more than %d tasks, files or sets", maxItems)
)

// Read returns the text of a file, or of standard input if the name is "-".
func Read(name string, stdin io.Reader) ([]byte, error) { return Parse(name, stdin, readText) }

func readText(from io.Reader) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(from, MaxSize+1))
	switch {
	case err != nil:
		return nil, err
	case len(text) > MaxSize:
		return nil, errTooLong
	}
	if text = toUTF8(text); bytes.IndexByte(text, 0) >= 0 {
		return nil, errBinary
	}
	return text, nil
}

// byteOrderMark is what some editors put before a text in UTF-8.
const byteOrderMark = "\ufeff"

// toUTF8 returns a text without the byte order mark that editors put before it. One that
// says UTF-16, as what PowerShell writes, says how to read the rest.
func toUTF8(text []byte) []byte {
	var order binary.ByteOrder
	switch {
	case bytes.HasPrefix(text, []byte{0xff, 0xfe}):
		order = binary.LittleEndian
	case bytes.HasPrefix(text, []byte{0xfe, 0xff}):
		order = binary.BigEndian
	default:
		return bytes.TrimPrefix(text, []byte(byteOrderMark))
	}
	units := make([]uint16, 0, len(text)/2)
	for rest := text[2:]; len(rest) >= 2; rest = rest[2:] {
		units = append(units, order.Uint16(rest))
	}
	return []byte(string(utf16.Decode(units)))
}

// Parse opens a file, or takes standard input if the name is "-", and returns what parse
// makes of it. An error begins with the name of the file.
func Parse[T any](name string, stdin io.Reader, parse func(io.Reader) (T, error)) (T, error) {
	from := stdin
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return *new(T), inFile(name, err)
		}
		defer f.Close()
		from = f
	}
	v, err := parse(from)
	if err != nil {
		err = inFile(name, err)
	}
	return v, err
}

// inFile puts the name of a file before an error.
func inFile(name string, err error) error {
	if path, ok := errors.AsType[*fs.PathError](err); ok {
		err = path.Err
	}
	if manifest, ok := errors.AsType[*manifestError](err); ok {
		manifest.file = name
	}
	return &task.InputError{Name: name, Err: err}
}
