// SPDX-License-Identifier: Apache-2.0

// Package container tells which container a task is in, from the paths of its
// cgroups and from its mount table. It knows the names that docker, containerd,
// CRI-O, Podman, LXC, systemd-nspawn and others give to cgroups and files, and
// those of Kubernetes' kubelet.
//
// A cgroup path and a mount are named by whoever made them: they are a hint,
// never a proof. Someone who may make cgroups or mounts can imitate any
// container.
//
// # What it does not do
//
// It reads no file and asks no runtime. It does not tell the name or the
// namespace of a pod: no cgroup and no mount has them.
package container

import (
	"cmp"
	"strings"

	"github.com/capinspect/capinspect/procstatus"
)

// Container identifies a container. The strings may hold any bytes; whoever
// prints them has to escape them.
type Container struct {
	// Runtime is the runtime that the names belong to: docker, containerd (and
	// nerdctl), crio, podman, kata, runc, crun, youki, buildkit, lxc,
	// systemd-nspawn, garden, mesos, apptainer or singularity. It is "" if they
	// belong to no single one, as the paths that Kubernetes and containerd make
	// with the cgroupfs driver.
	Runtime string
	// ID is the runtime's id of the container: 64 hexadecimal digits, or a name.
	// It is "" if a pod is known but no container in it: CRI-O puts its monitor
	// directly into the pod's cgroup.
	ID string
	// PodUID is the uid of the innermost Kubernetes pod around the container, with
	// dashes as Kubernetes writes it. The uid of a static pod is 32 hexadecimal
	// digits without dashes.
	PodUID string
	// PodID is Podman's id of the pod of its own around the container.
	PodID string
	// SandboxID is the id of the pod's sandbox, which is a container of its own,
	// and Name is the name of the container in the pod. Only mounts tell them: see
	// [OfMounts].
	SandboxID, Name string
	// OtherID and OtherPodUID are what another source of the same weight tells in
	// place of ID and PodUID: the two contradict each other, and neither is certain.
	OtherID, OtherPodUID string
}

// OfCgroup returns the innermost container or pod that the text of a
// /proc/PID/cgroup names; ok is false if it names none. Where the hierarchies
// disagree, it prefers one that names a container, then the most deeply nested,
// then one that names a runtime, then the longest path. Two that are equally deep
// contradict each other if they name different containers or pods: see
// [Container.OtherID]. It skips malformed lines (see [procstatus.Cgroups]).
//
// It finds nothing if the reader's cgroup namespace starts at the container
// ("0::/"), for a zombie under cgroup version 1, and for a path that anything
// could have, as runc without a cgroupsPath and ctr make them. The monitors of
// containers (conmon, lxc.monitor, kata_overhead) are in none.
func OfCgroup(text []byte) (c Container, ok bool) {
	var best identity
	for line, err := range procstatus.Cgroups(text) {
		if err != nil {
			continue
		}
		best.meet(identify(line.Path))
	}
	return best.container()
}

// OfPath is [OfCgroup] for a single path: that of a [procstatus.Cgroup], or the
// root of a mounted cgroup file system.
func OfPath(path string) (c Container, ok bool) { return identify(path).container() }

// identity is what a path names.
type identity struct {
	runtime, id, pod string
	podID            string // of Podman
	depth            int    // how many containers and pods are around the task
	length           int    // of the whole path
	escaped          bool   // id has escapes of systemd

	otherID, otherPod string // what another path of the same weight names
}

// meet makes a the better of the two, and keeps what the other one contradicts. It
// reports whether b was the better one.
func (a *identity) meet(b identity) bool {
	better := b.depth > 0 && b.beats(*a)
	if a.depth == b.depth && (a.id != "") == (b.id != "") {
		one, two := a, &b
		if better {
			one, two = two, one
		}
		one.otherID = cmp.Or(contrary(one.id, two.id), one.otherID, two.otherID)
		one.otherPod = cmp.Or(contrary(one.pod, two.pod), one.otherPod, two.otherPod)
	}
	if better {
		*a = b
	}
	return better
}

// contrary returns what a second source tells, if it contradicts the first one.
func contrary(first, second string) string {
	if first == "" || first == second {
		return ""
	}
	return second
}

func (a *identity) beats(b identity) bool {
	switch {
	case (a.id != "") != (b.id != ""):
		return a.id != ""
	case a.depth != b.depth:
		return a.depth > b.depth
	case (a.runtime != "") != (b.runtime != ""):
		return a.runtime != ""
	}
	return a.length > b.length
}

func (a identity) container() (c Container, ok bool) {
	if a.depth == 0 {
		return c, false
	}
	dashes := strings.NewReplacer("_", "-").Replace
	c = Container{Runtime: a.runtime, ID: a.id, OtherID: a.otherID, PodID: a.podID, PodUID: dashes(a.pod), OtherPodUID: dashes(a.otherPod)}
	if a.escaped {
		c.ID = strings.ReplaceAll(c.ID, `\x2d`, "-")
	}
	return c, true
}

func (a *identity) enter(runtime, id string) {
	a.runtime, a.id, a.escaped = runtime, id, false
	a.depth++
}

// identify walks a path from the outside inwards.
func identify(path string) identity {
	who := identity{length: len(path)}
	var grand, parent string
	for name := range strings.SplitSeq(path, "/") {
		switch name {
		case "", "..":
			grand, parent = parent, name
			continue
		case "lxc.monitor", "kata_overhead": // these watch containers and are in none
			return who
		}
		if uid := podUID(name); uid != "" {
			who.pod = uid
			who.enter("", "")
		} else if id := podmanPod(name); id != "" {
			who.podID = id
		} else {
			who.machine(grand, parent, name)
			if who.within(grand, parent, name) || who.named(name) {
				name = "" // a container called "docker" or "lxc" is no directory of containers
			} else if slice, unit, ok := strings.Cut(name, ":"); ok {
				who.triple(slice, unit)
			}
		}
		grand, parent = parent, name
	}
	return who
}
