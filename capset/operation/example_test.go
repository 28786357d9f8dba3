// SPDX-License-Identifier: Apache-2.0

package operation_test

import (
	"fmt"

	"github.com/capinspect/capinspect/capset/operation"
)

func ExampleNamed() {
	for _, o := range operation.Named("SO_MARK") {
		fmt.Println(o.Caps, o.All, o.Errno, o.Scope)
	}
	// Output: [cap_net_raw cap_net_admin] false EPERM net
}
