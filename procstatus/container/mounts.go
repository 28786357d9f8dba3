// SPDX-License-Identifier: Apache-2.0

package container

import (
	"strings"

	"github.com/capinspect/capinspect/procstatus"
)

// Evidence says where one member of a [Container] comes from.
type Evidence struct {
	What string // the member: "runtime", "id", "sandboxId", "name", "podUID" or "podId"
	From string // the source, such as "mount of /etc/hostname"; any bytes, whoever prints them has to escape them
	// Volume is true if From is a volume of a pod. A container that was started
	// inside the pod may have such a volume too.
	Volume bool
	// Shared is true if From is a file that a container started with --network
	// container:X has from X: the id may be that of X.
	Shared bool
}

// OfMounts returns the container that the mounts of a task tell of. It helps
// where the cgroup does not say, as in a cgroup namespace of its own. There is
// one Evidence for each member that is known, in the order of [Evidence.What],
// and none if the mounts name no container.
//
// Runtimes mount files of theirs at well-known places. The root of such a mount
// is the path of the file on the node, or only the end of that path if a part of
// it is a file system of its own. Apart from the volumes of a pod, only mounts at
// these places count: a node has the mounts of all its pods and is in none of
// them. Where mounts disagree about the id, a mounted cgroup counts first, then
// what runtimes mount from the container's own directory, then
// /run/.containerenv, then the other files. Of several mounts of one kind the
// last one counts, because it covers the others. Of mounted cgroups the one that
// [OfCgroup] would prefer counts, and two may contradict each other.
//
// The mounts of kubelet tell the pod, and /dev/termination-log also tells the
// name of the container. In a pod, the files that the runtime mounts at
// /etc/hostname and /etc/resolv.conf, and CRI-O's /run/.containerenv, belong to
// the sandbox and never to the container itself. If only a volume names a
// pod, the container may be one that was started inside the pod, and such a file
// counts only if it is on a volume of the pod itself. With --network container:X
// of docker and Podman these files are those of X, and so is the id that docker's
// tell; Podman's /run/.containerenv is the container's own.
func OfMounts(mounts []procstatus.Mount) (c Container, from []Evidence) {
	var m mounted
	groups := m.cgroups(mounts)
	for _, rule := range [...]func(*mounted, *procstatus.Mount){
		(*mounted).kubelet, (*mounted).volume, (*mounted).own, (*mounted).environment, (*mounted).file, (*mounted).nspawn, (*mounted).lxc, (*mounted).lxcRoot,
	} {
		for i := len(mounts) - 1; i >= 0; i-- {
			rule(&m, &mounts[i])
		}
	}
	for i := range m {
		if m[i].value != "" {
			from = append(from, Evidence{members[i], "mount of " + m[i].point, m[i].volume, m[i].shared})
		}
	}
	return Container{
		Runtime: m[ofRuntime].value, ID: m[ofID].value, SandboxID: m[ofSandbox].value, Name: m[ofName].value, PodUID: m[ofPod].value, PodID: m[ofPodman].value,
		OtherID: groups.OtherID, OtherPodUID: groups.OtherPodUID,
	}, from
}

// member is a member of a Container.
type member uint8

const (
	ofRuntime member = iota
	ofID
	ofSandbox
	ofName
	ofPod
	ofPodman
)

var members = [...]string{"runtime", "id", "sandboxId", "name", "podUID", "podId"}

// mounted is what is known so far, and the mount that told it. The first mount
// that tells a member counts.
type mounted [len(members)]struct {
	value, point   string
	volume, shared bool
}

func (m *mounted) learn(what member, value string, at *procstatus.Mount) {
	if m[what].value == "" && value != "" {
		m[what].value, m[what].point = value, at.Point
	}
}

// learnID takes an id, and the runtime that it belongs to unless another id is
// known already.
func (m *mounted) learnID(what member, id, runtime string, at *procstatus.Mount) {
	m.learn(what, id, at)
	if id != "" && m[what].value == id {
		m.learn(ofRuntime, runtime, at)
	}
}

// inPod reports whether the container is certainly one of a pod.
func (m *mounted) inPod() bool { return m[ofPod].value != "" && !m[ofPod].volume }

// nested reports whether something in a pod may have started the container, with
// a volume of the pod.
func (m *mounted) nested() bool { return m[ofPod].volume && m[ofName].value == "" }

// cgroups takes the mounted cgroups, and returns what they tell. Runtimes mount the
// container's cgroup with version 1, and with version 2 unless the container has a
// cgroup namespace.
func (m *mounted) cgroups(mounts []procstatus.Mount) Container {
	var best identity
	last := new(procstatus.Mount)
	for i := len(mounts) - 1; i >= 0; i-- {
		at := &mounts[i]
		if at.Type != "cgroup" && at.Type != "cgroup2" || at.Point != "/sys/fs/cgroup" && !strings.HasPrefix(at.Point, "/sys/fs/cgroup/") {
			continue
		}
		found := identify(at.Root)
		found.length = 0 // of two that count the same, the last one does
		if best.meet(found) {
			last = at
		}
	}
	found, _ := best.container()
	m.learn(ofRuntime, found.Runtime, last)
	m.learn(ofID, found.ID, last)
	m.learn(ofPod, found.PodUID, last)
	m.learn(ofPodman, found.PodID, last)
	return found
}

// own takes what a runtime mounts from the directory of the container itself: the
// /run/secrets of Podman and CRI-O, and the volumes of an image that containerd
// makes for Kubernetes, wherever they are.
func (m *mounted) own(at *procstatus.Mount) {
	path := tailOf(at.Root)
	secrets := tail{path[1], path[2], path[3], path[4]}
	switch {
	case at.Point == "/run/secrets" && path[0] == "secrets" && path[1] == "run":
		runtime := "podman"
		if m.inPod() {
			runtime = "crio"
		} else if m.nested() {
			runtime = "" // CRI-O, or Podman in a pod
		}
		m.learnID(ofID, secrets.userdata(), runtime, at)
	case path[1] == "volumes" && path[3] == "containers" && strings.HasPrefix(path[4], "io.containerd.") && hex64.fits(path[2]) &&
		!strings.Contains(at.Point, "/io.containerd."): // else it is that of a container whose root directory is mounted
		m.learnID(ofID, path[2], "containerd", at)
	}
}

// kubelet takes what kubelet mounts into every container of a pod.
func (m *mounted) kubelet(at *procstatus.Mount) {
	uid, path := podOf(at.Root)
	switch {
	case at.Point == "/etc/hosts" && path == "etc-hosts":
		m.learn(ofPod, uid, at)
	case at.Point == "/dev/termination-log":
		m.termination(uid, path, at)
	}
}

// termination takes containers/NAME/RANDOM in the directory of a pod, the file
// for the container's last message.
func (m *mounted) termination(uid, path string, at *procstatus.Mount) {
	path, ok := strings.CutPrefix(path, "containers/")
	if name, random, two := strings.Cut(path, "/"); ok && two && random != "" && !strings.Contains(random, "/") {
		m.learn(ofPod, uid, at)
		if m[ofPod].value == uid {
			m.learn(ofName, name, at)
		}
	}
}

// volume takes a volume of a pod, and the file of a terminationMessagePath other
// than the usual one, at any mount point. It skips kubelet's own mounts of them.
func (m *mounted) volume(at *procstatus.Mount) {
	uid, path := podOf(at.Root)
	if uid == "" || strings.Contains(at.Point, uid) {
		return
	}
	if m[ofPod].value == "" && (strings.HasPrefix(path, "volumes/") || strings.HasPrefix(path, "volume-subpaths/")) {
		m.learn(ofPod, uid, at)
		m[ofPod].volume = true
	}
	if m.termination(uid, path, at); m[ofName].value != "" {
		m[ofPod].volume = false // kubelet itself made the container
	}
}

// podOf returns the innermost pod whose directory, pods/UID of kubelet, is part
// of a path, and the rest of the path inside it.
func podOf(root string) (uid, rest string) {
	root = strings.TrimPrefix(strings.TrimSuffix(root, unlinked), "/")
	parent := "pods" // this directory may be a file system of its own
	for more := true; more; {
		var name string
		name, root, more = strings.Cut(root, "/")
		if parent == "pods" && isUID(name, '-') {
			uid, rest = name, root
		}
		parent = name
	}
	return uid, rest
}

// environment takes /run/.containerenv. Podman gives each container its own,
// CRI-O gives that of the sandbox to each container of a pod.
func (m *mounted) environment(at *procstatus.Mount) {
	path := tailOf(at.Root)
	switch id := path.userdata(); {
	case at.Point != "/run/.containerenv" || id == "" || m.nested():
	case m.inPod():
		m.learnID(ofSandbox, id, "crio", at)
	default:
		m.learnID(ofID, id, "podman", at)
	}
}

// file takes a file that a runtime makes for a container or, in a pod, for its
// sandbox.
func (m *mounted) file(at *procstatus.Mount) {
	file, ok := strings.CutPrefix(at.Point, "/etc/")
	path := tailOf(at.Root)
	if id := path.shared(file); at.Source == "kataShared" && id != "" {
		m.learnID(ofID, id, "kata", at)
	}
	if !ok || file != "hostname" && file != "hosts" && file != "resolv.conf" || path[0] != file {
		return
	}
	runtime, id, what := "", path[1], ofID
	if m.inPod() {
		what = ofSandbox
	}
	if within, _ := podOf(at.Root); m.nested() && within == "" {
		return // it is the sandbox's or that of a container inside the pod
	}
	switch {
	case path[2] == "sandboxes" && strings.HasPrefix(path[3], "io.containerd."):
		runtime, what = "containerd", ofSandbox
	case path[2] == "containers":
		runtime = "docker"
	case (path[3] == "containers" || path[3] == "etchosts") && path[5] == "nerdctl": // HASH/containers/NAMESPACE/ID
		runtime = "containerd"
	default: // Podman, Buildah or CRI-O
		if id = path.userdata(); what == ofSandbox {
			runtime = "crio"
		}
	}
	if !hex64.fits(id) {
		return
	}
	// Podman gives a container that shares the network of another one its own host name.
	shared := what == ofID && (runtime != "" || file != "hostname")
	if first := &m[ofID]; what == ofID && first.shared && !shared {
		first.value, first.shared = "", false
	}
	known := m[what].value != ""
	m.learnID(what, id, runtime, at)
	m[what].shared = m[what].shared || shared && !known
}

// nspawn takes the directory through which systemd-nspawn passes on mounts. It
// has another place before systemd 247.
func (m *mounted) nspawn(at *procstatus.Mount) {
	path := tailOf(at.Root)
	if (at.Point == "/run/host/incoming" || at.Point == "/run/systemd/nspawn/incoming") && path[1] == "propagate" && path[2] == "nspawn" {
		m.learnID(ofID, path[0], "systemd-nspawn", at)
	}
}

// lxc takes the boot id that LXC gives a container.
func (m *mounted) lxc(at *procstatus.Mount) {
	if at.Point == "/proc/sys/kernel/random/boot_id" && tailOf(at.Root)[0] == ".lxc-boot-id" && m[ofID].value == "" {
		m.learn(ofRuntime, "lxc", at)
	}
}

// lxcRoot takes the root directory of a container of LXC, in the usual place.
func (m *mounted) lxcRoot(at *procstatus.Mount) {
	path := tailOf(at.Root)
	if m[ofRuntime].value == "lxc" && at.Point == "/" && path[0] == "rootfs" && path[2] == "lxc" {
		m.learn(ofID, path[1], at)
	}
}

// unlinked is what the kernel adds to the root of a mount whose file was removed
// or replaced.
const unlinked = "//deleted"

// tail is the last parts of a path, the last one first.
type tail [6]string

func tailOf(root string) (t tail) {
	root = strings.TrimSuffix(root, unlinked)
	for n := range t {
		i := strings.LastIndexByte(root, '/')
		t[n] = root[i+1:]
		root = root[:max(i, 0)]
	}
	return t
}

// userdata returns the id in DRIVER-containers/ID/userdata/FILE, a path of
// containers/storage, which Podman, Buildah and CRI-O use.
func (t *tail) userdata() string {
	if t[1] != "userdata" || !hex64.fits(t[2]) || !strings.HasSuffix(t[3], "-containers") {
		return ""
	}
	return t[2]
}

// shared returns the id in ID-RANDOM-FILE, the name of a file that Kata passes
// on to the virtual machine. It is the id of the container itself, in a pod too.
func (t *tail) shared(file string) string {
	const id, random = 64, 16
	name, ok := strings.CutSuffix(t[0], "-"+file)
	if !ok || len(name) != id+1+random || !hex64.fits(name[:id]) || name[id] != '-' {
		return ""
	}
	return name[:id]
}
