// SPDX-License-Identifier: Apache-2.0

package operation

// noneHere is why many operations are unverified.
const noneHere = "the kernel of the tests has no such thing"

// untried returns an operation that no test does.
func (o Operation) untried(why string) Operation {
	o.Unverified = why
	return o
}

// The notes that several operations share.
var (
	ownNamespace  = Note{"user-namespace", "a user namespace of its own, and another namespace of that kind in it: unshare -Ur"}
	ownMount      = Note{"own-mount", "a file system that its own user namespace has mounted, such as a tmpfs: it is checked against that one"}
	ownerMay      = Note{"owner", "the owner of the file may"}
	modeMay       = Note{"mode", "the mode bits or an ACL of the file may let it"}
	sameUser      = Note{"uid", "a process of its own uid needs none"}
	sameUserTrace = Note{"uid", "a process of its own uid needs none, if that process is dumpable and holds no capability that it lacks"}
	descendants   = Note{"parent", "a child of its own, where kernel.yama.ptrace_scope is 1"}
	rootOwned     = Note{"root-owned", "uid 0 of the node owns the file, and needs none"}
	ownerRoot     = Note{"namespace-root", "uid 0 of the user namespace that owns the IPC namespace owns the file (since Linux 6.9), and needs none"}

	mayUnshare   = Note{"sysctl", "user.max_user_namespaces, kernel.unprivileged_userns_clone (Debian) or kernel.apparmor_restrict_unprivileged_userns (Ubuntu) may forbid user namespaces"}
	yama         = Note{"sysctl", "where kernel.yama.ptrace_scope is 2 it takes SYS_PTRACE, where it is 3 nobody may"}
	securityMod  = Note{"lsm", "AppArmor, SELinux or another security module may refuse it"}
	deviceCgroup = Note{"device-cgroup", "the device cgroup of a container refuses devices that are not listed for it"}
	serverRules  = Note{"file-server", "on a network file system the server decides"}
	lockdown     = Note{"lockdown", "kernel lockdown, as with Secure Boot, refuses it"}
	auditBelow   = Note{"user-namespace", "in a child user namespace the socket finds nobody (ECONNREFUSED), so PAM and sshd assume a kernel without auditing"}
	fileMode     = Note{"dac", "the mode of the file is checked first"}
	readOnlyProc = Note{"proc-read-only", "most runtimes mount /proc/sys read-only"}
	maskedProc   = Note{"masked", "runtimes hide the file in containers that are not privileged"}
	sockOptOwner = Note{"user-namespace", "in a network namespace of its own user namespace: unshare -Urn"}
)
