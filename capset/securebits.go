// SPDX-License-Identifier: Apache-2.0

package capset

import "strconv"

// Securebits is a task's own switches for how uid 0 and capabilities interact
// (capabilities(7), include/uapi/linux/securebits.h). They come in pairs: an
// even bit is the switch, the odd bit above it locks the switch.
type Securebits uint32

// The switches, since Linux 2.6.26 where nothing else is said.
const (
	NoRoot              Securebits = 1 << 0  // uid 0 gains nothing on execve
	NoSetuidFixup       Securebits = 1 << 2  // changing uids leaves the sets alone
	KeepCaps            Securebits = 1 << 4  // leaving uid 0 keeps Permitted; execve clears it
	NoCapAmbientRaise   Securebits = 1 << 6  // nothing can be raised in Ambient; since Linux 4.3
	ExecRestrictFile    Securebits = 1 << 8  // interpreters run only files that may be executed; since Linux 6.14
	ExecDenyInteractive Securebits = 1 << 10 // interpreters run no typed commands; since Linux 6.14
)

// securebitNames are the kernel's names without SECBIT_, by switch.
var securebitNames = [...]string{
	"noroot", "no_setuid_fixup", "keep_caps", "no_cap_ambient_raise",
	"exec_restrict_file", "exec_deny_interactive",
}

// Lock returns the bits that lock the switches in b.
func (b Securebits) Lock() Securebits { return b << 1 }

// Securebit is one switch of a task's securebits.
type Securebit struct {
	Name   string // such as "noroot"; a bit that has no name yet is its decimal number
	Named  bool
	Set    bool
	Locked bool // means nothing for a bit that has no name
}

// Flags returns every switch that has a name, by ascending bit, and after them
// every other bit that is set, each as a number of its own: whether it is a
// switch or a lock is not known.
func (b Securebits) Flags() []Securebit {
	var flags []Securebit
	for i, name := range securebitNames {
		bit := Securebits(1) << (2 * i)
		flags = append(flags, Securebit{Name: name, Named: true, Set: b&bit != 0, Locked: b&bit.Lock() != 0})
	}
	for n := 2 * len(securebitNames); n < 32; n++ {
		if b>>n&1 == 1 {
			flags = append(flags, Securebit{Name: strconv.Itoa(n), Set: true})
		}
	}
	return flags
}

// Mode is libcap's summary of how a task uses its capabilities, see
// cap_get_mode(3).
type Mode uint8

// The modes, with libcap's numbers.
const (
	ModeUncertain  Mode = iota // none of the others
	ModeNoPriv                 // pure capabilities, and none left to have
	ModePure1EInit             // pure capabilities, none inheritable
	ModePure1E                 // pure capabilities, some inheritable
	ModeHybrid                 // uid 0 and capabilities work together, the kernel's default
)

var modeNames = [...]string{"UNCERTAIN", "NOPRIV", "PURE1E_INIT", "PURE1E", "HYBRID"}

// String returns libcap's name of the mode, such as "HYBRID".
func (m Mode) String() string {
	if int(m) < len(modeNames) {
		return modeNames[m]
	}
	return strconv.Itoa(int(m))
}

// ParseMode returns the mode of libcap's name, such as "HYBRID".
func ParseMode(name string) (m Mode, ok bool) {
	for i, known := range modeNames {
		if name == known {
			return Mode(i), true
		}
	}
	return 0, false
}

const (
	pureBits        = NoRoot | NoRoot<<1 | NoSetuidFixup | NoSetuidFixup<<1 | KeepCaps<<1
	pureAmbientBits = pureBits | NoCapAmbientRaise | NoCapAmbientRaise<<1
)

// GuessMode returns the mode that cap_get_mode(3) of libcap 2.62 and later
// finds for a task with these sets and securebits. ambient says whether the
// task's kernel has the Ambient set at all (Linux 4.3).
func GuessMode(s State, b Securebits, ambient bool) Mode {
	switch {
	case b == 0:
		return ModeHybrid
	case b&pureBits != pureBits:
		return ModeUncertain
	case ambient && (s[Ambient] != 0 || b != pureAmbientBits):
		return ModeUncertain
	case s[Inheritable] != 0:
		return ModePure1E
	case s[Permitted]|s[Effective]|s[Bounding] != 0:
		return ModePure1EInit
	}
	return ModeNoPriv
}
