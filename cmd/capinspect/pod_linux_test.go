// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/capset/runtime"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/need"
	"github.com/capinspect/capinspect/procstatus"
)

// podSpec is what a container of docker is started with: its flags, and the members
// of a pod that ask for the same.
type podSpec struct {
	flags    []string
	context  map[string]any // of the container
	pod      map[string]any // of the spec, beside containers
	add      []string
	drop     []string
	readOnly bool
	network  string // "" for none
}

// randomPodSpec returns a container that docker can start with the capabilities most.
func randomPodSpec(random *rand.Rand, most capset.Set) *podSpec {
	s := &podSpec{context: map[string]any{}, pod: map[string]any{}}
	var names []string
	for c := range most.Caps() {
		names = append(names, c.Kubernetes())
	}
	pick := func(flag string) (list []string) {
		for range random.IntN(4) {
			name := names[random.IntN(len(names))]
			if random.IntN(4) == 0 { // what docker takes too
				name = "CAP_" + name
			}
			if random.IntN(4) == 0 {
				name = strings.ToLower(name)
			}
			list = append(list, name)
			s.flags = append(s.flags, flag, name)
		}
		return list
	}
	s.add, s.drop = pick("--cap-add"), pick("--cap-drop")
	if random.IntN(3) == 0 {
		s.drop = append(s.drop, "ALL")
		s.flags = append(s.flags, "--cap-drop", "ALL")
	}
	s.context["capabilities"] = map[string]any{"add": s.add, "drop": s.drop}
	if uid, gid := random.IntN(3), random.IntN(2000); random.IntN(3) > 0 {
		s.flags = append(s.flags, "--user", fmt.Sprintf("%d:%d", uid, gid))
		s.context["runAsUser"], s.pod["securityContext"] = uid, map[string]any{"runAsGroup": gid, "supplementalGroups": []int{7}}
		s.flags = append(s.flags, "--group-add", "7")
	}
	if random.IntN(2) == 0 {
		s.flags = append(s.flags, "--security-opt", "no-new-privileges")
		s.context["allowPrivilegeEscalation"] = false
	}
	if s.readOnly = random.IntN(2) == 0; s.readOnly {
		s.flags = append(s.flags, "--read-only")
		s.context["readOnlyRootFilesystem"] = true
	}
	if random.IntN(2) == 0 {
		s.flags = append(s.flags, "--pid", "host")
		s.pod["hostPID"] = true
	}
	s.context["seccompProfile"] = map[string]any{"type": "RuntimeDefault"}
	if random.IntN(3) == 0 {
		s.flags = append(s.flags, "--security-opt", "seccomp=unconfined")
		s.context["seccompProfile"] = map[string]any{"type": "Unconfined"}
	}
	return s
}

// write writes the pod.
func (s *podSpec) write(t *testing.T) string {
	t.Helper()
	spec := map[string]any{"containers": []any{map[string]any{"name": "c", "securityContext": s.context}}}
	maps.Copy(spec, s.pod)
	text, err := json.Marshal(map[string]any{"kind": "Pod", "spec": spec})
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "pod.json")
	if err := os.WriteFile(name, text, 0o644); err != nil {
		t.Fatal(err)
	}
	return name
}

// start starts the container and returns its process on the host.
func (s *podSpec) start(t *testing.T, image, name string) string {
	t.Helper()
	t.Cleanup(func() { exec.Command("docker", "rm", "-f", name).Run() })
	o := run(t, "docker", append(append([]string{"run", "-d", "--network", cmp.Or(s.network, "none"), "--name", name}, s.flags...), image)...)
	if o.status != 0 {
		t.Fatalf("%q: %+v", s.flags, o)
	}
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if o = run(t, "docker", "logs", name); o.stdout == "ready\n" {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%q is not ready: %+v", s.flags, o)
		}
	}
	return strings.TrimSpace(run(t, "docker", "inspect", "--format", "{{.State.Pid}}", name).stdout)
}

// changes make a pod ask for something else than what runs.
var changes = []struct {
	what   string
	change func(s *podSpec)
}{
	{"Bounding:", func(s *podSpec) {
		s.context["capabilities"] = map[string]any{"drop": []string{"ALL"}, "add": []string{"NET_RAW", "SYSLOG", "CHOWN"}}
	}},
	{"noNewPrivs:", func(s *podSpec) {
		s.context["allowPrivilegeEscalation"] = s.context["allowPrivilegeEscalation"] == false
	}},
	{"readOnlyRootFilesystem:", func(s *podSpec) { s.context["readOnlyRootFilesystem"] = !s.readOnly }},
	{"uid:", func(s *podSpec) { s.context["runAsUser"] = 4242 }},
	{"gid:", func(s *podSpec) { s.context["runAsGroup"] = 4242 }},
	{"seccomp:", func(s *podSpec) {
		other := "Unconfined"
		if s.context["seccompProfile"].(map[string]any)["type"] == other {
			other = "RuntimeDefault"
		}
		s.context["seccompProfile"] = map[string]any{"type": other}
	}},
	{"groups:", func(s *podSpec) { s.pod["securityContext"] = map[string]any{"supplementalGroups": []int{4243}} }},
	{"hostUsers:", func(s *podSpec) { s.pod["hostUsers"] = false }},
}

// TestDockerPods starts containers with random flags, and compares each with the pod
// that asks for the same, and with pods that ask for something else.
func TestDockerPods(t *testing.T) {
	if testing.Short() {
		t.Skip("starts containers")
	}
	need.On(t, "root", "docker")
	image := buildHolderImage(t, buildImage(t))
	most, _ := procstatus.Own().Caps(capset.Bounding) // dockerd starts no container with more,
	most &= capset.UpTo(capset.AuditRead)             // and 20.10 knows no newer ones
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	for i := range 10 {
		s := randomPodSpec(random, most)
		pid := s.start(t, image, fmt.Sprintf("capinspect-test-%d-pod%d", os.Getpid(), i))
		if _, err := strconv.Atoi(pid); err != nil {
			t.Fatal(pid)
		}
		file := s.write(t)
		o := run(t, built(t), "diff", "pod:"+file, pid, "--runtime", "docker")
		if o.status != 0 || o.stderr != "" {
			t.Errorf("%q: %+v", s.flags, o)
		}
		// The runtime is known of the task too.
		if found := run(t, built(t), "diff", "pod:"+file, pid); found != o {
			t.Errorf("%q, without --runtime: %+v, not %+v", s.flags, found, o)
		}
		for _, c := range changes {
			other := *s
			other.context, other.pod = maps.Clone(s.context), maps.Clone(s.pod)
			c.change(&other)
			o := run(t, built(t), "diff", "pod:"+other.write(t), pid, "--runtime", "docker")
			if o.status != 1 || !strings.HasPrefix(o.stdout, c.what) && !strings.Contains(o.stdout, "\n"+c.what) {
				t.Errorf("%q, other %s %+v", s.flags, c.what, o)
			}
		}
	}
}

// TestRuncPod compares a container in a user namespace of its own, whose ids the host
// sees as others.
func TestRuncPod(t *testing.T) {
	if testing.Short() {
		t.Skip("starts containers")
	}
	need.On(t, "root", "runc")
	patch, err := json.Marshal(map[string]any{
		"process": map[string]any{"user": map[string]any{"uid": 1000, "gid": 1001, "additionalGids": []int{4}}},
		"linux": map[string]any{
			"namespaces":  namespacesOf("pid", "ipc", "uts", "mount", "network", "user"),
			"uidMappings": []any{mapping(0, 100000, 65536)},
			"gidMappings": []any{mapping(0, 200000, 65536)},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	name := startRunc(t, string(patch), prepareNames)
	var state struct{ Pid int }
	if o := run(t, "runc", "state", name); json.Unmarshal([]byte(o.stdout), &state) != nil {
		t.Fatalf("%+v", o)
	}
	for _, users := range []bool{false, true} {
		s := &podSpec{
			context: map[string]any{"runAsUser": 1000, "runAsGroup": 1001},
			pod:     map[string]any{"hostUsers": users, "securityContext": map[string]any{"supplementalGroups": []int{4}}},
		}
		o := run(t, built(t), "diff", "pod:"+s.write(t), strconv.Itoa(state.Pid))
		if o.status > 1 || o.stderr != "" {
			t.Errorf("%+v", o)
		}
		for _, key := range []string{"uid", "gid", "groups", "hostPID", "hostIPC", "hostUsers"} {
			if strings.Contains(o.stdout, "\n"+key+": ") || strings.HasPrefix(o.stdout, key+": ") {
				t.Errorf("%s differs: %s", key, o.stdout)
			}
		}
		// A manifest with hostUsers: true asks for the node's, whichever that is.
		if got := strings.Contains(o.stdout, "hostUsers (it asks for the node's"); got != users {
			t.Errorf("hostUsers %v: %s", users, o.stdout)
		}
	}
}

// TestVoidPod compares containers in a user namespace of their own, which have some of the
// node's namespaces, with the pods that ask for them: what diff says is of no help there
// counts for nothing in the container, and what else is added counts.
func TestVoidPod(t *testing.T) {
	if testing.Short() {
		t.Skip("starts containers")
	}
	need.On(t, "root", "runc")
	most, _ := procstatus.Own().Caps(capset.Bounding)
	random := random(t)
	void := 0
	for i, node := range [][]string{{}, {"network"}, {"ipc"}, {"network", "ipc"}, {"network"}, {}} {
		t.Run(strconv.Itoa(i)+strings.Join(node, " "), func(t *testing.T) {
			added := capset.Set(random.Uint64()|random.Uint64()) & most
			names, kinds := []string{}, []string{"pid", "uts", "mount", "user", "cgroup"}
			for c := range (added | runtime.Named("containerd").Default()).Caps() {
				names = append(names, "CAP_"+c.Kubernetes())
			}
			pod := map[string]any{"hostUsers": false}
			for kind, field := range map[string]string{"network": "hostNetwork", "ipc": "hostIPC"} {
				if slices.Contains(node, kind) {
					pod[field] = true
				} else {
					kinds = append(kinds, kind)
				}
			}
			patch, err := json.Marshal(map[string]any{
				"process": map[string]any{"capabilities": map[string]any{"bounding": names, "permitted": names, "effective": names}, "noNewPrivileges": false},
				"mounts": []any{
					map[string]string{"destination": "/proc", "type": "proc", "source": "proc"},
					map[string]string{"destination": "/dev", "type": "tmpfs", "source": "tmpfs"},
				},
				"linux": map[string]any{
					"namespaces":  namespacesOf(kinds...),
					"uidMappings": []any{mapping(0, 100000, 65536)}, "gidMappings": []any{mapping(0, 100000, 65536)},
				},
			})
			if err != nil {
				t.Fatal(err)
			}
			var state struct{ Pid int }
			if o := run(t, "runc", "state", startRunc(t, string(patch), nil)); json.Unmarshal([]byte(o.stdout), &state) != nil {
				t.Fatalf("%+v", o)
			}
			add := []string{}
			for c := range added.Caps() {
				add = append(add, c.Kubernetes())
			}
			s := &podSpec{pod: pod, context: map[string]any{"capabilities": map[string]any{"add": add}, "readOnlyRootFilesystem": true, "seccompProfile": map[string]any{"type": "Unconfined"}}}
			o := run(t, built(t), "diff", "pod:"+s.write(t), strconv.Itoa(state.Pid))
			if o.status != 0 || o.stderr != "" {
				t.Errorf("%+v", o)
			}
			named := capset.Set(0)
			if m := regexp.MustCompile(`void-in-user-namespace +hostUsers: false.*: ([A-Z_,]+): no help there`).FindStringSubmatch(o.stdout); m != nil {
				if named, err = capset.ParseList(m[1]); err != nil {
					t.Fatal(err)
				}
			}
			p := placeOf(t, run(t, built(t), "--json", strconv.Itoa(state.Pid)))
			for c := range most.Caps() {
				scope := p.Scopes[c.String()] // nil if it does not hold it
				nowhere := scope != nil && len(scope.For) == 0
				switch {
				case named.Has(c):
					if void++; !nowhere {
						t.Errorf("%s counts: %+v", c, scope)
					}
				case nowhere && added.Has(c):
					t.Errorf("%s counts for nothing, and is not named: %s", c, o.stdout)
				}
			}
		})
	}
	if void == 0 {
		t.Error("nothing is void")
	}
}
