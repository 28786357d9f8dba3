// SPDX-License-Identifier: Apache-2.0

package saved

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
	"github.com/capinspect/capinspect/testdata/fixture"
)

// FuzzTasks holds that any text is tasks or an error or both, and that each task
// has a last capability and a set.
func FuzzTasks(f *testing.F) {
	for _, file := range slices.Concat(fixture.Status(f), fixture.Reports(f), fixture.Texts(f)) {
		f.Add(file.Text)
	}
	f.Add([]byte("CapEff: 1\r\nCapEff:\t2\nName:\t x \n  CapPrm:  3"))
	f.Add([]byte("CapEff:\t0000000000000000\nCapBnd:\t000CapEff:\t0000000000000000\nCapBnd:\t000CapEff:\t0000000000000000\n"))
	f.Add([]byte("R  PID  S  BOUNDING S\nt  1  W  W"))
	f.Add([]byte("PID  EFFECTIVE\n1  ?"))
	f.Add([]byte(`{"schemaVersion":1,"capabilities":{"effective":{"hex":"1"}},"state":"","unknown":null}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		before := bytes.Clone(text)
		tasks, err := Tasks("x", text, nil)
		if len(tasks) == 0 && err == nil {
			t.Fatal("neither a task nor an error")
		}
		if !bytes.Equal(text, before) {
			t.Fatal("the text has changed")
		}
		for _, r := range tasks {
			if !r.HasSets() || r.LastCap.From == "" || r.LastCap.Value > capset.Max {
				t.Fatalf("%+v", r)
			}
			r.Mode()
		}
		list, err := Sets("x", text)
		if len(list) == 0 && err == nil {
			t.Fatal("neither a set nor an error")
		}
		if !bytes.Equal(text, before) {
			t.Fatal("the text has changed")
		}
	})
}

// TestRead holds which files are read, and what is said of others.
func TestRead(t *testing.T) {
	dir := t.TempDir()
	whole, long := filepath.Join(dir, "whole"), filepath.Join(dir, "long")
	for name, size := range map[string]int64{whole: MaxSize, long: MaxSize + 1} {
		if err := os.WriteFile(name, bytes.Repeat([]byte("x"), int(size)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	missing := filepath.Join(dir, "missing")
	for _, test := range []struct {
		name  string
		stdin io.Reader
		size  int
		want  string
	}{
		{whole, nil, MaxSize, ""},
		{long, nil, 0, long + ": more than 16 MiB"},
		{missing, nil, 0, missing + ": no such file or directory"},
		{dir, nil, 0, dir + ": is a directory"},
		{"-", strings.NewReader("CapEff:\t0\n"), 10, ""},
		{"-", strings.NewReader("\ufeffCapEff:\t0\n"), 10, ""},
		{"-", strings.NewReader("\xff\xfeC\x00a\x00p\x00=\xd8\x00\xde\n\x00"), 8, ""},
		{"-", strings.NewReader("\xfe\xff\x00C\x00a\x00p\x00\n"), 4, ""},
		{"-", strings.NewReader("\xff\xfeC\x00a\x00p"), 2, ""},
		{"-", strings.NewReader("C\x00a\x00p\x00"), 0, "standard input: not text"},
		{"-", strings.NewReader("a\x00"), 0, "standard input: not text"},
		{"-", iotest.ErrReader(&os.PathError{Op: "read", Path: "/dev/stdin", Err: os.ErrPermission}), 0, "standard input: permission denied"},
	} {
		text, err := Read(test.name, test.stdin)
		got := ""
		if err != nil {
			got = err.Error()
		}
		if len(text) != test.size || got != test.want {
			t.Errorf("%s: %d bytes, %q, want %d, %q", test.name, len(text), got, test.size, test.want)
		}
	}
}

// TestParse holds that an error of what is parsed has the name of the file, and is kept.
func TestParse(t *testing.T) {
	odd := errors.New("odd")
	n, err := Parse("-", strings.NewReader("x"), func(from io.Reader) (int, error) {
		text, err := io.ReadAll(from)
		return len(text), errors.Join(err, odd)
	})
	if n != 1 || err == nil || err.Error() != "standard input: odd" || !errors.Is(err, odd) {
		t.Errorf("%d, %v", n, err)
	}
}

// TestStatusText holds how status files are told apart, and what copying from a terminal
// does to them.
func TestStatusText(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"some lines", "CapEff:\t0000000000001000\n", "? 1000"},
		{"spaces for the tab", " CapEff:   0000000000001000 \r\n", "? 1000"},
		{"a name with blanks", "Name:\t x \nCapEff:\t1000\n", " x  1000"},
		{"no line end", "CapEff:\t0000000000001000", "? 1000"},
		{"cut short", "CapEff:\t000000000000100", `line 1: CapEff: "000000000000100": cut short: the kernel prints 16 digits`},
		{"cut short in another line", "CapEff:\t0000000000001000\nGroups:\t1", `? 1000; line 2: Groups: "1": cut short`},
		{"cut short in the second", "Name:\ta\nCapEff:\t1000\nName:\tb\n  CapEff:  1", `a 1000; line 4: CapEff: "1": cut short`},
		{"cut short in the second's name of a line", "Name:\ta\nCapEff:\t1000\nName:\tb\nCap", `a 1000; line 4: "Cap": cut short`},
		{"a line that is not read, without its end", "CapEff:\t1000\nMems_allowed:\t1", "? 1000"},
		{"spaces for every tab", "Uid:    0    0 0   0\nGid: 1000 1000 1000 1000 \nCapEff:  1000\n", "? 1000"},
		{"spaces between columns alone", "Uid:\t0 0 0 0\nCapEff:\t1000\n", "? 1000"},
		{"a column too few, of spaces", "Uid:  0 0 0\nCapEff:  1000\n", `? 1000; line 1: Uid: "0\t0\t0": wrong number of columns`},
		{"a byte order mark inside", "Name:\ta\nCapEff:\t1000\n\ufeffName:\tb\nCapEff:\t1\n", "a 1000, b 1"},
		{"two by a line that stands again", "CapEff:\t1000\nCapEff:\t1000\n", "? 1000, ? 1000"},
		{"two by their names", "Name:\ta\nCapEff:\t1000\nName:\tb\nCapPrm:\t1000\n", "a 1000, b ?"},
		{"one without sets", "Name:\ta\nName:\tb\nCapEff:\t1000\n", "b 1000"},
		{"lines of others", "Umask:\t0022\nSigQ:\t1/96365\nCapEff:\t1000\nvoluntary_ctxt_switches:\t1\n", "? 1000"},
		{"lines that are none", "x\nCapEff:\t1000\nx: y\n", `? 1000; line 1: "x": not understood; line 3: "x: y": not understood`},
		{"too many lines that are none", strings.Repeat("x\n", 2000) + "CapEff:\t1000\n", `no line tells a capability: it begins with "x"`},
		{"a malformed line beside others", "CapPrm:\tx\nCapEff:\t1000\n", `? 1000; line 1: CapPrm: "x": not a hexadecimal number`},
		{"no sets", "Name:\ta\n", "no capability line"},
		{"nothing", "", "no capability line"},
		{"an error in the second", "Name:\ta\nCapEff:\t1000\nName:\tb\nCapEff:\tx\n", `a 1000; line 4: CapEff: "x": not a hexadecimal number`},
	} {
		tasks, err := Tasks("-", []byte(test.text), nil)
		var list []string
		for _, r := range tasks {
			effective := task.Map(r.Sets[capset.Effective], func(s capset.Set) string { return fmt.Sprintf("%x", uint64(s)) })
			list = append(list, r.Name.Or("?")+" "+effective.Or("?"))
		}
		got := strings.Join(list, ", ")
		if err != nil {
			got += "; " + strings.TrimPrefix(err.Error(), "standard input: ")
		}
		got = strings.TrimPrefix(got, "; ")
		if got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
}

// TestOtherCaps holds that the line of a set which is not known is kept, whatever its value.
func TestOtherCaps(t *testing.T) {
	for text, want := range map[string]string{
		"CapUNs:\t00000000000000ff\nCapEff:\t1\n":            "[{CapUNs 00000000000000ff}]",
		"CapEff:\t1\nCapUNs:   00000000000000ff":             "[{CapUNs 00000000000000ff}]",
		"CapEff:\t1\nCapUNs:\t0 ff\nCapXyz:\tnone\nSigQ:\t1": "[{CapUNs 0 ff} {CapXyz none}]",
	} {
		tasks, err := Tasks("x", []byte(text), nil)
		if err != nil || len(tasks) != 1 || fmt.Sprint(tasks[0].OtherCaps) != want {
			t.Errorf("%q: %v, %v, want %s", text, tasks, err, want)
		}
	}
}

// TestLastCap holds where the last capability is from.
func TestLastCap(t *testing.T) {
	seven := capset.Cap(7)
	report := fixture.Reports(t)[0].Text
	for _, test := range []struct {
		name string
		text []byte
		last *capset.Cap
		want string
	}{
		{"a status file", []byte("CapEff:\t1\n"), nil, task.FromGuess},
		{"a status file, and a flag", []byte("CapEff:\t1\n"), &seven, task.FromFlag},
		{"a report, and a flag", report, &seven, task.FromFlag},
	} {
		tasks, err := Tasks("x", test.text, test.last)
		if err != nil {
			t.Fatal(err)
		}
		if last := tasks[0].LastCap; last.From != test.want || test.last != nil && last.Value != *test.last || tasks[0].Source != "x" {
			t.Errorf("%s: %+v of %s", test.name, last, tasks[0].Source)
		}
	}
}

// TestWhole holds that a set which a whole status file lacks is one that its kernel does
// not have.
func TestWhole(t *testing.T) {
	for _, file := range fixture.Status(t) {
		tasks, err := Tasks(file.Name, file.Text, nil)
		if err != nil || len(tasks) != 1 {
			t.Errorf("%s: %d tasks, %v", file.Name, len(tasks), err)
			continue
		}
		for k := range capset.Kind(capset.NumKinds) {
			if _, err := tasks[0].Set(k); err != nil {
				t.Errorf("%s: %v", file.Name, err)
			}
		}
	}
	tasks, err := Tasks("x", []byte("CapEff:\t1\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tasks[0].Set(capset.Ambient); err == nil {
		t.Error("the ambient set of a part of a status file is known")
	}
}

// TestCut holds that a status file which ends anywhere, or lacks a line, tells nothing that
// the whole one does not: neither another value, nor that its kernel is older.
func TestCut(t *testing.T) {
	for _, file := range fixture.Status(t) {
		whole, err := Tasks(file.Name, file.Text, nil)
		if err != nil || len(whole) != 1 {
			t.Fatalf("%s: %v", file.Name, err)
		}
		want := whole[0]
		for size := bytes.Index(file.Text, []byte("CapInh:")); size < len(file.Text); size++ {
			tellsLess(t, file.Text[:size], want, fmt.Sprintf("%s up to %q", file.Name, file.Text[size-20:size]))
		}
		if !strings.HasPrefix(file.Name, "linux-6.18-") { // one of an older kernel then looks like a still older one's
			continue
		}
		before := 0
		for line := range bytes.Lines(file.Text) {
			if !bytes.HasPrefix(line, []byte("Kthread:")) { // as those of a kernel before it
				without := slices.Concat(file.Text[:before], file.Text[before+len(line):])
				tellsLess(t, without, want, fmt.Sprintf("%s without %q", file.Name, line))
			}
			before += len(line)
		}
	}
}

// tellsLess holds that a part of a status file tells nothing else than the whole one.
func tellsLess(t *testing.T, part []byte, want *task.Task, what string) {
	t.Helper()
	tasks, _ := Tasks("x", part, nil)
	for _, got := range tasks {
		for k, set := range got.Sets {
			told, ok := set.Get()
			if all, known := want.Sets[k].Get(); ok && told != all || known && !ok && got.Whole {
				t.Errorf("%s: %v is %v, whole: %t", what, capset.Kind(k), told, got.Whole)
			}
		}
		if got.LastCap.AtMost() < want.LastCap.AtMost() {
			t.Errorf("%s: at most %v: %s", what, got.LastCap.AtMost(), got.LastCap.Limit.Why)
		}
		differs(t, what+": uid", got.UID, want.UID)
		differs(t, what+": gid", got.GID, want.GID)
		differs(t, what+": seccomp", task.Map(got.Seccomp, mode), task.Map(want.Seccomp, mode))
		differs(t, what+": no_new_privs", got.NoNewPrivs, want.NoNewPrivs)
		differs(t, what+": groups", task.Map(got.Groups, number), task.Map(want.Groups, number))
	}
}

func mode(s task.Seccomp) int { return s.Mode }
func number(ids []uint32) int { return len(ids) }

// differs fails if a value is known and is another one.
func differs[T comparable](t *testing.T, what string, got, want task.Value[T]) {
	t.Helper()
	if v, ok := got.Get(); ok && v != want.Zero() {
		t.Errorf("%s: %v, want %v", what, v, want.Zero())
	}
}

// TestLongNames holds that names of any length are shortened.
func TestLongNames(t *testing.T) {
	long := strings.Repeat("x", 1<<19)
	for name, text := range map[string]string{
		"a service":   `{"services":{"` + long + `":{"security_opt":["apparmor=` + long + `"]},"b":{}}}`,
		"a container": `[{"Id":"` + long + `","Name":"/` + long + `","HostConfig":{"CapAdd":[],"CapDrop":[],"Privileged":false}}]`,
		"a unit":      "Id=" + long + "\nNoNewPrivileges=no\n",
		"a task":      `{"schemaVersion":1,"name":"` + long + `","capabilities":{"effective":{"hex":"1"}},"lsm":{"module":"x","label":"` + long + `"}}`,
		"an event":    `{"process":{"binary":"` + long + `","cap":{"effective":["CAP_CHOWN"]}}}`,
	} {
		tasks, err := Tasks("f", []byte(text), nil)
		if err != nil || len(tasks) == 0 {
			t.Errorf("%s: %v", name, err)
			continue
		}
		title, _ := tasks[0].Title().Get()
		label, _ := tasks[0].Label.Get()
		const most = 300
		if title == "" || len(title) > most || len(tasks[0].Source) > most || len(label.Label) > maxLabel+most {
			t.Errorf("%s: a name of %d bytes, a source of %d, a label of %d", name, len(title), len(tasks[0].Source), len(label.Label))
		}
		if c := tasks[0].Container.Zero(); c != nil && len(c.ID)+len(c.Name) > 2*most {
			t.Errorf("%s: %d bytes", name, len(c.ID)+len(c.Name))
		}
	}
}
