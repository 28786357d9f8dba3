// SPDX-License-Identifier: Apache-2.0

package predict

import (
	"strings"
	"testing"
)

// TestInterpreter has the names that the kernel finds; a live test holds it to these
// answers.
func TestInterpreter(t *testing.T) {
	const size = 256
	long := "#!/" + strings.Repeat("x", size)
	for head, want := range map[string]struct {
		name string
		is   script
	}{
		"#!/bin/sh\n":                      {"/bin/sh", goodScript},
		"#!/bin/sh":                        {"/bin/sh", goodScript},
		"#! \t/bin/sh -e -x\nset\n":        {"/bin/sh", goodScript},
		"#!/bin/sh\t-e\n":                  {"/bin/sh", goodScript},
		"#!/bin/sh  \n":                    {"/bin/sh", goodScript},
		"#!sh\n":                           {"sh", goodScript},
		"#!/bin/sh\r\n":                    {"/bin/sh\r", goodScript},
		"#!/bin/sh\x00 x\n":                {"/bin/sh", goodScript},
		"#!\n/bin/sh":                      {"", badScript},
		"#!   \n":                          {"", badScript},
		"#!":                               {"", goodScript},
		"#!  ":                             {"", goodScript},
		"#!\x00":                           {"", goodScript},
		"#!" + long[2:200]:                 {long[2:200], goodScript},
		long[:size]:                        {"", badScript},
		"#!" + strings.Repeat(" ", size-2): {"", badScript},
		long[:size-2] + " x":               {long[2 : size-2], goodScript},
		long[:size-1] + "\n":               {long[2 : size-1], goodScript},
		"":                                 {},
		"#":                                {},
		" #!/bin/sh\n":                     {},
		"\x7fELF":                          {},
	} {
		if name, is := interpreter([]byte(head), size); name != want.name || is != want.is {
			t.Errorf("%q: %q, %d; want %+v", head, name, is, want)
		}
	}
}
