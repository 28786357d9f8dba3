// SPDX-License-Identifier: Apache-2.0

// Package predicttest makes what tests of predictions execute.
package predicttest

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
)

// ELF returns the headers of a program for amd64, which names a loader, or none. The kernel
// takes it for a program, and nothing of it can run.
func ELF(loader string) []byte {
	const headers = 64 + 2*56
	h := elf.Header64{
		Type: uint16(elf.ET_DYN), Machine: uint16(elf.EM_X86_64), Version: 1, Phoff: 64, Ehsize: 64, Phentsize: 56, Phnum: 2,
	}
	copy(h.Ident[:], elf.ELFMAG)
	h.Ident[elf.EI_CLASS], h.Ident[elf.EI_DATA], h.Ident[elf.EI_VERSION] = byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), 1
	names := elf.Prog64{Type: uint32(elf.PT_NULL)}
	if loader != "" {
		names = elf.Prog64{Type: uint32(elf.PT_INTERP), Off: headers, Filesz: uint64(len(loader) + 1)}
	}
	var out bytes.Buffer
	for _, part := range []any{h, elf.Prog64{Type: uint32(elf.PT_LOAD)}, names, []byte(loader + "\x00")} {
		if err := binary.Write(&out, binary.LittleEndian, part); err != nil {
			panic(err) // a buffer takes all
		}
	}
	return out.Bytes()
}
