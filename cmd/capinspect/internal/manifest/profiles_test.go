// SPDX-License-Identifier: Apache-2.0

package manifest

import (
	"strings"
	"testing"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// TestProfiles holds which profiles a container asks for: its own before those of its
// annotation, and these before those of the pod.
func TestProfiles(t *testing.T) {
	const annotation, ofPod = "container.apparmor.security.beta.kubernetes.io/c: ", "  securityContext: {appArmorProfile: {type: Localhost, localhostProfile: p}, seccompProfile: {type: Unconfined}, seLinuxOptions: {role: r}}\n"
	for _, test := range []struct {
		name, annotation, pod, container string
		want                             task.Profiles
		masked                           bool
	}{
		{"nothing", "", "", "", task.Profiles{AppArmor: "RuntimeDefault"}, true},
		{"of the pod", "", ofPod, "", task.Profiles{AppArmor: "Localhost p", SELinux: "*:r:*", Seccomp: "Unconfined"}, true},
		{"an annotation", annotation + "localhost/a", ofPod, "", task.Profiles{AppArmor: "Localhost a", SELinux: "*:r:*", Seccomp: "Unconfined"}, true},
		{"the default by annotation", annotation + "runtime/default", ofPod, "", task.Profiles{AppArmor: "RuntimeDefault", SELinux: "*:r:*", Seccomp: "Unconfined"}, true},
		{"unconfined by annotation", annotation + "unconfined", "", "", task.Profiles{AppArmor: "Unconfined"}, true},
		{
			"its own", annotation + "unconfined", ofPod, "appArmorProfile: {type: RuntimeDefault}, seccompProfile: {type: Localhost, localhostProfile: s}, seLinuxOptions: {user: u, type: t}, procMount: Unmasked",
			task.Profiles{AppArmor: "RuntimeDefault", SELinux: "u:*:t", Seccomp: "Localhost s"},
			false,
		},
		{"privileged", "", "", "privileged: true, seccompProfile: {type: RuntimeDefault}", task.Profiles{AppArmor: "Unconfined"}, false},
		{"privileged, with a profile", "", "", "privileged: true, appArmorProfile: {type: RuntimeDefault}", task.Profiles{AppArmor: "RuntimeDefault"}, false},
	} {
		text := "kind: Pod\nmetadata: {annotations: {" + test.annotation + "}}\nspec:\n" + test.pod + "  containers: [{name: c, securityContext: {" + test.container + "}}]\n"
		m, err := Choose(strings.NewReader(text), "", nil)
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		m.Through(nil, nil)
		started := m.Expected(capset.LastKnown)
		if got := started.Asked.Profiles; got == nil || *got != test.want || !task.Is(started.Mounts.ProcMasked, test.masked) {
			t.Errorf("%s: %+v, /proc masked %v, want %+v", test.name, got, started.Mounts.ProcMasked, test.want)
		}
	}
}
