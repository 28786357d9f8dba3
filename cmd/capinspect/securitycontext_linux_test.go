// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/need"
)

// randomDockerFlags returns flags of docker run that change what a container has.
func randomDockerFlags(random *rand.Rand, most capset.Set) (flags []string) {
	known := slices.Collect(most.Caps())
	some := func(flag string, n int) {
		for range random.IntN(n) {
			flags = append(flags, flag, known[random.IntN(len(known))].Kubernetes())
		}
	}
	if random.IntN(3) == 0 {
		flags = append(flags, "--cap-drop", "ALL")
	}
	some("--cap-drop", 5)
	some("--cap-add", 6)
	users := [...]string{"", "", "0", "0:5", "1000", "1000:1000", "4242:77", "65534:65534", "2147483647:2147483647"}
	if user := users[random.IntN(len(users))]; user != "" {
		flags = append(flags, "--user", user)
	}
	for range random.IntN(4) {
		flags = append(flags, "--group-add", strconv.Itoa(random.IntN(9)*100))
	}
	for _, words := range [...]string{"--security-opt no-new-privileges", "--read-only", "--security-opt seccomp=unconfined", "--security-opt systempaths=unconfined", "--ipc host"} {
		if random.IntN(2) == 0 {
			flags = append(flags, strings.Fields(words)...)
		}
	}
	return flags
}

// flagsOf returns the flags that stand below the comments.
func flagsOf(t *testing.T, o outcome) []string {
	t.Helper()
	if o.status != 0 || o.stderr != "" {
		t.Fatalf("%+v", o)
	}
	lines := strings.Split(strings.TrimSuffix(o.stdout, "\n"), "\n")
	for i, line := range lines {
		if comment := strings.HasPrefix(line, "# "); comment != (i < len(lines)-1) {
			t.Fatalf("line %d of %q", i, lines)
		}
	}
	return strings.Fields(lines[len(lines)-1])
}

// onlyNotCompared matches what diff says of two containers between which nothing differs.
var onlyNotCompared = regexp.MustCompile(`^.* no difference in what is compared\nNot compared: namespaces \(each is in its own: [a-z, ]+\);( seccomp\.rules \([a-z ]+\);)? securebits \([a-z ]+\)\n$`)

// TestSecurityContextRoundTrip starts containers with random flags, asks from outside
// and from inside with which flags docker gives what they have, starts others with
// these, and holds that nothing differs.
func TestSecurityContextRoundTrip(t *testing.T) {
	if testing.Short() {
		t.Skip("starts containers")
	}
	need.On(t, "root", "docker")
	random, image := random(t), buildHolderImage(t, buildImage(t))
	most := own() & capset.UpTo(capset.AuditRead) // docker 20.10 of Debian has no names for those since
	start := func(t *testing.T, name string, flags []string) string {
		t.Cleanup(func() { run(t, "docker", "rm", "-f", name) })
		docker(t, slices.Concat([]string{"run", "-d", "--network", "none", "--name", name}, flags, []string{image})...)
		for deadline := time.Now().Add(20 * time.Second); string(docker(t, "logs", name)) != "ready\n"; {
			if time.Now().After(deadline) {
				t.Fatal("the container is not ready")
			}
		}
		return strings.TrimSpace(string(docker(t, "inspect", "-f", "{{.State.Pid}}", name)))
	}
	t.Run("containers", func(t *testing.T) {
		for i := range 18 {
			flags := randomDockerFlags(random, most)
			t.Run(strconv.Itoa(i), func(t *testing.T) {
				t.Parallel()
				name := fmt.Sprintf("capinspect-test-%d-context-%d", os.Getpid(), i)
				first := start(t, name, flags)
				asked := flagsOf(t, run(t, built(t), "securitycontext", "-o", "docker", "-p", first))
				inside := flagsOf(t, run(t, "docker", "exec", name, "/capinspect", "securitycontext", "-o", "docker", "-p", "1"))
				if !slices.Equal(asked, inside) {
					t.Errorf("%v: from outside %v, from inside %v", flags, asked, inside)
				}
				second := start(t, name+"-again", asked)
				if o := run(t, built(t), "diff", first, second); o.status != 0 || o.stderr != "" || !onlyNotCompared.MatchString(o.stdout) {
					t.Errorf("%v, and then %v: %+v", flags, asked, o)
				}
				// diff does not know of the root mount.
				if again := flagsOf(t, run(t, built(t), "securitycontext", "-o", "docker", second)); !slices.Equal(asked, again) {
					t.Errorf("%v: %v, of the second %v", flags, asked, again)
				}
				if slices.Contains(flags, "--read-only") != slices.Contains(asked, "--read-only") {
					t.Errorf("%v: %v", flags, asked)
				}
			})
		}
	})
}

// TestSecurityContextUserNamespace derives ids of a task in a user namespace from
// outside of it, from the inside, and by another user, who may not see which one it is.
func TestSecurityContextUserNamespace(t *testing.T) {
	need.On(t, "root", "nsenter", "setpriv")
	pid := holderBelow(t, syscall.Credential{Uid: 5, Gid: 6, Groups: []uint32{6, 7}})
	for name, how := range map[string][]string{
		"outside": {}, "inside": {"nsenter", "-U", "-t", pid}, "another user": {"setpriv", "--reuid", "4242", "--clear-groups"},
		"another user inside": {"nsenter", "-U", "-t", pid, "-S", "42", "-G", "42"},
	} {
		args := slices.Concat(how, []string{built(t), "securitycontext", "-o", "docker", "-p", pid})
		o := run(t, args[0], args[1:]...)
		if got := strings.Join(flagsOf(t, o), " "); !strings.Contains(got, " --user 5:6 --group-add 7") {
			t.Errorf("%s: %s", name, o.stdout)
		}
	}
}

// TestSecurityContextCodes holds that docs/manifests.md and the schema list the code of
// every comment, and the schema no other.
func TestSecurityContextCodes(t *testing.T) {
	text, found := guide(t, "docs/manifests.md"), []string{"changing", "overflow-id"} // which are those of notes
	for _, code := range codesIn(t, `\.comment\([a-zA-Z]+, (?:key\+)?`, "internal/securitycontext") {
		for _, key := range map[bool][]string{true: {"uid", "gid"}, false: {""}}[code[0] == '-'] {
			if found = append(found, key+code); !strings.Contains(text, "`"+key+code+"`") {
				t.Errorf("docs/manifests.md does not list the comment %s", key+code)
			}
		}
	}
	schema, err := schemaText()
	if err != nil {
		t.Fatal(err)
	}
	found = slices.DeleteFunc(found, func(code string) bool { return strings.HasPrefix(code, "label-") }) // JSON has no label
	slices.Sort(found)
	listed := codes(schema.(map[string]any)["$defs"].(map[string]any)["comment"])
	if found = slices.Compact(found); !slices.Equal(listed, found) || len(found) < 30 {
		t.Errorf("the schema has %q, the sources %q", listed, found)
	}
}
