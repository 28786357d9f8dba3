// SPDX-License-Identifier: Apache-2.0

package capset

import (
	"slices"
	"strconv"
)

// Scope is a user namespace that the kernel asks for a capability in: the initial one, or
// the one that owns what is acted upon (user_namespaces(7); kernel/capability.c). A task's
// capabilities count in its own user namespace and in those below it.
type Scope uint8

// The scopes. Those from ScopeCgroup on are the user namespaces that own a namespace of
// the task.
const (
	ScopeInitial Scope = iota // the initial user namespace: what belongs to the machine
	ScopeOwn                  // the task's own: what it does to itself
	ScopeFile                 // the task's own, for files whose owner and group have ids there
	ScopeProcess              // that of the process that is acted upon
	ScopeCgroup
	ScopeIPC
	ScopeMnt
	ScopeNet
	ScopePID
	ScopeTime
	ScopeUTS
	NumScopes = iota
)

var scopeNames = [NumScopes]string{
	"initial", "own", "file", "process", "cgroup", "ipc", "mnt", "net", "pid", "time", "uts",
}

// String returns a word for the scope. For those that own a namespace it is the name of
// the file in /proc/PID/ns.
func (s Scope) String() string {
	if s >= NumScopes {
		return strconv.Itoa(int(s))
	}
	return scopeNames[s]
}

// scopes is the table of the scopes of each capability, as Linux 6.18 has them. What only
// the holder of a BPF token can do (Linux 6.9) is not in it, and neither are the offsets
// of a time namespace that no task has entered yet, which take SYS_TIME there.
var scopes = [len(table)][]Scope{
	Chown:             {ScopeFile},
	DacOverride:       {ScopeFile},
	DacReadSearch:     {ScopeInitial, ScopeFile}, // initial: open_by_handle_at(2)
	Fowner:            {ScopeFile},
	Fsetid:            {ScopeInitial, ScopeFile}, // initial: what a write clears
	Kill:              {ScopeProcess},
	Setgid:            {ScopeOwn},
	Setuid:            {ScopeOwn},
	Setpcap:           {ScopeOwn},
	LinuxImmutable:    {ScopeInitial},
	NetBindService:    {ScopeInitial, ScopeNet}, // initial: vsock ports
	NetBroadcast:      {ScopeNet},               // NETLINK_LISTEN_ALL_NSID alone
	NetAdmin:          {ScopeInitial, ScopeNet}, // initial: SO_SNDBUFFORCE, SO_DEBUG
	NetRaw:            {ScopeNet},
	IpcLock:           {ScopeInitial, ScopeIPC}, // ipc: SHM_LOCK
	IpcOwner:          {ScopeIPC},
	SysModule:         {ScopeInitial},
	SysRawio:          {ScopeInitial},
	SysChroot:         {ScopeOwn},
	SysPtrace:         {ScopeInitial, ScopeProcess}, // initial: userfaultfd(2)
	SysPacct:          {ScopeInitial},
	SysAdmin:          {ScopeInitial, ScopeOwn, ScopeCgroup, ScopeIPC, ScopeMnt, ScopeNet, ScopePID, ScopeTime, ScopeUTS},
	SysBoot:           {ScopeInitial, ScopePID}, // pid: reboot(2), which ends its init
	SysNice:           {ScopeInitial, ScopeProcess},
	SysResource:       {ScopeInitial, ScopeOwn, ScopeProcess}, // own: /proc/sys/user
	SysTime:           {ScopeInitial},
	SysTtyConfig:      {ScopeInitial},
	Mknod:             {ScopeInitial},
	Lease:             {ScopeInitial},
	AuditWrite:        {ScopeInitial},
	AuditControl:      {ScopeInitial},
	Setfcap:           {ScopeFile},
	MacOverride:       {ScopeInitial},
	MacAdmin:          {ScopeInitial, ScopeOwn}, // own: a policy namespace of AppArmor
	Syslog:            {ScopeInitial},
	WakeAlarm:         {ScopeInitial},
	BlockSuspend:      {ScopeInitial},
	AuditRead:         {ScopeInitial},
	Perfmon:           {ScopeInitial},
	Bpf:               {ScopeInitial},
	CheckpointRestore: {ScopeInitial, ScopeOwn, ScopePID},
}

// Scopes returns where the kernel asks for the capability, in ascending order; nil if it
// has no name yet. One operation asks in one of them: mount(2) asks for SYS_ADMIN in
// ScopeMnt, swapon(2) in ScopeInitial.
func (c Cap) Scopes() []Scope {
	if c > LastKnown {
		return nil
	}
	return slices.Clone(scopes[c])
}
