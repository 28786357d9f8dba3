// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package cli

import (
	"io"
)

// terminalWidth takes no stream for a terminal.
func terminalWidth(io.Writer) int { return 0 }

// isTerminal takes no stream for a terminal.
func isTerminal(io.Reader) bool { return false }
