// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

const (
	spare         = 1300      // tasks that are left to others; 300 ids the kernel gives out once only
	processMemory = 128 << 10 // that an idle process takes, page tables and all
	threadMemory  = 64 << 10
)

// limit is how many tasks can be made, and what sets that limit.
type limit struct {
	tasks int
	why   string
}

// room returns the lowest of the limits. Memory is what half of it holds.
func room(kind string) limit {
	memory := uint64(processMemory)
	if kind == threads {
		memory = threadMemory
	}
	limits := []limit{{math.MaxInt, "no limit"}}
	used := running()
	add := func(name string, most, used uint64) {
		limits = append(limits, limit{left(most, used+spare), fmt.Sprintf("%s %d, less %d in use and %d for others", name, most, used, spare)})
	}
	for _, name := range []string{"pid_max", "threads-max"} {
		if most, ok := number("/proc/sys/kernel/" + name); ok {
			add(name, most, used)
		}
	}
	var nproc unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NPROC, &nproc); err == nil && os.Getuid() != 0 && nproc.Cur != unix.RLIM_INFINITY {
		add("RLIMIT_NPROC", nproc.Cur, used)
	}
	addMemory := func(name string, bytes uint64) {
		limits = append(limits, limit{int(bytes / 2 / memory), fmt.Sprintf("half of %s %d MiB", name, bytes>>20)})
	}
	info, _ := os.ReadFile("/proc/meminfo")
	if kib, err := strconv.ParseUint(strings.TrimSuffix(field(info, "MemAvailable"), " kB"), 10, 64); err == nil {
		addMemory("MemAvailable", kib<<10)
	}
	for _, dir := range cgroups() {
		if most, ok := number(dir + "/pids.max"); ok {
			used, _ := number(dir + "/pids.current")
			add(dir+"/pids.max", most, used)
		}
		for _, names := range [][2]string{{"memory.max", "memory.current"}, {"memory.limit_in_bytes", "memory.usage_in_bytes"}} {
			if most, ok := number(dir + "/" + names[0]); ok {
				used, _ := number(dir + "/" + names[1])
				addMemory(fmt.Sprintf("%s/%s %d MiB, left", dir, names[0], most>>20), most-min(used, most))
			}
		}
	}
	lowest := limits[0]
	for _, l := range limits {
		if l.tasks < lowest.tasks {
			lowest = l
		}
	}
	return lowest
}

func left(most, used uint64) int {
	return int(min(most-min(used, most), math.MaxInt32))
}

// number reads a file that holds a number; "max" is none.
func number(name string) (uint64, bool) {
	text, err := os.ReadFile(name)
	if err != nil {
		return 0, false
	}
	n, err := strconv.ParseUint(string(bytes.TrimSpace(text)), 10, 64)
	return n, err == nil
}

// running returns how many tasks there are: the 123 of "0.00 0.01 0.05 1/123 456".
func running() uint64 {
	load, _ := os.ReadFile("/proc/loadavg")
	_, after, _ := strings.Cut(string(load), "/")
	count, _, _ := strings.Cut(after, " ")
	n, _ := strconv.ParseUint(count, 10, 64)
	return n
}

// cgroups returns the directories of our own cgroups and of those above them,
// also where a container sees its own as the root.
func cgroups() []string {
	const root = "/sys/fs/cgroup"
	text, _ := os.ReadFile("/proc/self/cgroup")
	var dirs []string
	for line := range strings.Lines(string(text)) {
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(parts) < 3 {
			continue
		}
		base := root
		switch parts[1] {
		case "pids", "memory":
			base = filepath.Join(root, parts[1])
		case "":
		default:
			continue
		}
		for dir := path.Clean("/" + parts[2]); ; dir = path.Dir(dir) {
			dirs = append(dirs, filepath.Join(base, dir))
			if dir == "/" {
				break
			}
		}
	}
	return dirs
}
