// SPDX-License-Identifier: Apache-2.0

// Release checks what `make dist` made: that the sums are those of the files, all of
// them, that each binary is of the platform that its name says, stands alone, and
// has a bill of materials that says what is linked in, that each answers as the
// first does, by an emulator of qemu-user-static if need be, and that the archive
// tells nothing of the machine that packed it. If there are packages and
// images, it checks them too.
package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

func main() {
	dir := flag.String("dir", "../../dist", "what to check")
	run := flag.Bool("run", false, "fail where there is no package, no emulator, or no tool")
	flag.Parse()
	if err := check(*dir, *run); err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

func check(dir string, run bool) error {
	sums, err := checkSums(dir)
	if err != nil {
		return err
	}
	names, err := filepath.Glob(filepath.Join(dir, "capinspect-*-*"))
	if err != nil {
		return err
	}
	names = slices.DeleteFunc(names, func(name string) bool { return filepath.Ext(name) != "" })
	if len(names) == 0 {
		return fmt.Errorf("%s: no binary", dir)
	}
	missing := func(what string) error {
		if run {
			return errors.New(what)
		}
		fmt.Println(what)
		return nil
	}
	var binaries []*binary
	var want string
	for _, name := range names {
		b, err := readBinary(name)
		if err == nil {
			err = b.checkBOM(sums[filepath.Base(name)])
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		binaries = append(binaries, b)
		got, without, err := b.answers()
		switch {
		case err != nil:
			return fmt.Errorf("%s: %w", name, err)
		case without != "":
			if err := missing(name + ": not run: " + without); err != nil {
				return err
			}
		case want == "":
			want = got
		case got != want:
			return fmt.Errorf("%s: it answers\n%s\nand another one\n%s", name, got, want)
		}
	}
	fmt.Printf("%d binaries, %d files\n", len(names), len(sums))
	if err := checkArchive(filepath.Join(dir, "capinspect-share.tar.gz")); err != nil {
		return err
	}
	if err := checkPlugin(dir, binaries[0].info.Main.Version, sums, run); err != nil {
		return err
	}
	made := func(pattern string) bool {
		found, err := filepath.Glob(filepath.Join(dir, pattern))
		return err == nil && len(found) > 0
	}
	if made("*.deb") || run {
		if err := checkPackages(binaries, sums, missing); err != nil {
			return err
		}
	}
	if made("*.zip") || run {
		if err := checkMacOS(dir, binaries, sums); err != nil {
			return err
		}
	}
	if made("*.oci.tar") || run {
		return checkImages(dir, binaries, missing)
	}
	return nil
}

// checkSums reads SHA256SUMS, which is to have the sum of each other file.
func checkSums(dir string) (map[string]string, error) {
	text, err := os.ReadFile(filepath.Join(dir, "SHA256SUMS"))
	if err != nil {
		return nil, err
	}
	sums := map[string]string{}
	for line := range bytes.Lines(text) {
		sum, name, ok := strings.Cut(strings.TrimSuffix(string(line), "\n"), "  ")
		if !ok {
			return nil, fmt.Errorf("SHA256SUMS: %q", line)
		}
		sums[name] = sum
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	for _, entry := range entries {
		if entry.Name() == "SHA256SUMS" {
			continue
		}
		data, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		if err != nil {
			return nil, err
		}
		if sum := sha256.Sum256(data); hex.EncodeToString(sum[:]) != sums[entry.Name()] {
			return nil, fmt.Errorf("%s: its sum is not %q", entry.Name(), sums[entry.Name()])
		}
	}
	if len(entries) != len(sums)+1 {
		return nil, fmt.Errorf("%s: %d files, %d sums", dir, len(entries)-1, len(sums))
	}
	return sums, nil
}
