// SPDX-License-Identifier: Apache-2.0

package procstatus

import "bytes"

// shape is what an id looks like.
type shape uint8

const (
	hex64   shape = iota
	base36        // what BuildKit calls a build step: 25 letters and digits
	guid          // 8-4-4-4-12 hexadecimal digits; Cloud Foundry's last group has 4
	decimal       // a pid
	anything
)

// maker is a runtime, and what it puts before the id in the name of a scope or
// directory, or what it calls the directory that has the id's.
type maker struct {
	name, runtime string
	id            shape
}

var scopes = [...]maker{ // name, id, ".scope": the systemd driver
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

var directories = [...]maker{ // name, id
	{"crio-", "crio", hex64},
	{"libpod-", "podman", hex64},
	{"libpod-payload-", "podman", hex64}, // podman run --cgroups=split, as quadlets do
	{"kata_", "kata", hex64},
	{"lxc.payload.", "lxc", anything}, // LXC 4
}

var rooms = [...]maker{ // name, "/", id
	{"docker", "docker", hex64},
	{"buildkit", "buildkit", base36},
	{"lxc", "lxc", anything},
	{"lxc.payload", "lxc", anything}, // LXC 3.1
	{"mesos", "mesos", guid},
	{"garden", "garden", guid},
}

// findMaker returns the maker of a name in a table, and the id in it.
func findMaker(table []maker, name []byte) (runtime string, id []byte) {
	for i := range table {
		m := &table[i]
		if len(name) > len(m.name) && string(name[:len(m.name)]) == m.name && m.id.fits(name[len(m.name):]) {
			return m.runtime, name[len(m.name):]
		}
	}
	return "", nil
}

// named takes a name that alone says what it is. 64 hexadecimal digits and
// nothing else are a container's id wherever they stand: whoever starts it is
// free to choose the parent.
func (a *identity) named(name []byte) bool {
	runtime, id := "", name
	if !hex64.fits(name) {
		if unit, ok := bytes.CutSuffix(name, []byte(".scope")); ok {
			runtime, id = findMaker(scopes[:], unit)
		} else {
			id = nil
		}
		if id == nil {
			runtime, id = findMaker(directories[:], name)
		}
	}
	if id != nil {
		a.enter(runtime, id)
	}
	return id != nil
}

// within takes a name that needs those before it to say what it is.
func (a *identity) within(grand, parent, name []byte) bool {
	switch {
	case string(parent) == "libpod_parent" && hex64.fits(name): // a pod of Podman's, and no container
		return true
	case string(grand) == "ecs" && len(name) > len(parent) && bytes.HasPrefix(name, parent) && // TASK/TASK-NUMBER
		name[len(parent)] == '-' && decimal.fits(name[len(parent)+1:]):
		a.enter("", name)
		return true
	case string(grand) == "garden" && (string(parent) == "good" || string(parent) == "bad"):
		parent = grand
	}
	for i := range rooms {
		if m := &rooms[i]; string(parent) == m.name && m.id.fits(name) {
			a.enter(m.runtime, name)
			return true
		}
	}
	return false
}

// machine takes what systemd-machined names: machine-NAME.scope may be anyone's
// who registers a machine, but libvirt's virtual machines say so; payload below
// it is systemd-nspawn's. systemd-nspawn@NAME.service itself is the monitor's,
// as is supervisor below it.
func (a *identity) machine(grand, parent, name []byte) {
	if string(parent) == "machine.slice" {
		if id := between(name, "machine-", ".scope"); id != nil && !bytes.HasPrefix(id, []byte(`qemu\x2d`)) {
			a.enter("", id)
			a.escaped = true
		}
	}
	if string(grand) != "machine.slice" {
		return
	}
	if id := between(parent, "systemd-nspawn@", ".service"); id != nil && string(name) != "supervisor" {
		a.enter("systemd-nspawn", id)
		a.escaped = true
	} else if id := between(parent, "machine-", ".scope"); string(name) == "payload" && bytes.Equal(id, a.id) {
		a.runtime = "systemd-nspawn"
	}
}

// triple takes "SLICE:PREFIX:ID", which is a path for systemd's driver that a
// runtime without it made a directory of.
func (a *identity) triple(slice, unit []byte) {
	if uid := podUID(slice); uid != nil {
		a.enter("", nil)
		a.pod = uid
	}
	prefix, id, _ := bytes.Cut(unit, colon)
	for i := range scopes {
		m := &scopes[i]
		if string(prefix) == m.name[:len(m.name)-1] && m.id.fits(id) {
			a.enter(m.runtime, id)
			return
		}
	}
}

// podUID returns the pod of a name that kubelet gave: podUID with the cgroupfs
// driver; kubepods-burstable-podUID.slice, with "_" for "-", with systemd's.
func podUID(name []byte) []byte {
	if len(name) > 3 && string(name[:3]) == "pod" && isUID(name[3:], '-') {
		return name[3:]
	}
	slice, ok := bytes.CutSuffix(name, []byte(".slice"))
	for _, n := range [...]int{36, 32} {
		if i := len(slice) - n; ok && i > 4 && string(slice[i-4:i]) == "-pod" &&
			bytes.Contains(slice[:i-4], []byte("kubepods")) && isUID(slice[i:], '_') {
			return slice[i:]
		}
	}
	return nil
}

// isUID takes a UUID, and the hash that kubelet gives to a static pod.
func isUID(v []byte, dash byte) bool {
	return len(v) == 36 && isHex(v, dash) || len(v) == 32 && isHex(v, 0)
}

func (s shape) fits(v []byte) bool {
	switch s {
	case hex64:
		return len(v) == 64 && isHex(v, 0)
	case base36:
		return len(v) == 25 && !bytes.ContainsFunc(v, func(r rune) bool { return (r < '0' || r > '9') && (r < 'a' || r > 'z') })
	case guid:
		return (len(v) == 36 || len(v) == 28) && isHex(v, '-')
	case decimal:
		return len(v) > 0 && !bytes.ContainsFunc(v, func(r rune) bool { return r < '0' || r > '9' })
	}
	return len(v) > 0 && string(v) != "." && string(v) != ".."
}

// isHex reports whether v is hexadecimal digits; unless dash is 0, in groups of
// 8, 4, 4, 4 and the rest.
func isHex(v []byte, dash byte) bool {
	for i, b := range v {
		if dash != 0 && (i == 8 || i == 13 || i == 18 || i == 23) {
			if b != dash {
				return false
			}
		} else if b-'0' > 9 && b-'a' > 5 {
			return false
		}
	}
	return true
}

// between returns what stands between the two ends of a name, nil if nothing.
func between(name []byte, prefix, suffix string) []byte {
	if n := len(name) - len(suffix); n > len(prefix) && string(name[:len(prefix)]) == prefix && string(name[n:]) == suffix {
		return name[len(prefix):n]
	}
	return nil
}
