// SPDX-License-Identifier: Apache-2.0

package procstatus

import (
	"bytes"
	"strings"
)

// Container is who a task belongs to, as far as the paths of its cgroups tell.
// A path is what whoever made the cgroup called it: it names, and proves
// nothing. The strings may hold any bytes; whoever prints them escapes them.
type Container struct {
	// Runtime is what the path names: docker, containerd (nerdctl too), crio,
	// podman, kata, runc, crun, youki, buildkit, lxc, systemd-nspawn, garden,
	// mesos, apptainer or singularity. It is "" where the path names none, as of
	// Kubernetes and of containerd with the cgroupfs driver.
	Runtime string
	// ID is what the runtime calls the container: 64 hexadecimal digits, or
	// a name. It is "" if a pod's cgroup is named but no container in it, which
	// is where CRI-O puts its monitor.
	ID string
	// PodUID is the innermost Kubernetes pod around the container, as Kubernetes
	// writes it, with dashes; of a static pod 32 hexadecimal digits without.
	PodUID string
	// SandboxID is the pod's sandbox, which is a container of its own, and Name
	// what Kubernetes calls the container. Only mounts tell: see
	// [ContainerOfMounts].
	SandboxID, Name string
}

// ContainerOf returns the innermost container or pod that the text of a
// /proc/PID/cgroup names; ok is false if it names none. Where hierarchies
// disagree, the one that names a container counts, then the most deeply nested,
// then the one that names a runtime, then the longest path. Lines that
// [ParseCgroup] would refuse, as one that is cut short, are passed over.
//
// It is made to be called for each process of a node: nothing but the strings
// of the result is allocated.
//
// None is named where the reader's cgroup namespace begins at the container
// ("0::/"), by a zombie under cgroup version 1, and where a path has only a name
// that anything could have, as runc without a cgroupsPath and ctr make them. The
// monitors of containers (conmon, lxc.monitor, kata_overhead) are in none.
func ContainerOf(text []byte) (c Container, ok bool) {
	var best identity
	var before []byte
	for len(text) > 0 {
		row, rest, ended := bytes.Cut(text, newline)
		text = rest
		l, err := parseCgroupLine(row)
		if err != nil || !ended || bytes.Equal(l.path, before) {
			continue
		}
		before = l.path
		if found := identify(l.path); found.depth > 0 && found.beats(best) {
			best = found
		}
	}
	return best.container()
}

// ContainerOfPath is [ContainerOf] for one path, as a mount's root in a
// mountinfo of cgroup version 1.
func ContainerOfPath(path []byte) (c Container, ok bool) { return identify(path).container() }

// identity is what a path names; id and pod are parts of the path.
type identity struct {
	runtime string
	id, pod []byte
	depth   int // how many containers and pods are around the task
	length  int // of the whole path
	escaped bool
}

func (a identity) beats(b identity) bool {
	switch {
	case (a.id != nil) != (b.id != nil):
		return a.id != nil
	case a.depth != b.depth:
		return a.depth > b.depth
	case (a.runtime != "") != (b.runtime != ""):
		return a.runtime != ""
	}
	return a.length > b.length
}

func (a identity) container() (c Container, ok bool) {
	c = Container{Runtime: a.runtime, ID: string(a.id)}
	if a.escaped {
		c.ID = strings.ReplaceAll(c.ID, `\x2d`, "-")
	}
	var uid [36]byte
	for i, b := range a.pod[:min(len(a.pod), len(uid))] {
		if b == '_' {
			b = '-'
		}
		uid[i] = b
	}
	c.PodUID = string(uid[:len(a.pod)])
	return c, a.depth > 0
}

func (a *identity) enter(runtime string, id []byte) {
	a.runtime, a.id, a.escaped = runtime, id, false
	a.depth++
}

// identify walks a path from the outside inwards.
func identify(path []byte) identity {
	who := identity{length: len(path)}
	var grand, parent, name []byte
	for more := true; more; grand, parent = parent, name {
		name, path, more = bytes.Cut(path, slash)
		switch string(name) {
		case "", "..":
			continue
		case "lxc.monitor", "kata_overhead": // what watches containers, not what is in them
			return who
		}
		if uid := podUID(name); uid != nil {
			who.pod = uid
			who.enter("", nil)
			continue
		}
		who.machine(grand, parent, name)
		if who.within(grand, parent, name) || who.named(name) {
			name = nil // what a container is called makes no room
		} else if slice, unit, ok := bytes.Cut(name, colon); ok {
			who.triple(slice, unit)
		}
	}
	return who
}
