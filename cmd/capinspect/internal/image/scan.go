// SPDX-License-Identifier: Apache-2.0

package image

import (
	"archive/tar"
	"fmt"
	"maps"
	"slices"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/manifest"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/predict"
)

// Scan lists the programs of the image that give privileges, and tells what each would give a
// container that asks for what the manifest has, once it runs. The runtime of the manifest has
// to be set, and it is changed as Start does.
func (i *Image) Scan(m *manifest.Manifest, what *predict.WhatIf) (*predict.Scan, error) {
	i.mounts = m.Container.Starts.Mounts
	if refused := i.fill(m); refused != nil {
		return nil, fmt.Errorf("%s: name another user with --uid", refused.Why)
	}
	t := m.Expected(capset.LastKnown)
	i.describe(t)
	s, err := i.subject(t, m)
	if err != nil {
		return nil, err
	}
	if err := s.Change(what); err != nil {
		return nil, err
	}
	if len(i.mounts) > 0 {
		s.Assume("volumes", "no program is on a volume of the container")
	}
	scan := s.Scan("the image")
	scan.Who = fmt.Sprintf("uid %d of %s", s.Credentials.UID.Effective, i.Name)
	i.walk(&place{file: i.top}, scan)
	scan.Finish()
	return scan, nil
}

// walk adds the programs below a directory to a scan. A path that is too long for the kernel
// is no program's.
func (i *Image) walk(dir *place, scan *predict.Scan) {
	scan.Dirs++
	for _, name := range slices.Sorted(maps.Keys(dir.names)) {
		at := dir.entry(name)
		switch {
		case i.hidden(at.path, "") != nil: // and no program of the container
		case len(at.path) >= maxPath:
			scan.Fail(fmt.Errorf("%s...: the path is too long", shortened(at.path)))
		case at.kind == tar.TypeDir:
			i.walk(at, scan)
		case at.kind == tar.TypeReg:
			scan.Files++
			if at.gives() {
				if err := scan.Add(at.found()); err != nil {
					scan.Fail(err)
				}
			}
		}
	}
}

// gives reports whether a file is a program that gives more to one process than to another.
func (f *file) gives() bool {
	const anyExec, setUser, setGroup = 0o111, 0o4000, 0o2010
	return f.mode&anyExec != 0 && (f.caps != nil || f.mode&setUser != 0 || f.mode&setGroup == setGroup)
}
