// SPDX-License-Identifier: Apache-2.0

package saved

import "regexp"

// foreigner is a line of a text that is known and not read.
type foreigner struct {
	line  func() *regexp.Regexp
	what  string // what it is, and what to do
	table bool   // further lines of the table follow
}

var foreigners = []foreigner{
	{pattern(`\bapparmor="\w+"`), "a record of AppArmor, which is about one check, not a set: 'capinspect needs FILE' reads it", false},
	{pattern(`\bavc: +(?:denied|granted)\b|\btype=AVC\b`), "a record of SELinux, which is about one check, not a set: 'capinspect needs FILE' reads it", false},
	{pattern(`\btype=(?:SECCOMP|1326)\b`), "a record of seccomp, which is about a system call, not a set: 'capinspect needs FILE' reads it", false},
	{pattern(`\bcap_capable: `), "a trace of cap_capable, which is about one check, not a set: 'capinspect needs FILE' reads it", false},
	{pattern(`\) += -1 E[A-Z]+ \(.*\)$`), "a system call that was refused, which is not about a set: 'capinspect needs FILE' reads it", false},
	{pattern(`^(?:\[pid +\d+\] |\d+ +)?(?:[\d:.]+ )?[a-z]\w*\(.*\) += (?:-?\d+|0x[0-9a-f]+|\?)(?: .*)?$`), "a system call in strace, which is not about a whole set: 'capinspect needs FILE' reads those that were refused", false},
	{pattern(`^(?:[0-9a-fA-F]+:? +)?(?:[0-9a-fA-F]{2} +){3,}[0-9a-fA-F]{2}\b`), "a dump of bytes: write those of security.capability without blanks", false},
	{pattern(`^#!|^(?:import|from) [\w., ]+$|^#include\b|^package \w+$`), "a program, not text about capabilities: run it under strace, and 'capinspect needs' reads what that writes", true},
	{pattern(`^TIME +.*\bCAP +NAME\b`), "the table of the tool capable, which is about checks, not a set: 'capinspect needs FILE' reads it", true},
	{pattern(`^\d\d:\d\d:\d\d +\d+ +\d+ +.* CAP_[A-Z_]+ +\d`), "a line of the tool capable, which is about one check, not a set: 'capinspect needs FILE' reads it", false},
	{pattern(`^(?:CONTAINER|.*  CONTAINER)  .*\bEFFECTIVE\b`), "the table of capinspect ps --by container, which adds up the sets of several processes: save the output of capinspect ps -o json instead", true},
	{pattern(`^CONTAINER ID +IMAGE +COMMAND\b`), "the table of docker ps, which tells no capabilities: save the output of docker inspect instead", true},
	{pattern(`^CONTAINER(?: ID)? +IMAGE +CREATED +STATE\b`), "the table of crictl ps, which tells no capabilities: save the output of crictl inspect instead", true},
	{pattern(`^POD ID +CREATED +STATE\b`), "the table of crictl pods, which tells no capabilities: save the output of crictl inspect of a container instead", true},
	{pattern(`^(?:NAMESPACE +)?NAME +READY +STATUS\b`), "the table of kubectl get pods, which tells no capabilities: save the output of kubectl get pods -o yaml, which pod:FILE reads", true},
	{pattern(`^[●○×↻] \S+\.(?:service|socket|scope|slice|timer|mount)\b`), "the output of systemctl status, which tells no capabilities: save the output of systemctl show instead", true},
	{pattern(`^(?:NAME +DESCRIPTION|UNIT) +EXPOSURE\b|^[✓✗] [A-Z]\w+=|^→ Overall exposure level`), "the table of systemd-analyze security, which judges the settings: save the output of systemctl show instead", true},
	{pattern(`^(?:sudo )?systemd-run .*-`), "a command line of systemd-run: write the settings behind its -p each on a line", false},
	{pattern(`^(?:sudo )?(?:docker|podman|nerdctl) (?:container )?(?:run|create) .*-`), "a command line that starts a container: save the output of docker inspect instead, or write a compose file", true},
	{pattern(`^Error(?: response from daemon)?: (?:inspecting object: )?(?:[Nn]o such|[Ss]ervice|[Nn]etwork) .*`), "nothing of that name was there to be inspected", false},
	{pattern(`^Unit \S+ could not be found\.$`), "systemctl found no such unit", false},
	{pattern(`^(?:Service|Endpoint) Mode:`), "the output of docker service inspect --pretty: save that of docker service inspect without it instead", true},
	{pattern(`\bCap(?:Add|Drop)=(?:\[|<no value>)`), "a line of docker inspect --format, which is not the whole: save the output of docker inspect instead", false},
	{pattern(`^(?:(?i:FROM) [\w./:@${}-]+(?: (?i:AS) [\w.-]+)?|ARG \w+(?:=.*)?|USER [\w:${}-]+|(?:CMD|ENTRYPOINT) .+)$`), "a Dockerfile, which tells no capabilities of a container: save the output of docker inspect of one instead", true},
	{pattern(`^(?:resource|data|module|provider|terraform) (?:"[\w-]+" ){0,2}\{`), "a configuration of Terraform, which capinspect does not read: write its capabilities as cap_add and cap_drop of a compose file", true},
	{pattern(`^\[(?:Timer|Socket|Path|Mount|Automount|Swap|Target|Slice|Scope)\]$`), "a unit of systemd that is no service: save the output of systemctl cat of the service instead", true},
	{pattern(`^\[Exec\]$`), "a file of systemd-nspawn, which capinspect does not read", true},
	{pattern(`^lxc\.[a-z]+(?:\.\w+)* *=`), "a configuration of LXC, which capinspect does not read", true},
	{pattern(`^job "[^"]*" *\{`), "a job of Nomad, which capinspect does not read: write its cap_add and cap_drop in a compose file", true},
}

// foreign returns what a line is of a text that is known and not read, nil if it is of none.
func foreign(text string) *foreigner {
	for i := range foreigners {
		if foreigners[i].line().MatchString(text) {
			return &foreigners[i]
		}
	}
	return nil
}
