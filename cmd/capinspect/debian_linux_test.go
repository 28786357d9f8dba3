// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/need"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/report"
)

// debianFiles makes programs that tell who starts them, beside those of Debian, and loses the
// capabilities of one on the way to the last stage.
const debianFiles = `
FROM %[1]s AS made
COPY made /usr/local/
RUN cd /usr/local/bin && for name in raw copied admin setuid group musl; do cp /bin/cat $name; done && \
  setcap cap_net_raw=ep raw cap_net_raw=ep copied && setcap cap_net_admin=ep admin && chmod 4755 setuid && chgrp shadow group && chmod 4750 group && \
  sed -i s,/lib64/ld-linux-x86-64.so.2,/lib/ld-musl-x86_64.so.1\x00\x00\x00, musl && ln -s ../local/bin/raw /usr/bin/other

FROM made
COPY --from=made /usr/local/bin/copied /usr/local/bin/copied
`

// debianScripts are entrypoints that start cat in the end.
var debianScripts = map[string]string{
	"entry":   "#!/bin/sh\nexec cat \"$@\"\n",
	"env":     "#!/usr/bin/env -S bash -e\nexec cat \"$@\"\n",
	"absent":  "#!/usr/bin/python3\nprint()\n",
	"windows": "#!/bin/sh\r\nexec cat \"$@\"\r\n",
	"bare":    "exec cat \"$@\"\n",
	"nested":  "#!/usr/local/bin/entry\n",
	"become":  "#!/bin/sh\nexec gosu nobody cat \"$@\"\n",
	"guarded": "#!/bin/sh\nif [ \"$(id -u)\" = 0 ]; then exec gosu nobody cat \"$@\"; fi\nexec cat \"$@\"\n",
	"missing": "#!/bin/sh\nexec su-exec nobody cat \"$@\"\n",
}

// debianImage makes a root directory of Debian, and two images of it: how mmdebstrap left it,
// and that with further layers. It returns the name of the second, and the file it is saved in.
func debianImage(t *testing.T) (name, file string) {
	t.Helper()
	dir := t.TempDir()
	root := filepath.Join(dir, "root.tar")
	// Documentation is left out: nothing here reads it.
	args := []string{"--quiet", "--variant=essential", "--include=libcap2-bin,iputils-ping,mount,passwd,gosu,sudo"}
	for _, left := range []string{"doc", "locale", "man"} {
		args = append(args, "--dpkgopt=path-exclude=/usr/share/"+left+"/*")
	}
	if out, err := exec.Command("mmdebstrap", append(args, "bookworm", root)...).CombinedOutput(); err != nil {
		t.Logf("%s", out)
		need.Lacking(t, "mmdebstrap", "mmdebstrap makes no root directory: "+err.Error())
	}
	base := fmt.Sprintf("capinspect-test:%d-debian", os.Getpid())
	docker(t, "import", root, base)
	t.Cleanup(func() { docker(t, "rmi", base) })
	for script, text := range debianScripts {
		path := filepath.Join(dir, "build/made/bin", script)
		err := os.MkdirAll(filepath.Dir(path), 0o755)
		if err == nil {
			err = os.WriteFile(path, []byte(text), 0o755)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "build/Dockerfile"), fmt.Appendf(nil, debianFiles, base), 0o644); err != nil {
		t.Fatal(err)
	}
	name = base + "-made"
	dockerBuild(t, name, "--network", "none", filepath.Join(dir, "build"))
	file = filepath.Join(dir, "saved")
	docker(t, "save", "-o", file, name)
	return name, file
}

// TestDebian compares what is told of a whole Debian, before it runs, with what its own find
// and getcap list, and with what docker makes of it.
func TestDebian(t *testing.T) {
	if testing.Short() {
		t.Skip("starts containers")
	}
	need.On(t, "root", "docker", "mmdebstrap")
	name, file := debianImage(t)
	t.Run("scan", func(t *testing.T) { debianScan(t, name, file) })
	t.Run("predict", func(t *testing.T) { debianPredict(t, name, file) })
	t.Run("marked", func(t *testing.T) { debianMarked(t, name, file) })
}

// marks returns the programs of a scan, each with its capabilities.
func marks(t *testing.T, o outcome) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, p := range scanOf(t, o).Programs {
		found[p.File] = ""
		if p.Program != nil && p.Program.Capabilities != nil {
			found[p.File] = *p.Program.Capabilities
		}
	}
	return found
}

// debianScan holds two scans of the whole against find and getcap: one of the image, and one
// of the root directory of a container.
func debianScan(t *testing.T, name, file string) {
	want := map[string]string{}
	const script = `find / -xdev -type f '(' -perm -4000 -o -perm -2010 ')' -perm /111; getcap -r / 2>/dev/null`
	for line := range strings.Lines(string(docker(t, "run", "--rm", "--network", "none", name, "sh", "-c", script))) {
		path, caps, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		want[path] = caps
	}
	for what, o := range map[string]outcome{
		"image": call("", "scan", "image:"+file, "--json"),
		"container": run(t, "docker", "run", "--rm", "--network", "none", "-v", built(t)+":/usr/local/sbin/capinspect:ro", name,
			"capinspect", "scan", "--json"),
	} {
		if got := marks(t, o); o.status != 0 || o.stderr != "" || !maps.Equal(got, want) {
			t.Errorf("%s: %q\nwant %q\n%s", what, got, want, o.stderr)
		}
	}
	if len(want) < 15 || want["/usr/bin/ping"] == "" || want["/usr/local/bin/raw"] == "" {
		t.Errorf("%q", want)
	}
}

// debianPredict starts programs and scripts.
func debianPredict(t *testing.T, name, file string) {
	results := map[string]int{}
	rows := []struct{ docker, predict []string }{
		{nil, nil},
		{[]string{"--user", "nobody"}, []string{"--uid", "nobody", "--gid", "65534"}},
		{[]string{"--user", "1000:42", "--cap-drop", "ALL"}, []string{"--uid", "1000", "--gid", "42", "--drop", "all"}},
		{[]string{"--user", "1000", "--security-opt", "no-new-privileges"}, []string{"--uid", "1000", "--no-new-privs"}},
	}
	for i, program := range []string{
		"/bin/cat", "cat", "/usr/bin/other", "raw", "admin", "setuid", "group", "musl", "copied",
		"entry", "env", "absent", "windows", "bare", "nested", "become", "guarded", "missing",
	} {
		for n := range 2 { // two of four for each
			row := rows[(i+n)%len(rows)]
			want, task := started(t, slices.Concat([]string{"run", "--rm", "--network", "none", "--entrypoint", program}, row.docker, []string{name, "/proc/self/status"}))
			p := startOf(t, file, program, row.predict)
			results[p.Result]++
			what := fmt.Sprintf("%s with %v", program, row.docker)
			if p.Result != want {
				t.Errorf("%s: %s is predicted (%v), and docker says %s", what, p.Result, deref(p.Why), want)
				continue
			}
			lost := slices.ContainsFunc(p.Notes, func(n report.Note) bool { return n.Code == "lost-file-capabilities" })
			if lost != (program == "copied") {
				t.Errorf("%s: %+v", what, p.Notes)
			}
			if program == "become" || program == "guarded" || program == "missing" {
				warned := slices.ContainsFunc(p.Notes, func(n report.Note) bool { return n.Code == "program-needs" || n.Code == "program-missing" })
				if warned != (task == nil) {
					t.Errorf("%s: %+v, and it starts: %v", what, p.Notes, task != nil)
				}
				continue
			}
			if task == nil || p.After == nil {
				continue
			}
			got, is := holdings(&p.After.Privileges, &p.After.Owner), holdings(&task.Privileges, &task.Owner)
			if got != is {
				t.Errorf("%s: %s is predicted, and it is %s", what, got, is)
			}
		}
	}
	t.Log(results)
	if results["ok"] < 15 || results["EPERM"] == 0 || results["EACCES"] == 0 || results["ENOENT"] == 0 || results["ENOEXEC"] == 0 {
		t.Error(results)
	}
}

// debianMarked starts all programs that a scan lists.
func debianMarked(t *testing.T, name, file string) {
	o := call("", "scan", "image:"+file, "--json", "--uid", "1000", "--gid", "1000", "--drop", "all")
	results := map[string]int{}
	for _, p := range scanOf(t, o).Programs {
		want, _ := started(t, []string{"run", "--rm", "--network", "none", "--user", "1000:1000", "--cap-drop", "ALL", "--entrypoint", p.File, name, "--version"})
		if results[p.Result]++; p.Result != want {
			t.Errorf("%s: %s is predicted, and docker says %s", p.File, p.Result, want)
		}
	}
	t.Log(results)
	if o.status != 0 || results["ok"] == 0 || results["EPERM"] == 0 || results["EACCES"] == 0 {
		t.Errorf("%v: %+v", results, o)
	}
}
