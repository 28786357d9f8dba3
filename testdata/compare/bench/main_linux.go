// SPDX-License-Identifier: Apache-2.0

// Bench measures what a budget limits: a whole process, the parse of a status
// file, and sizes. Run it in the directory of this module:
//
//	go run ./bench -capinspect ../../bin/capinspect
//
// It compares with other programs and libraries on the same machine in the
// same run, turn by turn, and takes medians. A budget that is not kept is said
// and is no error: a time depends on the machine. The exit status is 1 only if
// something could not be run.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/capinspect/capinspect/testdata/compare/internal/measure"
)

type config struct {
	capinspect string
	runs       int
	image      string
}

func main() {
	var c config
	flag.StringVar(&c.capinspect, "capinspect", "", "the capinspect binary, built with CGO_ENABLED=0 -trimpath -ldflags='-s -w'")
	flag.IntVar(&c.runs, "n", 201, "how many runs the medians are of")
	flag.StringVar(&c.image, "image", "", "the name of the container image")
	flag.Parse()
	if c.capinspect == "" || c.runs < 1 || flag.NArg() > 0 {
		fmt.Fprintln(os.Stderr, "usage: bench -capinspect PATH [-n RUNS] [-image NAME]")
		os.Exit(2)
	}
	if err := c.run(os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// run prints the groups one after the other, each as soon as it is measured.
func (c config) run(w io.Writer) error {
	path, err := filepath.Abs(c.capinspect)
	if err != nil {
		return err
	}
	c.capinspect = path
	if err := measure.Header(w, c.capinspect, c.runs); err != nil {
		return err
	}
	for _, group := range []func(config, io.Writer) error{processes, parses, sizes} {
		if err := group(c, w); err != nil {
			return err
		}
	}
	return nil
}
