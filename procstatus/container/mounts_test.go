// SPDX-License-Identifier: Apache-2.0

package container

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/capinspect/capinspect/procstatus"
	"github.com/capinspect/capinspect/testdata/fixture"
)

// mountTable returns a mountinfo. A mount is "ROOT POINT", and behind that
// perhaps the type and the source of the file system.
func mountTable(mounts ...string) string {
	var b strings.Builder
	for i, mount := range mounts {
		columns := append(strings.Split(mount, " "), "ext4", "/dev/sda1")
		fmt.Fprintf(&b, "%d 1 8:1 %s %s rw,relatime - %s %s rw\n", i+2, columns[0], columns[1], columns[2], columns[3])
	}
	return b.String()
}

const (
	kubeletDir  = "/var/lib/kubelet/pods/" + testUID
	criDir      = "/var/lib/containerd/io.containerd.grpc.v1.cri/sandboxes/" + outerID
	dockerDir   = "/var/lib/docker/containers/" + outerID
	podmanDir   = "/containers/storage/overlay-containers/" + testID + "/userdata" // below /run
	sandboxDir  = "/containers/storage/overlay-containers/" + outerID + "/userdata"
	storageDir  = "/var/lib/containers/storage/overlay-containers/" + outerID + "/userdata"
	nerdctlDir  = "/var/lib/nerdctl/1935db59"
	imageVolume = "/var/lib/containerd/io.containerd.grpc.v1.cri/containers/" + testID + "/volumes/" + outerID
	cgroupMount = " cgroup cgroup"
)

// mountedContainers are mounts as runtimes make them, each named by who does.
// The ids are exchanged.
var mountedContainers = []struct {
	cause  string
	mounts []string
	want   Container
	from   string // of runtime, id, sandboxId, name, podUID and podId, as far as they are known
}{
	{
		"kubelet and containerd",
		[]string{
			kubeletDir + "/etc-hosts /etc/hosts", kubeletDir + "/containers/web/d4a460db /dev/termination-log",
			criDir + "/hostname /etc/hostname", criDir + "/resolv.conf /etc/resolv.conf", "/ /dev/shm tmpfs shm",
		},
		Container{Runtime: "containerd", SandboxID: outerID, Name: "web", PodUID: testUID},
		"/etc/resolv.conf /etc/resolv.conf /dev/termination-log /dev/termination-log",
	},
	{
		"kubelet and containerd, cgroups mounted",
		[]string{
			"/kubepods/burstable/pod" + testUID + "/" + testID + " /sys/fs/cgroup/cpu" + cgroupMount,
			kubeletDir + "/etc-hosts /etc/hosts", criDir + "/hostname /etc/hostname",
		},
		Container{Runtime: "containerd", ID: testID, SandboxID: outerID, PodUID: testUID},
		"/etc/hostname /sys/fs/cgroup/cpu /etc/hostname /sys/fs/cgroup/cpu",
	},
	{
		"two cgroups that contradict each other",
		[]string{"/docker/" + testID + " /sys/fs/cgroup/cpu" + cgroupMount, "/docker/" + outerID + " /sys/fs/cgroup/pids" + cgroupMount},
		Container{Runtime: "docker", ID: outerID, OtherID: testID},
		"/sys/fs/cgroup/pids /sys/fs/cgroup/pids",
	},
	{
		"two cgroups, one of them in a pod",
		[]string{"/kubepods/pod" + testUID + "/" + testID + " /sys/fs/cgroup/cpu" + cgroupMount, "/fake/" + outerID + " /sys/fs/cgroup/pids" + cgroupMount},
		named("", testID, testUID), "/sys/fs/cgroup/cpu /sys/fs/cgroup/cpu",
	},
	{
		"podman's cgroup, of a pod",
		[]string{"/machine.slice/machine-libpod_pod_" + outerID + ".slice/libpod-" + testID + ".scope/container /sys/fs/cgroup cgroup2 cgroup2"},
		Container{Runtime: "podman", ID: testID, PodID: outerID},
		"/sys/fs/cgroup /sys/fs/cgroup /sys/fs/cgroup",
	},
	{"cgroup v2 without a namespace", []string{podSlice + "/cri-containerd-" + testID + ".scope /sys/fs/cgroup cgroup2 cgroup"}, named("containerd", testID, testUID), "/sys/fs/cgroup /sys/fs/cgroup /sys/fs/cgroup"},
	{
		"cgroup v1, one hierarchy names the pod alone",
		[]string{
			"/kubepods/pod" + testUID + "/" + testID + " /sys/fs/cgroup/cpu" + cgroupMount, "/kubepods/pod" + testUID + " /sys/fs/cgroup/pids" + cgroupMount,
		},
		named("", testID, testUID), "/sys/fs/cgroup/cpu /sys/fs/cgroup/cpu",
	},
	{"kubelet's directory is a file system", []string{"/pods/" + testUID + "/etc-hosts /etc/hosts"}, named("", "", testUID), "/etc/hosts"},
	{"kubelet's directory of pods is a file system", []string{"/" + testUID + "/etc-hosts /etc/hosts"}, named("", "", testUID), "/etc/hosts"},
	{"a subvolume of btrfs", []string{"/@var/lib/kubelet/pods/" + testUID + "/etc-hosts /etc/hosts"}, named("", "", testUID), "/etc/hosts"},
	{"kind, the node is a container of docker", []string{"/var/lib/docker/volumes/97d8/_data/lib/kubelet/pods/" + testUID + "/etc-hosts /etc/hosts"}, named("", "", testUID), "/etc/hosts"},
	{"microk8s", []string{"/var/snap/microk8s/common/var/lib/kubelet/pods/" + testUID + "/etc-hosts /etc/hosts"}, named("", "", testUID), "/etc/hosts"},
	{"static pod", []string{"/var/lib/kubelet/pods/" + staticUID + "/containers/etcd/6d2d0c5e /dev/termination-log"}, Container{Name: "etcd", PodUID: staticUID}, "/dev/termination-log /dev/termination-log"},
	{
		"kubernetes in a pod of kubernetes, on a volume",
		[]string{
			"/var/lib/kubelet/pods/" + outerUID + "/volumes/kubernetes.io~empty-dir/var/lib/kubelet/pods/" + testUID + "/containers/web/d4a460db /dev/termination-log",
			"/var/lib/kubelet/pods/" + outerUID + "/volumes/kubernetes.io~empty-dir/var/lib/kubelet/pods/" + testUID + "/volumes/kubernetes.io~empty-dir/x /data",
		},
		Container{Name: "web", PodUID: testUID},
		"/dev/termination-log /dev/termination-log",
	},
	{"a volume alone", []string{kubeletDir + "/volumes/kubernetes.io~empty-dir/cache /cache"}, named("", "", testUID), "/cache"},
	{"a volume's part alone", []string{kubeletDir + "/volume-subpaths/config/web/0 /etc/web.conf"}, named("", "", testUID), "/etc/web.conf"},
	{"the last volume", []string{kubeletDir + "/volumes/kubernetes.io~empty-dir/a /a", kubeletDir + "/volumes/kubernetes.io~empty-dir/b /b"}, named("", "", testUID), "/b"},
	{"terminationMessagePath", []string{kubeletDir + "/containers/web/d4a460db /tmp/last-words"}, Container{Name: "web", PodUID: testUID}, "/tmp/last-words /tmp/last-words"},
	{
		"another pod's volume",
		[]string{
			kubeletDir + "/etc-hosts /etc/hosts", "/var/lib/kubelet/pods/" + outerUID + "/volumes/kubernetes.io~empty-dir/x /x",
			"/var/lib/kubelet/pods/" + outerUID + "/containers/other/d4a460db /tmp/other",
		},
		named("", "", testUID), "/etc/hosts",
	},
	{
		"a privileged pod with the node's directory",
		[]string{
			kubeletDir + "/etc-hosts /etc/hosts", "/var/lib/kubelet /var/lib/kubelet",
			"/var/lib/kubelet/pods/" + outerUID + "/volume-subpaths/x/y/0 /var/lib/kubelet/pods/" + outerUID + "/volume-subpaths/x/y/0",
		},
		named("", "", testUID), "/etc/hosts",
	},
	{"a hostile name", []string{kubeletDir + `/containers/` + "\x1b[31m\xff" + `\040/d4a460db /dev/termination-log`}, Container{Name: "\x1b[31m\xff ", PodUID: testUID}, "/dev/termination-log /dev/termination-log"},

	{"k3s", []string{"/var/lib/rancher/k3s/agent/containerd/io.containerd.grpc.v1.cri/sandboxes/" + outerID + "/hostname /etc/hostname"}, Container{Runtime: "containerd", SandboxID: outerID}, "/etc/hostname /etc/hostname"},
	{"containerd's directory is a file system", []string{"/io.containerd.grpc.v1.cri/sandboxes/" + outerID + "/resolv.conf /etc/resolv.conf"}, Container{Runtime: "containerd", SandboxID: outerID}, "/etc/resolv.conf /etc/resolv.conf"},
	{"containerd without kubelet", []string{criDir + "/hosts /etc/hosts"}, Container{Runtime: "containerd", SandboxID: outerID}, "/etc/hosts /etc/hosts"},

	{"docker", []string{dockerDir + "/resolv.conf /etc/resolv.conf", dockerDir + "/hostname /etc/hostname", dockerDir + "/hosts /etc/hosts"}, named("docker", outerID, ""), "/etc/hosts /etc/hosts"},
	{"docker's directory is a file system", []string{"/containers/" + outerID + "/hostname /etc/hostname"}, named("docker", outerID, ""), "/etc/hostname /etc/hostname"},
	{"docker with user namespaces", []string{"/var/lib/docker/100000.100000/containers/" + outerID + "/hostname /etc/hostname"}, named("docker", outerID, ""), "/etc/hostname /etc/hostname"},
	{"docker rootless", []string{"/home/u/.local/share/docker/containers/" + outerID + "/hosts /etc/hosts"}, named("docker", outerID, ""), "/etc/hosts /etc/hosts"},
	{"docker of snap", []string{"/var/snap/docker/common/var-lib-docker/containers/" + outerID + "/hosts /etc/hosts"}, named("docker", outerID, ""), "/etc/hosts /etc/hosts"},
	{"docker, a file that was replaced", []string{dockerDir + "/hostname//deleted /etc/hostname"}, named("docker", outerID, ""), "/etc/hostname /etc/hostname"},
	{
		"docker, network of another container",
		[]string{"/docker/" + testID + " /sys/fs/cgroup/pids" + cgroupMount, dockerDir + "/hosts /etc/hosts"},
		named("docker", testID, ""), "/sys/fs/cgroup/pids /sys/fs/cgroup/pids",
	},
	{
		"kubelet and docker",
		[]string{
			kubeletDir + "/containers/db/d4a460db /dev/termination-log",
			dockerDir + "/resolv.conf /etc/resolv.conf", dockerDir + "/hostname /etc/hostname", kubeletDir + "/etc-hosts /etc/hosts",
		},
		Container{Runtime: "docker", SandboxID: outerID, Name: "db", PodUID: testUID},
		"/etc/hostname /etc/hostname /dev/termination-log /etc/hosts",
	},
	{
		"a container in docker's that borrows its files",
		[]string{"/x/" + testID + " /sys/fs/cgroup/pids" + cgroupMount, dockerDir + "/resolv.conf /etc/resolv.conf"},
		named("", testID, ""), "/sys/fs/cgroup/pids",
	},

	{
		"podman",
		[]string{podmanDir + "/resolv.conf /etc/resolv.conf", podmanDir + "/hosts /etc/hosts", podmanDir + "/.containerenv /run/.containerenv", podmanDir + "/hostname /etc/hostname"},
		named("podman", testID, ""), "/run/.containerenv /run/.containerenv",
	},
	{"podman rootless", []string{"/containers/overlay-containers/" + testID + "/userdata/.containerenv /run/.containerenv tmpfs tmpfs"}, named("podman", testID, ""), "/run/.containerenv /run/.containerenv"},
	{"podman, vfs", []string{"/run/containers/storage/vfs-containers/" + testID + "/userdata/.containerenv /run/.containerenv"}, named("podman", testID, ""), "/run/.containerenv /run/.containerenv"},
	{"podman, btrfs", []string{"/containers/storage/btrfs-containers/" + testID + "/userdata/.containerenv /run/.containerenv"}, named("podman", testID, ""), "/run/.containerenv /run/.containerenv"},
	{
		"podman, in a pod of its own",
		[]string{podmanDir + "/.containerenv /run/.containerenv", sandboxDir + "/hosts /etc/hosts", sandboxDir + "/resolv.conf /etc/resolv.conf"},
		named("podman", testID, ""), "/run/.containerenv /run/.containerenv",
	},
	{"containers/storage, of whomever", []string{podmanDir + "/hostname /etc/hostname"}, named("", testID, ""), "/etc/hostname"},
	{
		"kubelet and CRI-O",
		[]string{
			sandboxDir + "/resolv.conf /etc/resolv.conf", sandboxDir + "/hostname /etc/hostname", storageDir + "/.containerenv /run/.containerenv",
			kubeletDir + "/etc-hosts /etc/hosts", kubeletDir + "/containers/web/d4a460db /dev/termination-log",
		},
		Container{Runtime: "crio", SandboxID: outerID, Name: "web", PodUID: testUID},
		"/run/.containerenv /run/.containerenv /dev/termination-log /dev/termination-log",
	},
	{
		"kubelet and CRI-O, with the secrets of the container itself",
		[]string{
			storageDir + "/.containerenv /run/.containerenv", kubeletDir + "/etc-hosts /etc/hosts", podmanDir + "/run/secrets /run/secrets",
		},
		Container{Runtime: "crio", ID: testID, SandboxID: outerID, PodUID: testUID},
		"/run/secrets /run/secrets /run/.containerenv /etc/hosts",
	},
	{"podman, with the secrets of the container", []string{podmanDir + "/run/secrets /run/secrets", sandboxDir + "/hosts /etc/hosts"}, named("podman", testID, ""), "/run/secrets /run/secrets"},
	{
		"a volume alone names the pod: the secrets are the container's own",
		[]string{podmanDir + "/run/secrets /run/secrets", kubeletDir + "/volumes/kubernetes.io~empty-dir/cache /cache"},
		named("", testID, testUID), "/run/secrets /cache",
	},
	{
		"kubelet and containerd, with a volume of the image",
		[]string{imageVolume + " /var/run/s6", criDir + "/hostname /etc/hostname", kubeletDir + "/etc-hosts /etc/hosts"},
		Container{Runtime: "containerd", ID: testID, SandboxID: outerID, PodUID: testUID},
		"/var/run/s6 /var/run/s6 /etc/hostname /etc/hosts",
	},
	{
		"kubelet and CRI-O before its .containerenv",
		[]string{sandboxDir + "/hostname /etc/hostname", kubeletDir + "/etc-hosts /etc/hosts"},
		Container{Runtime: "crio", SandboxID: outerID, PodUID: testUID},
		"/etc/hostname /etc/hostname /etc/hosts",
	},
	{
		"a volume alone names the pod: CRI-O's, or Podman in it",
		[]string{storageDir + "/.containerenv /run/.containerenv", kubeletDir + "/volumes/kubernetes.io~empty-dir/cache /cache"},
		Container{PodUID: testUID},
		"/cache",
	},
	{
		"docker in a pod, on a volume",
		[]string{
			kubeletDir + "/volumes/kubernetes.io~empty-dir/docker/containers/" + testID + "/hostname /etc/hostname",
			kubeletDir + "/volumes/kubernetes.io~empty-dir/cache /cache",
		},
		named("docker", testID, testUID), "/etc/hostname /etc/hostname /cache",
	},
	{
		"docker, with a volume of a pod",
		[]string{dockerDir + "/hostname /etc/hostname", kubeletDir + "/volumes/kubernetes.io~empty-dir/cache /cache"},
		Container{PodUID: testUID},
		"/cache",
	},
	{
		"CRI-O, with another terminationMessagePath",
		[]string{sandboxDir + "/hostname /etc/hostname", kubeletDir + "/containers/web/d4a460db /var/log/end"},
		Container{Runtime: "crio", SandboxID: outerID, Name: "web", PodUID: testUID},
		"/etc/hostname /etc/hostname /var/log/end /var/log/end",
	},
	{
		"CRI-O, cgroup v2 without a namespace",
		[]string{
			podSlice + "/crio-" + testID + ".scope /sys/fs/cgroup cgroup2 cgroup2", storageDir + "/.containerenv /run/.containerenv",
		},
		Container{Runtime: "crio", ID: testID, SandboxID: outerID, PodUID: testUID},
		"/sys/fs/cgroup /sys/fs/cgroup /run/.containerenv /sys/fs/cgroup",
	},

	{
		"nerdctl",
		[]string{
			nerdctlDir + "/containers/default/" + testID + "/hostname /etc/hostname", nerdctlDir + "/containers/default/" + testID + "/resolv.conf /etc/resolv.conf",
			nerdctlDir + "/etchosts/default/" + testID + "/hosts /etc/hosts",
		},
		named("containerd", testID, ""), "/etc/hosts /etc/hosts",
	},
	{"nerdctl rootless", []string{"/home/u/.local/share/nerdctl/1935db59/containers/k8s.io/" + testID + "/resolv.conf /etc/resolv.conf"}, named("containerd", testID, ""), "/etc/resolv.conf /etc/resolv.conf"},

	{
		"kata, in a pod",
		[]string{
			"/" + testID + "-1f3ead8083566ffb-hosts /etc/hosts virtiofs kataShared", "/" + testID + "-175b29da4eda0e77-termination-log /dev/termination-log virtiofs kataShared",
		},
		named("kata", testID, ""), "/etc/hosts /etc/hosts",
	},
	{"kata, over 9p", []string{"/" + testID + "-1f3ead8083566ffb-hostname /etc/hostname 9p kataShared"}, named("kata", testID, ""), "/etc/hostname /etc/hostname"},

	{"systemd-nspawn", []string{"/systemd/nspawn/propagate/my-box /run/host/incoming tmpfs tmpfs"}, named("systemd-nspawn", "my-box", ""), "/run/host/incoming /run/host/incoming"},
	{"systemd-nspawn before 247", []string{"/systemd/nspawn/propagate/rootfs /run/systemd/nspawn/incoming tmpfs tmpfs"}, named("systemd-nspawn", "rootfs", ""), "/run/systemd/nspawn/incoming /run/systemd/nspawn/incoming"},

	{"LXC", []string{"/var/lib/lxc/web/rootfs /", "/.lxc-boot-id /proc/sys/kernel/random/boot_id tmpfs none"}, named("lxc", "web", ""), "/proc/sys/kernel/random/boot_id /"},
	{"LXC, on a file system of its own", []string{"/ /", "/.lxc-boot-id /proc/sys/kernel/random/boot_id tmpfs none"}, named("lxc", "", ""), "/proc/sys/kernel/random/boot_id"},
	{
		"docker in LXC, which has its boot id",
		[]string{dockerDir + "/hostname /etc/hostname", "/.lxc-boot-id /proc/sys/kernel/random/boot_id tmpfs none"},
		named("docker", outerID, ""), "/etc/hostname /etc/hostname",
	},

	{"covered by another", []string{dockerDir + "/hostname /etc/hostname", "/var/lib/docker/containers/" + testID + "/hostname /etc/hostname"}, named("docker", testID, ""), "/etc/hostname /etc/hostname"},
}

// TestEvidenceShared tells an id that may be that of another container, whose network
// this one shares.
func TestEvidenceShared(t *testing.T) {
	for _, test := range []struct {
		cause  string
		mounts []string
		id     string
		want   bool
	}{
		{"docker", []string{dockerDir + "/hostname /etc/hostname"}, outerID, true},
		{"docker, with the cgroup", []string{"/docker/" + testID + " /sys/fs/cgroup/pids" + cgroupMount, dockerDir + "/hostname /etc/hostname"}, testID, false},
		{"nerdctl", []string{nerdctlDir + "/containers/default/" + testID + "/hostname /etc/hostname"}, testID, true},
		{"podman", []string{podmanDir + "/.containerenv /run/.containerenv", sandboxDir + "/hosts /etc/hosts"}, testID, false},
		{"podman without its file", []string{sandboxDir + "/hosts /etc/hosts", podmanDir + "/hostname /etc/hostname"}, testID, false},
		{"podman, the other order", []string{podmanDir + "/hostname /etc/hostname", sandboxDir + "/hosts /etc/hosts"}, testID, false},
		{"podman, hosts alone", []string{podmanDir + "/hosts /etc/hosts"}, testID, true},
	} {
		list, err := procstatus.ParseMounts([]byte(mountTable(test.mounts...)))
		if err != nil {
			t.Fatal(err)
		}
		c, from := OfMounts(list)
		at := slices.IndexFunc(from, func(e Evidence) bool { return e.What == "id" })
		if at < 0 || c.ID != test.id || from[at].Shared != test.want {
			t.Errorf("%s: %q, %+v; want %t", test.cause, c, from, test.want)
		}
	}
}

// hostMounts are of a node, or of a container that they do not tell.
var hostMounts = []string{
	"/ / btrfs",
	"/ /sys/fs/cgroup cgroup2 cgroup2",
	"/ /sys/fs/cgroup/pids" + cgroupMount,
	"/../.. /sys/fs/cgroup cgroup2 cgroup2",
	"/system.slice/ssh.service /sys/fs/cgroup cgroup2 cgroup2",
	"/docker/" + testID + " /sys/fs/cgroup ext4",
	"/docker/" + testID + " /sys/fs/cgroups" + cgroupMount,
	"/docker/" + testID + " /host/sys/fs/cgroup/pids" + cgroupMount,
	"/ /var/lib/docker/overlay2/" + testID + "/merged overlay overlay",
	"/ /run/containerd/io.containerd.grpc.v1.cri/sandboxes/" + testID + "/shm tmpfs shm",
	"/ " + kubeletDir + "/volumes/kubernetes.io~projected/kube-api-access-x tmpfs tmpfs",
	"/data " + kubeletDir + "/volumes/kubernetes.io~local-volume/x",
	kubeletDir + "/volumes/kubernetes.io~empty-dir/x " + kubeletDir + "/volume-subpaths/x/y/0",
	kubeletDir + "/volumes/kubernetes.io~empty-dir/x /host" + kubeletDir + "/volume-subpaths/x/y/0",
	kubeletDir + "/etc-hosts /host/etc/hosts",
	kubeletDir + "/etc-hosts /etc/hostname",
	kubeletDir + "/containers/web /dev/termination-log",
	kubeletDir + "/containers/web/ /dev/termination-log",
	kubeletDir + "/containers/web/a/b /dev/termination-log",
	kubeletDir + "/containers//a /mnt/" + testUID,
	kubeletDir + "/volumes /volumes",
	kubeletDir + " /pod",
	"/var/lib/kubelet/pods/web/etc-hosts /etc/hosts",
	"/var/lib/kubelet/plugins/" + testUID + "/etc-hosts /etc/hosts",
	"/run/NetworkManager/resolv.conf /etc/resolv.conf",
	criDir + "/hostname /mnt/etc/hostname",
	criDir + "/hostname /etc/resolv.conf",
	criDir + "/shm /dev/shm",
	"/sandboxes/" + testID + "/hostname /etc/hostname",
	"/var/lib/containerd/io.containerd.grpc.v1.cri/sandboxes/web/hostname /etc/hostname",
	dockerDir + "/hostname /mnt/hostname",
	dockerDir + "/hostname /etc/hosts",
	dockerDir + "/mounts/shm /dev/shm",
	"/var/lib/docker/containers/" + testID[1:] + "/hostname /etc/hostname",
	"/var/lib/docker/containers/" + strings.ToUpper(testID) + "/hostname /etc/hostname",
	"/" + testID + "/hostname /etc/hostname",
	podmanDir + "/.containerenv /mnt/.containerenv",
	podmanDir + "/.containerenv /etc/.containerenv",
	podmanDir + "/run/secrets /mnt/run/secrets",
	podmanDir + "/run/secrets/x /run/secrets",
	podmanDir + "/secrets /run/secrets",
	imageVolume + " /host/run/io.containerd.runtime.v2.task/k8s.io/" + testID + "/rootfs/data",
	"/x/containers/" + testID + "/volumes/" + outerID + " /data",
	"/io.containerd.grpc.v1.cri/containers/" + testID + "/status /data",
	"/containers/storage/overlay-containers/web/userdata/.containerenv /run/.containerenv",
	"/containers/storage/overlay-layers/" + testID + "/userdata/.containerenv /run/.containerenv",
	"/containers/storage/overlay-containers/" + testID + "/x/.containerenv /run/.containerenv",
	"/var/tmp/buildah2754860408/run/.containerenv /run/.containerenv",
	nerdctlDir + "/containers/default/web/hostname /etc/hostname",
	"/home/u/x/1935db59/containers/default/" + testID + "/hostname /etc/hostname",
	"/81f3e754-e68b0c7cb9120239-hostname /etc/hostname virtiofs kataShared",
	"/" + testID + "-e68b0c7cb9120239-hostname /etc/hostname",
	"/" + testID + "-e68b0c7cb9120239-hostname /etc/hosts virtiofs kataShared",
	"/" + testID + ".e68b0c7cb9120239-hostname /etc/hostname virtiofs kataShared",
	"/" + testID + "-e68b0c7cb912-hostname /etc/hostname virtiofs kataShared",
	"/systemd/nspawn/propagate /run/host/incoming tmpfs",
	"/systemd/nspawn/propagate/ /run/host/incoming tmpfs",
	"/systemd/nspawn/propagate/box /mnt tmpfs",
	"/systemd/propagate/box /run/host/incoming tmpfs",
	"/var/lib/lxc/web/rootfs /",
	"/.lxc-boot-id /proc/sys/kernel/random/uuid tmpfs none",
	"/boot-id /proc/sys/kernel/random/boot_id tmpfs none",
	"net:[4026531833] /run/docker/netns/default nsfs nsfs",
	"//deleted /etc/hostname",
	"deleted /etc/hostname",
}

// TestEvidenceVolume tells a pod that a volume alone names from one that kubelet
// made the container for.
func TestEvidenceVolume(t *testing.T) {
	volume, called := kubeletDir+"/volumes/kubernetes.io~empty-dir/cache /cache", kubeletDir+"/containers/web/d4a460db /var/log/end"
	for _, test := range []struct {
		mounts []string
		want   bool
	}{
		{[]string{volume}, true},
		{[]string{volume, kubeletDir + "/etc-hosts /etc/hosts"}, false},
		{[]string{volume, called}, false},
		{[]string{called, volume}, false},
	} {
		list, err := procstatus.ParseMounts([]byte(mountTable(test.mounts...)))
		if err != nil {
			t.Fatal(err)
		}
		_, from := OfMounts(list)
		if last := from[len(from)-1]; last.What != "podUID" || last.Volume != test.want {
			t.Errorf("%v: %+v, want %t", test.mounts, from, test.want)
		}
	}
}

func TestOfMounts(t *testing.T) {
	for _, test := range mountedContainers {
		list, err := procstatus.ParseMounts([]byte(mountTable(test.mounts...)))
		if err != nil {
			t.Fatal(err)
		}
		c, from := OfMounts(list)
		var points []string
		for _, e := range from {
			points = append(points, strings.TrimPrefix(e.From, "mount of "))
		}
		if got := strings.Join(points, " "); c != test.want || got != test.from {
			t.Errorf("%s: %+v, want %+v; from %s, want %s", test.cause, c, test.want, got, test.from)
		}
		checkMounted(t, list)
	}
	for _, mount := range hostMounts {
		list, err := procstatus.ParseMounts([]byte(mountTable(mount)))
		if err != nil {
			t.Fatal(err)
		}
		if c, from := OfMounts(list); c != (Container{}) || from != nil {
			t.Errorf("%s: %+v, %v; want none", mount, c, from)
		}
	}
	list, err := procstatus.ParseMounts([]byte(mountTable(hostMounts...)))
	if err != nil || len(list) != len(hostMounts) {
		t.Fatal(err)
	}
	if c, from := OfMounts(list); c != (Container{}) || from != nil {
		t.Errorf("all of a node's: %+v, %v; want none", c, from)
	}
}

// TestOfMountsFixtures holds who the real tasks belong to, also where a
// cgroup namespace hides what the mounts of cgroups tell.
func TestOfMountsFixtures(t *testing.T) {
	const firstPod, firstSandbox = "5e225555-074a-4ed0-86f3-6071644ac2ca", "1c4baaaa2e38ccfc8bdd748504dfc8e1584e0e3e2044dbd1e5aa161b3d557667"
	const sharedPod, sharedSandbox = "d557cc63-8dd4-40f6-96e0-5088078dca93", "a511241e1fedf71249a8cd82fbc0ac16950e7046a1405e9d9a2b51a22d3f9e84"
	pods := map[string]Container{ // but for the runtime
		"p1-default":            {ID: "a5a0cc370154b5e613b2426d9583ffe9601cc03170e72dcb50d9000a3c82580d", SandboxID: firstSandbox, Name: "c", PodUID: firstPod},
		"p2-drop-mknod":         {ID: "2f057f2f202f2a69e2ad2c0e319cd9e6abf7cdc1a0b2a4cf3ee6a7a30b817f04", SandboxID: "511189ead1dadfaf889cc71a75131da3f3921ba33e3622fc0262a9af519163cc", Name: "c", PodUID: "f4893b9d-e136-40d2-bee6-1da74c968ac8"},
		"p3-drop-all":           {ID: "f5dac5afe79d4e3de624e70e088ce886d209cff7491009c64e07524d9b23ee08", SandboxID: "e7ef883368178ea364d956eb8728d8bbf71a701b479aa1cf7dc332e52b7279da", Name: "c", PodUID: "e6544c27-6143-4cdf-a676-928b1b9b4369"},
		"p4-drop-all-add-mknod": {ID: "76cf3a2ae7157eb072f2f8681fb6eb2ae30d42268ff97281d43cf2fd60b5f273", SandboxID: "0a1d7fe3a6ad6269180f1d62beeae50b815e449bf5980e75fbdade17be20a8e9", Name: "c", PodUID: "1ecf02dd-ac9b-4377-951a-376921177118"},
		"p5-restricted":         {ID: "31fd2d748307bf088b3154a1ed884eccc346aa08989e423b1b89b91a64a3ff36", SandboxID: "0931abe297d844909fc1562992baf946a833891ba9e45693d0f44cb60826be23", Name: "c", PodUID: "09f8a253-ae71-4e88-86ac-471a6e732d7c"},
		"p6-privileged":         {ID: "2e9afa2f5e9984f372b7b7186bba3c761fa5a089d59d75149192140c1e084b49", SandboxID: "654d20cde7c7ae2dd70d3908c86fc86eac845f32cc62adb1a2ef42c1babf10a1", Name: "c", PodUID: "e970e918-d654-4db1-baf1-cf282216a6c7"},
		"p7-sharepid-c":         {ID: "a68959dc4f4f015597ccb81ffd5592e00a73c21606c6708c429869b079fd87db", SandboxID: sharedSandbox, Name: "c", PodUID: sharedPod},
		"p7-sharepid-d":         {ID: "9c15dd781bdc07eec5e46953f1e53c01df3932298bc7a65e3dce2b6dcafca2bc", SandboxID: sharedSandbox, Name: "d", PodUID: sharedPod},
		"p8-guaranteed":         {ID: "acd4600b9b0d6980b1a388378854081473806006f5bba235f1aedb10ab236544", SandboxID: "b070351db2ec36c3c713de792ab158316fedce618dc0219a3c7d3ab01de4939c", Name: "c", PodUID: "24aa9910-0532-4771-9706-4c0285292c2a"},
		"p8e-ephemeral-c":       {ID: "a5a0cc370154b5e613b2426d9583ffe9601cc03170e72dcb50d9000a3c82580d", SandboxID: firstSandbox, Name: "c", PodUID: firstPod},
		"p8e-ephemeral-dbg":     {ID: "36c90a4309ec94776343870dcf6730f5236ce27ddd07e1566819040c36d746a2", SandboxID: firstSandbox, Name: "dbg", PodUID: firstPod},
		"p8e-ephemeral-dbg-nt":  {ID: "478c527fc058761092dea9cb8cfa3b5222f7747ef5fac231df5f2d0736c140f2", SandboxID: firstSandbox, Name: "dbg-nt", PodUID: firstPod},
		"p9-burstable":          {ID: "26bb5e10e3f57eca26354a02b5369fc8ea514c5c4921c50f8bba096dbea2934c", SandboxID: "96b2035f97af88bbc5444cfeb7322a1e926dfc90889c2078ab72fa50787b01b8", Name: "c", PodUID: "097eb9eb-0c9f-44cb-9cd8-9202d9220b3f"},
	}
	const networkID = "fe720be2503f8b18aba2c0e56db2a6b1f75a05ed8262bc55d5dc53c5f873252d"
	tests := map[string]struct{ all, hidden Container }{
		"linux-6.18-docker":                   {named("docker", "4c796ce787258911ab15e6728b471d7e1a2671aa445045ca0470245e2d1e09ff", ""), named("docker", "4c796ce787258911ab15e6728b471d7e1a2671aa445045ca0470245e2d1e09ff", "")},
		"linux-6.18-docker-private":           {named("docker", "b4ad92e4239c41acc08f0c4acd8e1da6175369b603aea6b74cc060379264a744", ""), named("docker", "b4ad92e4239c41acc08f0c4acd8e1da6175369b603aea6b74cc060379264a744", "")},
		"linux-6.18-docker-network-container": {named("docker", "721f14a0af4a7537484ffc2c8d6183b70c61319b6d327bf1fd2634aed0d5b805", ""), named("docker", networkID, "")},
		"linux-6.18-docker-replaced":          {named("docker", networkID, ""), named("docker", networkID, "")},
		"linux-6.18-odd-names":                {},
	}
	crio := Container{
		Runtime: "crio", ID: "a8f62e52ed7c2cd85242dcf0eb1d727b643540ceca7f328ad7d2f31aedf07731", Name: "ubuntu23",
		SandboxID: "2ac4c84cb0d3c3beb04beeef6ccf71c17b5fdd0252ce3a2b66bc2fdd0aaa1814", PodUID: "0a947273-7214-4824-8411-875ebd7626e4",
	}
	tests["otel-java-crio"] = struct{ all, hidden Container }{crio, crio}
	for name, want := range pods {
		want.Runtime = "containerd"
		hidden := want
		hidden.ID = ""
		tests["linux-6.18-containerd-"+name] = struct{ all, hidden Container }{want, hidden}
	}
	for _, file := range fixture.Mountinfo(t) {
		name, text := file.Name, file.Text
		list, err := procstatus.ParseMounts(text)
		if err != nil {
			t.Fatal(name, err)
		}
		want, known := tests[name]
		if c, _ := OfMounts(list); !known || c != want.all {
			t.Errorf("%s: %+v, want %+v", name, c, want.all)
		}
		checkMounted(t, list)
		list = slices.DeleteFunc(list, func(m procstatus.Mount) bool { return m.Type == "cgroup" })
		if c, _ := OfMounts(list); c != want.hidden {
			t.Errorf("%s, cgroups hidden: %+v, want %+v", name, c, want.hidden)
		}
		delete(tests, name)
	}
	if len(tests) > 0 {
		t.Errorf("no fixtures of %v", tests)
	}
}

// checkMounted holds that each member of a container has one line of evidence,
// in order, that its value stands in the root of a mount of that place, and that
// it makes no difference where in the node's tree a file system is mounted.
func checkMounted(t *testing.T, list []procstatus.Mount) {
	t.Helper()
	c, from := OfMounts(list)
	rest := from
	dashes := strings.NewReplacer("_", "-", `\x2d`, "-").Replace
	for _, v := range []struct{ what, value string }{
		{"runtime", c.Runtime}, {"id", c.ID}, {"sandboxId", c.SandboxID}, {"name", c.Name}, {"podUID", c.PodUID}, {"podId", c.PodID},
	} {
		if v.value == "" {
			continue
		}
		if len(rest) == 0 || rest[0].What != v.what {
			t.Fatalf("%+v: no evidence of %s: %+v", c, v.what, rest)
		}
		if !slices.ContainsFunc(list, func(m procstatus.Mount) bool {
			return rest[0].From == "mount of "+m.Point && (v.what == "runtime" || strings.Contains(dashes(m.Root), dashes(v.value)))
		}) {
			t.Fatalf("%+v: %s is not in %+v", c, v.what, rest[0])
		}
		rest = rest[1:]
	}
	if len(rest) > 0 {
		t.Fatalf("%+v: evidence of nothing: %+v", c, rest)
	}
	if c.SandboxID != "" && !hex64.fits(c.SandboxID) || c.PodUID != "" && len(c.PodUID) != 32 && len(c.PodUID) != 36 || c.Name != "" && c.PodUID == "" {
		t.Fatalf("%+v", c)
	}
	moved := slices.Clone(list)
	for i := range moved {
		if m := &moved[i]; !strings.HasPrefix(m.Type, "cgroup") && strings.HasPrefix(m.Root, "/") {
			m.Root = "/a/pods" + m.Root
		}
	}
	for how, other := range map[string][]procstatus.Mount{"below another directory": moved, "told twice": slices.Concat(list, list)} {
		if same, again := OfMounts(other); same != c || !slices.Equal(again, from) {
			t.Fatalf("%s: %+v, %+v; was %+v, %+v", how, same, again, c, from)
		}
	}
}

func BenchmarkOfMounts(b *testing.B) {
	list, err := procstatus.ParseMounts(slices.Repeat(fixture.Read(b, "mountinfo/linux-6.18-containerd-p1-default.mountinfo"), 100))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		OfMounts(list)
	}
}

// FuzzOfMounts checks what checkMounted says of any mount table.
func FuzzOfMounts(f *testing.F) {
	for _, file := range fixture.Mountinfo(f) {
		f.Add(file.Text)
	}
	for _, test := range mountedContainers {
		f.Add([]byte(mountTable(test.mounts...)))
	}
	for _, mount := range hostMounts {
		f.Add([]byte(mountTable(mount)))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if list, err := procstatus.ParseMounts(text); err == nil {
			checkMounted(t, list)
		}
	})
}
