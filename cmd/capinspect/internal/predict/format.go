// SPDX-License-Identifier: Apache-2.0

package predict

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"strings"
)

// Architecture is a kind of processor that executes programs.
type Architecture struct {
	Name    string // as of Go and of images (image-spec, config.md, architecture)
	machine elf.Machine
	short   bool   // its programs are of 32 bits
	big     bool   // it is big-endian
	also    string // the name of the one whose programs it executes too
}

// architectures is the table of those that images are for.
var architectures = [...]Architecture{
	{Name: "386", machine: elf.EM_386, short: true},
	{Name: "amd64", machine: elf.EM_X86_64, also: "386"},
	{Name: "arm", machine: elf.EM_ARM, short: true},
	{Name: "arm64", machine: elf.EM_AARCH64, also: "arm"},
	{Name: "loong64", machine: elf.EM_LOONGARCH},
	{Name: "ppc64le", machine: elf.EM_PPC64},
	{Name: "riscv64", machine: elf.EM_RISCV},
	{Name: "s390x", machine: elf.EM_S390, big: true},
}

// ArchitectureNamed returns the architecture of a name; nil if it is not known.
func ArchitectureNamed(name string) *Architecture {
	for i := range architectures {
		if architectures[i].Name == name {
			return &architectures[i]
		}
	}
	return nil
}

// Why a file cannot be loaded. errBeyond means that nobody can tell from its first bytes.
var (
	errNoFormat = errors.New("it is neither an ELF file nor a script with #! at its beginning")
	errNotELF   = errors.New("it is an ELF object file or core dump, not a program")
	errCutELF   = errors.New("it is an ELF file whose headers are cut off or malformed")
	errShortELF = errors.New("it is an ELF file that ends before the name of its loader")
	errNoName   = errors.New("it is an ELF file whose loader has an empty name")
	errBeyond   = errors.New("what names it lies beyond the first bytes of the program")
)

// foreignError is the error for a program of another architecture.
type foreignError struct{ of, on string }

func (e *foreignError) Error() string {
	return "it is built for " + e.of + ", not for " + e.on
}

// The kernel takes no more program headers than fit in this many bytes, and no longer name
// of a loader (fs/binfmt_elf.c, load_elf_phdrs; PATH_MAX).
const (
	maxProgramHeaders = 65536
	maxLoader         = 4096
)

// loaderOf returns the interpreter that an ELF program names (PT_INTERP), as
// "/lib64/ld-linux-x86-64.so.2"; "" if it is linked statically. head has the first bytes of
// the file, at most HeadSize; it is the whole file if it is shorter. Like the kernel, it goes
// by the machine and takes its class and byte order from that (fs/binfmt_elf.c,
// load_elf_binary).
func (a *Architecture) loaderOf(head []byte) (string, error) {
	if !bytes.HasPrefix(head, []byte(elf.ELFMAG)) {
		return "", errNoFormat
	}
	for by := a; by != nil; by = ArchitectureNamed(by.also) {
		h, err := by.header(head)
		if err != nil {
			return "", err
		}
		if elf.Machine(h.Machine) == by.machine {
			return by.interpreter(head, h)
		}
	}
	return "", &foreignError{machineOf(head), a.Name}
}

// order is the byte order of its programs.
func (a *Architecture) order() binary.ByteOrder {
	if a.big {
		return binary.BigEndian
	}
	return binary.LittleEndian
}

// header returns the header of a file.
func (a *Architecture) header(head []byte) (h elf.Header64, err error) {
	if !a.short {
		_, err = binary.Decode(head, a.order(), &h)
	} else {
		var short elf.Header32
		_, err = binary.Decode(head, a.order(), &short)
		h.Type, h.Machine, h.Phoff, h.Phentsize, h.Phnum = short.Type, short.Machine, uint64(short.Phoff), short.Phentsize, short.Phnum
	}
	if err != nil {
		return h, errCutELF
	}
	return h, nil
}

// entry returns a program header.
func (a *Architecture) entry(from []byte) (p elf.Prog64, err error) {
	if !a.short {
		_, err = binary.Decode(from, a.order(), &p)
		return p, err
	}
	var short elf.Prog32
	_, err = binary.Decode(from, a.order(), &short)
	p.Type, p.Off, p.Filesz = short.Type, uint64(short.Off), uint64(short.Filesz)
	return p, err
}

// interpreter returns what a program names as its loader.
func (a *Architecture) interpreter(head []byte, h elf.Header64) (string, error) {
	size := binary.Size(elf.Prog64{})
	if a.short {
		size = binary.Size(elf.Prog32{})
	}
	switch kind := elf.Type(h.Type); {
	case kind != elf.ET_EXEC && kind != elf.ET_DYN:
		return "", errNotELF
	case int(h.Phentsize) != size || h.Phnum == 0 || int(h.Phnum)*size > maxProgramHeaders:
		return "", errCutELF
	}
	table, err := part(head, h.Phoff, uint64(int(h.Phnum)*size)) // which the kernel reads at once
	if err != nil {
		return "", err
	}
	for ; len(table) > 0; table = table[size:] {
		p, err := a.entry(table)
		if err != nil {
			return "", errCutELF
		}
		if elf.ProgType(p.Type) == elf.PT_INTERP {
			return loaderName(head, p.Off, p.Filesz)
		}
	}
	return "", nil
}

// machineOf names the machine of a foreign program.
func machineOf(head []byte) string {
	at := func(a *Architecture) elf.Machine {
		if len(head) < 20 {
			return elf.EM_NONE
		}
		return elf.Machine(a.order().Uint16(head[18:]))
	}
	for i := range architectures {
		if a := &architectures[i]; at(a) == a.machine {
			return a.Name
		}
	}
	return strings.ToLower(strings.TrimPrefix(at(&architectures[0]).String(), "EM_"))
}

// loaderName returns the name of a loader, which lies at an offset of a file.
func loaderName(head []byte, at, size uint64) (string, error) {
	if size < 2 || size > maxLoader {
		return "", errCutELF
	}
	text, err := part(head, at, size)
	if errors.Is(err, errCutELF) {
		err = errShortELF
	}
	if err != nil {
		return "", err
	}
	if text[size-1] != 0 {
		return "", errCutELF
	}
	name, _, _ := strings.Cut(string(text), "\x00")
	if name == "" { // which is the working directory
		return "", errNoName
	}
	return name, nil
}

// part returns some bytes of a file.
func part(head []byte, at, size uint64) ([]byte, error) {
	switch end := at + size; {
	case end < at:
		return nil, errCutELF
	case end <= uint64(len(head)):
		return head[at:end], nil
	case len(head) < HeadSize: // it is the whole file
		return nil, errCutELF
	}
	return nil, errBeyond
}

// load looks for the loader that a program names, as the kernel does before it looks at what
// the program gives. The error is a *Denied if execve(2) fails.
func (s *Subject) load(f *Found) error {
	head, ok := f.Head.Get()
	if !ok || s.Architecture == nil {
		return nil // which is assumed already
	}
	name, err := s.Architecture.loaderOf(head)
	switch {
	case errors.Is(err, errBeyond):
		s.Assume("loader", "the loader of "+f.Path+" is there: "+err.Error())
		return nil
	case errors.Is(err, errNoName):
		return &Denied{"EACCES", f.Path, err.Error(), s.otherFormat(f, err)}
	case errors.Is(err, errShortELF):
		return &Denied{"EIO", f.Path, err.Error(), s.otherFormat(f, err)}
	case err != nil:
		return &Denied{"ENOEXEC", f.Path, err.Error(), s.otherFormat(f, err)}
	case name == "":
		return nil
	}
	loader, err := s.find(name)
	if denied := deniedOf(err); denied != nil {
		return s.lacksLoader(f, name, denied)
	}
	if err != nil {
		return err
	}
	if head, ok := loader.Head.Get(); ok && !bytes.HasPrefix(head, []byte(elf.ELFMAG)) {
		return &Denied{"ELIBBAD", loader.Path, "it is the loader that " + f.Path + " names, and no ELF file", s.bringLoader(f, name)}
	}
	return nil
}

// lacksLoader returns a failure to find a loader as one to execute the program.
func (s *Subject) lacksLoader(f *Found, name string, denied *Denied) *Denied {
	why := "it is the loader that " + f.Path + " names"
	if denied.Why != "" {
		why += "; " + denied.Why
	}
	more := &Denied{denied.Errno, denied.Path, why, denied.Changes}
	if denied.Errno == "ENOENT" {
		more.Path, more.Changes = name, s.bringLoader(f, name)
	}
	return more
}

// bringLoader says what makes a program independent of its loader, or brings it.
func (s *Subject) bringLoader(f *Found, name string) []Change {
	in := s.choose("file", "image")
	return []Change{
		{in, "link " + f.Path + " statically (Go: CGO_ENABLED=0)"},
		{in, "install the C library that it was linked with, which has " + name},
	}
}

// otherFormat says what makes a program of a file that is none here.
func (s *Subject) otherFormat(f *Found, err error) []Change {
	in := s.choose("file", "image")
	if foreign, ok := errors.AsType[*foreignError](err); ok {
		return []Change{{in, "build " + f.Path + " for " + foreign.on}}
	}
	if errors.Is(err, errNoFormat) {
		return []Change{{in, "begin " + f.Path + " with #! and the path of its interpreter, if it is a script"}}
	}
	return []Change{{in, "replace " + f.Path + " with a program"}}
}
