// SPDX-License-Identifier: Apache-2.0

package userdb

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

func TestEntries(t *testing.T) {
	const text = "root:x:0:0::/root:/bin/sh\n" +
		"  blanks:x:1:1::/:/bin/sh\r\n" +
		"#comment:x:2:2::/:/bin/sh\n" +
		"+nis:x:3:3::/:/bin/sh\n-nis:x:3:3::/:/bin/sh\n+::::::\n" +
		":x:4:4::/:/bin/sh\n" +
		"\n:\n::::\nshort:x:5\nname:x::6::/:/bin/sh\nword:x:six:6::/:/bin/sh\nsigned:x:-1:6::/:/bin/sh\n" +
		"large:x:4294967296:6::/:/bin/sh\nlast:x:4294967295:6::/:/bin/sh\n" +
		"group:x:7:\n" +
		"odd \x1b\xff:x:8:a,b\n" +
		"root:x:0:0:again:/:/bin/sh\n" +
		"cut:x:9:"
	want := []string{"root 0", "blanks 1", "last 4294967295", "group 7", "odd \x1b\xff 8", "root 0", "cut 9"}
	var got []string
	entries([]byte(text), func(name []byte, id uint32, _ []byte) { got = append(got, fmt.Sprintf("%s %d", name, id)) })
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("%q, want %q", got, want)
	}
}

// FuzzEntries holds that each entry of a passwd or group file is one of its lines, with an id
// that an id can be.
func FuzzEntries(f *testing.F) {
	f.Add([]byte("root:x:0:0::/:\nu:x:1000:1000\n"))
	f.Add([]byte("a:b:4294967295:\n:::\n\n#:x:-1"))
	f.Fuzz(func(t *testing.T, text []byte) {
		n := 0
		entries(text, func(name []byte, id uint32, rest []byte) {
			if n++; len(name)+len(rest) > len(text) {
				t.Fatalf("%q %d %q", name, id, rest)
			}
		})
		if n > bytes.Count(text, []byte("\n"))+1 {
			t.Fatalf("%d entries", n)
		}
	})
}
