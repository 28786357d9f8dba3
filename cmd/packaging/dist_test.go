// SPDX-License-Identifier: Apache-2.0

package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

// made is a directory like that of make dist, whose programs are a line of text.
func made(t *testing.T) *dist {
	t.Helper()
	v, err := parseVersion("v1.2.3")
	if err != nil {
		t.Fatal(err)
	}
	d := &dist{dir: t.TempDir(), version: v, revision: strings.Repeat("0123", 10), time: time.Unix(1795888349, 0).UTC()}
	for _, platform := range []string{"darwin-amd64", "darwin-arm64", "linux-amd64", "linux-arm", "linux-s390x"} {
		goos, goarch, _ := strings.Cut(platform, "-")
		b := binary{filepath.Join(d.dir, "capinspect-"+platform), goos, goarch}
		if err := os.WriteFile(b.path, []byte("the program of "+platform+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
		d.binaries = append(d.binaries, b)
	}
	for _, name := range []string{"LICENSE", "CHANGELOG.md", "docs/release.md", krewTemplate, "docs/licenses/go/LICENSE", "docs/licenses/github.com/spf13/pflag/LICENSE"} {
		data, err := os.ReadFile("../../" + name)
		if err != nil {
			t.Fatal(err)
		}
		d.share = append(d.share, file{docDir + name, data})
	}
	for _, name := range []string{"man/man1/capinspect.1", "zsh/site-functions/_capinspect"} {
		d.share = append(d.share, file{name, []byte(name)})
	}
	if err := os.WriteFile(filepath.Join(d.dir, "kubectl-capinspect.tar.gz"), []byte("the plugin\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	return d
}

// TestSame holds that the same bytes are made in another directory and at another time.
func TestSame(t *testing.T) {
	a, b := made(t), made(t)
	for _, d := range []*dist{a, b} {
		for name, maker := range makers {
			if err := maker(d); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
		if err := d.writeSums(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(1100 * time.Millisecond) // Some formats note seconds.
	}
	x, err := os.ReadFile(filepath.Join(a.dir, "SHA256SUMS"))
	if err != nil {
		t.Fatal(err)
	}
	y, err := os.ReadFile(filepath.Join(b.dir, "SHA256SUMS"))
	if err != nil || !bytes.Equal(x, y) {
		t.Errorf("first\n%sthen\n%s%v", x, y, err)
	}
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, install, _ := strings.Cut(string(readme), "\n## Install\n")
	install, _, _ = strings.Cut(install, "\n## ")
	named := regexp.MustCompile(`capinspect(?:-linux-amd64[.a-z]*|\.yaml)`).FindAllString(install, -1)
	if len(named) < 5 {
		t.Errorf("README.md names %q only", named)
	}
	for _, want := range append(named, "capinspect-linux-arm.deb", "capinspect-linux-s390x.rpm", "capinspect-linux-amd64.apk", "capinspect-image.oci.tar", "capinspect-darwin-arm64.zip", "capinspect.rb") {
		if !strings.Contains(string(x), "  "+want+"\n") {
			t.Errorf("no %s in\n%s", want, x)
		}
	}
}

// TestImages reads the layout back, and holds each digest against what it stands for.
func TestImages(t *testing.T) {
	d := made(t)
	if err := makeImages(d); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	untar(t, filepath.Join(d.dir, "capinspect-image.oci.tar"), dir)
	path, err := layout.FromPath(dir)
	if err != nil {
		t.Fatal(err)
	}
	all, err := path.ImageIndex()
	if err != nil {
		t.Fatal(err)
	}
	if err := validate.Index(all); err != nil {
		t.Error(err)
	}
	outer, err := all.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	users := map[string]string{"v1.2.3": "", "v1.2.3-nonroot": "65532:65532"}
	if len(outer.Manifests) != len(users) {
		t.Errorf("index.json has %+v", outer.Manifests)
	}
	for _, desc := range outer.Manifests {
		tag := desc.Annotations[refName]
		user, ok := users[tag]
		index, err := all.ImageIndex(desc.Digest)
		if !ok || err != nil {
			t.Fatalf("%s: %v", tag, err)
		}
		manifest, err := index.IndexManifest()
		if err != nil {
			t.Fatal(err)
		}
		if got := manifest.Annotations["org.opencontainers.image.version"]; got != "v1.2.3" {
			t.Errorf("%s is annotated with the version %q", tag, got)
		}
		var platforms []string
		for _, desc := range manifest.Manifests {
			platforms = append(platforms, desc.Platform.String())
			image, err := index.Image(desc.Digest)
			if err != nil {
				t.Fatal(err)
			}
			checkImage(t, image, desc.Platform, user)
		}
		if want := []string{"linux/amd64", "linux/arm/v6", "linux/s390x"}; !slices.Equal(platforms, want) {
			t.Errorf("%s is for %v, not for %v", tag, platforms, want)
		}
	}
}

func checkImage(t *testing.T, image v1.Image, platform *v1.Platform, user string) {
	t.Helper()
	config, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	if got := config.Platform(); !got.Equals(*platform) || config.Config.User != user {
		t.Errorf("%v: the image is for %v, as %q", platform, got, config.Config.User)
	}
	manifest, err := image.Manifest()
	if err != nil {
		t.Fatal(err)
	}
	if got := manifest.Annotations["org.opencontainers.image.revision"]; len(got) != 40 {
		t.Errorf("%v is annotated with the revision %q", platform, got)
	}
	layers, err := image.Layers()
	if err != nil || len(layers) != 1 {
		t.Fatalf("%v: %d layers, %v", platform, len(layers), err)
	}
	data, err := layers[0].Uncompressed()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for r := tar.NewReader(data); ; {
		h, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if h.Typeflag == tar.TypeReg {
			names = append(names, h.FileInfo().Mode().String()+" "+h.Name)
		}
		if h.Name != "capinspect" {
			continue
		}
		if text, err := io.ReadAll(r); err != nil || !strings.Contains(string(text), platform.Architecture) {
			t.Errorf("%v has %s, %v", platform, text, err)
		}
	}
	want := []string{"-rw-r--r-- LICENSE", "-rwxr-xr-x capinspect", "-rw-r--r-- licenses/github.com/spf13/pflag/LICENSE", "-rw-r--r-- licenses/go/LICENSE"}
	if !slices.Equal(names, want) {
		t.Errorf("%v has %q, want %q", platform, names, want)
	}
}

func untar(t *testing.T, from, to string) {
	t.Helper()
	data, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	for r := tar.NewReader(bytes.NewReader(data)); ; {
		h, err := r.Next()
		if err == io.EOF {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Join(to, h.Name)
		if h.Typeflag == tar.TypeDir {
			err = os.MkdirAll(name, 0o755)
		} else if data, err = io.ReadAll(r); err == nil {
			err = os.WriteFile(name, data, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestDockerfile holds that the images say what those of the Dockerfile say.
func TestDockerfile(t *testing.T) {
	text, err := os.ReadFile("../../Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`(org\.opencontainers\.image\.[a-z]+)="(.*?)"`).FindAllStringSubmatch(string(text), -1)
	if len(found) != len(labels) {
		t.Errorf("the Dockerfile has %d labels, an image %d", len(found), len(labels))
	}
	for _, m := range found {
		if labels[m[1]] != m[2] {
			t.Errorf("%s is %q in the Dockerfile, and %q in an image", m[1], m[2], labels[m[1]])
		}
	}
	for _, line := range []string{"ENTRYPOINT [\"/capinspect\"]\n", "FROM base AS nonroot\n", "USER " + variants[1].user + "\n"} {
		if strings.Count(string(text), line) != 1 {
			t.Errorf("the Dockerfile does not say %q once", line)
		}
	}
}

func TestCompress(t *testing.T) {
	text := strings.Repeat("capinspect ", 1000)
	data, err := compress([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(z); err != nil || string(got) != text || !z.ModTime.IsZero() {
		t.Errorf("%d bytes, %v, %v", len(got), z.ModTime, err)
	}
}
