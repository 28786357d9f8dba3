// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/need"
)

// completions are command lines, and what their last word is completed to.
var completions = [...]struct{ line, words string }{
	{"", "show ps decode explain check diff why needs predict scan securitycontext profiles completion self container: file:"},
	{"p", "ps predict profiles"},
	{"show p", ""},
	{"ps p", ""},
	{"-p sel", "self"},
	{"self -p sel", "self"},
	{"why -p sel", "self"},
	{"ps --sor", "--sort"},
	{"ps --sort N", "NAME NAMESPACE NNP NSPID"},
	{"ps --columns +USER,UI", "+USER,UID +USER,UIDS"},
	{"ps -o ", "csv json jsonl markdown openmetrics table tree"},
	{"ps --by ", "container"},
	{"ps --user roo", "root"},
	{"ps --container ", "a5a0cc370154"},
	{"container:", "container:a5a0cc370154"},
	{"ps container:a", "container:a5a0cc370154"},
	{"check container:", "container:a5a0cc370154"},
	{"diff docker container:a5", "container:a5a0cc370154"},
	{"securitycontext container:", "container:a5a0cc370154"},
	{"why chown container:", "container:a5a0cc370154"},
	{"why access container:a", "container:a5a0cc370154"},
	{"why userns cont", "container:"},
	{"predict -p container:", "container:a5a0cc370154"},
	{"show -p cont", "container:"},
	{"2443", "24434"},
	{"ps 2443", "24434"},
	{"why access ", "container: file: self"},
	{"why access s", "self"},
	{"why acc", "access acct"},
	{"-o j", "json jsonl"},
	{"--output=j", "--output=json --output=jsonl"},
	{"show --output=js", "--output=json --output=jsonl"},
	{"--mode", "--mode --modes"},
	{"show --mode", ""},
	{"--has-i=setf", "--has-i=setfcap"},
	{"check --has-", ""},
	{"check --has chown,net_", "chown,net_admin chown,net_bind_service chown,net_broadcast chown,net_raw"},
	{"check --has bo", "bounding:"},
	{"check --has bounding:a", "bounding:audit_control bounding:audit_read bounding:audit_write"},
	{"check --lacks=bounding:chown,net_a", "--lacks=bounding:chown,net_admin"},
	{"check --within podman", "podman podman-4.4 podman-old"},
	{"check --seccomp ", "disabled filter strict"},
	{"check --pss ", "baseline restricted"},
	{"check --uid ", ""},
	{"decode setf", "setfcap"},
	{"diff --set ", "ambient bounding effective inheritable permitted"},
	{"diff docker pod", "pod: podman podman-4.4 podman-old"},
	{"diff file:/etc/host.c", "file:/etc/host.conf"},
	{"explain SYS_T", "SYS_TIME SYS_TTY_CONFIG"},
	{"why chown cap_sys_ti", "cap_sys_time"},
	{"predict /etc/host.c", "/etc/host.conf"},
	{"-f /etc/host.c", "/etc/host.conf"},
	{"--file=/etc/host.c", "--file=/etc/host.conf"},
	{"--proc /pro", "/proc"},
	{"profiles restr", "restricted"},
	{"completion ", "bash fish zsh"},
}

// TestCompletion presses the key for completion in each shell, at a terminal in
// those that complete there alone. Each word of the line becomes an argument of
// the function that stands for capinspect then. What the scripts ask capinspect itself, a copy
// of a procfs answers.
func TestCompletion(t *testing.T) {
	node, err := filepath.Abs("../../testdata/proc/node")
	if err != nil {
		t.Fatal(err)
	}
	program := fmt.Sprintf("#!/bin/sh\nexec %s \"$@\" --proc %s\n", built(t), node)
	bin := t.TempDir()
	if err := os.WriteFile(filepath.Join(bin, "capinspect"), []byte(program), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	t.Run("bash", func(t *testing.T) {
		need.On(t, "bash", "script")
		testInteractive(t, "bash --norc --noprofile -i", `bind 'set bell-style none'; bind '"\C-t": insert-completions'; . ./capinspect`, "capinspect")
	})
	const zsh = `zle -C all complete-word _generic; bindkey '^T' all; setopt no_list_beep
zstyle ':completion:*' completer _all_matches _complete; zstyle ':completion:*' insert true; `
	t.Run("zsh", func(t *testing.T) {
		need.On(t, "zsh", "script")
		testInteractive(t, "zsh -f -i", `autoload -U compinit; fpath=($PWD $fpath); compinit -D -u; `+zsh, "_capinspect")
	})
	t.Run("zsh sourced", func(t *testing.T) {
		need.On(t, "zsh", "script")
		testInteractive(t, "zsh -f -i", `autoload -U compinit; compinit -D -u; . ./sourced; `+zsh, "sourced")
	})
	t.Run("fish", func(t *testing.T) {
		need.On(t, "fish")
		dir := scriptFor(t, "fish", "capinspect.fish")
		for _, c := range completions {
			o := run(t, "fish", "--no-config", "-c", "source "+dir+"/capinspect.fish; complete -C $argv[1]", "capinspect "+c.line)
			if o.stderr != "" || o.status != 0 {
				t.Fatalf("%s: %+v", c.line, o)
			}
			var got []string
			for line := range strings.Lines(o.stdout) {
				word, _, _ := strings.Cut(strings.TrimSpace(line), "\t")
				got = append(got, word)
			}
			compareSorted(t, c.line, got, strings.Fields(c.words))
		}
		o := run(t, "fish", "--no-config", "-c", "source "+dir+"/capinspect.fish; complete -C 'capinspect ps --container '")
		if o.stdout != "a5a0cc370154\tsleep\n" {
			t.Errorf("%+v: want the name of a process beside the container", o)
		}
	})
}

// TestCompletionNames holds that the name of a container and of its process are beside its
// id, or that of its process alone, where the shell shows such things.
func TestCompletionNames(t *testing.T) {
	bin := t.TempDir()
	rows := "#!/bin/sh\ncat <<.\na1a1a1a1a1a1  web  nginx\na1a1a1a1a1a1  web  worker\nb2b2b2b2b2b2  ?    my app\n-             -    init\n.\n"
	if err := os.WriteFile(filepath.Join(bin, "capinspect"), []byte(rows), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	for _, shell := range []struct{ name, code, want string }{
		{
			"zsh", `compdef() { }; _describe() { print -rl -- ${(P)2} }; . ./capinspect; setopt extendedglob
_capinspect_tasks CONTAINER,CONTAINERNAME`, "a1a1a1a1a1a1:web  nginx\nb2b2b2b2b2b2:my app\n",
		},
		{
			"fish", `source ./capinspect; complete -C 'capinspect container:'`,
			"container:a1a1a1a1a1a1\tweb  nginx\ncontainer:b2b2b2b2b2b2\tmy app\n",
		},
	} {
		t.Run(shell.name, func(t *testing.T) {
			need.On(t, shell.name)
			dir := scriptFor(t, shell.name, "capinspect")
			flag := map[string]string{"zsh": "-f", "fish": "--no-config"}[shell.name]
			o := run(t, shell.name, flag, "-c", "cd "+dir+"\n"+shell.code)
			if o.stdout != shell.want || o.stderr != "" {
				t.Errorf("%+v, want %q", o, shell.want)
			}
		})
	}
}

// scriptFor writes the script of a shell to a file in a new folder.
func scriptFor(t *testing.T, shell, name string) (dir string) {
	t.Helper()
	o := call("", "completion", shell)
	if o.status != 0 || o.stderr != "" {
		t.Fatalf("%+v", o)
	}
	dir = t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(o.stdout), 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

// testInteractive completes the lines in a shell at a terminal. The shell is told
// setup first; the script is in a file of the given name, in its working directory.
func testInteractive(t *testing.T, shell, setup, file string) {
	name, _, _ := strings.Cut(shell, " ")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "script", "-qec", shell, "/dev/null")
	cmd.Dir = scriptFor(t, name, file)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + cmd.Dir, "TERM=dumb", "LC_ALL=C", "HISTFILE="}
	keys, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	screen, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	// The shell ends by itself, so that it writes nothing more when its folder goes.
	defer func() {
		fmt.Fprintln(keys, "exit")
		keys.Close()
		_, _ = io.Copy(io.Discard, screen)
		_ = cmd.Wait()
	}()
	lines := bufio.NewScanner(screen)
	fmt.Fprintf(keys, "PS1=; PS2=; stty -echo; capinspect() { echo; printf 'A:%%s ' \"$@\"; echo; }\n%s\ncapinspect ready\n", setup)
	seen := ""
	printed := func() []string {
		for lines.Scan() {
			seen += lines.Text() + "\n"
			if words, ok := strings.CutPrefix(lines.Text(), "A:"); ok {
				return strings.Split(strings.TrimSpace(words), " A:")
			}
		}
		t.Fatalf("%s ended: %v\n%q", shell, lines.Err(), seen)
		return nil
	}
	if got := printed(); !slices.Equal(got, []string{"ready"}) {
		t.Fatalf("%q\n%q", got, seen)
	}
	for _, c := range completions {
		seen = ""
		if _, err := io.WriteString(keys, "capinspect "+c.line+"\x14\n"); err != nil {
			t.Fatal(err)
		}
		got := printed()
		words := strings.Split(c.line, " ")
		last := words[len(words)-1]
		got = got[min(len(words)-1, len(got)):]
		if c.words == "" && (last == "" || slices.Equal(got, []string{last})) {
			continue // the line is as it was
		}
		if name == "zsh" { // in groups of the same help
			compareSorted(t, c.line, got, strings.Fields(c.words))
			continue
		}
		compareWords(t, c.line, got, strings.Fields(c.words))
	}
}

// compareSorted is compareWords where a shell has an order of its own.
func compareSorted(t *testing.T, line string, got, want []string) {
	t.Helper()
	slices.Sort(got)
	slices.Sort(want)
	compareWords(t, line, got, want)
}

// compareWords holds what the last word of a line was completed to. Bash inserts
// of the second and later ones the part behind "=" or ":" alone; zsh and fish
// leave a capability in lower case.
func compareWords(t *testing.T, line string, got, want []string) {
	t.Helper()
	same := len(got) == len(want)
	for i, word := range got {
		word = strings.TrimSuffix(word, "/")
		same = same && (strings.EqualFold(word, want[i]) || i > 0 && word != "" && strings.HasSuffix(want[i], "="+word) ||
			i > 0 && word != "" && strings.HasSuffix(want[i], ":"+word))
	}
	if !same {
		t.Errorf("%s: %q, want %q", line, got, want)
	}
}

// TestCompletionRows checks that the scripts complete every flag in the help, and
// the argument of every flag that takes one.
func TestCompletionRows(t *testing.T) {
	o := call("", "completion", "bash")
	rows := map[string][2]string{}
	for _, row := range regexp.MustCompile(`(?m)'(.*?)\|(.*?)\|(.*?)\|(.*)'( \\|\))$`).FindAllStringSubmatch(o.stdout, -1) {
		rows[row[1]+"|"+row[2]] = [2]string{row[3], strings.ReplaceAll(row[4], `'\''`, "'")}
	}
	flags := regexp.MustCompile(`(?m)^  (?:(-\w), |    )(--[\w-]+) ?(\S*) .*`)
	checked := 0
	for _, command := range commandNames(t) {
		if rows["|"+command][1] == "" {
			t.Errorf("no row of %s", command)
		}
		_, help, _ := strings.Cut(call("", command, "--help").stdout, "\nFlags:\n")
		help, _, _ = strings.Cut(help, "\nExamples:\n")
		for _, f := range flags.FindAllStringSubmatch(help, -1) {
			checked++
			word, argument := strings.TrimSpace(f[1]+" "+f[2]), f[3]
			row, ok := rows[command+"|"+word]
			switch {
			case !ok || row[1] == "":
				t.Errorf("%s: no row of %s", command, word)
			case (argument == "") != (row[0] == ""):
				t.Errorf("%s: %s takes %q, completed by %q", command, word, argument, row[0])
			case row[0] == "@" && !slices.Contains([]string{"N", "GLOB", "ID", "TIME", "VERSION", "NODE"}, argument):
				// The flag needs values that completion can offer. If nobody can
				// list them, its argument belongs to the exceptions above.
				t.Errorf("%s: completion offers nothing for %s of %s", command, argument, word)
			}
		}
	}
	if checked < 50 {
		t.Errorf("%d flags only", checked)
	}
}
