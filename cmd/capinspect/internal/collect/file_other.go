// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package collect

import "os"

func readFile(path string, _ []byte) ([]byte, error) { return os.ReadFile(path) }
