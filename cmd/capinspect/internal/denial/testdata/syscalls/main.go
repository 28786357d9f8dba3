// SPDX-License-Identifier: Apache-2.0

// Command syscalls writes the names of the system calls by their numbers, as
// golang.org/x/sys/unix has them: a line for each architecture, its number in audit
// records, its name, and the calls in the order of their numbers. A number among them is
// that of the next call.
package main

import (
	"cmp"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// architectures are those that runtimes and distributions have, by include/uapi/linux/audit.h.
var architectures = []struct{ audit, name, goarch string }{
	{"c000003e", "x86_64", "amd64"},
	{"40000003", "i386", "386"},
	{"c00000b7", "aarch64", "arm64"},
	{"40000028", "arm", "arm"},
	{"80000016", "s390x", "s390x"},
	{"c0000015", "ppc64le", "ppc64le"},
	{"c00000f3", "riscv64", "riscv64"},
	{"c0000102", "loongarch64", "loong64"},
}

type call struct {
	number int
	name   string
}

func main() {
	dir, err := exec.Command("go", "list", "-f", "{{.Dir}}", "golang.org/x/sys/unix").Output()
	if err != nil {
		log.Fatal(err)
	}
	constant := regexp.MustCompile(`(?m)^\tSYS_(\w+)\s+= (\d+)$`)
	var out strings.Builder
	for _, a := range architectures {
		source, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(dir)), "zsysnum_linux_"+a.goarch+".go"))
		if err != nil {
			log.Fatal(err)
		}
		var calls []call
		for _, found := range constant.FindAllSubmatch(source, -1) {
			n, err := strconv.Atoi(string(found[2]))
			if err != nil {
				log.Fatal(err)
			}
			if n < 1000 { // arm has calls of its own above
				calls = append(calls, call{n, strings.ToLower(string(found[1]))})
			}
		}
		slices.SortStableFunc(calls, func(a, b call) int { return cmp.Compare(a.number, b.number) })
		fmt.Fprint(&out, a.audit, " ", a.name)
		next := 0
		for _, c := range calls {
			if c.number < next { // a second name
				continue
			}
			if c.number > next {
				fmt.Fprint(&out, " ", c.number)
			}
			fmt.Fprint(&out, " ", c.name)
			next = c.number + 1
		}
		fmt.Fprintln(&out)
	}
	if err := os.WriteFile("syscalls.txt", []byte(out.String()), 0o666); err != nil {
		log.Fatal(err)
	}
}
