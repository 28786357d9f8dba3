// SPDX-License-Identifier: Apache-2.0

// Package render writes tasks and answers for people: as text, as YAML, as flags of docker
// and as lines of a systemd unit. It also has the table of all output formats, those of
// package report included. What ps lists is in package table.
//
// It reads nothing: it shows the values of a task, or says why they are unknown. Text that
// another process chose is escaped before it is shown.
package render
