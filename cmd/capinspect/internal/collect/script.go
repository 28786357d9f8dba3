// SPDX-License-Identifier: Apache-2.0

package collect

import "bytes"

// maxScripts is the number of scripts of which each is the next one's interpreter,
// before a program that is none; one more gives ELOOP (fs/exec.c, exec_binprm).
const maxScripts = 5

// script is what the first line of a file makes of it.
type script uint8

const (
	noScript  script = iota
	badScript        // ENOEXEC
	goodScript
)

// interpreter returns the program that a script names in its first line, which may
// be "", given the first bytes of it, at the most size (fs/binfmt_script.c,
// load_script, since Linux 5.1).
func interpreter(head []byte, size int) (name string, is script) {
	rest, ok := bytes.CutPrefix(head, []byte("#!"))
	if !ok {
		return "", noScript
	}
	line, _, whole := bytes.Cut(rest, []byte("\n"))
	if !whole && len(head) < size { // the kernel's buffer goes on with zeros
		line = append(bytes.Clone(line), 0)
	}
	line = bytes.TrimLeft(line, " \t")
	end := bytes.IndexAny(line, " \t\x00")
	switch {
	case end >= 0:
		return string(line[:end]), goodScript
	case !whole || len(line) == 0: // the name may go on where the kernel does not look
		return "", badScript
	}
	return string(line), goodScript
}
