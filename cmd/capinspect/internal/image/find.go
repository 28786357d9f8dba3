// SPDX-License-Identifier: Apache-2.0

package image

import (
	"archive/tar"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/predict"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// The longest path and the longest name that the kernel takes, with the NUL at the end of the
// first (limits.h).
const (
	maxPath = 4096
	maxName = 255
)

// place is a file, and where it is.
type place struct {
	*file
	path string // "" for the root directory
	up   *place // the directory that it is in
}

func (p *place) name() string {
	if p.path == "" {
		return "/"
	}
	return p.path
}

// visitor says what somebody may do; nil in its place is for somebody who may do all.
type visitor interface {
	Search(dir predict.Inode) string
	Follow(link, dir predict.Inode) string
}

// lookUp finds the file at a path as the kernel does for a visitor (path_resolution(7)).
func (i *Image) lookUp(from *place, name string, by visitor) (*place, error) {
	top := &place{file: i.top}
	at := from
	if strings.HasPrefix(name, "/") {
		at = top
	}
	links, steps := 0, 0
	for rest := strings.TrimLeft(name, "/"); rest != ""; {
		part, after, more := strings.Cut(rest, "/")
		after = strings.TrimLeft(after, "/")
		if steps++; steps > maxPath {
			return nil, &predict.Denied{Errno: "ELOOP", Path: at.name()}
		}
		switch {
		case at.kind != tar.TypeDir:
			return nil, &predict.Denied{Errno: "ENOTDIR", Path: at.name()}
		case len(part) > maxName:
			return nil, &predict.Denied{Errno: "ENAMETOOLONG", Path: at.path + "/" + part}
		}
		if by != nil {
			if why := by.Search(at.inode()); why != "" {
				return nil, &predict.Denied{Errno: "EACCES", Path: at.name(), Why: why}
			}
		}
		if by != nil {
			if err := i.hidden(at.path+"/"+part, after); err != nil {
				return nil, err
			}
		}
		next := at.entry(part)
		if next == nil {
			return nil, &predict.Denied{Errno: "ENOENT", Path: strings.TrimRight(at.path+"/"+part+"/"+after, "/")}
		}
		if next.kind != tar.TypeSymlink {
			if at, rest = next, after; more && at.kind != tar.TypeDir {
				return nil, &predict.Denied{Errno: "ENOTDIR", Path: at.name()}
			}
			continue
		}
		if links++; links > maxLinks {
			return nil, &predict.Denied{Errno: "ELOOP", Path: next.path}
		}
		if by != nil && after == "" {
			if why := by.Follow(next.inode(), at.inode()); why != "" {
				return nil, &predict.Denied{Errno: "EACCES", Path: next.path, Why: why}
			}
		}
		if next.target == "" {
			return nil, &predict.Denied{Errno: "ENOENT", Path: next.path}
		}
		if strings.HasPrefix(next.target, "/") {
			at = top
		}
		rest = strings.TrimLeft(next.target, "/")
		if more {
			rest += "/" + after
		}
	}
	return at, nil
}

// hidden returns an error if a volume is mounted over a file, or a directory on the way to what
// is after it: nobody knows what it has there.
func (i *Image) hidden(name, after string) error {
	name = path.Clean(name)
	for _, m := range i.mounts {
		if at := path.Clean("/" + m.Path); name == at || strings.HasPrefix(name, at+"/") {
			return fmt.Errorf("%s: the volume %q is mounted at %s, and what it has is not known: without it in the manifest, the answer is about the files of the image",
				path.Clean(name+"/"+after), shortened(m.Volume), shortened(m.Path))
		}
	}
	return nil
}

// entry returns an entry of a directory; nil if there is none.
func (p *place) entry(name string) *place {
	switch name {
	case ".":
		return p
	case "..":
		if p.up == nil {
			return p
		}
		return p.up
	}
	f := p.names[name]
	if f == nil {
		return nil
	}
	return &place{f, p.path + "/" + name, p}
}

func (p *place) inode() predict.Inode {
	mode := p.mode
	if p.kind == tar.TypeSymlink {
		mode = 0o777
	}
	return predict.Inode{Mode: mode, UID: p.uid, GID: p.gid}
}

// Find returns a program as the process of a container finds it.
func (i *Image) Find(name string, by *predict.Subject) (*predict.Found, error) {
	at, err := i.find(name, by)
	if err != nil {
		return nil, err
	}
	return at.found(), nil
}

func (i *Image) find(name string, by visitor) (*place, error) {
	switch {
	case name == "":
		return nil, &predict.Denied{Errno: "ENOENT"}
	case len(name) >= maxPath:
		return nil, &predict.Denied{Errno: "ENAMETOOLONG"}
	}
	from := &place{file: i.top}
	if !strings.HasPrefix(name, "/") && i.Config.WorkingDir != "" {
		dir, err := i.lookUp(from, path.Clean("/"+i.Config.WorkingDir), nil)
		switch denied, isDenied := errors.AsType[*predict.Denied](err); {
		case isDenied && denied.Errno == "ENOENT": // the runtime makes it
			from = &place{newTop(), path.Clean("/" + i.Config.WorkingDir), from}
		case err != nil:
			return nil, err
		default:
			from = dir
		}
	}
	return i.lookUp(from, name, by)
}

// found returns what predictions go by of a file.
func (p *place) found() *predict.Found {
	f := &predict.Found{
		Inode: p.inode(), Path: p.name(), ACL: p.acl, Regular: p.kind == tar.TypeReg,
		Mount: task.Known(predict.MountOptions{}), Head: task.Known(p.head[:min(len(p.head), predict.HeadSize)]), Caps: task.Known(p.caps),
	}
	if p.silent {
		f.Head = task.Unknown[[]byte]("the image has too many programs to keep all of their first bytes")
	}
	return f
}

// OwnPath is for capinspect's own process, which is in no image.
func (i *Image) OwnPath() string { return "" }

// ProtectedSymlinks tells a sysctl of the node, which is not known.
func (i *Image) ProtectedSymlinks() task.Value[bool] {
	return task.Unknown[bool]("the image does not tell")
}

// Read returns a regular file of at most limit bytes, one of those that are kept whole.
func (i *Image) Read(name string, limit int) ([]byte, error) {
	at, err := i.lookUp(&place{file: i.top}, "/"+name, nil)
	switch {
	case err != nil:
		return nil, &fs.PathError{Op: "open", Path: "/" + name, Err: fs.ErrNotExist}
	case at.kind != tar.TypeReg || at.size > int64(limit) || int64(len(at.head)) != at.size:
		return nil, &fs.PathError{Op: "read", Path: "/" + name, Err: errors.New("it is no short file")}
	}
	return at.head, nil
}

// Exists reports whether there is a regular file.
func (i *Image) Exists(name string) bool {
	at, err := i.lookUp(&place{file: i.top}, "/"+name, nil)
	return err == nil && at.kind == tar.TypeReg
}
