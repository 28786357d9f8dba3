// SPDX-License-Identifier: Apache-2.0

package main

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/template"
)

//go:embed capinspect.rb.tmpl
var formula string

// homebrewCPUs are Homebrew's words for an architecture.
var homebrewCPUs = map[string]string{"arm64": "arm", "amd64": "intel"}

// zipped is an archive as the formula names it.
type zipped struct{ Name, CPU, Sum string }

// makeMacOS writes a zip of each binary for macOS, which unpacks into a prefix, and a
// formula of Homebrew that fetches them.
func makeMacOS(d *dist) error {
	var zips []zipped
	for _, b := range d.binaries {
		if b.goos != "darwin" {
			continue
		}
		data, err := d.zip(b)
		if err != nil {
			return fmt.Errorf("%s: %w", b.path, err)
		}
		if err := os.WriteFile(b.path+".zip", data, 0o644); err != nil {
			return err
		}
		cpu, ok := homebrewCPUs[b.goarch]
		if !ok {
			return fmt.Errorf("%s: Homebrew has no word for %s", b.path, b.goarch)
		}
		zips = append(zips, zipped{filepath.Base(b.path) + ".zip", cpu, fmt.Sprintf("%x", sha256.Sum256(data))})
	}
	if zips == nil {
		return nil
	}
	// Homebrew wants them in this order.
	slices.SortFunc(zips, func(a, b zipped) int { return strings.Compare(a.CPU, b.CPU) })
	t, err := template.New("formula").Parse(formula)
	if err != nil {
		return err
	}
	var text bytes.Buffer
	err = t.Execute(&text, map[string]any{
		"Summary": summary, "URL": url, "Licence": licence, "Zips": zips,
		"Tag": d.version.tag, "Version": strings.TrimPrefix(d.version.tag, "v"),
	})
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(d.dir, "capinspect.rb"), text.Bytes(), 0o644)
}

// zip packs a binary below bin, and what belongs to it below share.
func (d *dist) zip(b binary) ([]byte, error) {
	program, err := os.ReadFile(b.path)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	add := func(name string, data []byte, mode os.FileMode) error {
		h := &zip.FileHeader{Name: name, Method: zip.Deflate, Modified: d.time}
		h.SetMode(mode)
		to, err := w.CreateHeader(h)
		if err != nil {
			return err
		}
		_, err = to.Write(data)
		return err
	}
	if err := add("bin/capinspect", program, 0o755); err != nil {
		return nil, err
	}
	for _, f := range d.share {
		if err := add("share/"+f.path, f.data, 0o644); err != nil {
			return nil, err
		}
	}
	err = w.Close()
	return out.Bytes(), err
}
