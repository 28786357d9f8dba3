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

// checkArchive holds that an archive is the same wherever it is packed, and has
// what belongs beside a binary.
func checkArchive(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return err
	}
	if z.Name != "" || !z.ModTime.IsZero() {
		return fmt.Errorf("%s: the compression tells of %q, %v", name, z.Name, z.ModTime)
	}
	found := map[string]bool{}
	var at time.Time
	last := ""
	for r := tar.NewReader(z); ; {
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
