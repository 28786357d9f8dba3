// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/need"
	"github.com/capinspect/capinspect/procstatus"
)

// inspection is what docker inspect printed of one container.
type inspection map[string]any

// inspect returns what docker inspect prints of a container.
func inspect(t *testing.T, name string) inspection {
	t.Helper()
	var list []inspection
	if err := json.Unmarshal(docker(t, "inspect", name), &list); err != nil || len(list) != 1 {
		t.Fatal(len(list), err)
	}
	return list[0]
}

// member returns an object in it.
func (in inspection) member(key string) inspection { return in[key].(map[string]any) }

// write writes it to a file, as docker inspect prints it.
func (in inspection) write(t *testing.T) string {
	t.Helper()
	text, err := json.MarshalIndent([]any{in}, "", "    ")
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "inspect.json")
	if err := os.WriteFile(name, text, 0o644); err != nil {
		t.Fatal(err)
	}
	return name
}

// otherwise are changes to what docker inspect prints, each with what diff finds then.
var otherwise = []struct {
	what   string
	change func(in inspection)
}{
	{"Bounding:", func(in inspection) {
		host := in.member("HostConfig")
		host["CapAdd"], host["CapDrop"] = []string{"NET_RAW", "CAP_SYSLOG", "chown"}, []string{"ALL"}
	}},
	{"noNewPrivs:", func(in inspection) {
		host := in.member("HostConfig")
		options, _ := host["SecurityOpt"].([]any)
		kept := slices.DeleteFunc(slices.Clone(options), func(o any) bool { return strings.HasPrefix(o.(string), "no-new-privileges") })
		if len(kept) == len(options) || slices.Contains(options, "no-new-privileges=false") {
			kept = append(kept, "no-new-privileges")
		}
		host["SecurityOpt"] = kept
	}},
	{"readOnlyRootFilesystem:", func(in inspection) {
		host := in.member("HostConfig")
		host["ReadonlyRootfs"] = host["ReadonlyRootfs"] == false
	}},
	{"uid:", func(in inspection) { in.member("Config")["User"] = "4242" }},
	{"gid:", func(in inspection) { in.member("Config")["User"] = "0:4242" }},
	{"hostUsers:", func(in inspection) {
		in.member("HostConfig")["UsernsMode"] = ""
		in["ResolvConfPath"] = "/var/lib/docker/100000.100000/containers/x/resolv.conf"
	}},
}

// buildUserImages builds images of a program that keeps a container running, each with
// another user.
func buildUserImages(t *testing.T, image string) []string {
	t.Helper()
	images := []string{image}
	for i, user := range []string{"1000", "7:8", "app", "root"} {
		dir := t.TempDir()
		for name, text := range map[string]string{
			"Dockerfile": "FROM " + image + "\nCOPY passwd group /etc/\nUSER " + user + "\n",
			"passwd":     "root:x:0:0::/:\napp:x:1234:1235::/:\n",
			"group":      "root:x:0:\napp:x:1235:\nmore:x:1236:app\n",
		} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		name := fmt.Sprintf("%s-user%d", image, i)
		dockerBuild(t, name, dir)
		images = append(images, name)
	}
	return images
}

// randomFlags returns flags that docker run and podman run take for a container that can
// have the capabilities most.
func randomFlags(random *rand.Rand, most capset.Set) (flags []string) {
	one := func(list ...string) string { return list[random.IntN(len(list))] }
	names := slices.Collect(most.Caps())
	some := func(flag string) {
		for range random.IntN(4) {
			name := names[random.IntN(len(names))].Kubernetes()
			flags = append(flags, flag, one(name, strings.ToLower(name), "CAP_"+name, strings.ToLower("CAP_"+name)))
		}
	}
	some("--cap-add")
	some("--cap-drop")
	if random.IntN(3) == 0 {
		flags = append(flags, "--cap-drop", one("ALL", "all"))
	}
	if random.IntN(3) > 0 {
		flags = append(flags, "--user", one("0", "0:0", "5", "5:6", "0:9", "1000:0"))
	}
	for range random.IntN(3) {
		flags = append(flags, "--group-add", one("0", "7", "7", "65534"))
	}
	if random.IntN(2) == 0 {
		flags = append(flags, "--security-opt", one("no-new-privileges", "no-new-privileges=true", "no-new-privileges:true", "no-new-privileges=false"))
	}
	if random.IntN(3) == 0 {
		flags = append(flags, "--security-opt", "seccomp=unconfined")
	}
	if random.IntN(3) == 0 {
		flags = append(flags, "--security-opt", one("label=disable", "label=type:x_t"))
	}
	if random.IntN(3) == 0 {
		flags = append(flags, "--read-only")
	}
	for _, kind := range []string{"--pid", "--uts"} {
		if random.IntN(3) == 0 {
			flags = append(flags, kind, "host")
		}
	}
	return append(flags, "--ipc", one("none", "private", "shareable", "host"))
}

// randomDockerOptions returns flags that docker run alone takes, or takes in this spelling.
// named says that the image has users with names.
func randomDockerOptions(random *rand.Rand, named bool) (flags []string) {
	for _, flag := range []string{
		"--user app", "--user app:more", "--user :6", "--security-opt seccomp:unconfined", "--security-opt label:disable", "--security-opt systempaths=unconfined",
		"--userns host", "--cgroupns private",
	} {
		if random.IntN(5) == 0 && (named || !strings.Contains(flag, "app")) {
			flags = append(flags, strings.Fields(flag)...)
		}
	}
	return flags
}

// TestDockerInspectRoundTrip starts containers with random flags, and compares what docker
// inspect prints of each with its process.
func TestDockerInspectRoundTrip(t *testing.T) {
	if testing.Short() {
		t.Skip("starts containers")
	}
	need.On(t, "root", "docker")
	images := buildUserImages(t, buildHolderImage(t, buildImage(t)))
	most, _ := procstatus.Own().Caps(capset.Bounding) // dockerd starts no container with more,
	most &= capset.UpTo(capset.AuditRead)             // and 20.10 knows no newer ones
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	for i := range 24 {
		s := &podSpec{network: []string{"none", "host"}[random.IntN(2)], flags: randomFlags(random, most)}
		image := images[random.IntN(len(images))]
		s.flags = append(s.flags, randomDockerOptions(random, image != images[0])...)
		name := fmt.Sprintf("capinspect-test-%d-inspect%d", os.Getpid(), i)
		pid := s.start(t, image, name)
		s.flags = append(s.flags, image)
		in := inspect(t, name)
		o := run(t, built(t), "diff", "file:"+in.write(t), pid)
		if o.status != 0 || o.stderr != "" {
			t.Errorf("%q: %+v", s.flags, o)
		}
		// A name is no uid. Whatever else there is, each of these compares it.
		if ids, lacks := in.member("Config")["User"].(string), "uid"; strings.Contains(o.stdout, lacks+" (user ") != strings.HasPrefix(ids, "app") {
			t.Errorf("%q: user %q: %+v", s.flags, ids, o)
		}
		back := run(t, built(t), "diff", pid, "file:"+in.write(t)+":"+name)
		if back.status != 0 || back.stderr != "" {
			t.Errorf("%q, the other way round: %+v", s.flags, back)
		}
		for _, c := range otherwise {
			changed := inspect(t, name)
			c.change(changed)
			o := run(t, built(t), "diff", "file:"+changed.write(t), pid)
			if o.status != 1 || !strings.HasPrefix(o.stdout, c.what) && !strings.Contains(o.stdout, "\n"+c.what) {
				t.Errorf("%q, other %s %+v", s.flags, c.what, o)
			}
		}
	}
}

// TestRuncConfigRoundTrip starts containers of random configurations, and compares what is
// left of the sets of each with its process.
func TestRuncConfigRoundTrip(t *testing.T) {
	if testing.Short() {
		t.Skip("starts containers")
	}
	need.On(t, "root", "runc")
	most, _ := procstatus.Own().Caps(capset.Bounding)
	most &= capset.UpTo(capset.AuditRead)
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	names := func(set capset.Set) []string {
		list := []string{"CAP_NONE"} // which runc passes over
		for c := range set.Caps() {
			list = append(list, "CAP_"+c.Kubernetes())
		}
		return list
	}
	for i := range 8 {
		t.Run(strconv.Itoa(i), func(t *testing.T) {
			some := func() capset.Set { return capset.Set(random.Uint64()) & most }
			permitted, bounding := some(), some()
			inheritable := some() & bounding
			patch, err := json.Marshal(map[string]any{
				"process": map[string]any{
					"user":            map[string]any{"uid": random.IntN(2) * 1000, "gid": 7, "additionalGids": []int{7, 8}},
					"noNewPrivileges": random.IntN(2) == 0,
					"capabilities": map[string]any{
						"bounding": names(bounding), "permitted": names(permitted), "effective": names(permitted & some()),
						"inheritable": names(inheritable), "ambient": names(permitted & inheritable & some()),
					},
				},
				"root":  map[string]any{"readonly": random.IntN(2) == 0},
				"linux": map[string]any{"namespaces": namespacesOf("pid", "mount", "uts", []string{"ipc", "network"}[random.IntN(2)])},
			})
			if err != nil {
				t.Fatal(err)
			}
			var state struct {
				Pid    int
				Bundle string
			}
			name := startRunc(t, string(patch), nil)
			if o := run(t, "runc", "state", name); json.Unmarshal([]byte(o.stdout), &state) != nil {
				t.Fatalf("%+v", o)
			}
			o := run(t, built(t), "diff", "file:"+filepath.Join(state.Bundle, "config.json"), strconv.Itoa(state.Pid))
			if o.status != 0 || o.stderr != "" {
				t.Errorf("%s: %+v", patch, o)
			}
		})
	}
}
