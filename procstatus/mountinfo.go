// SPDX-License-Identifier: Apache-2.0

package procstatus

import "strings"

// Mount is one line of a /proc/PID/mountinfo: a mount in the mount namespace of
// a task that its root directory reaches (proc_pid_mountinfo(5);
// fs/proc_namespace.c, show_mountinfo; since Linux 2.6.26). The optional fields,
// on propagation, are left out. The strings may hold any bytes; whoever prints
// them escapes them.
type Mount struct {
	ID, Parent   int
	Major, Minor uint32 // of the device that files on it are of
	Root         string // the directory or file of the file system that is mounted, with "//deleted" behind one that was removed; not a path for some, as "net:[4026531833]"
	Point        string // where, from the root directory of the task
	Options      string // of this mount, with commas between: "ro,nosuid"
	Type         string // of the file system, as "ext4" or "fuse.sshfs"
	Source       string // what the file system calls its device, any text
	SuperOptions string // of the file system, as the kernel writes them: their escapes are not undone
}

// MaxMountinfo is the size in bytes of the longest mountinfo that is read. A
// node has thousands of mounts; by default a mount namespace has room for
// 100,000 (proc_sys_fs(5), mount-max).
const MaxMountinfo = 16 << 20

// Has reports whether the mount has an option of its own, as "nosuid".
func (m *Mount) Has(option string) bool {
	for rest, more := m.Options, true; more; {
		var o string
		if o, rest, more = strings.Cut(rest, ","); o == option {
			return true
		}
	}
	return false
}

// ParseMounts returns what a mountinfo says, in its order: where two mounts have
// the same Point, the later one covers the other. An empty text is one of no
// mounts, as of a task whose root directory was unmounted. A malformed line, or
// one that is cut short, gives a [*LineError].
func ParseMounts(text []byte) ([]Mount, error) {
	list := []Mount{}
	err := parseLines(text, func(row []byte) error {
		m, err := parseMount(string(row))
		list = append(list, m)
		return err
	})
	if err != nil {
		return nil, err
	}
	return list, nil
}

// parseMount takes a line: six columns, optional ones up to a "-", and three
// more. The source may be empty, and the last may have blanks.
func parseMount(row string) (m Mount, err error) {
	own, super, ok := strings.Cut(row, " - ")
	columns, of := strings.SplitN(own, " ", 7), strings.SplitN(super, " ", 3)
	if !ok || len(columns) < 6 || len(of) != 3 {
		return m, ErrColumns
	}
	major, minor, ok := strings.Cut(columns[2], ":")
	if !ok {
		return m, ErrSyntax
	}
	var numbers [4]int
	for i, column := range [...]string{columns[0], columns[1], major, minor} {
		if err := setInt(&numbers[i], []byte(column)); err != nil {
			return m, err
		}
	}
	return Mount{
		numbers[0], numbers[1], uint32(numbers[2]), uint32(numbers[3]),
		unoctal(columns[3]), unoctal(columns[4]), columns[5], unoctal(of[0]), unoctal(of[1]), of[2],
	}, nil
}

// unoctal undoes the kernel's escapes of blanks, "#" and backslashes, as "\040"
// (fs/seq_file.c, mangle_path). What looks like one and is none is kept.
func unoctal(v string) string {
	if strings.IndexByte(v, '\\') < 0 {
		return v
	}
	out := make([]byte, 0, len(v))
	for i := 0; i < len(v); i++ {
		if v[i] == '\\' && i+3 < len(v) {
			a, b, c := v[i+1]-'0', v[i+2]-'0', v[i+3]-'0'
			if a < 4 && b < 8 && c < 8 {
				out = append(out, a<<6|b<<3|c)
				i += 3
				continue
			}
		}
		out = append(out, v[i])
	}
	return string(out)
}
