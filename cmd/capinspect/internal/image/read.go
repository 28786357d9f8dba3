// SPDX-License-Identifier: Apache-2.0

package image

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/collect/userdb"
)

// The types below have the members of interest of the documents of an image (image-spec,
// image-index.md, manifest.md and config.md; moby image/spec/spec.md, manifest.json).
type (
	descriptor struct {
		MediaType   string            `json:"mediaType"`
		Digest      string            `json:"digest"`
		Annotations map[string]string `json:"annotations"`
		Platform    *platform         `json:"platform"`
	}
	platform struct {
		OS           string `json:"os"`
		Architecture string `json:"architecture"`
		Variant      string `json:"variant"`
	}
	// document is an index or a manifest: which of them, its members tell.
	document struct {
		Manifests []descriptor `json:"manifests"`
		Config    *descriptor  `json:"config"`
		Layers    []descriptor `json:"layers"`
	}
	// saved is an image in the manifest.json of docker save.
	saved struct {
		Config   string   `json:"Config"`
		RepoTags []string `json:"RepoTags"`
		Layers   []string `json:"Layers"`
	}
	configuration struct {
		platform
		Config  Config    `json:"config"`
		History []History `json:"history"`
	}
)

// candidate is an image of an archive.
type candidate struct {
	names    []string // by which it may be asked for
	platform platform
	config   string   // the names of its files
	layers   []string // the lowest first
}

// title names the candidate in messages.
func (c *candidate) title() string {
	name := shortened(strings.Join(c.names, ", "))
	if name == "" {
		name = "one without a name"
	}
	if c.platform.Architecture != "" {
		name += " (" + c.platform.Architecture + ")"
	}
	return name
}

// Open reads an image from an archive or a directory. If that has several, name chooses one
// by a name of it, by the architecture, or by both as a list of them does, "app (arm64)";
// of those that are left the one for the machine is taken.
func Open(file, name, machine string) (*Image, error) {
	a, done, err := open(file)
	if err != nil {
		return nil, err
	}
	defer done()
	docs, err := documents(a)
	if err != nil {
		return nil, err
	}
	all, err := candidates(a, docs)
	if err != nil {
		return nil, err
	}
	c, err := choose(all, name, machine)
	if err != nil {
		return nil, err
	}
	i, err := c.image(a, docs)
	if err == nil && i.Name == "" {
		i.Name = path.Base(file)
	}
	return i, err
}

// candidates returns the images of an archive.
func candidates(a archive, docs map[string][]byte) ([]*candidate, error) {
	if text, ok := docs[a.same("manifest.json")]; ok {
		return ofDocker(text)
	}
	text, ok := docs[a.same("index.json")]
	if !ok {
		return nil, errNoImage
	}
	r := reader{a: a, docs: docs}
	err := r.index("index.json", text, nil, platform{}, 0)
	if err == nil && r.found == nil {
		err = errors.New("index.json names no image")
	}
	return r.found, err
}

// ofDocker returns the images of what docker save writes.
func ofDocker(text []byte) (found []*candidate, err error) {
	var list []saved
	if err := json.Unmarshal(text, &list); err != nil {
		return nil, fmt.Errorf("manifest.json: %w", err)
	}
	for _, s := range list {
		c := candidate{names: s.RepoTags, config: path.Clean(s.Config)}
		for _, layer := range s.Layers {
			c.layers = append(c.layers, path.Clean(layer))
		}
		found = append(found, &c)
	}
	if found == nil {
		return nil, errors.New("manifest.json names no image")
	}
	return found, nil
}

// reader follows the descriptors of a layout.
type reader struct {
	a     archive
	docs  map[string][]byte
	found []*candidate
	read  int // bytes of indexes and manifests: one may be named again and again
}

// maxIndexes is how deep indexes may lie in each other.
const maxIndexes = 8

// index follows an index or a manifest.
func (r *reader) index(where string, text []byte, names []string, on platform, depth int) error {
	const least = 1 << 10 // that the shortest counts for
	if r.read += least + len(text); r.read > maxDocuments {
		return tooMuch("more than %d MiB of indexes and manifests", maxDocuments>>20)
	}
	var doc document
	if err := json.Unmarshal(text, &doc); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	switch {
	case doc.Config != nil:
		return r.manifest(&doc, names, on)
	case depth > maxIndexes || len(r.found) > maxLayers:
		return tooMuch("more than %d indexes in each other, or more than %d images", maxIndexes, maxLayers)
	}
	for _, d := range doc.Manifests {
		if d.Annotations["vnd.docker.reference.type"] != "" {
			continue // what was noted about another image, as how it was built
		}
		name, text, err := r.blob(d.Digest)
		if err != nil {
			return err
		}
		of := names
		for _, key := range [...]string{"io.containerd.image.name", "org.opencontainers.image.ref.name"} {
			if value := d.Annotations[key]; value != "" {
				of = append(slices.Clone(of), value)
			}
		}
		its := on
		if d.Platform != nil {
			its = *d.Platform
		}
		if err := r.index(name, text, of, its, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// manifest takes the image of a manifest, unless it is something else that a registry keeps.
func (r *reader) manifest(doc *document, names []string, on platform) error {
	c := candidate{names: names, platform: on}
	var err error
	if c.config, err = blobName(doc.Config.Digest); err != nil {
		return err
	}
	if !strings.Contains(doc.Config.MediaType, ".image.config.") && !strings.Contains(doc.Config.MediaType, "container.image.") {
		return nil
	}
	for _, layer := range doc.Layers {
		name, err := blobName(layer.Digest)
		if err != nil {
			return err
		}
		c.layers = append(c.layers, name)
	}
	r.found = append(r.found, &c)
	return nil
}

// blob returns a document by its digest.
func (r *reader) blob(digest string) (name string, text []byte, err error) {
	if name, err = blobName(digest); err != nil {
		return "", nil, err
	}
	text, ok := r.docs[r.a.same(name)]
	if !ok {
		return "", nil, fmt.Errorf("%s is not in the archive, or is no JSON", name)
	}
	return name, text, nil
}

// blobName returns the name of the file with a digest, as "sha256:0123...".
func blobName(digest string) (string, error) {
	kind, hex, ok := strings.Cut(digest, ":")
	if !ok || kind == "" || hex == "" || strings.ContainsAny(digest, "/.\x00") {
		return "", fmt.Errorf("%q is no digest", shortened(digest))
	}
	return "blobs/" + kind + "/" + hex, nil
}

// choose returns one of the images.
func choose(all []*candidate, name, machine string) (*candidate, error) {
	var fit []*candidate
	for _, c := range all {
		if name == "" || name == c.platform.Architecture || name == c.title() || slices.ContainsFunc(c.names, func(full string) bool { return isNamed(full, name) }) {
			fit = append(fit, c)
		}
	}
	if len(fit) > 1 {
		for _, c := range fit {
			if c.platform.Architecture == machine && !slices.ContainsFunc(fit, func(o *candidate) bool { return o != c && o.platform.Architecture == machine }) {
				return c, nil
			}
		}
	}
	if len(fit) == 1 {
		return fit[0], nil
	}
	var titles []string
	for _, c := range all[:min(len(all), 10)] {
		titles = append(titles, c.title())
	}
	list := strings.Join(titles, "; ")
	if len(fit) == 0 {
		return nil, fmt.Errorf("no image in it is named %q: it has %s", shortened(name), list)
	}
	return nil, fmt.Errorf("it has several images: name one of %s", list)
}

// isNamed reports whether a name is that of an image: the whole, or its last part, with its
// tag or without it.
func isNamed(full, name string) bool {
	last := full[strings.LastIndexByte(full, '/')+1:]
	repository, tag, _ := strings.Cut(last, ":")
	return name == full || name == last || name == repository || name == tag
}

// image reads the image.
func (c *candidate) image(a archive, docs map[string][]byte) (*Image, error) {
	text, ok := docs[a.same(c.config)]
	if !ok {
		return nil, fmt.Errorf("its configuration, %s, is not in the archive, or is no JSON", c.config)
	}
	var config configuration
	if err := json.Unmarshal(text, &config); err != nil {
		return nil, fmt.Errorf("%s: %w", c.config, err)
	}
	if config.OS != "" && config.OS != "linux" {
		return nil, fmt.Errorf("it is an image for %s, and not for Linux", config.OS)
	}
	if len(c.layers) > maxLayers {
		return nil, tooMuch("more than %d layers", maxLayers)
	}
	image := &Image{
		Architecture: config.Architecture, Config: config.Config, History: config.History, Layers: len(c.layers), top: newTop(),
	}
	if len(c.names) > 0 {
		image.Name = shortened(c.names[0])
	}
	changes, err := c.changes(a)
	if err != nil {
		return nil, err
	}
	t := tree{top: image.top}
	for i, name := range c.layers {
		list, ok := changes[a.same(name)]
		if !ok {
			return nil, fmt.Errorf("layer %d, %s, is not in the archive", i+1, name)
		}
		if err := t.apply(list); err != nil {
			return nil, fmt.Errorf("layer %d, %s: %w", i+1, name, err)
		}
	}
	return image, nil
}

// changes reads the layers, in the order in which they lie in the archive.
func (c *candidate) changes(a archive) (map[string][]change, error) {
	numbers := map[string]int{}
	for i, name := range c.layers {
		if at := a.same(name); numbers[at] == 0 {
			numbers[at] = i + 1
		}
	}
	found := map[string][]change{}
	l := layers{whole: map[string]bool{userdb.Passwd: true, userdb.Group: true}}
	err := a.each(func(name string, _ int64) bool { return numbers[name] != 0 && found[name] == nil },
		func(name string, size int64, text io.Reader) error {
			sum := newChecked(name, text)
			list, err := l.read(numbers[name], sum, size)
			if err == nil {
				err = sum.check()
			}
			if err != nil {
				return fmt.Errorf("layer %d, %s: %w", numbers[name], name, err)
			}
			if list == nil {
				list = []change{}
			}
			found[name] = list
			return nil
		})
	return found, err
}
