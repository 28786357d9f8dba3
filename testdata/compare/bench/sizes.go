// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"

	"github.com/capinspect/capinspect/testdata/compare/internal/measure"
)

const (
	kib           = 1 << 10
	maxBinaryKiB  = 5 << 10 // of linux/amd64
	maxBesidesKiB = 100     // of what the image holds besides the binary
)

// sizes prints how large the binary and the image are.
func sizes(c config, w io.Writer) error {
	file, err := os.Stat(c.capinspect)
	if err != nil {
		return err
	}
	binary := float64(file.Size()) / kib
	var budgets measure.Table
	budgets.Add("budget", "measured", "at most")
	budgets.Judge("binary, KiB", binary, maxBinaryKiB, 0)
	image, left := imageSize(c.image)
	if left == nil {
		budgets.Judge("image, KiB", float64(image)/kib, binary+maxBesidesKiB, 0)
	}
	budgets.Write(w)
	if left != nil {
		fmt.Fprintf(w, "left out: image: %v\n", left)
	}
	return nil
}

// imageSize asks docker for the size of an image in bytes.
func imageSize(name string) (int64, error) {
	if name == "" {
		return 0, errors.New("no -image given")
	}
	out, err := exec.Command("docker", "image", "inspect", "--format", "{{.Size}}", "--", name).Output()
	if failed, ok := errors.AsType[*exec.ExitError](err); ok {
		line, _, _ := bytes.Cut(bytes.TrimSpace(failed.Stderr), []byte("\n"))
		return 0, fmt.Errorf("docker: %s", line)
	}
	if err != nil {
		return 0, err
	}
	return strconv.ParseInt(string(bytes.TrimSpace(out)), 10, 64)
}
