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
		kept := slices.DeleteFunc(slices.Clone(options), func(o any) bool { return o == "no-new-privileges" })
		if len(kept) == len(options) {
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
	{"hostUsers:", func(in inspection) { in["ResolvConfPath"] = "/var/lib/docker/100000.100000/containers/x/resolv.conf" }},
}

// TestDockerInspectRoundTrip starts containers with random flags, and compares what docker
// inspect prints of each with its process.
func TestDockerInspectRoundTrip(t *testing.T) {
	if testing.Short() {
		t.Skip("starts containers")
	}
	need.On(t, "root", "docker")
	image := buildHolderImage(t, buildImage(t))
	most, _ := procstatus.Own().Caps(capset.Bounding) // dockerd starts no container with more,
	most &= capset.UpTo(capset.AuditRead)             // and 20.10 knows no newer ones
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	for i := range 12 {
		s := randomPodSpec(random, most)
		s.network = []string{"none", "host"}[random.IntN(2)]
		s.flags = append(s.flags, "--ipc", []string{"none", "private", "shareable", "host"}[random.IntN(4)])
		name := fmt.Sprintf("capinspect-test-%d-inspect%d", os.Getpid(), i)
		pid := s.start(t, image, name)
		in := inspect(t, name)
		o := run(t, built(t), "diff", "file:"+in.write(t), pid)
		if o.status != 0 || o.stderr != "" {
			t.Errorf("%q: %+v", s.flags, o)
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
