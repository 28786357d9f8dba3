// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/need"
)

// TestWhySysctlsInside asks from within user namespaces whether a sysctl can be written, and
// then writes to it what is in it.
func TestWhySysctlsInside(t *testing.T) {
	need.On(t, "root", "unshare", "setpriv")
	user := []string{"setpriv", "--reuid", "1000", "--regid", "1000", "--clear-groups"}
	count := map[bool]int{}
	for _, before := range [][]string{
		{"env"},
		user,
		{"setpriv", "--bounding-set=-all"},
		{"unshare", "-Ur"},
		{"unshare", "-Uri"},
		{"unshare", "-Urn"},
		{"unshare", "-U", "--map-user=1000"},
		{"unshare", "-Ur", "unshare", "-U", "--map-user=5"},
		append(user, "unshare", "-Ur"),
		append(user, "unshare", "-Uri"),
		append(user, "unshare", "-Urn"),
		append(user, "unshare", "-Ur", "unshare", "-Uri"),
	} {
		for _, name := range []string{"vm/swappiness", "kernel/shmmax", "fs/mqueue/msg_max", "net/ipv4/ip_default_ttl", "net/ipv4/ip_forward", "kernel/dmesg_restrict", "user/max_uts_namespaces"} {
			path := "/proc/sys/" + name
			command := append(slices.Clone(before), built(t), "why", path)
			answer := run(t, command[0], command[1:]...)
			write := append(slices.Clone(before), "sh", "-c", `text=$(cat "$0") && echo "$text" >"$0"`, path)
			works := exec.Command(write[0], write[1:]...).Run() == nil
			if answer.status > 1 || works != (answer.status == 0) {
				t.Errorf("%s: %s can be written: %v\n%s%s", strings.Join(before, " "), name, works, answer.stdout, answer.stderr)
			}
			count[works]++
		}
	}
	if count[true] == 0 || count[false] == 0 {
		t.Errorf("nothing is compared: %v", count)
	}
}

// TestWhyUnmapped gives a file to an id that the user namespace maps or not.
func TestWhyUnmapped(t *testing.T) {
	need.On(t, "root", "unshare")
	for _, before := range [][]string{{"env"}, {"unshare", "-Ur"}} {
		file := filepath.Join(t.TempDir(), "file")
		command := append(slices.Clone(before), "sh", "-c", `touch "$0" && chown 1000 "$0"`, file)
		given := run(t, command[0], command[1:]...)
		command = append(slices.Clone(before), built(t), "why", "chown")
		answer := run(t, command[0], command[1:]...)
		if says := strings.Contains(answer.stdout, "(unmapped)"); says != strings.Contains(given.stderr, "Invalid argument") {
			t.Errorf("%v: %q\n%s%s", before, given.stderr, answer.stdout, answer.stderr)
		}
	}
}
