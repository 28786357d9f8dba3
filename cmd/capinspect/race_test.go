// SPDX-License-Identifier: Apache-2.0

//go:build race

package main

// raceDetector tells that the tests run under the race detector. A test process then holds
// more memory than the command may, and the kernel counts that as the peak of what it
// starts: of what it executes, the fork is a part.
const raceDetector = true
