// SPDX-License-Identifier: Apache-2.0

package userdb

import (
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// text is a directory in which every file has this text.
type text string

func (t text) Read(_ string, limit int) ([]byte, error) {
	if len(t) > limit {
		return nil, fs.ErrInvalid
	}
	return []byte(t), nil
}

func (text) Exists(string) bool { return true }

func TestSubordinate(t *testing.T) {
	const file = "# u:1:1\nu:100000:65536\nother:5:5\n1000:300000:1\n" +
		"u:1:\nu::1\nu:1\nu:1:0\nu:x:1\nu:-1:1\nu:1:1:1\nu: 1:1\nu:4294967295:2\n:7:7\nu:4294967295:1"
	for _, c := range []struct {
		name string
		uid  uint32
		want string
	}{
		{"u", 1000, "[{100000 65536} {300000 1} {4294967295 1}]"},
		{"", 1000, "[{300000 1}]"},
		{"other", 5, "[{5 5}]"},
		{"nobody", 65534, "[]"},
	} {
		got, err := Subordinate(text(file), "etc/subuid", c.name, c.uid)
		if fmt.Sprint(got) != c.want || err != nil {
			t.Errorf("%q %d: %v, %v, want %s", c.name, c.uid, got, err, c.want)
		}
	}
	if got, err := Subordinate(text(strings.Repeat("u:1:1\n", 1000)), "etc/subuid", "u", 1); len(got) != maxRanges || err != nil {
		t.Errorf("%d ranges, %v", len(got), err)
	}
	if _, err := Subordinate(text(strings.Repeat("u", maxSize+1)), "etc/subuid", "u", 1); err == nil {
		t.Error("a file that is too large is no error")
	}
}

func FuzzSubordinate(f *testing.F) {
	f.Add("u:100000:65536\n1000:1:1\n", "u", uint32(1000))
	f.Add("::\n:1:1", "", uint32(0))
	f.Fuzz(func(t *testing.T, file, name string, uid uint32) {
		list, err := Subordinate(text(file), "etc/subuid", name, uid)
		if err != nil && len(file) <= maxSize || len(list) > maxRanges {
			t.Fatal(len(list), err)
		}
		for _, r := range list {
			if r == (task.IDRange{}) || uint64(r.First)+uint64(r.Count) > 1<<32 || r.Count == 0 {
				t.Fatalf("%v", r)
			}
		}
	})
}
