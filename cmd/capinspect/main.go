// SPDX-License-Identifier: Apache-2.0

// Capinspect tells which Linux capabilities a process really has, and why.
//
// It ends long before a change of the cgroup's CPU limit could matter, which
// the Go runtime else watches for with a goroutine of its own.
//
//go:debug updatemaxprocs=0
package main

import (
	"os"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/cli"
)

func main() { os.Exit(cli.Main(os.Args, os.Stdin, os.Stdout, os.Stderr)) }
