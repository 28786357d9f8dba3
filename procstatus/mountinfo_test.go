// SPDX-License-Identifier: Apache-2.0

package procstatus

import (
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/capinspect/capinspect/testdata/fixture"
)

// TestMountFixtures holds that nothing but the optional fields is lost.
func TestMountFixtures(t *testing.T) {
	for _, file := range fixture.Mountinfo(t) {
		name := file.Name
		list, err := ParseMounts(file.Text)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		lines := strings.Split(strings.TrimSuffix(string(file.Text), "\n"), "\n")
		for i, line := range lines {
			left, right, _ := strings.Cut(line, " - ")
			left = strings.Join(strings.SplitN(left, " ", 7)[:6], " ")
			// The kernel escapes "#" in sources alone.
			if got := strings.ReplaceAll(render(&list[i]), `\043`, "#"); got != strings.ReplaceAll(left+" - "+right, `\043`, "#") {
				t.Errorf("%s: %q is %q", name, line, got)
			}
		}
		if len(list) != len(lines) {
			t.Errorf("%s: %d mounts, %d lines", name, len(list), len(lines))
		}
	}
}

// render prints a mount as the kernel does.
func render(m *Mount) string {
	escape := strings.NewReplacer(" ", `\040`, "\t", `\011`, "\n", `\012`, `\`, `\134`, "#", `\043`).Replace
	return fmt.Sprintf("%d %d %d:%d %s %s %s - %s %s %s",
		m.ID, m.Parent, m.Major, m.Minor, escape(m.Root), escape(m.Point), m.Options, escape(m.Type), escape(m.Source), m.SuperOptions)
}

func TestParseMounts(t *testing.T) {
	odd, err := ParseMounts(fixture.Read(t, "mountinfo/linux-6.18-odd-names.mountinfo"))
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []Mount{
		{65, 44, 0, 39, "/", "/", "rw,relatime", "tmpfs", "tmpfs", "rw,size=16384k,mode=755"},
		{66, 65, 0, 40, "/", "/proc", "rw,relatime", "proc", "proc", "rw"},
		{67, 65, 0, 41, "/", "/a b\tc\n" + "d#e\\f\x1b[31m\xff\u202e", "rw,relatime", "tmpfs", "x y", "rw,size=4k"},
		{68, 65, 0, 41, "/", "/b", "rw,relatime", "tmpfs", "x y", "rw,size=4k"},
		{69, 65, 0, 41, "/gone//deleted", "/c", "rw,relatime", "tmpfs", "x y", "rw,size=4k"},
		{70, 65, 0, 4, "net:[4026531833]", "/ns", "rw", "nsfs", "nsfs", "rw"},
		{71, 65, 0, 42, "/", "/e", "rw,relatime", "tmpfs", "", "rw,size=4k"},
		{72, 65, 0, 43, "/", "/f", "rw,relatime", "tmpfs", "#f - ext4 /dev/sda1 rw", "rw,size=4k"},
	} {
		if i >= len(odd) || odd[i] != want {
			t.Errorf("odd names, line %d: %+v, want %+v", i+1, odd[min(i, len(odd)-1)], want)
		}
	}
	for _, test := range []struct {
		cause, text string
		want        []Mount
	}{
		{"none", "", []Mount{}},
		{
			"the example of the man page", "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue\n",
			[]Mount{{36, 35, 98, 0, "/mnt1", "/mnt2", "rw,noatime", "ext3", "/dev/root", "rw,errors=continue"}},
		},
		{
			"many optional fields", "1 1 0:1 / / rw shared:1 master:2 propagate_from:3 unbindable - rootfs rootfs rw\n",
			[]Mount{{1, 1, 0, 1, "/", "/", "rw", "rootfs", "rootfs", "rw"}},
		},
		{
			"a type of FUSE's, a large minor number", "1 1 259:1048575 / / rw - fuse.a\\040b s rw\n",
			[]Mount{{1, 1, 259, 1<<20 - 1, "/", "/", "rw", "fuse.a b", "s", "rw"}},
		},
		{
			"blanks and escapes in the file system's options", "1 1 0:1 / / rw - ext4 s rw,context=\"a - b\",x=\\040\n",
			[]Mount{{1, 1, 0, 1, "/", "/", "rw", "ext4", "s", `rw,context="a - b",x=\040`}},
		},
		{
			"what is no escape", "1 1 0:1 /\\ /\\0\\04\\048\\400\\x20\\134040 rw - t \\04 rw\n",
			[]Mount{{1, 1, 0, 1, `/\`, `/\0\04\048\400\x20\040`, "rw", "t", `\04`, "rw"}},
		},
		{
			"every byte", "1 1 0:1 /\\001\\177\\377 / rw - t s rw\n",
			[]Mount{{1, 1, 0, 1, "/\x01\x7f\xff", "/", "rw", "t", "s", "rw"}},
		},
	} {
		if list, err := ParseMounts([]byte(test.text)); err != nil || !reflect.DeepEqual(list, test.want) {
			t.Errorf("%s: %+v, %v; want %+v", test.cause, list, err, test.want)
		}
	}
}

func TestParseMountsDamage(t *testing.T) {
	const good = "1 1 0:1 / / rw - t s rw\n"
	for _, test := range []struct {
		cause, text string
		want        error
		message     string
	}{
		{"garbage", good + "garbage\n", ErrColumns, `line 2: "garbage": wrong number of columns`},
		{"empty line", good + "\n", ErrColumns, ""},
		{"no separator", "1 1 0:1 / / rw t s rw\n", ErrColumns, ""},
		{"five columns", "1 1 0:1 / / - t s rw\n", ErrColumns, ""},
		{"no options of the file system", "1 1 0:1 / / rw - t s\n", ErrColumns, ""},
		{"no device", "1 1 0 / / rw - t s rw\n", ErrSyntax, ""},
		{"no number", " 1 0:1 / / rw - t s rw\n", ErrSyntax, ""},
		{"text behind a number", "1 1x 0:1 / / rw - t s rw\n", ErrSyntax, ""},
		{"not a number", "1 1 0:x / / rw - t s rw\n", ErrSyntax, ""},
		{"negative", "1 -1 0:1 / / rw - t s rw\n", ErrRange, ""},
		{"33 bits", "1 1 4294967296:1 / / rw - t s rw\n", ErrRange, ""},
		{"cut short", good + good[:len(good)-1], io.ErrUnexpectedEOF, `line 2: "1 1 0:1 / / rw - t s rw": unexpected EOF`},
		{"/proc/PID/mounts", "proc /proc proc rw 0 0\n", ErrColumns, ""},
	} {
		list, err := ParseMounts([]byte(test.text))
		if list != nil || !errors.Is(err, test.want) {
			t.Errorf("%s: %+v, %v; want %v", test.cause, list, err, test.want)
			continue
		}
		checkLineError(t, []byte(test.text), err)
		if test.message != "" && err.Error() != test.message {
			t.Errorf("%s: %q, want %q", test.cause, err, test.message)
		}
	}
}

func TestMountHas(t *testing.T) {
	m := Mount{Options: "rw,nosuid,relatime", SuperOptions: "noexec"}
	for option, want := range map[string]bool{"rw": true, "nosuid": true, "relatime": true, "ro": false, "suid": false, "noexec": false, "": false, "rw,nosuid": false} {
		if m.Has(option) != want {
			t.Errorf("%q: %v", option, !want)
		}
	}
}

func BenchmarkParseMounts(b *testing.B) {
	text := slices.Repeat(fixture.Read(b, "mountinfo/linux-6.18-containerd-p1-default.mountinfo"), 100)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ParseMounts(text); err != nil {
			b.Fatal(err)
		}
	}
}

// FuzzParseMounts checks that any text gives a list or an error that names a
// line, and that printing a list and parsing it again gives the same list.
func FuzzParseMounts(f *testing.F) {
	for _, file := range fixture.Mountinfo(f) {
		f.Add(file.Text)
	}
	f.Add([]byte("36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue\n"))
	f.Add([]byte("1 1 0:1 /\\ /\\0\\04\\048\\400\\x20\\134040 rw - t \\04 rw\n"))
	f.Add([]byte("1 1 0:1 / / rw - ext4 s rw,context=\"a - b\",x=\\040"))
	f.Fuzz(func(t *testing.T, text []byte) {
		list, err := ParseMounts(text)
		if (list == nil) != (err != nil) {
			t.Fatalf("ParseMounts = %v, %v: want exactly one", list, err)
		}
		if err != nil {
			checkLineError(t, text, err)
			return
		}
		var again []byte
		for i := range list {
			again = append(again, render(&list[i])+"\n"...)
		}
		if same, err := ParseMounts(again); err != nil || !reflect.DeepEqual(same, list) {
			t.Fatalf("printed again: %+v, %v; was %+v", same, err, list)
		}
	})
}
