// SPDX-License-Identifier: Apache-2.0

package procstatus_test

import (
	"errors"
	"fmt"
	"io/fs"
	"log"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/procstatus"
	"github.com/capinspect/capinspect/procstatus/container"
)

// The processes of a node. For the node that the program runs on, open /proc.
func ExampleFS_Statuses() {
	proc, err := procstatus.OpenFS("../testdata/proc/node")
	if err != nil {
		log.Fatal(err)
	}
	defer proc.Close()
	for s, err := range proc.Statuses() {
		if err != nil {
			log.Print(err) // one process that may not be read
			continue
		}
		effective, _ := s.Caps(capset.Effective)
		fmt.Printf("%d %s: uid %d, %d capabilities\n", s.Pid, s.Name, s.UID.Effective, effective.Len())
	}
	// Output:
	// 1 process_api: uid 0, 41 capabilities
	// 16 rcu_exp_par_gp_kthread_worker/0: uid 0, 41 capabilities
	// 24434 sleep: uid 0, 14 capabilities
}

// Who has CAP_SYS_ADMIN, apart from threads of the kernel?
func ExampleFS_Statuses_sysAdmin() {
	proc, err := procstatus.OpenFS("../testdata/proc/node")
	if err != nil {
		log.Fatal(err)
	}
	defer proc.Close()
	for s, err := range proc.Statuses() {
		if err != nil {
			log.Print(err)
			continue
		}
		if set, ok := s.Caps(capset.Effective); ok && set.Has(capset.SysAdmin) && !s.KernelThread() {
			fmt.Println(s.Pid, s.Name)
		}
	}
	// Output: 1 process_api
}

// Read one process. With a PID of your own machine, open /proc.
func ExampleTask_Status() {
	proc, err := procstatus.OpenFS("../testdata/proc/node")
	if err != nil {
		log.Fatal(err)
	}
	defer proc.Close()
	s, err := proc.Task(24434).Status()
	if err != nil {
		log.Fatal(err)
	}
	permitted, ok := s.Caps(capset.Permitted)
	fmt.Println(ok, permitted.Has(capset.NetRaw), permitted.Has(capset.NetAdmin))
	// Output: true true false
}

// Which processes are in a container? Each one stays open while its files are
// read, so that they all belong to the same process.
func ExampleFS_Tasks() {
	proc, err := procstatus.OpenFS("../testdata/proc/node")
	if err != nil {
		log.Fatal(err)
	}
	defer proc.Close()
	for task, err := range proc.Tasks() {
		if err != nil {
			log.Fatal(err)
		}
		if err := who(task); err != nil {
			log.Print(err)
		}
	}
	// Output: sleep is in container a5a0cc370154 of pod 5e225555-074a-4ed0-86f3-6071644ac2ca
}

func who(task procstatus.Task) error {
	task, err := task.Open()
	if err != nil {
		return err
	}
	defer task.Close()
	s, err := task.Status()
	if err != nil {
		return err
	}
	cgroup, err := task.Cgroup()
	if errors.Is(err, fs.ErrNotExist) {
		return nil // this copy of a procfs does not have all files
	}
	if err != nil {
		return err
	}
	if c, ok := container.OfCgroup(cgroup); ok {
		fmt.Printf("%s is in container %.12s of pod %s\n", s.Name, c.ID, c.PodUID)
	}
	return nil
}
