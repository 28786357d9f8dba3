// SPDX-License-Identifier: Apache-2.0

package image

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
)

// archive holds the documents and layers of images, by name. A name is as in the archive, or
// "blobs/sha256/..." in a layout.
type archive interface {
	// each visits the regular files that are wanted, in the order in which they lie there.
	each(want func(name string, size int64) bool, visit func(name string, size int64, text io.Reader) error) error
	// same returns the name of the file that a name means: it may be a link.
	same(name string) string
}

// errNoImage is the error for what is no image.
var errNoImage = errors.New("it is not an image: want what docker save or podman save writes, an OCI layout, or an archive of one")

// directory is a layout in a directory.
type directory struct{ root *os.Root }

func (d directory) same(name string) string { return name }

func (d directory) each(want func(string, int64) bool, visit func(string, int64, io.Reader) error) error {
	one := func(name string) error {
		info, err := d.root.Stat(name)
		if err != nil || !info.Mode().IsRegular() || !want(name, info.Size()) {
			return nil // what is missing is told where it is missed
		}
		f, err := d.root.Open(name)
		if err != nil {
			return err
		}
		defer f.Close()
		return visit(name, info.Size(), f)
	}
	if err := one("index.json"); err != nil {
		return err
	}
	kinds, err := fs.ReadDir(d.root.FS(), "blobs")
	if errors.Is(err, fs.ErrNotExist) {
		return errNoImage
	}
	for _, kind := range kinds {
		entries, err := fs.ReadDir(d.root.FS(), "blobs/"+kind.Name())
		if err != nil {
			return err
		}
		for _, entry := range entries {
			if err := one("blobs/" + kind.Name() + "/" + entry.Name()); err != nil {
				return err
			}
		}
	}
	return err
}

// archived is an archive in a file.
type archived struct {
	name  string
	links map[string]string // the targets of its links, by name
}

func (a *archived) same(name string) string {
	for range 10 {
		target, ok := a.links[name]
		if !ok {
			break
		}
		name = target
	}
	return name
}

func (a *archived) each(want func(string, int64) bool, visit func(string, int64, io.Reader) error) error {
	f, err := os.Open(a.name)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	text, err := unpacked(f, info.Size())
	if err != nil {
		return err
	}
	if text.plain {
		text.Reader = f // which can skip a file at once
	}
	in := tar.NewReader(text.Reader)
	names := 0
	for entries := 0; ; entries++ {
		h, err := in.Next()
		switch {
		case entries == 0 && (errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, tar.ErrHeader)):
			return errNoImage
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return broken(err)
		case entries > maxFiles:
			return tooMuch("more than %d files in the archive", maxFiles)
		}
		if names += len(h.Name) + len(h.Linkname); names > maxNames {
			return tooMuch("names of more than %d MiB in the archive", maxNames>>20)
		}
		name := path.Clean(strings.TrimPrefix(h.Name, "/"))
		switch h.Typeflag {
		case tar.TypeSymlink:
			a.links[name] = path.Join(path.Dir(name), h.Linkname)
		case tar.TypeLink:
			a.links[name] = path.Clean(h.Linkname)
		case tar.TypeReg:
			if want(name, h.Size) {
				if err := visit(name, h.Size, in); err != nil {
					return err
				}
			}
		}
	}
}

// broken words an error of a reader as what is wrong with the file.
func broken(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("it is cut off")
	}
	return err
}

// open opens an archive, or the directory of a layout.
func open(name string) (archive, func(), error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, nil, err
	}
	switch {
	case info.Mode().IsRegular():
		return &archived{name, map[string]string{}}, func() {}, nil
	case !info.IsDir():
		return nil, nil, errors.New("it is read more than once: want a regular file")
	}
	root, err := os.OpenRoot(name)
	if err != nil {
		return nil, nil, err
	}
	return directory{root}, func() { root.Close() }, nil
}

// documents returns the JSON documents of an archive, by name.
func documents(a archive) (map[string][]byte, error) {
	found, total := map[string][]byte{}, int64(0)
	err := a.each(func(name string, size int64) bool {
		return size > 0 && size <= maxDocument && (strings.HasPrefix(name, "blobs/") || strings.HasSuffix(name, ".json"))
	}, func(name string, size int64, text io.Reader) error {
		var first [1]byte
		if _, err := io.ReadFull(text, first[:]); err != nil {
			return broken(err)
		}
		if first[0] != '{' && first[0] != '[' {
			return nil // a small layer
		}
		if total += size; total > maxDocuments {
			return tooMuch("more than %d MiB of JSON", maxDocuments>>20)
		}
		rest, err := io.ReadAll(io.LimitReader(text, maxDocument))
		if err != nil {
			return fmt.Errorf("%s: %w", name, broken(err))
		}
		found[name] = append(bytes.Clone(first[:]), rest...)
		return nil
	})
	return found, err
}
