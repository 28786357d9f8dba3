// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package command

import (
	"io"
)

// TerminalWidth takes no stream for a terminal.
func TerminalWidth(io.Writer) int { return 0 }

// IsTerminal takes no stream for a terminal.
func IsTerminal(io.Reader) bool { return false }
