// SPDX-License-Identifier: Apache-2.0

package place

import (
	"io/fs"
	"testing"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
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
