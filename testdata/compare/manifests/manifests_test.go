// SPDX-License-Identifier: Apache-2.0

// Package manifests holds the Kubernetes objects of docs/kubernetes against the types
// of the Kubernetes API, and their pods against the Pod Security Standards.
package manifests

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
	"sigs.k8s.io/json"
	"sigs.k8s.io/yaml"
)

const docs = "../../../docs/kubernetes/"

// decode returns the objects of a text of YAML documents.
func decode(t *testing.T, text string) (objects []metav1.Object) {
	t.Helper()
	for document := range strings.SplitSeq(text, "\n---\n") {
		var kind metav1.TypeMeta
		if err := yaml.Unmarshal([]byte(document), &kind); err != nil {
			t.Fatalf("%v in %s", err, document)
		}
		var object metav1.Object
		switch kind.APIVersion + " " + kind.Kind {
		case "v1 Namespace":
			object = new(corev1.Namespace)
		case "v1 Pod":
			object = new(corev1.Pod)
		case "batch/v1 Job":
			object = new(batchv1.Job)
		case "apps/v1 DaemonSet":
			object = new(appsv1.DaemonSet)
		default:
			t.Fatalf("unknown kind %+v in %s", kind, document)
		}
		if err := strictly(document, object); err != nil {
			t.Errorf("%s %s: %v", kind.Kind, object.GetName(), err)
		}
		if object.GetName() == "" {
			t.Errorf("%s without a name", kind.Kind)
		}
		objects = append(objects, object)
	}
	return objects
}

// strictly decodes a document as the API server does with strict validation of fields.
// The decoder of sigs.k8s.io/yaml would take securitycontext for securityContext.
func strictly(document string, object any) error {
	text, err := yaml.YAMLToJSONStrict([]byte(document))
	if err != nil {
		return err
	}
	strict, err := json.UnmarshalStrict(text, object)
	return errors.Join(append(strict, err)...)
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// forbidden returns what of a pod a level of the Pod Security Standards forbids, in
// any version of it up to that of the module.
func forbidden(t *testing.T, level api.Level, pod *corev1.PodTemplateSpec) map[string]bool {
	t.Helper()
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	versions := []api.Version{api.LatestVersion()}
	for minor := range 38 {
		versions = append(versions, api.MajorMinorVersion(1, minor))
	}
	for _, version := range versions {
		for _, result := range evaluator.EvaluatePod(api.LevelVersion{Level: level, Version: version}, &pod.ObjectMeta, &pod.Spec) {
			if !result.Allowed {
				found[result.ForbiddenReason+": "+result.ForbiddenDetail] = true
			}
		}
	}
	return found
}

// TestNodeReport holds that the Job and the DaemonSet are what the API takes, and that
// Pod Security restricted forbids them nothing but the node's pids.
func TestNodeReport(t *testing.T) {
	pods := map[string]*corev1.PodTemplateSpec{}
	namespace := ""
	for _, object := range decode(t, read(t, docs+"node-report.yaml")) {
		switch object := object.(type) {
		case *corev1.Namespace:
			namespace = object.Name
			if level := object.Labels[api.EnforceLevelLabel]; level != string(api.LevelPrivileged) {
				t.Errorf("the namespace enforces %s, which forbids hostPID", level)
			}
			if level, err := api.ParseLevel(object.Labels[api.WarnLevelLabel]); err != nil || level != api.LevelRestricted {
				t.Errorf("the namespace warns by %s, %v", level, err)
			}
		case *batchv1.Job:
			pods["Job"] = &object.Spec.Template
		case *appsv1.DaemonSet:
			pods["DaemonSet"] = &object.Spec.Template
			if selector, err := metav1.LabelSelectorAsSelector(object.Spec.Selector); err != nil || selector.String() != "app=capinspect,report=hourly" {
				t.Errorf("%v, %v", selector, err)
			}
		}
		if in := object.GetNamespace(); in != namespace && object.GetName() != namespace {
			t.Errorf("%s is in %q", object.GetName(), in)
		}
	}
	if len(pods) != 2 || namespace == "" {
		t.Fatalf("%d pods, namespace %q", len(pods), namespace)
	}
	for kind, pod := range pods {
		if got := fmt.Sprint(forbidden(t, api.LevelRestricted, pod)); got != "map[host namespaces: hostPID=true:true]" {
			t.Errorf("%s: restricted forbids %s", kind, got)
		}
		if pod.Labels["app"] != "capinspect" {
			t.Errorf("%s: labels %v", kind, pod.Labels)
		}
		spec, container := &pod.Spec, &pod.Spec.Containers[0]
		if len(spec.Containers) != 1 || *spec.AutomountServiceAccountToken || len(spec.Volumes) > 0 ||
			!*container.SecurityContext.ReadOnlyRootFilesystem || *spec.SecurityContext.RunAsUser == 0 ||
			container.Resources.Limits.Cpu().IsZero() || container.Resources.Limits.Memory().IsZero() {
			t.Errorf("%s: %+v", kind, spec)
		}
	}
}

// TestNodeMetrics holds that the DaemonSet of the metrics is what the API takes, that it is in
// the namespace of the report, and what it asks for beyond restricted.
func TestNodeMetrics(t *testing.T) {
	objects := decode(t, read(t, docs+"node-metrics.yaml"))
	set, ok := objects[0].(*appsv1.DaemonSet)
	if !ok || len(objects) != 1 || set.Namespace != decode(t, read(t, docs+"node-report.yaml"))[0].GetName() {
		t.Fatalf("%+v", objects)
	}
	pod := &set.Spec.Template
	if selector, err := metav1.LabelSelectorAsSelector(set.Spec.Selector); err != nil || !selector.Matches(labels.Set(pod.Labels)) {
		t.Errorf("%v of %v, %v", selector, pod.Labels, err)
	}
	for what := range forbidden(t, api.LevelRestricted, pod) {
		if !slices.ContainsFunc([]string{"host namespaces: hostPID=true", "hostPath volumes: ", "restricted volume types: ", "runAsNonRoot != true: ", "runAsUser=0: "}, func(known string) bool {
			return strings.HasPrefix(what, known)
		}) {
			t.Errorf("restricted forbids %s", what)
		}
	}
	container := &pod.Spec.Containers[0]
	if len(pod.Spec.Containers) != 1 || *pod.Spec.AutomountServiceAccountToken || !*container.SecurityContext.ReadOnlyRootFilesystem ||
		fmt.Sprint(container.SecurityContext.Capabilities.Drop) != "[ALL]" || *container.SecurityContext.AllowPrivilegeEscalation ||
		container.Resources.Limits.Cpu().IsZero() || container.Resources.Limits.Memory().IsZero() {
		t.Errorf("%+v", pod.Spec)
	}
	if len(pod.Spec.Volumes) != 1 || len(container.VolumeMounts) != 1 || container.VolumeMounts[0].Name != pod.Spec.Volumes[0].Name ||
		!strings.Contains(container.Args[0], container.VolumeMounts[0].MountPath+"/capinspect.prom") {
		t.Errorf("%+v, %+v", pod.Spec.Volumes, container.VolumeMounts)
	}
}

// TestGuides holds that the pods of the guides are what the API takes, and that
// restricted allows those that are to be as it demands.
func TestGuides(t *testing.T) {
	names, err := filepath.Glob(docs + "../*.md")
	if err != nil {
		t.Fatal(err)
	}
	pods, allowed := 0, 0
	for _, name := range append(names, docs+"README.md") {
		for _, block := range regexp.MustCompile("(?s)```yaml\n# ([\\w-]+)\\.yaml\n(.*?)```").FindAllStringSubmatch(read(t, name), -1) {
			for _, object := range decode(t, block[2]) {
				pod, ok := object.(*corev1.Pod)
				if !ok || pod.Name == "" {
					t.Fatalf("%s: %+v in %s", name, object, block[1])
				}
				pods++
				if got := forbidden(t, api.LevelRestricted, &corev1.PodTemplateSpec{ObjectMeta: pod.ObjectMeta, Spec: pod.Spec}); len(got) == 0 {
					allowed++
				} else if block[1] == "checked" || block[1] == "fixed" {
					t.Errorf("%s: restricted forbids %v", block[1], got)
				}
			}
		}
	}
	if pods < 3 || allowed < 2 {
		t.Errorf("%d pods, %d of them allowed", pods, allowed)
	}
}

// TestStrict holds that these tests would find a wrong key, and a pod that asks for
// more.
func TestStrict(t *testing.T) {
	for _, keys := range []string{"securitycontext: {}", "another: {}", "name: b", "image: 1"} {
		if err := strictly("kind: Pod\nspec: {containers: [{name: a, "+keys+"}]}", new(corev1.Pod)); err == nil {
			t.Errorf("%s is taken", keys)
		}
	}
	pod := corev1.PodTemplateSpec{Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "a"}}}}
	if got := forbidden(t, api.LevelRestricted, &pod); len(got) < 4 {
		t.Errorf("restricted forbids %v", got)
	}
}
