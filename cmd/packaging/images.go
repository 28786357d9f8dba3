// SPDX-License-Identifier: Apache-2.0

package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// labels are those of the Dockerfile.
var labels = map[string]string{
	"org.opencontainers.image.title":       "capinspect",
	"org.opencontainers.image.description": "Which Linux capabilities does this process really have, and why?",
	"org.opencontainers.image.url":         url,
	"org.opencontainers.image.source":      url,
	"org.opencontainers.image.licenses":    licence,
}

// variants are the images of the Dockerfile: what their tags end in, and their user.
var variants = []struct{ suffix, user string }{
	{"", ""},
	{"-nonroot", "65532:65532"},
}

const refName = "org.opencontainers.image.ref.name"

// makeImages writes an archive of an OCI layout. It has an index for each variant, with an
// image for each Linux binary.
func makeImages(d *dist) error {
	layers := map[binary]v1.Layer{}
	for _, b := range d.binaries {
		if b.goos != "linux" {
			continue
		}
		layer, err := d.layer(b)
		if err != nil {
			return fmt.Errorf("%s: %w", b.path, err)
		}
		layers[b] = layer
	}
	annotations := maps.Clone(labels)
	annotations["org.opencontainers.image.version"] = d.version.tag
	annotations["org.opencontainers.image.revision"] = d.revision
	annotations["org.opencontainers.image.created"] = d.time.Format("2006-01-02T15:04:05Z07:00")
	all := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, variant := range variants {
		index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
		for _, b := range d.binaries {
			if layers[b] == nil {
				continue
			}
			platform := v1.Platform{OS: b.goos, Architecture: b.goarch}
			if b.goarch == "arm" {
				platform.Variant = "v6"
			}
			image, err := d.image(layers[b], platform, variant.user)
			if err != nil {
				return fmt.Errorf("%s: %w", b.path, err)
			}
			index = mutate.AppendManifests(index, mutate.IndexAddendum{
				Add:        mutate.Annotations(image, annotations).(v1.Image),
				Descriptor: v1.Descriptor{Platform: &platform},
			})
		}
		// The + of a version stands for an unclean tree, and may not be in a tag.
		tag := strings.ReplaceAll(d.version.tag, "+", "-") + variant.suffix
		all = mutate.AppendManifests(all, mutate.IndexAddendum{
			Add:        mutate.Annotations(index, annotations).(v1.ImageIndex),
			Descriptor: v1.Descriptor{Annotations: map[string]string{refName: tag}},
		})
	}
	return d.writeLayout(all)
}

// image is one that the Dockerfile would build.
func (d *dist) image(layer v1.Layer, platform v1.Platform, user string) (v1.Image, error) {
	created := v1.Time{Time: d.time}
	base := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	base, err := mutate.ConfigFile(base, &v1.ConfigFile{
		OS: platform.OS, Architecture: platform.Architecture, Variant: platform.Variant, Created: created,
		RootFS: v1.RootFS{Type: "layers"},
		Config: v1.Config{
			Entrypoint: []string{"/capinspect"}, Labels: labels, User: user,
			// Docker sets it for an image without a base.
			Env: []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
		},
	})
	if err != nil {
		return nil, err
	}
	return mutate.Append(base, mutate.Addendum{Layer: layer, History: v1.History{Created: created, CreatedBy: "make images"}})
}

// layer has the binary and the licences, as the Dockerfile copies them.
func (d *dist) layer(b binary) (v1.Layer, error) {
	program, err := os.ReadFile(b.path)
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{"capinspect": program}
	for _, f := range d.share {
		own := strings.TrimPrefix(f.path, docDir)
		if !isLicence(own) {
			continue
		}
		name := strings.TrimPrefix(own, "docs/")
		files[name] = f.data
		for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
			files[dir+"/"] = nil
		}
	}
	archive, err := d.tar(files)
	if err != nil {
		return nil, err
	}
	open := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(archive)), nil }
	return tarball.LayerFromOpener(open, tarball.WithMediaType(types.OCILayer), tarball.WithCompressionLevel(gzip.BestCompression), tarball.WithCompressedCaching)
}

// tar packs files by their names. A directory ends in a slash, and what may be executed is
// named capinspect.
func (d *dist) tar(files map[string][]byte) ([]byte, error) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		h := &tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o644, Size: int64(len(files[name])), ModTime: d.time}
		switch {
		case strings.HasSuffix(name, "/"):
			h.Typeflag, h.Mode = tar.TypeDir, 0o755
		case name == "capinspect":
			h.Mode = 0o755
		}
		if err := w.WriteHeader(h); err != nil {
			return nil, err
		}
		if _, err := w.Write(files[name]); err != nil {
			return nil, err
		}
	}
	err := w.Close()
	return b.Bytes(), err
}

// writeLayout writes an archive of what layout writes into a directory.
func (d *dist) writeLayout(index v1.ImageIndex) error {
	tmp, err := os.MkdirTemp("", "capinspect-packaging-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	if _, err := layout.Write(tmp, index); err != nil {
		return err
	}
	files := map[string][]byte{}
	err = filepath.WalkDir(tmp, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || name == tmp {
			return err
		}
		rel, err := filepath.Rel(tmp, name)
		if err != nil {
			return err
		}
		if entry.IsDir() {
			files[rel+"/"] = nil
			return nil
		}
		files[rel], err = os.ReadFile(name)
		return err
	})
	if err != nil {
		return err
	}
	archive, err := d.tar(files)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(d.dir, "capinspect-image.oci.tar"), archive, 0o644)
}
