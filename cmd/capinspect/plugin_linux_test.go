// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/need"
)

// testPod is a pod of the cluster that TestPlugin asks.
type testPod struct {
	namespace, name, label string
	spec                   map[string]any
	containers             []testContainer
}

type testContainer struct {
	list, name string // of the pod's status: init, ephemeral, or "" for the others
	state      string // running, or why it is not
	target     string
	has        []string
	says       string
}

var testPods = []testPod{
	{namespace: "default", name: "web", label: "app=web", containers: []testContainer{
		{name: "app", state: "running", has: []string{"/capinspect", "capinspect", "cat"}},
	}},
	{namespace: "default", name: "pair", label: "app=web", containers: []testContainer{
		{list: "init", name: "setup", state: "Completed"},
		{list: "init", name: "sidecar", state: "running", has: []string{"capinspect"}},
		{name: "app", state: "running", has: []string{"cat"}},
		{name: "broken", state: "CrashLoopBackOff"},
	}},
	{namespace: "default", name: "bare", containers: []testContainer{{name: "app", state: "running"}}},
	{namespace: "default", name: "catty", containers: []testContainer{{name: "app", state: "running", has: []string{"cat"}}}},
	{namespace: "default", name: "watched", containers: []testContainer{
		{name: "app", state: "running"},
		{list: "ephemeral", name: "capinspect-1", state: "Completed", target: "app"},
		{list: "ephemeral", name: "debugger-8xkqz", state: "Error"},
		{list: "ephemeral", name: "caps", state: "running", target: "app", has: []string{"/capinspect"}},
	}},
	{namespace: "default", name: "done", containers: []testContainer{{name: "app", state: "Completed"}}},
	{namespace: "default", name: "gone", containers: []testContainer{{name: "app", state: "running", says: "unable to upgrade connection: container not found (\"app\")"}}},
	{namespace: "default", name: "shared", spec: map[string]any{"shareProcessNamespace": true}, containers: []testContainer{
		{name: "app", state: "running", has: []string{"/capinspect"}},
		{name: "other", state: "running", has: []string{"/capinspect"}},
	}},
	{namespace: "default", name: "panes", spec: map[string]any{"os": map[string]any{"name": "windows"}}, containers: []testContainer{{name: "app", state: "running"}}},
	{namespace: "default", name: "panes2", containers: []testContainer{{name: "app", state: "running", says: "Internal error occurred: hcs::System::CreateProcess app: The system cannot find the file specified."}}},
	{namespace: "strict", name: "bare", containers: []testContainer{{name: "app", state: "running"}}},
	{namespace: "middle", name: "bare", containers: []testContainer{{name: "app", state: "running"}}},
	{namespace: "open", name: "bare", containers: []testContainer{{name: "app", state: "running"}}},
	{namespace: "node", name: "agent", label: "app=agent", spec: map[string]any{"hostPID": true}, containers: []testContainer{{name: "app", state: "running", has: []string{"/capinspect"}}}},
}

// testCluster starts a process in pids of its own, which stands for all containers, and
// returns what describes the cluster.
func testCluster(t *testing.T) *cluster {
	t.Helper()
	pid := startInPIDs(t)
	all := &cluster{
		Namespaces: map[string]map[string]string{"default": nil, "strict": {podSecurity: "restricted"}, "middle": {podSecurity: "baseline"}, "open": {podSecurity: "privileged"}},
		Containers: map[string]*clusterContainer{},
		Capinspect: built(t),
	}
	for _, p := range testPods {
		spec, status := map[string]any{}, map[string]any{}
		for key, value := range p.spec {
			spec[key] = value
		}
		for _, c := range p.containers {
			of, statuses := "containers", "containerStatuses"
			if c.list != "" {
				of, statuses = c.list+"Containers", c.list+"ContainerStatuses"
			}
			kind := map[string]string{"running": "running", "Completed": "terminated"}[c.state]
			if kind == "" {
				kind = "waiting"
			}
			list, _ := spec[of].([]any)
			one := map[string]any{"name": c.name}
			if c.target != "" {
				one["targetContainerName"] = c.target
			}
			spec[of] = append(list, one)
			list, _ = status[statuses].([]any)
			status[statuses] = append(list, map[string]any{"name": c.name, "state": map[string]any{kind: map[string]any{"reason": c.state}}})
			if c.state == "running" {
				all.Containers[p.namespace+"/"+p.name+"/"+c.name] = &clusterContainer{PID: pid, Has: c.has, Error: c.says}
			}
		}
		meta := map[string]any{"namespace": p.namespace, "name": p.name}
		if key, value, ok := strings.Cut(p.label, "="); ok {
			meta["labels"] = map[string]any{key: value}
		}
		all.Pods = append(all.Pods, map[string]any{"kind": "Pod", "metadata": meta, "spec": spec, "status": status})
	}
	return all
}

// startInPIDs starts sleep as PID 1, which holds NET_BIND_SERVICE in Bounding alone.
func startInPIDs(t *testing.T) int {
	t.Helper()
	need.On(t, "root", "unshare", "nsenter", "setpriv")
	cmd := exec.Command("unshare", "--pid", "--fork", "--kill-child", "--mount-proc",
		"setpriv", "--reuid", "1000", "--regid", "1000", "--clear-groups", "--inh-caps", "-all", "--bounding-set", "-all,+net_bind_service", "--no-new-privs", "sleep", "1000")
	cmd.SysProcAttr = &unix.SysProcAttr{Pdeathsig: unix.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	children := fmt.Sprintf("/proc/%d/task/%[1]d/children", cmd.Process.Pid)
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		text, _ := os.ReadFile(children)
		pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
		if name, _ := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid)); err == nil && string(name) == "sleep\n" {
			return pid
		}
	}
	t.Fatal("no process")
	return 0
}

// posixShells returns the shells of this machine that run the plugin.
func posixShells(t *testing.T) [][]string {
	t.Helper()
	shells := [][]string{{"sh"}}
	if testing.Short() {
		return shells
	}
	for _, shell := range [][]string{{"busybox", "sh"}, {"bash", "--posix"}} {
		has, err := need.Has(t.Name(), shell[0])
		if err != nil {
			t.Fatal(err)
		}
		if has {
			shells = append(shells, shell)
		}
	}
	return shells
}

const pluginPath = "../kubectl-capinspect/kubectl-capinspect"

// TestPlugin asks about containers of a cluster in each way.
func TestPlugin(t *testing.T) {
	all := testCluster(t)
	for _, shell := range posixShells(t) {
		t.Run(shell[0], func(t *testing.T) {
			for _, test := range pluginTests {
				t.Run(test.args, func(t *testing.T) { test.run(t, all, shell) })
			}
		})
	}
}

// pluginTest is a command line of the plugin, and what comes of it. The words are divided by
// spaces; "stderr" is without the name of the plugin.
type pluginTest struct {
	args           string
	env            string
	forbidden      []string
	stdout, stderr string
	status         int
}

func (test *pluginTest) run(t *testing.T, all *cluster, shell []string) {
	changed := *all
	changed.Forbidden = test.forbidden
	text, err := json.Marshal(changed)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "cluster.json")
	if err := os.WriteFile(file, text, 0o644); err != nil {
		t.Fatal(err)
	}
	args := slices.Concat(shell[1:], []string{filepath.Join(startDir, pluginPath)}, strings.Fields(test.args))
	cmd := exec.Command(shell[0], args...)
	cmd.Env = append(os.Environ(), "CLUSTER="+file, "PATH="+os.Getenv("PATH")+":"+filepath.Dir(all.Capinspect), "TMPDIR="+t.TempDir())
	if test.env != "" {
		cmd.Env = append(cmd.Env, test.env)
	}
	var stdout, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.Run()
	said := strings.ReplaceAll(stderr.String(), "kubectl-capinspect: ", "")
	if got := cmd.ProcessState.ExitCode(); got != test.status || said != test.stderr || !regexp.MustCompile("^"+test.stdout+"$").MatchString(stdout.String()) {
		t.Errorf("%s: status %d, want %d\n%s\nwant\n%s\n\n%s\nwant\n%s", test.args, got, test.status, stdout.String(), test.stdout, said, test.stderr)
	}
}

const (
	// What sleep has.
	sleepShown = `sleep \(pid 1\): uid 1000, net_bind_service in Bounding, nothing effective; no seccomp, no_new_privs on\n(.*\n)*Bounding set =cap_net_bind_service\n(.*\n)*`
	sleepFails = `no: pid 1 \(sleep\) fails the condition\npid 1 \(sleep\): bounding also has cap_net_bind_service \(of all five sets\)\n`
	sleepHeld  = ` +PID +PPID +UID +NAME +EFFECTIVE +PERMITTED +AMBIENT +BOUNDING +NNP\n`
	sleepRow   = ` +1 +0 +1000 +sleep +none +none +none +net_bind_service +yes\n`
	ownRow     = ` +\d+ +0 +0 +capinspect +all.*\n`
	noImage    = "name an image that has /capinspect, with --image\n"
	failedOne  = "command terminated with exit code 1\n"
)

// pluginTests are the tests for the cluster of testPods.
var pluginTests = []pluginTest{
	// In the container.
	{args: "web", stdout: sleepShown, stderr: "web/app: through /capinspect in the container\n"},
	{args: "pod/web -capp --namespace=default --context test", stdout: sleepShown, stderr: "web/app: through /capinspect in the container\n"},
	{args: "web -c app check --lacks net_raw", stdout: `yes: .*\n`, stderr: "web/app: through /capinspect in the container\n"},
	{args: "web check --within none", stdout: sleepFails, stderr: "web/app: through /capinspect in the container\n" + failedOne, status: 1},
	{args: "web ps", stdout: `POD +CONTAINER` + sleepHeld + `web +app` + sleepRow + `web +app` + ownRow, stderr: "web/app: through /capinspect in the container\n"},
	{args: "web show --json", stdout: `\{\n(.*\n)*.*"name": "sleep"(.*\n)*\}\n`, stderr: "web/app: through /capinspect in the container\n"},
	{args: "web -- --json", stdout: `\{\n(.*\n)*.*"name": "sleep"(.*\n)*\}\n`, stderr: "web/app: through /capinspect in the container\n"},
	{args: "-- web why net_bind_service", stdout: `cap_net_bind_service \(10\): not effective in pid 1 \(sleep\)\n(.*\n)*`, stderr: "web/app: through /capinspect in the container\n" + failedOne, status: 1},
	{args: "web diff none", stdout: `sleep \(pid 1\) has net_bind_service more than the empty set\nBounding: \+cap_net_bind_service\n`, stderr: "web/app: through /capinspect in the container\n" + failedOne, status: 1},
	{args: "web decode", stdout: `(.*\n)*CapBnd.*=cap_net_bind_service .*\n(.*\n)*`, stderr: "web/app: through /capinspect in the container\n"},
	{args: "pair -c sidecar", stdout: sleepShown, stderr: "pair/sidecar: through capinspect in the container\n"},

	// With cat, and the capinspect of this machine.
	{args: "catty", stdout: sleepShown, stderr: "catty/app: through cat, PID 1 alone\n"},
	{args: "catty why net_bind_service", stdout: `cap_net_bind_service \(10\): not effective in pid 1 \(sleep\)\n(.*\n)*`, stderr: "catty/app: through cat, PID 1 alone\n", status: 1},
	{args: "catty check --within none", stdout: sleepFails, stderr: "catty/app: through cat, PID 1 alone\n", status: 1},
	{args: "catty diff none", stdout: `.* has net_bind_service more than the empty set\nBounding: \+cap_net_bind_service\n`, stderr: "catty/app: through cat, PID 1 alone\n", status: 1},
	{args: "catty securitycontext", stdout: `securityContext:\n(.*\n)*.*NET_BIND_SERVICE\n(.*\n)*`, stderr: "catty/app: through cat, PID 1 alone\n"},
	{args: "catty decode", stdout: `(.*\n)*CapBnd.*=cap_net_bind_service .*\n(.*\n)*`, stderr: "catty/app: through cat, PID 1 alone\n"},
	{args: "web --via cat ps --columns PID,NAME,BOUNDING", stdout: `POD  CONTAINER  PID  NAME   BOUNDING\nweb  app        1    sleep  net_bind_service\n`, stderr: "web/app: through cat, PID 1 alone\n"},
	{args: "catty ps -o csv", stdout: "POD,CONTAINER,PID,.*\ncatty,app,1,0,1000,sleep,.*\n", stderr: "catty/app: through cat, PID 1 alone\n"},
	{args: "catty predict /bin/true", stderr: "catty/app: no capinspect in it, and cat does not give what predict needs: " + noImage, status: 2},
	{args: "catty why net_raw -p 7", stderr: "catty/app: no capinspect in it, and cat gives PID 1 of a container alone: " + noImage, status: 2},
	{args: "catty --via exec", stderr: "catty/app: no capinspect in it\n", status: 2},
	{args: "bare --via cat", stderr: "bare/app: no cat\n", status: 2},

	// In a debug container: the level that the namespace enforces names the profile.
	{args: "bare", stderr: "bare/app: no capinspect in it, and no cat: " + noImage, status: 2},
	{args: "bare --via debug", stderr: "bare/app: no debug container looks at it: " + noImage, status: 2},
	{args: "bare --image capinspect", stdout: sleepShown, stderr: "bare/app: through a new debug container, capinspect-1, with profile general\n"},
	{args: "bare", env: "CAPINSPECT_IMAGE=capinspect", stdout: sleepShown, stderr: "bare/app: through a new debug container, capinspect-1, with profile general\n"},
	{args: "-n open bare --image capinspect ps -n sleep", stdout: `POD +CONTAINER` + sleepHeld + `bare +app` + sleepRow, stderr: "bare/app: through a new debug container, capinspect-1, with profile general\n"},
	{args: "-n middle bare --image capinspect check --within none", stdout: sleepFails, stderr: "bare/app: through a new debug container, capinspect-1, with profile baseline\n", status: 1},
	{args: "-n strict bare --image=capinspect-nonroot", stdout: sleepShown, stderr: "bare/app: through a new debug container, capinspect-1, with profile restricted\n"},
	{args: "-n middle bare --image=capinspect-nonroot", forbidden: []string{"namespaces"}, stdout: sleepShown, stderr: "bare/app: through a new debug container, capinspect-1, with profile restricted\n"},
	{args: "bare --image capinspect --profile sysadmin", stdout: sleepShown, stderr: "bare/app: through a new debug container, capinspect-1, with profile sysadmin\n"},
	{args: "-n strict bare --image capinspect", stderr: "bare/app: through a new debug container, capinspect-1, with profile restricted\n" +
		"bare/app: debug container capinspect-1 does not start: CreateContainerConfigError: container has runAsNonRoot and image will run as root\n", status: 2},
	{args: "-n middle bare --image capinspect --profile general", stderr: "bare/app: through a new debug container, capinspect-1, with profile general\n" +
		"Error from server (Forbidden): pods \"bare\" is forbidden: violates PodSecurity \"baseline:latest\"\n", status: 2},
	{args: "bare --image nothing", stderr: "bare/app: through a new debug container, capinspect-1, with profile general\n" +
		"bare/app: debug container capinspect-1 does not start: ErrImagePull: failed to pull and unpack image \"nothing\": not found\n", status: 2},
	{args: "bare --image capinspect ps --every 1h", stderr: "bare/app: through a new debug container, capinspect-1, with profile general\n" +
		"bare/app: capinspect-1 keeps running; 'kubectl logs bare -n default -c capinspect-1' prints its list\n"},
	{args: "watched", stdout: sleepShown, stderr: "watched/app: through debug container caps\n"},
	{args: "watched -c caps check --within none", stdout: sleepFails, stderr: "watched/caps: through /capinspect in the container\n" + failedOne, status: 1},
	{args: "watched", forbidden: []string{"exec"}, env: "CAPINSPECT_IMAGE=capinspect", stdout: sleepShown, stderr: "watched/app: through a new debug container, capinspect-2, with profile general\n"},

	// Several containers and pods.
	{
		args: "pair", stdout: `POD   CONTAINER` + sleepHeld + `pair +sidecar` + sleepRow + `pair +sidecar` + ownRow + `pair +app` + sleepRow,
		stderr: "pair/sidecar: through capinspect in the container\npair/app: through cat, PID 1 alone\npair/broken does not run: CrashLoopBackOff\n",
	},
	{args: "pair check --within none", stdout: sleepFails + sleepFails, stderr: "pair/sidecar: through capinspect in the container\n" + failedOne +
		"pair/app: through cat, PID 1 alone\npair/broken does not run: CrashLoopBackOff\n", status: 1},
	{args: "-l app=web -n default ps -o jsonl -n sleep", stdout: `(\{.*"name":"sleep".*\}\n){3}`, stderr: "web/app: through /capinspect in the container\n" +
		"pair/sidecar: through capinspect in the container\npair/app: through cat, PID 1 alone\npair/broken does not run: CrashLoopBackOff\n"},
	{args: "--all -n strict", env: "CAPINSPECT_IMAGE=capinspect-nonroot", stderr: "bare/app: no capinspect in it, and no cat: " + noImage, status: 2},
	{args: "--all -n strict --image=capinspect-nonroot ps -n sleep", stdout: `POD +CONTAINER` + sleepHeld + `bare +app` + sleepRow, stderr: "bare/app: through a new debug container, capinspect-1, with profile restricted\n"},
	{args: "shared", stderr: "shared/app: PID 1 is not the container's, for its pod shares its pids: find its PID with ps, and name it with -p after show\n", status: 2},
	{args: "shared ps -n sleep", stdout: `POD +CONTAINER` + sleepHeld + `shared +\*` + sleepRow, stderr: "shared/app: through /capinspect in the container\n"},
	{args: "shared -c other show -p 1", stdout: sleepShown, stderr: "shared/other: through /capinspect in the container\n"},
	{args: "-n node agent why net_raw", stderr: "agent/app: PID 1 is not the container's, for its pod has the pids of its node: find its PID with ps, and name it with -p after why\n", status: 2},
	{args: "-n node -l app=agent ps", stderr: "agent/app has the pids of its node, all of which ps would list: ask for it by name\n"},
	{args: "-A ps -n sleep", stdout: `NAMESPACE +POD +CONTAINER` + sleepHeld + `default +web +app` + sleepRow + `default +pair +sidecar` + sleepRow + `default +pair +app` + sleepRow +
		`default +catty +app` + sleepRow + `default +watched +app` + sleepRow + `default +shared +\*` + sleepRow, stderr: everywhere, status: 2},

	// What cannot be looked at.
	{args: "web", forbidden: []string{"exec"}, stderr: "web/app: Error from server (Forbidden): pods \"web\" is forbidden: User \"u\" cannot create resource \"pods/exec\" in API group \"\"\n", status: 2},
	{args: "bare --image capinspect", forbidden: []string{"debug"}, stderr: "bare/app: through a new debug container, capinspect-1, with profile general\n" +
		"Error from server (Forbidden): pods \"bare\" is forbidden: User \"u\" cannot create resource \"pods/debug\" in API group \"\"\n", status: 2},
	{args: "pair -c setup", stderr: "no container runs as setup in pair\n", status: 2},
	{args: "pair -c broken", stderr: "pair/broken does not run: CrashLoopBackOff\n", status: 2},
	{args: "pair -c nothing", stderr: "no container runs as nothing in pair\n", status: 2},
	{args: "-l app=nobody", stderr: "no container runs in a pod with app=nobody\n", status: 2},
	{args: "done", stderr: "done/app does not run: Completed\nno container runs in done\n", status: 2},
	{args: "gone", stderr: "gone/app: unable to upgrade connection: container not found (\"app\")\n", status: 2},
	{args: "panes", stderr: "panes/app runs on Windows, where there are no capabilities\n", status: 2},
	{args: "panes2", stderr: "panes2/app: it runs on Windows, where there are no capabilities\n", status: 2},
	{args: "missing", stderr: "Error from server (NotFound): pods \"missing\" not found\n", status: 2},
	{args: "web --context other", stderr: "error: context \"other\" does not exist\n", status: 2},
	{args: "web", env: "PATH=/nowhere", stderr: "there is no kubectl on the PATH\n", status: 2},

	// Bad usage.
	{args: "web -c -x", stderr: "'-x' cannot be the name of a container\n", status: 2},
	{args: "web -c my_app", stderr: "'my_app' cannot be the name of a container\n", status: 2},
	{args: "-- -web", stderr: "'-web' cannot be the name of a pod\n", status: 2},
	{args: "Web", stderr: "'Web' cannot be the name of a pod\n", status: 2},
	{args: "deploy/web", stderr: "'deploy/web' cannot be the name of a pod\n", status: 2},
	{args: "web -n", stderr: "-n needs a value\n", status: 2},
	{args: "web --json", stderr: "unknown flag --json: a flag of capinspect goes after its COMMAND, as in 'show --json'\n", status: 2},
	{args: "-x", stderr: "unknown flag -x: a flag of capinspect goes after its COMMAND, as in 'show --json'\n", status: 2},
	{args: "web nonsense", stderr: "'nonsense' is not a command of capinspect that looks at processes\n", status: 2},
	{args: "web explain net_raw", stderr: "explain does not look at a process: run 'capinspect explain'\n", status: 2},
	{args: "web -l app=web", stderr: "name only one of POD, -l, --all and -A, or -l with --all or -A; flags go before COMMAND\n", status: 2},
	{args: "", stderr: "name a POD, or pods with -l, --all or -A; --help tells more\n", status: 2},
	{args: "--via smoke web", stderr: "--via takes exec, cat or debug, not 'smoke'\n", status: 2},
	{args: "--help", stdout: `Usage: kubectl capinspect POD(.*\n)*`},
}

// everywhere is what -A says of the ways.
const everywhere = "default/web/app: through /capinspect in the container\n" +
	"default/pair/sidecar: through capinspect in the container\n" +
	"default/pair/app: through cat, PID 1 alone\n" +
	"default/pair/broken does not run: CrashLoopBackOff\n" +
	"default/bare/app: no capinspect in it, and no cat: " + noImage +
	"default/catty/app: through cat, PID 1 alone\n" +
	"default/watched/app: through debug container caps\n" +
	"default/done/app does not run: Completed\n" +
	"default/gone/app: unable to upgrade connection: container not found (\"app\")\n" +
	"default/shared/app: through /capinspect in the container\n" +
	"default/panes/app runs on Windows, where there are no capabilities\n" +
	"default/panes2/app: it runs on Windows, where there are no capabilities\n" +
	"strict/bare/app: no capinspect in it, and no cat: " + noImage +
	"middle/bare/app: no capinspect in it, and no cat: " + noImage +
	"open/bare/app: no capinspect in it, and no cat: " + noImage +
	"node/agent/app has the pids of its node, all of which ps would list: ask for it by name\n"
