// SPDX-License-Identifier: Apache-2.0

package place

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
	"github.com/capinspect/capinspect/procstatus"
	"github.com/capinspect/capinspect/procstatus/container"
)

// texts are files, by their paths.
type texts map[string]string

func (t texts) Read(path string, limit int) ([]byte, error) {
	text, ok := t[path]
	if !ok || len(text) > limit {
		return nil, fs.ErrNotExist
	}
	return []byte(text), nil
}

func (t texts) Exists(path string) bool { _, ok := t[path]; return ok }

// TestMark holds which files tell the runtime, and that they tell no other word.
func TestMark(t *testing.T) {
	const pod = "22fd933a-ee61-46bd-93ae-ebace73c1160"
	for _, test := range []struct {
		cause         string
		files         texts
		in            container.Container
		runtime, from string
	}{
		{"nothing", texts{}, container.Container{}, "", ""},
		{"docker", texts{".dockerenv": ""}, container.Container{}, "docker", "/.dockerenv"},
		{"podman", texts{"run/.containerenv": ""}, container.Container{}, "podman", "/run/.containerenv"},
		{"CRI-O's file, in a pod", texts{"run/.containerenv": ""}, container.Container{PodUID: pod}, "", ""},
		{"nspawn", texts{"run/host/container-manager": "systemd-nspawn\n"}, container.Container{}, "systemd-nspawn", "/run/host/container-manager"},
		{"systemd in LXC", texts{"run/systemd/container": "lxc"}, container.Container{}, "lxc", "/run/systemd/container"},
		{"docker, with systemd", texts{".dockerenv": "", "run/systemd/container": "lxc"}, container.Container{}, "docker", "/.dockerenv"},
		{"a word of anyone", texts{"run/systemd/container": "\x1b[31mbox"}, container.Container{}, "", ""},
		{"an empty file", texts{"run/systemd/container": ""}, container.Container{}, "", ""},
		{"a runtime that is known already", texts{".dockerenv": ""}, container.Container{Runtime: "containerd"}, "containerd", ""},
	} {
		found := &task.Container{Container: test.in}
		mark(found, test.files)
		from := ""
		if len(found.Evidence) > 0 {
			from = found.Evidence[0].From
		}
		if found.Runtime != test.runtime || from != test.from {
			t.Errorf("%s: %q from %q, want %q from %q", test.cause, found.Runtime, from, test.runtime, test.from)
		}
	}
}

// TestNodesMarker holds that the file of an image from which a node was installed tells
// nothing about a task that has the node's root directory and a cgroup namespace.
func TestNodesMarker(t *testing.T) {
	const (
		node  = "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
		other = "22 1 0:44 / / rw - overlay overlay rw\n"
		below = "22 1 8:1 /srv/box / rw - ext4 /dev/sda1 rw\n"
		twice = node + "90 22 0:44 / / rw - overlay overlay rw\n"
	)
	dir := t.TempDir()
	for path, text := range map[string]string{
		"1/mountinfo": node, "2/status": "State:\tS (sleeping)\nKthread:\t1\n", "9/cgroup": "0::/\n",
	} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, path)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, path), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	proc, err := procstatus.OpenFS(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer proc.Close()
	for _, test := range []struct{ cause, mounts, runtime string }{
		{"the node's root", node, ""},
		{"another file system", other, "docker"},
		{"a directory of the node", below, "docker"},
		{"a root over the node's", twice, "docker"},
	} {
		mounts, err := procstatus.ParseMounts([]byte(test.mounts))
		if err != nil {
			t.Fatal(err)
		}
		var all task.Namespaces
		all[procstatus.NamespaceCgroup].ID = task.Known(uint64(1))
		of := &task.Task{Namespaces: task.Known(all)}
		New(proc, true).Container(proc.Task(9), of, mounts, nil, Files{Files: texts{".dockerenv": ""}})
		if got := of.Runtime(); got != test.runtime {
			t.Errorf("%s: %q, want %q", test.cause, got, test.runtime)
		}
	}
}
