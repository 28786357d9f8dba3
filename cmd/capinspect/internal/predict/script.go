// SPDX-License-Identifier: Apache-2.0

package predict

import "bytes"

// maxScripts is how many scripts can be each other's interpreter before a program that is
// not a script. One more gives ELOOP (fs/exec.c, exec_binprm).
const maxScripts = 5

// script is what the first line of a file makes of it.
type script uint8

const (
	noScript script = iota
	badScript
	goodScript
)

// interpreter returns the program that a script names in its first line, which may be "".
// head has the first bytes of the script, at most size (fs/binfmt_script.c, load_script,
// since Linux 5.1). The kernel refuses a badScript with ENOEXEC.
func interpreter(head []byte, size int) (name string, is script) {
	rest, ok := bytes.CutPrefix(head, []byte("#!"))
	if !ok {
		return "", noScript
	}
	line, _, whole := bytes.Cut(rest, []byte("\n"))
	if !whole && len(head) < size { // the rest of the kernel's buffer is zeros
		line = append(bytes.Clone(line), 0)
	}
	line = bytes.TrimLeft(line, " \t")
	end := bytes.IndexAny(line, " \t\x00")
	switch {
	case end >= 0:
		return string(line[:end]), goodScript
	case !whole || len(line) == 0: // the name may go on beyond the buffer
		return "", badScript
	}
	return string(line), goodScript
}
