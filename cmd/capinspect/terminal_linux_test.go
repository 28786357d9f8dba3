// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/sys/unix"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/need"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/predict/predicttest"
	"github.com/capinspect/capinspect/testdata/fixture"
)

// TestTerminal shows a report at terminals of two widths. It has colours there, unless the
// environment or --color says otherwise, and elsewhere only if --color says so.
func TestTerminal(t *testing.T) {
	need.On(t, "script", "stty")
	file := filepath.Join(fixture.Dir(t), "status", "linux-6.18-containerd-drop-mknod.status")
	onTerminal := func(width int, environment, args string) string {
		line := fmt.Sprintf("stty cols %d; TERM=xterm %s %s %s -f %s", width, environment, built(t), args, file)
		o := run(t, "script", "-qec", line, "/dev/null")
		if o.status != 0 {
			t.Fatalf("%s: %+v", line, o)
		}
		return strings.ReplaceAll(o.stdout, "\r\n", "\n")
	}
	piped := run(t, built(t), "-f", file).stdout
	for _, width := range []int{80, 160} {
		text := onTerminal(width, "NO_COLOR=1", "")
		for line := range strings.Lines(text) {
			if n := utf8.RuneCountInString(line) - 1; n > width {
				t.Errorf("%d characters at a width of %d: %s", n, width, line)
			}
		}
		if strings.Contains(text, "\x1b") {
			t.Errorf("colours: %q", text)
		}
		unwrapped := strings.NewReplacer(",\n    ", ",", "\n    ", " ").Replace(text)
		if unwrapped != piped {
			t.Errorf("at a width of %d\n%s\nwithout\n%s", width, text, piped)
		}
	}
	const marked = "docker defaults\x1b[33m - mknod\x1b[0m; no"
	for _, test := range []struct {
		environment, args string
		colours           bool
	}{
		{"", "", true},
		{"", "--color never", false},
		{"NO_COLOR=1", "", false},
		{"NO_COLOR=1", "--color always", true},
		{"NO_COLOR=", "", true},
		{"TERM=dumb", "", false},
		{"", "--print", false},
		{"", "--json --color always", false},
	} {
		text := onTerminal(160, test.environment, test.args)
		if got := strings.Contains(text, marked); got != test.colours || got != strings.Contains(text, "\x1b") {
			t.Errorf("%+v: %q", test, text)
		}
	}
	if o := run(t, built(t), "--color", "always", "-f", file); !strings.Contains(o.stdout, marked) {
		t.Errorf("%q", o.stdout)
	}
	if exact := onTerminal(80, "", "--print"); !strings.HasSuffix(piped, exact) && !strings.Contains(piped, exact) {
		t.Errorf("--print differs on a terminal: %q", exact)
	}
	if o := run(t, built(t), "--color", "blue"); o.status != 2 || !strings.Contains(o.stderr, `--color "blue": want auto, always or never`) {
		t.Errorf("%+v", o)
	}
}

// TestTerminalTables shows the lists of a saved node at terminals of two widths, and as they
// are in a pipe: there they are not cut, have no colours, and no line but rows.
func TestTerminalTables(t *testing.T) {
	need.On(t, "script", "stty")
	proc := filepath.Join(fixture.Dir(t), "proc", "kubernetes-1.37")
	for name, args := range map[string]string{"ps": "ps --sort risk", "ps-containers": "ps --by container --sort risk"} {
		args += " --proc " + proc
		shown := func(width int, environment, more string) string {
			line := fmt.Sprintf("stty cols %d; TERM=xterm %s %s %s %s 2>/dev/null", width, environment, built(t), args, more)
			o := run(t, "script", "-qec", line, "/dev/null")
			if o.status != 0 {
				t.Fatalf("%s: %+v", line, o)
			}
			return strings.ReplaceAll(o.stdout, "\r\n", "\n")
		}
		for _, width := range []int{80, 160} {
			coloured, plain := shown(width, "", ""), shown(width, "NO_COLOR=1", "")
			golden(t, filepath.Join(fixture.Dir(t), "terminal", fmt.Sprintf("%s-%d.txt", name, width)), coloured)
			if text := uncoloured.Replace(coloured); text != plain || text == coloured {
				t.Errorf("%s without colours at a width of %d: %s", name, width, plain)
			}
			for line := range strings.Lines(plain) {
				if n := utf8.RuneCountInString(line) - 1; n > width {
					t.Errorf("%s: %d characters at a width of %d: %s", name, n, width, line)
				}
			}
			if dumb := shown(width, "TERM=dumb", ""); dumb != plain {
				t.Errorf("%s with TERM=dumb: %s", name, dumb)
			}
			whole := strings.SplitAfter(plain, "\n")
			// What is not shown is listed below the rows; a continued line is indented.
			if at := slices.IndexFunc(whole, func(line string) bool { return strings.HasPrefix(line, "Not shown at this width: ") }); at >= 0 {
				end := at + 1
				for strings.HasPrefix(whole[end], " ") {
					end++
				}
				whole = slices.Delete(whole, at, end)
			}
			rows := shown(width, "NO_COLOR=1", "--no-headers")
			if got := strings.Count(rows, "\n"); got != len(whole)-3 {
				t.Errorf("%s --no-headers: %d lines, want those between the header and the last of %d", name, got, len(whole)-1)
			}
		}
		wide := strings.SplitAfter(shown(1000, "NO_COLOR=1", ""), "\n")
		piped := run(t, built(t), strings.Fields(args)...).stdout
		if want := strings.Join(wide[:len(wide)-2], ""); piped != want {
			t.Errorf("%s in a pipe: %s\nwant %s", name, piped, want)
		}
		always := run(t, built(t), append(strings.Fields(args), "--color", "always")...).stdout
		if !strings.Contains(always, "\x1b[31m") || uncoloured.Replace(always) != piped {
			t.Errorf("%s --color always: %q", name, always)
		}
	}
}

// TestTerminalScan shows a scan at terminals of two widths, and in a pipe.
func TestTerminalScan(t *testing.T) {
	need.On(t, "root", "script", "stty")
	const long = "/usr/lib/a-directory-of-a-long-name/and-another-one/a-program-of-a-long-name-that-no-terminal-shows-in-a-line"
	dir := t.TempDir()
	program := func(name string, mode uint32, caps capset.Set) error {
		name = dir + name
		err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, predicttest.ELF(""), 0o755), unix.Chmod(name, mode))
		if caps != 0 {
			attribute := (&capset.FileCaps{Version: 2, Effective: true, Permitted: caps}).Attribute()
			err = errors.Join(err, unix.Setxattr(name, "security.capability", attribute, 0))
		}
		return err
	}
	may := capset.Of(capset.SysAdmin, capset.NetRaw)
	tid := strconv.Itoa(thread(t, func() error {
		err := errors.Join(
			unix.Unshare(unix.CLONE_NEWNS), unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""), unix.Mount("none", dir, "tmpfs", 0, "mode=755"),
			program("/usr/bin/su", 0o4755, 0), program("/usr/bin/mounter", 0o755, capset.Of(capset.SysAdmin)), program("/usr/bin/ping", 0o755, capset.Of(capset.NetRaw)),
			program("/usr/bin/owner", 0o755, capset.Of(capset.Chown)), program(long, 0o4700, may), program("/usr/sbin/wall", 0o2755, 0),
			unix.Chroot(dir), unix.Chdir("/"))
		for c := range capset.LastKnown + 1 {
			if !may.Has(c) {
				unix.Prctl(unix.PR_CAPBSET_DROP, uintptr(c), 0, 0, 0) // fails of one that the kernel does not have
			}
		}
		header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
		return errors.Join(err, unix.Capset(&header, &make([]unix.CapUserData, 2)[0]))
	}))
	args := "scan / --uid 1000 --gid 1000 --columns +mode --sort risk -p " + tid
	stable := func(text string) string {
		return strings.NewReplacer("pid "+tid+" ", "pid PID ", "\r\n", "\n").Replace(text)
	}
	piped := run(t, built(t), strings.Fields(args)...)
	golden(t, filepath.Join(fixture.Dir(t), "terminal", "scan.txt"), stable(piped.stdout)+piped.stderr)
	for _, width := range []int{80, 160} {
		shown := func(environment string) string {
			return stable(run(t, "script", "-qec", fmt.Sprintf("stty cols %d; TERM=xterm %s %s %s", width, environment, built(t), args), "/dev/null").stdout)
		}
		coloured := shown("")
		golden(t, filepath.Join(fixture.Dir(t), "terminal", fmt.Sprintf("scan-%d.txt", width)), coloured)
		plain := uncoloured.Replace(coloured)
		for _, environment := range []string{"NO_COLOR=1", "TERM=dumb"} {
			if got := shown(environment); got != plain || got == coloured {
				t.Errorf("%s: %s", environment, got)
			}
		}
		for line := range strings.Lines(plain) {
			if n := utf8.RuneCountInString(line) - 1; n > width {
				t.Errorf("%d characters at a width of %d: %s", n, width, line)
			}
		}
	}
	if always := run(t, built(t), append(strings.Fields(args), "--color", "always")...).stdout; uncoloured.Replace(always) != piped.stdout || always == piped.stdout {
		t.Errorf("--color always: %q", always)
	}
}

// uncoloured leaves out colours.
var uncoloured = strings.NewReplacer("\x1b[31m", "", "\x1b[33m", "", "\x1b[2m", "", "\x1b[0m", "")

// TestTerminalAnswers shows what diff, check and predict find at terminals of two widths.
func TestTerminalAnswers(t *testing.T) {
	need.On(t, "script", "stty")
	for name, args := range map[string]string{
		"diff":    "diff docker privileged",
		"predict": "predict image:../image",
		"check":   "check --within docker --no-new-privs -f linux-6.18-containerd-privileged.status",
	} {
		for _, width := range []int{80, 160} {
			line := fmt.Sprintf("cd %s; stty cols %d; TERM=xterm %s %s", filepath.Join(fixture.Dir(t), "status"), width, built(t), args)
			o := run(t, "script", "-qec", line, "/dev/null")
			if o.status != 1 {
				t.Fatalf("%s: %+v", line, o)
			}
			text := strings.ReplaceAll(o.stdout, "\r\n", "\n")
			golden(t, filepath.Join(fixture.Dir(t), "terminal", fmt.Sprintf("%s-%d.txt", name, width)), text)
			for line := range strings.Lines(uncoloured.Replace(text)) {
				if n := utf8.RuneCountInString(line) - 1; n > width {
					t.Errorf("%s: %d characters at a width of %d: %s", name, n, width, line)
				}
			}
		}
	}
}
