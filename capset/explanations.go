// SPDX-License-Identifier: Apache-2.0

package capset

// explanations has the texts by number. All of them are our own words: nothing is taken from
// capabilities(7), from libcap or from the kernel's comments. What changed names the Linux
// release. A text is sentences in ASCII without a line break: whoever prints it wraps it. A
// test holds that none is missing.
var explanations = [len(table)]Explanation{
	Chown: {
		Permits: "Lets a process give a file another owner and group with chown(2), unless the file is " +
			"immutable or append-only, or the server of a network file system refuses it. In a user " +
			"namespace that covers only files whose uid and gid are mapped there.",
		Needs: "Entrypoints that start as root and chown their data directory before they switch user " +
			"need it, as those of s6-overlay, postgres and redis do, and so do package managers such " +
			"as dpkg.",
		Risk: "Takes over files of other users: chown of /etc/shadow, then a plain write. With a " +
			"system directory of the node mounted writable, in the initial user namespace, that is " +
			"root on the node, unless a security module forbids it.",
		Instead: "Set fsGroup in the pod's securityContext, or give the files their owner in the image " +
			"with COPY --chown, and run as that user from the start.",
	},
	DacOverride: {
		Permits: "Lets a process read, write, create and search regardless of the mode bits and ACLs of " +
			"files and directories, and execute a file that has any execute bit. Read-only mounts, " +
			"the immutable flag, fs.protected_regular and the server of a network file system still " +
			"refuse.",
		Needs: "Entrypoints and daemons that run as root but use files of another uid need it, for " +
			"example a data directory of uid 999 with mode 0700; so do package managers.",
		Risk: "Opens the files of all users within its mounts. With the node's /etc or /root " +
			"mounted writable, in the initial user namespace, it writes cron.d or " +
			".ssh/authorized_keys, which is root on the node, unless a security module forbids it.",
		Instead: "Run as the uid that owns the files (runAsUser), or share them through a group: fsGroup " +
			"or supplementalGroups with group permissions.",
	},
	DacReadSearch: {
		Permits: "Lets a process read files and list or search directories regardless of their mode bits " +
			"and ACLs, unless the server of a network file system refuses it, and open a file by its " +
			"handle with open_by_handle_at(2).",
		Needs: "Backup and log agents such as restic need it when they read the files of many users " +
			"without running as root.",
		Risk: "In the initial user namespace open_by_handle_at(2) reaches all files of the ext4 or " +
			"XFS file system behind a bind mount, including the node's /etc/shadow (the shocker " +
			"exploit of 2014), unless seccomp or a security module forbids it. With CAP_DAC_OVERRIDE " +
			"it writes them too: root on the node.",
		Instead: "Give the process the group that may read the files (supplementalGroups), set read ACLs " +
			"on them, or run it as the uid that owns the data.",
	},
	Fowner: {
		Permits: "Lets a process do to a file what otherwise only its owner may do: chmod(2), setting " +
			"times and ACLs, changing chattr flags, and deleting from sticky directories such as " +
			"/tmp. On a network file system the server decides.",
		Needs: "Entrypoints and tools that set modes or times on other users' files need it: chmod in an " +
			"entrypoint, tar -p, rsync -a, cp -p and package managers.",
		Risk: "Opens files of other users with chmod(2), or puts the set-user-ID bit on a shell " +
			"that root owns. With a system directory of the node mounted writable, in the initial " +
			"user namespace, that is root on the node, unless a security module forbids it.",
		Instead: "Let the uid that owns the files run the program, set modes in the image with COPY " +
			"--chmod, or let fsGroup give a group access to the volume.",
	},
	Fsetid: {
		Permits: "Lets a process set the set-group-ID bit of a file for a group it is not in and, in the " +
			"initial user namespace, write to a file that keeps its set-user-ID and set-group-ID " +
			"bits. File capabilities are lost all the same.",
		Needs: "Image builds and package managers need it to unpack set-ID programs, as tar, rpm and " +
			"buildah do. Hardly anything needs it once the container runs.",
		Risk: "Lets a set-user-ID program that the process may write keep its bit with new contents: " +
			"whoever runs it runs the attacker's code, unless under no_new_privs or from a nosuid " +
			"mount.",
		Instead: "Drop it. A shared directory with the set-group-ID bit, as fsGroup makes it, passes its " +
			"group on to new files without any capability.",
	},
	Kill: {
		Permits: "Lets a process signal the processes of other uids that it can see, in its user namespace " +
			"and those below, unless a security module forbids it. Otherwise its real or effective " +
			"uid must equal the target's real or saved uid; SIGCONT also works within a session.",
		Needs: "A supervisor that runs as root and stops workers of other uids needs it, such as nginx " +
			"or supervisord. A container with a single uid does not.",
		Risk: "Stops or disturbs the other programs in its PID namespace. With hostPID, in the " +
			"initial user namespace, it kills any daemon of the node, the kubelet included, unless a " +
			"security module forbids it, as the AppArmor profiles of Docker and containerd do.",
		Instead: "Run supervisor and workers under one uid with runAsUser, or put each program in a " +
			"container of its own, which the runtime stops from outside.",
	},
	Setgid: {
		Permits: "Lets a process take any group ID that its user namespace maps, also as a " +
			"supplementary group, with setgid(2), setgroups(2) and the like, claim such a gid over " +
			"Unix sockets, and write the gid_map of a child user namespace. SafeSetID, or deny in " +
			"/proc/PID/setgroups, may narrow that.",
		Needs: "Root entrypoints and daemons need it to switch to another group: gosu, su-exec, setpriv " +
			"--regid, supervisord, s6-overlay, nginx, sshd, postfix, cron.",
		Risk: "Joins a group at will: the one that owns a mounted docker.sock, or disk and shadow for " +
			"mounted host files and devices. In the initial user namespace these are the node's own " +
			"groups.",
		Instead: "Set runAsGroup and supplementalGroups, so that the program starts with its groups and " +
			"never has to change them.",
	},
	Setuid: {
		Permits: "Lets a process take any user ID that its user namespace maps with setuid(2), " +
			"setresuid(2) and the like, claim such a uid over Unix sockets, and write the uid_map of " +
			"a child user namespace. The module SafeSetID may narrow that.",
		Needs: "Root entrypoints and daemons need it to switch to another user: gosu, su-exec, sudo, " +
			"supervisord, s6-overlay, nginx, sshd, postfix, cron.",
		Risk: "Becomes uid 0, whose next execve(2) gains the whole bounding set unless no_new_privs or " +
			"SECBIT_NOROOT is set. In the initial user namespace that uid owns the node's files " +
			"wherever they are mounted.",
		Instead: "Set runAsUser and runAsNonRoot, so that the program starts under its final uid, and " +
			"allowPrivilegeEscalation: false, so that no set-user-ID program raises it.",
	},
	Setpcap: {
		Permits: "Lets a process drop capabilities from its bounding set, add any capability of that set " +
			"to its inheritable set, and change its securebits, except the two exec bits of Linux " +
			"6.14, which need no privilege.",
		Needs: "Programs that narrow their own rights further need it: capsh --drop, setpriv " +
			"--bounding-set, systemd with CapabilityBoundingSet=. Hardly anything else needs it.",
		Risk: "Gives an attacker little by itself, as it adds nothing to Permitted. A capability kept " +
			"in Inheritable outlives its removal from the bounding set, and returns when root " +
			"executes a program or when a file's own inheritable set has it.",
		Instead: "Let the runtime set the bounding set before the program starts: drop ALL and add what is " +
			"needed, with allowPrivilegeEscalation: false.",
	},
	LinuxImmutable: {
		Permits: "Lets a process set and clear the immutable and append-only flags of its files, as chattr " +
			"+i and +a do, on file systems that have them; for other users' files together with " +
			"CAP_FOWNER. It counts in the initial user namespace only.",
		Needs: "Hardly anything needs it; chattr in hardening scripts does, or a log store that keeps " +
			"its files append-only.",
		Risk: "Pins files on volumes so that the kubelet cannot remove them until somebody clears the " +
			"flag, and takes the append-only flag off logs in order to rewrite them.",
		Instead: "Use readOnlyRootFilesystem and read-only volume mounts, which the container cannot undo " +
			"without CAP_SYS_ADMIN.",
	},
	NetBindService: {
		Permits: "Lets a process bind TCP, UDP and SCTP ports below net.ipv4.ip_unprivileged_port_start, " +
			"which is 1024 by default and set per network namespace since Linux 4.11; in the initial " +
			"user namespace also vsock ports below 1024.",
		Needs: "Non-root servers need it for ports such as 80, 443 or 53: nginx, Caddy, CoreDNS. Docker " +
			"since 20.10 and containerd's CRI since 2.0 set the sysctl to 0 by default, so it is only " +
			"needed with hostNetwork and other runtimes.",
		Risk: "Gives an attacker little in a network namespace of its own. With hostNetwork, in the " +
			"initial user namespace, it takes free ports of the node such as 53 or 443, and low " +
			"source ports that NFS servers trust.",
		Instead: "Listen on 8080 and map it with a Service, a hostPort or docker run -p 80:8080, or set " +
			"the safe sysctl net.ipv4.ip_unprivileged_port_start to 0 in the pod.",
	},
	NetBroadcast: {
		Permits: "Lets a process hear the netlink multicast of network namespaces that have an id " +
			"in its own, where the capability counts for them too (NETLINK_LISTEN_ALL_NSID, since " +
			"Linux 4.2). SO_BROADCAST and joining a multicast group need no privilege.",
		Needs: "Only programs that watch the links of other network namespaces, as ip monitor all-nsid " +
			"does. Programs that broadcast or use multicast, such as mDNS responders, work without " +
			"it; a DHCP client needs CAP_NET_RAW and CAP_NET_ADMIN.",
		Risk:    "Shows how the network of other namespaces on the host changes; it changes nothing there.",
		Instead: "Drop it; sockets work just the same without it, broadcast and multicast included.",
	},
	NetAdmin: {
		Permits: "Lets a process configure its network namespace: addresses, routes, nftables and " +
			"iptables, tc, bridges, tun devices, promiscuous mode, packet marks and transparent " +
			"proxying.",
		Needs: "CNI agents (Calico, Cilium), VPNs (WireGuard, OpenVPN), keepalived, the istio-init " +
			"container of a mesh, and Pi-hole as a DHCP server need it.",
		Risk: "Redirects the traffic of its network namespace, and reaches kernel code that has led to " +
			"root on the node, as nf_tables did with CVE-2024-1086. With hostNetwork, in the initial " +
			"user namespace, it changes the node's firewall and routes.",
		Instead: "Let a CNI plugin configure the pod from outside (istio-cni), set net.* settings as " +
			"sysctls of the pod, or grant it only to a short-lived init container.",
	},
	NetRaw: {
		Permits: "Lets a process open raw and AF_PACKET sockets, to send packets with any header and to " +
			"see each packet on its interfaces, and bind to foreign addresses with IP_TRANSPARENT.",
		Needs: "tcpdump, nmap, arping, DHCP clients, keepalived and the MetalLB speaker need it. ping " +
			"needs it only where net.ipv4.ping_group_range leaves its group out, or where its own " +
			"file asks for it.",
		Risk: "Forges ARP and DNS answers for neighbours on the same bridge and reads what passes. Bugs " +
			"of AF_PACKET such as CVE-2020-14386 turned it into root on the node.",
		Instead: "Set net.ipv4.ping_group_range for ping; Docker since 20.10 and containerd's CRI " +
			"since 2.0 open it to all groups, but not with the host's network or in a user " +
			"namespace. Since Linux 5.7, SO_BINDTODEVICE does not need it for a socket's first " +
			"device.",
	},
	IpcLock: {
		Permits: "Lets a process lock memory beyond RLIMIT_MEMLOCK with mlock(2), mlockall(2), " +
			"SHM_LOCK or RDMA registrations, and create shared memory of huge pages with " +
			"SHM_HUGETLB, which vm.hugetlb_shm_group also lets a group do. In a user namespace of " +
			"its own it only covers SHM_LOCK within the limit.",
		Needs: "HashiCorp Vault needs it to keep its secrets out of swap, and so do DPDK and RDMA " +
			"programs. Most others stay within the default limit, 8 MiB since Linux 5.16.",
		Risk: "Gives an attacker little: locked pages cannot be swapped out, but they count against the " +
			"container's memory limit. Without such a limit it takes memory away from the whole node.",
		Instead: "Raise the memlock limit with docker run --ulimit memlock=-1, or LimitMEMLOCK= in " +
			"containerd's unit. MAP_HUGETLB, and volumes of medium HugePages, need no capability.",
	},
	IpcOwner: {
		Permits: "Lets a process read and write each System V shared memory segment, semaphore set and " +
			"message queue of its IPC namespace regardless of their permissions. Changing or removing " +
			"those of another uid takes CAP_SYS_ADMIN.",
		Needs: "Hardly anything needs it; the containers of IBM Db2 ask for it in their security " +
			"context.",
		Risk: "Reads and changes the System V memory of the programs in its IPC namespace: those of all " +
			"containers of the pod, or with hostIPC, in the initial user namespace, those of the " +
			"node.",
		Instead: "Run the programs that share memory under one uid, or create the segments with mode 0660 " +
			"and a group that all of them have (supplementalGroups).",
	},
	SysModule: {
		Permits: "Lets a process load and remove kernel modules with init_module(2), finit_module(2) and " +
			"delete_module(2), unless kernel.modules_disabled is 1. It counts in the initial user " +
			"namespace only.",
		Needs: "Node agents that install a driver or call modprobe with the node's /lib/modules mounted " +
			"need it: NVIDIA driver containers, some CNI and storage agents.",
		Risk: "It is root on the node when held in the initial user namespace: a module is code in the " +
			"kernel that all containers share. Enforced module signatures or kernel lockdown confine " +
			"it to signed modules, LoadPin to those of one file system.",
		Instead: "Load modules when the node boots, from /etc/modules-load.d, or through a node operator, " +
			"and leave the workload without it.",
	},
	SysRawio: {
		Permits: "Lets a process reach hardware and memory directly: ioperm(2) and iopl(2) on x86, " +
			"/dev/mem, /proc/kcore, MSR devices, SCSI commands that the kernel otherwise filters, and " +
			"mmap(2) below vm.mmap_min_addr. It counts in the initial user namespace only.",
		Needs: "smartctl needs it for SATA disks, and so do the exporters that call it and a few " +
			"hardware tools. Applications normally do not need it.",
		Risk: "It is root on the node when held in the initial user namespace: I/O ports drive any " +
			"device, and where the device cgroup lets it open /dev/mem or an MSR it changes the " +
			"kernel itself. Kernel lockdown closes most of this.",
		Instead: "Use a device plugin or docker run --device for the one device, an exporter that runs on " +
			"the node itself, or sysfs, which shows much hardware data without it.",
	},
	SysChroot: {
		Permits: "Lets a process change its root directory with chroot(2). Joining another mount namespace " +
			"with setns(2) needs it too, besides CAP_SYS_ADMIN.",
		Needs: "Daemons that confine themselves need it: sshd for its privilege separation, vsftpd, " +
			"postfix, haproxy, unbound; so do image builders that chroot into a tree, and nsenter " +
			"--mount.",
		Risk: "Gives an attacker little: a second chroot(2) escapes from an earlier one, but not " +
			"from a root that pivot_root(2) made, as that of a container normally is. A set-user-ID " +
			"program run in a prepared tree reads forged files.",
		Instead: "Turn the daemon's own chroot off (an empty chroot in unbound.conf, no chroot line in " +
			"haproxy.cfg); the container's root filesystem does that job already.",
	},
	SysPtrace: {
		Permits: "Lets a process read and control the processes that it sees in its user namespace and " +
			"those below, unless a security module forbids it, as Yama does with attaching where " +
			"kernel.yama.ptrace_scope is 3: ptrace(2), process_vm_writev(2), pidfd_getfd(2), and " +
			"files of /proc/PID such as mem, environ, root and fd.",
		Needs: "Debug containers need it for strace, gdb or delve on a process of another uid, and so do " +
			"Falco and other agents that read /proc/PID of all processes, and nsenter into namespaces " +
			"of processes that hold more. kubectl debug --profile=general adds it.",
		Risk: "Takes over the processes it sees, with their secrets and their rights, for example " +
			"in other containers of the pod under shareProcessNamespace. With hostPID, in the " +
			"initial user namespace, that is root on the node, unless a security module forbids it, " +
			"as the AppArmor profiles of Docker and containerd do.",
		Instead: "Debug under the target's own uid and gid, in its user namespace: a process that is " +
			"dumpable and has no more capabilities than its tracer can be traced without it, where " +
			"Yama's ptrace_scope is 0.",
	},
	SysPacct: {
		Permits: "Lets a process switch BSD process accounting of its PID namespace on and off with " +
			"acct(2). It counts in the initial user namespace only.",
		Needs: "Hardly anything needs it; accton from GNU acct or psacct does, but it belongs on the " +
			"node itself.",
		Risk: "Gives an attacker little: the kernel appends a record for each process that ends, until " +
			"only 2 percent of the file system is free (kernel.acct). With hostPID it switches off " +
			"the accounting of the node.",
		Instead: "Use the cgroup statistics that the kubelet and cAdvisor report, or accounting that the " +
			"node keeps by itself.",
	},
	SysAdmin: {
		Permits: "Lets a process mount, create and join namespaces, set the hostname, use swapon(2), " +
			"quotactl(2) and many device ioctls. It also stands in for CAP_BPF and CAP_PERFMON, split " +
			"off in Linux 5.8, and CAP_CHECKPOINT_RESTORE, in 5.9.",
		Needs: "CSI node plugins, FUSE mounts, image builds and Docker inside a container need it, and " +
			"agents that enter other namespaces with nsenter, along with CAP_SYS_PTRACE and " +
			"CAP_SYS_CHROOT.",
		Risk: "It is root on the node when held in the initial user namespace: as uid 0, with no LSM in " +
			"its way, it remounts /proc/sys writable and names a helper in kernel.core_pattern, which " +
			"the kernel runs as root outside the container.",
		Instead: "Grant CAP_BPF, CAP_PERFMON or CAP_CHECKPOINT_RESTORE where they suffice, set hostUsers: " +
			"false, so that it covers only the pod's own namespaces, or let a CSI driver mount from " +
			"outside.",
	},
	SysBoot: {
		Permits: "Lets a process stop or restart the machine with reboot(2) and load another kernel with " +
			"kexec_load(2). In a PID namespace of its own reboot(2) only ends that namespace, since " +
			"Linux 3.4.",
		Needs: "Hardly anything needs it; a reboot agent such as kured asks the node's systemd instead " +
			"of calling reboot(2).",
		Risk: "With hostPID, in the initial user namespace, it stops the node. A kernel that it loads " +
			"there takes over at the next kexec or crash, which is root on the node, unless seccomp, " +
			"lockdown or kernel.kexec_load_disabled forbids the load.",
		Instead: "Leave it to an agent of the node that drains and restarts it, so that no workload needs " +
			"the right; a container ends when its main process exits.",
	},
	SysNice: {
		Permits: "Lets a process lower nice values, use SCHED_FIFO, SCHED_DEADLINE and, since " +
			"Linux 5.14, real-time I/O priority, and change the scheduling, I/O priority and CPU " +
			"affinity of processes of other users.",
		Needs: "chronyd -P, real-time audio and radio programs such as jackd, and IBM Db2 need it. MySQL " +
			"needs it for mbind(2), which the default seccomp profile of Docker and containerd ties " +
			"to it; there the bounding set is enough.",
		Risk: "Starves others: where its cgroup lets threads be real-time, one under SCHED_FIFO takes " +
			"nearly all of each CPU it runs on, past the cgroup's CPU limit. It gives no access to " +
			"data.",
		Instead: "Use docker run --ulimit rtprio=N or nice=N for the program's own threads, the kubelet's " +
			"static CPU manager policy for pinning, and CPU requests for a fair share.",
	},
	SysResource: {
		Permits: "Lets a process raise its hard resource limits, exceed disk quotas and use reserved " +
			"blocks on ext4, lower oom_score_adj below its floor, and exceed limits such as " +
			"RLIMIT_NPROC and fs.pipe-max-size.",
		Needs: "Programs that raise their hard limits with setrlimit(2) need it: IBM Db2, and BPF " +
			"loaders that raise RLIMIT_MEMLOCK, which is no longer necessary since Linux 5.11.",
		Risk: "Uses up the last reserved blocks of a disk, and exempts itself from the OOM killer so " +
			"that others die first. Memory and pids limits of the cgroup still bind it.",
		Instead: "Set the limits from outside: docker run --ulimit, or LimitNOFILE= and the like in the " +
			"unit of containerd, whose containers inherit them.",
	},
	SysTime: {
		Permits: "Lets a process set or slew the system clock with clock_settime(2), settimeofday(2) and " +
			"adjtimex(2), and set the hardware clock through /dev/rtc, in the initial user namespace " +
			"only. In another it can only set the offsets of a new time namespace, since Linux 5.6.",
		Needs: "Time daemons that steer the node's clock from a container need it: chronyd, ntpd, " +
			"phc2sys. Applications normally do not need it.",
		Risk: "Moves the clock of the node, because time namespaces cover only the monotonic and " +
			"boot-time clocks: expired certificates and tokens become valid again, TLS and leases " +
			"fail, logs show false times.",
		Instead: "Run the time daemon on the node itself. In a container chronyd -x serves time without " +
			"touching the clock, and libfaketime changes the time of one program for tests.",
	},
	SysTtyConfig: {
		Permits: "Lets a process hang up its own terminal with vhangup(2) and use the privileged ioctls of " +
			"virtual consoles: keyboard maps, fonts, video modes, switching.",
		Needs: "Hardly anything needs it; agetty, X servers and loadkeys do on a machine's own console.",
		Risk: "Gives an attacker little without a console device in the container. With one, such as " +
			"/dev/tty1, it rebinds keys so that the next person at the console types the attacker's " +
			"command.",
		Instead: "Use the pseudo terminal of kubectl exec -t or docker run -t, which needs no capability, " +
			"and leave the setup of consoles to the node.",
	},
	Mknod: {
		Permits: "Lets a process create character and block device nodes with mknod(2), in the initial " +
			"user namespace only. FIFOs, sockets and, since Linux 5.8, overlayfs whiteouts need no " +
			"capability.",
		Needs: "Image builds need it to unpack device nodes, as debootstrap, buildah and some rpm " +
			"packages do. Applications get their devices from the runtime.",
		Risk: "Opens nothing by itself where the device cgroup decides: runc allows few devices, but " +
			"all of them in a privileged container. It does not restrain the node's own users, " +
			"though: a device node for the disk, left where one of them can open it, gives the disk " +
			"away.",
		Instead: "Use a device plugin, dynamic resource allocation or docker run --device, which make the " +
			"node and open the device cgroup for that device only.",
	},
	Lease: {
		Permits: "Lets a process take a lease on any regular file it has open, with F_SETLEASE of " +
			"fcntl(2), not only on files of its own uid.",
		Needs: "Hardly anything needs it; Samba's smbd does, for kernel oplocks on its clients' files.",
		Risk: "Gives an attacker little: whoever opens a leased file waits until the holder gives way, " +
			"at most fs.lease-break-time, which is 45 seconds by default.",
		Instead: "Use inotify(7), if the program only wants to learn of changes; in Samba set kernel " +
			"oplocks = no, where nothing but smbd uses the files.",
	},
	AuditWrite: {
		Permits: "Lets a process add user records to the kernel's audit log through a NETLINK_AUDIT " +
			"socket, as libaudit does for logins. It counts in the initial user namespace only.",
		Needs: "sshd, login, su, sudo, cron and others that use PAM or libaudit need it, if the image " +
			"has them. Applications do not write audit records.",
		Risk: "Adds false login and authentication records to the node's audit log, or floods it. The " +
			"kernel still stamps each record with the sender's pid and uid.",
		Instead: "Drop it, as CRI-O does by default; use kubectl exec in place of an sshd in the image, " +
			"and log to standard output.",
	},
	AuditControl: {
		Permits: "Lets a process switch kernel auditing on and off, change its rules, register as the " +
			"audit daemon and reset its login uid. The kernel takes audit commands only from the " +
			"initial user and PID namespaces.",
		Needs: "auditd, go-audit and Auditbeat need it as node agents with hostPID. Applications " +
			"normally do not need it.",
		Risk: "Blinds the node's audit: it deletes the rules or stops auditing, so that a break-in " +
			"leaves no trace there, unless auditctl -e 2 has locked the rules until the next boot.",
		Instead: "Grant CAP_AUDIT_READ, if the program only reads records by multicast; the node loads the " +
			"rules itself with auditctl.",
	},
	Setfcap: {
		Permits: "Lets a process write file capabilities, the security.capability attribute, as setcap " +
			"does. Since Linux 5.12 mapping uid 0 of the parent into a new user namespace needs it " +
			"too.",
		Needs: "setcap in an entrypoint needs it, and so do package managers and image builds that " +
			"install programs with file capabilities (dpkg, rpm, buildah), and engines that run as " +
			"root in a container and use user namespaces.",
		Risk: "In the initial user namespace it can put cap_setuid=ep on a program in a mounted host " +
			"directory; a user of the node who executes that can become root. Inside the container " +
			"the bounding set still limits it.",
		Instead: "Run setcap in the image build: the file then has its capability when the container " +
			"starts, and the container needs none for that.",
	},
	MacOverride: {
		Permits: "Lets a process ignore the access rules of Smack, unless the list onlycap in smackfs " +
			"leaves out its label. SELinux, AppArmor and the other modules of the kernel do not ask " +
			"for it: their rules still apply.",
		Needs: "Hardly anything needs it; a few system services do on systems that use Smack, such as " +
			"Tizen.",
		Risk: "Reads and writes across all labels of a Smack system, which undoes the mandatory policy. " +
			"On nodes with AppArmor or SELinux it changes nothing.",
		Instead: "Write Smack rules for the label of that one program; on nodes without Smack, drop it: " +
			"nothing is lost.",
	},
	MacAdmin: {
		Permits: "Lets a process change mandatory access policy: load and replace AppArmor profiles, or " +
			"set Smack rules and labels. SELinux asks for it only for labels that its policy does not " +
			"define.",
		Needs: "Node agents that load AppArmor profiles need it, such as a DaemonSet that runs " +
			"apparmor_parser. Applications normally do not need it.",
		Risk: "Replaces the container's own AppArmor profile with one that allows everything, where " +
			"securityfs is mounted writable and the profile in force permits it. On a Smack system it " +
			"relabels itself.",
		Instead: "Load profiles on the node and name them in the pod (appArmorProfile, seLinuxOptions); " +
			"the pod needs no right over the policy for that.",
	},
	Syslog: {
		Permits: "Lets a process read the kernel log where kernel.dmesg_restrict is 1, clear it, and see " +
			"the addresses of /proc/kallsyms where kernel.kptr_restrict is 0 or 1; at 2 nobody sees " +
			"them. Split from CAP_SYS_ADMIN in Linux 2.6.37. It counts in the initial user namespace " +
			"only.",
		Needs: "Monitors of the kernel log such as node-problem-detector need it, and dmesg in a debug " +
			"container.",
		Risk: "Unless kernel.kptr_restrict is 2, it shows kernel addresses, which defeats KASLR " +
			"and makes kernel exploits reliable. The log reveals hardware, and the crashes and OOM " +
			"kills of other containers; clearing it hides traces.",
		Instead: "Use a log agent of the node that reads the journal (hostPath /var/log/journal, " +
			"read-only), which has the same kernel messages.",
	},
	WakeAlarm: {
		Permits: "Lets a process create timers of CLOCK_REALTIME_ALARM and CLOCK_BOOTTIME_ALARM with " +
			"timer_create(2) and timerfd_create(2), which wake a suspended machine.",
		Needs: "Hardly anything needs it; alarm clocks on phones do, and systemd for timers with " +
			"WakeSystem=. Servers do not suspend.",
		Risk: "Wakes a suspended machine again and again and drains its battery. On a node that never " +
			"suspends it does no more than an ordinary timer.",
		Instead: "Use timers of CLOCK_REALTIME or CLOCK_BOOTTIME, which need no capability and leave a " +
			"suspended machine asleep, or a CronJob for work at a given time.",
	},
	BlockSuspend: {
		Permits: "Lets a process keep the machine from suspending, with EPOLLWAKEUP in epoll_ctl(2) or by " +
			"writing to /sys/power/wake_lock.",
		Needs: "Hardly anything needs it; power management services of Android and other mobile systems " +
			"do.",
		Risk: "Keeps a laptop or phone awake until its battery is empty. On a node that never suspends " +
			"it has no effect.",
		Instead: "Drop it: the kernel then ignores EPOLLWAKEUP and epoll works as usual. On a desktop " +
			"systemd-inhibit delays the suspend from outside the container.",
	},
	AuditRead: {
		Permits: "Lets a process read audit records from the netlink multicast group AUDIT_NLGRP_READLOG. " +
			"The kernel sends them in the initial network namespace only, so a pod needs hostNetwork " +
			"as well.",
		Needs: "Auditbeat in multicast mode and other collectors of audit records need it as node " +
			"agents. Applications normally do not need it.",
		Risk: "Shows who does what on the whole node: logins and, depending on the rules, command lines " +
			"and paths of all containers, or typed input where pam_tty_audit is in use.",
		Instead: "Read the node's /var/log/audit through a read-only hostPath, or let the node's auditd " +
			"forward its records.",
	},
	Perfmon: {
		Permits: "Lets a process use perf_event_open(2) on other processes, on CPUs and on the " +
			"kernel, also where kernel.perf_event_paranoid is 2, or 3 on Debian; Ubuntu's kernels " +
			"require CAP_SYS_ADMIN at 4, older ones at 3 already. With CAP_BPF it loads tracing " +
			"programs. Split from CAP_SYS_ADMIN in Linux 5.8.",
		Needs: "Profilers and tracers need it: perf, Parca Agent, Falco with its modern eBPF driver, " +
			"exporters of hardware counters.",
		Risk: "Samples registers and stacks of the kernel and of all containers, which defeats KASLR " +
			"and can leak keys. With CAP_BPF, in the initial user namespace, it reads the kernel's " +
			"memory, if lockdown permits.",
		Instead: "Where kernel.perf_event_paranoid is at most 2, a program profiles its own user code " +
			"without it; the seccomp profile must then allow perf_event_open(2).",
	},
	Bpf: {
		Permits: "Lets a process create most kinds of BPF maps and load programs with bpf(2). Network " +
			"programs also need CAP_NET_ADMIN, tracing programs CAP_PERFMON. Split from CAP_SYS_ADMIN " +
			"in Linux 5.8.",
		Needs: "Cilium, Tetragon, Parca Agent, and Falco with its modern eBPF driver need it unless they " +
			"are privileged, together with CAP_PERFMON or CAP_NET_ADMIN.",
		Risk: "Exposes the BPF verifier, whose bugs have led to code execution in the kernel: root on " +
			"the node. With CAP_PERFMON no bug is needed to read the kernel's memory, including the " +
			"secrets of all containers, if lockdown permits.",
		Instead: "Use an agent of the node that loads the programs and pins them in bpffs for others, or " +
			"since Linux 6.9 a BPF token delegated to a user namespace.",
	},
	CheckpointRestore: {
		Permits: "Lets a process choose its children's PIDs with ns_last_pid or set_tid of clone3(2), open " +
			"/proc/PID/map_files, and replace its own /proc/PID/exe link. Split from CAP_SYS_ADMIN in " +
			"Linux 5.9.",
		Needs: "CRIU and what uses it inside the container need it, such as Open Liberty InstantOn and " +
			"Java with CRaC, often together with CAP_SYS_PTRACE.",
		Risk: "Gives an attacker little by itself: it shows monitors a false program in /proc/PID/exe, " +
			"takes a PID that others still rely on, and opens deleted files that a process it may " +
			"inspect still maps.",
		Instead: "Let the runtime do it from outside: the kubelet's checkpoint API or podman container " +
			"checkpoint need no capability in the container.",
	},
}
