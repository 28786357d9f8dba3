// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package collect

import "os"

func readFile(path string) ([]byte, error) { return os.ReadFile(path) }
