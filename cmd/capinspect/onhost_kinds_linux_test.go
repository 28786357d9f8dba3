// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// kinds is one of each.
var kinds = slices.Concat([]kind{
	dockerKind("docker/default", ""),
	dockerKind("docker/drop-all", "--cap-drop ALL"),
	dockerKind("docker/privileged", "--privileged"),
	dockerKind("docker/user", "--user 1000:5 --group-add 7 --cap-add NET_RAW --security-opt no-new-privileges"),
	dockerKind("docker/host-pid", "--pid host"),
	dockerKind("docker/unconfined", "--security-opt apparmor=unconfined --security-opt seccomp=unconfined"),
	dockerKind("docker/host-cgroup", "--cgroupns host"),
	dockerKind("docker/joins-network", "--network container:docker-default"),
	podmanKind("podman/default", nil, ""),
	podmanKind("podman/drop-all", nil, "--cap-drop ALL --user 1000:5 --security-opt no-new-privileges"),
	podmanKind("podman/privileged", nil, "--privileged"),
	podmanKind("podman/no-cgroup", nil, "--cgroups=disabled"),
	podmanKind("podman/pod", nil, "--pod new:pod1"),
	podmanKind("rootless/default", alice, ""),
	podmanKind("rootless/privileged", alice, "--privileged"),
	podmanKind("rootless/keep-id", alice, "--userns keep-id"),
	podmanKind("rootless/host-pid", alice, "--pid host"),
	podmanKind("rootless/pod", alice, "--pod new:pod1"),
	lxcKind("lxc/privileged", ""),
	lxcKind("lxc/unprivileged", "lxc.idmap = u 0 1000000 65536\nlxc.idmap = g 0 1000000 65536\n"),
	nspawnKind("nspawn/plain", ""),
	nspawnKind("nspawn/private-users", "-U"),
	unitKind("unit/dynamic-user", false, "DynamicUser=yes"),
	unitKind("unit/private-users", false, "PrivateUsers=yes"),
	unitKind("unit/private-users-alice", false, "PrivateUsers=yes", "User=alice"),
	unitKind("unit/ambient", false, "User=alice", "AmbientCapabilities=CAP_NET_BIND_SERVICE", "CapabilityBoundingSet=CAP_NET_BIND_SERVICE", "NoNewPrivileges=yes"),
	unitKind("unit/bounding", false, "CapabilityBoundingSet=CAP_NET_BIND_SERVICE CAP_NET_RAW"),
	unitKind("unit/groups", false, "User=bob", "Group=games", "SupplementaryGroups=adm tty"),
	unitKind("unit/filter", false, "SystemCallFilter=@system-service", "NoNewPrivileges=yes"),
	unitKind("unit/hardened", false, "DynamicUser=yes", "ProtectSystem=strict", "ProtectHome=yes", "PrivateDevices=yes", "ProtectKernelTunables=yes",
		"ProtectKernelModules=yes", "ProtectControlGroups=yes", "RestrictNamespaces=yes", "CapabilityBoundingSet=", "ProtectProc=invisible", "PrivateNetwork=yes"),
	unitKind("user-unit/default", true),
	unitKind("user-unit/private-users", true, "PrivateUsers=yes"),
	bwrapKind("bwrap/user", "--unshare-all --uid 1000"),
})

// endless is what runs in all of them.
var endless = []string{"/bin/sleep", "infinity"}

func dockerKind(name, flags string) kind {
	start := func(t *testing.T, name string) truth {
		network := []string{"--network", "none"}
		if strings.Contains(flags, "--network") {
			network = nil
		}
		tool(t, slices.Concat([]string{"docker", "run", "-d", "--name", name}, network, strings.Fields(flags), []string{"image"}, endless)...)
		var list []struct {
			ID              string
			AppArmorProfile string
			State           struct{ Pid int }
		}
		text := tool(t, "docker", "inspect", name)
		decode(t, text, &list)
		return truth{inspected: text, pid: list[0].State.Pid, runtime: "docker", id: list[0].ID, label: list[0].AppArmorProfile}
	}
	k := kind{name: name, start: start, inside: func(name string) []string { return []string{"docker", "exec", name} }}
	if strings.Contains(flags, "--pid host") {
		k.target = "self"
	}
	return k
}

func podmanKind(name string, user []string, flags string) kind {
	start := func(t *testing.T, name string) truth {
		tool(t, slices.Concat(user, []string{"podman", "run", "-d", "--network", "none", "--name", name}, strings.Fields(flags), []string{"image"}, endless)...)
		var list []struct {
			ID, Pod                     string
			AppArmorProfile             string
			State                       struct{ Pid int }
			BoundingCaps, EffectiveCaps []string
		}
		text := tool(t, slices.Concat(user, []string{"podman", "inspect", name})...)
		decode(t, text, &list)
		in := list[0]
		return truth{
			pid: in.State.Pid, runtime: "podman", id: in.ID, podID: in.Pod, label: in.AppArmorProfile,
			inspected: text, bounding: capNames(in.BoundingCaps), effective: capNames(in.EffectiveCaps), noCgroup: strings.Contains(flags, "--cgroups=disabled"),
		}
	}
	k := kind{name: name, start: start, inside: func(name string) []string { return slices.Concat(user, []string{"podman", "exec", name}) }}
	if strings.Contains(flags, "--pid host") {
		k.target = "self"
	}
	return k
}

// capNames returns names as capinspect writes them, an empty list for none.
func capNames(names []string) []string {
	list := []string{}
	for _, name := range names {
		list = append(list, strings.ToLower(name))
	}
	return list
}

func lxcKind(name, config string) kind {
	start := func(t *testing.T, name string) truth {
		root := copyRoot(t, "/var/lib/lxc/"+name+"/rootfs")
		if config != "" {
			tool(t, "chown", "-R", "1000000:1000000", root)
			tool(t, "chmod", "o+x", "/var/lib/lxc", filepath.Dir(root))
		}
		text := "lxc.uts.name = " + name + "\nlxc.rootfs.path = dir:" + root + "\nlxc.net.0.type = empty\nlxc.init.cmd = " + strings.Join(endless, " ") +
			"\nlxc.mount.auto = proc:mixed sys:mixed cgroup:mixed\nlxc.apparmor.profile = generated\n" + config
		if err := os.WriteFile(filepath.Join(filepath.Dir(root), "config"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		tool(t, "lxc-start", "-n", name)
		return truth{pid: number(t, tool(t, "lxc-info", "-n", name, "-p", "-H")), runtime: "lxc", id: name}
	}
	return kind{name: name, start: start, inside: func(name string) []string { return []string{"lxc-attach", "-n", name, "--"} }}
}

func nspawnKind(name, flags string) kind {
	start := func(t *testing.T, name string) truth {
		root := copyRoot(t, "/srv/"+name)
		tool(t, slices.Concat([]string{"systemd-run", "-q", "--unit", name, "systemd-nspawn", "-q", "-D", root, "-M", name}, strings.Fields(flags), endless)...)
		leader := ""
		for range 120 {
			if leader = run(t, "machinectl", "show", name, "-p", "Leader", "--value").stdout; strings.TrimSpace(leader) != "" {
				break
			}
			time.Sleep(time.Second / 2)
		}
		return truth{pid: settled(t, leader), runtime: "systemd-nspawn", id: name}
	}
	return kind{name: name, start: start}
}

func unitKind(name string, user bool, properties ...string) kind {
	var manager []string
	if user {
		manager = strings.Fields("--user --machine alice@")
	}
	var flags []string
	for _, p := range properties {
		flags = append(flags, "-p", p)
	}
	start := func(t *testing.T, name string) truth {
		tool(t, slices.Concat([]string{"systemd-run", "-q", "--unit", name}, manager, flags, endless)...)
		show := func(property string) string {
			return tool(t, slices.Concat([]string{"systemctl"}, manager, []string{"show", "--value", "-p", property, name})...)
		}
		is := truth{pid: settled(t, show("MainPID"))}
		if !user {
			is.bounding, is.ambient = strings.Fields(show("CapabilityBoundingSet")), strings.Fields(show("AmbientCapabilities"))
		}
		return is
	}
	inside := func(name string) []string {
		return slices.Concat([]string{"systemd-run", "-q", "--wait", "--pipe", "--collect", "--unit", name + "-inside"}, manager, flags)
	}
	return kind{name: name, start: start, inside: inside, target: "self"}
}

func bwrapKind(name, flags string) kind {
	line := slices.Concat([]string{"bwrap"}, strings.Fields("--ro-bind / / --dev /dev --proc /proc"), strings.Fields(flags))
	start := func(t *testing.T, name string) truth {
		tool(t, slices.Concat([]string{"systemd-run", "-q", "--unit", name, "--user", "--machine", "alice@"}, line, endless)...)
		for range 240 {
			out := run(t, "sh", "-c", "grep -lx sleep $(sed 's,^,/proc/,; s,$,/comm,' /sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service/app.slice/"+name+".service/cgroup.procs)").stdout
			if pid, err := strconv.Atoi(strings.TrimSuffix(strings.TrimPrefix(out, "/proc/"), "/comm\n")); err == nil {
				return truth{pid: pid, runtime: "?", id: "?"}
			}
			time.Sleep(time.Second / 2)
		}
		t.Fatal("not started")
		return truth{}
	}
	return kind{name: name, start: start, inside: func(string) []string { return slices.Concat(alice, line) }, target: "self"}
}

// settled waits until a process has come to execve, and returns its pid.
func settled(t *testing.T, text string) int {
	t.Helper()
	pid := number(t, text)
	for range 240 {
		if name, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/comm"); err == nil && string(name) == "sleep\n" {
			return pid
		}
		time.Sleep(time.Second / 4)
	}
	t.Fatal("pid", pid, "has not come to execve")
	return 0
}

// copyRoot gives a container the files of the image.
func copyRoot(t *testing.T, at string) string {
	t.Helper()
	if err := os.MkdirAll(at, 0o755); err != nil {
		t.Fatal(err)
	}
	tool(t, "cp", "-a", hostRoot+"/.", at)
	return at
}

func number(t *testing.T, text string) int {
	t.Helper()
	n, err := strconv.Atoi(strings.TrimSpace(text))
	if err != nil || n == 0 {
		t.Fatalf("%q: no pid: %v", text, err)
	}
	return n
}

func decode(t *testing.T, text string, into any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), into); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
}
