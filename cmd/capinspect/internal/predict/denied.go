// SPDX-License-Identifier: Apache-2.0

package predict

// Denied is an error that execve(2) gives the task.
type Denied struct {
	Errno string // its name, as "EACCES"
	Path  string // of what it is about; "" if that goes without saying
	Why   string // "" if the errno says all
	// Changes are what changes it; nil if the errno and the path say enough.
	Changes []Change
}

// errnos are the texts of the errors that are predicted (errno(3)).
var errnos = map[string]string{
	"EPERM":        "operation not permitted",
	"ENOENT":       "no such file or directory",
	"ENOEXEC":      "exec format error",
	"EACCES":       "permission denied",
	"ENOTDIR":      "not a directory",
	"EINVAL":       "invalid argument",
	"ENAMETOOLONG": "file name too long",
	"EIO":          "input/output error",
	"ELIBBAD":      "accessing a corrupted shared library",
	"ELOOP":        "too many levels of symbolic links",
}

// Error says what the errno means, and why.
func (d *Denied) Error() string {
	text, ok := errnos[d.Errno]
	if !ok {
		text = d.Errno
	}
	if d.Why != "" {
		text += ": " + d.Why
	}
	return text
}
