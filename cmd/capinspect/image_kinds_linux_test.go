// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/need"
)

// imageKinds are images as people build them, each with the first lines of what is predicted.
// Their program tells its status; BASE has busybox, a user and the program.
var imageKinds = []struct{ name, dockerfile, want string }{
	{"static", "FROM scratch\nCOPY app /app\nUSER 65532:65532\nENTRYPOINT [\"/app\"]", `
image IMAGE starts /app: uid 65532, docker defaults in Bounding, nothing effective; no_new_privs off
Program: /app, mode 0755 of uid 0, gid 0, without file capabilities`},
	{"a number, CMD and HEALTHCHECK", "FROM scratch\nCOPY app /app\nUSER 10001\nCMD [\"/app\"]\nHEALTHCHECK CMD [\"/nothing\"]", `
image IMAGE starts /app: uid 10001, docker defaults in Bounding, nothing effective; no_new_privs off
Program: /app, mode 0755 of uid 0, gid 0, without file capabilities`},
	{"shell form", "FROM BASE\nENV PATH=/opt/java/bin:/bin\nRUN mkdir -p /opt/java/bin && cp /bin/app /opt/java/bin/java\nWORKDIR /app\nUSER app\nENTRYPOINT exec java $OPTS -jar app.jar", `
image IMAGE starts /bin/sh: uid 1001, docker defaults in Bounding, nothing effective; no_new_privs off
Program: /bin/busybox, mode 0755 of uid 0, gid 0, without file capabilities`},
	{"shell form without a shell", "FROM scratch\nCOPY app /app\nENTRYPOINT /app", `
image IMAGE does not start /bin/sh: ENOENT
Why: /bin/sh: no such file or directory
To change it:
  image  write ENTRYPOINT and CMD as ["/PROGRAM", "ARGUMENT"]: as a text, they need a shell`},
	{"from the working directory", "FROM BASE\nWORKDIR /srv/app\nRUN cp /bin/app run\nUSER app\nENTRYPOINT [\"./run\"]", `
image IMAGE starts ./run: uid 1001, docker defaults in Bounding, nothing effective; no_new_privs off
Program: /srv/app/run, mode 0755 of uid 0, gid 0, without file capabilities`},
	{"a closed working directory", "FROM BASE\nRUN mkdir -m 700 /closed\nWORKDIR /closed\nUSER app\nENTRYPOINT [\"app\"]", `
image IMAGE starts app: uid 1001, docker defaults in Bounding, nothing effective; no_new_privs off
Program: /bin/app, mode 0755 of uid 0, gid 0, without file capabilities`},
	{"links and ONBUILD", "FROM BASE\nRUN ln -s /bin/app /entry && ln -s entry /other\nENTRYPOINT [\"/other\"]\nONBUILD COPY . /x", `
image IMAGE starts /other: uid 0, docker defaults; no_new_privs off
Program: /bin/app, mode 0755 of uid 0, gid 0, without file capabilities`},
	{"a script by PATH", "FROM BASE\nENTRYPOINT [\"entry\"]\nCMD [\"app\"]", `
image IMAGE starts entry: uid 0, docker defaults; no_new_privs off
Program: /bin/busybox, mode 0755 of uid 0, gid 0, without file capabilities`},
	{"a script without its interpreter", "FROM BASE\nENTRYPOINT [\"/bin/bash-script\"]", `
image IMAGE does not start /bin/bash-script: ENOENT
Why: /bin/bash: no such file or directory: it is the interpreter that /bin/bash-script names
Program: /bin/bash-script, mode 0755 of uid 0, gid 0, without file capabilities`},
	{"a script of Windows", "FROM BASE\nENTRYPOINT [\"windows\"]", `
image IMAGE does not start windows: ENOENT
Why: /bin/sh\x0d: no such file or directory: it is the interpreter that /bin/windows names, with a carriage return at its end
Program: /bin/windows, mode 0755 of uid 0, gid 0, without file capabilities`},
	{"no execute bit", "FROM BASE\nRUN chmod a-x /bin/entry\nUSER app\nENTRYPOINT [\"/bin/entry\"]", `
image IMAGE does not start /bin/entry: EACCES
Why: /bin/entry: permission denied: mode 0644 of uid 0, gid 0 lets nobody execute it
Program: /bin/entry, mode 0644 of uid 0, gid 0, without file capabilities`},
	{"below a home", "FROM BASE\nRUN mkdir -m 700 /root && cp /bin/app /root\nUSER app\nENTRYPOINT [\"/root/app\"]", `
image IMAGE does not start /root/app: EACCES
Why: /root: permission denied: mode 0700 of uid 0, gid 0 does not let it look up names there
To change it:`},
	{"another architecture", "FROM scratch\nCOPY foreign /app\nENTRYPOINT [\"/app\"]", `
image IMAGE does not start /app: ENOEXEC
Why: /app: exec format error: it is built for arm64, not for amd64
Program: /app, mode 0755 of uid 0, gid 0, without file capabilities`},
	{"a user that is not there", "FROM scratch\nCOPY app /app\nUSER web\nENTRYPOINT [\"/app\"]", `
image IMAGE does not start /app: refused
Why: no user of the image has the name "web" in /etc/passwd, and the runtime makes no container
To change it:`},
	{"nothing to start", "FROM scratch\nCOPY app /app", `
image IMAGE does not start: refused
Why: the image has neither ENTRYPOINT nor CMD, and nothing else says what to start
To change it:`},
	{"an empty word", "FROM BASE\nENTRYPOINT [\"\"]", `
image IMAGE does not start: refused
Why: the image has neither ENTRYPOINT nor CMD, and nothing else says what to start
To change it:`},
}

// TestImageKinds builds images, and compares what is predicted with what docker makes of them.
func TestImageKinds(t *testing.T) {
	if testing.Short() {
		t.Skip("starts containers")
	}
	if runtime.GOARCH != "amd64" {
		t.Skip("its foreign program is for arm64")
	}
	need.On(t, "root", "docker", "busybox")
	dir := t.TempDir()
	base := fmt.Sprintf("capinspect-test:%d-kinds", os.Getpid())
	buildHelper(t, filepath.Join(dir, "app"), "container/status")
	program, err := os.ReadFile(filepath.Join(dir, "app"))
	if err != nil {
		t.Fatal(err)
	}
	busybox, err := exec.LookPath("busybox")
	if err == nil {
		err = copyFile(busybox, dir)
	}
	for name, text := range map[string]string{
		"foreign": string(foreign(program)), "entry": "#!/bin/sh\nexec \"$@\"\n", "bash-script": "#!/bin/bash\napp\n", "windows": "#!/bin/sh\r\napp\r\n",
		"passwd":     "root:x:0:0:root:/root:/bin/sh\napp:x:1001:1001::/:/bin/sh\n",
		"Dockerfile": "FROM scratch\nCOPY busybox app entry bash-script windows /bin/\nCOPY passwd /etc/\nRUN [\"/bin/busybox\", \"--install\", \"-s\", \"/bin\"]\n",
	} {
		err = errors.Join(err, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o755))
	}
	if err != nil {
		t.Fatal(err)
	}
	dockerBuild(t, base, "--network", "none", dir)
	for i, kind := range imageKinds {
		t.Run(kind.name, func(t *testing.T) {
			name, file := fmt.Sprintf("%s-%d", base, i), filepath.Join(t.TempDir(), "image.tar")
			if err := os.WriteFile(filepath.Join(dir, "Dockerfile"), []byte(strings.ReplaceAll(kind.dockerfile, "BASE", base)+"\n"), 0o644); err != nil {
				t.Fatal(err)
			}
			dockerBuild(t, name, "--network", "none", dir)
			docker(t, "save", "-o", file, name)
			want, task := started(t, []string{"run", "--rm", "--network", "none", name})
			p := startOf(t, file, "", nil)
			if p.Result != want {
				t.Fatalf("%s is predicted (%v), and docker says %s", p.Result, deref(p.Why), want)
			}
			if want == "ok" {
				if task == nil || p.After == nil {
					t.Fatal("it starts, and writes no status")
				}
				if got, is := holdings(&p.After.Privileges, &p.After.Owner), holdings(&task.Privileges, &task.Owner); got != is {
					t.Errorf("%s is predicted, and it is %s", got, is)
				}
			}
			got := strings.ReplaceAll("\n"+call("", "predict", "--runtime", "docker", "image:"+file).stdout, name, "IMAGE")
			if !strings.HasPrefix(got, kind.want+"\n") {
				t.Errorf("%s\nwant %s", got, kind.want)
			}
		})
	}
}
