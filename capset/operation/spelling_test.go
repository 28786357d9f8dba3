// SPDX-License-Identifier: Apache-2.0

package operation

import (
	"strings"
	"testing"
	"time"
)

// TestMeant holds what people paste against what it is about.
func TestMeant(t *testing.T) {
	for text, want := range map[string]string{
		"mount":                                 "mount",
		"/proc/1/environ":                       "/proc/PID/environ",
		"cat /proc/4711/environ":                "/proc/PID/environ",
		"ls -l /proc/1/fd/3":                    "/proc/PID/fd",
		"/proc/1/task/2/mem":                    "/proc/PID/mem",
		"/proc/self/mem":                        "/proc/self",
		"/proc/self/stack":                      "/proc/PID/stack",
		"/proc/1/status":                        "/proc/PID/status",
		"/proc/1/nothing":                       "",
		"/proc/slabinfo":                        "/proc",
		"echo -17 > /proc/1/oom_score_adj":      "write /proc/PID/oom_score_adj",
		"open /dev/ttyUSB1":                     "/dev",
		"/dev/net/tun":                          "/dev/net/tun",
		"/dev/cpu/3/msr":                        "/dev/cpu/N/msr",
		"/dev/pts/3":                            "/dev/null",
		"/sys/class/gpio/export":                "write /sys",
		"/etc/passwd":                           "",
		"net.ipv4.ip_forward":                   "write /proc/sys/net/ipv4/ip_forward",
		"sysctl -w net.ipv4.ip_forward=1":       "write /proc/sys/net/ipv4/ip_forward",
		"net.ipv4.conf.eth0.forwarding = 1":     "write /proc/sys/net/ipv4/ip_forward",
		"net.ipv4.tcp_rmem":                     "write /proc/sys/net",
		"vm.max_map_count=262144":               "write /proc/sys",
		"kernel.dmesg_restrict":                 "write /proc/sys/kernel/kptr_restrict",
		"kernel.shmmax":                         "write /proc/sys/kernel/shmmax",
		"sysctl fs.mqueue.msg_max=20":           "write /proc/sys/kernel/shmmax",
		"user.max_user_namespaces":              "write /proc/sys/user",
		"user.comment":                          "",
		"bind() to 0.0.0.0:80":                  "bind :80",
		"bind to 0.0.0.0:8080":                  "bind :8080",
		":443":                                  "bind :80",
		"[::]:53":                               "bind :80",
		"53/udp":                                "bind :80",
		"1000:1000":                             "",
		"80":                                    "",
		"strace -p 123":                         "ptrace",
		"strace ls":                             "PTRACE_TRACEME",
		"gdb --pid 4":                           "ptrace",
		"/usr/bin/ping -c 1 192.0.2.1":          "ping",
		"/opt/ping":                             "",
		"ip link set eth0 up":                   "RTM_NEWLINK",
		"ip link add br0 type bridge":           "RTM_NEWLINK",
		"ip -6 a add 2001:db8::1/64 dev lo":     "SIOCSIFADDR",
		"ip r add default via 192.0.2.1":        "SIOCADDRT",
		"ip route":                              "RTM_GETLINK",
		"ip -br a":                              "RTM_GETLINK",
		"ip a show eth0":                        "RTM_GETLINK",
		"ip netns add x":                        "unshare CLONE_NEWNET",
		"ip tuntap add tap0 mode tap":           "/dev/net/tun",
		"ifconfig":                              "RTM_GETLINK",
		"ifconfig eth0 up":                      "SIOCSIFFLAGS",
		"tc qdisc show":                         "RTM_GETLINK",
		"tc qdisc add dev lo root netem":        "RTM_NEWQDISC",
		"ethtool eth0":                          "RTM_GETLINK",
		"ethtool -G eth0 rx 4096":               "SIOCETHTOOL",
		"iptables -t nat -L":                    "IPT_SO_GET_INFO",
		"iptables -A INPUT -j DROP":             "NETLINK_NETFILTER",
		"ss -tlnp":                              "/proc/PID/fd",
		"mount -t tmpfs none /mnt":              "mount",
		"mount --bind /a /b":                    "mount",
		"mount -t proc proc /proc":              "mount proc",
		"mount -t nfs4 server:/ /mnt":           "mount nfs",
		"mount -o loop a.img /mnt":              "mount a block device",
		"mount /dev/sdb1 /mnt":                  "mount a block device",
		"mount -t overlay overlay -o lowerdir=": "mount overlay",
		"unshare -rn true":                      "unshare CLONE_NEWUSER",
		"unshare --pid --fork":                  "unshare CLONE_NEWPID",
		"unshare -mn":                           "unshare CLONE_NEWNS",
		"chmod 4755 /x":                         "chmod",
		"chmod u+s /x":                          "chmod",
		"chmod 2755 /x":                         "chmod g+s",
		"chmod g+s /x":                          "chmod g+s",
		"chown -R app /data":                    "chown",
		"kill -9 1":                             "kill",
		"nice -n -5 true":                       "nice",
		"nice -n 5 true":                        "raise the nice value",
		"chrt -r 10 true":                       "sched_setscheduler",
		"chrt -b 0 true":                        "raise the nice value",
		"date -u":                               "date",
		"date -s 12:00":                         "clock_settime",
		"swapon --show":                         "swapon --show",
		"openat":                                "read a file of another user,write a file of another user",
		"openat2(3, 0x7f, 24)":                  "read a file of another user,write a file of another user",
		"setsockopt(3, SOL_SOCKET, SO_MARK, 1)": "SO_MARK",
		"prctl PR_SET_DUMPABLE":                 "PR_SET_DUMPABLE",
		"bind(3, {sa_family=AF_INET, sin_port=htons(80)}, 16) = -1 EACCES": "bind :80",
		"fsetxattr":      "read a file of another user,write a file of another user",
		"execveat":       "execute a file of another user",
		"keyctl_chown":   "KEYCTL_CHOWN",
		"ulimit -c":      "core dump",
		"nothing at all": "",
		"":               "",
	} {
		var names []string
		for _, o := range Meant(text) {
			names = append(names, o.Name())
		}
		if got := strings.Join(names, ","); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// TestMeantLong holds that a long text takes no long time.
func TestMeantLong(t *testing.T) {
	for _, words := range []string{"bind :", "/bin/ ", "cap_net_raw ", "ip -x ", "(", "mount /x "} {
		for _, size := range []int{maxMeant, 1 << 17} {
			text := strings.Repeat(words, size/len(words))
			start := time.Now()
			Meant(text)
			if took := time.Since(start); took > time.Minute { // a tenth of a second, and several where qemu emulates the processor
				t.Errorf("%d bytes of %q took %v", len(text), words, took)
			}
		}
	}
}
