// SPDX-License-Identifier: Apache-2.0

package procstatus

import (
	"bytes"
	"errors"
	"reflect"
	"slices"
	"testing"

	"github.com/capinspect/capinspect/testdata/fixture"
)

// equal compares what two parsers made of a text.
func equal(a, b *Status) bool {
	x, y := *a, *b
	same := len(x.Groups) == len(y.Groups) && len(x.NSpid) == len(y.NSpid) && bytes.Equal([]byte(x.Name), []byte(y.Name))
	for i := range x.Groups {
		same = same && x.Groups[i] == y.Groups[i]
	}
	for i := range x.NSpid {
		same = same && x.NSpid[i] == y.NSpid[i]
	}
	x.Groups, y.Groups, x.NSpid, y.NSpid = nil, nil, nil, nil
	return same && reflect.DeepEqual(x, y)
}

// TestParser holds that the file before has no say in what a file is parsed to:
// each after each other, of all kernels.
func TestParser(t *testing.T) {
	files := fixture.Status(t)
	var p Parser
	for _, first := range files {
		for _, second := range files {
			for _, text := range [][]byte{first.Text, second.Text, second.Text} {
				want, err := Parse(text)
				if err != nil {
					t.Fatal(err)
				}
				var got Status
				if err := p.Parse(&got, text); err != nil || !equal(&got, want) {
					t.Fatalf("%s, then %s: %v\n%+v\nwant %+v", first.Name, second.Name, err, got, want)
				}
			}
		}
	}
}

// TestParserErrors holds that damage is told as UnmarshalText tells it, and does
// not last.
func TestParserErrors(t *testing.T) {
	var p Parser
	var s Status
	for _, file := range fixture.Status(t) {
		text := file.Text
		if err := p.Parse(&s, text); err != nil {
			t.Fatal(err)
		}
		for _, bad := range [][]byte{
			nil, text[:len(text)/2], bytes.Replace(text, []byte("CapEff:\t0"), []byte("CapEff:\tz"), 1),
			bytes.Replace(text, []byte("Uid:\t"), []byte("Uid: "), 1), text[:bytes.Index(text, []byte("CapPrm"))+9],
		} {
			_, want := Parse(bad)
			err := p.Parse(&s, bad)
			if (err == nil) != (want == nil) || err != nil && err.Error() != want.Error() {
				t.Errorf("%v, want %v", err, want)
			}
		}
		want, _ := Parse(text)
		if err := p.Parse(&s, text); err != nil || !equal(&s, want) {
			t.Errorf("after damage: %v", err)
		}
	}
}

// TestParserRepeated holds that a second line of a field right behind the first is an
// error, also if the parser already knows where the lines of that text stand. It does not
// look behind the last field.
func TestParserRepeated(t *testing.T) {
	for f := range lastField {
		for _, warm := range []bool{false, true} {
			for _, file := range fixture.Status(t) {
				line := lineOf(file.Text, f)
				if line == nil {
					continue
				}
				var p Parser
				var s Status
				if warm {
					if err := p.Parse(&s, file.Text); err != nil {
						t.Fatal(err)
					}
				}
				text := bytes.Replace(file.Text, line, slices.Repeat(line, 2), 1)
				if err := p.Parse(&s, text); !errors.Is(err, ErrRepeated) {
					t.Errorf("%s, %v twice, warm %t: %v", file.Name, f, warm, err)
				}
			}
		}
	}
}

// lineOf returns the line of a field, with its end, or nil.
func lineOf(text []byte, f Field) []byte {
	for line := range bytes.Lines(text) {
		if found, ok := lookup(line); ok && found == f {
			return line
		}
	}
	return nil
}

// FuzzParser holds that a text of any kind panics nowhere, and that what is told
// to be wrong with it is what UnmarshalText tells.
func FuzzParser(f *testing.F) {
	files := fixture.Status(f)
	for _, file := range files {
		f.Add(file.Text)
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		var p Parser
		var s Status
		for _, text := range [][]byte{files[0].Text, in, in} {
			if err := p.Parse(&s, text); err != nil {
				if _, want := Parse(text); want == nil || want.Error() != err.Error() {
					t.Fatalf("%v, want %v", err, want)
				}
			}
		}
	})
}

func BenchmarkParser(b *testing.B) {
	text := fixture.Read(b, "status/linux-6.18-containerd-default.status")
	var s Status
	b.Run("UnmarshalText", func(b *testing.B) {
		for b.Loop() {
			s.UnmarshalText(text)
		}
	})
	b.Run("Parser", func(b *testing.B) {
		var p Parser
		for b.Loop() {
			p.Parse(&s, text)
		}
	})
}
