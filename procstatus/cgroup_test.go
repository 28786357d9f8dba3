// SPDX-License-Identifier: Apache-2.0

package procstatus

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/capinspect/capinspect/testdata/fixture"
)

func TestCgroupFixtures(t *testing.T) {
	for _, file := range fixture.Cgroup(t) {
		name, text := file.Name, file.Text
		list, err := ParseCgroup(text)
		if err != nil || len(list) != 10 {
			t.Errorf("%s: %d lines, %v", name, len(list), err)
		}
	}
}

func TestParseCgroup(t *testing.T) {
	all := map[string][]byte{}
	for _, file := range fixture.Cgroup(t) {
		all[file.Name] = file.Text
	}
	for _, test := range []struct {
		cause, text string
		want        []Cgroup
	}{
		{"no hierarchy", "", []Cgroup{}},
		{"v2 alone", "0::/system.slice/ssh.service\n", []Cgroup{{0, "", "/system.slice/ssh.service", false}}},
		{
			"v1, joined and named controllers", "4:cpu,cpuacct:/a\n1:name=systemd:/b\n",
			[]Cgroup{{4, "cpu,cpuacct", "/a", false}, {1, "name=systemd", "/b", false}},
		},
		{"a hierarchy of controllers and a name", "3:cpu,name=x:/\n", []Cgroup{{3, "cpu,name=x", "/", false}}},
		{"colons in the path", "0::/a.slice:cri-containerd:x\n", []Cgroup{{0, "", "/a.slice:cri-containerd:x", false}}},
		{"of another cgroup namespace", "0::/../..\n", []Cgroup{{0, "", "/../..", false}}},
		{"removed", "0::/a (deleted)\n", []Cgroup{{0, "", "/a", true}}},
		{"removed, and so named", "0::/a (deleted) (deleted)\n", []Cgroup{{0, "", "/a (deleted)", true}}},
		{"v1 marks none as removed", "1:cpu:/a (deleted)\n", []Cgroup{{1, "cpu", "/a (deleted)", false}}},
		{"no escapes", "0::/a\\012b \\x2d\n", []Cgroup{{0, "", `/a\012b \x2d`, false}}},
		{"bytes that are not UTF-8", "0::/\xff\x1b\r\x00\n", []Cgroup{{0, "", "/\xff\x1b\r\x00", false}}},
		{"the last of a real file", string(all["linux-6.18-odd-name"][bytes.LastIndexByte(all["linux-6.18-odd-name"], '0'):]), []Cgroup{{0, "", "/x\x1b\xff:\\\u202ey", true}}},
	} {
		got, err := ParseCgroup([]byte(test.text))
		if err != nil || !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s: %+v, %v; want %+v", test.cause, got, err, test.want)
		}
	}
}

func TestParseCgroupDamage(t *testing.T) {
	for _, test := range []struct {
		cause, text string
		want        error
		message     string
	}{
		{"one column", "0::/\ngarbage\n", ErrColumns, `line 2: "garbage": wrong number of columns`},
		{"two columns", "cpu:/a\n", ErrColumns, ""},
		{"empty line", "0::/\n\n", ErrColumns, ""},
		{"a newline in a path", "2:cpu:/test\ntest2\n", ErrColumns, `line 2: "test2": wrong number of columns`},
		{"no number", ":cpu:/a\n", ErrSyntax, ""},
		{"not a number", "x:cpu:/a\n", ErrSyntax, ""},
		{"text behind the number", "1x:cpu:/a\n", ErrSyntax, ""},
		{"negative", "-1:cpu:/a\n", ErrRange, ""},
		{"32 bits", "2147483648:cpu:/a\n", ErrRange, ""},
		{"no path", "0::\n", ErrSyntax, ""},
		{"path that does not begin at the root", "0::a\n", ErrSyntax, ""},
		{"cut short", "0::/\n1:cpu:/a", io.ErrUnexpectedEOF, ""},
		{"cut short in the number", "1", io.ErrUnexpectedEOF, ""},
		{"status file", "Name:\tx\n", ErrColumns, ""},
		{"long line", strings.Repeat("x", 100) + "\n", ErrColumns, "line 1: " + strconv.Quote(strings.Repeat("x", 64)) + ": wrong number of columns"},
	} {
		list, err := ParseCgroup([]byte(test.text))
		if list != nil || !errors.Is(err, test.want) {
			t.Errorf("%s: %v, %v; want %v", test.cause, list, err, test.want)
			continue
		}
		if test.message != "" && err.Error() != test.message {
			t.Errorf("%s: %q, want %q", test.cause, err, test.message)
		}
		text := "1:cpu:/before\n" + test.text
		if strings.HasSuffix(text, "\n") {
			text += "2:cpu:/after\n"
		}
		var paths []string
		bad := 0
		for c, err := range Cgroups([]byte(text)) {
			if err == nil {
				paths = append(paths, c.Path)
				continue
			}
			checkLineError(t, []byte(text), err)
			bad++
		}
		if got := strings.Join(paths, " "); bad == 0 || !strings.HasPrefix(got, "/before") || strings.HasSuffix(text, "/after\n") && !strings.HasSuffix(got, "/after") {
			t.Errorf("%s: Cgroups: %q and %d errors", test.cause, paths, bad)
		}
	}
}

func BenchmarkParseCgroup(b *testing.B) {
	text := []byte(strings.Repeat("7:cpu,cpuacct:/kubepods/burstable/pod22fd933a-ee61-46bd-93ae-ebace73c1160/7be92808767a667f35c8505cbf40d14e931ef6db5b0210329cf193b15ba9d605\n", 12))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ParseCgroup(text); err != nil {
			b.Fatal(err)
		}
	}
}

// FuzzParseCgroup checks that any text gives a list or an error that names a
// line, that printing a list and parsing it again gives the same list, and that
// Cgroups yields each line.
func FuzzParseCgroup(f *testing.F) {
	for _, file := range fixture.Cgroup(f) {
		f.Add(file.Text)
	}
	for _, line := range []string{
		"1:name=systemd:/docker/x\n0::/\n", "0::/a (deleted)\n", "0::/../..\n", "0::/a:b:c\n", "0::a\n1:cpu:/b", "\n\n",
	} {
		f.Add([]byte(line))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		list, err := ParseCgroup(text)
		if (list == nil) != (err != nil) {
			t.Fatalf("ParseCgroup = %v, %v: want exactly one", list, err)
		}
		if err != nil {
			checkLineError(t, text, err)
		}
		var good []Cgroup
		lines, bad := 0, error(nil)
		for c, err := range Cgroups(text) {
			if lines++; err != nil {
				checkLineError(t, text, err)
				bad = cmp.Or(bad, err)
				continue
			}
			good = append(good, c)
		}
		if want := bytes.Count(text, []byte("\n")); lines != want && lines != want+1 || (bad == nil) != (err == nil) || err == nil && !slices.Equal(good, list) {
			t.Fatalf("Cgroups: %d lines, %+v, %v; ParseCgroup: %+v, %v", lines, good, bad, list, err)
		}
		if err != nil {
			if bad.Error() != err.Error() {
				t.Fatalf("Cgroups: %v; ParseCgroup: %v", bad, err)
			}
			return
		}
		var again []byte
		for _, c := range list {
			mark := ""
			if c.Deleted {
				mark = " (deleted)"
			}
			again = append(again, strconv.Itoa(c.Hierarchy)+":"+c.Controllers+":"+c.Path+mark+"\n"...)
		}
		if same, err := ParseCgroup(again); err != nil || !reflect.DeepEqual(same, list) {
			t.Fatalf("printed again: %+v, %v; was %+v", same, err, list)
		}
	})
}
