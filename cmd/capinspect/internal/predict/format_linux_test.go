// SPDX-License-Identifier: Apache-2.0

package predict

import (
	"context"
	"debug/elf"
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"
)

// TestLoaderOfIsKernels changes bytes of a program's headers, and executes it: the kernel gives
// ENOEXEC, or an error about the loader, where that is foretold, and nowhere else. What else
// may be wrong with a program, as where it wants to be loaded, is not looked at.
func TestLoaderOfIsKernels(t *testing.T) {
	here := ArchitectureNamed(runtime.GOARCH)
	if here == nil {
		t.Fatalf("no architecture %s", runtime.GOARCH)
	}
	program, err := os.ReadFile("/bin/true")
	if err != nil {
		t.Fatal(err)
	}
	h, err := here.header(program)
	if err != nil {
		t.Fatal(err)
	}
	name, err := here.loaderOf(program[:HeadSize])
	if err != nil || name == "" {
		t.Fatalf("/bin/true names the loader %q: %v", name, err)
	}
	headers := int(h.Phoff) + int(h.Phnum)*int(h.Phentsize)
	seed := rand.Uint64()
	random := rand.New(rand.NewPCG(seed, 0))
	seen := map[string]int{}
	for i := range 600 {
		changed := append([]byte(nil), program...)
		switch i % 6 {
		case 0: // of the header alone
			changed[random.IntN(64)] = byte(random.Uint32())
		case 1: // a script, or text
			changed = []byte([...]string{"", "x", "exit 0\n", "\x7fELF", "\x7fEL"}[random.IntN(5)])
		case 2: // the loader's name
			changed[headers+random.IntN(60)] = byte(random.Uint32())
		case 3:
			changed = changed[:random.IntN(headers+60)]
		case 4: // the type of a program header
			changed[int(h.Phoff)+random.IntN(int(h.Phnum))*int(h.Phentsize)] = byte(elf.PT_INTERP)
		default:
			changed[random.IntN(headers)] ^= 1 << random.IntN(8)
		}
		file := filepath.Join(t.TempDir(), "program")
		if err := os.WriteFile(file, changed, 0o755); err != nil {
			t.Fatal(err)
		}
		want := foretold(here, changed)
		got := executed(t, file)
		seen[want]++
		if got != want && want != "unknown" && (examined[want] || examined[got]) {
			t.Errorf("seed %d, %d: %s is foretold, and the kernel says %s: %q", seed, i, want, got, changed[:min(len(changed), 64)])
		}
	}
	t.Log(seen)
	if seen[OK] < 50 || seen["ENOEXEC"] < 50 || seen["ENOENT"] < 5 {
		t.Errorf("%v", seen)
	}
}

// examined are the errors that are foretold.
var examined = map[string]bool{"ENOEXEC": true, "ENOENT": true, "EACCES": true, "ELIBBAD": true, "EIO": true, "ENOTDIR": true}

// foretold returns what comes of executing a file, as far as its format and its loader decide.
func foretold(here *Architecture, file []byte) string {
	name, err := here.loaderOf(file[:min(len(file), HeadSize)])
	switch {
	case errors.Is(err, errBeyond):
		return "unknown"
	case errors.Is(err, errNoName):
		return "EACCES"
	case errors.Is(err, errShortELF):
		return "EIO"
	case err != nil:
		return "ENOEXEC"
	case name == "":
		return OK
	}
	info, err := os.Stat(name)
	switch {
	case errors.Is(err, syscall.ENOENT):
		return "ENOENT"
	case errors.Is(err, syscall.ENOTDIR):
		return "ENOTDIR"
	case err != nil:
		return "unknown"
	case !info.Mode().IsRegular() || info.Mode()&0o111 == 0:
		return "EACCES"
	}
	return OK
}

// executed returns what comes of executing a file.
func executed(t *testing.T, file string) string {
	t.Helper()
	within, stop := context.WithTimeout(t.Context(), 10*time.Second) // a broken program may go round in circles
	defer stop()
	cmd := exec.CommandContext(within, file)
	err := cmd.Start()
	if err == nil {
		cmd.Wait() //nolint:errcheck // a broken program may fail
		return OK
	}
	errno, ok := errors.AsType[syscall.Errno](err)
	if !ok {
		t.Fatal(err)
	}
	for name, is := range map[string]syscall.Errno{
		"ENOEXEC": syscall.ENOEXEC, "ENOENT": syscall.ENOENT, "EACCES": syscall.EACCES, "ELIBBAD": syscall.ELIBBAD, "EIO": syscall.EIO, "ENOTDIR": syscall.ENOTDIR,
	} {
		if errno == is {
			return name
		}
	}
	return errno.Error()
}
