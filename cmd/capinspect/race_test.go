// SPDX-License-Identifier: Apache-2.0

//go:build race

package main

// raceDetector is true if the tests run under the race detector. The test process then
// takes more memory than the command may, and the kernel counts that in the peak of each
// child, since a child starts as a copy of its parent.
const raceDetector = true
