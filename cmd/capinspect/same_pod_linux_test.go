// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/need"
)

// TestSamePod holds that the host name of a task that capinspect may not trace is known if
// both are in one pod, as in a debug container, and not if they are in two.
func TestSamePod(t *testing.T) {
	need.On(t, "root", "unshare", "setpriv")
	const script = `hostname shop-1 && mount --bind "$1" /etc/hosts || exit
		unshare -m sleep 60 & target=$!
		until [ "$(readlink /proc/$target/ns/mnt)" != "$(readlink /proc/self/ns/mnt)" ]; do :; done
		unshare -m sh -c 'mount --bind "$2" /etc/hosts; exec setpriv --reuid 4711 --regid 4711 --clear-groups --bounding-set -all "$0" --json "$1"' "$CAPINSPECT" $target "$2"
		kill $target`
	dir := t.TempDir()
	hosts := func(uid string) string {
		path := filepath.Join(dir, "pods", uid, "etc-hosts")
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	const one, other = "22fd933a-ee61-46bd-93ae-ebace73c1160", "8e18d5f1-1421-42b7-8151-fb1c3be4bd4d"
	for own, want := range map[string]string{one: "shop-1", other: ""} {
		cmd := exec.Command("unshare", "--uts", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child", "sh", "-c", script, "sh", hosts(one), hosts(own))
		cmd.Env = append(os.Environ(), "CAPINSPECT="+built(t))
		out, err := cmd.Output()
		var report struct {
			Tasks []struct {
				Container struct {
					PodUID   string
					Hostname *string
					Evidence []string
				}
				Unknown map[string]string
			}
		}
		if err := errors.Join(err, json.Unmarshal(out, &report)); err != nil || len(report.Tasks) != 1 || report.Tasks[0].Container.PodUID != one {
			t.Fatalf("%v: %s", err, out)
		}
		in := report.Tasks[0].Container
		said := slices.Contains(in.Evidence, "hostname: hostname of capinspect, which is in the same pod")
		if named := in.Hostname != nil && *in.Hostname == want; named != (want != "") || said != named || named == (report.Tasks[0].Unknown["container.hostname"] != "") {
			t.Errorf("in pod %s: %+v", own, in)
		}
	}
}
