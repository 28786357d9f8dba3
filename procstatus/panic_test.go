// SPDX-License-Identifier: Apache-2.0

package procstatus

import (
	"testing"

	"github.com/capinspect/capinspect/capset"
)

// TestNoPanic calls what takes an argument with ones that nobody should pass.
func TestNoPanic(t *testing.T) {
	for n := range 256 {
		f, k, caps := Field(n), NamespaceKind(n), capset.Kind(n)
		var s Status
		if s.Has(f) || f < numFields != (f.Since() != "") || f < numFields != (f.String() != "unknown") {
			t.Errorf("field %d: %v, since %q", n, f, f.Since())
		}
		if _, initial := k.Initial(); k.String() == "" || k < NumNamespaces != (k.Since() != "") || k >= NumNamespaces && initial {
			t.Errorf("namespace %d: %v, since %q", n, k, k.Since())
		}
		if set, ok := s.Caps(caps); ok || set != 0 || s.Has(CapField(caps)) {
			t.Errorf("set %d of an empty status: %v, %v", n, set, ok)
		}
	}
	for _, text := range [][]byte{nil, {}, {0}, []byte("\n"), []byte(":"), []byte("Name:"), []byte("\xff\xfe")} {
		if s, err := Parse(text); s != nil || err == nil {
			t.Errorf("Parse(%q) = %v, %v", text, s, err)
		}
		for _, err := range []error{second(ParseCgroup(text)), second(ParseMounts(text)), second(ParseIDMap(text))} {
			if (err == nil) != (len(text) == 0) {
				t.Errorf("%q: %v", text, err)
			}
		}
		for range Cgroups(text) {
			break
		}
		ParseLabel("", text)
		ParseLabel("\x00", text)
		ParseStartTime(text)
	}
	var m IDMap
	var mount Mount
	for _, id := range []uint32{0, 1, 1<<32 - 1} {
		_, outside := m.Outside(id)
		if _, inside := m.Inside(id); inside || outside || m.Covers(id) || m.Whole() {
			t.Errorf("an empty map has %d", id)
		}
		if LinuxNamespace(uint64(id)) != (id == 1<<32-1) {
			t.Errorf("inode %d", id)
		}
	}
	for _, name := range []string{"", ":", "\x00", ":[", "x:[]"} {
		if kind, n, err := ParseNamespace(name); kind != "" || n != 0 || err == nil {
			t.Errorf("ParseNamespace(%q) = %q, %d, %v", name, kind, n, err)
		}
		if f, ok := FieldNamed(name); ok {
			t.Errorf("FieldNamed(%q) = %v", name, f)
		}
		if mount.Has(name) != (name == "") {
			t.Errorf("no options, and %q", name)
		}
	}
	for f := range Field(numFields) {
		if named, ok := FieldNamed(f.String()); !ok || named != f {
			t.Errorf("FieldNamed(%q) = %v, %v", f, named, ok)
		}
	}
}

func second[T any](_ T, err error) error { return err }
