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
	"slices"
	"strconv"
	"strings"
)

// cluster is what stands for kubectl without docker: the objects of an API server, and a
// process for each container that runs. It lies in the file that CLUSTER names.
type cluster struct {
	Namespaces map[string]map[string]string // their labels
	Pods       []map[string]any
	Containers map[string]*clusterContainer // by namespace/pod/container
	Forbidden  []string                     // verbs that the user may not do
	Capinspect string                       // the binary
}

// clusterContainer is a container that runs, or has run as a debug container.
type clusterContainer struct {
	PID   int
	Has   []string // of /capinspect, capinspect and cat
	Error string   // what exec into it says
	Log   string
	Next  map[string]any // the state after the next question for it
}

const podSecurity = "pod-security.kubernetes.io/enforce"

// runCluster does a call against the file of a cluster.
func (c *kubectlCall) runCluster(file string) (int, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return 1, err
	}
	var all cluster
	if err := json.Unmarshal(text, &all); err != nil {
		return 1, err
	}
	if context := c.flags["context"]; context != "" && context != "test" {
		return 1, fmt.Errorf("context %q does not exist", context)
	}
	status := 0
	switch {
	case slices.Contains(all.Forbidden, c.verb):
		return 1, apiRefuses("(Forbidden): pods %q is forbidden: User \"u\" cannot create resource \"pods/%s\" in API group \"\"", c.words[0], c.verb)
	case c.verb == "get":
		err = all.get(c)
	case c.verb == "exec":
		return all.exec(c)
	case c.verb == "debug":
		err = all.debug(c)
	case c.verb == "logs":
		container := all.Containers[all.key(c)]
		if container == nil {
			return 1, fmt.Errorf("container %q is not valid for pod %q", c.flags["c"], c.words[0])
		}
		log, err := os.ReadFile(container.Log)
		os.Stdout.Write(log)
		return 0, err
	default:
		err = fmt.Errorf("%s is not for a cluster", c.verb)
	}
	if err != nil {
		return 1, err
	}
	if text, err = json.Marshal(all); err == nil {
		err = os.WriteFile(file, text, 0o644)
	}
	return status, err
}

// apiError is what the API server refuses.
type apiError string

func (e apiError) Error() string { return "Error from server " + string(e) }

func apiRefuses(format string, values ...any) error { return apiError(fmt.Sprintf(format, values...)) }

func (c *kubectlCall) namespace() string {
	if n := c.flags["n"]; n != "" {
		return n
	}
	return "default"
}

func (all *cluster) key(c *kubectlCall) string {
	return strings.Join([]string{c.namespace(), c.words[0], c.flags["c"]}, "/")
}

func metadata(pod map[string]any, key string) string {
	value, _ := pod["metadata"].(map[string]any)[key].(string)
	return value
}

// get prints objects by a template, as kubectl does.
func (all *cluster) get(c *kubectlCall) error {
	var object any
	switch {
	case c.words[0] == "namespace" && len(c.words) == 2:
		if slices.Contains(all.Forbidden, "namespaces") {
			return apiRefuses("(Forbidden): namespaces %q is forbidden", c.words[1])
		}
		labels := map[string]any{}
		for key, value := range all.Namespaces[c.words[1]] {
			labels[key] = value
		}
		object = map[string]any{"kind": "Namespace", "metadata": map[string]any{"labels": labels}}
		if len(labels) == 0 {
			object = map[string]any{"kind": "Namespace", "metadata": map[string]any{}}
		}
	case c.words[0] == "pod" && len(c.words) == 2:
		pod := all.pod(c.namespace(), c.words[1])
		if pod == nil {
			return apiRefuses("(NotFound): pods %q not found", c.words[1])
		}
		object = pod
	case c.words[0] == "pods" && len(c.words) == 1:
		_, everywhere := c.flags["A"]
		items := []any{}
		for _, pod := range all.Pods {
			key, value, _ := strings.Cut(c.flags["l"], "=")
			labels, _ := pod["metadata"].(map[string]any)["labels"].(map[string]any)
			if (everywhere || metadata(pod, "namespace") == c.namespace()) && (key == "" || labels[key] == value) {
				items = append(items, pod)
			}
		}
		object = map[string]any{"kind": "List", "items": items}
	default:
		return fmt.Errorf("get %q", c.words)
	}
	err := c.show(object)
	if c.words[0] == "pod" && !strings.Contains(c.flags["o"], ".items") { // the state of a debug container
		all.goOn(c)
	}
	return err
}

func (all *cluster) pod(namespace, name string) map[string]any {
	for _, pod := range all.Pods {
		if metadata(pod, "namespace") == namespace && metadata(pod, "name") == name {
			return pod
		}
	}
	return nil
}

// goOn gives the debug containers of a pod the state that they have at the next question.
func (all *cluster) goOn(c *kubectlCall) {
	status := all.pod(c.namespace(), c.words[1])["status"].(map[string]any)
	list, _ := status["ephemeralContainerStatuses"].([]any)
	for _, one := range list {
		one := one.(map[string]any)
		key := strings.Join([]string{c.namespace(), c.words[1], one["name"].(string)}, "/")
		if container := all.Containers[key]; container != nil && container.Next != nil {
			one["state"], container.Next = container.Next, nil
		}
	}
}

// exec runs a command in the pids and mounts of a container's process.
func (all *cluster) exec(c *kubectlCall) (int, error) {
	container := all.Containers[all.key(c)]
	switch {
	case container == nil:
		return 1, fmt.Errorf("unable to upgrade connection: container not found (%q)", c.flags["c"])
	case container.Error != "":
		return 1, errors.New(container.Error)
	case !slices.Contains(container.Has, c.command[0]):
		why := fmt.Sprintf("stat %s: no such file or directory", c.command[0])
		if !strings.HasPrefix(c.command[0], "/") {
			why = "executable file not found in $PATH"
		}
		return 1, fmt.Errorf("Internal error occurred: error executing command in container: failed to exec in container: failed to start exec \"4ba1\": OCI runtime exec failed: exec failed: unable to start container process: exec: %q: %s: unknown", c.command[0], why)
	}
	cmd := all.inside(container.PID, nil, c.command)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.Run()
	if status := cmd.ProcessState.ExitCode(); status != 0 {
		fmt.Fprintln(os.Stderr, "command terminated with exit code", status)
		return status, nil
	}
	return 0, nil
}

func (all *cluster) inside(pid int, as, command []string) *exec.Cmd {
	if strings.HasSuffix(command[0], "capinspect") {
		command = append([]string{all.Capinspect}, command[1:]...)
	}
	return exec.Command("nsenter", slices.Concat([]string{"-t", strconv.Itoa(pid), "-m", "-p", "--"}, as, command)...)
}

// clusterProfiles are the profiles of kubectl debug: the levels of Pod Security that accept
// each, and what gives a process the same.
var clusterProfiles = map[string]struct {
	levels, as []string
}{
	"general":    {[]string{"", "privileged"}, nil},
	"baseline":   {[]string{"", "privileged", "baseline"}, []string{"setpriv", "--bounding-set", "-sys_ptrace", "--inh-caps", "-all"}},
	"restricted": {[]string{"", "privileged", "baseline", "restricted"}, []string{"setpriv", "--reuid", "65532", "--regid", "65532", "--clear-groups", "--bounding-set", "-all", "--inh-caps", "-all", "--no-new-privs"}},
	"sysadmin":   {[]string{"", "privileged"}, nil},
}

// debug adds a debug container to a pod and runs it to its end, unless it prints again and
// again.
func (all *cluster) debug(c *kubectlCall) error {
	pod, target, level := all.pod(c.namespace(), c.words[0]), all.Containers[c.namespace()+"/"+c.words[0]+"/"+c.flags["target"]], all.Namespaces[c.namespace()][podSecurity]
	profile, ok := clusterProfiles[c.flags["profile"]]
	if pod == nil || target == nil || !ok {
		return fmt.Errorf("debug %q, flags %q", c.words, c.flags)
	}
	if !slices.Contains(profile.levels, level) {
		return apiRefuses("(Forbidden): pods %q is forbidden: violates PodSecurity \"%s:latest\"", c.words[0], level)
	}
	fmt.Printf("Targeting container %q. If you don't see processes from this container it may be because the container runtime doesn't support this feature.\n", c.flags["target"])
	added := &clusterContainer{PID: target.PID, Has: []string{"/capinspect"}}
	all.Containers[all.key(c)] = added
	name := c.flags["c"]
	waiting := func(reason, message string) map[string]any {
		return map[string]any{"waiting": map[string]any{"reason": reason, "message": message}}
	}
	switch image := c.flags["image"]; {
	case !strings.HasPrefix(image, "capinspect"):
		added.Next = waiting("ErrImagePull", fmt.Sprintf("failed to pull and unpack image %q: not found", image))
	case c.flags["profile"] == "restricted" && image != "capinspect-nonroot":
		added.Next = waiting("CreateContainerConfigError", "container has runAsNonRoot and image will run as root")
	case slices.Contains(c.command, "--every"):
		added.Next = map[string]any{"running": map[string]any{"startedAt": "2026-11-28T00:00:00Z"}}
	default:
		out, err := os.CreateTemp(filepath.Dir(all.Capinspect), "log")
		if err != nil {
			return err
		}
		defer out.Close()
		cmd := all.inside(target.PID, profile.as, c.command)
		cmd.Stdout, cmd.Stderr = io.Writer(out), out
		cmd.Run()
		added.Log = out.Name()
		added.Next = map[string]any{"terminated": map[string]any{"exitCode": cmd.ProcessState.ExitCode(), "reason": "Completed"}}
	}
	add := func(object, key string, value any) {
		fields := pod[object].(map[string]any)
		list, _ := fields[key].([]any)
		fields[key] = append(list, value)
	}
	add("spec", "ephemeralContainers", map[string]any{"name": name, "targetContainerName": c.flags["target"]})
	state := added.Next
	if c.flags["image"] == "capinspect-nonroot" { // whose start the plugin has to wait for
		state = waiting("ContainerCreating", "")
	}
	add("status", "ephemeralContainerStatuses", map[string]any{"name": name, "state": state})
	return nil
}
