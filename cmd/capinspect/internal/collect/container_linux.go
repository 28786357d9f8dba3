// SPDX-License-Identifier: Apache-2.0

package collect

import (
	"bytes"
	"errors"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/collect/root"
	"github.com/capinspect/capinspect/procstatus"
	"github.com/capinspect/capinspect/procstatus/container"
)

// errNotLive is why nothing is known of a task but what its procfs has.
var errNotLive = errors.New("this is a copy of a procfs")

// filesOf returns the files of a task, and, if they are for other ids than those
// that the kernel tells capinspect, its id maps. Those of another root than
// capinspect's may be made to do harm: see package root.
func (c *Collector) filesOf(task procstatus.Task, r *Record, mounts []procstatus.Mount) (from files, users, groups procstatus.IDMap, err error) {
	if r.Self {
		return root.Own(nil), nil, nil, nil
	}
	if !c.live {
		return nil, nil, nil, errNotLive
	}
	me := c.reader()
	mnt, err := task.Namespace(procstatus.NamespaceMnt)
	if err == nil && mnt == me.namespaces[procstatus.NamespaceMnt] && me.root != "" {
		at, err := task.Readlink("root")
		same := func(m procstatus.Mount) bool { return m.Point == "/" && m.ID == me.rootMount }
		if err == nil && at == me.root && slices.ContainsFunc(mounts, same) {
			return root.Own(nil), nil, nil, nil
		}
	}
	if err != nil {
		return nil, nil, nil, errors.New("its root directory is hidden: " + c.hidden(err, r))
	}
	if user, err := task.Namespace(procstatus.NamespaceUser); err != nil || user != me.namespaces[procstatus.NamespaceUser] {
		if users, err = task.UIDMap(); err == nil {
			groups, err = task.GIDMap()
		}
		if err != nil {
			return nil, nil, nil, errors.New("its id maps are hidden: " + c.hidden(err, r))
		}
	}
	may, bounding := r.Status.Caps(capset.Bounding)
	under, err := root.Open(c.proc, task, mounts, bounding && !may.Has(capset.SysAdmin))
	if err != nil {
		return nil, nil, nil, err
	}
	return under, users, groups, nil
}

// privateCgroups reports whether capinspect has a cgroup namespace of its own: a
// container sees its own cgroup as "/" then, as the node's processes see theirs.
func (c *Collector) privateCgroups() bool {
	if !c.live {
		return false
	}
	own, _ := c.proc.Self().Namespace(procstatus.NamespaceCgroup)
	return isInitial(procstatus.NamespaceCgroup, own) == No
}

// blankCgroup is why a cgroup tells nothing.
const blankCgroup = "capinspect is in a cgroup namespace of its own, where the cgroup does not tell"

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
// of its own only: elsewhere the cgroup tells, and a node that was installed from
// the image of a container may have them too.
var markers = [...]struct {
	file, runtime string
	inPods        bool
}{
	{".dockerenv", "docker", true},
	{"run/.containerenv", "podman", false},
}

// serviceAccount is where Kubernetes mounts the token of a pod, below / or
// below /var.
const serviceAccount = "/run/secrets/kubernetes.io/serviceaccount"

// container finds out which container the task is in: from its cgroup, its mount
// table, files that runtimes leave, and its host name. unread is why there is no
// mount table, and from is nil if its files are out of reach.
func (c *Collector) container(task procstatus.Task, r *Record, mounts []procstatus.Mount, unread error, from files) {
	found := new(Container)
	text, err := task.Cgroup()
	if err == nil {
		if in, ok := container.OfCgroup(text); ok {
			found = fromCgroup(in)
		}
	}
	found.add(container.OfMounts(mounts))
	if from != nil && r.Namespaces.initial(procstatus.NamespaceCgroup) == No {
		for _, m := range markers {
			if (m.inPods || found.PodUID == "") && from.Exists(m.file) {
				found.conclude(&found.Runtime, m.runtime, container.Evidence{What: "runtime", From: "/" + m.file})
			}
		}
	}
	r.pod(found, mounts, from)
	if found.Evidence != nil {
		r.Container = found
		if found.Runtime == "" {
			r.unknown("container.runtime", "no cgroup, mount or file names it")
		}
		return
	}
	if err == nil && isBlank(text) && c.privateCgroups() {
		err = errors.New(blankCgroup)
	}
	if reason := c.unfound(r, err, unread, from); reason != "" {
		r.unknown("container", reason)
	}
}

// unfound says why it is unknown whether the task is in a container, though
// nothing tells of one; "" if it is in none. The errors are those of reading
// its cgroup and its mount table.
func (c *Collector) unfound(r *Record, cgroup, mountinfo error, from files) string {
	var why []string
	for _, file := range [...]struct {
		name string
		err  error
	}{{"cgroup: ", cgroup}, {"mountinfo: ", mountinfo}} {
		if file.err == nil {
			continue
		}
		reason := c.hidden(file.err, r)
		if reason == notSaved {
			return notSaved
		}
		why = append(why, file.name+reason)
	}
	switch {
	case r.Namespaces.initial(procstatus.NamespacePID) == Yes:
	case from == nil:
		why = append(why, "no cgroup or mount names one, and its files are out of reach")
	default:
		why = append(why, "no cgroup, mount or file names one")
	}
	return strings.Join(why, "; ")
}

// pod finds out the names of the pod, which no cgroup has.
func (r *Record) pod(found *Container, mounts []procstatus.Mount, from files) {
	for i := range mounts {
		at := mounts[i].Point
		if from == nil || at != serviceAccount && at != "/var"+serviceAccount {
			continue
		}
		text, err := from.Read(strings.TrimPrefix(at, "/")+"/namespace", maxName)
		if ns := strings.TrimSpace(string(text)); err == nil && isDNSName(ns) {
			found.conclude(&found.PodNamespace, ns, container.Evidence{What: "podNamespace", From: at + "/namespace"})
		}
	}
	if !found.inPod() {
		return
	}
	// A pod that has the node's network has the node's host name too, in the
	// node's namespace.
	if r.Namespaces.initial(procstatus.NamespaceUTS) != No {
		return
	}
	host, evidence := "", "hostname"
	if r.Namespaces[procstatus.NamespaceUTS].WithSelf == Yes {
		var u unix.Utsname
		if unix.Uname(&u) == nil {
			host = unix.ByteSliceToString(u.Nodename[:])
		}
	} else if from != nil {
		evidence = "/etc/hostname"
		text, err := from.Read("etc/hostname", maxName)
		if err == nil {
			host = strings.TrimSpace(string(text))
		}
	}
	if isDNSName(host) && len(host) < maxHostName {
		found.conclude(&found.PodName, host, container.Evidence{What: "podName", From: evidence})
	}
}

// maxHostName is the length of the longest host name that Kubernetes gives: the
// name of a pod that is as long may have been cut to it.
const maxHostName = 63

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
