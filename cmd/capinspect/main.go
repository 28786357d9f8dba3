// SPDX-License-Identifier: Apache-2.0

// Capinspect tells which Linux capabilities a process really has, and why.
package main

import (
	"os"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/cli"
)

func main() { os.Exit(cli.Main(os.Args, os.Stdin, os.Stdout, os.Stderr)) }
