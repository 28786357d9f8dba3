// SPDX-License-Identifier: Apache-2.0

package measure

import (
	"bytes"
	"debug/buildinfo"
	"fmt"
	"io"
	"os"
	"runtime"
	"time"
)

// Header says what was measured on what, and when.
func Header(w io.Writer, binary string, runs int) error {
	info, err := buildinfo.ReadFile(binary)
	if err != nil {
		return err
	}
	release, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "%s, Linux %s, %s, %d CPUs, %s %s, medians of %d runs\n",
		time.Now().Format(time.DateOnly), bytes.TrimSpace(release), cpuModel(), runtime.NumCPU(),
		runtime.Version(), runtime.GOARCH, runs)
	if info.GoVersion != runtime.Version() {
		fmt.Fprintf(w, "capinspect was built by %s: its ratios compare two Go versions too\n", info.GoVersion)
	}
	return nil
}

// cpuModel returns the name of the first CPU, which not every architecture has.
func cpuModel() string {
	cpus, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return "CPU unknown"
	}
	for line := range bytes.Lines(cpus) {
		if name, value, ok := bytes.Cut(line, []byte(":")); ok && string(bytes.TrimSpace(name)) == "model name" {
			return string(bytes.TrimSpace(value))
		}
	}
	return "CPU unknown"
}
