// SPDX-License-Identifier: Apache-2.0

package predict

import "github.com/capinspect/capinspect/capset"

// CapsText returns the capabilities of the file in the text form of libcap, as getcap(8)
// writes it. It is "" if the file has none, or none that count.
func (p *Program) CapsText(last capset.Cap) string {
	if p.Caps == nil {
		return ""
	}
	state := capset.State{capset.Permitted: p.Caps.Permitted, capset.Inheritable: p.Caps.Inheritable}
	if p.Caps.Effective {
		state[capset.Effective] = p.Caps.Permitted | p.Caps.Inheritable
	}
	return state.Text(last)
}

// Gained returns the capabilities that the task is permitted after execve(2), but not
// before. It is empty if execve(2) fails.
func (p *Prediction) Gained() capset.Set {
	if p.After == nil {
		return 0
	}
	return p.After.Sets[capset.Permitted].Zero() &^ p.Before.Sets[capset.Permitted].Zero()
}
