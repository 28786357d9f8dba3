// SPDX-License-Identifier: Apache-2.0

package capset

// table is all that is known of each capability, by number. A name is written
// here and nowhere else; a test holds the names against libcap's.
var table = [...]struct {
	name  string // libcap's spelling
	since string // the first Linux release that knows it (capabilities(7))
}{
	Chown:             {"cap_chown", "2.2"},
	DacOverride:       {"cap_dac_override", "2.2"},
	DacReadSearch:     {"cap_dac_read_search", "2.2"},
	Fowner:            {"cap_fowner", "2.2"},
	Fsetid:            {"cap_fsetid", "2.2"},
	Kill:              {"cap_kill", "2.2"},
	Setgid:            {"cap_setgid", "2.2"},
	Setuid:            {"cap_setuid", "2.2"},
	Setpcap:           {"cap_setpcap", "2.2"},
	LinuxImmutable:    {"cap_linux_immutable", "2.2"},
	NetBindService:    {"cap_net_bind_service", "2.2"},
	NetBroadcast:      {"cap_net_broadcast", "2.2"},
	NetAdmin:          {"cap_net_admin", "2.2"},
	NetRaw:            {"cap_net_raw", "2.2"},
	IpcLock:           {"cap_ipc_lock", "2.2"},
	IpcOwner:          {"cap_ipc_owner", "2.2"},
	SysModule:         {"cap_sys_module", "2.2"},
	SysRawio:          {"cap_sys_rawio", "2.2"},
	SysChroot:         {"cap_sys_chroot", "2.2"},
	SysPtrace:         {"cap_sys_ptrace", "2.2"},
	SysPacct:          {"cap_sys_pacct", "2.2"},
	SysAdmin:          {"cap_sys_admin", "2.2"},
	SysBoot:           {"cap_sys_boot", "2.2"},
	SysNice:           {"cap_sys_nice", "2.2"},
	SysResource:       {"cap_sys_resource", "2.2"},
	SysTime:           {"cap_sys_time", "2.2"},
	SysTtyConfig:      {"cap_sys_tty_config", "2.2"},
	Mknod:             {"cap_mknod", "2.4"},
	Lease:             {"cap_lease", "2.4"},
	AuditWrite:        {"cap_audit_write", "2.6.11"},
	AuditControl:      {"cap_audit_control", "2.6.11"},
	Setfcap:           {"cap_setfcap", "2.6.24"},
	MacOverride:       {"cap_mac_override", "2.6.25"},
	MacAdmin:          {"cap_mac_admin", "2.6.25"},
	Syslog:            {"cap_syslog", "2.6.37"},
	WakeAlarm:         {"cap_wake_alarm", "3.0"},
	BlockSuspend:      {"cap_block_suspend", "3.5"},
	AuditRead:         {"cap_audit_read", "3.16"},
	Perfmon:           {"cap_perfmon", "5.8"},
	Bpf:               {"cap_bpf", "5.8"},
	CheckpointRestore: {"cap_checkpoint_restore", "5.9"},
}
