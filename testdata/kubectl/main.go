// SPDX-License-Identifier: Apache-2.0

// Kubectl is kubectl(1), for the tests: they have it read each command line that capinspect
// and its documents propose.
package main

import (
	"k8s.io/component-base/cli"
	"k8s.io/kubectl/pkg/cmd"
	"k8s.io/kubectl/pkg/cmd/util"
)

func main() {
	if err := cli.RunNoErrOutput(cmd.NewDefaultKubectlCommand()); err != nil {
		util.CheckErr(err)
	}
}
