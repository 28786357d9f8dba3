// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/goreleaser/nfpm/v2"
	_ "github.com/goreleaser/nfpm/v2/apk" // Each of them makes one kind of package.
	_ "github.com/goreleaser/nfpm/v2/deb"
	"github.com/goreleaser/nfpm/v2/files"
	_ "github.com/goreleaser/nfpm/v2/rpm"
)

// architectures are the names of an architecture in each kind of package.
var architectures = map[string]struct{ deb, rpm, apk string }{
	"386":     {"i386", "i686", "x86"},
	"amd64":   {"amd64", "x86_64", "x86_64"},
	"arm":     {"armhf", "armv6hl", "armhf"},
	"arm64":   {"arm64", "aarch64", "aarch64"},
	"loong64": {"loong64", "loongarch64", "loongarch64"},
	"ppc64le": {"ppc64el", "ppc64le", "ppc64le"},
	"riscv64": {"riscv64", "riscv64", "riscv64"},
	"s390x":   {"s390x", "s390x", "s390x"},
}

// makePackages writes a deb, an rpm and an apk for each Linux binary. Their names do not
// change with the version, so that a script can fetch the newest.
func makePackages(d *dist) error {
	for _, kind := range []string{"deb", "rpm", "apk"} {
		contents, err := d.contents(kind)
		if err != nil {
			return err
		}
		for _, b := range d.binaries {
			if b.goos != "linux" {
				continue
			}
			if err := d.makePackage(kind, b, contents); err != nil {
				return fmt.Errorf("%s.%s: %w", b.path, kind, err)
			}
		}
	}
	return nil
}

func (d *dist) makePackage(kind string, b binary, contents []file) error {
	names, ok := architectures[b.goarch]
	if !ok {
		return fmt.Errorf("the table of architectures lacks %s", b.goarch)
	}
	// nfpm reads what it packs from files.
	tmp, err := os.MkdirTemp("", "capinspect-packaging-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	info := &nfpm.Info{
		Name: "capinspect", Platform: "linux", Version: d.version.deb, VersionSchema: "none", Release: "1",
		Section: "admin", Priority: "optional", Maintainer: maintainer, Homepage: url, License: licence,
		Description: summary + "\n" + description, MTime: d.time, DisableGlobbing: true,
	}
	switch kind {
	case "deb":
		info.Deb.Arch, info.License = names.deb, "" // The file copyright has it.
	case "rpm":
		info.RPM.Arch = names.rpm
		info.RPM.Summary, info.Description = summary, description
		info.RPM.BuildHost = "localhost" // Without it, the name of this machine is noted.
	case "apk":
		info.Version, info.Release = d.version.apk, "r0"
		info.APK.Arch = names.apk
		info.Description = summary
	}
	add := func(from, to, typ string, mode os.FileMode) {
		info.Contents = append(info.Contents, &files.Content{
			Source: from, Destination: to, Type: typ,
			FileInfo: &files.ContentFileInfo{Owner: "root", Group: "root", Mode: mode, MTime: d.time},
		})
	}
	add(b.path, "/usr/bin/capinspect", files.TypeFile, 0o755)
	owned := map[string]bool{}
	for i, f := range contents {
		source := filepath.Join(tmp, fmt.Sprint(i))
		if err := os.WriteFile(source, f.data, 0o600); err != nil {
			return err
		}
		add(source, "/usr/"+f.path, rpmType(kind, f.path), 0o644)
		// rpm leaves a directory behind that no package owns.
		for dir := path.Dir(f.path); kind == "rpm" && strings.Contains(dir, "/capinspect") && !owned[dir]; dir = path.Dir(dir) {
			owned[dir] = true
			add("", "/usr/"+dir, files.TypeDir, 0o755)
		}
	}
	packager, err := nfpm.Get(kind)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	if err := packager.Package(nfpm.WithDefaults(info), &out); err != nil {
		return err
	}
	return os.WriteFile(b.path+"."+kind, out.Bytes(), 0o644)
}

// rpmType is what rpm is told about a file, so that it can be left out. For the others,
// all files are of one type.
func rpmType(kind, path string) string {
	switch {
	case kind != "rpm":
		return files.TypeFile
	case strings.HasPrefix(path, "share/licenses/"):
		return files.TypeRPMLicense
	case strings.HasPrefix(path, "share/doc/"), strings.HasPrefix(path, "share/man/"):
		return files.TypeRPMDoc
	}
	return files.TypeFile
}

// contents is what a package has besides the binary, where its distributions have it.
func (d *dist) contents(kind string) ([]file, error) {
	const doc = "share/" + docDir
	var out []file
	for _, f := range d.share {
		to := "share/" + f.path
		switch own := strings.TrimPrefix(to, doc); {
		case strings.HasPrefix(to, "share/man/"):
			to += ".gz"
		case kind == "deb" && to == "share/zsh/site-functions/_capinspect":
			to = "share/zsh/vendor-completions/_capinspect"
		case kind == "deb" && own == "CHANGELOG.md":
			to = doc + "changelog.gz"
		case isLicence(own) && kind == "deb":
			continue // They stand in the file copyright.
		case isLicence(own):
			to = "share/licenses/capinspect/" + strings.TrimPrefix(own, licencesDir)
		}
		if strings.HasSuffix(to, ".gz") {
			var err error
			if f.data, err = compress(f.data); err != nil {
				return nil, err
			}
		}
		out = append(out, file{to, f.data})
	}
	if kind != "deb" {
		return out, nil
	}
	changelog, err := compress(d.debianChangelog())
	if err != nil {
		return nil, err
	}
	return append(out,
		file{doc + "changelog.Debian.gz", changelog},
		file{doc + "copyright", d.debianCopyright()},
		file{"share/lintian/overrides/capinspect", []byte(lintianOverrides)},
	), nil
}

// docDir is where the archive has the documentation, and licencesDir what is below it.
const docDir = "doc/capinspect/"

const licencesDir = "docs/licenses/"

// isLicence is asked with a path below the directory of the documentation.
func isLicence(path string) bool { return path == "LICENSE" || strings.HasPrefix(path, licencesDir) }
