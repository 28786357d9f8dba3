// SPDX-License-Identifier: Apache-2.0

package main

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"time"
)

// openArchive opens an archive whose compression tells neither of a name nor of a time.
func openArchive(name string) (*os.File, *tar.Reader, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, nil, err
	}
	z, err := gzip.NewReader(f)
	if err == nil && (z.Name != "" || !z.ModTime.IsZero()) {
		err = fmt.Errorf("the compression tells of %q, %v", z.Name, z.ModTime)
	}
	if err != nil {
		f.Close()
		return nil, nil, err
	}
	return f, tar.NewReader(z), nil
}

// checkArchive holds that an archive is the same wherever it is packed, and has
// what belongs beside a binary.
func checkArchive(name string) error {
	f, r, err := openArchive(name)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	defer f.Close()
	found := map[string]bool{}
	var at time.Time
	last := ""
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if last == "" {
			at = h.ModTime
		}
		mode := int64(0o644)
		if h.Typeflag == tar.TypeDir {
			mode = 0o755
		}
		if h.Uid != 0 || h.Gid != 0 || h.Uname != "" || h.Gname != "" || h.Mode != mode || !h.ModTime.Equal(at) || h.Name <= last {
			return fmt.Errorf("%s: %+v", name, h)
		}
		last = h.Name
		found[path.Base(h.Name)] = true
	}
	for _, want := range []string{"capinspect.1", "capinspect", "_capinspect", "capinspect.fish", "LICENSE", "licenses"} {
		if !found[want] {
			return fmt.Errorf("%s: no %s", name, want)
		}
	}
	return nil
}
