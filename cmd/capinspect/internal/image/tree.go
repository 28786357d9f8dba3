// SPDX-License-Identifier: Apache-2.0

package image

import (
	"archive/tar"
	"errors"
	"fmt"
	"path"
	"strings"
)

// newTop returns the root directory of an image without layers.
func newTop() *file {
	return &file{kind: tar.TypeDir, mode: 0o755, names: map[string]*file{}}
}

// tree is the files of the layers that were applied so far.
type tree struct {
	top   *file
	files int // how many directories were made on the way to others
	steps int // how many names were on the way to them
}

// apply puts a layer on top of those below. What it takes away is of these alone
// (image-spec, layer.md, Whiteouts).
func (t *tree) apply(list []change) error {
	for i := range list {
		c := &list[i]
		if !c.gone && !c.bare {
			continue
		}
		dir, base, err := t.parentOf(c.name, false)
		switch {
		case err != nil:
			return fmt.Errorf("%q: %w", shortened(c.name), err)
		case dir == nil: // it was not there anyway
		case c.gone:
			delete(dir.names, base)
		default:
			if d := into(dir, base); d != nil && d.kind == tar.TypeDir {
				d.names = map[string]*file{}
			}
		}
	}
	for i := range list {
		c := &list[i]
		if c.gone || c.bare {
			continue
		}
		if err := t.put(c); err != nil {
			return fmt.Errorf("%q: %w", shortened(c.name), err)
		}
	}
	return nil
}

// put puts a file into the tree.
func (t *tree) put(c *change) error {
	f := c.file
	if c.link != "" {
		dir, base, err := t.parentOf(c.link, false)
		if f = nil; err == nil && dir != nil {
			f = dir.names[base]
		}
		if f == nil || f.kind == tar.TypeDir {
			return fmt.Errorf("it is a hard link to %q, which is not there", shortened(c.link))
		}
		// Who unpacks a layer gives the file the owner, the attributes and the mode of this entry
		// too, and chown(2) takes away its capabilities.
		if f.kind != tar.TypeSymlink {
			f.mode, f.uid, f.gid, f.caps = c.file.mode, c.file.uid, c.file.gid, c.file.caps
		}
	}
	if c.name == "" { // the root directory itself
		if f.kind != tar.TypeDir {
			return errors.New("the root directory is no directory")
		}
		names := t.top.names
		*t.top = *f
		t.top.names = names
		return nil
	}
	dir, base, err := t.parentOf(c.name, true)
	if err != nil {
		return err
	}
	before := dir.names[base]
	switch {
	case before == nil || c.link != "":
	case f.kind == tar.TypeDir && before.kind == tar.TypeDir:
		f.names = before.names
	case f.kind == tar.TypeReg && f.caps == nil && before.caps != nil:
		f.lost = before
	case f.kind == tar.TypeReg && f.caps == nil:
		f.lost = before.lost
	}
	dir.names[base] = f
	return nil
}

// into returns the entry of a directory; the directory itself for no name.
func into(dir *file, base string) *file {
	if base == "" {
		return dir
	}
	return dir.names[base]
}

// parentOf returns the directory in which a name stands, and the last part of that. Symbolic
// links on the way are followed, as who unpacks a layer does. Missing directories are made,
// or else the result is nil.
func (t *tree) parentOf(name string, create bool) (dir *file, base string, err error) {
	parent, base := path.Split(name)
	way := strings.Split(strings.Trim(parent, "/"), "/")
	dirs, links := []*file{t.top}, 0
	for len(way) > 0 {
		if t.steps++; t.steps > maxSteps {
			return nil, "", tooMuch("more than %d names on the way to its files", maxSteps)
		}
		part := way[0]
		way = way[1:]
		at := dirs[len(dirs)-1]
		switch part {
		case "", ".":
			continue
		case "..":
			dirs = dirs[:max(len(dirs)-1, 1)]
			continue
		}
		next := at.names[part]
		switch {
		case next == nil && !create:
			return nil, "", nil
		case next == nil:
			if t.files++; t.files > maxFiles {
				return nil, "", tooMuch("more than %d directories", maxFiles)
			}
			next = newTop()
			at.names[part] = next
		case next.kind == tar.TypeSymlink:
			if links++; links > maxLinks {
				return nil, "", errors.New("too many symbolic links lead to it")
			}
			if strings.HasPrefix(next.target, "/") {
				dirs = dirs[:1]
			}
			way = append(strings.Split(next.target, "/"), way...)
			if len(way) > maxParts {
				return nil, "", errors.New("too many symbolic links lead to it")
			}
			continue
		case next.kind != tar.TypeDir && !create:
			return nil, "", nil
		case next.kind != tar.TypeDir:
			return nil, "", errors.New("it is below a file that is no directory")
		}
		dirs = append(dirs, next)
	}
	return dirs[len(dirs)-1], base, nil
}

const (
	maxLinks = 40   // as the kernel follows (fs/namei.c, MAXSYMLINKS)
	maxParts = 4096 // of a path with the links in it
)
