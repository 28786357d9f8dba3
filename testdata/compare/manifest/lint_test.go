// SPDX-License-Identifier: Apache-2.0

package manifest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"strconv"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
	"sigs.k8s.io/yaml"

	"github.com/capinspect/capinspect/capset/podsecurity"
)

// lintFinding is what check without a condition says.
type lintFinding struct {
	Code  string   `json:"code"`
	Where []string `json:"where"`
	Write string   `json:"write"`
}

// lint returns what check without a condition says of an object.
func lint(binary string, object any) ([]lintFinding, error) {
	text, err := json.Marshal(object)
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(binary, "check", "pod:-", "--json")
	cmd.Stdin = bytes.NewReader(text)
	out, err := cmd.Output()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.ExitCode() == 1 {
		err = nil
	}
	var report struct {
		Findings []lintFinding `json:"findings"`
	}
	if err == nil {
		err = json.Unmarshal(out, &report)
	}
	return report.Findings, err
}

// apply writes what a finding says to write, as a merge patch.
func apply(object any, f lintFinding) error {
	for _, key := range f.Where {
		switch in := object.(type) {
		case map[string]any:
			if in[key] == nil {
				in[key] = map[string]any{}
			}
			object = in[key]
		case []any:
			i, err := strconv.Atoi(key)
			if err != nil || i >= len(in) {
				return fmt.Errorf("%s: no such element", key)
			}
			object = in[i]
		}
	}
	var line map[string]any
	if err := yaml.UnmarshalStrict([]byte(f.Write), &line); err != nil {
		return err
	}
	merge(object.(map[string]any), line)
	return nil
}

func merge(into, patch map[string]any) {
	for key, value := range patch {
		inner, isObject := value.(map[string]any)
		switch {
		case value == nil:
			delete(into, key)
		case isObject:
			if _, ok := into[key].(map[string]any); !ok {
				into[key] = map[string]any{}
			}
			merge(into[key].(map[string]any), inner)
		default:
			into[key] = value
		}
	}
}

// TestLint writes what lint says into random pods, until it says no more. Then the library
// takes the pod at restricted, in the latest version.
func TestLint(t *testing.T) {
	binary, seed := build(t), rand.Uint64()
	r := random{rand.New(rand.NewPCG(seed, 2))}
	codes := map[string]int{}
	for range 400 {
		object := map[string]any{}
		text, err := json.Marshal(r.plainPod())
		if err == nil {
			err = json.Unmarshal(text, &object)
		}
		if err != nil {
			t.Fatal(err)
		}
		if r.oneIn(2) { // the same in a workload
			template := map[string]any{"metadata": object["metadata"], "spec": object["spec"]}
			object = map[string]any{"kind": "Deployment", "metadata": map[string]any{"name": "d"}, "spec": map[string]any{"template": template}}
		}
		if err := untilSilent(binary, object, codes); err != nil {
			t.Fatalf("seed %d: %v\n%s", seed, err, text)
		}
	}
	for _, code := range []string{
		"privileged", "host-namespace", "unmasked-proc", "opens-node", "added-capability", "default-capabilities", "all-not-dropped", "root",
		"may-be-root", "non-root-unsaid", "privilege-escalation", "no-seccomp", "no-apparmor", "writable-root", "cap-prefix",
		"unknown-capability", "lower-case-name", "add-and-drop", "add-without-effect", "void-in-user-namespace", "root-as-non-root",
	} {
		if codes[code] == 0 {
			t.Errorf("%s was never said", code)
		}
	}
}

// maxRounds is how often what is said is written: what a corrected name means is found only
// then.
const maxRounds = 4

func untilSilent(binary string, object map[string]any, codes map[string]int) error {
	for range maxRounds {
		found, err := lint(binary, object)
		if err != nil {
			return err
		}
		if len(found) == 0 {
			return restricted(object)
		}
		for _, f := range found {
			codes[f.Code]++
			if err := apply(object, f); err != nil {
				return fmt.Errorf("%s: %s: %w", f.Code, f.Write, err)
			}
		}
	}
	found, err := lint(binary, object)
	text, _ := json.Marshal(object)
	return fmt.Errorf("after %d rounds it says %v, %v of %s", maxRounds, found, err, text)
}

// restricted returns an error if the library does not take a pod at restricted.
func restricted(object map[string]any) error {
	if object["kind"] == "Deployment" {
		object = object["spec"].(map[string]any)["template"].(map[string]any)
	}
	text, err := json.Marshal(object)
	if err != nil {
		return err
	}
	var pod corev1.Pod
	if err := decode(text, &pod); err != nil {
		return err
	}
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		return err
	}
	level := api.LevelVersion{Level: api.LevelRestricted, Version: api.MajorMinorVersion(1, podsecurity.LatestVersion)}
	for _, result := range evaluator.EvaluatePod(level, &pod.ObjectMeta, &pod.Spec) {
		if !result.Allowed {
			return fmt.Errorf("restricted forbids %s: %s of %s", result.ForbiddenReason, result.ForbiddenDetail, text)
		}
	}
	return nil
}

// plainPod returns a random pod without what lint does not look at: volumes, ports, probes,
// sysctls and SELinux.
func (r random) plainPod() corev1.Pod {
	pod := r.pod("p")
	pod.Spec.Volumes = nil
	if r.oneIn(4) {
		pod.Spec.HostUsers = new(false)
	}
	if c := pod.Spec.SecurityContext; c != nil {
		c.Sysctls, c.SELinuxOptions = nil, nil
	}
	for _, list := range [][]corev1.Container{pod.Spec.Containers, pod.Spec.InitContainers} {
		for i := range list {
			r.plainContainer(&list[i])
		}
	}
	for i := range pod.Spec.EphemeralContainers {
		r.plainContainer((*corev1.Container)(&pod.Spec.EphemeralContainers[i].EphemeralContainerCommon))
	}
	return pod
}

func (r random) plainContainer(c *corev1.Container) {
	c.Ports, c.LivenessProbe, c.ReadinessProbe, c.StartupProbe, c.Lifecycle = nil, nil, nil, nil, nil
	if s := c.SecurityContext; s != nil {
		s.SELinuxOptions = nil
		if s.Capabilities != nil && r.oneIn(3) {
			more := []corev1.Capability{"SYS_ADMIN", "SYS_TIME", "CAP_SYS_MODULE", "ALL", "NET_ADMIN", "NET_ADMN", "kill"}
			s.Capabilities.Add = append(s.Capabilities.Add, more[r.IntN(len(more))])
		}
	}
}
