// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/need"
)

// TestNarrow runs the binary with little of what a process usually has: it works
// as usual.
func TestNarrow(t *testing.T) {
	need.On(t, "root", "setpriv", "unshare")
	target := inRoot(t, prepareNames)
	for name, prefix := range map[string][]string{
		"few files":       {"sh", "-c", `ulimit -n 16; exec "$@"`, "sh"},
		"one processor":   {"env", "GOMAXPROCS=1"},
		"no environment":  {"env", "-i"},
		"no new privs":    {"setpriv", "--no-new-privs"},
		"nothing to read": {"sh", "-c", `exec "$@" <&-`, "sh"},
	} {
		narrow := func(args ...string) outcome {
			return run(t, prefix[0], append(append(prefix[1:], built(t)), args...)...)
		}
		p := placeOf(t, narrow("--json", strconv.Itoa(target)))
		if text(p.UID.RealName) != "root" || len(p.Namespaces) == 0 {
			t.Errorf("%s: %+v", name, p)
		}
		if o := narrow("ps", "-T", "--kernel-threads"); o.status != 0 || o.stderr != "" || strings.Count(o.stdout, "\n") < 3 {
			t.Errorf("%s: ps: %+v", name, o)
		}
		if o := narrow(); o.status != 0 || o.stderr != "" || !strings.Contains(o.stdout, "\nCurrent: ") {
			t.Errorf("%s: %+v", name, o)
		}
	}
}

// TestStrangeUser runs the binary as the highest uid that there is, which has
// no name and owns nothing.
func TestStrangeUser(t *testing.T) {
	need.On(t, "root", "setpriv")
	strange := func(args ...string) outcome {
		return run(t, "setpriv", append([]string{"--reuid", "4294967294", "--regid", "4294967294", "--clear-groups", built(t)}, args...)...)
	}
	if o := strange(); o.status != 0 || o.stderr != "" || !strings.Contains(o.stdout, "\nuid=4294967294(???) euid=4294967294(???)\ngid=4294967294(???)\n") {
		t.Errorf("%+v", o)
	}
	p := placeOf(t, strange("--json"))
	if text(p.UID.HostReal) != "4294967294" || p.Unknown["uid.realName"] != "no entry in /etc/passwd" || p.UserNamespace == nil || text(p.UserNamespace.Initial) != "true" {
		t.Errorf("%+v", p)
	}
	if o := strange(strconv.Itoa(os.Getpid())); o.status != 0 || !strings.Contains(o.stdout,
		"\nUser namespace and others: unknown (permission denied: it has other ids than capinspect, which has no cap_sys_ptrace)\n") {
		t.Errorf("another: %+v", o)
	}
}

// TestAddressSpace runs the binary with as little address space as Go itself
// can start with, and 4 MiB. How many threads Go starts depends on what else the
// machine does, so that one of three attempts is enough.
func TestAddressSpace(t *testing.T) {
	starts := func(kib int, args ...string) bool {
		for range 3 {
			cmd := exec.Command("sh", append([]string{"-c", fmt.Sprintf(`ulimit -v %d && exec "$@"`, kib), "sh", built(t)}, args...)...)
			if cmd.Run() == nil {
				return true
			}
		}
		return false
	}
	low, high := 1, 4<<20
	if !starts(high, "--version") {
		t.Fatal("not even with 4 GiB")
	}
	for high-low > 256 {
		if middle := (low + high) / 2; starts(middle, "--version") {
			high = middle
		} else {
			low = middle
		}
	}
	for _, args := range [][]string{{}, {"--json", strconv.Itoa(os.Getpid())}, {"ps"}, {"decode", "3fffffffff"}} {
		if !starts(high+4<<10, args...) {
			t.Errorf("%v needs more than 4 MiB above %d KiB", args, high)
		}
	}
}

// TestHidden looks where processes of others are hidden, and where there is a
// procfs that has only processes.
func TestHidden(t *testing.T) {
	need.On(t, "root", "setpriv", "unshare")
	pid := strconv.Itoa(os.Getpid())
	with := func(options, command string) outcome {
		script := "mount -t proc -o " + options + " proc /proc && exec setpriv --reuid 4242 --regid 4242 --clear-groups " + command
		return run(t, "unshare", "-m", "--propagation", "private", "sh", "-c", script)
	}
	for _, options := range []string{"hidepid=2", "hidepid=4", "subset=pid"} {
		o := with(options, built(t))
		if o.status != 0 || o.stderr != "" || !strings.Contains(o.stdout, "\nuid=4242(???) euid=4242(???)\n") || !strings.Contains(o.stdout, "\nGuessed mode: ") {
			t.Errorf("%s: %+v", options, o)
		}
		o = with(options, built(t)+" "+pid)
		if options == "subset=pid" {
			if o.status != 0 || o.stderr != "" {
				t.Errorf("%s: %+v", options, o)
			}
		} else if o.status != 2 || o.stderr != "capinspect: pid "+pid+": no such process\n" {
			t.Errorf("%s: %+v", options, o)
		}
	}
}
