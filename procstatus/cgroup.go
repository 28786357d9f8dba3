// SPDX-License-Identifier: Apache-2.0

package procstatus

import (
	"bytes"
	"fmt"
	"io"
	"strings"
)

// Cgroup is one line of a /proc/PID/cgroup: where a task is in one hierarchy
// (cgroups(7); kernel/cgroup/cgroup.c, proc_cgroup_show; since Linux 2.6.24).
//
// Since Linux 4.6 the path begins at the root of the reader's cgroup namespace,
// not of the task's: a task in there has "/", one outside "/../" and so on. In
// the hierarchies of version 1 a zombie is always at the root.
type Cgroup struct {
	Hierarchy   int    // 0 is version 2
	Controllers string // as the kernel joins them: "cpu,cpuacct", "name=systemd"; "" of version 2
	Path        string // any bytes but newline: the kernel escapes nothing
	Deleted     bool   // version 2: a zombie whose cgroup was removed (since Linux 4.4)
}

// CgroupError says which line of a cgroup file is malformed.
type CgroupError struct {
	Line  int    // 1 is the first
	Value []byte // the line; a copy, cut to 64 bytes
	Err   error  // what is wrong with it, as [ErrColumns]
}

// Error names line, text and cause.
func (e *CgroupError) Error() string { return fmt.Sprintf("line %d: %q: %v", e.Line, e.Value, e.Err) }

// Unwrap returns the cause.
func (e *CgroupError) Unwrap() error { return e.Err }

// ParseCgroup returns what a /proc/PID/cgroup says, in its order. An empty text
// is one of no hierarchies, which a kernel has until the first is mounted. A
// malformed line, or one that is cut short, gives a [*CgroupError].
//
// The kernel marks a removed cgroup by " (deleted)" behind the path, and a live
// one may have such a name; there is no telling them apart. No path has a
// newline: the kernel refuses the name (cgroup_mkdir), though before Linux 5.13
// a cgroup of version 1 could be renamed to one.
func ParseCgroup(text []byte) ([]Cgroup, error) {
	list := []Cgroup{}
	for line := 1; len(text) > 0; line++ {
		row, rest, ended := bytes.Cut(text, newline)
		l, err := parseCgroupLine(row)
		if !ended {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return nil, &CgroupError{Line: line, Value: bytes.Clone(row[:min(len(row), 64)]), Err: err}
		}
		list = append(list, Cgroup{l.hierarchy, string(l.controllers), string(l.path), l.deleted})
		text = rest
	}
	return list, nil
}

var (
	newline = []byte("\n")
	colon   = []byte(":")
	slash   = []byte("/")
	deleted = []byte(" (deleted)")
)

type cgroupLine struct {
	hierarchy         int
	controllers, path []byte
	deleted           bool
}

func parseCgroupLine(row []byte) (l cgroupLine, err error) {
	number, rest, first := bytes.Cut(row, colon)
	controllers, path, second := bytes.Cut(rest, colon)
	if !first || !second {
		return l, ErrColumns
	}
	if err := setInt(&l.hierarchy, number); err != nil {
		return l, err
	}
	if len(path) == 0 || path[0] != '/' {
		return l, ErrSyntax
	}
	if l.hierarchy == 0 {
		path, l.deleted = bytes.CutSuffix(path, deleted)
	}
	l.controllers, l.path = controllers, path
	return l, nil
}

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
}

// ContainerOf returns the innermost container or pod that the text of a
// /proc/PID/cgroup names; ok is false if it names none. Where hierarchies
// disagree, the one that names a container counts, then the most deeply nested,
// then the one that names a runtime, then the longest path. Lines that
// [ParseCgroup] would refuse are passed over.
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

// shape is what an id looks like.
type shape uint8

const (
	hex64    shape = iota
	base36         // what BuildKit calls a build step: 25 letters and digits
	guid           // 8-4-4-4-12 hexadecimal digits; Cloud Foundry's last group has 4
	decimal        // a pid
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

// find returns the maker of a name in a table, and the id in it.
func find(table []maker, name []byte) (runtime string, id []byte) {
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
			runtime, id = find(scopes[:], unit)
		} else {
			id = nil
		}
		if id == nil {
			runtime, id = find(directories[:], name)
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
	if i := bytes.LastIndex(slice, []byte("-pod")); ok && i >= 0 &&
		bytes.Contains(slice[:i], []byte("kubepods")) && isUID(slice[i+4:], '_') {
		return slice[i+4:]
	}
	return nil
}

// isUID takes a UUID, and the hash that kubelet gives to a static pod.
func isUID(v []byte, dash byte) bool {
	return len(v) == 36 && grouped(v, dash) || len(v) == 32 && allHex(v)
}

func (s shape) fits(v []byte) bool {
	switch s {
	case hex64:
		return len(v) == 64 && allHex(v)
	case base36:
		return len(v) == 25 && !bytes.ContainsFunc(v, func(r rune) bool { return (r < '0' || r > '9') && (r < 'a' || r > 'z') })
	case guid:
		return (len(v) == 36 || len(v) == 28) && grouped(v, '-')
	case decimal:
		return len(v) > 0 && !bytes.ContainsFunc(v, func(r rune) bool { return r < '0' || r > '9' })
	}
	return len(v) > 0 && string(v) != "." && string(v) != ".."
}

func allHex(v []byte) bool {
	for _, b := range v {
		if b-'0' > 9 && b-'a' > 5 {
			return false
		}
	}
	return true
}

// grouped reports whether v is hexadecimal digits in groups of 8, 4, 4, 4 and
// the rest.
func grouped(v []byte, dash byte) bool {
	for i, b := range v {
		if i == 8 || i == 13 || i == 18 || i == 23 {
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
