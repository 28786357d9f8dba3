// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
)

// lintianOverrides names what lintian takes for a mistake and is none.
const lintianOverrides = `# It runs in images that have no C library.
capinspect: statically-linked-binary [usr/bin/capinspect]
# It comes from its own releases. The first upload to Debian would close a bug.
capinspect: initial-upload-closes-no-bugs [usr/share/doc/capinspect/changelog.Debian.gz:1]
`

// debianChangelog has the entry of this version. What changed stands in changelog.gz.
func (d *dist) debianChangelog() []byte {
	return fmt.Appendf(nil, "capinspect (%s-1) unstable; urgency=medium\n\n  * Release %s: see changelog.gz.\n\n -- %s  %s\n",
		d.version.deb, d.version.tag, maintainer, d.time.Format("Mon, 02 Jan 2006 15:04:05 -0700"))
}

var copyrightLine = regexp.MustCompile(`(?m)^ *(?:Copyright )(?:\(c\) )?([0-9]{4}.*?)(?: All rights reserved\.)?$`)

// debianCopyright has the licences of capinspect and of what is linked in, as the format
// copyright-format/1.0 of Debian has it. A module stands for its files.
func (d *dist) debianCopyright() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\nUpstream-Name: capinspect\nSource: %s\n", url)
	for _, f := range d.share {
		own := strings.TrimPrefix(f.path, docDir)
		if !isLicence(own) {
			continue
		}
		var holders []string
		for _, m := range copyrightLine.FindAllSubmatch(f.data, -1) {
			holders = append(holders, strings.TrimSuffix(string(m[1]), "."))
		}
		what := "*"
		name := licence
		text := "On Debian systems, the text is in /usr/share/common-licenses/Apache-2.0.\n"
		if own != "LICENSE" {
			what = strings.TrimSuffix(strings.TrimPrefix(own, licencesDir), "/LICENSE")
			name = strings.NewReplacer("/", "-").Replace(what) + "-licence"
			what += "/*"
			text = string(f.data)
		}
		fmt.Fprintf(&b, "\nFiles: %s\nCopyright: %s\nLicense: %s\n", what, strings.Join(holders, "\n           "), name)
		for line := range strings.Lines(text) {
			if strings.TrimSpace(line) == "" {
				line = ".\n"
			}
			b.WriteString(" " + line)
		}
	}
	return b.Bytes()
}
