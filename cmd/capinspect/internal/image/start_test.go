// SPDX-License-Identifier: Apache-2.0

package image

import (
	"slices"
	"strings"
	"testing"

	"github.com/capinspect/capinspect/capset/runtime"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/manifest"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/predict"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/predict/predicttest"
)

// trial is an image, and what a container asks for.
type trial struct {
	files []string
	user  string
	entry []string
	asks  manifest.SecurityContext
}

// start predicts what comes of it.
func (a *trial) start(t *testing.T) *predict.Prediction {
	t.Helper()
	i, err := Open(dockerArchive(t, archiveOf(t, a.files...)), "", "amd64")
	if err != nil {
		t.Fatal(err)
	}
	i.Config.User, i.Config.Entrypoint = a.user, a.entry
	m := &manifest.Manifest{Pod: &manifest.Pod{}, Container: &manifest.Container{}, Direct: true, Runtime: runtime.Named("containerd"), Asks: a.asks}
	p, err := i.Start(m, "", &predict.WhatIf{})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestStartChanges applies each change that is proposed for an image that does not start: then
// it starts.
func TestStartChanges(t *testing.T) {
	const loader = "/lib64/ld.so"
	static, dynamic := "app="+string(predicttest.ELF("")), "app="+string(predicttest.ELF(loader))
	users := "etc/passwd=root:x:0:0::/:/bin/sh\nweb:x:33:33::/:/bin/sh\n"
	yes, uid := true, int64(33)
	with := func(asks manifest.SecurityContext) manifest.SecurityContext {
		asks.RunAsUser = &uid
		return asks
	}
	foreign := []byte(predicttest.ELF(""))
	foreign[18] = 0xb7 // EM_AARCH64
	nonRoot := manifest.SecurityContext{RunAsNonRoot: &yes}
	app := []string{"/app"}
	for name, row := range map[string]struct {
		trial
		result  string
		changes map[string]trial // what follows of each, by the beginning of its text
	}{
		"no loader": {trial{[]string{dynamic}, "", app, manifest.SecurityContext{}}, "ENOENT", map[string]trial{
			"link /app statically":  {[]string{static}, "", app, manifest.SecurityContext{}},
			"install the C library": {[]string{dynamic, "lib64/ld.so=" + string(predicttest.ELF(""))}, "", app, manifest.SecurityContext{}},
		}},
		"another architecture": {trial{[]string{"app=" + string(foreign)}, "", app, manifest.SecurityContext{}}, "ENOEXEC", map[string]trial{
			"build /app for amd64": {[]string{static}, "", app, manifest.SecurityContext{}},
		}},
		"a shell that is not there": {trial{[]string{static}, "", []string{"/bin/sh", "-c", "/app"}, manifest.SecurityContext{}}, "ENOENT", map[string]trial{
			"write ENTRYPOINT and CMD as": {[]string{static}, "", app, manifest.SecurityContext{}},
			"install it":                  {[]string{static, "bin/sh=" + string(predicttest.ELF(""))}, "", []string{"/bin/sh", "-c", "/app"}, manifest.SecurityContext{}},
		}},
		"a script of another system": {trial{[]string{"app=#!/bin/sh\r\n", "bin/sh=" + string(predicttest.ELF(""))}, "", app, manifest.SecurityContext{}}, "ENOENT", map[string]trial{
			"end the lines of the script": {[]string{"app=#!/bin/sh\n", "bin/sh=" + string(predicttest.ELF(""))}, "", app, manifest.SecurityContext{}},
		}},
		"no program": {trial{[]string{static}, "", nil, manifest.SecurityContext{}}, Refused, map[string]trial{
			"add ENTRYPOINT": {[]string{static}, "", app, manifest.SecurityContext{}},
			"command:":       {[]string{static}, "", app, manifest.SecurityContext{}}, // which takes the same place
		}},
		"nobody of that name": {trial{[]string{static, users}, "nobody", app, manifest.SecurityContext{}}, Refused, map[string]trial{
			"USER with a number":       {[]string{static, users}, "33", app, manifest.SecurityContext{}},
			"runAsUser: with a number": {[]string{static, users}, "nobody", app, with(manifest.SecurityContext{})},
		}},
		"not root, by name": {trial{[]string{static, users}, "web", app, nonRoot}, Refused, map[string]trial{
			"USER with a number, as USER 33": {[]string{static, users}, "33", app, nonRoot},
			"runAsUser: with a number":       {[]string{static, users}, "web", app, with(nonRoot)},
		}},
		"not root, and root": {trial{[]string{static, users}, "", app, nonRoot}, Refused, map[string]trial{
			"USER with the number of another user": {[]string{static, users}, "33", app, nonRoot},
			"runAsUser: with a number":             {[]string{static, users}, "", app, with(nonRoot)},
		}},
	} {
		p := row.start(t)
		if p.Result != row.result || len(p.Changes) != len(row.changes) {
			t.Errorf("%s: %s, %q", name, p.Result, p.Changes)
			continue
		}
		for text, after := range row.changes {
			if !slices.ContainsFunc(p.Changes, func(c predict.Change) bool { return strings.HasPrefix(c.Text, text) }) {
				t.Errorf("%s: %q is not among %q", name, text, p.Changes)
			}
			if p := after.start(t); p.Result != predict.OK {
				t.Errorf("%s: %s: still %s: %s", name, text, p.Result, p.Why)
			}
		}
	}
}

// TestNeeds tells of entrypoints that want to become another user.
func TestNeeds(t *testing.T) {
	static := string(predicttest.ELF(""))
	const guarded = `#!/bin/sh\nif [ "$(id -u)" = 0 ]; then exec gosu web "$@"; fi\nexec "$@"\n`
	for name, row := range map[string]struct {
		script, user string
		gosu         bool
		want         []string
	}{
		"root":              {`#!/bin/sh\nexec gosu web "$@"\n`, "", true, nil},
		"another":           {`#!/bin/sh\nexec gosu web "$@"\n`, "33", true, []string{"program-needs"}},
		"not there":         {`#!/bin/sh\nexec /bin/gosu web "$@"\n`, "", false, []string{"program-missing"}},
		"named in words":    {`#!/bin/sh\necho no gosu\n# exec gosu\n`, "", false, nil},
		"searched":          {`#!/bin/sh\ncommand -v gosu && exec gosu web "$@"\n`, "", false, nil},
		"guarded":           {guarded, "33", true, nil},
		"guarded, as root":  {guarded, "", true, nil},
		"guarded, no gosu":  {guarded, "", false, []string{"program-missing"}},
		"guarded, not root": {guarded, "33", false, nil},
	} {
		files := []string{"entry=" + strings.ReplaceAll(row.script, `\n`, "\n"), "bin/sh=" + static}
		if row.gosu {
			files = append(files, "bin/gosu="+static)
		}
		p := (&trial{files, row.user, []string{"/entry", "x"}, manifest.SecurityContext{}}).start(t)
		var codes []string
		for _, n := range p.Notes {
			codes = append(codes, n.Code)
		}
		if p.Result != predict.OK || !slices.Equal(codes, row.want) {
			t.Errorf("%s: %s, %q, want %q", name, p.Result, codes, row.want)
		}
	}
}

// TestVolumes asks about programs in images over which volumes are mounted.
func TestVolumes(t *testing.T) {
	static := string(predicttest.ELF(""))
	files := []string{"srv/app=" + static, "bin/sh=" + static, "script=#!/bin/sh\n"}
	for _, row := range []struct {
		mount, program string
		unknown        bool
	}{
		{"/srv", "/srv/app", true},
		{"srv/", "/srv/app", true},
		{"/srv/app", "/srv/app", true},
		{"/srv/app", "./app", true},
		{"/srv", "app", true}, // by PATH
		{"/srv", "/srv/nothing", true},
		{"/new", "/new/app", true},
		{"/srv/ap", "/srv/app", false},
		{"/srv/app/x", "/srv/app", false},
		{"/srv", "/bin/../srv/app", true},
		{"/srv", "/bin/sh", false},
		{"/bin", "/script", true}, // for its interpreter
	} {
		i, err := Open(dockerArchive(t, archiveOf(t, files...)), "", "amd64")
		if err != nil {
			t.Fatal(err)
		}
		i.Config = Config{WorkingDir: "/srv", Env: []string{"PATH=/srv:/bin"}}
		c := &manifest.Container{Starts: manifest.Starts{Mounts: []manifest.Mount{{Volume: "data", Path: row.mount}}}}
		m := &manifest.Manifest{Pod: &manifest.Pod{}, Container: c, Runtime: runtime.Named("containerd")}
		p, err := i.Start(m, row.program, &predict.WhatIf{})
		if row.unknown != (err != nil) || err != nil && !strings.Contains(err.Error(), `: the volume "data" is mounted at `+row.mount+", ") || err == nil && p.Result != predict.OK {
			t.Errorf("%+v: %+v, %v", row, p, err)
		}
	}
}
