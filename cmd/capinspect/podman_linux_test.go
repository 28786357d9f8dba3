// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/need"
	"github.com/capinspect/capinspect/procstatus"
)

// TestPodmanRoundTrip starts containers with random flags, and compares with the process of
// each what podman inspect prints, the OCI configuration of its bundle, and a .container unit
// that asks for the same.
func TestPodmanRoundTrip(t *testing.T) {
	if testing.Short() {
		t.Skip("starts containers")
	}
	need.On(t, "root", "podman")
	image := importHolder(t)
	most, _ := procstatus.Own().Caps(capset.Bounding) // podman starts no container with more
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	for i := range 12 {
		flags := withoutBoth(randomFlags(random, most))
		for _, flag := range []string{"--security-opt unmask=ALL", "--security-opt unmask=/proc/kcore", "--uidmap 0:100000:70000", "--cgroupns private"} {
			if random.IntN(6) == 0 && (flag[2:8] != "uidmap" || !slices.Contains(flags, "host")) {
				flags = append(flags, strings.Fields(flag)...)
			}
		}
		name := fmt.Sprintf("capinspect-test-%d-podman%d", os.Getpid(), i)
		pid := startPodman(t, image, name, flags)
		inspected := podman(t, "inspect", name)
		bundle := strings.TrimSpace(podman(t, "inspect", "--format", "{{.OCIConfigPath}}", name))
		texts := map[string]string{"inspect.json": inspected, "web.container": quadletOf(flags)}
		files := []string{bundle}
		for base, text := range texts {
			file := filepath.Join(t.TempDir(), base)
			if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
			files = append(files, file)
		}
		for _, file := range files {
			if o := run(t, built(t), "diff", "file:"+file, pid); o.status != 0 || o.stderr != "" {
				t.Errorf("%q: %+v\n%s", flags, o, texts[filepath.Base(file)])
			}
		}
		diffOther(t, flags, pid)
	}
}

// diffOther compares a process with a .container unit that asks for something else: another
// user, and a capability that the flags do not mention.
func diffOther(t *testing.T, flags []string, pid string) {
	t.Helper()
	mentioned := strings.ToUpper(strings.Join(flags, " "))
	differs, asked := []string{"uid: ", "gid: "}, []string{"--user", "4242:4243"}
	for _, name := range []string{"SYSLOG", "LEASE", "SYS_TIME", "WAKE_ALARM"} {
		if !strings.Contains(mentioned, name) && !strings.Contains(mentioned, "--CAP-ADD ALL") {
			differs, asked = append(differs, "Ambient: "), append(asked, "--cap-add", name)
			break
		}
	}
	file := filepath.Join(t.TempDir(), "other.container")
	if err := os.WriteFile(file, []byte(quadletOf(slices.Concat(flags, asked))), 0o644); err != nil {
		t.Fatal(err)
	}
	o := run(t, built(t), "diff", "file:"+file, pid)
	for _, what := range differs {
		if o.status != 1 || !strings.Contains(o.stdout, "\n"+what) {
			t.Errorf("%q: no other %s in %+v", flags, what, o)
		}
	}
}

// withoutBoth returns flags without those that drop a capability that others add, which
// podman refuses.
func withoutBoth(flags []string) (kept []string) {
	bare := func(name string) string { return strings.TrimPrefix(strings.ToUpper(name), "CAP_") }
	added := map[string]bool{}
	for i, flag := range flags {
		if flag == "--cap-add" {
			added[bare(flags[i+1])] = true
		}
	}
	for i := 0; i < len(flags); i++ {
		if flags[i] == "--cap-drop" && added[bare(flags[i+1])] {
			i++
			continue
		}
		kept = append(kept, flags[i])
	}
	return kept
}

// quadletOf returns a .container unit that asks for what flags of podman run ask for.
func quadletOf(flags []string) string {
	text := "[Container]\nImage=x\nContainerName=web\nPodmanArgs=--log-level error"
	keys := map[string]string{"--cap-add": "AddCapability", "--cap-drop": "DropCapability", "--group-add": "GroupAdd", "--read-only": "ReadOnly"}
	for len(flags) > 0 {
		flag, value := flags[0], ""
		if flags = flags[1:]; flag != "--read-only" {
			value, flags = flags[0], flags[1:]
		}
		switch key := keys[flag]; {
		case flag == "--read-only":
			text += "\nReadOnly=true"
		case flag == "--uidmap":
			text += "\nUserNS=auto"
		case key != "":
			text += "\n" + key + "=" + value
		default:
			text += "\nPodmanArgs=" + flag + " " + value
		}
	}
	return text + "\n[Service]\nUser=nobody\nNoNewPrivileges=yes\n"
}

// importHolder imports an image of a program that keeps a container running.
func importHolder(t *testing.T) string {
	t.Helper()
	dir := filepath.Dir(buildHolder(t))
	archive := filepath.Join(t.TempDir(), "image.tar")
	if o := run(t, "tar", "-C", dir, "-cf", archive, "holder"); o.status != 0 {
		t.Fatalf("%+v", o)
	}
	image := fmt.Sprintf("capinspect-test:%d", os.Getpid())
	podman(t, "import", "-q", archive, image)
	t.Cleanup(func() { exec.Command("podman", "rmi", "-f", image).Run() })
	return image
}

// podmanRun is the beginning of a command line that starts a container. A machine that lets
// nobody have the limits that podman asks for lets it have these.
var podmanRun = []string{"run", "--network", "none", "--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1000:1000"}

// startPodman starts a container and returns its process.
func startPodman(t *testing.T, image, name string, flags []string) string {
	t.Helper()
	t.Cleanup(func() { exec.Command("podman", "rm", "-f", "-t", "0", name).Run() })
	podman(t, slices.Concat(podmanRun, []string{"-d", "--name", name}, flags, []string{image, "/holder"})...)
	return strings.TrimSpace(podman(t, "inspect", "--format", "{{.State.Pid}}", name))
}

// podman runs podman and returns what it prints.
func podman(t *testing.T, args ...string) string {
	t.Helper()
	o := run(t, "podman", args...)
	if o.status != 0 {
		t.Fatalf("podman %q: %+v", args, o)
	}
	return o.stdout
}
