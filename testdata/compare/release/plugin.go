// SPDX-License-Identifier: Apache-2.0

package main

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/krew/pkg/constants"
	"sigs.k8s.io/krew/pkg/index"
	"sigs.k8s.io/yaml"
)

const pluginArchive = "kubectl-capinspect.tar.gz"

// checkPlugin holds what is in the archive of the plugin for kubectl, and that the manifest
// for krew is about that archive and the version of the binaries. Without all, there need
// not be a manifest.
func checkPlugin(dir, version string, sums map[string]string, all bool) error {
	archive := filepath.Join(dir, pluginArchive)
	if err := checkPluginArchive(archive); err != nil {
		return fmt.Errorf("%s: %w", archive, err)
	}
	name := filepath.Join(dir, "capinspect.yaml")
	text, err := os.ReadFile(name)
	if errors.Is(err, os.ErrNotExist) && !all {
		return nil
	}
	if err != nil {
		return err
	}
	p, err := krewManifest(text)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	tag, _, _ := strings.Cut(version, "+dirty")
	platform := p.Spec.Platforms[0]
	if p.Spec.Version != tag || platform.Sha256 != sums[pluginArchive] || !strings.HasSuffix(platform.URI, "/download/"+tag+"/"+pluginArchive) {
		return fmt.Errorf("%s: it is not about %s with the sum %s, but about %+v", name, tag, sums[pluginArchive], p.Spec)
	}
	return nil
}

// checkPluginArchive holds that krew finds the script and its licence, and nothing else.
func checkPluginArchive(name string) error {
	f, r, err := openArchive(name)
	if err != nil {
		return err
	}
	defer f.Close()
	var found []string
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if h.Uid != 0 || h.Gid != 0 || h.Uname != "" || h.Gname != "" || h.Typeflag != tar.TypeReg {
			return fmt.Errorf("%+v", h)
		}
		found = append(found, fmt.Sprintf("%s %o", h.Name, h.Mode))
	}
	if want := []string{"kubectl-capinspect 755", "LICENSE 644"}; !slices.Equal(found, want) {
		return fmt.Errorf("it has %q, want %q", found, want)
	}
	return nil
}

// krewManifest reads a manifest of krew, and refuses what krew's own rules refuse
// (internal/index/validation of krew 0.4.3), which no other module may import.
func krewManifest(text []byte) (p index.Plugin, err error) {
	if err := yaml.UnmarshalStrict(text, &p); err != nil {
		return p, err
	}
	switch {
	case p.APIVersion != constants.CurrentAPIVersion || p.Kind != constants.PluginKind || p.Name != "capinspect":
		return p, fmt.Errorf("it is a %s %s named %q", p.APIVersion, p.Kind, p.Name)
	case p.Spec.ShortDescription == "" || len(p.Spec.ShortDescription) > 50 || strings.ContainsAny(p.Spec.ShortDescription, "\r\n"):
		return p, fmt.Errorf("shortDescription: %q", p.Spec.ShortDescription)
	case !strings.HasPrefix(p.Spec.Version, "v") || p.Spec.Homepage == "" || len(p.Spec.Platforms) != 1:
		return p, fmt.Errorf("%+v", p.Spec)
	}
	platform := p.Spec.Platforms[0]
	if platform.URI == "" || len(platform.Sha256) != 64 || platform.Bin != "kubectl-capinspect" || platform.Files != nil {
		return p, fmt.Errorf("%+v", platform)
	}
	selector, err := metav1.LabelSelectorAsSelector(platform.Selector)
	if err != nil {
		return p, err
	}
	for system, want := range map[string]bool{"linux": true, "darwin": true, "windows": false} {
		if selector.Matches(labels.Set{"os": system, "arch": "arm64"}) != want {
			return p, fmt.Errorf("platform %s: want %t", system, want)
		}
	}
	return p, nil
}
