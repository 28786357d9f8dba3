// SPDX-License-Identifier: Apache-2.0

package container

import "strings"

// shape is the form of an id.
type shape uint8

const (
	hex64   shape = iota
	base36        // a build step of BuildKit: 25 letters and digits
	guid          // 8-4-4-4-12 hexadecimal digits; Cloud Foundry's last group has 4
	decimal       // a pid
	ecsTask       // 32 hexadecimal digits of the task, a dash and a number
	anything
)

// rule is a name that a runtime gives to a scope or a directory.
type rule struct {
	name, runtime string
	id            shape
}

// scopes are what stands before the id in "NAME-ID.scope", which the systemd
// driver makes.
var scopes = [...]rule{
	{"docker-", "docker", hex64},
	{"docker-", "docker", base36},
	{"cri-containerd-", "containerd", hex64},
	{"containerd-", "containerd", hex64},
	{"nerdctl-", "containerd", hex64},
	{"crio-", "crio", hex64},
	{"libpod-", "podman", hex64},
	{"runc-", "runc", anything},
	{"crun-", "crun", anything},
	{"youki-", "youki", anything},
	{"apptainer-", "apptainer", decimal},
	{"singularity-", "singularity", decimal},
}

// prefixes are what stands before the id in the name of a directory.
var prefixes = [...]rule{
	{"docker-", "docker", hex64},
	{"cri-containerd-", "containerd", hex64},
	{"crio-", "crio", hex64},
	{"libpod-", "podman", hex64},
	{"libpod-payload-", "podman", hex64}, // podman run --cgroups=split, as quadlets do
	{"kata_", "kata", hex64},
	{"lxc.payload.", "lxc", anything}, // LXC 4
}

// parents are the directories in which a directory is called as the id.
var parents = [...]rule{
	{"docker", "docker", hex64},
	{"buildkit", "buildkit", base36},
	{"lxc", "lxc", anything},
	{"lxc.payload", "lxc", anything}, // LXC 3.1
	{"mesos", "mesos", guid},
	{"garden", "garden", guid},
	{"ecs", "", ecsTask},
}

// find returns the runtime of the first rule that a name of prefix and id
// follows, and the id.
func find(rules []rule, name string) (runtime, id string) {
	for _, r := range rules {
		if id, ok := strings.CutPrefix(name, r.name); ok && r.id.fits(id) {
			return r.runtime, id
		}
	}
	return "", ""
}

// IsRuntime reports whether a name is one that [Container.Runtime] may have. Systemd and
// others write these names into the files of a container.
func IsRuntime(name string) bool {
	for _, rules := range [...][]rule{scopes[:], prefixes[:], parents[:]} {
		for _, r := range rules {
			if name != "" && r.runtime == name {
				return true
			}
		}
	}
	return name == "systemd-nspawn"
}

// named takes a name that identifies a container by itself. A name of 64
// hexadecimal digits, as a directory or a scope, is the id of a container in any
// directory: who starts the container is free to choose the parent.
func (a *identity) named(name string) bool {
	runtime, id := "", ""
	if hex64.fits(name) {
		id = name
	} else {
		if unit, ok := strings.CutSuffix(name, ".scope"); ok && hex64.fits(unit) {
			id = unit
		} else if ok {
			runtime, id = find(scopes[:], unit)
		}
		if id == "" {
			runtime, id = find(prefixes[:], name)
		}
	}
	if id != "" {
		a.enter(runtime, id)
	}
	return id != ""
}

// within takes a name that identifies a container only together with the two
// names before it.
func (a *identity) within(grand, parent, name string) bool {
	switch {
	case parent == "libpod_parent" && hex64.fits(name): // a pod of Podman, not a container
		a.podID = name
		return true
	case grand == "ecs" && ecsTask.fits(name): // below the directory of the task
		parent = grand
	case grand == "garden" && (parent == "good" || parent == "bad"):
		parent = grand
	}
	for _, r := range parents {
		if parent == r.name && r.id.fits(name) {
			a.enter(r.runtime, name)
			return true
		}
	}
	return false
}

// machine takes the units of systemd-machined. machine-NAME.scope is a machine
// that anyone may have registered; the name shows whether it is a virtual
// machine of libvirt, and a directory "payload" below it whether it is a
// container of systemd-nspawn. In systemd-nspawn@NAME.service, the service
// itself and "supervisor" below it belong to the monitor.
func (a *identity) machine(grand, parent, name string) {
	if parent == "machine.slice" {
		if id := between(name, "machine-", ".scope"); id != "" && !strings.HasPrefix(id, `qemu\x2d`) {
			a.enter("", id)
			a.escaped = true
		}
	}
	if grand != "machine.slice" {
		return
	}
	if id := between(parent, "systemd-nspawn@", ".service"); id != "" && name != "supervisor" {
		a.enter("systemd-nspawn", id)
		a.escaped = true
	} else if id := between(parent, "machine-", ".scope"); name == "payload" && id != "" && id == a.id {
		a.runtime = "systemd-nspawn"
	}
}

// triple takes "SLICE:PREFIX:ID", a path for the systemd driver that a runtime
// without systemd uses as the name of a directory.
func (a *identity) triple(slice, unit string) {
	if uid := podUID(slice); uid != "" {
		a.enter("", "")
		a.pod = uid
	}
	prefix, id, _ := strings.Cut(unit, ":")
	for _, r := range scopes {
		if prefix+"-" == r.name && r.id.fits(id) {
			a.enter(r.runtime, id)
			return
		}
	}
}

// podUID returns the pod of a name that kubelet gives, "" if it is none:
// "podUID" with the cgroupfs driver, "kubepods-burstable-podUID.slice" with the
// systemd driver, which has "_" for "-" in the UID. It takes both in both.
func podUID(name string) string {
	if uid, ok := strings.CutPrefix(name, "pod"); ok && (isUID(uid, '-') || isUID(uid, '_')) {
		return uid
	}
	slice, ok := strings.CutSuffix(name, ".slice")
	i := strings.LastIndex(slice, "-pod")
	if !ok || i < 0 || !strings.Contains(slice[:i], "kubepods") {
		return ""
	}
	if uid := slice[i+len("-pod"):]; isUID(uid, '_') || isUID(uid, '-') {
		return uid
	}
	return ""
}

// podmanPod returns the id in "PARENT-libpod_pod_ID.slice", the name that Podman gives
// to the slice of a pod with the systemd driver, "" if it is none.
func podmanPod(name string) string {
	slice, ok := strings.CutSuffix(name, ".slice")
	_, id, pod := strings.Cut(slice, "-libpod_pod_")
	if !ok || !pod || !hex64.fits(id) {
		return ""
	}
	return id
}

// isUID reports whether v is a UUID, or the hash that kubelet gives to a static
// pod.
func isUID(v string, dash byte) bool {
	return len(v) == 36 && isHex(v, dash) || len(v) == 32 && isHex(v, 0)
}

func (s shape) fits(v string) bool {
	switch s {
	case hex64:
		return len(v) == 64 && isHex(v, 0)
	case base36:
		return len(v) == 25 && strings.Trim(v, "0123456789abcdefghijklmnopqrstuvwxyz") == ""
	case guid:
		return (len(v) == 36 || len(v) == 28) && isHex(v, '-')
	case decimal:
		return v != "" && strings.Trim(v, "0123456789") == ""
	case ecsTask:
		task, number, _ := strings.Cut(v, "-")
		return len(task) == 32 && isHex(task, 0) && decimal.fits(number)
	}
	return v != "" && v != "." && v != ".."
}

// isHex reports whether v is lower case hexadecimal digits. With a dash that is
// not 0, they stand in groups of 8, 4, 4, 4 and the rest.
func isHex(v string, dash byte) bool {
	for i := range len(v) {
		if dash != 0 && (i == 8 || i == 13 || i == 18 || i == 23) {
			if v[i] != dash {
				return false
			}
		} else if v[i]-'0' > 9 && v[i]-'a' > 5 {
			return false
		}
	}
	return true
}

// between returns what stands between the two ends of a name, "" if the name
// does not have both.
func between(name, prefix, suffix string) string {
	rest, ok := strings.CutPrefix(name, prefix)
	rest, ok2 := strings.CutSuffix(rest, suffix)
	if !ok || !ok2 {
		return ""
	}
	return rest
}
