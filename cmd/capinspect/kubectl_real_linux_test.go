// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/need"
)

// realKubectl takes what stands for kubectl in other tests off the PATH.
func realKubectl(t *testing.T) {
	t.Helper()
	_, rest, _ := strings.Cut(os.Getenv("PATH"), ":")
	t.Setenv("PATH", rest)
	need.On(t, "kubectl")
	t.Setenv("HOME", t.TempDir()) // where kubectl keeps what it has found out
}

// apiServer is as much of an API server as kubectl(1) needs for a pod of one container: it
// keeps what kubectl asks for.
type apiServer struct {
	mu    sync.Mutex
	level string // of Pod Security, which its namespace enforces
	pod   map[string]any
	asked []map[string]any // the containers that were asked for
	made  []byte           // the pod that was asked for, in the form of Protocol Buffers
}

// resources are what the server has, by what kubectl does with them.
var resources = map[string]string{"pods": "Pod", "pods/ephemeralcontainers": "Pod", "pods/log": "Pod", "pods/exec": "PodExecOptions", "namespaces": "Namespace", "nodes": "Node"}

func (s *apiServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	path := strings.TrimPrefix(r.URL.Path, "/api/v1")
	var answer any
	switch asks := r.Method + " " + path; {
	case asks == "GET /api":
		answer = map[string]any{"kind": "APIVersions", "versions": []string{"v1"}}
	case asks == "GET /apis":
		answer = map[string]any{"kind": "APIGroupList", "apiVersion": "v1", "groups": []any{}}
	case asks == "GET ":
		list := []any{}
		for name, kind := range resources {
			list = append(list, map[string]any{"name": name, "kind": kind, "namespaced": strings.HasPrefix(name, "pods"), "verbs": []string{"get", "list", "create", "patch"}})
		}
		answer = map[string]any{"kind": "APIResourceList", "groupVersion": "v1", "resources": list}
	case asks == "GET /namespaces/default":
		answer = map[string]any{"kind": "Namespace", "apiVersion": "v1", "metadata": map[string]any{"name": "default", "labels": map[string]any{podSecurity: s.level}}}
	case asks == "GET /nodes/my-node":
		answer = map[string]any{"kind": "Node", "apiVersion": "v1", "metadata": map[string]any{"name": "my-node"}}
	case asks == "GET /namespaces/default/pods/my-pod":
		answer = s.pod
	case asks == "GET /namespaces/default/pods/my-pod/log":
		fmt.Fprintf(w, "log of %s\n", r.URL.Query().Get("container"))
		return
	case asks == "PATCH /namespaces/default/pods/my-pod/ephemeralcontainers":
		s.add(r.Body)
		answer = s.pod
	case asks == "POST /namespaces/default/pods":
		s.made, _ = io.ReadAll(r.Body)
		answer = s.pod
	default:
		w.WriteHeader(http.StatusNotFound)
		answer = map[string]any{"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "NotFound", "code": 404, "message": asks + " is not there"}
	}
	json.NewEncoder(w).Encode(answer)
}

// add takes the debug container that a patch adds, and says that it has ended.
func (s *apiServer) add(patch io.Reader) {
	var asks struct {
		Spec struct{ EphemeralContainers []map[string]any }
	}
	json.NewDecoder(patch).Decode(&asks)
	spec, status := s.pod["spec"].(map[string]any), s.pod["status"].(map[string]any)
	for _, c := range asks.Spec.EphemeralContainers {
		s.asked = append(s.asked, c)
		list, _ := spec["ephemeralContainers"].([]any)
		spec["ephemeralContainers"] = append(list, c)
		ended := map[string]any{"name": c["name"], "image": c["image"], "state": map[string]any{"terminated": map[string]any{"exitCode": 3, "reason": "Error"}}}
		list, _ = status["ephemeralContainerStatuses"].([]any)
		status["ephemeralContainerStatuses"] = append(list, ended)
	}
}

// startAPIServer starts a server for kubectl on the PATH, which it names by KUBECONFIG.
func startAPIServer(t *testing.T, level string) *apiServer {
	t.Helper()
	s := &apiServer{level: level, pod: map[string]any{
		"kind": "Pod", "apiVersion": "v1", "metadata": map[string]any{"name": "my-pod", "namespace": "default", "uid": "22fd933a-ee61-46bd-93ae-ebace73c1160"},
		"spec": map[string]any{"containers": []any{map[string]any{"name": "my-app", "image": "my-app"}}, "securityContext": map[string]any{}}, // which every server adds
		"status": map[string]any{
			"phase": "Running", "containerStatuses": []any{map[string]any{"name": "my-app", "image": "my-app", "state": map[string]any{"running": map[string]any{"startedAt": "2026-11-28T00:00:00Z"}}}},
		},
	}}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	dir := t.TempDir()
	config := fmt.Sprintf(`{"apiVersion": "v1", "kind": "Config", "current-context": "c", "clusters": [{"name": "c", "cluster": {"server": %q}}],
		"users": [{"name": "c", "user": {"token": "t"}}], "contexts": [{"name": "c", "context": {"cluster": "c", "user": "c"}}]}`, server.URL)
	if err := os.WriteFile(filepath.Join(dir, "config"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("KUBECONFIG", filepath.Join(dir, "config"))
	return s
}

// kubectlLines returns the command lines of kubectl in the documents and in what capinspect
// proposes, without what a shell does with their output.
func kubectlLines(t *testing.T) (lines []string) {
	t.Helper()
	line := regexp.MustCompile(`(?m)(?:^|^\$ |\| |&& )(kubectl [^|<>#\n]*)`)
	for _, document := range documents(t) {
		for _, found := range line.FindAllStringSubmatch(guide(t, document), -1) {
			lines = append(lines, found[1])
		}
	}
	// Those that why proposes of a process that capinspect may not trace.
	for _, profile := range []string{"restricted --custom=FILE", "baseline", "general", "sysadmin"} {
		lines = append(lines, "kubectl debug POD --image=capinspect --target=CONTAINER --profile="+profile)
	}
	return lines
}

// TestKubectlLines has kubectl itself read each command line of kubectl that the documents
// have: it prints its help, unless there is a flag that it does not know.
func TestKubectlLines(t *testing.T) {
	realKubectl(t)
	read := 0
	for _, line := range kubectlLines(t) {
		words := strings.Fields(line)
		if words[1] == "capinspect" || words[1] == "krew" || words[1] == "is" { // plugins, and prose
			continue
		}
		at := slices.Index(words, "--")
		if at < 0 {
			at = len(words)
		}
		out, err := exec.Command(words[0], slices.Insert(words[1:], at-1, "--help")...).CombinedOutput()
		if err != nil || !strings.Contains(string(out), "kubectl "+words[1]) {
			t.Errorf("%s: %v\n%s", line, err, out)
		}
		read++
	}
	if read < 25 {
		t.Errorf("%d lines", read)
	}
	if out, err := exec.Command("kubectl", "debug", "my-pod", "--targets=x", "--help").CombinedOutput(); err == nil {
		t.Errorf("kubectl takes a flag that it does not have:\n%s", out)
	}
}

// TestKubectlDebugLines has kubectl do what each `kubectl debug` of the documents asks for,
// and looks at the container that it asks for.
func TestKubectlDebugLines(t *testing.T) {
	realKubectl(t)
	asked := 0
	for _, line := range kubectlLines(t) {
		words := strings.Fields(strings.ReplaceAll(line, " -it ", " "))
		command := slices.Index(words, "--")
		if words[1] != "debug" || command < 0 {
			continue
		}
		s := startAPIServer(t, "baseline")
		if out, err := exec.Command(words[0], words[1:]...).CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", line, err, out)
			continue
		}
		flags := map[string]string{}
		for _, word := range words[2:command] {
			name, value, _ := strings.Cut(word, "=")
			flags[name] = value
		}
		asked++
		if strings.HasPrefix(words[2], "node/") {
			for _, word := range append([]string{"my-node", flags["--image"]}, words[command+1:]...) {
				if !bytes.Contains(s.made, []byte(word)) {
					t.Errorf("%s: %q lacks %q", line, s.made, word)
				}
			}
			continue
		}
		var list []struct {
			Image, TargetContainerName string
			Command                    []string
			SecurityContext            struct {
				Capabilities struct{ Add, Drop []string }
				RunAsNonRoot bool
			}
		}
		recode(t, s.asked, &list)
		if len(list) != 1 || list[0].Image != flags["--image"] || list[0].TargetContainerName != flags["--target"] || !slices.Equal(list[0].Command, words[command+1:]) {
			t.Errorf("%s: %+v", line, list)
			continue
		}
		security := list[0].SecurityContext
		restricted := flags["--profile"] == "restricted"
		if len(security.Capabilities.Add) != 0 || restricted != slices.Equal(security.Capabilities.Drop, []string{"ALL"}) || restricted != security.RunAsNonRoot {
			t.Errorf("%s: the profile gives %+v", line, security)
		}
	}
	if asked < 5 {
		t.Errorf("%d lines", asked)
	}
}

// TestPluginKubectl has the plugin add a debug container through kubectl itself.
func TestPluginKubectl(t *testing.T) {
	realKubectl(t)
	for level, want := range map[string]string{"": "general", "baseline": "baseline", "restricted": "restricted"} {
		s := startAPIServer(t, level)
		cmd := exec.Command("sh", filepath.Join(startDir, pluginPath), "my-pod", "--via", "debug", "--image=capinspect", "check", "--lacks", "net_raw")
		var stdout, stderr strings.Builder
		cmd.Stdout, cmd.Stderr = &stdout, &stderr
		cmd.Run()
		said := "kubectl-capinspect: my-pod/my-app: through a new debug container, capinspect-1, with profile " + want + "\n"
		if status := cmd.ProcessState.ExitCode(); status != 3 || stdout.String() != "log of capinspect-1\n" || stderr.String() != said {
			t.Errorf("%q: status %d\n%s\n%s", level, status, stdout.String(), stderr.String())
		}
		if len(s.asked) != 1 || s.asked[0]["targetContainerName"] != "my-app" || fmt.Sprint(s.asked[0]["command"]) != "[/capinspect check --lacks net_raw -p 1]" {
			t.Errorf("%q: %v", level, s.asked)
		}
	}
}

// recode reads what was read from JSON into a struct.
func recode(t *testing.T, from, to any) {
	t.Helper()
	text, err := json.Marshal(from)
	if err == nil {
		err = json.Unmarshal(text, to)
	}
	if err != nil {
		t.Fatal(err)
	}
}
