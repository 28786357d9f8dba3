// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// What the manifest in docs has in place of a version and a sum.
const (
	krewTemplate = "docs/krew/capinspect.yaml" // make dist packs it too
	noVersion    = "v0.0.0"
)

var noSum = strings.Repeat("0", 2*sha256.Size)

// makeKrew writes the manifest with which krew installs the plugin for kubectl.
func makeKrew(d *dist) error {
	i := slices.IndexFunc(d.share, func(f file) bool { return f.path == "doc/capinspect/"+krewTemplate })
	if i < 0 {
		return fmt.Errorf("capinspect-share.tar.gz has no %s: run make dist", krewTemplate)
	}
	archive, err := os.ReadFile(filepath.Join(d.dir, "kubectl-capinspect.tar.gz"))
	if err != nil {
		return fmt.Errorf("%w: run make dist", err)
	}
	text, err := fillKrew(d.share[i].data, d.version.tag, sha256.Sum256(archive))
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(d.dir, "capinspect.yaml"), text, 0o644)
}

// fillKrew puts a version and the sum of the archive into the manifest, but not into the
// comment above it, which is about the template.
func fillKrew(template []byte, tag string, sum [sha256.Size]byte) ([]byte, error) {
	at := bytes.Index(template, []byte("apiVersion:"))
	if at < 0 || bytes.Count(template[at:], []byte(noVersion)) != 2 || bytes.Count(template[at:], []byte(noSum)) != 1 {
		return nil, fmt.Errorf("%s: it needs %s twice and one sum of zeros", krewTemplate, noVersion)
	}
	text := bytes.ReplaceAll(template[at:], []byte(noVersion), []byte(tag))
	return bytes.ReplaceAll(text, []byte(noSum), fmt.Appendf(nil, "%x", sum)), nil
}
