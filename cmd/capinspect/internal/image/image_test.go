// SPDX-License-Identifier: Apache-2.0

package image

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/capinspect/capinspect/capset"
	runtimes "github.com/capinspect/capinspect/capset/runtime"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/manifest"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/predict"
)

var netRaw = string((&capset.FileCaps{Version: 2, Permitted: capset.Of(capset.NetRaw), Effective: true}).Attribute())

// header returns an entry of an archive from a few words: "dir/", "file=text", "link->target", or
// "hard=>target".
func header(words string) (h tar.Header, text string) {
	h = tar.Header{Format: tar.FormatPAX, Mode: 0o755}
	words, setuid := strings.CutSuffix(words, " +setuid")
	if setuid {
		h.Mode = 0o4755
	}
	words, caps := strings.CutSuffix(words, " +raw")
	if caps {
		h.PAXRecords = map[string]string{"SCHILY.xattr.security.capability": netRaw}
	}
	switch {
	case strings.HasSuffix(words, "/"):
		h.Typeflag, h.Name = tar.TypeDir, words
	case strings.Contains(words, "->"):
		h.Typeflag = tar.TypeSymlink
		h.Name, h.Linkname, _ = strings.Cut(words, "->")
	case strings.Contains(words, "=>"):
		h.Typeflag = tar.TypeLink
		h.Name, h.Linkname, _ = strings.Cut(words, "=>")
	default:
		h.Typeflag = tar.TypeReg
		h.Name, text, _ = strings.Cut(words, "=")
		h.Size = int64(len(text))
	}
	return h, text
}

// archiveOf returns an archive.
func archiveOf(t testing.TB, entries ...string) []byte {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, words := range entries {
		h, text := header(words)
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, text); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func gzipped(t testing.TB, text []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func encoded(t testing.TB, v any) []byte {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

var configOfTests = configuration{platform: platform{OS: "linux", Architecture: "amd64"}, Config: Config{User: "app", Entrypoint: []string{"/bin/app"}}}

// dockerArchive writes what docker save does, and returns its name.
func dockerArchive(t testing.TB, layers ...[]byte) string {
	t.Helper()
	files := map[string][]byte{"config.json": encoded(t, configOfTests)}
	list := []saved{{Config: "config.json", RepoTags: []string{"example.org/team/app:1.2"}}}
	for i, layer := range layers {
		name := fmt.Sprintf("%d/layer.tar", i)
		files[name] = layer
		list[0].Layers = append(list[0].Layers, name)
	}
	files["manifest.json"] = encoded(t, list)
	return written(t, tarOf(t, files))
}

// tarOf returns an archive of files, in the order of their names.
func tarOf(t testing.TB, files map[string][]byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Typeflag: tar.TypeReg, Size: int64(len(files[name]))})
		if err == nil {
			_, err = w.Write(files[name])
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func written(t testing.TB, text []byte) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "image")
	if err := os.WriteFile(name, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// layoutOf returns the files of a layout with an image for each architecture.
func layoutOf(t testing.TB, layers map[string][][]byte) map[string][]byte {
	t.Helper()
	files := map[string][]byte{"oci-layout": []byte(`{"imageLayoutVersion": "1.0.0"}`)}
	add := func(text []byte) string {
		digest := fmt.Sprintf("%x", sha256.Sum256(text))
		files["blobs/sha256/"+digest] = text
		return "sha256:" + digest
	}
	var index document
	for _, architecture := range slices.Sorted(maps.Keys(layers)) {
		config := configOfTests
		config.Architecture = architecture
		manifest := document{Config: &descriptor{MediaType: "application/vnd.oci.image.config.v1+json", Digest: add(encoded(t, config))}}
		for _, layer := range layers[architecture] {
			manifest.Layers = append(manifest.Layers, descriptor{Digest: add(layer)})
		}
		index.Manifests = append(index.Manifests, descriptor{Digest: add(encoded(t, manifest)), Platform: &platform{OS: "linux", Architecture: architecture}})
	}
	index.Manifests = append(index.Manifests, descriptor{Digest: "sha256:0", Annotations: map[string]string{"vnd.docker.reference.type": "attestation-manifest"}})
	outer := document{Manifests: []descriptor{{Digest: add(encoded(t, index)), Annotations: map[string]string{"org.opencontainers.image.ref.name": "1.2"}}}}
	files["index.json"] = encoded(t, outer)
	return files
}

// list returns the files of an image in few words.
func (i *Image) list() (list []string) {
	var walk func(at *place)
	walk = func(at *place) {
		for _, name := range slices.Sorted(maps.Keys(at.names)) {
			next := at.entry(name)
			switch {
			case next.kind == tar.TypeDir:
				list = append(list, next.path+"/")
				walk(next)
			case next.kind == tar.TypeSymlink:
				list = append(list, next.path+"->"+next.target)
			default:
				text := next.path + "=" + string(next.head)
				if next.caps != nil {
					text += " +raw"
				}
				if next.lost != nil {
					text += " lost"
				}
				list = append(list, text)
			}
		}
	}
	walk(&place{file: i.top})
	return list
}

// TestLayers has what layers make of each other.
func TestLayers(t *testing.T) {
	for name, row := range map[string]struct {
		layers [][]string
		want   string
		err    string
	}{
		"nothing":              {nil, "", ""},
		"names":                {[][]string{{"./", "./a/", "./a/b=#!1", "/c=#!2", "d/e=#!3"}}, "/a/ /a/b=#!1 /c=#!2 /d/ /d/e=#!3", ""},
		"a later one":          {[][]string{{"a=#!1"}, {"a=#!2"}}, "/a=#!2", ""},
		"gone":                 {[][]string{{"a=#!1", "b/", "b/c=#!2"}, {".wh.a", ".wh.b"}}, "", ""},
		"gone and there again": {[][]string{{"a/", "a/b=#!1"}, {"a/c=#!2", ".wh.a"}}, "/a/ /a/c=#!2", ""},
		"gone, never there":    {[][]string{{".wh.a", "x/.wh.b", "x/.wh..wh..opq"}}, "", ""},
		"opaque":               {[][]string{{"a/", "a/b=#!1", "a/d/", "a/d/e=#!2"}, {"a/", "a/c=#!3", "a/.wh..wh..opq"}}, "/a/ /a/c=#!3", ""},
		"the root is opaque":   {[][]string{{"a=#!1"}, {"b=#!2", ".wh..wh..opq"}}, "/b=#!2", ""},
		"of aufs":              {[][]string{{".wh..wh.plnk/", ".wh..wh.aufs=x", "a=#!1"}}, "/a=#!1", ""},
		"a directory stays":    {[][]string{{"a/", "a/b=#!1"}, {"a/"}}, "/a/ /a/b=#!1", ""},
		"file for directory":   {[][]string{{"a/", "a/b=#!1"}, {"a=#!2"}}, "/a=#!2", ""},
		"directory for file":   {[][]string{{"a=#!1"}, {"a/", "a/b=#!2"}}, "/a/ /a/b=#!2", ""},
		"through a link":       {[][]string{{"usr/lib/", "lib->usr/lib"}, {"lib/a=#!1", "lib/.wh.b"}}, "/lib->usr/lib /usr/ /usr/lib/ /usr/lib/a=#!1", ""},
		"gone through a link":  {[][]string{{"usr/lib/a=#!1", "lib->/usr/lib"}, {"lib/.wh.a"}}, "/lib->/usr/lib /usr/ /usr/lib/", ""},
		"above the root":       {[][]string{{"a->../../b", "b/"}, {"a/c=#!1"}}, "/a->../../b /b/ /b/c=#!1", ""},
		"a hard link":          {[][]string{{"a=#!1 +raw", "b=>a +raw"}, {".wh.a"}}, "/b=#!1 +raw", ""},
		"which loses":          {[][]string{{"a=#!1 +raw", "b=>a"}}, "/a=#!1 /b=#!1", ""},
		"from a lower layer":   {[][]string{{"a=#!1"}, {"b=>a"}}, "/a=#!1 /b=#!1", ""},
		"to nothing":           {[][]string{{"b=>a"}}, "", `layer 1, 0/layer.tar: "b": it is a hard link to "a", which is not there`},
		"to itself":            {[][]string{{"b=>b"}}, "", "which is not there"},
		"to a directory":       {[][]string{{"a/", "b=>a"}}, "", "which is not there"},
		"capabilities lost":    {[][]string{{"a=#!1 +raw"}, {"a=#!1"}, {"a=#!2"}}, "/a=#!2 lost", ""},
		"and there again":      {[][]string{{"a=#!1 +raw"}, {"a=#!1"}, {"a=#!2 +raw"}}, "/a=#!2 +raw", ""},
		"outside":              {[][]string{{"../a=1"}}, "", `layer 1, 0/layer.tar: "../a": the name leads out of the image`},
		"outside within":       {[][]string{{"a/../../b=1"}}, "", "the name leads out of the image"},
		"a link outside":       {[][]string{{"a=>../../etc/passwd"}}, "", "the name leads out of the image"},
		"below a file":         {[][]string{{"a=1", "a/b=2"}}, "", `"a/b": it is below a file that is no directory`},
		"links in circles":     {[][]string{{"a->b", "b->a", "a/c=1"}}, "", "too many symbolic links lead to it"},
		"a link that grows":    {[][]string{{"a->a/a/a/a", "a/c=1"}}, "", "too many symbolic links lead to it"},
		"a long name":          {[][]string{{strings.Repeat("x", 5000) + "=1"}}, "", "the name is longer than 4096 bytes"},
	} {
		var layers [][]byte
		for _, entries := range row.layers {
			layers = append(layers, archiveOf(t, entries...))
		}
		i, err := Open(dockerArchive(t, layers...), "", "amd64")
		switch {
		case row.err != "":
			if err == nil || !strings.Contains(err.Error(), row.err) {
				t.Errorf("%s: %v; want %s", name, err, row.err)
			}
		case err != nil:
			t.Errorf("%s: %v", name, err)
		default:
			if got := strings.Join(i.list(), " "); got != row.want {
				t.Errorf("%s: %s\nwant %s", name, got, row.want)
			}
		}
	}
}

// TestFormats reads the same files from each form of an image.
func TestFormats(t *testing.T) {
	const want = "/bin/ /bin/app=#!/bin/sh\n +raw"
	layer := archiveOf(t, "bin/", "bin/app=#!/bin/sh\n +raw")
	packed, err := os.ReadFile("testdata/layer.tar.zst") // of the same files
	if err != nil {
		t.Fatal(err)
	}
	other := archiveOf(t, "other=#!1")
	layout := layoutOf(t, map[string][][]byte{"amd64": {gzipped(t, layer)}, "arm64": {other}})
	dir := t.TempDir()
	if err := os.MkdirAll(dir+"/blobs/sha256", 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range layout {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	plain, err := os.ReadFile(dockerArchive(t, layer))
	if err != nil {
		t.Fatal(err)
	}
	for name, row := range map[string]struct{ file, choice, machine string }{
		"docker":               {dockerArchive(t, layer), "", "amd64"},
		"docker, by its name":  {dockerArchive(t, layer), "app", "amd64"},
		"docker, by its tag":   {dockerArchive(t, layer), "1.2", "amd64"},
		"docker, by the whole": {dockerArchive(t, layer), "example.org/team/app:1.2", "amd64"},
		"docker, gzip inside":  {dockerArchive(t, gzipped(t, layer)), "", "amd64"},
		"docker, zstd inside":  {dockerArchive(t, packed), "", "amd64"},
		"docker, gzip outside": {written(t, gzipped(t, plain)), "", "amd64"},
		"a directory":          {dir, "", "amd64"},
		"an OCI archive":       {written(t, tarOf(t, layout)), "", "amd64"},
		"by the architecture":  {written(t, tarOf(t, layout)), "amd64", "arm64"},
		"by both":              {written(t, tarOf(t, layout)), "1.2 (amd64)", "arm64"},
		"OCI, gzip outside":    {written(t, gzipped(t, tarOf(t, layout))), "", "amd64"},
	} {
		i, err := Open(row.file, row.choice, row.machine)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := strings.Join(i.list(), " "); got != want || i.Architecture != "amd64" || i.Config.User != "app" {
			t.Errorf("%s: %q, %s, %+v", name, got, i.Architecture, i.Config)
		}
	}
	if i, err := Open(dir, "", "arm64"); err != nil || i.Architecture != "arm64" || len(i.list()) != 1 {
		t.Errorf("arm64: %v", err)
	}
}

// TestRefused has what is no image, and what is wrong with one.
func TestRefused(t *testing.T) {
	layer := archiveOf(t, "a=#!1")
	whole, err := os.ReadFile(dockerArchive(t, gzipped(t, layer)))
	if err != nil {
		t.Fatal(err)
	}
	layout := layoutOf(t, map[string][][]byte{"s390x": {layer}, "arm64": {layer}})
	without := func(files map[string][]byte, name string) []byte {
		left := maps.Clone(files)
		delete(left, name)
		return tarOf(t, left)
	}
	damaged := maps.Clone(layout)
	for name, text := range damaged {
		if bytes.Equal(text, layer) {
			damaged[name] = archiveOf(t, "b=#!2")
		}
	}
	for name, row := range map[string]struct {
		file   []byte
		choice string
		want   string
	}{
		"nothing":            {nil, "", errNoImage.Error()},
		"text":               {[]byte("hello\n"), "", errNoImage.Error()},
		"a status file":      {[]byte(strings.Repeat("CapEff:\t0000000000000000\n", 100)), "", errNoImage.Error()},
		"another archive":    {layer, "", errNoImage.Error()},
		"cut off":            {whole[:len(whole)/3], "", "cut off"},
		"a cut layer":        {mustRead(t, dockerArchive(t, gzipped(t, layer)[:40])), "", "layer 1, 0/layer.tar: it is cut off"},
		"not gzip":           {mustRead(t, dockerArchive(t, append([]byte{0x1f, 0x8b, 9}, layer...))), "", "layer 1, 0/layer.tar: gzip: invalid header"},
		"not zstd":           {mustRead(t, dockerArchive(t, append(bytes.Clone(zstdMagic), layer...))), "", "layer 1, 0/layer.tar: "},
		"another name":       {mustRead(t, dockerArchive(t, layer)), "web", `no image in it is named "web": it has example.org/team/app:1.2`},
		"which of several":   {tarOf(t, layout), "", "it has several images: name one of 1.2 (arm64); 1.2 (s390x)"},
		"no layer":           {tarOf(t, map[string][]byte{"manifest.json": []byte(`[{"Config": "c.json", "Layers": ["x"]}]`), "c.json": []byte("{}")}), "", "layer 1, x, is not in the archive"},
		"no configuration":   {tarOf(t, map[string][]byte{"manifest.json": []byte(`[{"Config": "c.json", "Layers": []}]`)}), "", "its configuration, c.json, is not in the archive, or is no JSON"},
		"an empty list":      {tarOf(t, map[string][]byte{"manifest.json": []byte(`[]`)}), "", "manifest.json names no image"},
		"no list":            {tarOf(t, map[string][]byte{"manifest.json": []byte(`{}`)}), "", "manifest.json: json: "},
		"no index":           {without(layout, "index.json"), "", errNoImage.Error()},
		"an empty index":     {tarOf(t, map[string][]byte{"index.json": []byte(`{}`)}), "", "index.json names no image"},
		"a strange digest":   {tarOf(t, map[string][]byte{"index.json": []byte(`{"manifests": [{"digest": "sha256:../../etc/passwd"}]}`)}), "", `"sha256:../../etc/passwd" is no digest`},
		"a missing blob":     {tarOf(t, map[string][]byte{"index.json": []byte(`{"manifests": [{"digest": "sha256:0"}]}`)}), "", "blobs/sha256/0 is not in the archive, or is no JSON"},
		"for another system": {tarOf(t, map[string][]byte{"manifest.json": []byte(`[{"Config": "c.json"}]`), "c.json": []byte(`{"os": "windows"}`)}), "", "it is an image for windows, and not for Linux"},
		"another content":    {tarOf(t, damaged), "arm64", "its content is not what its digest says"},
	} {
		if _, err := Open(written(t, row.file), row.choice, "amd64"); err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: %v; want %s", name, err, row.want)
		}
	}
	if _, err := Open(t.TempDir(), "", "amd64"); !errors.Is(err, errNoImage) {
		t.Errorf("an empty directory: %v", err)
	}
}

func mustRead(t testing.TB, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestHostile reads what is made to take all time or all memory.
func TestHostile(t *testing.T) {
	zeros := func(n int64) []byte {
		var out bytes.Buffer
		w, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
		if err == nil {
			in := tar.NewWriter(w)
			err = in.WriteHeader(&tar.Header{Name: "zeros", Mode: 0o644, Typeflag: tar.TypeReg, Size: n})
			if err == nil {
				_, err = io.CopyN(in, zero{}, n)
			}
			err = errors.Join(err, in.Close(), w.Close())
		}
		if err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
	deep := make([]string, 1500)
	for i := range deep {
		deep[i] = strings.Repeat(fmt.Sprintf("%03x/", i), 1000)
	}
	bomb := zeros(1200 << 20)
	links := make([]string, 257)
	for i := range links {
		links[i] = strings.Repeat("x", 1<<20-100) + fmt.Sprint(i) + "->x"
	}
	indexes := map[string][]byte{"blobs/sha256/8": []byte("{}")}
	for i := range 8 {
		name := fmt.Sprintf("blobs/sha256/%d", i)
		if i == 0 {
			name = "index.json"
		}
		indexes[name] = fmt.Appendf(nil, `{"manifests": [%s{"digest": "sha256:%[2]d"}]}`, strings.Repeat(fmt.Sprintf(`{"digest": "sha256:%d"},`, i+1), 99), i+1)
	}
	for name, row := range map[string]struct {
		file []byte
		want string
	}{
		"zeros in gzip":      {mustRead(t, dockerArchive(t, bomb)), "too much for an image: it unpacks to more than 200 times its size"},
		"zeros in gzip, out": {bomb, "too much for an image: it unpacks to more than 200 times its size"},
		"many directories":   {mustRead(t, dockerArchive(t, archiveOf(t, deep...))), "too much for an image: more than 1048576 directories"},
		"many long names":    {archiveOf(t, links...), "too much for an image: names of more than 256 MiB in the archive"},
		"many indexes":       {tarOf(t, indexes), "too much for an image: more than 64 MiB of indexes and manifests"},
		"a sparse terabyte":  {mustRead(t, dockerArchive(t, sparse(t, 1<<40))), ""},
		"names in JSON":      {tarOf(t, map[string][]byte{"index.json": []byte(`{"manifests": [` + strings.Repeat(`{"digest":"sha256:0"},`, 1000) + `{}]}`)}), "is not in the archive"},
	} {
		before := time.Now()
		var stats, after runtime.MemStats
		runtime.ReadMemStats(&stats)
		_, err := Open(written(t, row.file), "", "amd64")
		runtime.ReadMemStats(&after)
		if (row.want == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: %v; want %s", name, err, row.want)
		}
		if took := time.Since(before); took > 30*time.Second {
			t.Errorf("%s: it took %v", name, took)
		}
		if used := after.Sys - stats.Sys; used > 1<<30 {
			t.Errorf("%s: it took %d MiB", name, used>>20)
		}
	}
}

// zero is a text of zeros.
type zero struct{}

func (zero) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// sparse returns an archive of a file that is one hole (GNU tar, "Old GNU Format").
func sparse(t *testing.T, size int64) []byte {
	t.Helper()
	var block [512]byte
	copy(block[:], "hole")
	octal := func(at, n int, v int64) { copy(block[at:], fmt.Sprintf("%0*o\x00", n-1, v)) }
	octal(100, 8, 0o755)
	octal(108, 8, 0)
	octal(116, 8, 0)
	octal(124, 12, 0)
	octal(136, 12, 0)
	block[156] = 'S'
	copy(block[257:], "ustar  \x00")
	octal(386, 12, 0)
	octal(398, 12, 0)
	block[483] = 0x80 // in base 256
	for i := range 8 {
		block[494-i] = byte(size >> (8 * i))
	}
	copy(block[148:], "        ")
	sum := int64(0)
	for _, b := range block {
		sum += int64(b)
	}
	copy(block[148:], fmt.Sprintf("%06o\x00 ", sum))
	return append(block[:], make([]byte, 1024)...)
}

// TestLongAttribute holds that no more is kept of an attribute than tells that it is none.
func TestLongAttribute(t *testing.T) {
	h := &tar.Header{PAXRecords: map[string]string{"SCHILY.xattr.security.capability": netRaw + strings.Repeat("x", 1<<20)}}
	caps := capsOf(h)
	if _, err := capset.ParseFileCaps(caps); err == nil || len(caps) > 64 || cap(caps) > 64 {
		t.Errorf("%d bytes, %v", len(caps), err)
	}
}

// TestLookUp finds files as the kernel does.
func TestLookUp(t *testing.T) {
	i, err := Open(dockerArchive(t, archiveOf(t, "bin/", "bin/app=#!1", "sbin->bin", "abs->/bin/app", "up->../../bin/app", "loop->loop", "a->b", "b->bin", "app/x=#!2", "empty->")), "", "amd64")
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"/bin/app": "/bin/app", "/sbin/app": "/bin/app", "/abs": "/bin/app", "/up": "/bin/app", "/a/app": "/bin/app", "/a/../bin/./app": "/bin/app",
		"/../../bin//app": "/bin/app", "/loop": "ELOOP /loop", "/loop/x": "ELOOP /loop", "/nothing": "ENOENT /nothing", "/bin/app/x": "ENOTDIR /bin/app",
		"/bin/app/": "ENOTDIR /bin/app", "/bin": "/bin", "/": "/", "bin/app": "/bin/app", "": "ENOENT ", "/" + strings.Repeat("x", 256): "ENAMETOOLONG /" + strings.Repeat("x", 256),
		strings.Repeat("/x", 2048): "ENAMETOOLONG ", strings.Repeat("./", 2047) + "x": "ENOENT /x", "/abs/": "ENOTDIR /bin/app", "/a/": "/bin",
	} {
		at, err := i.find(name, nil)
		got := ""
		if denied, ok := errors.AsType[*predict.Denied](err); ok {
			got = denied.Errno + " " + denied.Path
		} else if err == nil {
			got = at.name()
		}
		if got != want {
			t.Errorf("%q: %q, %v; want %q", name, got, err, want)
		}
	}
}

// FuzzOpen looks for bytes that make the reader of archives panic, or go on without an end.
func FuzzOpen(f *testing.F) {
	layer := archiveOf(f, "bin/", "bin/app=#!/bin/sh\n +raw", "x->bin", "y=>bin/app", ".wh.z")
	f.Add(mustRead(f, dockerArchive(f, layer)))
	f.Add(mustRead(f, dockerArchive(f, gzipped(f, layer))))
	f.Add(gzipped(f, mustRead(f, dockerArchive(f, layer))))
	f.Add(tarOf(f, layoutOf(f, map[string][][]byte{"amd64": {layer}})))
	f.Fuzz(func(t *testing.T, text []byte) {
		i, err := Open(written(t, text), "", "amd64")
		if err != nil {
			return
		}
		i.list()
		if _, err := i.userOf(i.Config.User); err != nil {
			return
		}
		for _, name := range i.Config.Command() {
			i.find(name, nil) //nolint:errcheck // it must not panic
		}
	})
}

// TestScan lists the programs of an image, in the layers that count, under each name.
func TestScan(t *testing.T) {
	elf := "=\x7fELF"
	i, err := Open(dockerArchive(t,
		archiveOf(t, "etc/passwd=app:x:33:33::/:/bin/sh", "bin/ping"+elf+" +raw", "bin/gone"+elf+" +raw", "bin/plain"+elf+" +raw", "bin/sh"+elf),
		archiveOf(t, "bin/.wh.gone", "bin/plain"+elf, "sbin/su"+elf+" +setuid", "sbin/same=>bin/ping +raw", "sbin/link->su")), "", "amd64")
	if err != nil {
		t.Fatal(err)
	}
	i.Architecture = "" // the programs are not whole
	list := func(drop ...string) string {
		m := &manifest.Manifest{Pod: &manifest.Pod{}, Container: &manifest.Container{}, Direct: true}
		m.Asks.Capabilities = &manifest.Capabilities{Drop: drop}
		m.Through(runtimes.Named("containerd"), nil)
		scan, err := i.Scan(m, &predict.WhatIf{})
		if err != nil {
			t.Fatal(err)
		}
		text := fmt.Sprintf("%d %d %s:", scan.Files, scan.Dirs, scan.Who)
		for _, p := range scan.Programs {
			text += fmt.Sprintf(" %s=%s/%d", p.File, p.Result, p.Gained().Len())
		}
		return text
	}
	if got, want := list(), "6 4 uid 33 of example.org/team/app:1.2: /bin/ping=ok/1 /sbin/same=ok/1 /sbin/su=ok/14"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := list("ALL"), "6 4 uid 33 of example.org/team/app:1.2: /bin/ping=EPERM/0 /sbin/same=EPERM/0 /sbin/su=ok/0"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
