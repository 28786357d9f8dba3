// SPDX-License-Identifier: Apache-2.0

package config

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// summary is what the tests look at: I P E B A, uid, no_new_privs, and the codes of the
// traps and of what is assumed.
func summary(t *task.Task) string {
	var parts []string
	for k := range t.Sets {
		parts = append(parts, task.Map(t.Sets[k], func(s capset.Set) string { return fmt.Sprintf("%x", uint64(s)) }).Or("?"))
	}
	parts = append(parts, task.Map(t.UID, task.IDsText).Or("?"), task.Map(t.NoNewPrivs, func(b bool) string { return fmt.Sprint(b) }).Or("?"))
	for _, n := range append(append([]task.Note{}, t.Asked.Traps...), t.Asked.Assumed...) {
		if n.Code != "manager" && n.Code != "drop-ins" && n.Code != "part" && n.Code != "daemon" {
			parts = append(parts, n.Code)
		}
	}
	return strings.Join(parts, " ")
}

func only(t *testing.T, tasks []*task.Task, err error) *task.Task {
	t.Helper()
	if err != nil || len(tasks) != 1 {
		t.Fatalf("%d tasks, %v", len(tasks), err)
	}
	return tasks[0]
}

// TestDocker holds what docker and podman make of what they are asked for.
func TestDocker(t *testing.T) {
	for _, test := range []struct{ host, config, want string }{
		{`"CapAdd":null,"CapDrop":null`, `"User":""`, "0 a80425fb a80425fb a80425fb 0 0 false"},
		{`"CapAdd":null,"CapDrop":null`, `"User":"root"`, "0 a80425fb a80425fb a80425fb 0 0 false root-name"},
		{`"CapAdd":["net_admin"],"CapDrop":["all"]`, `"User":"0:0"`, "0 1000 1000 1000 0 0 false"},
		{`"CapAdd":["CAP_NET_ADMIN"],"CapDrop":["ALL"]`, `"User":"7"`, "0 0 0 1000 0 7 false add-without-effect"},
		{`"CapAdd":["NET_ADMIN"],"CapDrop":["NET_ADMIN","ALL"]`, `"User":""`, "0 1000 1000 1000 0 0 false add-and-drop"},
		{`"CapAdd":["ALL"],"CapDrop":["CHOWN"]`, `"User":""`, "0 1fffffffffe 1fffffffffe 1fffffffffe 0 0 false add-and-drop"},
		{`"CapAdd":["CAP_ALL","NET_ADMN"],"CapDrop":["ALL"]`, `"User":""`, "0 0 0 0 0 0 false cap-prefix unknown-capability"},
		{`"CapAdd":[],"CapDrop":[],"SecurityOpt":["no-new-privileges:true"]`, `"User":""`, "0 a80425fb a80425fb a80425fb 0 0 true"},
		{`"CapAdd":[],"CapDrop":[],"SecurityOpt":["no-new-privileges=false"]`, `"User":""`, "0 a80425fb a80425fb a80425fb 0 0 false"},
		{`"CapAdd":[],"CapDrop":["ALL"],"SecurityOpt":["no-new-privileges:0"]`, `"User":""`, "0 0 0 0 0 0 false"},
		{`"CapAdd":[],"CapDrop":["ALL"],"SecurityOpt":["no-new-privileges=1"]`, `"User":""`, "0 0 0 0 0 0 true"},
		{`"CapAdd":[],"CapDrop":["ALL"],"Runtime":"io.containerd.runc.v2"`, `"User":""`, "0 0 0 0 0 0 false"},
		{`"CapAdd":[],"CapDrop":["ALL"],"Runtime":"sysbox-runc"`, `"User":""`, "0 0 0 0 0 0 false runtime"},
		{`"CapAdd":["CHOWN"],"CapDrop":["ALL"],"Privileged":true`, `"User":""`, "0 1ffffffffff 1ffffffffff 1ffffffffff 0 0 false privileged-ignores-lists"},
		{`"CapAdd":[],"CapDrop":[],"Privileged":true,"SecurityOpt":["no-new-privileges"]`, `"User":""`, "0 1ffffffffff 1ffffffffff 1ffffffffff 0 0 true"},
		{`"CapAdd":[],"CapDrop":[],"Privileged":true`, `"User":"7"`, "0 0 0 1ffffffffff 0 7 false add-without-effect"},
		{`"CapAdd":[],"CapDrop":[]`, `"User":"-1"`, "0 ? ? a80425fb 0 ? false"},
		{`"CapAdd":[],"CapDrop":[]`, `"User":"2147483648"`, "0 ? ? a80425fb 0 ? false"},
	} {
		host := test.host
		for _, key := range []string{`"Privileged":false`, `"SecurityOpt":null`} {
			if name, _, _ := strings.Cut(key, ":"); !strings.Contains(host, name) {
				host += "," + key
			}
		}
		text := `[{"HostConfig":{` + host + `},"Config":{` + test.config + `}}]`
		tasks, err := Inspect([]byte(text), capset.LastKnown)
		if got := summary(only(t, tasks, err)); got != test.want {
			t.Errorf("%s: %s, want %s", text, got, test.want)
		}
	}
}

// TestPodman holds that the sets that podman tells are taken.
func TestPodman(t *testing.T) {
	for user, want := range map[string]string{
		"":    "0 3 3 3 0 0 false",
		"7":   "2 2 2 3 2 7 false",
		"app": "0 ? ? 3 0 ? false",
	} {
		text := `[{"HostConfig":{"CapAdd":[],"CapDrop":[],"Privileged":false,"SecurityOpt":[]},"Config":{"User":"` + user + `"},` +
			`"BoundingCaps":["CAP_CHOWN","CAP_DAC_OVERRIDE","CAP_NEW"],"EffectiveCaps":["CAP_DAC_OVERRIDE"]}]`
		tasks, err := Inspect([]byte(text), capset.LastKnown)
		if got := summary(only(t, tasks, err)); got != want {
			t.Errorf("user %q: %s, want %s", user, got, want)
		}
	}
}

// TestPodmanTells holds what podman inspect tells in another way than docker inspect.
func TestPodmanTells(t *testing.T) {
	const caps = `"BoundingCaps":["CAP_CHOWN"],"EffectiveCaps":["CAP_CHOWN"]`
	for _, test := range []struct{ members, host, config, want string }{
		{``, `"IpcMode":"private"`, ``, "ipc false, masked ?, hostUsers ?"},
		{``, `"IpcMode":"shareable"`, ``, "ipc ?, masked ?, hostUsers ?"},
		{``, `"IpcMode":"shareable"`, `"CreateCommand":["podman","run","x"]`, "ipc false, masked true, hostUsers ?"},
		{``, `"IpcMode":"shareable"`, `"CreateCommand":["podman","run","--ipc=host","--security-opt","unmask=ALL","x"]`, "ipc true, masked false, hostUsers ?"},
		{``, `"IpcMode":"shareable"`, `"CreateCommand":["podman","run","x","y","--ipc","host"],"Cmd":["y","--ipc","host"]`, "ipc false, masked true, hostUsers ?"},
		{``, `"IpcMode":"shareable","Privileged":true`, `"CreateCommand":["podman","run","--privileged","--security-opt=unmask=/proc/x","x"]`, "ipc false, masked false, hostUsers ?"},
		{`"HostnamePath":"/run/containers/storage/x/hostname",`, `"IpcMode":"none"`, ``, "ipc false, masked ?, hostUsers true"},
		{`"StaticDir":"/home/a/.local/share/containers/storage/x",`, `"IpcMode":"none"`, ``, "ipc false, masked ?, hostUsers false"},
		{`"StaticDir":"/var/lib/containers/storage/x",`, `"IpcMode":"none","UsernsMode":"private"`, ``, "ipc false, masked ?, hostUsers false"},
	} {
		text := `[{` + test.members + caps + `,"HostConfig":{"CapAdd":["CAP_NET_RAW"],"CapDrop":["CAP_KILL"],` + test.host + `,"SecurityOpt":[]},"Config":{"User":"7:7",` +
			strings.TrimSuffix(test.config+",", ",") + `}}]`
		text = strings.ReplaceAll(text, ",}", "}")
		tasks, err := Inspect([]byte(text), capset.LastKnown)
		c := only(t, tasks, err)
		is := func(b bool) string { return fmt.Sprint(b) }
		got := fmt.Sprintf("ipc %s, masked %s, hostUsers %s", task.Map(c.Isolation.HostIPC, is).Or("?"), task.Map(c.Mounts.ProcMasked, is).Or("?"), task.Map(c.Isolation.ChildUserNamespace, func(b bool) string { return is(!b) }).Or("?"))
		if got != test.want || len(c.Asked.Traps) > 0 {
			t.Errorf("%s: %s, %v, want %s", text, got, c.Asked.Traps, test.want)
		}
	}
}

// TestQuadlet holds what podman is asked for by a .container unit.
func TestQuadlet(t *testing.T) {
	for _, test := range []struct{ lines, want string }{
		{"Image=x", "0 ? ? 800405fb 0 ? false"},
		{"User=0", "0 800405fb 800405fb 800405fb 0 0 false"},
		{"User=0\nAddCapability=NET_ADMIN cap_net_raw\nDropCapability=all", "0 3000 3000 3000 0 0 false"},
		{"User=7\nGroup=8\nAddCapability=NET_ADMIN\nNoNewPrivileges=true", "1000 1000 1000 800415fb 1000 7 true"},
		{"User=0\nAddCapability=CHOWN\nAddCapability=\nDropCapability=all", "0 0 0 0 0 0 false"},
		{"User=0\nPodmanArgs=--privileged --cap-add NET_RAW\n[Service]\nUser=7\nNoNewPrivileges=yes", "0 1ffffffffff 1ffffffffff 1ffffffffff 0 0 false privileged-ignores-lists"},
		{"User=0\nPodmanArgs=--cap-drop=all '--cap-add=chown,kill'\nPodmanArgs=--user=7", "21 21 21 21 21 7 false"},
		{"User=0\nDropCapability=all\nAddCapability=chown,CAP_KILL", "0 21 21 21 0 0 false"},
		{"User=7\nPodmanArgs=--privileged\nAddCapability=CHOWN", "1 1 1 1ffffffffff 1 7 false"},
		{"User=7\nPodmanArgs=--privileged\nAddCapability=CHOWN\nDropCapability=KILL", "1 1 1 1ffffffffff 1 7 false privileged-ignores-lists"},
		{"User=7\nPodmanArgs=--privileged\nDropCapability=KILL", "0 0 0 1ffffffffff 0 7 false privileged-ignores-lists"},
		{"User=%U\nDropCapability=ALL", "0 0 0 0 0 ? false"},
	} {
		text := "[Unit]\nDescription=x\n[Container]\n" + test.lines
		tasks, err := Quadlet([]byte(text), capset.LastKnown)
		if got := summary(only(t, tasks, err)); got != test.want || !IsQuadlet([]byte(text)) {
			t.Errorf("%q: %s, want %s", test.lines, got, test.want)
		}
	}
	tasks, err := Quadlet([]byte("[Container]\nContainerName=web\nReadOnly=yes\nNetwork=host\nUserNS=auto\nSeccompProfile=unconfined\nUnmask=ALL\nAppArmor=unconfined"), capset.LastKnown)
	c := only(t, tasks, err)
	if c.Title().Zero() != "web" || !c.Mounts.ReadOnlyRoot.Zero() || !c.Isolation.HostNetwork.Zero() || !c.Isolation.ChildUserNamespace.Zero() ||
		c.Seccomp.Zero().Mode != 0 || c.Mounts.ProcMasked.Or(true) || c.Label.Zero().Label != "unconfined" {
		t.Errorf("%+v", c)
	}
}

// TestSwarm holds what docker service inspect asks for.
func TestSwarm(t *testing.T) {
	for spec, want := range map[string]string{
		`{}`: "0 ? ? a80425fb 0 ? false",
		`{"User":"0","CapabilityAdd":["CAP_NET_ADMIN"],"CapabilityDrop":["ALL"]}`:                                        "0 1000 1000 1000 0 0 false",
		`{"User":"7","CapabilityDrop":["CAP_CHOWN"],"Privileges":{"NoNewPrivileges":true,"Seccomp":{"Mode":"default"}}}`: "0 0 0 a80425fa 0 7 true",
	} {
		text := `[{"ID":"x","Spec":{"Name":"web","TaskTemplate":{"ContainerSpec":` + spec + `}}}]`
		tasks, err := Inspect([]byte(text), capset.LastKnown)
		if got := summary(only(t, tasks, err)); got != want || !IsInspect([]byte(text)) || tasks[0].Title().Zero() != "web" {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

// TestRuntime holds which runtimes are told, and said to do what runc does.
func TestRuntime(t *testing.T) {
	for text, want := range map[string]string{
		`{"ID":"a","Runtime":{"Name":"io.containerd.runc.v2","Options":{}},"Spec":{"process":{}}}`:           "0 0 0 0 0 0 false",
		`{"ID":"a","Runtime":{"Name":"io.containerd.kata.v2"},"Spec":{"process":{}}}`:                        "0 0 0 0 0 0 false runtime",
		`{"status":{"id":"a"},"info":{"runtimeType":"io.containerd.runsc.v1","runtimeSpec":{"process":{}}}}`: "0 0 0 0 0 0 false runtime",
		`{"CapAdd":[],"CapDrop":["ALL"],"Privileged":false,"Runtime":"kata","SecurityOpt":[]}`:               "0 0 0 0 0 ? false runtime",
	} {
		tasks, err := Inspect([]byte(text), capset.LastKnown)
		if got := summary(only(t, tasks, err)); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
	_, err := Inspect([]byte(`{"HostConfig":{"Runtime":[]}}`), capset.LastKnown)
	if err == nil || err.Error() != "line 1: it is neither a name nor an object with one" {
		t.Error(err)
	}
}

// TestRootless holds in which containers of docker and nerdctl a capability counts for the
// node.
func TestRootless(t *testing.T) {
	const host = `"HostConfig":{"CapAdd":[],"CapDrop":[],"Privileged":true,"SecurityOpt":[],"NetworkMode":"host"}`
	for text, want := range map[string]string{
		`{"ResolvConfPath":"/var/lib/docker/containers/a/resolv.conf",` + host + `}`:                                                                   "child false, network true",
		`{"ResolvConfPath":"/var/lib/docker/165536.165536/containers/a/resolv.conf",` + host + `}`:                                                     "child true, network true",
		`{"ResolvConfPath":"/home/a/.local/share/docker/containers/a/resolv.conf",` + host + `}`:                                                       "child true, network ?",
		`{"ID":"a","Labels":{"nerdctl/state-dir":"/var/lib/nerdctl/a"},"Spec":{"process":{},"linux":{"namespaces":[{"type":"network"}]}}}`:             "child false, network false",
		`{"ID":"a","Labels":{"nerdctl/state-dir":"/home/a/.local/share/nerdctl/a"},"Spec":{"process":{},"linux":{"namespaces":[{"type":"network"}]}}}`: "child true, network false",
	} {
		tasks, err := Inspect([]byte(text), capset.LastKnown)
		i := only(t, tasks, err).Isolation
		is := func(b bool) string { return fmt.Sprint(b) }
		if got := "child " + task.Map(i.ChildUserNamespace, is).Or("?") + ", network " + task.Map(i.HostNetwork, is).Or("?"); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

// TestYAML holds that what crictl inspect prints in YAML is read as the JSON is, and that a
// manifest is not taken for it.
func TestYAML(t *testing.T) {
	for text, want := range map[string]string{
		"info:\n  pid: 1\n  runtimeSpec:\n    ociVersion: 1.1.0\n    process:\n      user: {uid: 5}\n      capabilities:\n        bounding:\n        - CAP_CHOWN\nstatus:\n  id: a\n": "0 0 0 1 0 5 false",
		"- Id: a\n  HostConfig:\n    CapAdd: [CHOWN]\n    CapDrop: [ALL]\n    Privileged: false\n    SecurityOpt: null\n  Config:\n    User: ''\n":                                    "0 1 1 1 0 0 false",
	} {
		tasks, err := Inspect([]byte(text), capset.LastKnown)
		if got := summary(only(t, tasks, err)); got != want || !IsInspect([]byte(text)) {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
	const manifest = "apiVersion: v1\nkind: ConfigMap\ndata:\n  HostConfig:\n"
	if IsInspect([]byte(manifest)) {
		t.Errorf("%q is taken for an inspect command's", manifest)
	}
	_, err := Inspect([]byte("- HostConfig:\n    CapAdd: ALL\n"), capset.LastKnown)
	if err == nil || err.Error() != `line 2: HostConfig.CapAdd: "ALL" is a string, not a list: write ["ALL"]` {
		t.Error(err)
	}
}

// TestSwarmNetwork holds that a network which may be the node's leaves it open.
func TestSwarmNetwork(t *testing.T) {
	for networks, want := range map[string]string{``: "false", `,"Networks":[]`: "false", `,"Networks":[{"Target":"a"}]`: "?"} {
		tasks, err := Inspect([]byte(`[{"Spec":{"Name":"web","TaskTemplate":{"ContainerSpec":{"User":"7"}`+networks+`}}}]`), capset.LastKnown)
		host := only(t, tasks, err).Isolation.HostNetwork
		if got := task.Map(host, func(b bool) string { return fmt.Sprint(b) }).Or("?"); got != want {
			t.Errorf("%s: %s, want %s", networks, got, want)
		}
	}
}

// TestKin holds that what describes no container is named, and hides none that does.
func TestKin(t *testing.T) {
	for text, want := range map[string]string{
		`[{"RepoTags":[],"RootFS":{},"Config":{}}]`: "this is what docker and podman inspect print of an image: inspect a container instead",
		`{"family":"x","containerDefinitions":[]}`:  "this is a task definition of Amazon ECS, which capinspect does not read: write its capabilities as cap_add and cap_drop of a compose file",
		`["CAP_CHOWN"]`:          "this is a list of capabilities, and nothing says whether they are added or dropped: save the whole of what the inspect command prints, or decode the names",
		`["seccomp=unconfined"]`: "this is a list of JSON, of which nothing says what it is: save the whole of what the inspect command prints",
		`{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[]}`: "this is a profile of seccomp: it says which system calls are allowed, and no capabilities",
		`{"a":1}`: "<nil>",
		`[]`:      "this is an empty list, as an inspect command prints it if there is nothing of that name",
		`{`:       "<nil>",
	} {
		if err := Kin([]byte(text)); fmt.Sprint(err) != want {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
	const container = `{"HostConfig":{"CapAdd":[],"CapDrop":[],"Privileged":false,"SecurityOpt":[]},"Config":{"User":"0"}}`
	for text, want := range map[string]string{
		"[{\"RepoTags\":[],\"RootFS\":{}},\n" + container + "]":          "1 line 1: this is what docker and podman inspect print of an image: inspect a container instead",
		"[" + container + ",\n{\"Mountpoint\":\"/\",\"Driver\":\"x\"}]":  "1 line 2: this is what docker and podman inspect print of a volume: inspect a container instead",
		container + `{"HostConfigs":1}`:                                  "1 line 1: an object without HostConfig, Spec, info or process: it describes no container",
		`{"ociVersion":"1","bundle":"/b","status":"running"}`:            "0 line 1: this is what runc state prints: config.json in its bundle tells what it holds",
		`{"ociVersion":"1","process":{"capabilities":["CAP_KILL"]}}`:     "0 line 1: capabilities: one list, as before version 1.0 of the specification: runc takes an object with the lists bounding, effective, permitted, inheritable and ambient",
		`{"ociVersion":"1","process":{"capabilities":{"bounding":"x"}}}`: "0 line 1: capabilities.bounding: a string does not belong here",
		`{"ociVersion":"1","process":{},"windows":{}}`:                   "0 line 1: a container of Windows, which has no capabilities",
		`{"HostConfig":{},"Platform":"windows"}`:                         "0 line 1: a container of Windows, which has no capabilities",
	} {
		tasks, err := Inspect([]byte(text), capset.LastKnown)
		if got := fmt.Sprintf("%d %v", len(tasks), err); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

// TestSandbox holds that what crictl inspectp prints is the sandbox of a pod.
func TestSandbox(t *testing.T) {
	const text = `{"status":{"id":"a","metadata":{"name":"web-5f","namespace":"default","uid":"5c1f"}},"info":{"runtimeSpec":{"process":{}}}}`
	tasks, err := Inspect([]byte(text), capset.LastKnown)
	c := only(t, tasks, err).Container.Zero()
	if !c.Sandbox.Zero() || c.PodName != "web-5f" || c.PodNamespace != "default" || c.PodUID != "5c1f" || c.Name != "" {
		t.Errorf("%+v", c)
	}
}

// TestBundle holds what is left of the sets of an OCI configuration once the program begins.
func TestBundle(t *testing.T) {
	all := func(names string) string {
		var sets []string
		for _, k := range []string{"bounding", "effective", "permitted", "inheritable", "ambient"} {
			sets = append(sets, `"`+k+`":[`+names+`]`)
		}
		return strings.Join(sets, ",")
	}
	for _, test := range []struct{ process, want string }{
		{`"user":{"uid":0,"gid":0}`, "0 0 0 0 0 0 false"},
		{`"user":{"uid":0},"capabilities":{` + all(`"CAP_CHOWN"`) + `}`, "1 1 1 1 1 0 false"},
		{`"user":{"uid":5},"capabilities":{` + all(`"CAP_CHOWN"`) + `}`, "1 1 1 1 1 5 false"},
		{`"user":{"uid":5},"capabilities":{"bounding":["CAP_CHOWN"],"permitted":["CAP_CHOWN"],"effective":["CAP_CHOWN"]}`, "0 0 0 1 0 5 false"},
		{`"user":{"uid":5},"capabilities":{"bounding":["CAP_CHOWN"],"permitted":["CAP_CHOWN"],"ambient":["CAP_CHOWN"]}`, "0 0 0 1 0 5 false"},
		{`"user":{"uid":0},"capabilities":{"bounding":["CAP_CHOWN","CAP_KILL"],"permitted":["CAP_CHOWN"]},"noNewPrivileges":true`, "0 1 1 21 0 0 true"},
		{`"user":{"uid":0},"capabilities":{"bounding":["CAP_CHOWN","CAP_KILL"],"permitted":["CAP_CHOWN"]}`, "0 21 21 21 0 0 false"},
		{`"user":{"uid":0},"capabilities":{"bounding":["CAP_KILL"],"permitted":["CAP_CHOWN","CAP_KILL"],"inheritable":["CAP_CHOWN"]}`, "1 21 21 20 0 0 false inheritable-outside-bounding"},
		{`"user":{"uid":0},"capabilities":{"bounding":["cap_chown","CHOWN","CAP_X"]}`, "0 0 0 0 0 0 false unknown-capability unknown-capability unknown-capability"},
	} {
		tasks, err := Inspect([]byte(`{"ociVersion":"1","process":{`+test.process+`}}`), capset.LastKnown)
		if got := summary(only(t, tasks, err)); got != test.want {
			t.Errorf("%s: %s, want %s", test.process, got, test.want)
		}
	}
}

// TestBundleSeccomp holds which configurations runc loads a filter for: one that allows all,
// too.
func TestBundleSeccomp(t *testing.T) {
	for seccomp, want := range map[string]bool{
		`null`:                                 true,
		`{}`:                                   true,
		`{"defaultAction":"SCMP_ACT_ALLOW"}`:   false,
		`{"defaultAction":"","syscalls":[{}]}`: false,
	} {
		tasks, err := Inspect([]byte(`{"ociVersion":"1","process":{},"linux":{"seccomp":`+seccomp+`}}`), capset.LastKnown)
		if got := only(t, tasks, err).Seccomp.Zero(); (got == task.Seccomp{}) != want {
			t.Errorf("%s: %v", seccomp, got)
		}
	}
}

// TestCompose holds what docker is asked for by a compose file.
func TestCompose(t *testing.T) {
	for _, test := range []struct{ service, want string }{
		{"image: x", "0 ? ? a80425fb 0 ? false"},
		{"user: 0\n  cap_drop: [all]\n  cap_add: [chown]", "0 1 1 1 0 0 false"},
		{"user: 7:7\n  cap_add:\n  - CAP_CHOWN\n  cap_drop:\n  - ALL", "0 0 0 1 0 7 false add-without-effect"},
		{"user: app", "0 ? ? a80425fb 0 ? false"},
		{"user: '${UID}'", "0 ? ? a80425fb 0 ? false"},
		{"user: '0'\n  privileged: true", "0 1ffffffffff 1ffffffffff 1ffffffffff 0 0 false"},
		{"user: '0'\n  privileged: yes", "0 1ffffffffff 1ffffffffff 1ffffffffff 0 0 false"},
		{"user: '0'\n  privileged: 'Off'", "0 a80425fb a80425fb a80425fb 0 0 false"},
		{"user: root\n  cap_drop: !override [ALL]\n  security_opt: !reset [no-new-privileges]", "0 0 0 0 0 0 false root-name"},
		{"user: !reset 0\n  cap_add: !reset null", "0 ? ? a80425fb 0 ? false"},
		{"user: '0'\n  privileged: $P", "? ? ? ? ? 0 ?"},
		{"user: '0'\n  cap_add: ['${CAP:-CHOWN}']", "? ? ? ? ? 0 false"},
		{"user: '0'\n  security_opt: ['no-new-privileges:true']", "0 a80425fb a80425fb a80425fb 0 0 true"},
		{"user: '0'\n  security_opt: ['$OPT']", "0 a80425fb a80425fb a80425fb 0 0 ?"},
		{"extends: base", "0 1 1 1 0 0 true"},
		{"extends: {service: base}\n  user: 7\n  cap_add: [KILL]", "0 0 0 21 0 7 true add-without-effect"},
		{"extends: {service: base, file: other.yaml}", "? ? ? ? ? ? ?"},
		{"extends: none", "? ? ? ? ? ? ?"},
		{"extends: web", "? ? ? ? ? ? ?"},
		{"<<: *more\n  user: 0", "0 20 20 20 0 0 false"},
	} {
		text := "x-more: &more\n  cap_drop: [ALL]\n  cap_add: [KILL]\nservices:\n web:\n  " + test.service +
			"\n base:\n  user: '0'\n  cap_drop: [ALL]\n  cap_add: [CHOWN]\n  security_opt: ['no-new-privileges']\n"
		tasks, err := Compose([]byte(text), capset.LastKnown)
		if err != nil || len(tasks) != 2 {
			t.Errorf("%s: %d tasks, %v", test.service, len(tasks), err)
			continue
		}
		if got := summary(tasks[0]); got != test.want || tasks[0].Title().Zero() != "web" || !IsCompose([]byte(text)) {
			t.Errorf("%s: %s, want %s", test.service, got, test.want)
		}
	}
	for text, want := range map[string]string{
		"services:\n web:\n  privileged: maybe\n":        `service "web": privileged: "maybe" is neither true nor false`,
		"services:\n web:\n  cap_add: ALL\n":             `line 3: services.web.cap_add: "ALL" is a string, not a list: write ["ALL"]`,
		"services:\n web:\n  user: [a]\n":                "line 3: services.web: an object or an array does not belong here",
		"services:\n":                                    "no service",
		"services:\n web: {{ .x }}\n":                    "line 2: it is a template, {{ ... }}: render it first, as with helm template",
		"services:\n a: &a\n  b: [*a,*a]\n web: *none\n": "line 4: alias \"none\" has no anchor before it",
	} {
		if _, err := Compose([]byte(text), capset.LastKnown); err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

// TestComposeForms holds which texts are compose files, and what the first form has.
func TestComposeForms(t *testing.T) {
	for text, want := range map[string]bool{
		"web:\n  image: x\n  cap_add: [CHOWN]\n":                              true,
		"# x\n\nweb: # y\n  build: .\n  privileged: true\ndb:\n  image: y\n":  true,
		"version: '3'\nservices:\n  web: {}\n":                                true,
		"test:\n  image: x\n  script: [a]\n  environment: b\n":                false,
		"web:\n  image:\n    repository: x\n  command: []\n":                  false,
		"stages: [a]\nweb:\n  image: x\n  command: []\n":                      false,
		"web:\n  image: x\n":                                                  false,
		"cap_add:\n  - CHOWN\ncap_drop: [ALL]\n":                              true,
		"image: x\nrestart: always\nprivileged: true\n":                       true,
		"    cap_drop: [ALL]\n    image: x\n    read_only: true\n":            true,
		"image: x\nscript:\n  - a\nuser: b\n":                                 false,
		"cap_add:\n  - CHOWN\n":                                               false,
		"- name: a\n  docker_container:\n    image: x\n    cap_drop: [all]\n": false,
		"image: x\ncap_add:\n- CHOWN\n":                                       true,
		"image: x\nenvironment:\n  - user: a\n":                               false,
		"apiVersion: v1\nservices:\n  - a\n":                                  false,
	} {
		if IsCompose([]byte(text)) != want {
			t.Errorf("%q: %v", text, !want)
		}
	}
	tasks, err := Compose([]byte("web:\n  image: x\n  user: 7:7\n  net: host\n  cap_add: [ALL]\ndb:\n  image: y\n  user: '0'\n  privileged: 'on'\n"), capset.LastKnown)
	if err != nil || len(tasks) != 2 || summary(tasks[0]) != "0 0 0 1ffffffffff 0 7 false add-without-effect" || !tasks[0].Isolation.HostNetwork.Zero() ||
		tasks[1].Title().Zero() != "db" || summary(tasks[1]) != "0 1ffffffffff 1ffffffffff 1ffffffffff 0 0 false" {
		t.Errorf("%v, %v", tasks, err)
	}
	for text, want := range map[string]string{
		"cap_add: [CHOWN]\ncap_drop: [ALL]\nuser: '0'\n":                                                                        "0 1 1 1 0 0 false",
		"    image: x\n    user: '7'\n    cap_drop:\n    - ALL\n":                                                               "0 0 0 0 0 7 false",
		"---\nservices:\n  web: {user: '0', cap_drop: [ALL]}\n...\n":                                                            "0 0 0 0 0 0 false",
		"services: {web: {user: '7', cap_drop: [ALL], cap_add: [KILL]}}\n---\nservices: {web: {user: '0', cap_add: [CHOWN]}}\n": "0 21 21 21 0 0 false",
		"services:\n  web: {user: '0', cap_drop: [ALL]}\n---\n# no more\n":                                                      "0 0 0 0 0 0 false",
	} {
		tasks, err := Compose([]byte(text), capset.LastKnown)
		if got := summary(only(t, tasks, err)); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
	_, err = Compose([]byte("services: {web: {}}\n---\nservices:\n  web:\n    user: [a]\n"), capset.LastKnown)
	if err == nil || err.Error() != "line 5: services.web: an object or an array does not belong here" {
		t.Error(err)
	}
	tasks, err = Compose([]byte("include: [a.yaml]\nservices: {web: {user: '0'}}"), capset.LastKnown)
	if got := summary(only(t, tasks, err)); !strings.HasSuffix(got, " include") {
		t.Error(got)
	}
}

// TestOtherQuadlets holds what is said of units of podman that are no containers.
func TestOtherQuadlets(t *testing.T) {
	for section, what := range otherQuadlets {
		text := "[" + section + "]\nYaml=x\n[Service]\nRestart=always\n"
		if tasks, err := Quadlet([]byte(text), capset.LastKnown); tasks != nil || err == nil || err.Error() != "this is "+what || !IsQuadlet([]byte(text)) {
			t.Errorf("%s: %v, %v", section, tasks, err)
		}
	}
}

// TestUnit holds what systemd makes of the settings of a unit.
func TestUnit(t *testing.T) {
	for _, test := range []struct{ lines, want string }{
		{"CapabilityBoundingSet=", "0 0 0 0 0 0 false"},
		{"CapabilityBoundingSet=~", "0 1ffffffffff 1ffffffffff 1ffffffffff 0 0 false"},
		{"NoNewPrivileges=on", "0 1ffffffffff 1ffffffffff 1ffffffffff 0 0 true"},
		{"CapabilityBoundingSet=CAP_CHOWN\nCapabilityBoundingSet=CAP_KILL cap_chown", "0 21 21 21 0 0 false"},
		{"CapabilityBoundingSet=CAP_CHOWN CAP_KILL\nCapabilityBoundingSet=~CAP_KILL", "0 1 1 1 0 0 false"},
		{"CapabilityBoundingSet=~CAP_KILL\nCapabilityBoundingSet=~CAP_CHOWN", "0 1ffffffffde 1ffffffffde 1ffffffffde 0 0 false"},
		{"CapabilityBoundingSet=CAP_CHOWN\nCapabilityBoundingSet=\nCapabilityBoundingSet=CAP_KILL", "0 20 20 20 0 0 false"},
		{"CapabilityBoundingSet=0 5 CHOWN", "0 21 21 21 0 0 false unknown-capability"},
		{"CapabilityBoundingSet=CHOWN", "0 0 0 0 0 0 false unknown-capability"},
		{"CapabilityBoundingSet=~\nPrivateDevices=yes\nProtectKernelModules=1\nProtectKernelLogs=true\nProtectClock=on", "0 1f3f5fcffff 1f3f5fcffff 1f3f5fcffff 0 0 false"},
		{"User=7\nAmbientCapabilities=CAP_CHOWN", "1 1 1 1ffffffffff 1 7 false"},
		{"User=7\nAmbientCapabilities=~CAP_CHOWN", "1fffffffffe 1fffffffffe 1fffffffffe 1ffffffffff 1fffffffffe 7 false"},
		{"User=7\nAmbientCapabilities=CAP_CHOWN\nNoNewPrivileges=yes", "1 1 1 1ffffffffff 1 7 true"},
		{"User=root\nAmbientCapabilities=CAP_CHOWN", "1 1ffffffffff 1ffffffffff 1ffffffffff 1 0 false"},
		{"User=app\nCapabilityBoundingSet=CAP_CHOWN", "0 0 0 1 0 ? false user-name"},
		{"User=7\nNoNewPrivileges=no\nExecStart=/usr/bin/docker compose -f x.yml up -d", "0 0 0 1ffffffffff 0 7 false starts-container"},
		{"User=7\nNoNewPrivileges=no\nExecStart=-/usr/local/bin/docker-compose up", "0 0 0 1ffffffffff 0 7 false starts-container"},
		{"User=7\nNoNewPrivileges=no\nExecStart=/usr/bin/docker ps", "0 0 0 1ffffffffff 0 7 false"},
		{"CapabilityBoundingSet=\nSecureBits=no-root noroot-locked", "0 0 0 0 0 0 false unknown-securebit"},
		{"[Unit]\nAmbientCapabilities=CAP_CHOWN\n[Service]\nUser=7\nCapabilityBoundingSet=\n[Install]\nNoNewPrivileges=yes", "0 0 0 0 0 7 false misplaced misplaced"},
		{"[Service]\nUser=7\nCapabilities=CAP_CHOWN+ep", "0 0 0 1ffffffffff 0 7 false obsolete"},
		{"DynamicUser=yes\nCapabilityBoundingSet=CAP_CHOWN", "0 0 0 1 0 ? true"},
		{"User=7\nUID=7\nCapabilityBoundingSet=CAP_CHOWN\nSystemCallFilter=read", "0 0 0 1 0 7 ?"},
		{"User=7\nCapabilityBoundingSet=CAP_CHOWN\nSystemCallFilter=read\nSystemCallFilter=", "0 0 0 1 0 7 false"},
		{"User=7\nCapabilityBoundingSet=CAP_CHOWN\nRestrictAddressFamilies=~\nRestrictNamespaces=no", "0 0 0 1 0 7 false"},
		{"CapabilityBoundingSet=CAP_CHOWN\nSystemCallFilter=read", "0 1 1 1 0 0 false"},
		{"User=0\nNoNewPrivileges=yes\nSystemCallFilter=read", "0 ? ? 1ffffffffff 0 0 true"},
		{"AmbientCapabilities=CAP_CHOWN\nCapabilityBoundingSet=CAP_KILL", "0 20 20 20 0 0 false ambient-outside-bounding"},
		{"SecureBits=noroot noroot-locked\nAmbientCapabilities=CAP_CHOWN", "1 1 1 1ffffffffff 1 0 false"},
		{"SecureBits=noroot\nSecureBits=keep-caps\nCapabilityBoundingSet=CAP_CHOWN", "0 1 1 1 0 0 false"},
		{"SecureBits=3\nCapabilityBoundingSet=CAP_CHOWN", "0 0 0 1 0 0 false"},
		{"ExecStart=+/x\nUser=7\nCapabilityBoundingSet=\nNoNewPrivileges=yes", "0 1ffffffffff 1ffffffffff 1ffffffffff 0 0 false exec-prefix"},
		{"ExecStart=+/x\nExecStart=\nExecStart=/x\nUser=7\nCapabilityBoundingSet=CAP_CHOWN", "0 0 0 1 0 7 false"},
		{"ExecStartEx={ path=/x ; argv[]=/x ; flags=ignore-failure privileged ; start_time=[n/a] }\nUser=7\nCapabilityBoundingSet=", "0 1ffffffffff 1ffffffffff 1ffffffffff 0 0 false exec-prefix"},
		{"ExecStart=/usr/bin/podman run --rm x\nUser=7\nCapabilityBoundingSet=CAP_CHOWN", "0 0 0 1 0 7 false starts-container"},
		{"CapabilityBoundingSet=\"CAP_CHOWN\" 'CAP_KILL' CAP_\"KILL\" \"CAP_CHOWN CAP_KILL\"\nSecureBits=\"noroot\"", "0 0 0 21 0 0 false unknown-capability"},
		{"CapabilityBoundingSet=CAP_CHOWN\nNoNewPrivileges=yes\nNoNewPrivileges=\nNoNewPrivileges=\"no\"", "0 1 1 1 0 0 true"},
		{"User=\"app\"\nCapabilityBoundingSet=CAP_CHOWN", "0 0 0 1 0 ? false quoted-user user-name"},
		{"ExecStart=-!/x\nUser=7\nCapabilityBoundingSet=CAP_CHOWN", "0 1 1 1 0 0 false exec-prefix"},
		{"ExecStart=!!/x\nUser=7\nCapabilityBoundingSet=CAP_CHOWN", "0 0 0 1 0 7 false"},
		{"FragmentPath=/usr/lib/systemd/user/x.service\nNoNewPrivileges=no\nSystemCallFilter=read", "? ? ? ? ? ? true"},
		{" [Service]\n; CapabilityBoundingSet=CAP_KILL\n\n CapabilityBoundingSet = CAP_CHOWN \\\n  CAP_KILL\n[Install]\nUser=7", "0 21 21 21 0 0 false"},
	} {
		tasks, err := Unit([]byte(test.lines), capset.LastKnown)
		if got := summary(only(t, tasks, err)); got != test.want {
			t.Errorf("%q: %s, want %s", test.lines, got, test.want)
		}
		if !IsUnit([]byte(test.lines)) && strings.Contains(test.lines, "Cap") {
			t.Errorf("%q is not recognised", test.lines)
		}
	}
}

// TestShown holds what the numbers of systemctl show stand for, which printed bitmaps before
// systemd 235.
func TestShown(t *testing.T) {
	for text, want := range map[string]string{
		"Id=a.service\nCapabilityBoundingSet=18446744073709551615\nAmbientCapabilities=0\nSecureBits=0": "0 1ffffffffff 1ffffffffff 1ffffffffff 0 0 false",
		"User=7\nCapabilityBoundingSet=1024\nAmbientCapabilities=1024\nNoNewPrivileges=yes":             "400 400 400 400 400 7 true",
		"MainPID=1\nCapabilityBoundingSet=33\nSecureBits=0":                                             "0 21 21 21 0 0 false bitmap",
		"CapabilityBoundingSet=0\nAmbientCapabilities=0":                                                "0 0 0 0 0 0 false",
		"CapabilityBoundingSet=0 5":                                                                     "0 21 21 21 0 0 false",
		"[Service]\nCapabilityBoundingSet=5":                                                            "0 20 20 20 0 0 false",
		"CapabilityBoundingSet=18446744073709551616":                                                    "0 0 0 0 0 0 false unknown-capability",
	} {
		tasks, err := Unit([]byte(text), capset.LastKnown)
		if got := summary(only(t, tasks, err)); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

// TestNoUnit holds what is said of a text whose settings are those of no unit.
func TestNoUnit(t *testing.T) {
	for text, want := range map[string]string{
		"[Unit]\nNoNewPrivileges=yes\n":                      "NoNewPrivileges= counts for nothing in [Unit]: it belongs in [Service]",
		"[Exec]\nPrivateUsers=yes\nCapability=CAP_KILL\n":    "this is a file of systemd-nspawn, which capinspect does not read",
		"[Manager]\nCapabilityBoundingSet=~CAP_SYS_MODULE\n": "this is a configuration of systemd itself: the output of systemctl show tells what a unit has",
		"[service]\nNoNewPrivileges=yes\n":                   "no setting of a unit",
	} {
		if _, err := Unit([]byte(text), capset.LastKnown); err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

// TestTemplate holds that a unit which is to be filled in is refused, unless it is about
// something else.
func TestTemplate(t *testing.T) {
	const is = "=: it is a template, {{ ... }}: render it first, or save the output of systemctl cat"
	for text, want := range map[string]string{
		"[Service]\nUser={{ user }}":                                    "User" + is,
		"[Service]\nCapabilityBoundingSet=CAP_CHOWN {% if x %}CAP_KILL": "CapabilityBoundingSet" + is,
		"[Service]\nExecStart=docker ps --format {{.ID}}":               "<nil>",
		"[Container]\nAddCapability={{ caps }}":                         "AddCapability" + is,
		"[Container]\nImage={{ image }}":                                "<nil>",
	} {
		read := Unit
		if IsQuadlet([]byte(text)) {
			read = Quadlet
		}
		if _, err := read([]byte(text), capset.LastKnown); fmt.Sprint(err) != want {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

// TestUnits holds how the units of a text are told apart.
func TestUnits(t *testing.T) {
	for text, want := range map[string]string{
		"User=1\nNoNewPrivileges=no\n\nUser=2\nNoNewPrivileges=no\n":                              "?=1 ?=2",
		"Id=a\nUser=1\n\nId=b\n\nId=c\nUser=3\n":                                                  "a=1 b=0 c=3",
		"User=1\n\nNoNewPrivileges=no\n":                                                          "?=1",
		"[Service]\nUser=1\n\nNoNewPrivileges=no\n":                                               "?=1",
		"# /lib/systemd/system/a.service\n[Service]\nUser=1\n# /etc/b.service\n[Service]\nUser=2": "a.service=1 b.service=2",
	} {
		tasks, err := Unit([]byte(text), capset.LastKnown)
		var got []string
		for _, u := range tasks {
			got = append(got, u.Title().Or("?")+"="+task.Map(u.UID, task.IDsText).Or("?"))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%q: %q, %v, want %s", text, got, err, want)
		}
	}
}

// TestHostile holds that what nobody writes is refused, and soon.
func TestHostile(t *testing.T) {
	// What grows faster than its input takes far longer. A short run may be one under the
	// race detector.
	soon := func(start time.Time) bool { return testing.Short() || time.Since(start) < 30*time.Second }
	many := func(n int, text string) string { return strings.Repeat(text+",", n) + text }
	for name, text := range map[string]string{
		"containers":   "[" + many(1<<20, `{"HostConfig":{}}`) + "]",
		"capabilities": `{"HostConfig":{"CapAdd":[` + many(1<<20, `"CHOWN"`) + `]}}`,
		"unknown ones": `{"ociVersion":"1","process":{"capabilities":{"bounding":[` + many(1<<20, `"A"`) + `]}}}`,
		"groups":       `{"ociVersion":"1","process":{"user":{"additionalGids":[` + many(1<<22, `1`) + `]}}}`,
		"depth":        `{"HostConfig":` + strings.Repeat(`{"a":`, 1<<20),
		"arrays":       `{"HostConfig":` + strings.Repeat(`[`, 1<<23),
		"services":     "services:\n b: {cap_add: [" + many(250, "A") + "]}\n" + numbered(5000, " s%d: {extends: b}\n"),
		"documents":    strings.Repeat("services: {a: {cap_add: ["+many(200, "A")+"]}}\n---\n", 1<<10),
		"many names":   "services:\n" + numbered(4000, " s%d: &s%d {cap_add: ["+many(100, "A")+"]}\n"),
		"a long line":  "[Service]\nUser=" + strings.Repeat("\\\n", 8<<20),
		"units":        strings.Repeat("Id=a\nUser=1\n\n", 1<<20) + "NoNewPrivileges=no",
	} {
		start := time.Now()
		read := Inspect
		switch {
		case IsUnit([]byte(text)):
			read = Unit
		case IsCompose([]byte(text)):
			read = Compose
		}
		if _, err := read([]byte(text), capset.LastKnown); err == nil || !soon(start) {
			t.Errorf("%s: %v after %v", name, err, time.Since(start))
		}
	}
	long := strings.Repeat("CapabilityBoundingSet=CAP_CHOWN "+strings.Repeat("X ", 1<<10)+"\n", 1<<12)
	start := time.Now()
	tasks, err := Unit([]byte(long), capset.LastKnown)
	if u := only(t, tasks, err); len(u.Asked.Traps) > maxTraps || !soon(start) {
		t.Errorf("%d traps after %v", len(u.Asked.Traps), time.Since(start))
	}
}

// numbered returns lines with a number in each.
func numbered(n int, line string) string {
	var lines strings.Builder
	for i := range n {
		lines.WriteString(strings.ReplaceAll(line, "%d", strconv.Itoa(i)))
	}
	return lines.String()
}

// fuzz holds that a text is tasks or an error, and that each task tells each set or why not.
func fuzz(t *testing.T, text []byte, read func([]byte, capset.Cap) ([]*task.Task, error)) {
	tasks, err := read(text, capset.LastKnown)
	if len(tasks) == 0 && err == nil {
		t.Fatal("neither a task nor an error")
	}
	for _, u := range tasks {
		if u.Asked == nil || u.LastCap.From == "" {
			t.Fatalf("%+v", u)
		}
		for k, set := range u.Sets {
			if !set.Known() && set.Why() == "" || !set.Zero().Within(capset.UpTo(capset.LastKnown)) {
				t.Fatalf("%v: %+v", capset.Kind(k), set)
			}
		}
		u.Remark()
		u.Mode()
		u.PodFacts()
	}
}

func FuzzInspect(f *testing.F) {
	f.Add([]byte(`[{"Id":"a","Name":"/b","HostConfig":{"CapAdd":["ALL"],"CapDrop":null,"Privileged":true,"SecurityOpt":["seccomp=unconfined"],"PidMode":"container:x"},"Config":{"User":"a:1"}}]`))
	f.Add([]byte(`{"ociVersion":"1","process":{"user":{"uid":1},"capabilities":{"bounding":["CAP_CHOWN"]}},"linux":{"namespaces":[{"type":"user"}],"seccomp":{}}}`))
	f.Add([]byte(`{"status":{"id":"a","metadata":{"name":"b"}},"info":{"runtimeSpec":{"process":{}}}} [{"ID":"a","Spec":{"process":{}}}]`))
	f.Add([]byte(`"CapAdd": ["A"], "CapDrop": [],`))
	f.Fuzz(func(t *testing.T, text []byte) { fuzz(t, text, Inspect) })
}

func FuzzCompose(f *testing.F) {
	f.Add([]byte("services:\n a: &a\n  user: 1:$G\n  cap_add: [ALL]\n  privileged: true\n  extends: {service: b}\n b:\n  <<: *a\n  pid: host\n"))
	f.Add([]byte(`{"services":{"a":{"user":1,"security_opt":["seccomp:unconfined"],"extends":"a"}}}`))
	f.Fuzz(func(t *testing.T, text []byte) { fuzz(t, text, Compose) })
}

func FuzzQuadlet(f *testing.F) {
	f.Add([]byte("[Container]\nAddCapability=CAP_CHOWN \\\nkill\nDropCapability=all\nUser=7\nGroup=8\nPodmanArgs=--privileged=false '--cap-add=a,b' --pid\n[Service]\nUser=1\n"))
	f.Fuzz(func(t *testing.T, text []byte) { fuzz(t, text, Quadlet) })
}

func FuzzUnit(f *testing.F) {
	f.Add([]byte("# /etc/systemd/system/a.service\n[Service]\nUser=%i\nCapabilityBoundingSet=~CAP_CHOWN \\\nCAP_KILL\nAmbientCapabilities=5 99\nExecStart=+!x\nSecureBits=noroot\n"))
	f.Add([]byte("Id=a\nUID=[not set]\nDynamicUser=yes\n\nId=b\nSecureBits=4294967295\nPrivateUsers=yes\n"))
	f.Fuzz(func(t *testing.T, text []byte) { fuzz(t, text, Unit) })
}
