// SPDX-License-Identifier: Apache-2.0

// Package manifest holds what capinspect writes against the types of Kubernetes. It
// is only tests.
package manifest
