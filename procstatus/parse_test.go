// SPDX-License-Identifier: Apache-2.0

package procstatus

import (
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/testdata/fixture"
)

func TestParseFixtures(t *testing.T) {
	for _, file := range fixture.Status(t) {
		s, err := Parse(file.Text)
		if err != nil {
			t.Errorf("%s: %v", file.Name, err)
			continue
		}
		// Each line that stands in the file must be there, and no other.
		for f := range Field(numFields) {
			if want := strings.Contains("\n"+string(file.Text), "\n"+f.String()+":\t"); s.Has(f) != want {
				t.Errorf("%s: Has(%v) = %v", file.Name, f, !want)
			}
		}
	}
	for _, want := range []struct {
		name string
		s    Status
		caps capset.State
	}{
		{
			"linux-6.18-containerd-default",
			Status{Name: "sleep", State: 'S', Tgid: 1, Pid: 1, Groups: []uint32{0}, NSpid: []int{1}, Threads: 1},
			capset.State{0, 0xa80425fb, 0xa80425fb, 0xa80425fb, 0},
		},
		{
			"linux-6.18-ambient-groups",
			Status{
				Name: "sleep", State: 'S', UID: IDs{Real: 1000, Effective: 1000, Saved: 1000, Filesystem: 1000}, GID: IDs{Real: 1000, Effective: 1000, Saved: 1000, Filesystem: 1000},
				Groups: []uint32{4, 24, 1000}, Threads: 1, NoNewPrivs: true,
			},
			capset.State{0x2000, 0x2000, 0x2000, 0x2001, 0x2000},
		},
		{
			"made-linux-2.6.32-signed-ids",
			Status{
				Name: "rpc.statd", State: 'S', Tgid: 1384, Pid: 1384, PPid: 1, UID: IDs{Real: 4294967294, Effective: 4294967294, Saved: 4294967294, Filesystem: 4294967294},
				GID: IDs{Real: 4294967294, Effective: 4294967294, Saved: 4294967294, Filesystem: 4294967294}, Groups: []uint32{4294967294}, Threads: 1,
			},
			capset.State{0, 0x400, 0x400, ^capset.Set(0), 0},
		},
		{"linux-6.18-odd-name", Status{Name: "a\x1b[31m\\\n\u202e", State: 'S', Threads: 1}, capset.State{}},
		{"linux-6.18-kthread", Status{Name: "rcu_exp_par_gp_kthread_worker/0"}, capset.State{}},
		{"made-gvisor-nginx", Status{Name: "nginx", State: 'S', Tgid: 1, Pid: 1, Threads: 1}, capset.State{0xa80425fb, 0xa80425fb, 0xa80425fb, 0xa80425fb, 0}},
	} {
		s, err := Parse(fixture.Read(t, "status/"+want.name+".status"))
		if err != nil {
			t.Errorf("%s: %v", want.name, err)
			continue
		}
		if want.caps != (capset.State{}) && s.CapState() != want.caps {
			t.Errorf("%s: sets %x, want %x", want.name, s.CapState(), want.caps)
		}
		got := *s
		got.caps, got.seen = capset.State{}, 0
		if want.s.Tgid == 0 { // of no meaning in a process made for the fixture
			got.Tgid, got.Pid, got.PPid, got.NSpid = 0, 0, 0, nil
		}
		if len(got.Groups) == 0 {
			got.Groups = nil
		}
		if want.s.State == 0 { // the name is what counts
			got = Status{Name: got.Name}
		}
		if !reflect.DeepEqual(got, want.s) {
			t.Errorf("%s: %+v, want %+v", want.name, got, want.s)
		}
	}
}

func TestParseDamage(t *testing.T) {
	const good = "Name:\tx\nPid:\t7\n"
	for _, test := range []struct {
		cause, text string
		want        error
		message     string
	}{
		{"not hexadecimal", good + "CapEff:\tzz\n", capset.ErrNotHex, `line 3: CapEff: "zz": not a hexadecimal number`},
		{"no digits", good + "CapEff:\t\n", capset.ErrNoDigits, ""},
		{"17 digits", good + "CapEff:\t00000000000000001\n", ErrSyntax, ""},
		{"blank before the digits", good + "CapEff:\t 01\n", capset.ErrNotHex, ""},
		{"carriage return", good + "CapEff:\t01\r\n", capset.ErrNotHex, ""},
		{"three columns", good + "Uid:\t0\t0\t0\n", ErrColumns, ""},
		{"five columns", good + "Uid:\t0\t0\t0\t0\t0\n", ErrColumns, ""},
		{"a column that is no number", good + "Gid:\t0\tx\t0\t0\n", ErrSyntax, ""},
		{"spaces for tabs", good + "Gid:\t0 0 0 0\n", ErrColumns, ""},
		{"an id of 33 bits", good + "Uid:\t4294967296\t0\t0\t0\n", ErrRange, ""},
		{"an id below 32 bits", good + "Uid:\t-2147483649\t0\t0\t0\n", ErrRange, ""},
		{"a number without end", good + "Uid:\t" + strings.Repeat("9", 100) + "\t0\t0\t0\n", ErrRange, ""},
		{"a group that is no number", good + "Groups:\t1 2x 3 \n", ErrSyntax, ""},
		{"a group of 33 bits", good + "Groups:\t1 4294967296 \n", ErrRange, ""},
		{"pid that is no number", "Pid:\tgarbage\n", ErrSyntax, `line 1: Pid: "garbage": invalid syntax`},
		{"negative pid", "Pid:\t-1\n", ErrRange, ""},
		{"pid of 32 bits", "Pid:\t2147483648\n", ErrRange, ""},
		{"text behind a number", "Threads:\t1 kB\n", ErrSyntax, ""},
		{"flag of 2", good + "NoNewPrivs:\t2\n", ErrSyntax, ""},
		{"no letter", good + "State:\t\n", ErrSyntax, ""},
		{"state that is no letter", good + "State:\t\x1b\n", ErrSyntax, ""},
		{"state without a space", good + "State:\tSx\n", ErrSyntax, ""},
		{"no tab", good + "CapEff: 0000000000000000\n", ErrNoTab, ""},
		{"nothing behind the colon", good + "CapEff:\n", ErrNoTab, ""},
		{"twice", good + "CapEff:\t01\nCapEff:\t01\n", ErrRepeated, `line 4: CapEff: "\t01": second line of this name`},
		{"cut short inside a line", good + "CapEff:\t00000000a8", io.ErrUnexpectedEOF, ""},
		{"empty", "", ErrNoFields, ""},
		{"nothing of a status file", "root:x:0:0:root:/root:/bin/bash\n", ErrNoFields, ""},
		{"binary", "\x7fELF\x02\x01\x01\x00\n", ErrNoFields, ""},
	} {
		s, err := Parse([]byte(test.text))
		if s != nil || !errors.Is(err, test.want) {
			t.Errorf("%s: %v, %v; want %v", test.cause, s, err, test.want)
			continue
		}
		if test.message != "" && err.Error() != test.message {
			t.Errorf("%s: %q, want %q", test.cause, err, test.message)
		}
	}
}

// TestParseSkips holds that what is not known is skipped, whatever it holds.
func TestParseSkips(t *testing.T) {
	for _, text := range []string{
		"NewField:\tzz\nName:\tx\n",
		"Name:\tx\nno colon\n\n:\n:\t\n",
		"Name:\tx\ncapeff:\tzz\n",
		"Name:\tx\nCapEffX:\tzz\n",
		"Name:\tx\nVmPeak:\t1 kB\nVmPeak:\t2 kB\n",
		"Name:\tx\nlast line is cut sh",
		"Name:\tx\nCapUNs:\tzz\n",
	} {
		if s, err := Parse([]byte(text)); err != nil || s.Name != "x" {
			t.Errorf("Parse(%q) = %+v, %v", text, s, err)
		}
	}
}

// TestUnended holds which last line may lack its newline: one in which no number can have
// been cut.
func TestUnended(t *testing.T) {
	for line, want := range map[string]bool{
		"CapEff:\t00000000a80425fb": true,
		"CapEff:\t00000000a80425f":  false,
		"CapEff:\t":                 false,
		"CapEff:":                   false,
		"CapEf":                     false,
		"C":                         false,
		"Seccomp":                   false,
		"CapUNs":                    true, // the beginning of no name that is known
		"Uid:\t0\t0\t0\t0":          true,
		"Uid:\t0\t0\t0\t1":          false,
		"Uid:\t0\t0\t0\t":           false,
		"Uid:\t0\t0\t0":             false,
		"Gid:\t1\t1\t1\t4294967295": true,
		"Gid:\t1\t1\t1\t429496729":  false,
		"Gid:\t1\t1\t1\t429496730":  true,
		"Groups:\t0":                false,
		"Groups:\t":                 false,
		"NSpid:\t0":                 false,
		"Threads:\t1":               false,
		"Threads:\t0":               true,
		"Pid:\t214748364":           false,
		"Pid:\t214748365":           true,
		"NoNewPrivs:\t1":            true,
		"NoNewPrivs:\t":             false,
		"Kthread:\t0":               true,
		"Seccomp:\t2":               true,
		"Seccomp:\t3":               false, // no mode that is known
		"Seccomp_filters:\t0":       true,
		"Seccomp_filters:\t2":       false,
		"State:\tS (sleeping)":      true,
		"State:\tS (slee":           true,
		"State:\t":                  false,
		"Name:\tx":                  true,
		"VmSize:\t12":               true,
		"Cpus_allowed:\tff":         true,
		"x":                         true,
	} {
		s, err := Parse([]byte("TracerPid:\t0\n" + line))
		if got := err == nil; got != want || !got && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%q: %+v, %v", line, s, err)
		}
		if _, err := Parse([]byte("TracerPid:\t0\n" + line + "\n")); want && err != nil {
			t.Errorf("%q with its newline: %v", line, err)
		}
	}
}

// TestOtherCaps holds that the line of a set that is not known is kept as it is.
func TestOtherCaps(t *testing.T) {
	var s Status
	text := "CapEff:\t01\nCapUNs:\t000001ffffffffff\nCapXyz:\t zz \nCapUNs: 1\nCapabilities:\t1\nCap:\t1\nCap\n"
	if err := s.UnmarshalText([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if want := []CapLine{{"CapUNs", "000001ffffffffff"}, {"CapXyz", " zz "}}; !reflect.DeepEqual(s.OtherCaps, want) {
		t.Errorf("%q, want %q", s.OtherCaps, want)
	}
	if err := s.UnmarshalText([]byte("CapEff:\t01\n")); err != nil || s.OtherCaps != nil {
		t.Errorf("used again: %q, %v", s.OtherCaps, err)
	}
}

// TestRepeated holds that no known line may stand twice, nor may one whose first value
// was empty.
func TestRepeated(t *testing.T) {
	values := map[Field]string{
		FieldState: "S (sleeping)", FieldUID: "0\t0\t0\t0", FieldGID: "0\t0\t0\t0", FieldName: "", FieldGroups: "", FieldNSpid: "",
	}
	for f := range Field(numFields) {
		line := fields[f].head + "\t" + values[f]
		if _, ok := values[f]; !ok {
			line += "0"
		}
		if _, err := Parse([]byte(line + "\n")); err != nil {
			t.Fatal(err)
		}
		_, err := Parse([]byte(line + "\nx\n" + line + "\n"))
		if bad, ok := errors.AsType[*FieldError](err); !ok || bad.Err != ErrRepeated || bad.Field != f || bad.Line != 3 {
			t.Errorf("%v twice: %v", f, err)
		}
	}
}

func TestName(t *testing.T) {
	for in, want := range map[string]string{
		"":             "",
		"a b":          "a b",
		"big kB":       "big kB",
		"a:\tb":        "a:\tb",
		" x ":          " x ",
		`a\nb`:         "a\nb",
		`a\\nb`:        `a\nb`,
		`a\\\nb`:       "a\\\nb",
		`tail\`:        `tail\`,
		`a\tb`:         `a\tb`, // no escape of the kernel's
		"\x1b[31m\xff": "\x1b[31m\xff",
	} {
		s, err := Parse([]byte("Name:\t" + in + "\n"))
		if err != nil || s.Name != want {
			t.Errorf("%q: %q, %v; want %q", in, s.Name, err, want)
		}
	}
}

// TestReuse holds that a Status that is used again keeps nothing of the task
// before, and allocates nothing but the name.
func TestReuse(t *testing.T) {
	rich, poor := fixture.Read(t, "status/linux-6.18-ambient-groups.status"), fixture.Read(t, "status/made-gvisor-nginx.status")
	var s Status
	for _, text := range [][]byte{rich, poor} {
		if err := s.UnmarshalText(text); err != nil {
			t.Fatal(err)
		}
	}
	want, err := Parse(poor)
	if err != nil {
		t.Fatal(err)
	}
	s.Groups, s.NSpid = nil, nil // empty but for their memory
	want.Groups, want.NSpid = nil, nil
	if !reflect.DeepEqual(&s, want) {
		t.Errorf("used again: %+v\nnew: %+v", &s, want)
	}
	if err := s.UnmarshalText([]byte("Pid:\t1\n")); err != nil || s.Name != "" {
		t.Errorf("without a name: %q, %v", s.Name, err)
	}
	if n := testing.AllocsPerRun(100, func() {
		if s.UnmarshalText(rich) != nil || s.UnmarshalText(poor) != nil {
			t.Fail()
		}
	}); n > 2 {
		t.Errorf("%v allocations for two names", n)
	}
}

// FuzzParse holds that any text is a Status or an error, that a Status comes
// out the same in used memory, and that an error names an existing line.
func FuzzParse(f *testing.F) {
	for _, file := range fixture.Status(f) {
		f.Add(file.Text)
	}
	f.Add([]byte("Groups:\t1 2\t3 \nUid:\t-1\t-2\t0\t4294967295\n"))
	var used Status
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := Parse(text)
		if (s == nil) != (err != nil) {
			t.Fatalf("Parse = %v, %v: want exactly one", s, err)
		}
		again := used.UnmarshalText(text)
		if (again == nil) != (err == nil) {
			t.Fatalf("in used memory: %v, in new: %v", again, err)
		}
		if bad, ok := errors.AsType[*LineError](err); ok && bad.Line != strings.Count(string(text), "\n")+1 {
			t.Fatalf("not the last line: %v", bad)
		}
		if bad, ok := errors.AsType[*FieldError](err); ok {
			if lines := strings.Count(string(text), "\n") + 1; bad.Line < 1 || bad.Line > lines || bad.Error() == "" {
				t.Fatalf("line %d of %d: %v", bad.Line, lines, bad)
			}
		}
		if err != nil {
			return
		}
		if used.Name != s.Name || used.seen != s.seen || used.caps != s.caps || len(used.Groups) != len(s.Groups) {
			t.Fatalf("in used memory %+v, in new %+v", &used, s)
		}
		if s.seen == 0 {
			t.Fatal("a Status of nothing")
		}
	})
}
