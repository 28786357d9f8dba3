// SPDX-License-Identifier: Apache-2.0

package notation

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strconv"
	"strings"

	"github.com/capinspect/capinspect/capset"
)

var (
	// attribute is the line that getfattr(1) has for the capabilities of a file.
	attribute = pattern(`^(?:[\w.]+\.)?security\.capability[=:] ?(?:0[xX]([0-9a-fA-F]+)|0[sS]([A-Za-z0-9+/]+=*)|"(.*)")$`)

	// bareAttribute is the attribute alone: of its sizes, with the revision that it begins with.
	bareAttribute = pattern(`^(?:0[xX])?([0-9a-fA-F]{6}0[123](?:[0-9a-fA-F]{16}|[0-9a-fA-F]{32}|[0-9a-fA-F]{40}))$|^(?:0[sS])?([A-Za-z0-9+/]{27}=|[A-Za-z0-9+/]{32}|[A-Za-z0-9+/]{16})$`)

	// otherAttribute is an attribute of another name, which getfattr -d prints as well.
	otherAttribute = pattern(`^(?:user|trusted|security|system)\.[\w.-]+=`)

	// octets is the attribute as a dump of bytes, or a string of Python.
	octets = pattern(`^(?:[0-9a-fA-F]{2,8} ){2,}[0-9a-fA-F]{2,8}$|^b?(?:'\\x01\\x00\\x00.*'|"\\x01\\x00\\x00.*")$`)
)

// Attribute returns the capabilities of a file in the attribute security.capability, as
// getfattr(1) prints it, or the attribute alone. The second result is false if a text is neither.
func Attribute(text string) (caps capset.FileCaps, is bool, err error) {
	if caps, err := capset.ParseFileCaps(bytesOf(text)); err == nil {
		return caps, true, nil
	}
	found, bare := attribute().FindStringSubmatch(text), false
	if found == nil {
		if found, bare = bareAttribute().FindStringSubmatch(text), true; found == nil {
			return caps, false, nil
		}
	}
	var raw []byte
	switch {
	case found[1] != "":
		raw, err = hex.DecodeString(found[1])
	case found[2] != "":
		raw, err = base64.StdEncoding.DecodeString(found[2])
	default:
		raw = octalText(found[3])
	}
	if err == nil {
		caps, err = capset.ParseFileCaps(raw)
	}
	switch {
	case err == nil:
		return caps, true, nil
	case bare:
		return caps, false, nil
	}
	return caps, true, errors.New("security.capability: " + capset.ErrFileCaps.Error())
}

// OtherAttribute reports whether a line of getfattr is that of an attribute of another name.
func OtherAttribute(text string) bool { return otherAttribute().MatchString(text) }

// bytesOf returns the bytes of a dump or a string, nil if a text is neither.
func bytesOf(text string) []byte {
	if !octets().MatchString(text) {
		return nil
	}
	if at := strings.IndexAny(text, `'"`); at >= 0 {
		raw, _ := strconv.Unquote(`"` + text[at+1:len(text)-1] + `"`)
		return []byte(raw)
	}
	raw, _ := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
	return raw
}

// octalText returns the bytes of a text in which getfattr has some in octal, as \000.
func octalText(text string) (raw []byte) {
	for i := 0; i < len(text); i++ {
		if text[i] == '\\' && i+3 < len(text) {
			if n, err := strconv.ParseUint(text[i+1:i+4], 8, 8); err == nil {
				raw = append(raw, byte(n))
				i += 3
				continue
			}
		}
		if text[i] == '\\' && i+1 < len(text) {
			i++
		}
		raw = append(raw, text[i])
	}
	return raw
}
