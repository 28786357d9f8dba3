// SPDX-License-Identifier: Apache-2.0

package procstatus

import (
	"errors"
	"slices"
	"testing"
)

func TestNamespaces(t *testing.T) {
	var names []string
	for k := range NamespaceKind(NumNamespaces) {
		names = append(names, k.String())
		inode, ok := k.Initial()
		if ok != (inode != 0) || ok == (k == NamespaceMnt || k == NamespaceNet) {
			t.Errorf("%v: initial is %d, %v", k, inode, ok)
		}
		if k.Since() == "" {
			t.Errorf("%v: since when?", k)
		}
	}
	if want := []string{"cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts"}; !slices.Equal(names, want) {
		t.Errorf("%q, want %q", names, want)
	}
	for k, want := range map[NamespaceKind]uint64{
		NamespaceCgroup: 4026531835, NamespaceIPC: 4026531839, NamespacePID: 4026531836,
		NamespaceTime: 4026531834, NamespaceUser: 4026531837, NamespaceUTS: 4026531838,
	} {
		if inode, _ := k.Initial(); inode != want {
			t.Errorf("%v: %d, want %d", k, inode, want)
		}
	}
	for k := range NamespaceKind(NumNamespaces) {
		want := map[NamespaceKind]uint64{NamespaceMnt: 4026531832, NamespaceNet: 4026531833}[k]
		if inode, ok := k.InitialSince618(); inode != want || ok != (want != 0) {
			t.Errorf("%v: %d, %t; want %d", k, inode, ok, want)
		}
	}
	none := NamespaceKind(NumNamespaces)
	if inode, ok := none.InitialSince618(); ok || inode != 0 {
		t.Errorf("a kind that is none: %d", inode)
	}
	if inode, ok := none.Initial(); ok || inode != 0 || none.String() != "8" || none.Since() != "" {
		t.Errorf("a kind that is none: %v, %q, %d", none, none.Since(), inode)
	}
}

func TestLinuxNamespace(t *testing.T) {
	for k := range NamespaceKind(NumNamespaces) {
		if inode, ok := k.Initial(); ok && !LinuxNamespace(inode) {
			t.Errorf("%v: the initial one, %d, is none of Linux", k, inode)
		}
	}
	for inode, want := range map[uint64]bool{
		0: false, 1: false, 7: false, 1 << 31: false, 4026531831: false,
		4026531832: true, 4026532555: true, 1<<32 - 1: true, 1 << 32: false, 1<<64 - 1: false,
	} {
		if got := LinuxNamespace(inode); got != want {
			t.Errorf("%d: %v", inode, got)
		}
	}
}

func TestParseNamespace(t *testing.T) {
	for _, test := range []struct {
		link, kind string
		inode      uint64
	}{
		{"pid:[4026531836]", "pid", 4026531836},
		{"mnt:[1]", "mnt", 1},
		{"new:[18446744073709551615]", "new", 1<<64 - 1},
		{"pid:[18446744073709551616]", "", 0},
		{"pid:[0]", "", 0},
		{"pid:[-1]", "", 0},
		{"pid:[+1]", "", 0},
		{"pid:[]", "", 0},
		{"pid:[1", "", 0},
		{"pid:[1]x", "", 0},
		{"pid:1", "", 0},
		{":[1]", "", 0},
		{"pid", "", 0},
		{"", "", 0},
		{"/proc/1/ns/pid", "", 0},
	} {
		kind, inode, err := ParseNamespace(test.link)
		if kind != test.kind || inode != test.inode || (err == nil) != (test.kind != "") || err != nil && !errors.Is(err, ErrSyntax) {
			t.Errorf("%q: %q, %d, %v", test.link, kind, inode, err)
		}
	}
}
