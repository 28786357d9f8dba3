// SPDX-License-Identifier: Apache-2.0

package container

import (
	"bytes"
	"strconv"
	"strings"
	"testing"

	"github.com/capinspect/capinspect/procstatus"
	"github.com/capinspect/capinspect/testdata/fixture"
)

// fixtureContainers says who each fixture belongs to.
var fixtureContainers = map[string]Container{
	"linux-6.18-containerd-besteffort":        named("", "a5a0cc370154b5e613b2426d9583ffe9601cc03170e72dcb50d9000a3c82580d", "5e225555-074a-4ed0-86f3-6071644ac2ca"),
	"linux-6.18-containerd-burstable":         named("", "26bb5e10e3f57eca26354a02b5369fc8ea514c5c4921c50f8bba096dbea2934c", "097eb9eb-0c9f-44cb-9cd8-9202d9220b3f"),
	"linux-6.18-containerd-guaranteed":        named("", "acd4600b9b0d6980b1a388378854081473806006f5bba235f1aedb10ab236544", "24aa9910-0532-4771-9706-4c0285292c2a"),
	"linux-6.18-containerd-pause":             named("", "a511241e1fedf71249a8cd82fbc0ac16950e7046a1405e9d9a2b51a22d3f9e84", "d557cc63-8dd4-40f6-96e0-5088078dca93"),
	"linux-6.18-containerd-ephemeral":         named("", "36c90a4309ec94776343870dcf6730f5236ce27ddd07e1566819040c36d746a2", "5e225555-074a-4ed0-86f3-6071644ac2ca"),
	"linux-6.18-containerd-privileged-inside": named("", "2e9afa2f5e9984f372b7b7186bba3c761fa5a089d59d75149192140c1e084b49", "e970e918-d654-4db1-baf1-cf282216a6c7"),
	"linux-6.18-docker":                       named("docker", "13ddb093b33b6dc1f26569ce6c29fe06402ba9614d490a77df6ee7e095f900ac", ""),
	"linux-6.18-docker-nested":                named("docker", "580127a50eee0c37dc02f7deb0231b10264f7d5283cb555dcf393018ec88552a", ""),
	"linux-6.18-docker-private-inside":        {},
	"linux-6.18-docker-private-sibling":       named("", "13ddb093b33b6dc1f26569ce6c29fe06402ba9614d490a77df6ee7e095f900ac", ""),
	"linux-6.18-runc":                         {},
	"linux-6.18-odd-name":                     {},
	"linux-6.18-zombie-deleted":               {},
}

func TestOfCgroupFixtures(t *testing.T) {
	for _, file := range fixture.Cgroup(t) {
		name, text := file.Name, file.Text
		want, known := fixtureContainers[name]
		if c, ok := OfCgroup(text); !known || c != want || ok != (want != Container{}) {
			t.Errorf("%s: %q, %v; want %q", name, c, ok, want)
		}
	}
}

// TestOfCgroupDamage checks that a malformed line hides no other one.
func TestOfCgroupDamage(t *testing.T) {
	for _, damage := range []string{"", "garbage\n", "\n", "x:cpu:/a\n", "0::a\n", "1:cpu:/a", "\x00\xff\n"} {
		for _, text := range []string{"1:cpu:/docker/" + testID + "\n" + damage, damage + "\n1:cpu:/docker/" + testID + "\n"} {
			if c, ok := OfCgroup([]byte(text)); !ok || c.ID != testID {
				t.Errorf("%q: %q, %v", text, c, ok)
			}
		}
	}
}

const (
	testID      = "7be92808767a667f35c8505cbf40d14e931ef6db5b0210329cf193b15ba9d605"
	outerID     = "b4f6d0e1b8f64d4e1fd6d6a45ba1d3a34cc1e1a7f22fd2ed7c0d4ff9c1a1a3f5"
	testUID     = "22fd933a-ee61-46bd-93ae-ebace73c1160"
	unitUID     = "22fd933a_ee61_46bd_93ae_ebace73c1160" // testUID as systemd's driver writes it
	outerUID    = "8e18d5f1-1421-42b7-8151-fb1c3be4bd4d"
	staticUID   = "a1de58db0ce81d19df7999f6808def1b" // of a static pod
	buildID     = "5cf82fwiumld3vcs5d5l5pzyv"        // of a BuildKit build
	userManager = "/user.slice/user-1000.slice/user@1000.service"
	podSlice    = "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" + unitUID + ".slice"
)

// containerPaths are paths as they occur, each named by who makes it so. The
// ids are exchanged.
var containerPaths = []struct {
	cause, path string
	want        Container
}{
	{"docker, cgroupfs", "/docker/" + testID, named("docker", testID, "")},
	{"docker, cgroupfs, init in the container is systemd", "/docker/" + testID + "/system.slice/sshd.service", named("docker", testID, "")},
	{"docker, systemd", "/system.slice/docker-" + testID + ".scope", named("docker", testID, "")},
	{"docker, systemd, a slice of one's own", "/web.slice/web-shop.slice/docker-" + testID + ".scope", named("docker", testID, "")},
	{"docker, systemd, systemd inside", "/system.slice/docker-" + testID + ".scope/init.scope", named("docker", testID, "")},
	{"docker, systemd path without systemd", "/system.slice:docker:" + testID, named("docker", testID, "")},
	{"docker rootless", userManager + "/user.slice/docker-" + testID + ".scope", named("docker", testID, "")},
	{"docker rootless, app.slice", userManager + "/app.slice/docker-" + testID + ".scope", named("docker", testID, "")},
	{"docker, cgroup parent of a CI runner", "/actions_job/" + testID, named("", testID, "")},
	{"docker of old, at the root", "/" + testID, named("", testID, "")},
	{"docker of old, LXC driver", "/lxc/" + testID, named("lxc", testID, "")},
	{"docker in docker, cgroupfs", "/docker/" + outerID + "/docker/" + testID, named("docker", testID, "")},
	{"docker in docker, systemd outside", "/system.slice/docker-" + outerID + ".scope/docker/" + testID, named("docker", testID, "")},
	{"docker in docker, the inner daemon", "/system.slice/docker-" + outerID + ".scope/init", named("docker", outerID, "")},
	{"docker in docker in a pod", "/kubepods/burstable/pod" + testUID + "/" + outerID + "/docker/" + testID, named("docker", testID, testUID)},
	{"docker buildkit, cgroupfs", "/docker/buildkit/" + buildID, named("buildkit", buildID, "")},
	{"docker buildkit, systemd", "/system.slice/docker-" + buildID + ".scope", named("docker", buildID, "")},
	{"buildkit with a containerd worker", "/buildkit/" + buildID, named("buildkit", buildID, "")},
	{"buildkit in docker", "/docker/" + outerID + "/buildkit/" + buildID, named("buildkit", buildID, "")},

	{"kubelet, cgroupfs, besteffort", "/kubepods/besteffort/pod" + testUID + "/" + testID, named("", testID, testUID)},
	{"kubelet, cgroupfs, burstable", "/kubepods/burstable/pod" + testUID + "/" + testID, named("", testID, testUID)},
	{"kubelet, cgroupfs, guaranteed", "/kubepods/pod" + testUID + "/" + testID, named("", testID, testUID)},
	{"kubelet, cgroupfs, static pod", "/kubepods/burstable/pod" + staticUID + "/" + testID, named("", testID, staticUID)},
	{"kubelet, cgroupfs, a root of one's own", "/kubelet/kubepods/burstable/pod" + testUID + "/" + testID, named("", testID, testUID)},
	{"kubelet, cgroupfs, systemd in the container", "/kubepods/besteffort/pod" + testUID + "/" + testID + "/system.slice/x.service", named("", testID, testUID)},
	{"containerd, systemd, besteffort", "/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod" + unitUID + ".slice/cri-containerd-" + testID + ".scope", named("containerd", testID, testUID)},
	{"containerd, systemd, burstable", podSlice + "/cri-containerd-" + testID + ".scope", named("containerd", testID, testUID)},
	{"containerd, systemd, guaranteed", "/kubepods.slice/kubepods-pod" + unitUID + ".slice/cri-containerd-" + testID + ".scope", named("containerd", testID, testUID)},
	{"containerd, systemd, static pod", "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" + staticUID + ".slice/cri-containerd-" + testID + ".scope", named("containerd", testID, staticUID)},
	{"containerd, systemd path without systemd", "/system.slice/containerd.service/kubepods-burstable-pod" + unitUID + ".slice:cri-containerd:" + testID, named("containerd", testID, testUID)},
	{"containerd, the same at the root", "/kubepods-besteffort-pod" + unitUID + ".slice:cri-containerd:" + testID, named("containerd", testID, testUID)},
	{"containerd, the same, guaranteed, k3s", "/system.slice/k3s.service/kubepods-pod" + unitUID + ".slice:cri-containerd:" + testID, named("containerd", testID, testUID)},
	{"containerd, the same, static pod", "/system.slice/containerd.service/kubepods-burstable-pod" + staticUID + ".slice:cri-containerd:" + testID, named("containerd", testID, staticUID)},
	{"containerd, namespace of the CRI", "/k8s.io/" + testID, named("", testID, "")},
	{"nerdctl, cgroupfs", "/default/" + testID, named("", testID, "")},
	{"nerdctl, systemd", "/system.slice/nerdctl-" + testID + ".scope", named("containerd", testID, "")},
	{"nerdctl rootless", userManager + "/user.slice/nerdctl-" + testID + ".scope", named("containerd", testID, "")},
	{"containerd, a scope by its name", "/system.slice/containerd-" + testID + ".scope", named("containerd", testID, "")},
	{"cri-dockerd, systemd, RKE", podSlice + "/docker-" + testID + ".scope", named("docker", testID, testUID)},
	{"kata, the sandbox", "/kubepods/pod" + testUID + "/kata_" + testID, named("kata", testID, testUID)},
	{"CRI-O, systemd", podSlice + "/crio-" + testID + ".scope", named("crio", testID, testUID)},
	{"CRI-O, systemd, crun's group", podSlice + "/crio-" + testID + ".scope/container", named("crio", testID, testUID)},
	{"CRI-O, cgroupfs", "/kubepods/burstable/pod" + testUID + "/crio-" + testID, named("crio", testID, testUID)},
	{"CRI-O, monitor in the pod, systemd", podSlice + "/crio-conmon-" + testID + ".scope", named("", "", testUID)},
	{"CRI-O, monitor in the pod, cgroupfs", "/kubepods/burstable/pod" + testUID + "/crio-conmon-" + testID, named("", "", testUID)},
	{"a pod's uid with dashes of the other driver", "/kubepods.slice/kubepods-pod" + testUID + ".slice/docker-" + testID + ".scope", named("docker", testID, testUID)},
	{"the other way round", "/kubepods/pod" + unitUID + "/" + testID, named("", testID, testUID)},
	{"a scope's name without its ending, docker", "/docker-" + testID, named("docker", testID, "")},
	{"a scope's name without its ending, containerd", podSlice + "/cri-containerd-" + testID, named("containerd", testID, testUID)},
	{"a pod's own group", "/kubepods/burstable/pod" + testUID, named("", "", testUID)},
	{"kind, cgroupfs", "/docker/" + outerID + "/kubelet/kubepods/besteffort/pod" + testUID + "/" + testID, named("", testID, testUID)},
	{"kind, systemd", "/system.slice/docker-" + outerID + ".scope/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-besteffort.slice/kubelet-kubepods-besteffort-pod" + unitUID + ".slice/cri-containerd-" + testID + ".scope", named("containerd", testID, testUID)},
	{"kind, the node as it sees itself", "/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-pod" + unitUID + ".slice/cri-containerd-" + testID + ".scope", named("containerd", testID, testUID)},
	{"kind, a service of the node", "/system.slice/docker-" + outerID + ".scope/system.slice/containerd.service", named("docker", outerID, "")},
	{"kind, rootless podman", userManager + "/user.slice/libpod-" + outerID + ".scope/container/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-pod" + unitUID + ".slice/cri-containerd-" + testID + ".scope", named("containerd", testID, testUID)},
	{"minikube in a CI job", "/actions_job/" + outerID + "/kubepods/burstable/pod" + staticUID + "/" + testID, named("", testID, staticUID)},
	{"kubernetes in a pod of kubernetes", "/kubepods/pod" + outerUID + "/" + outerID + "/kubepods/besteffort/pod" + testUID + "/" + testID, named("", testID, testUID)},
	{"kubernetes on mesos", "/mesos/3b1cf944-1d97-40a6-ac73-b156ac2f2bfe/mesos/077d75a1-d7b6-4e55-8114-13f925fe4f49/kubepods/besteffort/pod" + testUID + "/" + testID, named("", testID, testUID)},

	{"podman, systemd", "/machine.slice/libpod-" + testID + ".scope", named("podman", testID, "")},
	{"podman, systemd, crun's group", "/machine.slice/libpod-" + testID + ".scope/container", named("podman", testID, "")},
	{"podman, systemd in the container", "/machine.slice/libpod-" + testID + ".scope/container/system.slice/x.service", named("podman", testID, "")},
	{"podman, cgroupfs", "/libpod_parent/libpod-" + testID, named("podman", testID, "")},
	{"podman rootless, user.slice", userManager + "/user.slice/libpod-" + testID + ".scope/container", named("podman", testID, "")},
	{"podman rootless, app.slice", userManager + "/app.slice/libpod-" + testID + ".scope", named("podman", testID, "")},
	{"podman pod, systemd", "/machine.slice/machine-libpod_pod_" + outerID + ".slice/libpod-" + testID + ".scope", Container{Runtime: "podman", ID: testID, PodID: outerID}},
	{"podman pod, rootless", userManager + "/user.slice/user-libpod_pod_" + outerID + ".slice/libpod-" + testID + ".scope/container", Container{Runtime: "podman", ID: testID, PodID: outerID}},
	{"podman pod, cgroupfs", "/libpod_parent/" + outerID + "/libpod-" + testID, Container{Runtime: "podman", ID: testID, PodID: outerID}},
	{"podman quadlet, cgroups split", "/system.slice/nginx.service/libpod-payload-" + testID, named("podman", testID, "")},
	{"podman quadlet, rootless", userManager + "/app.slice/redis.service/libpod-payload-" + testID, named("podman", testID, "")},
	{"buildah with runc", userManager + "/user.slice/runc-buildah-buildah2754860408.scope", named("runc", "buildah-buildah2754860408", "")},
	{"buildah with crun", "/system.slice/crun-buildah-buildah2365838308.scope", named("crun", "buildah-buildah2365838308", "")},
	{"runc, systemd", "/system.slice/runc-my box.scope", named("runc", "my box", "")},
	{"youki, rootless", userManager + "/user.slice/youki-box.scope", named("youki", "box", "")},
	{"youki, rootless, without systemd", "/:youki:box", named("youki", "box", "")},

	{"LXC 1 to 3.0", "/lxc/web", named("lxc", "web", "")},
	{"LXC 3.1", "/lxc.payload/web", named("lxc", "web", "")},
	{"LXC 4, LXD, Incus", "/lxc.payload.shop_web-1/system.slice/ssh.service", named("lxc", "shop_web-1", "")},
	{"LXC 4, a name that ends as a unit", "/lxc.payload.a.scope", named("lxc", "a.scope", "")},
	{"LXC of a user", "/user.slice/user-1000.slice/session-1.scope/lxc/web", named("lxc", "web", "")},
	{"LXC, Proxmox", "/lxc/101/ns/system.slice/cron.service", named("lxc", "101", "")},
	{"LXC, lxc-attach", "/lxc.payload.web/.lxc", named("lxc", "web", "")},
	{"LXC in LXC", "/lxc.payload.a/lxc.payload.b/init.scope", named("lxc", "b", "")},
	{"LXC, the monitor of an inner one", "/lxc.payload.a/lxc.monitor.b", named("lxc", "a", "")},
	{"LXC, a container called lxc", "/lxc/lxc/init.scope", named("lxc", "lxc", "")},
	{"LXC, a container called docker", "/lxc/docker/init.scope", named("lxc", "docker", "")},
	{"LXC, a hostile name", "/lxc/\x1b[31m\xff\u202e", named("lxc", "\x1b[31m\xff\u202e", "")},
	{"docker in LXC", "/lxc.payload.a/docker/" + testID, named("docker", testID, "")},
	{"LXC in docker", "/docker/" + outerID + "/lxc/web", named("lxc", "web", "")},
	{"nspawn, scope, v2", `/machine.slice/machine-my\x2dbox.scope/payload/init.scope`, named("systemd-nspawn", "my-box", "")},
	{"nspawn, scope, v1", "/machine.slice/machine-box.scope/system.slice/x.service", named("", "box", "")},
	{"machined, anyone's", `/machine.slice/machine-a\x1b\x2db.scope`, named("", `a\x1b-b`, "")},
	{"nspawn, service, v2", "/machine.slice/systemd-nspawn@jammy.service/payload/system.slice/x.service", named("systemd-nspawn", "jammy", "")},
	{"nspawn, service, v1", `/machine.slice/systemd-nspawn@my\x2dbox.service/init.scope`, named("systemd-nspawn", "my-box", "")},
	{"libvirt LXC", `/machine.slice/machine-lxc\x2d4711\x2dweb.scope/libvirt`, named("", "lxc-4711-web", "")},
	{"docker in nspawn", "/machine.slice/systemd-nspawn@jammy.service/payload/system.slice/docker-" + testID + ".scope", named("docker", testID, "")},
	{"a LXC container whose name has an escape of systemd's", `/machine.slice/machine-a.scope/payload/lxc.payload.b\x2dc`, named("lxc", `b\x2dc`, "")},

	{"ECS on EC2, v1", "/ecs/48cb34f5-cd39-4d59-9bb9-89f3c1611afd/" + testID, named("", testID, "")},
	{"ECS on EC2, v1, long task id", "/ecs/prod/529630467358463ab6bbba4e73afe704/" + testID, named("", testID, "")},
	{"ECS on EC2, v2", "/ecstasks.slice/ecstasks-529630467358463ab6bbba4e73afe704.slice/docker-" + testID + ".scope", named("docker", testID, "")},
	{"ECS on Fargate 1.4", "/ecs/529630467358463ab6bbba4e73afe704/529630467358463ab6bbba4e73afe704-1234567890", named("", "529630467358463ab6bbba4e73afe704-1234567890", "")},
	{"ECS, below the directory of another task", "/ecs/prod/529630467358463ab6bbba4e73afe704-1234567890", named("", "529630467358463ab6bbba4e73afe704-1234567890", "")},
	{"ECS, without a directory of the task", "/ecs/529630467358463ab6bbba4e73afe704-1234567890", named("", "529630467358463ab6bbba4e73afe704-1234567890", "")},
	{"a scope that has the id alone", "/system.slice/" + testID + ".scope", named("", testID, "")},
	{"Cloud Foundry", "/system.slice/garden.service/garden/good/2f57368b-0eda-4e52-64d8-af5c", named("garden", "2f57368b-0eda-4e52-64d8-af5c", "")},
	{"Concourse", "/garden/077d75a1-d7b6-4e55-8114-13f925fe4f49", named("garden", "077d75a1-d7b6-4e55-8114-13f925fe4f49", "")},
	{"Mesos", "/mesos/168b386b-893f-478e-bbf1-209482231b88", named("mesos", "168b386b-893f-478e-bbf1-209482231b88", "")},
	{"Apptainer", "/system.slice/apptainer-4711.scope", named("apptainer", "4711", "")},
	{"Singularity of a user", userManager + "/user.slice/singularity-4711.scope", named("singularity", "4711", "")},

	{"sibling in another cgroup namespace, cgroupfs", "/../" + testID, named("", testID, "")},
	{"sibling, systemd", "/../cri-containerd-" + testID + ".scope", named("containerd", testID, "")},
	{"of another pod, cgroupfs", "/../../pod" + testUID + "/" + testID, named("", testID, testUID)},
	{"of another pod, systemd", "/../../kubepods-besteffort-pod" + unitUID + ".slice/crio-" + testID + ".scope", named("crio", testID, testUID)},
}

// hostPaths are of tasks that no container's cgroup is around.
var hostPaths = []struct{ cause, path string }{
	{"the root, or a private cgroup namespace", "/"},
	{"above the namespace", "/.."},
	{"far above", "/../../.."},
	{"a service of the host, seen from a container", "/../../system.slice/ssh.service"},
	{"LXC sibling: a name that could be anything's", "/../web"},
	{"init", "/init.scope"},
	{"service", "/system.slice/ssh.service"},
	{"docker's daemon", "/system.slice/docker.service"},
	{"containerd's shims", "/system.slice/containerd.service"},
	{"kubelet", "/system.slice/kubelet.service"},
	{"kubelet in its slice", "/kubelet.slice/kubelet.service"},
	{"kubelet's QoS level", "/kubepods.slice/kubepods-burstable.slice"},
	{"session", "/user.slice/user-1000.slice/session-3.scope"},
	{"desktop application", userManager + `/app.slice/app-gnome-org.mozilla.firefox-4711.scope`},
	{"bus name with a colon", userManager + "/app.slice/dbus-:1.2-org.kde.krunner@0.service"},
	{"docker's mount unit", "/system.slice/var-lib-docker-overlay2-" + testID + "-merged.mount"},
	{"docker's mount of a network namespace", "/system.slice/run-docker-netns-" + testID[:12] + ".mount"},
	{"a mount unit called as a scope", "/system.slice/docker-" + testID + ".scope.mount"},
	{"a service called as a container", "/system.slice/docker-" + testID + ".service"},
	{"podman's health check", "/system.slice/" + testID + ".service"},
	{"63 digits", "/docker/" + testID[1:]},
	{"65 digits", "/docker/" + testID + "0"},
	{"64 letters that are no digits", "/docker/" + strings.Repeat("g", 64)},
	{"upper case", "/docker/" + strings.ToUpper(testID)},
	{"short id", "/system.slice/docker-" + testID[:12] + ".scope"},
	{"32 digits", "/session/" + staticUID},
	{"podman's monitor", "/machine.slice/libpod-conmon-" + testID + ".scope"},
	{"podman's monitor, rootless", userManager + "/user.slice/libpod-conmon-" + testID + ".scope"},
	{"podman's monitor, cgroupfs", "/libpod_parent/conmon"},
	{"podman's monitor, of a pod, cgroupfs", "/libpod_parent/" + testID + "/conmon"},
	{"podman's monitor, quadlet", "/system.slice/nginx.service/runtime"},
	{"podman's pause process", userManager + "/user.slice/podman-pause-4711.scope"},
	{"a slice of another's pod", "/machine.slice/machine-libpod_pod_web.slice/x"},
	{"podman's pod", "/machine.slice/machine-libpod_pod_" + testID + ".slice"},
	{"CRI-O's monitor outside a pod", "/system.slice/crio-conmon-" + testID + ".scope"},
	{"LXC's monitor, 4", "/lxc.monitor.web"},
	{"LXC's monitor, 3.1", "/lxc.monitor/web"},
	{"LXC's directory", "/lxc"},
	{"kata's overhead", "/kata_overhead/" + testID},
	{"nspawn's monitor, v2", "/machine.slice/systemd-nspawn@jammy.service/supervisor"},
	{"nspawn's monitor, v1", "/machine.slice/systemd-nspawn@jammy.service"},
	{"libvirt's virtual machine", `/machine.slice/machine-qemu\x2d1\x2dvm.scope/libvirt/emulator`},
	{"below libvirt's virtual machine", `/machine.slice/machine-qemu\x2d1\x2dvm.scope/payload`},
	{"a payload of nobody", "/machine.slice/x/payload"},
	{"a machine elsewhere", "/system.slice/machine-box.scope"},
	{"a pod's uid without kubepods", "/system.slice/x-pod" + unitUID + ".slice"},
	{"dashes and underscores in one uid of a pod", "/kubepods/pod" + testUID[:20] + unitUID[20:]},
	{"a pod that is called, not numbered", "/kubepods/podweb"},
	{"a task of ECS itself", "/ecs/529630467358463ab6bbba4e73afe704"},
	{"a name as a task of ECS has, elsewhere", "/x/529630467358463ab6bbba4e73afe704/529630467358463ab6bbba4e73afe704-1"},
	{"31 digits of a task of ECS", "/ecs/29630467358463ab6bbba4e73afe704-1"},
	{"a task of ECS without its number", "/ecs/529630467358463ab6bbba4e73afe704-"},
	{"ctr, runc without a cgroupsPath", "/default/web"},
	{"scope without an id", "/system.slice/runc-.scope"},
	{"empty names", "//docker///"},
	{"a colon form without an id", "/a.slice:docker:"},
	{"a colon form of nobody", "/a.slice:x:" + testID},
	{"a monitor's colon form", "/a.slice:crio-conmon:" + testID},
	{"digits of an apptainer that are none", "/system.slice/apptainer-x.scope"},
	{"an escaped newline", `/docker\012` + testID},
}

func TestOfPath(t *testing.T) {
	for _, test := range containerPaths {
		if c, ok := OfPath(test.path); !ok || c != test.want {
			t.Errorf("%s: %s: %q, %v; want %q", test.cause, test.path, c, ok, test.want)
		}
		// In the file, before and after the zombie's mark of version 2.
		for _, text := range []string{"0::" + test.path + "\n", "0::" + test.path + " (deleted)\n", "5:pids:/\n4:cpu,cpuacct:" + test.path + "\n0::/\n"} {
			if c, ok := OfCgroup([]byte(text)); !ok || c != test.want {
				t.Errorf("%s: %q: %q, %v; want %q", test.cause, text, c, ok, test.want)
			}
		}
	}
	for _, test := range hostPaths {
		if c, ok := OfPath(test.path); ok || c != (Container{}) {
			t.Errorf("%s: %s: %q, %v; want none", test.cause, test.path, c, ok)
		}
		if c, ok := OfCgroup([]byte("0::" + test.path + "\n")); ok || c != (Container{}) {
			t.Errorf("%s: %s: %q, %v; want none", test.cause, test.path, c, ok)
		}
	}
}

// twelve is a cgroup v1 of twelve hierarchies, the paths given in turn and the
// last for the rest.
func twelve(paths ...string) []byte {
	var text []byte
	for i, controllers := range []string{
		"rdma", "cpuset", "hugetlb", "freezer", "devices", "cpu,cpuacct", "perf_event", "net_cls,net_prio", "blkio", "memory", "pids", "name=systemd",
	} {
		text = append(text, strconv.Itoa(12-i)+":"+controllers+":"+paths[min(i, len(paths)-1)]+"\n"...)
	}
	return text
}

func TestOfCgroupHierarchies(t *testing.T) {
	docker, inner := "/docker/"+outerID, "/docker/"+outerID+"/docker/"+testID
	for _, test := range []struct {
		cause string
		text  []byte
		want  Container
	}{
		{"twelve agree", twelve("/kubepods/pod" + testUID + "/" + testID), named("", testID, testUID)},
		{"twelve on the host", twelve("/", "/system.slice/ssh.service"), Container{}},
		{"only one names it", twelve("/", "/", "/", docker, "/"), named("docker", outerID, "")},
		{"hybrid, v2 has nothing", append(twelve(docker), "0::/\n"...), named("docker", outerID, "")},
		{"hybrid, v2 has the runtime's service", append(twelve(docker), "0::/system.slice/containerd.service\n"...), named("docker", outerID, "")},
		{"hybrid, only v2 names it", append(twelve("/"), "0::/system.slice/docker-"+testID+".scope\n"...), named("docker", testID, "")},
		{"the innermost first", twelve(inner, docker), named("docker", testID, "")},
		{"the innermost last", twelve(docker, docker, inner), named("docker", testID, "")},
		{"a container and a pod without one", twelve("/kubepods/pod"+testUID, docker), named("docker", outerID, "")},
		{"a pod, and a container in it", twelve("/kubepods/pod"+testUID, "/kubepods/pod"+testUID+"/"+testID), named("", testID, testUID)},
		{"a runtime that only one names", twelve("/x/y/z/"+testID, "/docker/"+testID), named("docker", testID, "")},
		{"two that contradict each other, the longest first", twelve("/docker/"+testID, "/a/docker/"+outerID), Container{Runtime: "docker", ID: outerID, OtherID: testID}},
		{"two that contradict each other, in their order", twelve("/docker/"+testID, "/docker/"+outerID), Container{Runtime: "docker", ID: testID, OtherID: outerID}},
		{"two names of one container", twelve("/docker/"+testID, "/a/docker/"+testID), named("docker", testID, "")},
		{"two containers around one that only some name", twelve("/docker/"+testID, "/docker/"+outerID, inner), named("docker", testID, "")},
		{
			"two pods that contradict each other", twelve("/kubepods/pod"+testUID+"/"+testID, podSlice[:len(podSlice)-len(unitUID+".slice")]+staticUID+".slice/"+testID),
			Container{ID: testID, PodUID: staticUID, OtherPodUID: testUID},
		},
		{"a pod that only one hierarchy names", twelve("/kubepods/pod"+testUID+"/"+testID, "/docker/"+testID), named("", testID, testUID)},
		{
			"podman rootless under v1, in its monitor's scope",
			twelve("/", "/user.slice", userManager+"/user.slice/libpod-conmon-"+testID+".scope"),
			Container{},
		},
		{"mesos, where only some controllers are its", twelve("/user.slice/user-0.slice/session-2.scope", "/", "/mesos/"+testUID, "/"), named("mesos", testUID, "")},
		{"cut short", []byte("0::/docker/" + testID), Container{}},
		{"the zombie's mark is of v2", []byte("1:cpu:/docker/" + testID + " (deleted)\n"), Container{}},
		{"empty", nil, Container{}},
	} {
		if c, ok := OfCgroup(test.text); c != test.want || ok != (test.want != Container{}) {
			t.Errorf("%s: %q, %v; want %q", test.cause, c, ok, test.want)
		}
	}
}

func BenchmarkOfCgroup(b *testing.B) {
	for _, bench := range []struct {
		name string
		text []byte
	}{
		{"host-v2", []byte("0::/system.slice/ssh.service\n")},
		{"host-v1", twelve("/", "/system.slice/ssh.service")},
		{"desktop-v2", []byte("0::" + userManager + "/app.slice/app-gnome-org.mozilla.firefox-4711.scope\n")},
		{"docker-v2", []byte("0::/system.slice/docker-" + testID + ".scope\n")},
		{"kubernetes-v2", []byte("0::" + podSlice + "/cri-containerd-" + testID + ".scope\n")},
		{"kubernetes-v1", twelve("/kubepods/burstable/pod" + testUID + "/" + testID)},
		{"longest-v2", []byte("0::/" + strings.Repeat("a/", 2046) + "\n")},
	} {
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				OfCgroup(bench.text)
			}
		})
	}
}

// FuzzOfCgroup checks that the names of a container stand in the text, and that a
// text names a container if and only if one of its paths does.
func FuzzOfCgroup(f *testing.F) {
	for _, file := range fixture.Cgroup(f) {
		f.Add(file.Text)
	}
	for _, test := range containerPaths {
		f.Add([]byte("0::" + test.path + "\n"))
	}
	for _, test := range hostPaths {
		f.Add([]byte("0::" + test.path + "\n"))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		named, anyPath := checkContainer(t, text), false
		for line, err := range procstatus.Cgroups(text) {
			c, ok := OfPath(line.Path)
			if ok == (c == Container{}) || ok && err != nil {
				t.Fatalf("%q: %q, %v", line.Path, c, ok)
			}
			anyPath = anyPath || ok
		}
		if named != anyPath {
			t.Fatalf("the text names a container: %v; one of its paths: %v", named, anyPath)
		}
	})
}

// checkContainer checks that the names of a container stand in the text, and reports whether
// there is one.
func checkContainer(t *testing.T, text []byte) (ok bool) {
	c, ok := OfCgroup(text)
	if ok == (c == Container{}) {
		t.Fatalf("%q, %v", c, ok)
	}
	if c.ID == "" && c.Runtime != "" {
		t.Fatalf("the runtime of nothing: %q", c)
	}
	if !bytes.Contains(bytes.ReplaceAll(text, []byte(`\x2d`), []byte("-")), []byte(strings.ReplaceAll(c.ID, `\x2d`, "-"))) {
		t.Fatalf("%q has no ID %q", text, c.ID)
	}
	if !bytes.Contains(bytes.ReplaceAll(text, []byte("_"), []byte("-")), []byte(c.PodUID)) {
		t.Fatalf("%q has no pod %q", text, c.PodUID)
	}
	if n := len(c.PodUID); n != 0 && n != 32 && n != 36 {
		t.Fatalf("pod %q", c.PodUID)
	}
	return ok
}

// named returns what a cgroup tells of a container.
func named(runtime, id, pod string) Container {
	return Container{Runtime: runtime, ID: id, PodUID: pod}
}
