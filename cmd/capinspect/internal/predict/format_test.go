// SPDX-License-Identifier: Apache-2.0

package predict

import (
	"cmp"
	"debug/elf"
	"strings"
	"testing"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/predict/predicttest"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// TestLoaderOf has what the kernel makes of the first bytes of a file.
func TestLoaderOf(t *testing.T) {
	const loader = "/lib64/ld-linux-x86-64.so.2"
	changed := func(at int, b byte) []byte {
		head := predicttest.ELF(loader)
		head[at] = b
		return head
	}
	far := changed(64+56+9, 0x20) // p_offset beyond a page
	for name, row := range map[string]struct {
		head []byte
		want string
		err  error
	}{
		"static":                {predicttest.ELF(""), "", nil},
		"dynamic":               {predicttest.ELF(loader), loader, nil},
		"empty":                 {nil, "", errNoFormat},
		"text":                  {[]byte("echo hello\n"), "", errNoFormat},
		"magic alone":           {[]byte("\x7fELF"), "", errCutELF},
		"header alone":          {predicttest.ELF(loader)[:64], "", errCutELF},
		"half a header":         {predicttest.ELF(loader)[:40], "", errCutELF},
		"loader cut off":        {predicttest.ELF(loader)[:64+2*56+5], "", errShortELF},
		"object file":           {changed(16, byte(elf.ET_REL)), "", errNotELF},
		"core":                  {changed(16, byte(elf.ET_CORE)), "", errNotELF},
		"size of an entry":      {changed(54, 57), "", errCutELF},
		"no entries":            {changed(56, 0), "", errCutELF},
		"loader without a NUL":  {changed(64+56+32, 5), "", errCutELF},
		"loader without name":   {changed(64+2*56, 0), "", errNoName},
		"loader of a byte":      {changed(64+56+32, 1), "", errCutELF},
		"loader beyond":         {append(far, make([]byte, HeadSize-len(far))...), "", errBeyond},
		"loader beyond the end": {far, "", errShortELF},
		"offset overflows":      {append(changed(39, 0xff), make([]byte, HeadSize)...), "", errBeyond},
	} {
		if loader, err := ArchitectureNamed("amd64").loaderOf(row.head); loader != row.want || err != row.err {
			t.Errorf("%s: %q, %v; want %q, %v", name, loader, err, row.want, row.err)
		}
	}
}

// TestLoader predicts programs whose loader is there, or is not.
func TestLoader(t *testing.T) {
	const loader = "/lib/ld.so"
	for name, row := range map[string]struct {
		head         []byte
		loader       *Found
		architecture string
		want         string
		why          string
	}{
		"static":             {predicttest.ELF(""), nil, "", OK, ""},
		"dynamic":            {predicttest.ELF(loader), file(), "", OK, ""},
		"no loader":          {predicttest.ELF(loader), nil, "", "ENOENT", "/lib/ld.so: no such file or directory: it is the loader that /app names"},
		"loader without x":   {predicttest.ELF(loader), file(mode(0o644, 0, 0)), "", "EACCES", "it is the loader that /app names; mode 0644 of uid 0, gid 0 lets nobody execute it"},
		"text":               {[]byte("exit\n"), nil, "", "ENOEXEC", "neither an ELF file nor a script"},
		"machine":            {predicttest.ELF(""), nil, "amd64", OK, ""},
		"another machine":    {predicttest.ELF(""), nil, "arm64", "ENOEXEC", "it is built for amd64, not for arm64"},
		"loader is text":     {predicttest.ELF(loader), file(head("#!/x\n")), "", "ELIBBAD", "/lib/ld.so: accessing a corrupted shared library: it is the loader that /app names, and no ELF file"},
		"script of no shell": {[]byte("#!/app2\n"), nil, "", "ENOENT", ""},
	} {
		in := &tree{files: map[string]*Found{"/app": file(func(f *Found) { f.Head = task.Known(row.head) })}}
		if row.loader != nil {
			in.files[loader] = row.loader
		}
		s := subject(t, user(), in, WhatIf{})
		s.Architecture = ArchitectureNamed(cmp.Or(row.architecture, "amd64"))
		p, err := s.Predict("/app")
		if err != nil || p.Result != row.want || !strings.Contains(p.Why, row.why) {
			t.Errorf("%s: %v, %v, %q", name, err, p.Result, p.Why)
		}
		if err == nil && p.Result != OK && p.Changes == nil {
			t.Errorf("%s: no change: %s", name, p.Why)
		}
	}
}

// FuzzLoaderOf looks for bytes that make the reader of headers panic.
func FuzzLoaderOf(f *testing.F) {
	f.Add(predicttest.ELF("/lib/ld.so"))
	f.Add(predicttest.ELF(""))
	f.Fuzz(func(t *testing.T, head []byte) {
		for i := range architectures {
			loader, err := architectures[i].loaderOf(head[:min(len(head), HeadSize)])
			if err != nil && loader != "" {
				t.Errorf("%s: %q with %v", architectures[i].Name, loader, err)
			}
		}
	})
}
