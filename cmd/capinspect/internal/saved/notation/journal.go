// SPDX-License-Identifier: Apache-2.0

package notation

import "github.com/capinspect/capinspect/capset"

// journal is the field of the journal of systemd that has the effective set of the process, as
// journalctl -o verbose and -o export print it.
var journal = pattern(`^_CAP_EFFECTIVE=([0-9a-f]{1,16})$`)

func journalLine(text string) (*Told, error) {
	found := journal().FindStringSubmatch(text)
	if found == nil {
		return nil, nil
	}
	set, err := capset.ParseHex(found[1])
	if err != nil {
		return nil, err
	}
	return &Told{What: "a field of the journal", Tasks: []Task{{Sets: map[capset.Kind]capset.Set{capset.Effective: set}}}}, nil
}
