// SPDX-License-Identifier: Apache-2.0

package saved

import (
	"fmt"
	"strings"
	"testing"

	"github.com/capinspect/capinspect/capset"
)

// mixed are texts of different programs, one after the other in a transcript.
var mixed = []struct{ name, text string }{
	{"grep", "CapInh:\t0000000000000000\nCapPrm:\t00000000a80425fb\nCapEff:\t00000000a80425fb\nCapBnd:\t00000000a80425fb\nCapAmb:\t0000000000000000\n"},
	{"status", "Name:\tcat\nUmask:\t0022\nState:\tR (running)\nTgid:\t15\nPid:\t15\nUid:\t7\t7\t7\t7\nGid:\t0\t0\t0\t0\nGroups:\t \nCapInh:\t0000000000000000\nCapPrm:\t0000000000000400\nCapEff:\t0000000000000000\nCapBnd:\t0000000000000400\nCapAmb:\t0000000000000000\nNoNewPrivs:\t1\nSeccomp:\t2\nCpus_allowed:\tff\n"},
	{"grep of files", "/proc/1/status:CapEff:\t0000003fffffffff\n/proc/1/status:CapBnd:\t0000003fffffffff\n/proc/9/status:CapEff:\t0000000000000000\n/proc/9/status:CapBnd:\t0000003fffffffff\n"},
	{"capsh", "Current: =ep cap_sys_admin-ep\nBounding set =cap_chown,cap_kill\nAmbient set =\nCurrent IAB: \nSecurebits: 00/0x0/1'b0 (no-new-privs=0)\n secure-noroot: no (unlocked)\n secure-no-suid-fixup: no (unlocked)\n secure-keep-caps: no (unlocked)\n secure-no-ambient-raise: no (unlocked)\nuid=0(root) euid=0(root)\ngid=0(root)\ngroups=0(root)\nGuessed mode: HYBRID (4)\n"},
	{"old capsh", "Current: = cap_chown,cap_kill+eip\nBounding set =cap_chown,cap_kill\nSecurebits: 00/0x0/1'b0\n secure-noroot: no (unlocked)\nuid=0(root)\ngid=0(root)\ngroups=\n"},
	{"getpcaps", "Capabilities for `11589': = cap_net_raw+ep\n"},
	{"new getpcaps", "1: =ep\n7: cap_net_raw=eip\n"},
	{"getpcaps --iab", "9: \"cap_net_raw=eip\" [!cap_kill,^cap_net_raw]\n"},
	{"getcap", "/usr/bin/ping cap_net_raw=ep\n/usr/bin/my prog = cap_net_admin,cap_net_raw+eip\n"},
	{"decode", "0x0000000000003000=cap_net_admin,cap_net_raw\n"},
	{"text form", "cap_net_raw,cap_kill=ep\n"},
	{"IAB", "!cap_kill,^cap_net_raw\n"},
	{"mask", "0xa80425fb\n"},
	{"strace", "capset({version=_LINUX_CAPABILITY_VERSION_3, pid=0}, {effective=1<<CAP_NET_RAW, permitted=1<<CAP_NET_RAW, inheritable=0}) = 0\n"},
	{"capget", "capget({version=_LINUX_CAPABILITY_VERSION_3, pid=4}, {effective=0, permitted=1<<CAP_KILL, inheritable=0}) = 0\n"},
	{"getfattr", "# file: usr/bin/ping\nsecurity.capability=0x0100000200200000000000000000000000000000\n"},
	{"audit", "type=CAPSET msg=audit(1600000000.000:1): pid=833 cap_pi=0 cap_pp=3fffffffff cap_pe=3fffffffff cap_pa=0\n"},
	{"audit of a program", "type=BPRM_FCAPS msg=audit(1.2:3): fver=2 fp=0000000000200000 fi=0000000000000000 fe=1 old_pp=0000000000000000 old_pi=0000000000000000 old_pe=0000000000000000 pp=0000000000200000 pi=0000000000000000 pe=0000000000200000\n"},
	{"falco", "12:00: Warning x (thread.cap_effective=CAP_CHOWN CAP_KILL thread.cap_permitted=CAP_CHOWN CAP_KILL)\n"},
	{"pscap", "ppid  pid   name        command           capabilities\n1     573   root        systemd-journal   chown, kill +\n1     612   root        auditd            full\n"},
	{"filecap", "set       file                 capabilities  rootid\neffective /usr/bin/fping    net_raw\n"},
	{"ps", "PID  NAME  EFFECTIVE\n7    nginx  docker+net_admin\n9    a  none\n"},
	{"podman top", "USER        PID         EFFECTIVE CAPS\nroot        1           CHOWN,KILL\n"},
	{"captree", "--sshd(20) \"=p\"\n  +-bash(21)\n"},
	{"setpriv", "uid: 1000\neuid: 1000\ngid: 1000\negid: 1000\nSupplementary groups: 4,27\nno_new_privs: 0\nInheritable capabilities: chown\nAmbient capabilities: [none]\nCapability bounding set: chown,kill\nSecurebits: [none]\nParent death signal: [none]\n"},
	{"amicontained", "Container Runtime: docker\nHas Namespaces:\n\tpid: true\n\tuser: false\nAppArmor Profile: docker-default (enforce)\nCapabilities:\n\tBOUNDING -> chown kill\nSeccomp: disabled\nBlocked Syscalls (2):\n\tMSGRCV PTRACE\n"},
	{"kdigger", "### CAPABILITIES ###\nComment: The bounding set contains 1 caps.\n+-----------+-------------+\n|    SET    | CAPABILITIES |\n+-----------+-------------+\n| effective | [cap_chown] |\n| bounding  | [cap_chown cap_kill] |\n+-----------+-------------+\n"},
	{"list", "\"CapAdd\": [\n  \"NET_ADMIN\",\n  \"SYS_TIME\"\n],\n"},
	{"names", "- NET_ADMIN\n- SYS_TIME\n"},
	{"shift", "(1<<12)|(1<<13)\n"},
	{"flags", "docker run --cap-add=NET_ADMIN --cap-drop=ALL x\n"},
	{"setcap", "setcap cap_net_raw+ep /usr/bin/x\n"},
	{"prose", "Here it says CapEff: 0000000000000400 and nothing else\n"},
}

// asText returns what is read of a text: the sets of decode, and the tasks.
func asText(t *testing.T, text string) (sets, tasks []string) {
	t.Helper()
	items, err := readLines([]byte(text))
	if err != nil {
		tasks = append(tasks, err.Error())
	}
	for _, it := range items {
		if it.sets == nil && it.task != nil {
			it.sets = setsOf(it.task)
		}
		for _, m := range it.sets {
			sets = append(sets, fmt.Sprintf("%s %s %x", m.Of, m.Label, uint64(m.Set)))
		}
		if it.task == nil {
			continue
		}
		line := fmt.Sprintf("%v %v %v", it.task.Tid.Zero(), it.task.Name.Zero(), it.task.Source)
		for k, v := range it.task.Sets {
			if set, ok := v.Get(); ok {
				line += fmt.Sprintf(" %v=%x", capset.Kind(k), uint64(set))
			}
		}
		tasks = append(tasks, line+fmt.Sprintf(" uid=%v gid=%v nnp=%v bits=%v seccomp=%v", it.task.UID, it.task.GID, it.task.NoNewPrivs, it.task.Securebits, it.task.Seccomp))
	}
	return sets, tasks
}

// TestMixed holds that two texts in one tell what each of them tells alone.
func TestMixed(t *testing.T) {
	for _, a := range mixed {
		for _, b := range mixed {
			if a.name == "names" && b.name == "names" { // are one list
				continue
			}
			for _, between := range []string{"", "\n", "$ cat /tmp/x\n", "```\n```\n"} {
				setsA, tasksA := asText(t, a.text)
				setsB, tasksB := asText(t, b.text)
				sets, tasks := asText(t, a.text+between+b.text)
				if got, want := strings.Join(sets, "\n"), strings.Join(append(setsA, setsB...), "\n"); got != want {
					t.Errorf("%s, %q, %s: the sets are\n%s\nwant\n%s", a.name, between, b.name, got, want)
				}
				if got, want := strings.Join(tasks, "\n"), strings.Join(append(tasksA, tasksB...), "\n"); got != want {
					t.Errorf("%s, %q, %s: the tasks are\n%s\nwant\n%s", a.name, between, b.name, got, want)
				}
			}
		}
	}
}

// TestAmong holds that what is no task does not cut a task in two whose lines stand around it.
func TestAmong(t *testing.T) {
	for _, a := range mixed {
		if a.name != "grep" && a.name != "status" && a.name != "capsh" && a.name != "setpriv" {
			continue
		}
		lines := strings.SplitAfter(a.text, "\n")
		_, want := asText(t, a.text)
		for _, b := range mixed {
			if _, tasks := asText(t, b.text); tasks != nil || b.name == "prose" {
				continue
			}
			for at := 1; at < len(lines)-1; at++ {
				_, got := asText(t, strings.Join(lines[:at], "")+"$ capsh --decode=0\n"+b.text+"$ grep Cap x\n"+strings.Join(lines[at:], ""))
				if strings.Join(got, "\n") != strings.Join(want, "\n") {
					t.Errorf("%s behind line %d of %s: the tasks are\n%s\nwant\n%s", b.name, at, a.name, strings.Join(got, "\n"), strings.Join(want, "\n"))
				}
			}
		}
	}
}

// TestBraces holds that a text is not taken for JSON because it begins with a brace.
func TestBraces(t *testing.T) {
	const line = "CapEff:\t0000000000000400\n"
	for _, begin := range []string{"{{#tab name=\"Inside\"}}\n", "{CAP_CHOWN, CAP_KILL}\n", "{% raw %}\n", "{\n  uid: 0\n}\n"} {
		tasks, err := Tasks("-", []byte(begin+line), nil)
		if len(tasks) != 1 {
			t.Errorf("%q: %v, %v", begin, tasks, err)
		}
	}
}
