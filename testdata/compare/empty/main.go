// SPDX-License-Identifier: Apache-2.0

// Empty does nothing: what it costs is the start of the Go runtime.
package main

func main() {}
