// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// onLo asks something of the interface lo, whose answer is not looked at.
func onLo(request uintptr, data uintptr) func(world) error {
	return func(world) error {
		return socket(unix.AF_INET, unix.SOCK_DGRAM, 0, func(fd int) error {
			var r [40]byte // struct ifreq
			copy(r[:], "lo")
			*(*uintptr)(unsafe.Pointer(&r[16])) = data
			return ioctl(fd, request, uintptr(unsafe.Pointer(&r)))
		})
	}
}

// netlink sends a message with a body of zeros but its beginning, and returns the answer.
func netlink(protocol int, kind uint16, body ...byte) error {
	return socket(unix.AF_NETLINK, unix.SOCK_RAW, protocol, func(fd int) error {
		message := make([]byte, 16+max(32, len(body)))
		h := (*unix.NlMsghdr)(unsafe.Pointer(&message[0]))
		h.Len, h.Type, h.Flags, h.Seq = uint32(len(message)), kind, unix.NLM_F_REQUEST|unix.NLM_F_ACK, 1
		copy(message[16:], body)
		if err := unix.Sendto(fd, message, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
			return err
		}
		if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Sec: 5}); err != nil {
			return err
		}
		answer := make([]byte, 4096)
		n, _, err := unix.Recvfrom(fd, answer, 0)
		if err != nil || n < 20 {
			return err
		}
		if h := (*unix.NlMsghdr)(unsafe.Pointer(&answer[0])); h.Type == unix.NLMSG_ERROR {
			if code := *(*int32)(unsafe.Pointer(&answer[16])); code != 0 {
				return syscall.Errno(-code)
			}
		}
		return nil
	})
}

// sends returns an operation that is a netlink message.
func sends(protocol int, kind uint16, body ...byte) func(world) error {
	return func(world) error { return netlink(protocol, kind, body...) }
}

// setsZeros sets an option that is a structure to zeros.
func setsZeros(kind, level, option, size int) func(world) error {
	return func(world) error {
		return socket(unix.AF_INET, kind, 0, func(fd int) error {
			return unix.SetsockoptString(fd, level, option, string(make([]byte, size)))
		})
	}
}

// destroys closes a socket that listens, by its addresses.
func destroys(world) error {
	return socket(unix.AF_INET, unix.SOCK_STREAM, 0, func(fd int) error {
		if err := unix.Bind(fd, &unix.SockaddrInet4{Port: 8080}); err != nil {
			return err
		}
		if err := unix.Listen(fd, 1); err != nil {
			return err
		}
		request := make([]byte, 56) // struct inet_diag_req_v2
		request[0], request[1] = unix.AF_INET, unix.IPPROTO_TCP
		binary.LittleEndian.PutUint32(request[4:], ^uint32(0)) // of each state
		binary.BigEndian.PutUint16(request[8:], 8080)
		for i := 48; i < 56; i++ {
			request[i] = 0xff // whatever its cookie
		}
		return netlink(unix.NETLINK_SOCK_DIAG, 21, request...)
	})
}

// onNetwork are operations on sockets and network namespaces.
var onNetwork = map[string]func(world) error{
	"bind :80": func(world) error {
		return socket(unix.AF_INET, unix.SOCK_STREAM, 0, func(fd int) error { return unix.Bind(fd, &unix.SockaddrInet4{Port: 80}) })
	},
	"bind :8080": func(world) error {
		return socket(unix.AF_INET, unix.SOCK_STREAM, 0, func(fd int) error { return unix.Bind(fd, &unix.SockaddrInet4{Port: 8080}) })
	},
	"socket SOCK_RAW":     func(world) error { return socket(unix.AF_INET, unix.SOCK_RAW, unix.IPPROTO_ICMP, nil) },
	"socket AF_PACKET":    func(world) error { return socket(unix.AF_PACKET, unix.SOCK_RAW, 0, nil) },
	"socket AF_XDP":       func(world) error { return socket(unix.AF_XDP, unix.SOCK_RAW, 0, nil) },
	"socket AF_KEY":       func(world) error { return socket(unix.AF_KEY, unix.SOCK_RAW, 2, nil) },
	"socket AF_NETLINK":   func(world) error { return socket(unix.AF_NETLINK, unix.SOCK_RAW, unix.NETLINK_ROUTE, nil) },
	"socket AF_UNIX":      func(world) error { return socket(unix.AF_UNIX, unix.SOCK_STREAM, 0, nil) },
	"ICMP socket":         func(world) error { return socket(unix.AF_INET, unix.SOCK_DGRAM, unix.IPPROTO_ICMP, nil) },
	"SO_MARK":             setsOption(unix.SOL_SOCKET, unix.SO_MARK, 1),
	"SO_RCVMARK":          setsOption(unix.SOL_SOCKET, unix.SO_RCVMARK, 1),
	"SO_PRIORITY":         setsOption(unix.SOL_SOCKET, unix.SO_PRIORITY, 7),
	"SO_SNDBUFFORCE":      setsOption(unix.SOL_SOCKET, unix.SO_SNDBUFFORCE, 1<<20),
	"SO_DEBUG":            setsOption(unix.SOL_SOCKET, unix.SO_DEBUG, 1),
	"SO_PREFER_BUSY_POLL": setsOption(unix.SOL_SOCKET, unix.SO_PREFER_BUSY_POLL, 1),
	"SO_BINDTODEVICE": func(world) error {
		return socket(unix.AF_INET, unix.SOCK_DGRAM, 0, func(fd int) error {
			if err := unix.BindToDevice(fd, "lo"); err != nil {
				return fmt.Errorf("the first time: %w", err)
			}
			return unix.BindToDevice(fd, "lo")
		})
	},
	"IP_TRANSPARENT": setsOption(unix.IPPROTO_IP, unix.IP_TRANSPARENT, 1),
	"IP_FREEBIND":    setsOption(unix.IPPROTO_IP, unix.IP_FREEBIND, 1),
	"TCP_REPAIR":     setsOption(unix.IPPROTO_TCP, unix.TCP_REPAIR, 1),
	"TCP_NODELAY":    setsOption(unix.IPPROTO_TCP, unix.TCP_NODELAY, 1),
	"SO_TXTIME": func(world) error {
		return socket(unix.AF_INET, unix.SOCK_DGRAM, 0, func(fd int) error {
			v := [2]uint32{unix.CLOCK_TAI, 0}
			return invoke(unix.SYS_SETSOCKOPT, uintptr(fd), unix.SOL_SOCKET, unix.SO_TXTIME, uintptr(unsafe.Pointer(&v)), 8)
		})
	},
	"IPV6_HOPOPTS": func(world) error {
		return socket(unix.AF_INET6, unix.SOCK_DGRAM, 0, func(fd int) error {
			return unix.SetsockoptString(fd, unix.IPPROTO_IPV6, unix.IPV6_HOPOPTS, "\x00\x00\x01\x04\x00\x00\x00\x00")
		})
	},
	"SIOCSIFFLAGS": interfaceRequest(unix.SIOCSIFFLAGS, unix.IFF_UP),
	"SIOCSIFMTU":   interfaceRequest(unix.SIOCSIFMTU, 1500),
	"NETLINK_LISTEN_ALL_NSID": func(world) error {
		return socket(unix.AF_NETLINK, unix.SOCK_RAW, unix.NETLINK_ROUTE, func(fd int) error {
			return unix.SetsockoptInt(fd, unix.SOL_NETLINK, unix.NETLINK_LISTEN_ALL_NSID, 1)
		})
	},

	"RTM_NEWLINK":  sends(unix.NETLINK_ROUTE, unix.RTM_NEWLINK),
	"RTM_NEWADDR":  sends(unix.NETLINK_ROUTE, unix.RTM_NEWADDR),
	"RTM_NEWROUTE": sends(unix.NETLINK_ROUTE, unix.RTM_NEWROUTE),
	"bind vsock below 1024": func(world) error {
		return socket(unix.AF_VSOCK, unix.SOCK_STREAM, 0, func(fd int) error {
			return unix.Bind(fd, &unix.SockaddrVM{CID: unix.VMADDR_CID_ANY, Port: 80})
		})
	},
	"socket AF_CAN":      func(world) error { return socket(unix.AF_CAN, unix.SOCK_RAW, 1, nil) },
	"SO_REUSEPORT":       setsOption(unix.SOL_SOCKET, unix.SO_REUSEPORT, 1),
	"IP_XFRM_POLICY":     setsZeros(unix.SOCK_DGRAM, unix.IPPROTO_IP, unix.IP_XFRM_POLICY, 8),
	"IPT_SO_SET_REPLACE": setsZeros(unix.SOCK_DGRAM, unix.IPPROTO_IP, 64, 8),
	"IPT_SO_GET_INFO": func(world) error {
		return socket(unix.AF_INET, unix.SOCK_DGRAM, 0, func(fd int) error {
			_, err := unix.GetsockoptInt(fd, unix.IPPROTO_IP, 64)
			return err
		})
	},
	"TCP_CONGESTION": func(world) error {
		available, err := os.ReadFile("/proc/sys/net/ipv4/tcp_available_congestion_control")
		allowed, err2 := os.ReadFile("/proc/sys/net/ipv4/tcp_allowed_congestion_control")
		if err := errors.Join(err, err2); err != nil {
			return err
		}
		for _, name := range strings.Fields(string(available)) {
			if !slices.Contains(strings.Fields(string(allowed)), name) {
				return socket(unix.AF_INET, unix.SOCK_STREAM, 0, func(fd int) error {
					return unix.SetsockoptString(fd, unix.IPPROTO_TCP, unix.TCP_CONGESTION, name)
				})
			}
		}
		return unix.ENOSYS // it allows all
	},
	"SIOCSARP":      onLo(unix.SIOCSARP, 0),
	"SIOCSIFHWADDR": onLo(unix.SIOCSIFHWADDR, 0),
	"SIOCBRADDBR": func(world) error {
		return socket(unix.AF_INET, unix.SOCK_DGRAM, 0, func(fd int) error { return ioctl(fd, 0x89a0, cstring("bridge7")) })
	},
	"SIOCETHTOOL":       func(world) error { return onLo(unix.SIOCETHTOOL, uintptr(unsafe.Pointer(&[4]uint32{8})))(world{}) }, // ETHTOOL_SMSGLVL
	"SIOCSHWTSTAMP":     onLo(unix.SIOCSHWTSTAMP, 0),
	"rtnetlink":         sends(unix.NETLINK_ROUTE, unix.RTM_NEWADDR),
	"RTM_NEWRULE":       sends(unix.NETLINK_ROUTE, unix.RTM_NEWRULE),
	"RTM_NEWNEIGH":      sends(unix.NETLINK_ROUTE, unix.RTM_NEWNEIGH),
	"RTM_NEWQDISC":      sends(unix.NETLINK_ROUTE, unix.RTM_NEWQDISC),
	"NETLINK_NETFILTER": sends(unix.NETLINK_NETFILTER, 10<<8), // NFT_MSG_NEWTABLE
	"NETLINK_XFRM":      sends(unix.NETLINK_XFRM, 0x10),
	"SOCK_DESTROY":      destroys,
	"ipvsadm":           setsZeros(unix.SOCK_DGRAM, unix.IPPROTO_IP, 1157, 0),
	"RTM_GETLINK": func(world) error {
		_, err := syscall.NetlinkRIB(syscall.RTM_GETLINK, syscall.AF_UNSPEC)
		return err
	},
	"NETLINK_AUDIT": sends(unix.NETLINK_AUDIT, 1000), // AUDIT_GET
	"AUDIT_USER":    sends(unix.NETLINK_AUDIT, 1005),
	"AUDIT_NLGRP_READLOG": func(world) error {
		return socket(unix.AF_NETLINK, unix.SOCK_RAW, unix.NETLINK_AUDIT, func(fd int) error {
			return unix.Bind(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Groups: 1})
		})
	},
}
