// SPDX-License-Identifier: Apache-2.0

package manifest

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/capset/podsecurity"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
	"github.com/capinspect/capinspect/testdata/fixture"
)

// admissionWords is how the API server calls a rule.
var admissionWords = map[string]string{
	"allowPrivilegeEscalation": "allowPrivilegeEscalation != false", "capabilities_baseline": "non-default capabilities",
	"capabilities_restricted": "unrestricted capabilities", "hostNamespaces": "host namespaces", "privileged": "privileged (",
	"procMount": "procMount", "procMount_restricted": "procMount", "runAsNonRoot": "runAsNonRoot != true",
	"seccompProfile_restricted": "seccompProfile",
}

// TestAdmission judges what each of 50 pods would look like at run time. What capinspect
// says breaks a rule is what the API server says, and the verdict is the one that
// check --pss gave of the running pod.
func TestAdmission(t *testing.T) {
	var verdicts map[string]map[string]verdict
	readJSON(t, "pss/api-verdicts.json", &verdicts)
	ran := map[string]bool{} // by the name of a pod and a level, whether check --pss refused
	var compared [][]any
	readJSON(t, "pss/compared.json", &compared)
	for _, row := range compared {
		statuses := row[3].([]any)
		ran[row[0].(string)+" "+row[1].(string)] = statuses[2].(float64) == 1
	}
	specs, err := filepath.Glob(filepath.Join(fixture.Dir(t), "pss/specs/*.json"))
	if err != nil || len(specs) != 50 || len(verdicts) != 50 || len(ran) != 96 {
		t.Fatal(len(specs), len(verdicts), len(ran), err)
	}
	for _, path := range specs {
		name := strings.TrimSuffix(filepath.Base(path), ".json")
		facts := startedAs(t, fixture.Read(t, "pss/specs/"+name+".json")).PodFacts()
		for _, level := range []podsecurity.Level{podsecurity.Baseline, podsecurity.Restricted} {
			api, breaks := verdicts[name][level.String()], false
			for _, rule := range podsecurity.Rules() {
				if !rule.In(level, podsecurity.LatestVersion) {
					continue
				}
				if v, _ := rule.Judge(facts, podsecurity.LatestVersion); v == podsecurity.Violates {
					breaks = true
					if !api.names(rule.ID) {
						t.Errorf("%s, %s: %s is broken, and the API server says %q", name, level, rule.ID, api.message)
					}
				}
			}
			if breaks && api.admitted {
				t.Errorf("%s, %s: the API server takes it", name, level)
			}
			if refused, did := ran[name+" "+level.String()]; did && breaks != refused {
				t.Errorf("%s, %s: breaks a rule %t, and the running pod did %t", name, level, breaks, refused)
			}
		}
	}
}

// verdict is what the API server says of a pod: an array of two.
type verdict struct {
	admitted bool
	message  string
}

// names reports whether the API server names a rule. A pod that is not valid is not
// judged. That a privileged container has capabilities is no reason of its own there.
func (v *verdict) names(rule string) bool {
	word := admissionWords[rule]
	return word != "" && strings.Contains(v.message, word) || strings.Contains(v.message, " is invalid: ") ||
		rule == "capabilities_baseline" && strings.Contains(v.message, admissionWords["privileged"])
}

// UnmarshalJSON reads the array.
func (v *verdict) UnmarshalJSON(text []byte) error {
	return json.Unmarshal(text, &[...]any{&v.admitted, &v.message})
}

func readJSON(t *testing.T, name string, into any) {
	t.Helper()
	if err := json.Unmarshal(fixture.Read(t, name), into); err != nil {
		t.Fatal(name, err)
	}
}

// startedAs returns the task that a pod is started as where the pods ran: kubelet had no
// seccompDefault, the user of the image "tools" is root and that of "user-app" is not, and
// containerd masks /proc and /sys unless it is asked not to.
func startedAs(t *testing.T, text []byte) *task.Task {
	t.Helper()
	var m *Manifest
	if _, err := Pods(bytes.NewReader(text), func(p *Pod) bool { m = p.Of(p.Containers[0]); return true }); err != nil || m == nil {
		t.Fatal(err)
	}
	if m.Asks.RunAsUser == nil {
		m.Asks.RunAsUser = new(int64(0))
		if bytes.Contains(text, []byte(`"image": "user-app"`)) {
			*m.Asks.RunAsUser = 1000
		}
	}
	m.Through(nil, nil)
	to := m.Expected(capset.LastKnown)
	if !to.Seccomp.Known() {
		to.Seccomp = task.Known(task.Seccomp{})
	}
	privileged := m.Asks.privileged()
	to.Mounts.SysReadOnly = task.Known(!privileged)
	to.Mounts.ProcMasked = task.Known(!privileged && !bytes.Contains(text, []byte(`"procMount": "Unmasked"`)))
	to.Self = true // the ids are those of its own user namespace
	return to
}
