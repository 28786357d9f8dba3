// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"text/template"
	"time"

	"github.com/goccy/go-yaml"
)

// kubectlCall is a command line of kubectl.
type kubectlCall struct {
	verb    string
	words   []string
	flags   map[string]string
	command []string
}

// kubectlFlags are the flags of each verb that the documents use, and whether they take a
// value.
var kubectlFlags = map[string]map[string]bool{
	"apply":   {"f": true, "l": true},
	"replace": {"f": true, "force": false},
	"exec":    {"i": false, "n": true, "c": true},
	"debug":   {"it": false, "image": true, "profile": true, "target": true, "c": true, "n": true},
	"logs":    {"n": true, "l": true, "c": true, "tail": true, "prefix": false},
	"get":     {"A": false, "o": true, "field-selector": true, "l": true, "n": true},
}

// clusterFlags name the cluster and its user, for each verb.
var clusterFlags = []string{"context", "cluster", "user", "kubeconfig", "as"}

// wordsOf are how many words each verb takes beside its flags.
var wordsOf = map[string][]int{"apply": {0}, "replace": {0}, "exec": {1}, "debug": {1}, "logs": {0, 1}, "get": {1, 2}}

// parseKubectl takes a command line apart, and refuses what kubectl does not have.
func parseKubectl(args []string) (c kubectlCall, err error) {
	if len(args) == 0 {
		return c, errors.New("no verb")
	}
	c.verb, args = args[0], args[1:]
	takes, ok := kubectlFlags[c.verb]
	if !ok {
		return c, fmt.Errorf("unknown command %q", c.verb)
	}
	if at := slices.Index(args, "--"); at >= 0 {
		args, c.command = args[:at], args[at+1:]
	}
	c.flags = map[string]string{}
	for i := 0; i < len(args); i++ {
		name, value, hasValue := strings.Cut(args[i], "=")
		name, dashes := strings.TrimLeft(name, "-"), len(name)-len(strings.TrimLeft(name, "-"))
		if dashes == 0 {
			c.words = append(c.words, args[i])
			continue
		}
		takesValue, known := takes[name]
		if slices.Contains(clusterFlags, name) {
			takesValue, known = true, true
		}
		if long := len(name) > 2; !known || long != (dashes == 2) {
			return c, fmt.Errorf("unknown flag: %s", args[i])
		}
		if takesValue && !hasValue {
			if i++; i == len(args) {
				return c, fmt.Errorf("flag needs an argument: %s", name)
			}
			value = args[i]
		}
		if hasValue && !takesValue {
			return c, fmt.Errorf("flag takes no argument: %s", args[i-1])
		}
		c.flags[name] = value
	}
	if !slices.Contains(wordsOf[c.verb], len(c.words)) {
		return c, fmt.Errorf("%s: words %q", c.verb, c.words)
	}
	if (c.verb == "exec" || c.verb == "debug") != (len(c.command) > 0) {
		return c, fmt.Errorf("%s: command %q", c.verb, c.command)
	}
	return c, nil
}

func (c *kubectlCall) run() (status int, err error) {
	switch c.verb {
	case "apply", "replace":
		if c.flags["f"] == "-" {
			return 0, applyReport(c.flags["l"])
		}
		return 0, apply(c.flags["f"])
	case "exec":
		if status, err = c.exec(); status != 0 {
			fmt.Fprintln(os.Stderr, "command terminated with exit code", status)
		}
		return status, err
	case "debug":
		return 0, c.debug()
	case "get":
		return 0, c.get()
	}
	if c.flags["l"] != "" {
		if c.flags["l"] != "app=capinspect" || c.flags["n"] != "capinspect" {
			return 0, fmt.Errorf("no pods of %q in %q", c.flags["l"], c.flags["n"])
		}
		return 0, nodeLogs()
	}
	return 0, c.logs()
}

// imageNamed returns the image here that stands for one of the documents.
func imageNamed(name string) string {
	return map[string]string{"capinspect": os.Getenv("IMAGE"), "capinspect-nonroot": os.Getenv("IMAGE"), "my-app": os.Getenv("APP")}[name]
}

// hasContainer reports whether a pod's manifest names a container.
func hasContainer(pod, name string) bool {
	text, err := os.ReadFile(pod + ".manifest")
	return err == nil && regexp.MustCompile(`(?m)^    - name: `+regexp.QuoteMeta(name)+`$`).Match(text)
}

// container returns the container that a call names with -c: the pod's own, or a debug
// container.
func (c *kubectlCall) container() string {
	pod, name := c.words[0], c.flags["c"]
	if name == "" || hasContainer(pod, name) {
		return podName(pod)
	}
	return podName(pod) + "-" + name
}

// exec runs a command in a container.
func (c *kubectlCall) exec() (int, error) {
	_, interactive := c.flags["i"]
	switch {
	case c.flags["n"] != "" && c.flags["n"] != "default": // a pod of the DaemonSet
		flags, _, err := nodeReport(os.Getenv("DOCS"), "DaemonSet")
		if err != nil || c.flags["n"] != "capinspect" || c.command[0] != "/capinspect" {
			return 1, fmt.Errorf("%q in %q: %v", c.command, c.flags["n"], err)
		}
		return dockerIO(slices.Concat([]string{"run", "--rm", "-i", "--network", "none", "--cgroupns", "host"}, flags, []string{os.Getenv("IMAGE")}, c.command[1:])...)
	case c.command[0] == "cat": // which the image here does not have
		pid, err := exec.Command("docker", "inspect", "--format", "{{.State.Pid}}", c.container()).Output()
		for _, file := range c.command[1:] {
			var text []byte
			if err == nil {
				text, err = os.ReadFile(filepath.Join("/proc", strings.TrimSpace(string(pid)), "root", file))
				os.Stdout.Write(text)
			}
		}
		return 0, err
	case interactive:
		return dockerIO(slices.Concat([]string{"exec", "-i", c.container()}, c.command)...)
	}
	return dockerRun(slices.Concat([]string{"exec", c.container()}, c.command)...)
}

// dockerIO is dockerRun with standard input.
func dockerIO(args ...string) (int, error) {
	cmd := exec.Command("docker", args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	err := cmd.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exit.ExitCode(), nil
	}
	return 0, err
}

// logs prints what a container has printed. What a debug container prints first is waited
// for, and a command that it refuses is an error.
func (c *kubectlCall) logs() error {
	name := c.container()
	debug := name != podName(c.words[0])
	for range 100 {
		if out, err := exec.Command("docker", "logs", name).Output(); !debug || err != nil || len(out) > 0 {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	if _, err := dockerRun("logs", name); err != nil || !debug {
		return err
	}
	out, err := exec.Command("docker", "inspect", "--format", "{{.State.ExitCode}}", name).Output()
	if status := strings.TrimSpace(string(out)); err != nil || status != "0" {
		return fmt.Errorf("%s ended with %s: %v", name, status, err)
	}
	return nil
}

// debugNode runs a command in a pod with the pids of the node. kubectl does not wait for
// it, and this does, so that a command that is refused is an error.
func debugNode(node, image string, command []string) error {
	args := []string{"run", "--rm", "--network", "none", "--pid", "host", "--cgroupns", "host", "--security-opt", "seccomp=unconfined", "--entrypoint", command[0], image}
	out, err := exec.Command("docker", append(args, command[1:]...)...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	if len(out) == 0 {
		return errors.New("the pod printed nothing")
	}
	fmt.Printf("Creating debugging pod node-debugger-%s-8xkqz with container debugger on node %s.\n", node, node)
	return nil
}

// applyReport takes the objects of node-report.yaml on standard input that a selector
// leaves. It starts nothing: logs and exec of its pods do.
func applyReport(selector string) error {
	text, err := io.ReadAll(os.Stdin)
	if err != nil {
		return err
	}
	without, ok := strings.CutPrefix(selector, "report!=")
	if !ok || strings.Contains(string(text), "image: capinspect\n") || !strings.Contains(string(text), "image: "+os.Getenv("IMAGE")+"\n") {
		return fmt.Errorf("selector %q, or the image is not named", selector)
	}
	total, left := 0, 0
	for document := range strings.SplitSeq(string(text), "\n---\n") {
		var object struct {
			Kind     string
			Metadata struct {
				Name   string
				Labels map[string]string
			}
		}
		if err := yaml.Unmarshal([]byte(document), &object); err != nil || object.Kind == "" {
			return fmt.Errorf("%q: %v", document, err)
		}
		if total++; object.Metadata.Labels["report"] != without {
			left++
			fmt.Printf("%s/%s created\n", strings.ToLower(object.Kind), object.Metadata.Name)
		}
	}
	if left == 0 || left == total {
		return fmt.Errorf("%s leaves %d of %d objects", selector, left, total)
	}
	return nil
}

// get prints a pod or a namespace, or a list of all pods that there are here.
func (c *kubectlCall) get() error {
	if c.words[0] == "pod" && len(c.words) == 2 {
		pod, err := podObject(c.words[1])
		if err == nil {
			err = c.show(pod)
		}
		return err
	}
	if slices.Equal(c.words, []string{"namespace", "default"}) {
		return c.show(map[string]any{"kind": "Namespace", "metadata": map[string]any{"name": "default"}})
	}
	node, of := c.flags["field-selector"]
	if _, all := c.flags["A"]; c.words[0] != "pods" || len(c.words) != 1 || !all || of && node != "spec.nodeName=my-node" {
		return fmt.Errorf("words %q, flags %q", c.words, c.flags)
	}
	files, err := filepath.Glob("*.manifest")
	var items []any
	for _, file := range files {
		pod, err := podObject(strings.TrimSuffix(file, ".manifest"))
		if err != nil {
			return err
		}
		items = append(items, pod)
	}
	if err != nil || items == nil {
		return fmt.Errorf("no pods: %v", err)
	}
	return c.show(map[string]any{"apiVersion": "v1", "kind": "List", "items": items})
}

// show prints an object in the format that a call asks for.
func (c *kubectlCall) show(object any) error {
	format, ok := strings.CutPrefix(c.flags["o"], "go-template=")
	if !ok && c.flags["o"] != "json" {
		return fmt.Errorf("-o %q", c.flags["o"])
	}
	if !ok {
		return json.NewEncoder(os.Stdout).Encode(object)
	}
	parsed, err := template.New("output").Parse(format)
	if err == nil {
		err = parsed.Execute(os.Stdout, object)
	}
	return err
}

// podObject returns what the API server has of a pod: its manifest, and who runs it.
func podObject(name string) (map[string]any, error) {
	text, err := os.ReadFile(name + ".manifest")
	if err != nil {
		return nil, err
	}
	var pod map[string]any
	if err := yaml.Unmarshal(text, &pod); err != nil {
		return nil, err
	}
	id, err := exec.Command("docker", "inspect", "--format", "{{.Id}}", podName(name)).Output()
	container := regexp.MustCompile(`(?s)\n  containers:\n    - name: ([\w-]+)\n`).FindSubmatch(text)
	if err != nil || container == nil {
		return nil, fmt.Errorf("%s: no container: %v", name, err)
	}
	debug, err := debugObjects(podName(name) + "-")
	pod["metadata"].(map[string]any)["namespace"] = "default"
	pod["status"] = map[string]any{"ephemeralContainerStatuses": debug, "containerStatuses": []any{map[string]any{
		"name": string(container[1]), "containerID": "docker://" + strings.TrimSpace(string(id)),
		"state": map[string]any{"running": map[string]any{"startedAt": "2026-11-28T00:00:00Z"}},
	}}}
	return pod, err
}

// debugObjects returns what the API server has of debug containers, whose names begin with
// that of their pod.
func debugObjects(prefix string) (list []any, err error) {
	out, err := exec.Command("docker", "ps", "-a", "--filter", "name=^/"+prefix, "--format", "{{.Names}}").Output()
	if err != nil {
		return nil, err
	}
	for name := range strings.FieldsSeq(string(out)) {
		state, err := exec.Command("docker", "inspect", "--format", "{{.State.Running}} {{.State.ExitCode}}", name).Output()
		if err != nil {
			return nil, err
		}
		running, code, _ := strings.Cut(strings.TrimSpace(string(state)), " ")
		is := map[string]any{"running": map[string]any{"startedAt": "2026-11-28T00:00:00Z"}}
		if running != "true" {
			is = map[string]any{"terminated": map[string]any{"exitCode": json.Number(code), "reason": "Completed"}}
		}
		list = append(list, map[string]any{"name": strings.TrimPrefix(name, prefix), "state": is})
	}
	return list, nil
}

// TestParseKubectl holds that what stands for kubectl takes no command line that kubectl
// refuses.
func TestParseKubectl(t *testing.T) {
	for line, want := range map[string]string{
		"exec my-pod -c caps -- /capinspect -p 1":                                      "",
		"debug my-pod --image=capinspect --profile=baseline -c caps -- /capinspect ps": "",
		"debug my-pod --image=capinspect --profle=baseline -c caps -- /capinspect ps":  "unknown flag: --profle=baseline",
		"debug my-pod -image=capinspect -- /capinspect ps":                             "unknown flag: -image=capinspect",
		"debug my-pod --image=capinspect /capinspect ps":                               `debug: words ["my-pod" "/capinspect" "ps"]`,
		"debug my-pod --image=capinspect":                                              "debug: command []",
		"exec my-pod --c caps -- /capinspect":                                          "unknown flag: --c",
		"exec my-pod caps -- /capinspect":                                              `exec: words ["my-pod" "caps"]`,
		"logs my-pod -c":                                                               "flag needs an argument: c",
		"log my-pod":                                                                   `unknown command "log"`,
		"get pods -A --fieldselector spec.nodeName=my-node -o json":                    "unknown flag: --fieldselector",
		"logs -n capinspect -l app=capinspect --tail=-1 --prefix":                      "",
		"apply -l report!=once -f -":                                                   "",
		"get pods -A --field-selector spec.nodeName=my-node -o json":                   "",
	} {
		_, err := parseKubectl(strings.Fields(line))
		if got := fmt.Sprint(err); err == nil && want != "" || err != nil && got != want {
			t.Errorf("%s: %v, want %q", line, err, want)
		}
	}
}
