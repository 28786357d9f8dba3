// SPDX-License-Identifier: Apache-2.0

package main

import (
	"archive/zip"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// checkMacOS holds that each binary for macOS is in a zip with what belongs to it, and that
// the formula has the address and the sum of each zip and installs files that are in it.
func checkMacOS(dir string, binaries []*binary, sums map[string]string) error {
	formula, err := os.ReadFile(filepath.Join(dir, "capinspect.rb"))
	if err != nil {
		return err
	}
	for _, b := range binaries {
		if b.goos != "darwin" {
			continue
		}
		files, err := readZip(b.path + ".zip")
		if err != nil {
			return fmt.Errorf("%s.zip: %w", b.path, err)
		}
		program := entry{mode: "755", sum: sums[b.base()]}
		if files["bin/capinspect"] != program {
			return fmt.Errorf("%s.zip: its program is %v, and not %v", b.path, files["bin/capinspect"], program)
		}
		for _, name := range []string{
			"bin/capinspect", "share/man/man1/capinspect.1", "share/bash-completion/completions/capinspect",
			"share/zsh/site-functions/_capinspect", "share/fish/vendor_completions.d/capinspect.fish",
		} {
			if files[name].sum == "" || !strings.Contains(string(formula), `.install "`+name+`"`) {
				return fmt.Errorf("%s.zip lacks %s, or the formula does not install it", b.path, name)
			}
		}
		if files["share/doc/capinspect/LICENSE"].sum == "" {
			return fmt.Errorf("%s.zip has no LICENSE", b.path)
		}
		name := b.base() + ".zip"
		for _, want := range []string{"/releases/download/" + b.info.Main.Version + "/" + name, sums[name]} {
			if strings.Count(string(formula), want+`"`) != 1 {
				return fmt.Errorf("the formula does not have %s once:\n%s", want, formula)
			}
		}
	}
	return nil
}

func readZip(path string) (installed, error) {
	z, err := zip.OpenReader(path)
	if err != nil {
		return nil, err
	}
	defer z.Close()
	files := installed{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			return nil, err
		}
		sum := sha256.New()
		if _, err := io.Copy(sum, r); err != nil {
			return nil, err
		}
		files[f.Name] = entry{mode: fmt.Sprintf("%o", f.Mode()), sum: fmt.Sprintf("%x", sum.Sum(nil))}
	}
	return files, nil
}
