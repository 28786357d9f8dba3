// SPDX-License-Identifier: Apache-2.0

package root

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/capinspect/capinspect/procstatus"
)

// Node is the mount namespace whose mounts are known to answer if their disks do: the node's
// or, where that is out of reach, capinspect's own. Whoever may mount in the mount namespace
// of another task can build a file system there whose files come from a server that never
// answers, and needs no rights in the task itself. Nobody does that to a mount that the node
// has too.
type Node struct {
	proc   *procstatus.FS
	task   procstatus.Task // one of that mount namespace
	named  bool
	mounts []procstatus.Mount
	known  map[procstatus.Mount]error // what was found out about these mounts
	depth  int

	patience time.Duration // how long a file may take to answer; 0 for as long as it takes
	silent   int           // how many files took longer
}

// NewNode returns the Node whose mount namespace a task of a live procfs is in. named says
// that the programs that mount for containers run there too: only then do the names of
// layers and image files, as they gave them, mean the same files in the root directory of
// the task.
func NewNode(proc *procstatus.FS, task procstatus.Task, named bool) *Node {
	return &Node{proc: proc, task: task, named: named, known: make(map[procstatus.Mount]error), patience: patience}
}

// maxDepthBelow is the number of file systems and devices below each other that are looked
// at.
const maxDepthBelow = 10

var (
	errNotHere  = errors.New("the node's mount table does not have it")
	errNotOurs  = errors.New("capinspect's own mount table does not have it")
	errUnnamed  = errors.New("what it is made of is named in another mount namespace")
	errTooDeep  = errors.New("too many file systems lie below it")
	errEscapes  = errors.New("the name of one of its layers has special characters")
	errNoLayers = errors.New("its options name no layers")
)

// refresh reads the mount table again.
func (n *Node) refresh() (err error) {
	n.mounts, err = n.task.Mounts()
	return err
}

// vouches returns an error unless the node has the file system of a mount too, and all that
// lies below it answers.
func (n *Node) vouches(m *procstatus.Mount) error {
	i := slices.IndexFunc(n.mounts, func(own procstatus.Mount) bool {
		return own.Type == m.Type && own.Major == m.Major && own.Minor == m.Minor
	})
	switch {
	case i < 0 && n.named:
		return errNotHere
	case i < 0:
		return errNotOurs
	case n.depth == maxDepthBelow:
		return errTooDeep
	}
	own := n.mounts[i]
	if err, ok := n.known[own]; ok {
		return err
	}
	n.depth++
	defer func() { n.depth-- }()
	err := n.below(&own)
	n.known[own] = err
	return err
}

// below returns an error unless all that lies below a mount of the node answers.
// What the disks of a ZFS pool are is not in the mount table: only the node's root attaches
// them.
func (n *Node) below(own *procstatus.Mount) error {
	switch {
	case own.Type == "overlay":
		return n.layers(own)
	case own.Major != 0:
		return block(fmt.Sprintf("/sys/dev/block/%d:%d", own.Major, own.Minor), n, 0)
	case own.Type == "zfs":
		return nil
	}
	for _, source := range strings.Split(own.Source, ":") { // bcachefs names all its disks
		if err := n.backing(source); err != nil {
			return err
		}
	}
	return nil
}

// layers returns an error unless all layers of an overlay answer.
func (n *Node) layers(own *procstatus.Mount) error {
	if !n.named {
		return errUnnamed
	}
	var layers []string
	upper := ""
	for option := range strings.SplitSeq(own.SuperOptions, ",") {
		key, value, _ := strings.Cut(option, "=")
		switch key {
		case "upperdir", "workdir":
			upper = value
			layers = append(layers, value)
		case "lowerdir", "lowerdir+", "datadir+":
			layers = append(layers, strings.Split(value, ":")...)
		}
	}
	layers = slices.DeleteFunc(layers, func(l string) bool { return l == "" }) // "::" is before layers of data
	if len(layers) == 0 {
		return errNoLayers
	}
	base, found := "", false
	for _, layer := range layers {
		if strings.Contains(layer, `\`) { // the kernel's escapes, or overlay's own
			return errEscapes
		}
		if layer[0] != '/' {
			if !found {
				base, found = n.base(layer, own.Point, upper), true
			}
			layer = base + "/" + layer
		}
		if err := n.backing(layer); err != nil {
			return fmt.Errorf("its layer %w", err)
		}
	}
	return nil
}

// base returns the directory from which a layer is named. Where the names are too long for
// mount(2), runtimes name the layers from a directory above the mount point or above the
// upper layer.
func (n *Node) base(layer, point, upper string) string {
	for _, dir := range [...]string{point, upper} {
		for strings.HasPrefix(dir, "/") && dir != "/" {
			dir = path.Dir(dir)
			if err := n.backing(dir + "/" + layer); !errors.Is(err, fs.ErrNotExist) {
				return dir
			}
		}
	}
	return ""
}

// backing returns an error unless a directory, a file or a disk answers, given by its path
// in the node's mount namespace.
func (n *Node) backing(name string) error {
	if !n.named {
		return errUnnamed
	}
	if !strings.HasPrefix(name, "/") {
		return fmt.Errorf("%s: %w", name, fs.ErrNotExist)
	}
	own, err := n.root()
	if err != nil {
		return err
	}
	defer own.Close()
	w := walk{root: own}
	at, err := w.to(own.top, name)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	defer own.leave(at)
	if at.is(unix.S_IFBLK) {
		return block(fmt.Sprintf("/sys/dev/block/%d:%d", unix.Major(at.stat.Rdev), unix.Minor(at.stat.Rdev)), n, 0)
	}
	if err := own.judge(at.mount, at.name(), func(*procstatus.Mount) bool { return true }); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// root opens the node's root directory, which is taken to answer as far as looking up names
// goes. The mounts below that are looked at before they are entered, as those of any task.
func (n *Node) root() (*Root, error) {
	own := &Root{proc: n.proc, task: n.task, mounts: table{of: n.mounts, node: n}}
	var err error
	if own.top.fd, err = own.task.OpenPath("root"); err != nil {
		return nil, err
	}
	if own.top.mount, err = n.proc.MountID(own.top.fd); err == nil {
		err = unix.Fstat(own.top.fd, &own.top.stat)
	}
	if err != nil {
		own.Close()
		return nil, err
	}
	return own, nil
}

// remote are the block devices that a program or another host answers for.
var remote = [...]string{"nbd", "ublk"}

// block returns an error unless a block device answers, given by its directory in sysfs:
// the disk itself, or what its partitions, loop devices and mappings are made of
// (sysfs(5); Documentation/ABI/stable/sysfs-block).
func block(dir string, n *Node, depth int) error {
	target, err := os.Readlink(dir)
	if err != nil {
		return err
	}
	if depth == maxDepthBelow {
		return errTooDeep
	}
	if _, err := os.Stat(dir + "/partition"); err == nil {
		dir += "/.."
		target = path.Dir(target)
	}
	name := path.Base(target)
	if slices.ContainsFunc(remote[:], func(prefix string) bool { return strings.HasPrefix(name, prefix) }) {
		return fmt.Errorf("%s is a disk that may never answer", name)
	}
	if strings.HasPrefix(name, "loop") {
		file, err := os.ReadFile(dir + "/loop/backing_file")
		if err != nil {
			return err
		}
		return n.backing(strings.TrimSuffix(string(file), "\n"))
	}
	parts, err := os.ReadDir(dir + "/slaves")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, part := range parts {
		if err := block("/sys/class/block/"+part.Name(), n, depth+1); err != nil {
			return err
		}
	}
	return nil
}
