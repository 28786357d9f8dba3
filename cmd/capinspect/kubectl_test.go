// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/procstatus"
)

// kubectl stands for kubectl(1) in the command lines of the guides: it does with docker
// what kubectl has a cluster do. Each pod is a container; the environment has the prefix
// of their names, PODS, the images, and DOCS, the folder that node-report.yaml is in.
// With CLUSTER it does it with a process for each container instead. What it has no verb
// for, it looks for as kubectl-VERB on the PATH, as kubectl does.
func kubectl() {
	if len(os.Args) > 1 && os.Args[1] == "capinspect" {
		os.Exit(plugin(os.Args[2:]))
	}
	c, err := parseKubectl(os.Args[1:])
	status := 0
	switch file := os.Getenv("CLUSTER"); {
	case err != nil:
	case file != "":
		status, err = c.runCluster(file)
	default:
		status, err = c.run()
	}
	if err != nil {
		if _, ok := errors.AsType[apiError](err); !ok {
			err = fmt.Errorf("error: %w", err)
		}
		fmt.Fprintln(os.Stderr, err)
		status = max(status, 1)
	}
	os.Exit(status)
}

// plugin runs kubectl-capinspect.
func plugin(args []string) int {
	cmd := exec.Command("kubectl-capinspect", args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		return 1
	}
	return cmd.ProcessState.ExitCode()
}

func podName(pod string) string { return os.Getenv("PODS") + "-" + pod }

// dockerRun runs a command of docker, and returns its exit status.
func dockerRun(args ...string) (int, error) {
	cmd := exec.Command("docker", args...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	err := cmd.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exit.ExitCode(), nil
	}
	return 0, err
}

// inDocker are the lines of a manifest that say something to docker too, and how.
var inDocker = []struct {
	line  *regexp.Regexp
	flags string
}{
	{regexp.MustCompile(`(?m)^ +hostPID: true$`), "--pid host"},
	{regexp.MustCompile(`(?m)^ +runAsUser: (\d+)$`), "--user $1"},
	{regexp.MustCompile(`(?m)^ +capabilities: .*\bdrop: \[ALL\]`), "--cap-drop ALL"},
	{regexp.MustCompile(`(?m)^ +capabilities: .*\badd: \[(\w+)\]`), "--cap-add $1"},
	{regexp.MustCompile(`(?m)^ +allowPrivilegeEscalation: false$`), "--security-opt no-new-privileges"},
	{regexp.MustCompile(`(?m)^ +readOnlyRootFilesystem: true$`), "--read-only"},
	{regexp.MustCompile(`(?m)^ +limits: \{cpu: 500m, memory: (\d+)Mi\}$`), "--cpus 0.5 --memory ${1}m"},
	{regexp.MustCompile(`(?m)^ +sysctls: \[\{name: ([\w.]+), value: "(\d+)"\}\]$`), "--sysctl $1=$2"},
	{regexp.MustCompile(`(?m)^ +seccompProfile: \{type: RuntimeDefault\}$`), ""}, // docker's default
	{nodeEnv, "--env NODE=my-node"},
}

// nodeEnv is the line that gives a container the name of its node, my-node here.
var nodeEnv = regexp.MustCompile(`(?m)^ +env: \[\{name: NODE, valueFrom: \{fieldRef: \{fieldPath: spec.nodeName\}\}\}\]$`)

// notInDocker are keys for which this has no flag.
var notInDocker = regexp.MustCompile(`(?m)^.*\b(privileged|procMount|\w+Options|appArmorProfile|supplementalGroups|fsGroup|hostNetwork|hostIPC|hostUsers|volumeMounts|env|shareProcessNamespace): `)

// podManifest returns docker's flags for a container of a manifest, and its arguments.
func podManifest(text string) (flags, args []string, err error) {
	if line := notInDocker.FindString(nodeEnv.ReplaceAllString(text, "")); line != "" {
		return nil, nil, fmt.Errorf("no flag of docker for %s", line)
	}
	for _, in := range inDocker {
		found := in.line.FindAllStringSubmatchIndex(text, -1)
		if len(found) > 1 {
			return nil, nil, fmt.Errorf("%s twice", in.line)
		}
		for _, at := range found {
			flags = append(flags, strings.Fields(string(in.line.ExpandString(nil, in.flags, text, at)))...)
		}
	}
	if list := regexp.MustCompile(`(?m)^ +args: (\[.*\])$`).FindStringSubmatch(text); list != nil {
		err = json.Unmarshal([]byte(list[1]), &args)
	}
	for i, arg := range args { // as the kubelet does
		if slices.Contains(flags, "NODE=my-node") {
			args[i] = strings.ReplaceAll(arg, "$(NODE)", "my-node")
		}
	}
	return flags, args, err
}

// apply starts a pod: its first container, after that which comes before it.
func apply(file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	name := regexp.MustCompile(`(?m)^metadata: \{name: ([\w-]+)\}$`).FindStringSubmatch(string(text))
	if name == nil {
		return fmt.Errorf("%s: no name", file)
	}
	pod := name[1]
	exec.Command("docker", "rm", "-f", podName(pod)).Run()
	above, containers, _ := strings.Cut(string(text), "\n  containers:\n")
	above, initial, hasInitial := strings.Cut(above, "\n  initContainers:\n")
	for ending, text := range map[string]string{".pod": above, ".manifest": string(text)} {
		if err := os.WriteFile(filepath.Join(filepath.Dir(file), pod+ending), []byte(text), 0o644); err != nil {
			return err
		}
	}
	for _, part := range []string{initial, containers} {
		flags, args, err := podManifest(above + "\n" + part)
		if err != nil {
			return err
		}
		if part == initial && !hasInitial {
			continue
		}
		image := os.Getenv("APP")
		if strings.Contains(part, "image: capinspect\n") {
			image = os.Getenv("IMAGE")
		}
		// What containerd before 2.0 leaves as the kernel has it, docker does not.
		if !slices.Contains(flags, "--sysctl") {
			flags = append(flags, "--sysctl", "net.ipv4.ip_unprivileged_port_start=1024")
		}
		run := slices.Concat([]string{"run", "--network", "none", "--name", podName(pod)}, flags, []string{image}, args)
		if part == containers {
			run = slices.Insert(run, 1, "-d")
		}
		out, err := exec.Command("docker", run...).CombinedOutput()
		if err != nil && part == containers {
			return fmt.Errorf("%w: %s", err, out)
		}
		if err != nil { // its logs stay, and the pod does not start
			break
		}
		if part == initial {
			exec.Command("docker", "rm", "-f", podName(pod)).Run()
		}
	}
	fmt.Printf("pod/%s created\n", pod)
	return nil
}

// profiles are the flags that stand for those of kubectl debug, as
// kubectl/pkg/cmd/debug/profiles.go of Kubernetes 1.37 has them for an ephemeral
// container. Without a word on seccomp there is no filter.
var profiles = map[string]string{
	"general":    "--security-opt seccomp=unconfined --cap-add SYS_PTRACE",
	"baseline":   "--security-opt seccomp=unconfined",
	"legacy":     "--security-opt seccomp=unconfined",
	"netadmin":   "--security-opt seccomp=unconfined --cap-add NET_ADMIN --cap-add NET_RAW",
	"restricted": "--cap-drop ALL --security-opt no-new-privileges",
	"sysadmin":   "--security-opt seccomp=unconfined",
}

// debug runs a command of the image beside a pod's container. The kubelet gives it the
// user of the pod, if that has one, else that of the image. Without -it kubectl does not
// wait for it.
func (c *kubectlCall) debug() error {
	pod, profile := c.words[0], c.flags["profile"]
	if profile == "" {
		profile = "general"
	}
	flags, ok := profiles[profile]
	image := imageNamed(c.flags["image"])
	if !ok || image == "" || len(c.command) == 0 {
		return fmt.Errorf("profile %q, image %q, command %q", profile, c.flags["image"], c.command)
	}
	if node, ok := strings.CutPrefix(pod, "node/"); ok {
		return debugNode(node, image, c.command)
	}
	above, err := os.ReadFile(pod + ".pod")
	if err != nil {
		return err
	}
	if target, ok := c.flags["target"]; ok && !hasContainer(pod, target) {
		return fmt.Errorf("%s has no container %q", pod, target)
	}
	user := ""
	if of := regexp.MustCompile(`(?m)^    runAsUser: (\d+)$`).FindSubmatch(above); of != nil {
		user = string(of[1])
	} else if profile == "restricted" {
		user = "65532" // of the target nonroot: any other would not start
	}
	args := append([]string{"--network", "none", "--pid", "container:" + podName(pod), "--user", user}, strings.Fields(flags)...)
	if profile == "sysadmin" {
		added, err := everything()
		if err != nil {
			return err
		}
		args = append(args, added...)
	}
	args = slices.Concat(args, []string{"--entrypoint", c.command[0], image}, c.command[1:])
	if _, attached := c.flags["it"]; !attached {
		out, err := exec.Command("docker", append([]string{"run", "-d", "--name", podName(pod) + "-" + c.flags["c"]}, args...)...).CombinedOutput()
		if err != nil {
			err = fmt.Errorf("%w: %s", err, out)
		}
		return err
	}
	status, err := dockerRun(append([]string{"run", "--rm"}, args...)...)
	if status >= 125 {
		err = errors.New("the container did not start")
	}
	return err
}

// everything returns docker's flags for all capabilities that there are here and that
// its oldest versions know. --privileged fails where the node itself lacks one.
func everything() (flags []string, err error) {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return nil, err
	}
	s, err := procstatus.Parse(text)
	if err != nil {
		return nil, err
	}
	set, _ := s.Caps(capset.Bounding)
	for c := range (set & capset.UpTo(capset.AuditRead)).Caps() {
		flags = append(flags, "--cap-add", c.Kubernetes())
	}
	return flags, nil
}

// nodeReport returns docker's flags for a kind of object in node-report.yaml, and the
// arguments.
func nodeReport(dir, kind string) (flags, args []string, err error) {
	text, err := os.ReadFile(filepath.Join(dir, "node-report.yaml"))
	if err != nil {
		return nil, nil, err
	}
	for document := range strings.SplitSeq(string(text), "\n---\n") {
		if strings.Contains(document, "\nkind: "+kind+"\n") {
			return podManifest(document)
		}
	}
	return nil, nil, fmt.Errorf("no %s", kind)
}

// nodeLogs prints what the Job of node-report.yaml does.
func nodeLogs() error {
	flags, args, err := nodeReport(os.Getenv("DOCS"), "Job")
	if err != nil {
		return err
	}
	out, err := exec.Command("docker", slices.Concat([]string{"run", "--rm", "--network", "none", "--cgroupns", "host"}, flags, []string{os.Getenv("IMAGE")}, args)...).Output()
	os.Stdout.Write(out)
	return err
}
