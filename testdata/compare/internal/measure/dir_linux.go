// SPDX-License-Identifier: Apache-2.0

package measure

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// memory is where most systems mount a tmpfs.
const memory = "/dev/shm"

// MemoryDir makes a directory on a tmpfs for the programs that are measured: there,
// where the pages of a binary lie does not depend on what wrote it, and a program
// that was copied is as fast as one that a linker wrote. note says why it is elsewhere,
// "" if it is not.
func MemoryDir(pattern string) (dir, note string, err error) {
	in := memory
	var st unix.Statfs_t
	switch err := unix.Statfs(memory, &st); {
	case err != nil:
		in, note = "", fmt.Sprintf("measured on the disk: %s: %v", memory, err)
	case st.Type != unix.TMPFS_MAGIC || st.Flags&unix.ST_NOEXEC != 0:
		in, note = "", fmt.Sprintf("measured on the disk: %s is no tmpfs that programs can be run from", memory)
	}
	dir, err = os.MkdirTemp(in, pattern)
	return dir, note, err
}

// CopyProgram copies a program to a path.
func CopyProgram(from, to string) error {
	text, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, text, 0o755)
}
