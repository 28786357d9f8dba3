// SPDX-License-Identifier: Apache-2.0

package operation

import "github.com/capinspect/capinspect/capset"

// Sets of capabilities that many network operations ask for.
var (
	netAdmin    = []capset.Cap{capset.NetAdmin}
	netRaw      = []capset.Cap{capset.NetRaw}
	rawOrAdmin  = []capset.Cap{capset.NetRaw, capset.NetAdmin}
	bindService = []capset.Cap{capset.NetBindService}
)

// configures returns an operation that configures a network namespace.
func configures(why string, names ...string) Operation {
	return Operation{
		Names: names, Caps: netAdmin, Errno: "EPERM", Scope: capset.ScopeNet, Why: why, Instead: []Note{sockOptOwner},
	}
}

// sockopt returns an operation that sets an option of a socket.
func sockopt(caps []capset.Cap, why string, names ...string) Operation {
	return Operation{Names: names, Caps: caps, Errno: "EPERM", Scope: capset.ScopeNet, Why: why, Instead: []Note{sockOptOwner}}
}

// free returns an operation that needs no capability.
func free(why string, names ...string) Operation { return Operation{Names: names, Why: why} }

// network returns operations on sockets and on network namespaces (net/).
func network() []Operation {
	return []Operation{
		{
			Names: []string{"bind :80", "bind 80", "bind port 80", "bind 443", "bind :443", "listen on 80", "listen on 443", "listen :80", "bind below 1024", "bind :53", "bind", "port 80", "port 443", "privileged port"},
			Caps:  bindService, Errno: "EACCES", Scope: capset.ScopeNet,
			Why:     "A TCP, UDP or SCTP port below net.ipv4.ip_unprivileged_port_start, 1024 unless set.",
			Instead: []Note{{"sysctl", "net.ipv4.ip_unprivileged_port_start=0, which docker sets since 20.10 and a pod may"}, {"port", "a port from 1024 up, mapped by a Service or docker -p"}, {"socket", "a socket that systemd or another program passes on"}},
		},
		{
			Names: []string{"bind :8080", "bind from 1024 up", "bind :0", "connect", "listen", "accept"}, Why: "Ports from 1024 up, and every connect, need none.",
		},
		sockopt(netRaw, "A raw socket sends and receives IP packets of any kind.", "socket SOCK_RAW", "SOCK_RAW", "raw socket", "socket AF_INET SOCK_RAW"),
		sockopt(netRaw, "A packet socket sees all traffic of the network namespace.", "socket AF_PACKET", "AF_PACKET", "packet socket", "PF_PACKET"),
		sockopt(netRaw, "An XDP socket.", "socket AF_XDP", "AF_XDP"),
		{
			Names: []string{"socket SOCK_DGRAM IPPROTO_ICMP", "ICMP socket", "unprivileged ping", "socket_dgram_icmp"}, Errno: "EACCES",
			Why: "An ICMP echo socket needs no capability: net.ipv4.ping_group_range names the groups that may open one.", Instead: []Note{{"sysctl", "net.ipv4.ping_group_range=\"0 2147483647\", which docker sets since 20.10, containerd 1.6 may, and a pod may"}},
		},
		sockopt(netAdmin, "A key management socket of IPsec.", "socket AF_KEY", "AF_KEY", "pfkey").untried(noneHere),
		{
			Names: []string{"bind vsock below 1024", "AF_VSOCK"}, Caps: bindService, Errno: "EACCES", Scope: capset.ScopeInitial,
			Why: "A port below 1024 of a socket between a virtual machine and its host.",
		},
		free("A socket of the CAN bus needs none.", "socket AF_CAN", "AF_CAN").untried(noneHere),
		free("A netlink socket needs none; what is sent through it may.", "socket AF_NETLINK", "AF_NETLINK"),
		free("A unix socket needs none.", "socket AF_UNIX", "AF_UNIX"),
		sockopt(rawOrAdmin, "A mark for routing and filters; NET_RAW suffices since Linux 5.17.", "SO_MARK", "socket mark"),
		free("Reading the marks of received packets needs none on Linux 6.18; older kernels require NET_RAW or NET_ADMIN.", "SO_RCVMARK"),
		sockopt(rawOrAdmin, "A priority of 7 or more; 0 to 6 need none. NET_RAW suffices since Linux 5.17.", "SO_PRIORITY"),
		{
			Names: []string{"SO_BINDTODEVICE", "bind to a device"}, Caps: netRaw, Errno: "EPERM", Scope: capset.ScopeNet,
			Why: "It needs the capability only if the socket is already bound to a device; before Linux 5.7 it always did.", Instead: []Note{{"release", "since Linux 5.7 the first bind to a device needs none"}},
		},
		{
			Names: []string{"SO_SNDBUFFORCE", "SO_RCVBUFFORCE"}, Caps: netAdmin, Errno: "EPERM", Scope: capset.ScopeInitial,
			Why: "Buffers beyond net.core.wmem_max and rmem_max.", Instead: []Note{{"option", "SO_SNDBUF and SO_RCVBUF up to the sysctls need none"}},
		},
		{
			Names: []string{"SO_DEBUG"}, Caps: netAdmin, Errno: "EACCES", Scope: capset.ScopeInitial, Why: "Debugging a socket.",
		},
		{
			Names: []string{"SO_PREFER_BUSY_POLL", "SO_BUSY_POLL_BUDGET"}, Caps: netAdmin, Errno: "EPERM", Scope: capset.ScopeInitial,
			Why: "Polling instead of interrupts, and a larger budget for it.",
		},
		free("These options need none.", "SO_ATTACH_FILTER", "SO_ATTACH_REUSEPORT_CBPF", "SO_REUSEPORT", "SO_REUSEADDR", "SO_KEEPALIVE", "SO_BROADCAST", "SO_PEERCRED", "SO_INCOMING_CPU", "SO_BUSY_POLL"),
		sockopt(netAdmin, "Choosing the clock by which a socket sends; CLOCK_MONOTONIC needs none.", "SO_TXTIME"),
		sockopt(rawOrAdmin, "Accepting and sending with addresses that are not local.", "IP_TRANSPARENT", "IPV6_TRANSPARENT", "transparent proxy", "tproxy"),
		free("Binding to an address that is not there yet needs none.", "IP_FREEBIND", "IP_ADD_MEMBERSHIP", "IPV6_JOIN_GROUP", "IP_TOS", "IP_TTL", "multicast group"),
		sockopt(netRaw, "Options in the header of IPv6 packets.", "IPV6_HOPOPTS", "IPV6_RTHDR", "IPV6_DSTOPTS"),
		sockopt(netAdmin, "A policy of IPsec for the socket.", "IP_XFRM_POLICY", "IPV6_XFRM_POLICY"),
		sockopt(netAdmin, "The rules of iptables in the kernel.", "IPT_SO_SET_REPLACE", "IP6T_SO_SET_REPLACE"),
		sockopt(netAdmin, "Reading the rules of iptables from the kernel.", "IPT_SO_GET_INFO", "iptables -L"),
		sockopt(netAdmin, "Taking a connection apart and putting it together, for checkpoints.", "TCP_REPAIR"),
		sockopt(netAdmin, "A congestion control that net.ipv4.tcp_allowed_congestion_control does not list.", "TCP_CONGESTION"),
		free("These options of TCP need none.", "TCP_NODELAY", "TCP_FASTOPEN", "TCP_DEFER_ACCEPT", "TCP_MD5SIG", "TCP_USER_TIMEOUT"),
		configures("Bringing an interface up or down.", "SIOCSIFFLAGS", "ip link set up", "ifconfig up", "promiscuous mode", "IFF_PROMISC"),
		configures("The address of an interface.", "SIOCSIFADDR", "RTM_NEWADDR", "ip addr add", "ifconfig ADDRESS"),
		configures("The routes.", "SIOCADDRT", "RTM_NEWROUTE", "ip route add", "route add"),
		configures("The neighbours of an interface.", "SIOCSARP", "RTM_NEWNEIGH", "ip neigh add", "arp -s"),
		configures("The largest packet of an interface.", "SIOCSIFMTU", "ip link set mtu"),
		configures("The hardware address of an interface.", "SIOCSIFHWADDR", "ip link set address", "macchanger"),
		configures("Interfaces: making them, renaming them, moving them to another network namespace.", "RTM_NEWLINK", "ip link add", "ip link set netns", "SIOCSIFNAME"),
		configures("Rules of routing.", "RTM_NEWRULE", "ip rule add"),
		configures("What ip and tc change: interfaces, addresses, routes, rules.", "rtnetlink", "RTNETLINK answers"),
		configures("Queueing disciplines and filters.", "RTM_NEWQDISC", "tc", "tc qdisc add", "netem"),
		configures("Bridges and their ports.", "SIOCBRADDBR", "brctl", "bridge fdb add"),
		configures("The settings of a network card; reading most of them needs none.", "SIOCETHTOOL", "ethtool -K"),
		configures("Time stamps of the network card.", "SIOCSHWTSTAMP", "ptp4l"),
		configures("The rules of netfilter.", "NETLINK_NETFILTER", "nfnetlink", "nft", "nftables", "iptables", "iptables-nft", "ip6tables", "ipset", "conntrack", "nfqueue"),
		configures("Virtual services of IPVS.", "ipvsadm", "ipvs").untried(noneHere),
		configures("Policies and states of IPsec.", "NETLINK_XFRM", "ip xfrm", "strongswan", "charon"),
		configures("Closing other users' sockets.", "SOCK_DESTROY", "ss -K"),
		configures("WireGuard interfaces.", "wireguard", "wg", "wg-quick").untried(noneHere),
		configures("Wireless interfaces.", "nl80211", "iw", "wpa_supplicant", "hostapd").untried(noneHere),
		free("Reading the interfaces, addresses, routes and neighbours needs none.", "RTM_GETLINK", "ip addr", "ip link", "ip route", "SIOCGIFCONF", "ss", "netstat", "ethtool", "ifconfig"),
		{
			Names: []string{"NETLINK_LISTEN_ALL_NSID", "ip monitor all-nsid"}, Caps: []capset.Cap{capset.NetBroadcast}, Errno: "EPERM", Scope: capset.ScopeNet,
			Why: "Netlink multicast of all network namespaces that have an id here, since Linux 4.2.",
		},
		{
			Names: []string{"NETLINK_AUDIT", "auditctl", "auditd", "AUDIT_SET"}, Caps: []capset.Cap{capset.AuditControl}, Errno: "EPERM", Scope: capset.ScopeInitial,
			Why: "The rules and the state of auditing.", Gates: []Note{auditBelow, {"pid-namespace", "only the initial pid namespace may read or change them (EPERM)"}},
		},
		{
			Names: []string{"AUDIT_USER", "audit_log_user_message", "pam audit", "libaudit"}, Caps: []capset.Cap{capset.AuditWrite}, Errno: "EPERM", Scope: capset.ScopeInitial,
			Why: "Writing a record to the audit log, as PAM and sshd do.", Gates: []Note{auditBelow},
		},
		{
			Names: []string{"AUDIT_NLGRP_READLOG", "read the audit log by netlink"}, Caps: []capset.Cap{capset.AuditRead}, Errno: "EPERM", Scope: capset.ScopeInitial,
			Why: "Reading the audit log by multicast netlink.", Gates: []Note{{"net-namespace", "the kernel sends it to the initial network namespace alone; elsewhere nothing comes"}},
		},
	}
}
