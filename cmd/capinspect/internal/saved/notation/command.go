// SPDX-License-Identifier: Apache-2.0

package notation

import (
	"strconv"
	"strings"

	"github.com/capinspect/capinspect/capset"
)

// Flags is what flags of a command are in a message.
const Flags = "flags of a command that starts something"

var (
	// capFlag is a flag that docker, podman, nerdctl, bwrap, systemd-nspawn or capsh takes, and
	// its value.
	capFlag = pattern(`--(cap-add|cap-drop|capability|drop-capability|ambient-capability|drop|inh|addamb)(?:=|[ \t]+)["']?([A-Za-z_0-9,]+)`)

	// setcap is a call of setcap(8), with the text form and a file.
	setcap = pattern(`\bsetcap[ \t]+(?:-[qv]+[ \t]+|-n[ \t]*(\d+)[ \t]+)*(?:"([^"]*)"|'([^']*)'|([^\s"']+))[ \t]+["']?([^\s"';&|]+)`)
)

// maxCalls is how many flags or calls are read of a line.
const maxCalls = 64

// flagLine reads the flags of a command that give or take capabilities.
func flagLine(text string) (*Told, error) {
	if !strings.Contains(text, "--") {
		return nil, nil
	}
	told := &Told{What: Flags}
	for _, found := range capFlag().FindAllStringSubmatch(text, maxCalls) {
		set, err := names(found[2])
		if err != nil {
			return nil, err
		}
		if last := len(told.Lists) - 1; last >= 0 && told.Lists[last].Label == found[1] {
			told.Lists[last].Set |= set
			continue
		}
		told.Lists = append(told.Lists, List{found[1], set})
	}
	if told.Lists == nil {
		return nil, nil
	}
	return told, nil
}

// setcapCall reads the calls of setcap(8) in a command, a script or a Dockerfile.
func setcapCall(text string) (*Told, error) {
	if !strings.Contains(text, "setcap") {
		return nil, nil
	}
	told := &Told{What: "a call of setcap"}
	for _, found := range setcap().FindAllStringSubmatch(text, maxCalls) {
		s, err := capset.ParseText(found[2]+found[3]+found[4], capset.LastKnown)
		if err != nil {
			return nil, err
		}
		caps := capset.FileCaps{Permitted: s[capset.Permitted], Inheritable: s[capset.Inheritable], Effective: s[capset.Effective] != 0}
		root, _ := strconv.ParseUint(found[1], 10, 32)
		caps.RootID = uint32(root)
		told.Files = append(told.Files, File{strings.TrimSpace(found[5]), caps})
	}
	if told.Files == nil {
		return nil, nil
	}
	return told, nil
}
