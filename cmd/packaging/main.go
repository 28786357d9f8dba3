// SPDX-License-Identifier: Apache-2.0

// Packaging makes from what `make dist` built what a person installs. It reads the
// binaries and capinspect-share.tar.gz, writes beside them, and adds the sums of what it
// wrote to SHA256SUMS. The same input gives the same bytes.
package main

import (
	"bytes"
	"crypto/sha256"
	"debug/buildinfo"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	url         = "https://github.com/capinspect/capinspect"
	maintainer  = "The capinspect authors <capinspect@users.noreply.github.com>"
	summary     = "Show which Linux capabilities a process has, and why"
	licence     = "Apache-2.0"
	bomSuffix   = ".cdx.json"
	description = `capinspect shows which Linux capabilities a process or a container has and why,
which ones it needs, and what to write in the manifest. It reads /proc, writes
nothing and needs no privilege.`
)

// makers are what can be made.
var makers = map[string]func(*dist) error{
	"packages": makePackages,
	"images":   makeImages,
	"macos":    makeMacOS,
	"krew":     makeKrew,
}

func main() {
	dir := flag.String("dist", "dist", "the `directory` that make dist filled")
	flag.Parse()
	if err := run(*dir, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "packaging:", err)
		os.Exit(1)
	}
}

func run(dir string, what []string) error {
	d, err := open(dir)
	if err != nil {
		return err
	}
	for _, w := range what {
		maker, ok := makers[w]
		if !ok {
			return fmt.Errorf("%q cannot be made: name one of %v", w, slices.Sorted(maps.Keys(makers)))
		}
		if err := maker(d); err != nil {
			return err
		}
	}
	return d.writeSums()
}

// dist is a directory with what a release has.
type dist struct {
	dir      string
	binaries []binary
	version  version
	revision string    // the commit
	time     time.Time // of all files
	share    []file    // what capinspect-share.tar.gz has below share
}

// binary is one of a platform.
type binary struct{ path, goos, goarch string }

func open(dir string) (*dist, error) {
	d := &dist{dir: dir}
	names, err := filepath.Glob(filepath.Join(dir, "capinspect-*-*"))
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if filepath.Ext(name) != "" {
			continue
		}
		info, err := buildinfo.ReadFile(name)
		if err != nil {
			return nil, err
		}
		v, err := parseVersion(info.Main.Version)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if d.version.tag != "" && v != d.version {
			return nil, fmt.Errorf("%s: it is of version %s, others are of %s: run make dist", name, v.tag, d.version.tag)
		}
		d.version = v
		d.revision = setting(info, "vcs.revision")
		if d.time, err = timeOf(info); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		parts := strings.Split(filepath.Base(name), "-")
		d.binaries = append(d.binaries, binary{name, parts[1], parts[2]})
	}
	if len(d.binaries) == 0 {
		return nil, fmt.Errorf("%s has no binary: run make dist", dir)
	}
	d.share, err = readShare(filepath.Join(dir, "capinspect-share.tar.gz"))
	return d, err
}

// timeOf is the time that make dist gave to the files of the archive: SOURCE_DATE_EPOCH,
// or the time of the commit.
func timeOf(info *buildinfo.BuildInfo) (time.Time, error) {
	if epoch := os.Getenv("SOURCE_DATE_EPOCH"); epoch != "" {
		n, err := strconv.ParseInt(epoch, 10, 64)
		return time.Unix(n, 0).UTC(), err
	}
	if commit := setting(info, "vcs.time"); commit != "" {
		return time.Parse(time.RFC3339, commit)
	}
	return time.Time{}, errors.New("it has no time of a commit: set SOURCE_DATE_EPOCH")
}

func setting(info *buildinfo.BuildInfo, key string) string {
	for _, s := range info.Settings {
		if s.Key == key {
			return s.Value
		}
	}
	return ""
}

// writeSums writes the sum of each file in the directory.
func (d *dist) writeSums() error {
	entries, err := os.ReadDir(d.dir)
	if err != nil {
		return err
	}
	var sums bytes.Buffer
	for _, entry := range entries {
		if entry.Name() == "SHA256SUMS" {
			continue
		}
		data, err := os.ReadFile(filepath.Join(d.dir, entry.Name()))
		if err != nil {
			return err
		}
		fmt.Fprintf(&sums, "%x  %s\n", sha256.Sum256(data), entry.Name())
	}
	return os.WriteFile(filepath.Join(d.dir, "SHA256SUMS"), sums.Bytes(), 0o644)
}
