// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package main

// attempts has nothing to execute.
func attempts() {}

// scopesOfKernel has no user namespace.
func scopesOfKernel() {}

// doOperation does one of the operations that the tests on Linux try.
func doOperation() {}

// usernsTrials has no user namespace to create.
func usernsTrials() {}

// accessTargets has no /proc.
func accessTargets() {}

// measured has no memory to measure.
func measured() {}

// accessReader has no /proc to read.
func accessReader() {}

// doLater does one of them in a random state.
func doLater() {}

// doThere does them in a container.
func doThere() {}
