// SPDX-License-Identifier: Apache-2.0

package main

import (
	"archive/tar"
	"bytes"
	"encoding/json"
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
	"github.com/capinspect/capinspect/cmd/capinspect/internal/predict/predicttest"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/report"
)

// fileCapsOf returns the attribute of some capabilities.
func fileCapsOf(effective bool, caps ...capset.Cap) string {
	return string((&capset.FileCaps{Version: 2, Permitted: capset.Of(caps...), Effective: effective}).Attribute())
}

// rootOfImage returns an archive of the files of an image, whose programs tell their status.
func rootOfImage(t *testing.T) []byte {
	t.Helper()
	status := filepath.Join(t.TempDir(), "status")
	buildHelper(t, status, "container/status")
	program, err := os.ReadFile(status)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	add := func(h tar.Header, text []byte) {
		h.Format = tar.FormatPAX
		if h.Typeflag == 0 {
			h.Typeflag = tar.TypeReg
		}
		h.Size = int64(len(text))
		err := w.WriteHeader(&h)
		if err == nil {
			_, err = w.Write(text)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	dir := func(name string, mode int64) { add(tar.Header{Typeflag: tar.TypeDir, Name: name, Mode: mode}, nil) }
	caps := func(name, attribute string) {
		add(tar.Header{Name: name, Mode: 0o755, PAXRecords: map[string]string{"SCHILY.xattr.security.capability": attribute}}, program)
	}
	dir("bin/", 0o755)
	dir("closed/", 0o700)
	dir("etc/", 0o755)
	dir("dir/", 0o755)
	add(tar.Header{Name: "bin/p", Mode: 0o755}, program)
	add(tar.Header{Name: "bin/setuid", Mode: 0o4755}, program)
	add(tar.Header{Name: "bin/setgid", Mode: 0o2755, Gid: 27}, program)
	add(tar.Header{Name: "bin/user", Mode: 0o4755, Uid: 1000, Gid: 1000}, program)
	add(tar.Header{Name: "bin/root", Mode: 0o700}, program)
	add(tar.Header{Name: "bin/group", Mode: 0o710, Gid: 27}, program)
	add(tar.Header{Name: "bin/plain", Mode: 0o644}, program)
	caps("bin/raw", fileCapsOf(true, capset.NetRaw))
	caps("bin/linked", fileCapsOf(true, capset.NetRaw))
	caps("bin/admin", fileCapsOf(true, capset.NetAdmin))
	caps("bin/permitted", fileCapsOf(false, capset.NetAdmin, capset.NetRaw))
	add(tar.Header{Name: "closed/p", Mode: 0o755}, program)
	add(tar.Header{Name: "bin/text", Mode: 0o755}, []byte("echo hello\n"))
	add(tar.Header{Name: "bin/empty", Mode: 0o755}, nil)
	add(tar.Header{Name: "bin/script", Mode: 0o755}, []byte("#!/bin/p -x\n"))
	add(tar.Header{Name: "bin/windows", Mode: 0o755}, []byte("#!/bin/p\r\nexit\r\n"))
	add(tar.Header{Name: "bin/orphan", Mode: 0o755}, []byte("#!/bin/bash\nexit\n"))
	add(tar.Header{Name: "bin/dynamic", Mode: 0o755}, predicttest.ELF("/lib64/ld-linux-x86-64.so.2"))
	add(tar.Header{Name: "bin/foreign", Mode: 0o755}, foreign(program))
	add(tar.Header{Name: "bin/link", Typeflag: tar.TypeSymlink, Linkname: "../closed/../bin/./raw"}, nil)
	add(tar.Header{Name: "bin/dangling", Typeflag: tar.TypeSymlink, Linkname: "/nowhere"}, nil)
	add(tar.Header{Name: "bin/loop", Typeflag: tar.TypeSymlink, Linkname: "loop"}, nil)
	add(tar.Header{Name: "bin/hard", Mode: 0o755, Typeflag: tar.TypeLink, Linkname: "bin/linked"}, nil)
	add(tar.Header{Name: "etc/passwd", Mode: 0o644}, []byte("root:x:0:0:root:/:/bin/p\napp:x:1000:1000::/:/bin/p\nlast:x:1001:1001::/:/bin/p\n"))
	add(tar.Header{Name: "etc/group", Mode: 0o644}, []byte("root:x:0:\nsudo:x:27:app\napp:x:1000:\n"))
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// foreign returns a program for another machine.
func foreign(program []byte) []byte {
	changed := bytes.Clone(program[:4096])
	changed[18] = 0xb7 // EM_AARCH64
	return changed
}

var (
	startUsers    = []string{"", "0", "1000", "app", "1001:27", "4711", "nobody", "app:sudo"}
	startPrograms = []string{
		"/bin/p", "/bin/setuid", "/bin/setgid", "/bin/user", "/bin/root", "/bin/group", "/bin/plain", "/bin/raw", "/bin/admin", "/bin/permitted",
		"/closed/p", "/bin/text", "/bin/empty", "/bin/script", "/bin/windows", "/bin/orphan", "/bin/dynamic", "/bin/foreign", "/bin/link",
		"/bin/dangling", "/bin/loop", "/bin/hard", "/bin/missing", "/dir", "/bin/p/x", "p", "raw", "missing", "bin/raw",
	}
	startOptions = []struct{ docker, predict []string }{
		{nil, nil},
		{[]string{"--cap-drop", "ALL"}, []string{"--drop", "all"}},
		{[]string{"--cap-add", "NET_ADMIN"}, []string{"--add", "net_admin"}},
		{[]string{"--security-opt", "no-new-privileges"}, []string{"--no-new-privs"}},
		{
			[]string{"--cap-drop", "ALL", "--cap-add", "NET_RAW", "--security-opt", "no-new-privileges"},
			[]string{"--drop", "all", "--add", "net_raw", "--no-new-privs"},
		},
	}
)

// startImage is an image of a user, as docker and as files have it.
type startImage struct {
	user, name string
	files      map[string]string // by format
}

// startImages imports an image for each user, and writes it in some of the formats: each format
// is there for at least one of them, and each user in at least two.
func startImages(t *testing.T, random *rand.Rand) (images []startImage) {
	t.Helper()
	root, dir, formats := rootOfImage(t), t.TempDir(), random.Perm(len(imageFormats))
	for i, user := range startUsers {
		image := startImage{user, fmt.Sprintf("capinspect-test:%d-start-%d", os.Getpid(), i), map[string]string{}}
		args := []string{"import", "--change", "WORKDIR /srv"}
		if user != "" {
			args = append(args, "--change", "USER "+user)
		}
		load := exec.Command("docker", append(args, "-", image.name)...)
		load.Stdin = bytes.NewReader(root)
		if out, err := load.CombinedOutput(); err != nil {
			t.Fatalf("docker import: %v\n%s", err, out)
		}
		t.Cleanup(func() { docker(t, "rmi", image.name) })
		saved := filepath.Join(dir, fmt.Sprint(i))
		docker(t, "save", "-o", saved, image.name)
		for n := i; n < 2*len(startUsers); n += len(startUsers) {
			format := imageFormats[formats[n%len(formats)]]
			file := filepath.Join(dir, fmt.Sprint(i, " ", format.name))
			format.write(t, saved, file)
			image.files[format.name] = file
		}
		images = append(images, image)
	}
	return images
}

// TestImageStarts starts an image with docker in many ways, and compares what comes of it with
// what is predicted from its files, in every format that there is: whether it starts, as whom,
// and with what.
func TestImageStarts(t *testing.T) {
	if testing.Short() {
		t.Skip("starts containers")
	}
	need.On(t, "root", "docker", "skopeo")
	seed := rand.Uint64()
	random := rand.New(rand.NewPCG(seed, 0))
	images := startImages(t, random)
	results, formats := map[string]int{}, map[string]int{}
	for n := range 3 * len(startPrograms) { // each program three times
		program := startPrograms[n%len(startPrograms)]
		image := images[random.IntN(len(images))]
		options := startOptions[random.IntN(len(startOptions))]
		args := slices.Concat([]string{"run", "--rm", "--network", "none", "--entrypoint", program}, options.docker, []string{image.name})
		want, task := started(t, args)
		for format, file := range image.files {
			predicted := startOf(t, file, program, options.predict)
			results[predicted.Result]++
			formats[format]++
			what := fmt.Sprintf("seed %d: %q as %q with %v, %s", seed, program, image.user, options.docker, format)
			if predicted.Result != want {
				t.Errorf("%s: %s is predicted (%v), and docker says %s", what, predicted.Result, deref(predicted.Why), want)
				continue
			}
			if want != "ok" {
				continue
			}
			if task == nil || predicted.After == nil {
				t.Errorf("%s: it starts, and writes no status", what)
				continue
			}
			got, is := holdings(&predicted.After.Privileges, &predicted.After.Owner), holdings(&task.Privileges, &task.Owner)
			if got != is {
				t.Errorf("%s: %s is predicted, and it is %s", what, got, is)
			}
		}
	}
	t.Log(results, formats)
	if len(formats) != len(imageFormats) {
		t.Errorf("%d of %d formats", len(formats), len(imageFormats))
	}
	for _, result := range []string{"ok", "ENOENT", "EACCES", "ENOEXEC", "refused"} {
		if results[result] < 2 {
			t.Errorf("%s: %d times", result, results[result])
		}
	}
}

// holdings returns all five sets and the ids as a text.
func holdings(p *report.Privileges, o *report.Owner) string {
	uid, gid := o.UID.Zero(), o.GID.Zero()
	return fmt.Sprintf("%s | %s | %d %d | %d %d", deref(p.Capabilities.Text), deref(p.Capabilities.IAB), uid.Real.Zero(), uid.Effective.Zero(), gid.Real.Zero(), gid.Effective.Zero())
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// startOf predicts how an image starts, with a program or, if that is "", as it says itself.
func startOf(t *testing.T, file, program string, flags []string) (p report.Prediction) {
	t.Helper()
	args := slices.Concat([]string{"predict", "--json", "--runtime", "docker"}, flags, []string{"image:" + file})
	if program != "" {
		args = append(args, program)
	}
	o := call("", args...)
	if o.status == 2 {
		t.Fatalf("%v: %s", args, o.stderr)
	}
	if err := json.Unmarshal([]byte(o.stdout), &p); err != nil {
		t.Fatalf("%v: %v", args, err)
	}
	return p
}

// started runs a container, and returns what comes of it: the errno with which it does not
// start, or ok and a report of its process, if that writes its status.
func started(t *testing.T, args []string) (result string, task *report.Task) {
	t.Helper()
	var out, complaints bytes.Buffer
	cmd := exec.Command("docker", args...)
	cmd.Stdout, cmd.Stderr = &out, &complaints
	if err := ignoreExit(cmd.Run()); err != nil {
		t.Fatal(err)
	}
	// The first line is docker's or, of a program that cannot be executed, runc's.
	said, _, _ := strings.Cut(complaints.String(), "\n")
	if strings.HasPrefix(said, "docker: ") || strings.HasPrefix(said, "exec ") {
		for _, row := range []struct{ text, errno string }{
			{"No command specified", "refused"},
			{"unable to find user", "refused"},
			{"exec format error", "ENOEXEC"},
			{"too many levels of symbolic links", "ELOOP"},
			{"not a directory", "ENOTDIR"},
			{"permission denied", "EACCES"},
			{"is a directory", "EACCES"},
			{"operation not permitted", "EPERM"},
			{"no such file or directory", "ENOENT"},
			{"not found in $PATH", "ENOENT"},
		} {
			if strings.Contains(said, row.text) {
				return row.errno, nil
			}
		}
		return said, nil
	}
	if !strings.Contains(out.String(), "\nCapEff:") { // it does something else
		return "ok", nil
	}
	var found report.Report
	o := call(out.String(), "show", "--json", "-f", "-")
	if err := json.Unmarshal([]byte(o.stdout), &found); err != nil || len(found.Tasks) != 1 {
		t.Fatalf("%v: %+v, of %q", args, o, out.String())
	}
	return "ok", &found.Tasks[0]
}
