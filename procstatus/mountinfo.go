// SPDX-License-Identifier: Apache-2.0

package procstatus

import "strings"

// Mount is one line of a /proc/PID/mountinfo: a mount in the task's mount
// namespace, at or below its root directory (proc_pid_mountinfo(5);
// fs/proc_namespace.c, show_mountinfo; since Linux 2.6.26). It leaves out the
// optional fields, on propagation. The strings may hold any bytes; whoever prints
// them has to escape them.
type Mount struct {
	ID, Parent   int
	Major, Minor uint32 // of the device of the files on it
	Root         string // the directory or file of the file system that is mounted, with "//deleted" behind it if it was removed; for some types not a path, such as "net:[4026531833]"
	Point        string // the mount point, from the root directory of the task
	Options      string // of this mount, separated by commas: "ro,nosuid"
	Type         string // of the file system, such as "ext4" or "fuse.sshfs"
	Source       string // the name that the file system has for its device, any text
	SuperOptions string // of the file system, with the kernel's escapes in them
}

// MaxMountinfo is the size in bytes of the longest mountinfo that is read. A node
// has thousands of mounts, a mount namespace at most 100,000 by default
// (proc_sys_fs(5), mount-max). Anybody can fill a mount namespace of their own, and a
// reader may hold the text and what it is parsed to at the same time.
const MaxMountinfo = 6 << 20

// Has reports whether Options has an option, such as "nosuid".
func (m *Mount) Has(option string) bool {
	for rest, more := m.Options, true; more; {
		var o string
		if o, rest, more = strings.Cut(rest, ","); o == option {
			return true
		}
	}
	return false
}

// ParseMounts parses a mountinfo and keeps the order of its lines: of two mounts
// with the same Point, the later one covers the other. An empty text is valid: it
// is that of a task whose root directory was unmounted. A malformed or truncated
// line gives a [*LineError].
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

// parseMount parses six columns, optional ones, a "-", and three more columns. The
// source may be empty, and the last column may have blanks.
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

// unoctal undoes the kernel's escapes, such as "\040" for a blank (fs/seq_file.c,
// mangle_path). It keeps a backslash that does not begin an escape.
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
