// SPDX-License-Identifier: Apache-2.0

package place

import (
	"bytes"
	"cmp"
	"errors"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/collect/userdb"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
	"github.com/capinspect/capinspect/procstatus"
	"github.com/capinspect/capinspect/procstatus/container"
)

// privateCgroups reports whether capinspect has a cgroup namespace of its own: a container
// sees its own cgroup as "/" then, as the node's processes see theirs.
func (f *Finder) privateCgroups() bool {
	return task.Is(f.InInitial(procstatus.NamespaceCgroup), false)
}

// blankCgroup is why a cgroup tells nothing.
const blankCgroup = "capinspect is in a cgroup namespace of its own, where the cgroup does not say"

// apartCgroup is why it is unknown whether a task is in a container that has the node's
// pid namespace.
const apartCgroup = "it is in a cgroup namespace of its own, and no cgroup names a container"

// endedCgroup is why the cgroup of a zombie tells nothing: with version 1 it has left its own.
const endedCgroup = "it has ended, and its cgroup may be another than before"

// apartRoot is why it is unknown whether a task is in a container that has the node's pid
// and cgroup namespaces.
const apartRoot = "its root directory is not the node's, and no cgroup or mount names a container"

// isBlank reports whether a cgroup file has nothing but the root of a cgroup
// namespace, or what is above that.
func isBlank(text []byte) bool {
	for line := range bytes.Lines(text) {
		columns := bytes.SplitN(bytes.TrimSuffix(line, []byte("\n")), []byte(":"), 3)
		path := columns[len(columns)-1]
		for bytes.HasPrefix(path, []byte("/..")) {
			path = path[len("/.."):]
		}
		if len(path) > 1 {
			return false
		}
	}
	return true
}

// The files that tell that there is a container around them, and which runtime
// makes them. In a pod the second one is CRI-O's. They count in a cgroup namespace
// of its own only: elsewhere the cgroup tells. A node that was installed from the image
// of a container may have them too, and so has what shares the node's root directory.
var markers = [...]struct {
	file, runtime string
	inPods        bool
}{
	{".dockerenv", "docker", true},
	{"run/.containerenv", "podman", false},
}

// managers are the files that tell the name of the runtime around them: one that
// systemd-nspawn and others give to a container, and one that systemd in it writes (see
// the Container Interface of systemd).
var managers = [...]string{"run/host/container-manager", "run/systemd/container"}

// mark takes what the files of a task tell of its runtime.
func mark(found *task.Container, from userdb.Files) {
	for _, m := range markers {
		if (m.inPods || found.PodUID == "") && from.Exists(m.file) {
			found.Conclude(&found.Runtime, m.runtime, container.Evidence{What: "runtime", From: "/" + m.file})
		}
	}
	for _, file := range managers {
		text, err := from.Read(file, maxName)
		if name := strings.TrimSpace(string(text)); err == nil && container.IsRuntime(name) {
			found.Conclude(&found.Runtime, name, container.Evidence{What: "runtime", From: "/" + file})
		}
	}
}

// hasNodesRoot reports whether the mounts of a task have the root directory of the node's
// first process. It is unknown if that one is hidden, or if the task has another root
// directory that is not mounted.
func (f *Finder) hasNodesRoot(mounts []procstatus.Mount) task.Value[bool] {
	if !task.Is(f.hostPIDs(), true) {
		return task.Value[bool]{}
	}
	own, node := rootOf(mounts), f.nodesRoot()
	if own == nil || node == nil {
		return task.Value[bool]{}
	}
	return task.Known(own.Major == node.Major && own.Minor == node.Minor && own.Root == node.Root)
}

// nodesRoot returns the mount that PID 1 has at its root directory, nil if there is none.
func (f *Finder) nodesRoot() *procstatus.Mount {
	if !f.top.Known() {
		mounts, _ := f.proc.Task(1).Mounts()
		f.top = task.Known(rootOf(mounts))
	}
	return f.top.Zero()
}

// rootOf returns the mount at the root directory, nil if there is none.
func rootOf(mounts []procstatus.Mount) *procstatus.Mount {
	for i := len(mounts) - 1; i >= 0; i-- { // the last one covers the others
		if mounts[i].Point == "/" {
			return &mounts[i]
		}
	}
	return nil
}

// serviceAccount is where Kubernetes mounts the token of a pod, below / or
// below /var.
const serviceAccount = "/run/secrets/kubernetes.io/serviceaccount"

// Container finds out which container the task is in: from its cgroup, its mount table,
// files that runtimes leave, and its host name. unread is why there is no mount table; the
// files are below its root directory.
func (f *Finder) Container(handle procstatus.Task, t *task.Task, mounts []procstatus.Mount, unread error, files Files) {
	found, from := new(task.Container), files.Files
	text, err := handle.Cgroup()
	if err == nil {
		if in, ok := container.OfCgroup(text); ok {
			found = task.FromCgroup(in)
		}
	}
	found.Add(container.OfMounts(mounts))
	if from != nil && task.Is(t.Initial(procstatus.NamespaceCgroup), false) && !task.Is(f.hasNodesRoot(mounts), true) {
		mark(found, from)
	}
	f.podNames(found, t, mounts, from)
	if err == nil && isBlank(text) {
		switch {
		case f.privateCgroups():
			err = errors.New(blankCgroup)
		case task.Is(t.RunState, 'Z'):
			err = errors.New(endedCgroup)
		}
	}
	if found.Evidence != nil || found.Conflicts != nil {
		f.untold(found, t, err, unread)
		t.Container = task.Known(found)
		return
	}
	t.Container = task.Known[*task.Container](nil)
	// What changed its root directory alone is in no container.
	apart := !task.Is(t.Namespace(procstatus.NamespaceMnt).WithPID1, true) && task.Is(f.hasNodesRoot(mounts), false)
	if reason := f.unfound(t, apart, err, unread, from); reason != "" {
		t.Container = task.Unknown[*task.Container](reason)
	}
}

// untold says why members of a container are unknown. The errors are those of reading its
// cgroup and its mount table.
func (f *Finder) untold(found *task.Container, t *task.Task, cgroup, mountinfo error) {
	found.Why.Runtime = "no cgroup, mount or file names it"
	switch {
	case found.Why.ID != "":
	case cgroup != nil:
		found.Why.ID = "cgroup: " + f.Hidden(cgroup, t)
	default:
		found.Why.ID = "no cgroup or mount names it"
	}
	if task.Is(found.Sandbox, true) {
		found.Why.PodUID = "no cgroup or mount tells the pod of this sandbox"
	}
	if !found.InPod() {
		switch {
		case found.Sandbox.Known():
		case found.OtherPodUID != "":
			found.Sandbox = task.Unknown[bool](found.Why.PodUID)
		default:
			found.Sandbox = task.Known(false)
		}
		found.Unnamed("it may be one that was started in the pod")
		return
	}
	unread := ""
	if mountinfo != nil {
		unread = "mountinfo: " + f.Hidden(mountinfo, t)
	}
	found.Why.Name = cmp.Or(unread, "no mount names it")
	found.Why.PodName = "no file has it: --pods gives it"
	found.Why.Hostname = hostNameHidden(t)
	if found.Hostname != "" {
		found.Why.PodName = "only Kubernetes knows it: the host name is another one where the pod has spec.hostname"
	}
	found.Why.PodNamespace = cmp.Or(unread, "it has no token of a service account that can be read")
	switch {
	case found.Sandbox.Known():
	case found.Name == "" && cmp.Or(found.ID, found.SandboxID) == "":
		found.Sandbox = task.Unknown[bool](cmp.Or(unread, "no mount tells its id or its name"))
	case found.Name == "" && unread != "":
		found.Sandbox = task.Unknown[bool](unread)
	default:
		found.Sandbox = task.Known(false)
	}
}

// unfound says why it is unknown whether the task is in a container, though nothing names
// one; "" if it is in none. apart says that it has another root directory than the node. The
// errors are those of reading its cgroup and its mount table.
func (f *Finder) unfound(t *task.Task, apart bool, cgroup, mountinfo error, from userdb.Files) string {
	host := task.Is(t.HostPID(), true) && cgroup == nil
	switch {
	case t.KernelThread:
		return ""
	case host && task.Is(t.Initial(procstatus.NamespaceCgroup), false):
		return apartCgroup
	case host && apart:
		return apartRoot
	case host:
		return ""
	}
	var why []string
	for _, file := range [...]struct {
		name string
		err  error
	}{{"cgroup: ", cgroup}, {"mountinfo: ", mountinfo}} {
		if file.err == nil {
			continue
		}
		reason := f.Hidden(file.err, t)
		if reason == task.NotSaved {
			return reason
		}
		why = append(why, file.name+reason)
	}
	switch {
	case task.Is(t.HostPID(), true):
	case from == nil:
		why = append(why, "no cgroup or mount names one, and its files are out of reach")
	default:
		why = append(why, "no cgroup, mount or file names one")
	}
	return strings.Join(why, "; ")
}

// podNames finds out the namespace of the pod, which no cgroup has, and the host name. That
// is the pod's name, unless spec.hostname is another one or it was cut to 63 bytes.
func (f *Finder) podNames(found *task.Container, t *task.Task, mounts []procstatus.Mount, from userdb.Files) {
	for i := range mounts {
		at := mounts[i].Point
		if from == nil || at != serviceAccount && at != "/var"+serviceAccount {
			continue
		}
		text, err := from.Read(strings.TrimPrefix(at, "/")+"/namespace", maxName)
		if ns := strings.TrimSpace(string(text)); err == nil && isDNSName(ns) {
			found.Conclude(&found.PodNamespace, ns, container.Evidence{What: "podNamespace", From: at + "/namespace"})
		}
	}
	if !found.InPod() {
		return
	}
	host, known := hostName(t, from)
	if host == "" && f.sharesPod(found, t) {
		host, known = ownHostName(), "hostname of capinspect, which is in the same pod"
	}
	if isDNSName(host) {
		found.Conclude(&found.Hostname, host, container.Evidence{What: "hostname", From: known})
	}
}

// sharesPod reports whether a task whose UTS namespace is hidden is in capinspect's own pod,
// as the target of a debug container is. The containers of a pod have one host name.
func (f *Finder) sharesPod(found *task.Container, t *task.Task) bool {
	if !f.live || t.Namespace(procstatus.NamespaceUTS).ID.Known() || !task.Is(f.InInitial(procstatus.NamespaceUTS), false) {
		return false
	}
	mounts, err := f.proc.Self().Mounts()
	if err != nil {
		return false
	}
	own := new(task.Container)
	own.Add(container.OfMounts(mounts))
	return own.InPod() && own.PodUID == found.PodUID
}

// ownHostName returns the host name of capinspect's own UTS namespace.
func ownHostName() string {
	var u unix.Utsname
	if unix.Uname(&u) != nil {
		return ""
	}
	return unix.ByteSliceToString(u.Nodename[:])
}

// hostName returns the host name of the task's uts namespace, and what it is known from. A
// pod that has the node's network has the node's host name too, in the node's namespace:
// of that one it is "".
func hostName(t *task.Task, from userdb.Files) (name, known string) {
	switch {
	case !task.Is(t.Initial(procstatus.NamespaceUTS), false):
		return "", ""
	case task.Is(t.Namespace(procstatus.NamespaceUTS).WithSelf, true):
		return ownHostName(), "hostname"
	case from == nil:
		return "", ""
	}
	text, err := from.Read("etc/hostname", maxName)
	if err != nil {
		return "", ""
	}
	return strings.TrimSpace(string(text)), "/etc/hostname"
}

// hostNameHidden is why the host name of a task in a pod is unknown.
func hostNameHidden(t *task.Task) string {
	switch own := t.Initial(procstatus.NamespaceUTS); {
	case task.Is(own, true):
		return "it has the node's host name"
	case !own.Known():
		return cmp.Or(own.Why(), "its UTS namespace is not known")
	}
	return "its /etc/hostname cannot be read, or has no name of a host"
}

// maxName is the size in bytes of the longest file of one name that is read.
const maxName = 4096

// isDNSName reports whether a name can be one of a pod or of a namespace
// (RFC 1123).
func isDNSName(name string) bool {
	if name == "" || len(name) > 253 {
		return false
	}
	for _, b := range []byte(name) {
		if (b < 'a' || b > 'z') && (b < '0' || b > '9') && b != '-' && b != '.' {
			return false
		}
	}
	return true
}
