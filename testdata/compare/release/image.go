// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// imageConfig is what an image says of itself, in the words of OCI and of docker.
type imageConfig struct {
	User, WorkingDir     string
	Entrypoint, Cmd, Env []string
	Labels               map[string]string
}

// checkImages holds that skopeo and capinspect read the images of the layout, and that
// docker runs the one of this machine as it runs what the Dockerfile builds.
func checkImages(dir string, binaries []*binary, missing func(string) error) error {
	archive := filepath.Join(dir, "capinspect-image.oci.tar")
	for _, tool := range []string{"skopeo", "tar", "docker"} {
		if _, err := exec.LookPath(tool); err != nil {
			return missing(archive + " not checked: no " + tool)
		}
	}
	tmp, err := os.MkdirTemp("", "capinspect-release-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	if _, err := output("tar", "-C", tmp, "-xf", archive); err != nil {
		return err
	}
	for _, b := range binaries {
		if b.goos != "linux" {
			continue
		}
		tag := strings.ReplaceAll(b.info.Main.Version, "+", "-")
		for suffix, user := range map[string]string{"": "", "-nonroot": "65532:65532"} {
			text, err := output("skopeo", append(platform(b), "inspect", "--config", "oci:"+tmp+":"+tag+suffix)...)
			if err != nil {
				return err
			}
			var image struct {
				Architecture, OS string
				Config           imageConfig
			}
			if err := json.Unmarshal([]byte(text), &image); err != nil {
				return err
			}
			if image.OS != b.goos || image.Architecture != b.goarch || image.Config.User != user {
				return fmt.Errorf("%s: the image %s of %s is %+v", archive, tag+suffix, b.base(), image)
			}
		}
		if b.goarch != runtime.GOARCH {
			continue
		}
		out, err := output(b.path, "predict", "image:"+archive+":"+tag+"-nonroot", "--json")
		if err != nil || !strings.Contains(out, `"/capinspect"`) {
			return fmt.Errorf("%s: predict says %s %v", archive, out, err)
		}
		if err := dockerRuns(b, "oci:"+tmp+":"+tag, missing); err != nil {
			return err
		}
	}
	return nil
}

// platform has the options with which skopeo takes the image of a binary out of an index.
func platform(b *binary) []string {
	options := []string{"--insecure-policy", "--override-os=" + b.goos, "--override-arch=" + b.goarch}
	if b.goarch == "arm" {
		options = append(options, "--override-variant=v6")
	}
	return options
}

// dockerRuns compares an image of the layout with that of the Dockerfile and the same
// binary.
func dockerRuns(b *binary, layout string, missing func(string) error) error {
	if _, err := output("docker", "version"); err != nil {
		return missing("the image was not run: docker does not answer")
	}
	loaded, built := fmt.Sprintf("capinspect-release:%d", os.Getpid()), fmt.Sprintf("capinspect-release:%d-built", os.Getpid())
	tmp, err := os.MkdirTemp("", "capinspect-release-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	program, err := os.ReadFile(b.path)
	if err != nil {
		return err
	}
	if _, err := output("cp", "-R", "../../Dockerfile", "../../LICENSE", tmp); err != nil {
		return err
	}
	if err := os.CopyFS(filepath.Join(tmp, "docs/licenses"), os.DirFS("../../docs/licenses")); err != nil {
		return err
	}
	if err := os.Mkdir(filepath.Join(tmp, "bin"), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(tmp, "bin/capinspect"), program, 0o755); err != nil {
		return err
	}
	defer output("docker", "rmi", loaded, built)
	if _, err := output("docker", "build", "--quiet", "--target", "prebuilt", "--tag", built, tmp); err != nil {
		return err
	}
	if _, err := output("skopeo", append(platform(b), "copy", layout, "docker-daemon:"+loaded)...); err != nil {
		return err
	}
	var seen [2]string
	for i, image := range []string{loaded, built} {
		if seen[i], err = inDocker(image); err != nil {
			return err
		}
	}
	if seen[0] != seen[1] {
		return fmt.Errorf("the image of the layout is\n%s\nand that of the Dockerfile\n%s", seen[0], seen[1])
	}
	if err := copiedFrom(b, loaded); err != nil {
		return err
	}
	fmt.Printf("%s: the image runs as that of the Dockerfile does\n", b.base())
	return nil
}

// copiedFrom takes the binary out of the image, as a Dockerfile does.
func copiedFrom(b *binary, image string) error {
	tmp, err := os.MkdirTemp("", "capinspect-release-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	text := "FROM scratch\nCOPY --from=" + image + " /capinspect /usr/local/bin/capinspect\n"
	if err := os.WriteFile(filepath.Join(tmp, "Dockerfile"), []byte(text), 0o644); err != nil {
		return err
	}
	name := image + "-copied"
	defer output("docker", "rmi", name)
	if _, err := output("docker", "build", "--quiet", "--tag", name, tmp); err != nil {
		return err
	}
	answer, err := output("docker", "run", "--rm", "--network=none", name, "/usr/local/bin/capinspect", "--version")
	if err != nil || !strings.Contains(answer, b.info.Main.Version) {
		return fmt.Errorf("in an image that copies it, --version says %q, %v", answer, err)
	}
	return nil
}

// inDocker tells what docker says of an image, what it has, and what it answers.
func inDocker(image string) (string, error) {
	text, err := output("docker", "image", "inspect", "--format", "{{json .Config}}", image)
	if err != nil {
		return "", err
	}
	var config imageConfig
	if err := json.Unmarshal([]byte(text), &config); err != nil {
		return "", err
	}
	id, err := output("docker", "create", "--network=none", image)
	if err != nil {
		return "", err
	}
	id = strings.TrimSpace(id)
	defer output("docker", "rm", id)
	archive, err := output("docker", "export", id)
	if err != nil {
		return "", err
	}
	files, err := readTar(archive)
	if err != nil {
		return "", err
	}
	answer, err := output("docker", "run", "--rm", "--network=none", image, "--print")
	if err != nil {
		return "", err
	}
	var out strings.Builder
	fmt.Fprintf(&out, "%+v\n", config)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		fmt.Fprintf(&out, "%s %v\n", name, files[name])
	}
	return out.String() + answer, nil
}
