// SPDX-License-Identifier: Apache-2.0

package manifest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/testdata/fixture"
)

// podsOf returns the pods of a text.
func podsOf(text string) (pods []*Pod, err error) {
	_, err = Pods(iotest.OneByteReader(strings.NewReader(text)), func(p *Pod) bool {
		pods = append(pods, p)
		return true
	})
	return pods, err
}

// sketch writes what is read of pods in short.
func sketch(pods []*Pod) string {
	var b strings.Builder
	for _, p := range pods {
		fmt.Fprintf(&b, "%s %s/%s %s %v %s %v", p.Kind, p.Namespace, p.Name, p.UID, value(p.HostUsers), host(p), p.Groups)
		for _, c := range p.Containers {
			a := p.Of(c).Asks
			add, drop := a.lists()
			fmt.Fprintf(&b, " [%s %s %s %v: +%q -%q %v %v %v %v %v %v %q]", c.Name, c.Runtime, c.ID, c.Extra(), add, drop, value(a.Privileged),
				value(a.RunAsUser), value(a.RunAsGroup), value(a.RunAsNonRoot), value(a.AllowPrivilegeEscalation), value(a.ReadOnlyRootFilesystem), a.seccomp())
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// host names the namespaces of the node that a pod asks for.
func host(p *Pod) string {
	text := "-"
	for i, asked := range []bool{p.HostPID, p.HostIPC, p.HostNetwork} {
		if asked {
			text += []string{"pid", "ipc", "net"}[i]
		}
	}
	return text
}

// value returns what a pointer leads to, "-" if nowhere.
func value[T any](p *T) any {
	if p == nil {
		return "-"
	}
	return *p
}

const (
	bare    = `[c   false: +[] -[] - - - - - - ""]`
	podText = `{"kind":"Pod","metadata":{"name":"p","namespace":"n","uid":"u","labels":{"name":"x"}},
		"spec":{"containers":[{"name":"c","ports":[{"name":"http"}],"resources":{}}]}}`
)

func TestPods(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"pod", podText, "Pod n/p u - - [] " + bare + "\n"},
		{"no kind", `{"spec":{"containers":[{"name":"c"}]}}`, " /  - - [] " + bare + "\n"},
		{"empty list", `{"kind":"List","items":[]}`, ""},
		{
			"list", `{"items":[` + podText + `,{"kind":"Service","spec":{"containers":1,"template":"x"}},{"kind":"Pod","spec":{}},` + podText + `],"kind":"List","metadata":{"name":"l"}}`,
			strings.Repeat("Pod n/p u - - [] "+bare+"\n", 2),
		},
		{"one after the other", podText + "\n" + podText, strings.Repeat("Pod n/p u - - [] "+bare+"\n", 2)},
		{"list of a list", `{"items":[{"items":[` + podText + `]}]}`, "Pod n/p u - - [] " + bare + "\n"},
		{
			"workload", `{"kind":"Deployment","metadata":{"name":"d"},"spec":{"template":{"metadata":{"name":"t"},"spec":{"hostPID":true,"containers":[{"name":"c"}]}},"replicas":2}}`,
			"Deployment /d  - -pid [] " + bare + "\n",
		},
		{
			"job of jobs", `{"kind":"CronJob","metadata":{"name":"d"},"spec":{"jobTemplate":{"spec":{"template":{"spec":{"containers":[{"name":"c"}]}}}}}}`,
			"CronJob /d  - - [] " + bare + "\n",
		},
		{"template", `{"kind":"PodTemplate","template":{"spec":{"containers":[{"name":"c"}]}}}`, "PodTemplate /  - - [] " + bare + "\n"},
		{
			"all of it, in any order", `{"status":{"ephemeralContainerStatuses":[{"containerID":"cri-o://3","name":"e"}],"containerStatuses":[{"name":"c","containerID":"containerd://1"}],
			"initContainerStatuses":[{"name":"i","containerID":""}]},
			"spec":{"containers":[{"securityContext":{"capabilities":{"drop":["ALL"],"add":["NET_RAW","X"]},"privileged":true,"runAsUser":0,"allowPrivilegeEscalation":false,
			"readOnlyRootFilesystem":true,"seccompProfile":{"localhostProfile":"x","type":"Localhost"}},"name":"c"}],"initContainers":[{"name":"i"}],
			"ephemeralContainers":[{"name":"e"}],"securityContext":{"runAsUser":5,"runAsGroup":6,"runAsNonRoot":true,"seccompProfile":{"type":"RuntimeDefault"},
			"supplementalGroups":[7,8],"fsGroup":9,"privileged":true,"capabilities":{"add":["SYS_ADMIN"]}},"hostUsers":false,"hostPID":true,"hostIPC":true,"hostNetwork":true},
			"metadata":{"uid":"u","namespace":"n","name":"p"},"kind":"Pod"}`,
			`Pod n/p u false -pidipcnet [9 7 8] [c containerd 1 false: +["NET_RAW" "X"] -["ALL"] true 0 6 true false true "Localhost"]` +
				` [e cri-o 3 true: +[] -[] - 5 6 true - - "RuntimeDefault"] [i   true: +[] -[] - 5 6 true - - "RuntimeDefault"]` + "\n",
		},
		{
			"null", `{"kind":null,"metadata":null,"spec":{"containers":[{"name":"c","securityContext":null},null],"securityContext":{"runAsUser":null,"seccompProfile":null,"supplementalGroups":null,
			"fsGroup":null},"hostUsers":null},"status":{"containerStatuses":null}}`, " /  - - [] " + bare + " [   false: +[] -[] - - - - - - \"\"]\n",
		},
		{
			"a kind behind its spec", `{"spec":{"containers":1,"template":{"spec":[]}},"status":0,"kind":"Service"}` + `{"spec":{"template":{"spec":{"containers":[{"name":"c"}]}}},"kind":"Job"}`,
			"Job /  - - [] " + bare + "\n",
		},
		{
			"no kind, and a template", `{"items":[{"spec":{"template":{"spec":{"containers":[{"name":"c"}]}}}},{"template":{"spec":{"containers":[{"name":"c"}]}}},` +
				`{"spec":{"jobTemplate":{"spec":{"template":{"spec":{"containers":[{"name":"c"}]}}}}}}]}`,
			strings.Repeat(" /  - - [] "+bare+"\n", 3),
		},
		{"not where it belongs", `{"kind":"Pod","spec":{"containers":[{"name":"c","runAsUser":1,"privileged":true}],"runAsUser":1,"capabilities":{"add":["X"]}}}`, "Pod /  - - [] " + bare + "\n"},
	} {
		pods, err := podsOf(test.text)
		if got := sketch(pods); got != test.want || err != nil {
			t.Errorf("%s: %v\n%s\nwant\n%s", test.name, err, got, test.want)
		}
	}
}

// TestYAML holds which pods are read of YAML, and of kinds that are not in the table.
func TestYAML(t *testing.T) {
	pod := func(kind string) string { return kind + " /x  - - [] " + bare + "\n" }
	for _, test := range []struct{ name, text, want string }{
		{"pod", "kind: Pod\nmetadata: {name: x}\nspec:\n  containers:\n  - name: c\n", pod("Pod")},
		{"several, and others", "# x\n---\nkind: Role\n---\nkind: Job\nmetadata: {name: x}\nspec: {template: {spec: {containers: [{name: c}]}}}\n--- # y\n{\"kind\":\"Pod\",\"metadata\":{\"name\":\"x\"},\"spec\":{\"containers\":[{\"name\":\"c\"}]}}\n", pod("Job") + pod("Pod")},
		{"list", "kind: List\nitems:\n- kind: Pod\n  metadata: {name: x}\n  spec: {containers: [{name: c}]}\n", pod("Pod")},
		{"null", "~\n--- null\n", ""},
		{"Argo", "kind: Rollout\nmetadata: {name: x}\nspec: {template: {spec: {containers: [{name: c, image: i}]}}}\n", pod("Rollout")},
		{"Knative", "kind: Service\nmetadata: {name: x}\nspec: {template: {spec: {containers: [{name: c}]}}}\n", pod("Service")},
		{"Knative revision", "kind: Revision\nmetadata: {name: x}\nspec: {containers: [{name: c}]}\n", pod("Revision")},
		{"a mark of the byte order", "\ufeffkind: Pod\nmetadata: {name: x}\nspec: {containers: [{name: c}]}\n", pod("Pod")},
		{"a mark of the byte order, and JSON", "\ufeff" + `{"kind":"Pod","metadata":{"name":"x"},"spec":{"containers":[{"name":"c"}]}}`, pod("Pod")},
		{"a tab behind a colon", "kind:\tPod\nmetadata: {name:\tx}\nspec: {containers: [{name: c}]}\n", pod("Pod")},
		{"CRLF", "kind: Pod\r\nmetadata: {name: x}\r\nspec:\r\n  containers:\r\n  - name: c\r\n", pod("Pod")},
		{"flow", "{kind: Pod, metadata: {name: x}, spec: {containers: [{name: c}]}}", pod("Pod")},
		{"template in quotes", "kind: Pod\nmetadata: {name: x}\nspec: {containers: [{name: c, args: [\"{{ workflow.name }}\"]}]}", pod("Pod")},
		{"an array", "- kind: Role\n- kind: Pod\n  metadata: {name: x}\n  spec: {containers: [{name: c}]}\n", pod("Pod")},
		{"a template of OpenShift", "kind: Template\nobjects:\n- kind: Pod\n  metadata: {name: x}\n  spec: {containers: [{name: c}]}\n", pod("Pod")},
		{"merge keys", "x: &x {name: c}\nkind: Pod\nmetadata: {name: x}\nspec: {containers: [{<<: *x}]}", pod("Pod")},
	} {
		pods, err := podsOf(test.text)
		if got := sketch(pods); got != test.want || err != nil {
			t.Errorf("%s: %v\n%s\nwant\n%s", test.name, err, got, test.want)
		}
	}
}

func TestPodErrors(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"nothing", "# x\n---\n...\n", "it is empty"},
		{"no containers", "apiVersion: v1\nkind: Pod\n", "it is a Pod without containers"},
		{"containers elsewhere", "kind: Deployment\nspec:\n  containers: [{name: c}]\n", "it is a Deployment without containers; line 3: spec.containers: Kubernetes has no such field there, the spec of the pod has it"},
		{"containers misspelt", "kind: Service\n---\nkind: Pod\nspec: {container: [{name: c}]}\n", "2 documents, none of them with the containers of a pod: Service, Pod; line 4: spec.container: Kubernetes has no such field there, perhaps containers"},
		{"containers of no pod", "kind: Prometheus\nspec: {securityContext: {capabilities: {}}, containers: [{name: c, image: i}]}\n", "it is a Prometheus, neither a pod nor a workload"},
		{"a workflow with a patch", "kind: Workflow\nspec:\n  templates:\n  - container: {image: i}\n    podSpecPatch: |\n      {\"containers\":[{\"name\":\"main\",\"securityContext\":{\"privileged\":true}}]}\n", "line 5: spec.templates[0].podSpecPatch: it changes what the pod asks for: check the pod that Argo makes"},
		{"a cron workflow with a patch", "kind: CronWorkflow\nspec:\n  workflowSpec:\n    podSpecPatch: '{hostNetwork: true}'\n    templates: [{container: {image: i}}]\n", "line 4: spec.workflowSpec.podSpecPatch: it changes what the pod asks for: check the pod that Argo makes"},
		{"kubectl describe", "Name:             web\nNamespace:        default\nLabels:           app=web\n                  a=b\n", "it is what kubectl describe prints for people: use kubectl get -o yaml"},
		{"kubectl get", "NAME   READY   STATUS    RESTARTS   AGE\nweb    1/1     Running   0          5d\n", "it is what kubectl get prints for people: use kubectl get -o yaml"},
		{"kubectl get of all", "NAMESPACE     NAME   READY\ndefault       web    1/1\n", "it is what kubectl get prints for people: use kubectl get -o yaml"},
		{"a string for a profile", "kind: Pod\nspec:\n  containers: [{name: c, securityContext: {seccompProfile: RuntimeDefault}}]\n", `line 3: spec.containers.securityContext.seccompProfile: "RuntimeDefault" is a string, not an object: write {type: "RuntimeDefault"}`},
		{"a colon too few", "kind: Pod\nspec:\n  securityContext:\n    runAsUser 1000\n  containers: [{name: c}]\n", `line 4: spec.securityContext: "runAsUser 1000" is a string, not an object`},
		{"a pattern", "kind: ClusterPolicy\nspec: {rules: [{validate: {pattern: {spec: {template: {spec: {containers: [{image: \"!*:latest\"}]}}}}}}]}\n", "it is a ClusterPolicy, neither a pod nor a workload"},
		{"another kind", "kind: Service\nspec: {containers: 1}\n", "it is a Service, neither a pod nor a workload"},
		{"a kind with a vowel", "kind: Ingress\n", "it is an Ingress, neither a pod nor a workload"},
		{"no kind", "services: {web: {image: web}}\n", "it has no kind and no containers, so it is neither a pod nor a workload; file:PATH reads compose files and what docker and the like print"},
		{"other kinds", "kind: Service\n---\nkind: Role\n---\nkind: Service\n---\na: b\n", "4 documents, none of them with the containers of a pod: Service, Role"},
		{"a list of other kinds", `{"items":[{"kind":"Role"},{"kind":"Role"}]}`, "2 objects, none of them with the containers of a pod: Role"},
		{"boolean of YAML 1.1", "kind: Pod\nspec:\n  hostPID: yes\n", `line 3: spec.hostPID: "yes" is no boolean: write true`},
		{"one of several", "kind: Role\n---\nkind: Pod\nspec:\n  hostPID: Off\n", `document 2: line 5: spec.hostPID: "Off" is no boolean: write false`},
		{"the first of two that are wrong", "kind: [\n---\nkind: [\n", "document 1: line 1: not YAML: sequence end token ']' not found"},
		{"the first of several", "kind: [\n---\nkind: Pod\n", "document 1: line 1: not YAML: sequence end token ']' not found"},
		{"a template", "kind: Pod\nspec:\n{{- if .Values.x }}\n  hostPID: true\n{{- end }}\n", "line 3: it is a template, {{ ... }}: render it first, as with helm template"},
		{"a template at the start", "{{ if .Values.x }}\nkind: Pod\n{{ end }}\n", "line 1: it is a template, {{ ... }}: render it first, as with helm template"},
		{"a template for a value", "kind: Pod\nmetadata:\n  name: {{ .Release.Name }}-web\n", "line 3: it is a template, {{ ... }}: render it first, as with helm template"},
		{"not JSON further on", "{\"kind\": Pod}", "line 1: invalid character 'P' looking for beginning of value"},
		{"an array", "[]", "line 1: it is not a Kubernetes object; file:PATH reads compose files and what docker and the like print"},
		{"another text", "#\nwho: what\n---\ncap_chown=ep\n", "document 2: line 4: it is not a Kubernetes object; file:PATH reads compose files and what docker and the like print"},
		{"a kind in lower case", "kind: Role\n---\nkind: deployment\n", `document 2: line 3: kind: "deployment" is no kind of Kubernetes: write Deployment`},
		{"a kind in upper case", `{"KIND":"Pod"}`, "line 1: KIND: Kubernetes has no such field there, perhaps kind"},
		{"an array of another kind", `[{"kind":"Role"}]`, "line 1: it is not a Kubernetes object; file:PATH reads compose files and what docker and the like print"},
		{"a placeholder for a truth", "kind: Pod\nspec:\n  hostPID: ${X}\n", `line 3: spec.hostPID: "${X}" is a placeholder: render the file first, as with helm template or envsubst`},
		{"a template of Jinja", "kind: Pod\nspec:\n  hostPID: {% if x %}true{% endif %}\n", "line 3: it is a template, {{ ... }}: render it first, as with helm template"},
		{"a number for a name", "{\"items\":[\n{\"metadata\":{\"name\":1}}]}", "line 2: items.metadata.name: 1 is a number, not a string: put quotes around it"},
		{"an id too large", `{"spec":{"securityContext":{"runAsUser":2147483648}}}`, "line 1: spec.securityContext.runAsUser: 2147483648: value out of range"},
		{"an id below 0", `{"spec":{"containers":[{"securityContext":{"runAsGroup":-1}}]}}`, "line 1: spec.containers.securityContext.runAsGroup: -1: value out of range"},
		{"a group too large", "{\"spec\":{\"securityContext\":{\"supplementalGroups\":[1,\n2147483648]}}}", "line 2: spec.securityContext.supplementalGroups: 2147483648: value out of range"},
		{"a text for a truth", `{"spec":{"hostPID":"true"}}`, `line 1: spec.hostPID: "true" is a string: write true without quotes`},
		{"a name twice", `{"spec":{"containers":[{"name":"c","name":"d"}]}}`, `line 1: key "name" appears twice`},
		{"too many containers", `{"spec":{"containers":[{}` + strings.Repeat(",{}", maxElements) + "]}}", "line 1: spec.containers: more than 4096 elements"},
		{"too many capabilities", `{"spec":{"containers":[{"securityContext":{"capabilities":{"add":[""` + strings.Repeat(`,""`, maxElements) + "]}}}]}}", "line 1: spec.containers.securityContext.capabilities.add: more than 4096 elements"},
		{"too many of all", `{"spec":{"volumes":[{}` + strings.Repeat(",{}", maxElements-1) + `],"containers":[{}]}}`, "line 1: a pod with more than 4096 containers, volumes, ports, capabilities and the like"},
		{"cut short", `{"spec":{"containers":[{"name":"c"}`, "line 1: cut short"},
	} {
		pods, err := podsOf(test.text)
		if err == nil || err.Error() != test.want || len(pods) > 0 {
			t.Errorf("%s: %v, %v, want %s", test.name, pods, err, test.want)
		}
	}
}

// endlessPods is a list without an end.
type endlessPods struct {
	rest string
	read int
}

func (e *endlessPods) Read(p []byte) (int, error) {
	switch {
	case e.read == 0:
		e.rest = `{"items":[`
	case e.rest == "":
		e.rest = podText + ","
	}
	n := copy(p, e.rest)
	e.rest = e.rest[n:]
	e.read += n
	return n, nil
}

// TestPodsStream holds that a list is read no further than needed, and ends where
// yield says so.
func TestPodsStream(t *testing.T) {
	text, count := new(endlessPods), 0
	_, err := Pods(text, func(*Pod) bool {
		if count++; text.read-count*len(podText) > 128<<10 {
			t.Fatalf("%d bytes read for %d pods", text.read, count)
		}
		return count < 10000
	})
	if err != nil || count != 10000 {
		t.Errorf("%d pods, %v", count, err)
	}
	if _, err := Pods(io.MultiReader(strings.NewReader("{"), iotest.ErrReader(io.ErrClosedPipe)), nil); err == nil || !strings.HasSuffix(err.Error(), io.ErrClosedPipe.Error()) {
		t.Errorf("of a reader that fails: %v", err)
	}
}

// endless is a text that is repeated without an end.
type endless struct {
	text string
	at   int
}

func (e *endless) Read(p []byte) (int, error) {
	n := copy(p, e.text[e.at:])
	e.at = (e.at + n) % len(e.text)
	return n, nil
}

// TestPodsBounds holds that a text without an end ends in an error, unless it is objects of JSON.
func TestPodsBounds(t *testing.T) {
	const tooLong = "the document is longer than 4 MiB: in JSON, as of kubectl get -o json, it may be"
	comment := "# " + strings.Repeat("x", 3<<20) + "\n"
	for _, test := range []struct{ text, want string }{
		{"y\n", tooLong},
		{"\x00", "it is not text"},
		{"\n", "more than 16 MiB of comments and blank lines"},
		{"---\n", "more than 16 MiB of comments and blank lines"},
		{"---\na: b\n", "more than 10000 documents: split the file, or give it as a List in JSON"},
		{"a: b\n" + comment + "---\n", "more than 16 MiB of YAML: split the file, or give it as JSON"},
		{`{"items":[`, "line 1: more than 16 lists, one in the other"},
		{`{"kind":"Template","objects":[`, "line 1: more than 16 lists, one in the other"},
	} {
		pods := 0
		_, err := Pods(&endless{text: test.text}, func(*Pod) bool { pods++; return true })
		if err == nil || err.Error() != test.want || pods > maxDocuments {
			t.Errorf("%.20q: %d pods, %v, want %s", test.text, pods, err, test.want)
		}
	}
}

// FuzzPods holds that reading never panics, and that neither blanks nor the order of
// members count.
func FuzzPods(f *testing.F) {
	for _, file := range fixture.Pods(f) {
		f.Add(string(file.Text))
	}
	f.Add(`{"kind":"List","items":[` + podText + `]}` + podText)
	f.Add(`{"kind":"CronJob","spec":{"jobTemplate":{"spec":{"template":{"spec":{"containers":[{"name":"c"}]}}}}}}`)
	f.Add("kind: Pod\nspec:\n  containers:\n  - name: c\n---\nkind: Role\n")
	f.Fuzz(func(t *testing.T, text string) {
		pods, err := podsOf(text)
		if err != nil {
			return
		}
		for _, p := range pods {
			if len(p.Containers) == 0 {
				t.Fatalf("a pod without containers: %+v", p)
			}
			for _, c := range p.Containers {
				m := p.Of(c)
				m.Through(nil, nil)
				m.Expected(capset.LastKnown)
			}
			for _, line := range p.Lines([][]string{{"spec", "containers", "0", "securityContext"}, {"metadata"}, {""}}) {
				if line < 1 || line > 1+strings.Count(text, "\n") {
					t.Fatalf("line %d", line)
				}
			}
		}
		if !json.Valid([]byte(text)) {
			return
		}
		want := sketch(pods)
		var sorted bytes.Buffer
		for d := json.NewDecoder(strings.NewReader(text)); ; {
			d.UseNumber()
			var v any
			if err := d.Decode(&v); err == io.EOF {
				break
			} else if err != nil {
				t.Fatalf("encoding/json refuses it: %v", err)
			}
			line, err := json.Marshal(v)
			if err != nil {
				t.Fatal(err)
			}
			sorted.Write(line)
		}
		again, err := podsOf(sorted.String())
		if got := sketch(again); err == nil && got != want {
			t.Fatalf("sorted:\n%s\nwant\n%s", got, want)
		}
	})
}

// TestFixturePods holds what is read of pods that a Kubernetes printed.
func TestFixturePods(t *testing.T) {
	for _, test := range []struct {
		name       string
		containers []string
	}{
		{"default", []string{"c"}}, {"sharepid", []string{"c", "d"}}, {"ephemeral", []string{"c", "dbg", "dbg-nt"}},
	} {
		text := fixture.Read(t, "pod/linux-6.18-containerd-"+test.name+".json")
		_, err := Pods(bytes.NewReader(text), func(p *Pod) bool {
			var names []string
			for i, c := range p.Containers {
				names = append(names, c.Name)
				if c.Runtime != "containerd" || len(c.ID) != 64 || c.Extra() != (i > 0 && test.name == "ephemeral") {
					t.Errorf("%s: %+v", test.name, c)
				}
			}
			if !reflect.DeepEqual(names, test.containers) || p.UID == "" || p.Namespace != "default" {
				t.Errorf("%s: %v, %+v", test.name, names, p)
			}
			return true
		})
		if err != nil {
			t.Error(err)
		}
	}
}
