// SPDX-License-Identifier: Apache-2.0

package main

import (
	"compress/gzip"
	"errors"
	"io"
	"os"
	"os/exec"
	"testing"
)

// imageFormats are the ways in which images are kept in files, each with what writes one from
// what docker save wrote.
var imageFormats = []struct {
	name  string
	write func(t *testing.T, saved, to string)
}{
	{"docker save", func(t *testing.T, saved, to string) {
		if err := os.Link(saved, to); err != nil {
			t.Fatal(err)
		}
	}},
	{"docker save | gzip", zipped},
	{"podman save", skopeo("docker-archive:")},
	{"OCI layout, plain", skopeo("oci:", "--dest-oci-accept-uncompressed-layers")},
	{"OCI layout, gzip", skopeo("oci:")},
	{"OCI layout, zstd", skopeo("oci:", "--dest-compress-format", "zstd")},
	{"OCI archive, plain", skopeo("oci-archive:", "--dest-oci-accept-uncompressed-layers")},
	{"OCI archive, gzip", skopeo("oci-archive:")},
	{"OCI archive, zstd", skopeo("oci-archive:", "--dest-compress-format", "zstd")},
}

// zipped compresses an archive as a whole.
func zipped(t *testing.T, saved, to string) {
	t.Helper()
	in, err := os.Open(saved)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		t.Fatal(err)
	}
	w, err := gzip.NewWriterLevel(out, gzip.BestSpeed)
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.Copy(w, in)
	if err := errors.Join(err, w.Close(), out.Close()); err != nil {
		t.Fatal(err)
	}
}

// skopeo returns what converts an image: skopeo(1) has the code with which podman and CRI-O
// write theirs.
func skopeo(transport string, flags ...string) func(t *testing.T, saved, to string) {
	return func(t *testing.T, saved, to string) {
		t.Helper()
		args := append([]string{"copy", "--quiet", "--insecure-policy", "docker-archive:" + saved, transport + to}, flags...)
		if out, err := exec.Command("skopeo", args...).CombinedOutput(); err != nil {
			t.Fatalf("skopeo %q: %v\n%s", args, err, out)
		}
	}
}
