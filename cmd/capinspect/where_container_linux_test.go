// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/need"
)

const (
	insidePasswd = "root:x:0:0::/:/bin/sh\nservice:x:1000:1000::/:/bin/sh\n"
	insideGroup  = "root:x:0:\nservice:x:1000:\nlogs:x:4:\n"
)

// prepareNames puts the files of names into a root.
func prepareNames(root string) error {
	return errors.Join(
		os.WriteFile(filepath.Join(root, "etc/passwd"), []byte(insidePasswd), 0o644),
		os.WriteFile(filepath.Join(root, "etc/group"), []byte(insideGroup), 0o644))
}

// TestRuncUserNamespace looks at a container with a user namespace of several
// extents, from the host and from the inside.
func TestRuncUserNamespace(t *testing.T) {
	if testing.Short() {
		t.Skip("starts containers")
	}
	need.On(t, "root", "runc")
	// As a pod with hostUsers: false: what is uid 1000 in there is 101000 here.
	spec := map[string]any{
		"process": map[string]any{"user": map[string]any{"uid": 1000, "gid": 1000, "additionalGids": []int{4}}},
		"linux": map[string]any{
			"namespaces":  namespacesOf("pid", "ipc", "uts", "mount", "network", "user"),
			"uidMappings": []any{mapping(0, 100000, 5000), mapping(5000, 300000, 60536)},
			"gidMappings": []any{mapping(0, 200000, 65536)},
		},
	}
	patch, err := json.Marshal(spec)
	if err != nil {
		t.Fatal(err)
	}
	name := startRunc(t, string(patch), prepareNames)
	o := run(t, "runc", "state", name)
	var state struct{ Pid int }
	if err := json.Unmarshal([]byte(o.stdout), &state); err != nil {
		t.Fatal(err, o)
	}

	p := placeOf(t, run(t, built(t), "--json", strconv.Itoa(state.Pid)))
	ns := p.UserNamespace
	if ns == nil || text(ns.ID) != inodeOf(t, state.Pid, "user") || text(ns.Initial) != "false" ||
		!slices.Equal(ns.UIDMap, []extent{{0, 100000, 5000}, {5000, 300000, 60536}}) || !slices.Equal(ns.GIDMap, []extent{{0, 200000, 65536}}) {
		t.Errorf("from the host: %+v", ns)
	}
	if text(p.UID.Real) != "101000" || text(p.UID.HostReal) != "101000" || text(p.UID.RealName) != "service" ||
		text(p.GID.Effective) != "201000" || text(p.GID.EffectiveName) != "service" {
		t.Errorf("from the host: uid %s (%s), gid %s (%s), %v", text(p.UID.Real), text(p.UID.RealName), text(p.GID.Effective), text(p.GID.EffectiveName), p.Unknown)
	}
	o = run(t, built(t), strconv.Itoa(state.Pid))
	for _, want := range []string{
		"\nuid=101000(service) euid=101000(service)\ngid=201000(service)\ngroups=200004(logs)\n",
		"\n uid map to capinspect's: 0-4999 are 100000-104999, 5000-65535 are 300000-360535\n gid map to capinspect's: 0-65535 are 200000-265535\n",
	} {
		if !strings.Contains(o.stdout, want) {
			t.Errorf("from the host: no %q in %s", want, o.stdout)
		}
	}

	o = run(t, "runc", "exec", name, "/capinspect", "--json", "1")
	p = placeOf(t, o)
	if ns := p.UserNamespace; ns == nil || text(ns.Initial) != "false" || !slices.Equal(ns.UIDMap, []extent{{0, 100000, 5000}, {5000, 300000, 60536}}) {
		t.Errorf("from the inside: %+v", ns)
	}
	if text(p.UID.Real) != "1000" || text(p.UID.HostReal) != "null" || text(p.UID.RealName) != "service" || text(p.GID.RealName) != "service" {
		t.Errorf("from the inside: %+v %+v %v", p.UID, p.GID, p.Unknown)
	}
}

func mapping(inside, outside, size int) map[string]int {
	return map[string]int{"containerID": inside, "hostID": outside, "size": size}
}

func namespacesOf(kinds ...string) (list []map[string]string) {
	for _, kind := range kinds {
		list = append(list, map[string]string{"type": kind})
	}
	return list
}

// TestDockerPlace looks at a container of docker that is laid out as a pod, from
// the host and from the inside, where its cgroup says nothing.
func TestDockerPlace(t *testing.T) {
	if testing.Short() {
		t.Skip("starts containers")
	}
	need.On(t, "root", "docker")
	const uid = "0f2b4c6d-8e9f-4a1b-9c3d-5e7f90123456"
	dir := t.TempDir()
	pod := filepath.Join(dir, "pods", uid)
	account := filepath.Join(pod, "volumes/kubernetes.io~projected/token")
	err := errors.Join(
		os.MkdirAll(filepath.Join(account, "..2026"), 0o755), os.MkdirAll(filepath.Join(dir, "etc"), 0o755), prepareNames(dir),
		os.WriteFile(filepath.Join(pod, "etc-hosts"), []byte("127.0.0.1 localhost\n"), 0o644),
		os.WriteFile(filepath.Join(account, "..2026/namespace"), []byte("shop"), 0o644),
		os.Symlink("..2026", filepath.Join(account, "..data")), // as kubelet lays it out
		os.Symlink("..data/namespace", filepath.Join(account, "namespace")),
	)
	if err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf("capinspect-test-%d-place", os.Getpid())
	plain := buildImage(t)
	image := buildHolderImage(t, plain)
	t.Cleanup(func() { run(t, "docker", "rm", "-f", name) })
	id := strings.TrimSpace(string(docker(t, "run", "-d", "--network", "none", "--name", name, "--cgroupns", "private", "--hostname", "web-0",
		"--user", "1000:1000", "-v", pod+"/etc-hosts:/etc/hosts", "-v", account+":/var/run/secrets/kubernetes.io/serviceaccount:ro",
		"-v", dir+"/etc/passwd:/etc/passwd:ro", "-v", dir+"/etc/group:/etc/group:ro", image)))
	pid, err := strconv.Atoi(strings.TrimSpace(string(docker(t, "inspect", "-f", "{{.State.Pid}}", name))))
	if err != nil {
		t.Fatal(err)
	}
	awaitComm(t, pid, "holder")

	// An ephemeral container that targets it has its pids and not its mounts: what is below
	// the target's root cannot be known to answer there.
	beside := placeOf(t, run(t, "docker", "run", "--rm", "--network", "none", "--pid", "container:"+name, "--user", "1000:1000", plain, "--json", "1"))
	if why := beside.Unknown["uid.realName"]; text(beside.UID.RealName) != "null" || !strings.HasSuffix(why, "which may never answer: capinspect's own mount table does not have it") {
		t.Errorf("from beside: %s, %v", text(beside.UID.RealName), beside.Unknown)
	}
	for from, o := range map[string]outcome{
		"the host":   run(t, built(t), "--json", strconv.Itoa(pid)),
		"the inside": run(t, "docker", "exec", name, "/capinspect", "--json", "1"),
	} {
		p := placeOf(t, o)
		c := p.Container
		if c == nil {
			t.Fatalf("from %s: no container, %v", from, p.Unknown)
		}
		wantID := id // the cgroup's
		if from == "the inside" {
			wantID = "null" // what the mounts tell is a sandbox's
		}
		if text(c.Runtime) != "docker" || text(c.ID) != wantID || text(c.SandboxID) != id || text(c.PodUID) != uid || text(c.PodName) != "null" || text(c.Hostname) != "web-0" || text(c.PodNamespace) != "shop" {
			t.Errorf("from %s: runtime %s, id %s, sandbox %s, pod %s %s/%s, host name %s, %v", from, text(c.Runtime), text(c.ID), text(c.SandboxID),
				text(c.PodUID), text(c.PodNamespace), text(c.PodName), text(c.Hostname), c.Evidence)
		}
		if text(p.UID.RealName) != "service" || text(p.GID.RealName) != "service" {
			t.Errorf("from %s: %v", from, p.Unknown)
		}
		if !slices.Equal(p.Profile, []string{"docker", "containerd", "podman-old"}) {
			t.Errorf("from %s: %v", from, p.Profile)
		}
	}
}
