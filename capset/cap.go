// SPDX-License-Identifier: Apache-2.0

package capset

import (
	"fmt"
	"strconv"
	"strings"
)

// Cap is the number of one capability, 0 to 63: the bit that stands for it in
// a [Set]. See capabilities(7) and include/uapi/linux/capability.h.
type Cap uint8

// The capabilities of Linux, in the order of their numbers.
const (
	Chown             Cap = 0
	DacOverride       Cap = 1
	DacReadSearch     Cap = 2
	Fowner            Cap = 3
	Fsetid            Cap = 4
	Kill              Cap = 5
	Setgid            Cap = 6
	Setuid            Cap = 7
	Setpcap           Cap = 8
	LinuxImmutable    Cap = 9
	NetBindService    Cap = 10
	NetBroadcast      Cap = 11
	NetAdmin          Cap = 12
	NetRaw            Cap = 13
	IpcLock           Cap = 14
	IpcOwner          Cap = 15
	SysModule         Cap = 16
	SysRawio          Cap = 17
	SysChroot         Cap = 18
	SysPtrace         Cap = 19
	SysPacct          Cap = 20
	SysAdmin          Cap = 21
	SysBoot           Cap = 22
	SysNice           Cap = 23
	SysResource       Cap = 24
	SysTime           Cap = 25
	SysTtyConfig      Cap = 26
	Mknod             Cap = 27
	Lease             Cap = 28
	AuditWrite        Cap = 29
	AuditControl      Cap = 30
	Setfcap           Cap = 31
	MacOverride       Cap = 32
	MacAdmin          Cap = 33
	Syslog            Cap = 34
	WakeAlarm         Cap = 35
	BlockSuspend      Cap = 36
	AuditRead         Cap = 37
	Perfmon           Cap = 38
	Bpf               Cap = 39
	CheckpointRestore Cap = 40
)

// LastKnown is the highest capability that has a name here. A kernel may know
// fewer, or one day more: see [State.Text].
const LastKnown = Cap(len(table) - 1)

// Max is the highest number that a capability can have in a 64-bit Set.
const Max Cap = 63

// String returns libcap's spelling, such as "cap_net_raw". A capability that has no
// name yet is its decimal number, as in capsh(1) --decode.
func (c Cap) String() string {
	if c <= LastKnown {
		return table[c].name
	}
	return strconv.Itoa(int(c))
}

// Kubernetes returns the spelling of a securityContext, such as "NET_RAW"; the
// decimal number if the capability has no name yet.
func (c Cap) Kubernetes() string {
	return strings.ToUpper(c.Short())
}

// Short returns the name in lower case without its prefix, such as "net_raw".
func (c Cap) Short() string {
	return strings.TrimPrefix(c.String(), prefix)
}

// Since returns the first Linux release that knows the capability, such as "5.8",
// or "" if it has no name yet.
func (c Cap) Since() string {
	if c <= LastKnown {
		return table[c].since
	}
	return ""
}

// Summary returns in a few words what the capability lets a process do, as
// "open raw and packet sockets", or "" if it has no name yet.
func (c Cap) Summary() string {
	if c <= LastKnown {
		return table[c].summary
	}
	return ""
}

const prefix = "cap_"

// UnknownError says that a text names no capability.
type UnknownError struct {
	Name string // the text as it was given
}

// Close returns the capabilities whose names are nearest to the text, at most three. It takes
// far longer than to see that none has it.
func (e *UnknownError) Close() []Cap { return closest(shorten(e.Name)) }

// Error names the text, and the capabilities that it may have meant.
func (e *UnknownError) Error() string {
	msg := fmt.Sprintf("unknown capability %q", e.Name)
	close := e.Close()
	for i, c := range close {
		if i == 0 {
			msg += ", did you mean " + c.String()
		} else {
			msg += " or " + c.String()
		}
	}
	if len(close) > 0 {
		msg += "?"
	}
	return msg
}

// Parse returns the capability that a text names, in any spelling in use:
// "cap_net_raw", "CAP_NET_RAW", "net_raw", "NET_RAW" or "13". A number may be
// as high as [Max], whether it has a name or not. The error is an
// [*UnknownError].
func Parse(s string) (Cap, error) {
	if c, ok := parseNumber(s); ok {
		return c, nil
	}
	short := shorten(s)
	for i := range table {
		if short == table[i].name[len(prefix):] {
			return Cap(i), nil
		}
	}
	return 0, &UnknownError{s}
}

// shorten folds a name's spellings into one: lower case, without the prefix.
func shorten(s string) string {
	return strings.TrimPrefix(strings.ToLower(s), prefix)
}

// parseNumber returns the capability of a plain decimal number up to Max.
func parseNumber(s string) (Cap, bool) {
	if len(s) == 0 || len(s) > 2 {
		return 0, false
	}
	n := 0
	for i := range len(s) {
		d := s[i] - '0'
		if d > 9 {
			return 0, false
		}
		n = n*10 + int(d)
	}
	return Cap(n), n <= int(Max)
}
