// SPDX-License-Identifier: Apache-2.0

package capset

// table is all that is known of each capability, by number. A name is written
// here and nowhere else; a test holds the names against libcap's.
var table = [...]struct {
	name    string // libcap's spelling
	since   string // the first Linux release that knows it (capabilities(7))
	summary string // what it lets a process do, in a few words of ours
}{
	Chown:             {"cap_chown", "2.2", "give files another owner"},
	DacOverride:       {"cap_dac_override", "2.2", "read, write and search whatever the permissions"},
	DacReadSearch:     {"cap_dac_read_search", "2.2", "read and search whatever the permissions"},
	Fowner:            {"cap_fowner", "2.2", "do to any file what its owner may"},
	Fsetid:            {"cap_fsetid", "2.2", "keep set-user-ID and set-group-ID bits when writing"},
	Kill:              {"cap_kill", "2.2", "signal any process"},
	Setgid:            {"cap_setgid", "2.2", "take any group ids"},
	Setuid:            {"cap_setuid", "2.2", "take any user ids"},
	Setpcap:           {"cap_setpcap", "2.2", "give up and add capabilities within the bounding set"},
	LinuxImmutable:    {"cap_linux_immutable", "2.2", "set the immutable and append-only flags of files"},
	NetBindService:    {"cap_net_bind_service", "2.2", "bind ports below 1024"},
	NetBroadcast:      {"cap_net_broadcast", "2.2", "netlink multicast of other network namespaces"},
	NetAdmin:          {"cap_net_admin", "2.2", "configure network interfaces, routes and firewalls"},
	NetRaw:            {"cap_net_raw", "2.2", "open raw and packet sockets"},
	IpcLock:           {"cap_ipc_lock", "2.2", "lock memory beyond the limit"},
	IpcOwner:          {"cap_ipc_owner", "2.2", "use any System V IPC object"},
	SysModule:         {"cap_sys_module", "2.2", "load and remove kernel modules"},
	SysRawio:          {"cap_sys_rawio", "2.2", "reach I/O ports and memory directly"},
	SysChroot:         {"cap_sys_chroot", "2.2", "change the root directory"},
	SysPtrace:         {"cap_sys_ptrace", "2.2", "read and control any process"},
	SysPacct:          {"cap_sys_pacct", "2.2", "switch process accounting on and off"},
	SysAdmin:          {"cap_sys_admin", "2.2", "mount, and very much else"},
	SysBoot:           {"cap_sys_boot", "2.2", "reboot, and load another kernel"},
	SysNice:           {"cap_sys_nice", "2.2", "raise priorities, real-time scheduling"},
	SysResource:       {"cap_sys_resource", "2.2", "exceed limits, quotas and reserved space"},
	SysTime:           {"cap_sys_time", "2.2", "set the clock"},
	SysTtyConfig:      {"cap_sys_tty_config", "2.2", "configure terminals, and hang them up"},
	Mknod:             {"cap_mknod", "2.4", "make device nodes"},
	Lease:             {"cap_lease", "2.4", "take leases on any file"},
	AuditWrite:        {"cap_audit_write", "2.6.11", "write records to the audit log"},
	AuditControl:      {"cap_audit_control", "2.6.11", "configure auditing"},
	Setfcap:           {"cap_setfcap", "2.6.24", "write file capabilities"},
	MacOverride:       {"cap_mac_override", "2.6.25", "pass over mandatory access control (Smack)"},
	MacAdmin:          {"cap_mac_admin", "2.6.25", "configure mandatory access control"},
	Syslog:            {"cap_syslog", "2.6.37", "read and clear the kernel log"},
	WakeAlarm:         {"cap_wake_alarm", "3.0", "set timers that wake the machine"},
	BlockSuspend:      {"cap_block_suspend", "3.5", "keep the machine from suspending"},
	AuditRead:         {"cap_audit_read", "3.16", "read the audit log"},
	Perfmon:           {"cap_perfmon", "5.8", "measure performance, kernel included"},
	Bpf:               {"cap_bpf", "5.8", "create BPF maps and load BPF programs"},
	CheckpointRestore: {"cap_checkpoint_restore", "5.9", "checkpoint and restore processes"},
}
