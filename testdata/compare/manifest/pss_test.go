// SPDX-License-Identifier: Apache-2.0

package manifest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
	"sigs.k8s.io/yaml"

	"github.com/capinspect/capinspect/capset/podsecurity"
)

// broken are the IDs of the rules that each pod breaks, by its name.
type broken map[string][]string

// byLibrary returns what the library of Kubernetes says of pods.
func byLibrary(pods []corev1.Pod, level api.Level, minor int) broken {
	found := broken{}
	for _, pod := range pods {
		var ids []string
		for _, rule := range podsecurity.Rules() {
			if l, _ := podsecurity.ParseLevel(string(level)); !rule.In(l, uint8(minor)) {
				continue
			}
			if !libraryAllows(rule.ID, minor, &pod) {
				ids = append(ids, rule.ID)
			}
		}
		slices.Sort(ids)
		found[pod.Name] = ids
	}
	return found
}

// libraryAllows evaluates one check of the library in a version.
func libraryAllows(id string, minor int, pod *corev1.Pod) bool {
	var check policy.CheckPodFn
	for _, c := range policy.DefaultChecks() {
		for _, v := range c.Versions {
			if string(c.ID) == id && v.MinimumVersion.Minor() <= minor {
				check = v.CheckPod
			}
		}
	}
	pod = pod.DeepCopy()
	for i := range pod.Spec.Volumes { // the default of the API server (pkg/apis/core/v1, SetDefaults_Volume)
		if v := &pod.Spec.Volumes[i]; v.VolumeSource == (corev1.VolumeSource{}) {
			v.EmptyDir = &corev1.EmptyDirVolumeSource{}
		}
	}
	return check(&pod.ObjectMeta, &pod.Spec).Allowed
}

// breachLine is a line of check --pss on a manifest.
var breachLine = regexp.MustCompile(`^standard input:\d+: [A-Z]\w+/([\w-]+)(?:: (?:init |ephemeral )?container \w+)?: (?:baseline|restricted): (\w+): `)

// byBinary returns what the binary says of objects in JSON or YAML.
func byBinary(binary string, text []byte, names []string, level api.Level, minor int) (broken, error) {
	cmd := exec.Command(binary, "check", "pod:-", "--pss", string(level), "--pss-version", fmt.Sprintf("1.%d", minor))
	cmd.Stdin = bytes.NewReader(text)
	out, err := cmd.Output()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		if err = nil; exit.ExitCode() != 1 || len(exit.Stderr) > 0 {
			err = fmt.Errorf("exit status %d: %s", exit.ExitCode(), exit.Stderr)
		}
	}
	if err != nil {
		return nil, err
	}
	found := broken{}
	for _, name := range names {
		found[name] = nil
	}
	_, breaches, _ := strings.Cut(string(out), "\n") // the first line says yes or no
	for line := range strings.Lines(breaches) {
		m := breachLine.FindStringSubmatch(line)
		if m == nil {
			return nil, fmt.Errorf("not understood: %s", line)
		}
		found[m[1]] = append(found[m[1]], m[2])
	}
	for name, ids := range found {
		slices.Sort(ids)
		found[name] = slices.Compact(ids)
	}
	return found, nil
}

// compareVerdicts holds that the binary, which reads a text, and the library find the same
// rules broken.
func compareVerdicts(t *testing.T, binary string, text []byte, pods []corev1.Pod, level api.Level, minor int) broken {
	t.Helper()
	want := byLibrary(pods, level, minor)
	got, err := byBinary(binary, text, slices.Collect(maps.Keys(want)), level, minor)
	if err != nil {
		t.Fatalf("%s of 1.%d: %v", level, minor, err)
	}
	for name, ids := range want {
		if !slices.Equal(got[name], ids) {
			t.Errorf("%s of 1.%d: %s breaks %v, the library says %v", level, minor, name, got[name], ids)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%s of 1.%d: %d pods, want %d", level, minor, len(got), len(want))
	}
	return got
}

// TestFixtures holds that the binary judges each of the pods that the library has for its
// own tests as that does: those that pass and those that fail, of each version and level, as
// the YAML that the library has.
func TestFixtures(t *testing.T) {
	binary, judged, ids := build(t), 0, map[string]bool{}
	for _, level := range []api.Level{api.LevelBaseline, api.LevelRestricted} {
		for minor := range podsecurity.LatestVersion + 1 {
			var pods []corev1.Pod
			var stream bytes.Buffer
			pass := map[string]bool{}
			for _, verdict := range []string{"pass", "fail"} {
				for _, path := range fixtures(t, level, minor, verdict) {
					name := verdict + "-" + strings.TrimSuffix(filepath.Base(path), ".yaml")
					text, pod := podOf(t, path, name)
					pods = append(pods, pod)
					fmt.Fprintf(&stream, "---\n%s\n", text)
					pass[name] = verdict == "pass"
				}
			}
			for name, broken := range compareVerdicts(t, binary, stream.Bytes(), pods, level, minor) {
				if pass[name] != (broken == nil) {
					t.Errorf("%s of 1.%d: %s breaks %v", level, minor, name, broken)
				}
				for _, id := range broken {
					ids[id] = true
				}
			}
			judged += len(pods)
		}
	}
	if judged < 4000 || len(ids) != len(podsecurity.Rules()) {
		t.Errorf("%d pods, which break %d rules", judged, len(ids))
	}
}

// podName is the line with the name of a pod in a file of the library.
var podName = regexp.MustCompile(`(?m)^  name: .*$`)

// podOf reads a pod, and gives it a name.
func podOf(t *testing.T, path, name string) (text []byte, pod corev1.Pod) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err == nil {
		at := podName.FindIndex(text)
		text = slices.Concat(text[:at[0]], []byte("  name: "+name), text[at[1]:])
		err = yaml.Unmarshal(text, &pod)
	}
	if err != nil || pod.Name != name {
		t.Fatal(path, pod.Name, err)
	}
	return text, pod
}

// TestRandomPods holds that the binary judges random pods as the library does.
func TestRandomPods(t *testing.T) {
	binary, seed := build(t), rand.Uint64()
	r := random{rand.New(rand.NewPCG(seed, 1))}
	clean, dirty := 0, 0
	for round := range 60 {
		var pods []corev1.Pod
		for i := range 100 {
			pods = append(pods, r.pod(fmt.Sprintf("pod%d", i)))
		}
		level := []api.Level{api.LevelBaseline, api.LevelRestricted}[r.IntN(2)]
		for _, ids := range compareVerdicts(t, binary, listOf(t, pods, round%2 == 0), pods, level, r.IntN(podsecurity.LatestVersion+1)) {
			if ids == nil {
				clean++
			} else {
				dirty++
			}
		}
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
	if clean < 50 || dirty < 50 {
		t.Errorf("%d pods break no rule, %d break some", clean, dirty)
	}
}

// listOf returns pods as a list in JSON, or in YAML.
func listOf(t *testing.T, pods []corev1.Pod, inYAML bool) []byte {
	t.Helper()
	text, err := json.Marshal(map[string]any{"kind": "List", "items": pods})
	if err == nil && inYAML {
		text, err = yaml.JSONToYAML(text)
	}
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// random makes random pods. Most of what it sets is allowed, so that some pods are.
type random struct{ *rand.Rand }

// oneIn is true once in n times.
func (r random) oneIn(n int) bool { return r.IntN(n) == 0 }

// pick returns one of some values, most often the first.
func pick[T any](r random, values ...T) T {
	if !r.oneIn(4) {
		return values[0]
	}
	return values[r.IntN(len(values))]
}

// maybe returns nil, or one of some values.
func maybe[T any](r random, n int, values ...T) *T {
	if r.oneIn(n) {
		return nil
	}
	v := pick(r, values...)
	return &v
}

func (r random) pod(name string) corev1.Pod {
	pod := corev1.Pod{TypeMeta: metav1.TypeMeta{Kind: "Pod"}, ObjectMeta: metav1.ObjectMeta{Name: name}}
	spec := &pod.Spec
	if r.oneIn(6) {
		pod.Annotations = map[string]string{
			pick(r, "seccomp.security.alpha.kubernetes.io/pod", "container.seccomp.security.alpha.kubernetes.io/c0",
				"container.seccomp.security.alpha.kubernetes.io/other", "container.apparmor.security.beta.kubernetes.io/c0", "other"): pick(r,
				"runtime/default", "docker/default", "localhost/x", "unconfined", ""),
		}
	}
	spec.HostPID, spec.HostIPC, spec.HostNetwork = r.oneIn(30), r.oneIn(30), r.oneIn(30)
	spec.HostUsers = maybe(r, 3, true, false)
	if r.oneIn(8) {
		spec.OS = &corev1.PodOS{Name: pick(r, corev1.Windows, corev1.Linux)}
	}
	if !r.oneIn(4) {
		spec.SecurityContext = &corev1.PodSecurityContext{
			RunAsNonRoot: maybe(r, 4, true, false), RunAsUser: maybe(r, 4, int64(1000), 0),
			SeccompProfile: r.seccomp(), AppArmorProfile: r.appArmor(), SELinuxOptions: r.seLinux(), WindowsOptions: r.windows(),
		}
		for r.oneIn(8) {
			spec.SecurityContext.Sysctls = append(spec.SecurityContext.Sysctls, corev1.Sysctl{Name: pick(r,
				"kernel.shm_rmid_forced", "net.ipv4.ip_local_reserved_ports", "net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_rmem",
				"net.ipv4.tcp_notsent_lowat", "kernel.msgmax", "net/ipv4/tcp_syncookies")})
		}
	}
	for r.oneIn(4) {
		spec.Volumes = append(spec.Volumes, r.volume())
	}
	for i := range 1 + r.IntN(2) {
		spec.Containers = append(spec.Containers, r.container(fmt.Sprintf("c%d", i)))
	}
	if r.oneIn(4) {
		spec.InitContainers = append(spec.InitContainers, r.container("init0"))
	}
	if r.oneIn(8) {
		c := r.container("debug")
		spec.EphemeralContainers = append(spec.EphemeralContainers, corev1.EphemeralContainer{
			EphemeralContainerCommon: corev1.EphemeralContainerCommon{
				Name: c.Name, SecurityContext: c.SecurityContext, Ports: c.Ports, LivenessProbe: c.LivenessProbe, Lifecycle: c.Lifecycle,
			},
		})
	}
	return pod
}

func (r random) volume() corev1.Volume {
	v := corev1.Volume{Name: "v"}
	v.VolumeSource = pick(r,
		corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}},
		corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{}},
		corev1.VolumeSource{CSI: &corev1.CSIVolumeSource{}},
		corev1.VolumeSource{DownwardAPI: &corev1.DownwardAPIVolumeSource{}},
		corev1.VolumeSource{Ephemeral: &corev1.EphemeralVolumeSource{}},
		corev1.VolumeSource{Image: &corev1.ImageVolumeSource{}},
		corev1.VolumeSource{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{}},
		corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{}},
		corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{}},
		corev1.VolumeSource{},
		corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: "/"}},
		corev1.VolumeSource{NFS: &corev1.NFSVolumeSource{}},
		corev1.VolumeSource{ISCSI: &corev1.ISCSIVolumeSource{}},
		corev1.VolumeSource{AWSElasticBlockStore: &corev1.AWSElasticBlockStoreVolumeSource{}},
		corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}, HostPath: &corev1.HostPathVolumeSource{}},
	)
	return v
}

func (r random) container(name string) corev1.Container {
	c := corev1.Container{Name: name}
	if !r.oneIn(12) {
		c.SecurityContext = &corev1.SecurityContext{
			AllowPrivilegeEscalation: maybe(r, 8, false, true), Privileged: maybe(r, 3, false, false, false, true),
			RunAsNonRoot: maybe(r, 3, true, false), RunAsUser: maybe(r, 3, int64(1000), 0),
			SeccompProfile: r.seccomp(), AppArmorProfile: r.appArmor(), SELinuxOptions: r.seLinux(), WindowsOptions: r.windows(),
		}
		if r.oneIn(8) {
			c.SecurityContext.ProcMount = maybe(r, 3, corev1.DefaultProcMount, corev1.UnmaskedProcMount)
		}
		if !r.oneIn(8) {
			c.SecurityContext.Capabilities = &corev1.Capabilities{Drop: []corev1.Capability{pick(r, corev1.Capability("ALL"), "all", "NET_RAW")}}
		}
		for c.SecurityContext.Capabilities != nil && r.oneIn(4) {
			c.SecurityContext.Capabilities.Add = append(c.SecurityContext.Capabilities.Add,
				pick(r, corev1.Capability("NET_BIND_SERVICE"), "CHOWN", "CAP_CHOWN", "chown", "NET_RAW", "SYS_ADMIN", "SYS_TIME", "ALL", "13", "", "AUDIT_WRITE"))
		}
	}
	for r.oneIn(6) {
		c.Ports = append(c.Ports, corev1.ContainerPort{ContainerPort: 80, HostPort: pick(r, int32(0), 80)})
	}
	if r.oneIn(6) {
		c.LivenessProbe = &corev1.Probe{ProbeHandler: corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Host: pick(r, "", "127.0.0.1"), Port: intstr.FromInt32(80)}}}
	}
	if r.oneIn(12) {
		c.StartupProbe = &corev1.Probe{ProbeHandler: corev1.ProbeHandler{TCPSocket: &corev1.TCPSocketAction{Host: pick(r, "", "h")}}}
		c.ReadinessProbe = c.StartupProbe
	}
	if r.oneIn(12) {
		c.Lifecycle = &corev1.Lifecycle{
			PostStart: &corev1.LifecycleHandler{TCPSocket: &corev1.TCPSocketAction{Host: pick(r, "", "h")}},
			PreStop:   &corev1.LifecycleHandler{HTTPGet: &corev1.HTTPGetAction{Host: pick(r, "", "h")}},
		}
	}
	return c
}

func (r random) seccomp() *corev1.SeccompProfile {
	if r.oneIn(3) {
		return nil
	}
	return &corev1.SeccompProfile{Type: pick(r, corev1.SeccompProfileTypeRuntimeDefault, corev1.SeccompProfileTypeLocalhost, "", corev1.SeccompProfileTypeUnconfined)}
}

func (r random) appArmor() *corev1.AppArmorProfile {
	if !r.oneIn(6) {
		return nil
	}
	return &corev1.AppArmorProfile{Type: pick(r, corev1.AppArmorProfileTypeRuntimeDefault, corev1.AppArmorProfileTypeLocalhost, "", corev1.AppArmorProfileTypeUnconfined)}
}

func (r random) seLinux() *corev1.SELinuxOptions {
	if !r.oneIn(8) {
		return nil
	}
	return &corev1.SELinuxOptions{
		Type: pick(r, "container_t", "", "container_kvm_t", "container_engine_t", "spc_t"),
		User: pick(r, "", "u"), Role: pick(r, "", "r"), Level: "s0",
	}
}

func (r random) windows() *corev1.WindowsSecurityContextOptions {
	if !r.oneIn(8) {
		return nil
	}
	return &corev1.WindowsSecurityContextOptions{HostProcess: maybe(r, 2, false, true)}
}
