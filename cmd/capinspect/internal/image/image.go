// SPDX-License-Identifier: Apache-2.0

// Package image reads what execve(2) goes by in the image of a container: its files and who
// starts what. It reads the archives of docker save and podman save, and the layouts of the
// OCI, as directories and as archives, from their beginning to their end, and unpacks nothing
// to a disk. The layers of an image may be hostile.
package image

import (
	"fmt"
	"strings"
	"time"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/manifest"
)

// Image is an image, as far as execve(2) goes by it.
type Image struct {
	Name         string // by which registries know it, or that of its file if the archive tells none
	Architecture string // as "amd64"
	Config       Config
	History      []History // how its layers were made, the lowest first
	Layers       int

	top    *file // its root directory
	mounts []manifest.Mount
}

// Config says how to start the image (image-spec, config.md).
type Config struct {
	User       string   `json:"User"`
	Entrypoint []string `json:"Entrypoint"`
	Cmd        []string `json:"Cmd"`
	Env        []string `json:"Env"`
	WorkingDir string   `json:"WorkingDir"`
}

// History is a step in which the image was made.
type History struct {
	Created   *time.Time `json:"created"`
	CreatedBy string     `json:"created_by"`
	Empty     bool       `json:"empty_layer"` // it made no layer
}

// Command returns the program that the image starts, with its arguments.
func (c *Config) Command() []string {
	return append(append([]string(nil), c.Entrypoint...), c.Cmd...)
}

// Getenv returns a variable of the environment that the image sets; "" if it does not.
func (c *Config) Getenv(name string) string {
	for _, entry := range c.Env {
		if value, ok := strings.CutPrefix(entry, name+"="); ok {
			return value
		}
	}
	return ""
}

// The most that is read of an image.
const (
	maxDocument  = 4 << 20 // bytes of a JSON document
	maxDocuments = 64 << 20
	maxFiles     = 1 << 20   // files of all layers, and the directories above them
	maxNames     = 256 << 20 // bytes of the names of all of them
	maxLayers    = 512
	maxHeads     = 128 << 20 // bytes of the beginnings of programs
	maxSteps     = 1 << 28   // names on the way to all of its files

	// A layer, or a compressed archive, may unpack to this many bytes, and to so many times
	// more than it has itself.
	maxUnpacked = 1 << 30
	maxRatio    = 200
)

// tooMuchError is the error for an image that has more of something than is read.
type tooMuchError struct{ what string }

func (e *tooMuchError) Error() string { return "too much for an image: " + e.what }

func tooMuch(format string, a ...any) error { return &tooMuchError{fmt.Sprintf(format, a...)} }
