// SPDX-License-Identifier: Apache-2.0

package operation

import "github.com/capinspect/capinspect/capset"

// Sets of capabilities that programs usually need.
var (
	changeUser  = []capset.Cap{capset.Setuid, capset.Setgid}
	changeOwner = []capset.Cap{capset.Chown, capset.Setuid, capset.Setgid}
)

// program returns what a program usually needs.
func program(caps []capset.Cap, errno, why string, names ...string) Operation {
	return Operation{Names: names, Caps: caps, All: true, Errno: errno, Scope: capset.ScopeOwn, Why: why, Program: true}
}

// over returns a program whose capabilities are asked for elsewhere.
func (o Operation) over(scope capset.Scope) Operation {
	o.Scope = scope
	return o
}

// The notes that several programs share.
var (
	runAsUser   = Note{"user", "start as that user: runAsUser, docker --user, User= of a unit"}
	fsGroup     = Note{"owner", "fsGroup of the pod, or COPY --chown in the image"}
	pingGroup   = Note{"sysctl", "net.ipv4.ping_group_range=\"0 2147483647\", if the program uses an ICMP socket"}
	portStart   = Note{"sysctl", "net.ipv4.ip_unprivileged_port_start=0"}
	fileCaps    = Note{"file-capability", "a file capability, which only that program gets"}
	hostSetsIt  = Note{"node", "the node's own service does it for all containers"}
	fileCapFail = Note{"file-capability", "a program with a file capability that the bounding set lacks does not start (EPERM)"}
	onNoNewPriv = Note{"no-new-privs", "under no_new_privs its set-user-ID bit and file capabilities do not count"}
)

// programs returns well-known programs.
func programs() []Operation {
	return []Operation{
		// Changing the user
		program(changeUser, "EPERM", "It becomes another user, with that user's groups; its set-user-ID bit gives it what it needs.", "su", "newgrp", "sg").with([]Note{runAsUser}, []Note{onNoNewPriv}),
		program(changeUser, "EPERM", "It becomes another user, with that user's groups, and only root can use it.", "gosu", "su-exec", "runuser", "setpriv --reuid", "setuidgid", "s6-setuidgid", "chpst", "capsh --user", "step down from root").with([]Note{runAsUser}, nil),
		program(append([]capset.Cap{capset.AuditWrite}, changeUser...), "EPERM", "It becomes another user, and writes a record to the audit log; without AUDIT_WRITE it warns or fails.", "sudo", "doas").with([]Note{runAsUser}, []Note{onNoNewPriv}),
		program(changeUser, "EPERM", "It starts programs as the users that user= names; stopping those of another uid takes KILL.", "supervisord", "supervisor", "runit", "runsv", "circus").with([]Note{{"user", "run all of its programs as the container's user"}}, nil),
		program(changeOwner, "EPERM", "It starts services as other users and gives them their files; stopping those of another uid takes KILL.", "s6", "s6-overlay", "s6-svscan", "/init").with([]Note{{"user", "s6-overlay 3 runs without root, with USER in the image"}}, nil),
		program([]capset.Cap{capset.Kill}, "EPERM", "It passes signals on to its child; one of another uid takes KILL, as after gosu without exec.", "tini", "dumb-init", "catatonit").with([]Note{{"exec", "let the entrypoint exec the program as the same user"}}, nil),
		program(append([]capset.Cap{capset.AuditWrite}, changeUser...), "EPERM", "It runs each job as its user; with PAM it writes audit records.", "cron", "crond", "cronie", "anacron", "atd").with([]Note{{"user", "supercronic, or a CronJob, as the container's user"}}, nil),
		program(changeUser, "EPERM", "It edits a user's table, with the group crontab.", "crontab").with(nil, []Note{onNoNewPriv}),
		program([]capset.Cap{capset.Setuid, capset.Setgid, capset.SysChroot, capset.Chown, capset.AuditWrite}, "EPERM", "It separates privileges in an empty root directory and becomes the user who logs in; port 22 takes NET_BIND_SERVICE.", "sshd", "dropbear"),
		program([]capset.Cap{capset.Chown, capset.Fowner, capset.DacOverride, capset.Setuid, capset.Setgid}, "EPERM", "It unpacks files of other owners, and downloads as the user _apt.", "apt", "apt-get", "dpkg", "aptitude").with([]Note{{"build", "install when the image is built"}, {"option", "APT::Sandbox::User \"root\" does without SETUID and SETGID"}}, nil),
		program([]capset.Cap{capset.Chown, capset.Fowner, capset.DacOverride, capset.Setfcap}, "EPERM", "It unpacks files of other owners, some with file capabilities.", "rpm", "yum", "dnf", "apk", "pacman", "zypper").with([]Note{{"build", "install when the image is built"}}, nil),
		program([]capset.Cap{capset.Chown, capset.DacOverride, capset.Fowner}, "EPERM", "It writes /etc/passwd and makes directories of other owners; with PAM it writes audit records.", "useradd", "adduser", "usermod", "chpasswd", "groupadd").with([]Note{{"build", "make users when the image is built"}}, nil),
		program([]capset.Cap{capset.Chown, capset.DacOverride, capset.Fowner}, "EPERM", "It writes /etc/shadow or /etc/passwd anew; its set-user-ID bit gives it what it needs.", "passwd", "chfn", "chsh", "chage", "gpasswd").with([]Note{{"build", "make users when the image is built"}}, []Note{onNoNewPriv}),
		program(changeOwner, "EPERM", "Its entrypoint gives its data to its user and becomes that user.", "postgres", "docker-entrypoint.sh", "redis", "mysql", "mariadb", "mongo", "rabbitmq", "grafana", "redis-server", "mysqld", "mongod", "mongodb").with([]Note{runAsUser, fsGroup}, nil),
		program([]capset.Cap{capset.Setuid, capset.Setgid, capset.Chown, capset.NetBindService}, "EPERM", "Its master listens on port 80, gives caches to the workers' user and becomes that user.", "nginx", "apache", "apache2", "httpd", "haproxy").with([]Note{{"image", "an unprivileged image, as nginx-unprivileged, on port 8080"}, portStart, runAsUser}, nil),
		program([]capset.Cap{capset.Setuid, capset.Setgid, capset.Chown, capset.DacOverride, capset.NetBindService, capset.SysChroot}, "EPERM", "Its parts run as several users, some in a root directory of their own.", "postfix", "dovecot", "exim", "sendmail", "vsftpd", "proftpd"),
		program([]capset.Cap{capset.Setuid, capset.Setgid}, "EPERM", "Its master starts workers as another user.", "php-fpm", "uwsgi", "gunicorn --user", "unicorn").with([]Note{runAsUser}, nil),
		program([]capset.Cap{capset.NetBindService, capset.Setuid, capset.Setgid, capset.SysChroot}, "EACCES", "It listens on port 53 and becomes its user.", "named", "bind9", "unbound", "nsd").with([]Note{portStart}, nil),
		program([]capset.Cap{capset.NetBindService}, "EACCES", "It listens on port 53.", "coredns", "kube-dns").with([]Note{portStart}, []Note{fileCapFail}),
		program([]capset.Cap{capset.NetAdmin, capset.NetRaw, capset.NetBindService, capset.Setuid, capset.Setgid}, "EPERM", "It answers DNS and DHCP.", "dnsmasq").with([]Note{portStart}, nil),
		program([]capset.Cap{capset.NetBindService}, "EACCES", "It listens on port 80 or 443.", "traefik", "caddy", "envoy", "ingress-nginx").with([]Note{portStart, {"port", "a port from 1024 up behind a Service"}, fileCaps}, []Note{fileCapFail}),

		// The network
		program(netRaw, "EPERM", "It sends ICMP echoes: through an ICMP socket where the sysctl allows it, otherwise through a raw one.", "ping", "ping6", "fping").over(capset.ScopeNet).with([]Note{pingGroup, fileCaps}, []Note{fileCapFail}),
		program(netRaw, "EPERM", "With -I and -T it opens a raw socket; with UDP it needs none.", "traceroute", "traceroute -I", "tracepath", "tcptraceroute", "mtr").over(capset.ScopeNet).with([]Note{{"option", "traceroute over UDP, and tracepath, need none"}}, []Note{fileCapFail}),
		program(netRaw, "EPERM", "It opens a packet socket.", "arping", "arp-scan", "nping", "hping3", "scapy", "masscan", "zmap").over(capset.ScopeNet),
		program(netRaw, "EPERM", "A SYN scan opens raw sockets; -sT with --unprivileged needs none.", "nmap", "nmap -sS").over(capset.ScopeNet).with([]Note{{"option", "nmap -sT --unprivileged"}}, []Note{fileCapFail}),
		program(netRaw, "EPERM", "It opens a packet socket; as root it becomes the user tcpdump, which takes SETUID and SETGID, unless -Z root is given.", "tcpdump", "tshark", "dumpcap", "wireshark", "ngrep", "termshark", "suricata", "snort", "zeek", "iftop", "nethogs", "ntopng").over(capset.ScopeNet).with([]Note{fileCaps}, nil),
		program(rawOrAdmin, "EPERM", "It opens a packet socket and sets the address.", "dhclient", "dhcpcd", "udhcpc", "dhcp client").over(capset.ScopeNet),
		program(rawOrAdmin, "EPERM", "It writes rules of netfilter; the old iptables also opens a raw socket.", "iptables-legacy", "istio-init", "kube-proxy", "linkerd-init", "fail2ban", "ufw", "firewalld").over(capset.ScopeNet).with([]Note{sockOptOwner}, []Note{{"module", "without SYS_MODULE it cannot load modules that the node has not loaded"}}),
		program(rawOrAdmin, "EPERM", "It makes a tun device and routes.", "openvpn", "tailscale", "tailscaled", "zerotier", "openconnect", "vpn").over(capset.ScopeNet).with([]Note{{"option", "tailscaled --tun=userspace-networking needs none"}}, []Note{deviceCgroup}),
		program([]capset.Cap{capset.NetAdmin, capset.NetRaw, capset.NetBroadcast}, "EPERM", "It moves addresses and sends VRRP.", "keepalived", "vrrp", "metallb").over(capset.ScopeNet),
		program(rawOrAdmin, "EPERM", "It moves routes and sends its own protocols.", "bird", "frr", "quagga", "bgpd", "zebra", "calico-node", "flannel").over(capset.ScopeNet),
		program([]capset.Cap{capset.NetAdmin, capset.SysAdmin, capset.Bpf, capset.Perfmon}, "EPERM", "It loads BPF programs into the network and mounts their file system.", "cilium", "cilium-agent").over(capset.ScopeInitial),
		program(netAdmin, "EPERM", "It configures interfaces, addresses and routes.", "ip", "route", "bridge", "networkmanager", "systemd-networkd").over(capset.ScopeNet).with([]Note{sockOptOwner, {"read", "reading them needs none"}}, nil),
		program(netAdmin, "EPERM", "It redirects packets with marks and transparent sockets.", "redsocks", "tproxy proxy", "squid tproxy").over(capset.ScopeNet),
		program(nil, "", "Sockets of TCP and UDP to other hosts need none.", "curl", "wget", "nc", "dig", "nslookup", "telnet", "git clone", "socat"),
		program(nil, "", "What serves metrics from /proc and /sys needs none.", "node_exporter", "cadvisor metrics"),

		// Looking at processes
		program([]capset.Cap{capset.Perfmon}, "EACCES", "It measures what kernel.perf_event_paranoid denies to users; the names of kernel functions take SYSLOG.", "perf", "perf top", "perf record", "perf stat -a", "parca", "pyroscope ebpf").over(capset.ScopeInitial).with([]Note{{"sysctl", "a lower kernel.perf_event_paranoid"}, {"option", "perf record of its own programs, only in user space (-e cycles:u)"}}, nil),
		program([]capset.Cap{capset.Bpf, capset.Perfmon, capset.SysPtrace}, "EPERM", "It loads programs that trace the kernel; many require SYS_ADMIN outright, and debugfs.", "bpftrace", "bcc", "execsnoop", "falco", "tetragon", "inspektor-gadget", "pixie", "beyla").over(capset.ScopeInitial),
		program(traceOther, "EPERM", "It reads processes of other users.", "htop", "py-spy top", "rbspy", "async-profiler", "jstack", "jcmd", "dotnet-trace", "delve", "dlv").over(capset.ScopeProcess).with([]Note{{"uid", "run it as the user of the process: then it needs none"}}, []Note{yama}),
		program(nil, "", "It reads /proc, and shows less about other users' processes.", "ps", "top", "pgrep", "pstree", "vmstat", "free"),

		// The machine
		program([]capset.Cap{capset.SysTime}, "EPERM", "It steers the clock; chronyd also becomes its user and listens on port 123.", "chrony", "chronyd", "ntpd", "ntpdate", "systemd-timesyncd", "openntpd", "ntp").over(capset.ScopeInitial).with([]Note{hostSetsIt, {"option", "chronyd -x leaves the clock alone"}}, nil),
		program([]capset.Cap{capset.SysBoot}, "EPERM", "It shuts down the machine, or in a pid namespace of its own ends the init there.", "shutdown", "poweroff", "halt", "systemctl reboot").over(capset.ScopePID),
		program([]capset.Cap{capset.SysAdmin}, "EPERM", "It mounts a file system through /dev/fuse.", "sshfs", "s3fs", "rclone mount", "gcsfuse", "mount.fuse", "fuse", "goofys", "mergerfs").over(capset.ScopeMnt).with([]Note{{"csi", "a CSI driver that mounts it for the pod"}}, []Note{deviceCgroup}),
		program([]capset.Cap{capset.SysAdmin, capset.DacReadSearch}, "EPERM", "It exports file systems from the kernel; DAC_READ_SEARCH is for handles.", "nfsd", "nfs-server", "ganesha", "rpc.nfsd").over(capset.ScopeInitial).with([]Note{{"program", "nfs-ganesha serves from user space"}}, nil),
		program([]capset.Cap{capset.SysAdmin, capset.Mknod}, "EPERM", "It makes devices and maps them.", "lvm", "cryptsetup", "dmsetup", "mdadm", "kpartx", "multipathd").over(capset.ScopeInitial).with(nil, []Note{deviceCgroup}),
		program([]capset.Cap{capset.SysAdmin, capset.SysChroot, capset.SysPtrace}, "EPERM", "It enters the namespaces of a process of the node.", "nsenter", "nsenter -t 1 -a", "nsenter -t 1", "kubectl node-shell", "chroot /host").over(capset.ScopeProcess),
		program([]capset.Cap{capset.SysAdmin}, "EPERM", "It is a container engine: docker needs --privileged, podman and buildkit run rootless with user namespaces.", "dockerd", "docker in docker", "dind", "containerd", "kubelet").over(capset.ScopeInitial).with([]Note{{"program", "rootless docker, podman or buildkit; kaniko and buildah for images"}}, nil),
		program(changeUser, "EPERM", "newuidmap and newgidmap map the ids of /etc/subuid, by their file capabilities or set-user-ID bits.", "podman rootless", "rootless docker", "buildkit rootless", "buildah unshare", "rootlesskit").with([]Note{{"single-uid", "if only its own uid is mapped, it needs none"}}, []Note{onNoNewPriv, mayUnshare}),
		program([]capset.Cap{capset.Chown, capset.Fowner, capset.DacOverride, capset.Setuid, capset.Setgid, capset.Setfcap}, "EPERM", "It unpacks layers with their owners, and runs commands as USER.", "kaniko", "img"),
		program(nil, "", "It makes namespaces within a user namespace of its own.", "bubblewrap", "bwrap", "unshare -Urm", "flatpak", "chromium sandbox", "chrome --no-sandbox").with(nil, []Note{mayUnshare, {"seccomp", "default filters refuse user namespaces without SYS_ADMIN"}}),
		program([]capset.Cap{capset.IpcLock}, "ENOMEM", "It locks its secrets or its heap in memory.", "vault", "elasticsearch", "elasticsearch bootstrap.memory_lock", "java -XX:+UseLargePages", "dpdk", "openbao", "gnome-keyring").over(capset.ScopeInitial).with([]Note{{"rlimit", "RLIMIT_MEMLOCK (docker: --ulimit memlock=-1)"}, {"option", "disable_mlock of Vault, bootstrap.memory_lock: false"}}, []Note{fileCapFail}),
		program([]capset.Cap{capset.SysNice}, "EPERM", "It raises its priority or binds memory.", "jackd", "rtkit", "oracle", "asterisk -p", "cyclictest", "tuned").over(capset.ScopeInitial).with([]Note{{"rlimit", "RLIMIT_RTPRIO and RLIMIT_NICE"}}, nil),
		program([]capset.Cap{capset.SysResource}, "EPERM", "It raises hard limits.", "ulimit -Hn", "ulimit -n", "pam_limits").over(capset.ScopeInitial).with([]Note{{"runtime", "docker --ulimit, LimitNOFILE= of a unit"}}, nil),
		program([]capset.Cap{capset.Syslog}, "EPERM", "It reads the kernel log.", "journald", "rsyslog imklog", "klogd", "fluent-bit kmsg").over(capset.ScopeInitial).with([]Note{{"option", "without imklog it needs none"}}, []Note{deviceCgroup}),
		program([]capset.Cap{capset.SysAdmin, capset.SysRawio}, "EPERM", "It reads sensors and disks of the machine.", "smartd", "ipmitool", "dmidecode", "lshw", "turbostat").over(capset.ScopeInitial).with(nil, []Note{deviceCgroup, lockdown}),
		program([]capset.Cap{capset.SysAdmin, capset.SysTtyConfig}, "EPERM", "It is the init of a whole system.", "systemd", "systemd-nspawn", "openrc").over(capset.ScopeOwn).with([]Note{{"program", "one program for each container, with tini"}}, nil),
		program([]capset.Cap{capset.CheckpointRestore, capset.SysPtrace, capset.SysAdmin}, "EPERM", "It takes processes apart and puts them together.", "criu", "crun checkpoint", "podman container checkpoint").over(capset.ScopeInitial),
	}
}
