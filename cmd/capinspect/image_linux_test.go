// SPDX-License-Identifier: Apache-2.0

package main

import (
	"archive/tar"
	"bytes"
	"debug/buildinfo"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/need"
)

// buildImage builds the image as `make image` does and returns its name. The end of
// the test removes it.
func buildImage(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	err := errors.Join(
		os.CopyFS(filepath.Join(dir, "docs/licenses"), os.DirFS("../../docs/licenses")),
		copyFile("../../Dockerfile", dir),
		copyFile("../../.dockerignore", dir),
		copyFile("../../LICENSE", dir),
		copyFile(built(t), filepath.Join(dir, "bin")))
	if err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf("capinspect-test:%d", os.Getpid())
	dockerBuild(t, name, "--target", "prebuilt", dir)
	return name
}

// buildHolderImage adds to an image a program that keeps a container running,
// under two names.
func buildHolderImage(t *testing.T, image string) string {
	t.Helper()
	dir := t.TempDir()
	text := "FROM " + image + "\nCOPY holder /holder\nCOPY holder /pause\nENTRYPOINT [\"/holder\"]\n"
	err := errors.Join(copyFile(buildHolder(t), dir), os.WriteFile(filepath.Join(dir, "Dockerfile"), []byte(text), 0o644))
	if err != nil {
		t.Fatal(err)
	}
	dockerBuild(t, image+"-holder", dir)
	return image + "-holder"
}

// buildCapableImage builds an image of capinspect, a program that keeps a container
// running, and that again as /server, a file that has cap_net_bind_service=ep. It is
// imported, because COPY in a Dockerfile leaves capabilities behind.
func buildCapableImage(t *testing.T, image string) string {
	t.Helper()
	holder, err := os.ReadFile(buildHolder(t))
	if err != nil {
		t.Fatal(err)
	}
	binary, err := os.ReadFile(built(t))
	if err != nil {
		t.Fatal(err)
	}
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	for name, data := range map[string][]byte{"capinspect": binary, "holder": holder, "server": holder} {
		header := &tar.Header{Name: name, Mode: 0o755, Size: int64(len(data)), Format: tar.FormatPAX}
		if name == "server" {
			header.PAXRecords = map[string]string{"SCHILY.xattr.security.capability": string(netBindService())}
		}
		err := w.WriteHeader(header)
		if err == nil {
			_, err = w.Write(data)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	name := image + "-capable"
	cmd := exec.Command("docker", "import", "-", name)
	cmd.Stdin = &archive
	if err := errors.Join(w.Close(), cmd.Run()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { docker(t, "rmi", name) })
	return name
}

// dockerBuild builds an image that shares no layer with one of another run of
// the tests, so that each can be removed while the other is in use.
func dockerBuild(t *testing.T, name string, args ...string) {
	t.Helper()
	docker(t, append([]string{"build", "--no-cache", "--tag", name}, args...)...)
	t.Cleanup(func() { docker(t, "rmi", name) })
}

// buildHolder builds the helper of the container tests and returns its path.
func buildHolder(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "holder")
	buildHelper(t, path, "container/holder")
	return path
}

// TestImage holds what is in the image, and what it says of itself.
func TestImage(t *testing.T) {
	if testing.Short() {
		t.Skip("builds an image")
	}
	need.On(t, "docker")
	image := buildImage(t)
	var inspected []struct {
		Config struct {
			User       string
			Entrypoint []string
			Cmd        []string
			Labels     map[string]string
		}
	}
	if err := json.Unmarshal(docker(t, "image", "inspect", image), &inspected); err != nil {
		t.Fatal(err)
	}
	config := inspected[0].Config
	if config.User != "" || !slices.Equal(config.Entrypoint, []string{"/capinspect"}) || config.Cmd != nil {
		t.Errorf("%+v", config)
	}
	for label, want := range map[string]string{"title": "capinspect", "licenses": "Apache-2.0"} {
		if got := config.Labels["org.opencontainers.image."+label]; got != want {
			t.Errorf("%s %q, want %q", label, got, want)
		}
	}
	got, size := files(t, image)
	want := []string{"LICENSE", "capinspect"}
	for _, name := range licenceFiles(t) {
		want = append(want, "licenses/"+name)
	}
	if slices.Sort(want); !slices.Equal(got, want) {
		t.Errorf("in the image: %q\nwant %q", got, want)
	}
	info, err := os.Stat(built(t))
	if err != nil {
		t.Fatal(err)
	}
	if rest := size - info.Size(); rest > 100<<10 {
		t.Errorf("%d bytes beside the binary, more than 100 KiB", rest)
	}
}

// files returns the files of an image, without those that docker puts into
// every container, and their size in bytes.
func files(t *testing.T, image string) (names []string, size int64) {
	t.Helper()
	id := strings.TrimSpace(string(docker(t, "create", image)))
	defer docker(t, "rm", id)
	archive := tar.NewReader(bytes.NewReader(docker(t, "export", id)))
	for {
		header, err := archive.Next()
		if err == io.EOF {
			slices.Sort(names)
			return names, size
		}
		if err != nil {
			t.Fatal(err)
		}
		first, _, _ := strings.Cut(header.Name, "/")
		if header.Typeflag != tar.TypeDir && !slices.Contains([]string{".dockerenv", "dev", "etc"}, first) {
			names, size = append(names, header.Name), size+header.Size
		}
	}
}

// docker runs a docker command and returns its output.
func docker(t *testing.T, args ...string) []byte {
	t.Helper()
	out, err := exec.Command("docker", args...).Output()
	if err != nil {
		if exit, ok := errors.AsType[*exec.ExitError](err); ok {
			t.Logf("%s", exit.Stderr)
		}
		t.Fatalf("docker %v: %v", args, err)
	}
	return out
}

// TestLicences holds docs/licenses against what is linked in: Go, and every
// module, each with its own text, and no other.
func TestLicences(t *testing.T) {
	info, err := buildinfo.ReadFile(built(t))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"go"}
	for _, module := range info.Deps {
		want = append(want, module.Path)
		dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", module.Path).Output()
		if err != nil {
			t.Fatal(err)
		}
		theirs, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(dir)), "LICENSE"))
		if err != nil {
			t.Fatal(err)
		}
		if ours, err := os.ReadFile(filepath.Join(licences, module.Path, "LICENSE")); err != nil || !bytes.Equal(ours, theirs) {
			t.Errorf("%s: not the licence of %s: %v", module.Path, module.Version, err)
		}
	}
	var got []string
	for _, name := range licenceFiles(t) {
		got = append(got, path.Dir(name))
	}
	if slices.Sort(want); !slices.Equal(slices.Compact(got), want) {
		t.Errorf("licences of %q, want those of %q", got, want)
	}
}

const licences = "../../docs/licenses"

// licenceFiles returns the files below docs/licenses, sorted.
func licenceFiles(t *testing.T) (names []string) {
	t.Helper()
	err := fs.WalkDir(os.DirFS(licences), ".", func(name string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}
