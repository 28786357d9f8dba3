// SPDX-License-Identifier: Apache-2.0

package procstatus

import "strings"

// Evidence is what one member of a Container was concluded from.
type Evidence struct {
	What string // "runtime", "id", "sandboxId", "name" or "podUID"
	From string // as "mount of /etc/hostname"; any bytes, whoever prints them escapes them
	// Volume says that it is a volume of a pod, which a container that something in
	// the pod has made may have too.
	Volume bool
}

// ContainerOfMounts returns the container that the mounts of a task tell of,
// for where its cgroup does not, as in a cgroup namespace of its own. from has
// one line for each member that is known, in the order of [Evidence.What], and is
// empty if there is none. A mount names, and proves nothing: who may mount can
// make any of them.
//
// Runtimes mount files of theirs at well-known places, and the root of such a
// mount is the path of the file on the node, or only the end of it where a part
// of that path is a file system of its own. Only mounts at these places count,
// but for the volumes of a pod, so that a node, which has the mounts of all its
// pods, is in none. Where mounts disagree, the id is that of a mounted cgroup,
// else of /run/.containerenv, else of the other files; of mounts of one kind the
// last counts, which covers those before it.
//
// What kubelet mounts tells the pod, and /dev/termination-log the name of the
// container. What a runtime mounts at /etc/hostname, /etc/resolv.conf and, CRI-O,
// at /run/.containerenv is the sandbox's in a pod, and never the container's own.
// Where a volume alone tells of a pod, the container may be one that was made inside
// of it, and such a file tells only if it is on a volume of the pod itself.
// With --network container:X of docker and Podman these files, but for Podman's
// /run/.containerenv, are those of X, and so is then the id that docker's tell.
func ContainerOfMounts(mounts []Mount) (c Container, from []Evidence) {
	var m mounted
	for _, rule := range [...]func(*mounted, *Mount){
		(*mounted).cgroup, (*mounted).kubelet, (*mounted).volume, (*mounted).environment, (*mounted).file, (*mounted).nspawn,
	} {
		for i := len(mounts) - 1; i >= 0; i-- {
			rule(&m, &mounts[i])
		}
	}
	for i := range m {
		if m[i].value != "" {
			from = append(from, Evidence{members[i], "mount of " + m[i].point, m[i].volume})
		}
	}
	return Container{
		Runtime: m[ofRuntime].value, ID: m[ofID].value, SandboxID: m[ofSandbox].value, Name: m[ofName].value, PodUID: m[ofPod].value,
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
)

var members = [...]string{"runtime", "id", "sandboxId", "name", "podUID"}

// mounted is what mounts told so far, and where the mount is. The first that
// tells something counts.
type mounted [len(members)]struct {
	value, point string
	volume       bool
}

func (m *mounted) say(what member, value string, at *Mount) {
	if m[what].value == "" && value != "" {
		m[what].value, m[what].point = value, at.Point
	}
}

// belongs takes an id, and, unless another one is known, whose it is.
func (m *mounted) belongs(what member, id, runtime string, at *Mount) {
	m.say(what, id, at)
	if id != "" && m[what].value == id {
		m.say(ofRuntime, runtime, at)
	}
}

// inPod reports whether the container is one of a pod, and nested whether it may be
// one that something in a pod has made, with a volume of the pod.
func (m *mounted) inPod() bool { return m[ofPod].value != "" && !m[ofPod].volume }

func (m *mounted) nested() bool { return m[ofPod].volume && m[ofName].value == "" }

// cgroup takes a cgroup that is mounted by itself, as runtimes do with version 1,
// and with version 2 unless the container has a cgroup namespace.
func (m *mounted) cgroup(at *Mount) {
	if at.Type != "cgroup" && at.Type != "cgroup2" || at.Point != "/sys/fs/cgroup" && !strings.HasPrefix(at.Point, "/sys/fs/cgroup/") {
		return
	}
	if found, ok := ContainerOfPath([]byte(at.Root)); ok {
		m.say(ofRuntime, found.Runtime, at)
		m.say(ofID, found.ID, at)
		m.say(ofPod, found.PodUID, at)
	}
}

// kubelet takes what kubelet mounts into every container of a pod.
func (m *mounted) kubelet(at *Mount) {
	uid, path := podOf(at.Root)
	switch {
	case at.Point == "/etc/hosts" && path == "etc-hosts":
		m.say(ofPod, uid, at)
	case at.Point == "/dev/termination-log":
		m.called(uid, path, at)
	}
}

// called takes containers/NAME/RANDOM in the directory of a pod.
func (m *mounted) called(uid, path string, at *Mount) {
	path, ok := strings.CutPrefix(path, "containers/")
	if name, random, two := strings.Cut(path, "/"); ok && two && random != "" && !strings.Contains(random, "/") {
		m.say(ofPod, uid, at)
		if m[ofPod].value == uid {
			m.say(ofName, name, at)
		}
	}
}

// volume takes a volume of the pod, and a terminationMessagePath that is not the
// usual one, wherever they are mounted, but not what kubelet mounts for itself.
func (m *mounted) volume(at *Mount) {
	uid, path := podOf(at.Root)
	if uid == "" || strings.Contains(at.Point, uid) {
		return
	}
	if m[ofPod].value == "" && (strings.HasPrefix(path, "volumes/") || strings.HasPrefix(path, "volume-subpaths/")) {
		m.say(ofPod, uid, at)
		m[ofPod].volume = true
	}
	if m.called(uid, path, at); m[ofName].value != "" {
		m[ofPod].volume = false // that is kubelet's
	}
}

// podOf returns the innermost pod whose directory a path leads through, which
// is pods/UID of kubelet's, and the rest of the path in there.
func podOf(root string) (uid, rest string) {
	root = strings.TrimPrefix(strings.TrimSuffix(root, unlinked), "/")
	parent := "pods" // it may be a file system of its own
	for more := true; more; {
		var name string
		name, root, more = strings.Cut(root, "/")
		if parent == "pods" && isUID([]byte(name), '-') {
			uid, rest = name, root
		}
		parent = name
	}
	return uid, rest
}

// environment takes the file that Podman puts into each container, and CRI-O
// those of the sandbox into each container of it.
func (m *mounted) environment(at *Mount) {
	path := tailOf(at.Root)
	switch id := path.userdata(); {
	case at.Point != "/run/.containerenv" || id == "" || m.nested():
	case m.inPod():
		m.belongs(ofSandbox, id, "crio", at)
	default:
		m.belongs(ofID, id, "podman", at)
	}
}

// file takes one of the files that runtimes make for a container, or, in a pod,
// for its sandbox.
func (m *mounted) file(at *Mount) {
	file, ok := strings.CutPrefix(at.Point, "/etc/")
	path := tailOf(at.Root)
	if id := path.shared(file); at.Source == "kataShared" && id != "" {
		m.belongs(ofID, id, "kata", at)
	}
	if !ok || file != "hostname" && file != "hosts" && file != "resolv.conf" || path[0] != file {
		return
	}
	runtime, id, what := "", path[1], ofID
	if m.inPod() {
		what = ofSandbox
	}
	if within, _ := podOf(at.Root); m.nested() && within == "" {
		return // of either
	}
	switch {
	case path[2] == "sandboxes" && strings.HasPrefix(path[3], "io.containerd."):
		runtime, what = "containerd", ofSandbox
	case path[2] == "containers":
		runtime = "docker"
	case (path[3] == "containers" || path[3] == "etchosts") && path[5] == "nerdctl": // HASH/containers/NAMESPACE/ID
		runtime = "containerd"
	default: // Podman's, Buildah's or CRI-O's
		if id = path.userdata(); what == ofSandbox {
			runtime = "crio"
		}
	}
	if hex64.fits([]byte(id)) {
		m.belongs(what, id, runtime, at)
	}
}

// nspawn takes the directory through which systemd-nspawn passes mounts on; the
// place is another one before systemd 247.
func (m *mounted) nspawn(at *Mount) {
	path := tailOf(at.Root)
	if (at.Point == "/run/host/incoming" || at.Point == "/run/systemd/nspawn/incoming") && path[1] == "propagate" && path[2] == "nspawn" {
		m.belongs(ofID, path[0], "systemd-nspawn", at)
	}
}

// unlinked is what the kernel adds to the root of a mount whose file was removed,
// as where another one was put in its place.
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

// userdata returns the id in the path of a file of containers/storage, which
// Podman, Buildah and CRI-O use: DRIVER-containers/ID/userdata/FILE.
func (t *tail) userdata() string {
	if t[1] != "userdata" || !hex64.fits([]byte(t[2])) || !strings.HasSuffix(t[3], "-containers") {
		return ""
	}
	return t[2]
}

// shared returns the id in what Kata calls a file that it passes on to the
// virtual machine, ID-RANDOM-FILE: the container's own, in a pod too.
func (t *tail) shared(file string) string {
	const id, random = 64, 16
	name, ok := strings.CutSuffix(t[0], "-"+file)
	if !ok || len(name) != id+1+random || !hex64.fits([]byte(name[:id])) || name[id] != '-' {
		return ""
	}
	return name[:id]
}
