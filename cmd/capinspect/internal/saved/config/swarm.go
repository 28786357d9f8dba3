// SPDX-License-Identifier: Apache-2.0

package config

import (
	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// swarmOrSpec is the Spec of what docker service inspect or nerdctl inspect --mode native
// prints.
type swarmOrSpec struct {
	spec
	Name         string `json:"Name"`
	TaskTemplate *struct {
		ContainerSpec containerSpec `json:"ContainerSpec"`
		Networks      []struct{}    `json:"Networks"`
	} `json:"TaskTemplate"`
}

// containerSpec has the members of interest of what a swarm service asks for (moby
// api/types/swarm, ContainerSpec).
type containerSpec struct {
	User           string   `json:"User"`
	Groups         []string `json:"Groups"`
	CapabilityAdd  []string `json:"CapabilityAdd"`
	CapabilityDrop []string `json:"CapabilityDrop"`
	ReadOnly       bool     `json:"ReadOnly"`
	Privileges     struct {
		NoNewPrivileges bool `json:"NoNewPrivileges"`
		Seccomp         struct {
			Mode string `json:"Mode"`
		} `json:"Seccomp"`
		AppArmor struct {
			Mode string `json:"Mode"`
		} `json:"AppArmor"`
	} `json:"Privileges"`
}

// swarm returns the task of what docker service inspect prints.
func (in *inspected) swarm(last capset.Cap) (*task.Task, error) {
	c, private := in.Spec.TaskTemplate.ContainerSpec, "private"
	w := wish{
		name: in.Spec.Name, runtime: "docker", from: "docker service inspect",
		add: c.CapabilityAdd, drop: c.CapabilityDrop, groups: c.Groups, readOnly: &c.ReadOnly,
		pid: &private, ipc: &private, network: &private,
		child: task.Unknown[bool]("docker service inspect does not say whether the daemon has userns-remap"),
	}
	if c.User != "" {
		w.user = &c.User
	}
	if c.Privileges.NoNewPrivileges {
		w.options = append(w.options, "no-new-privileges")
	}
	switch c.Privileges.Seccomp.Mode {
	case "unconfined":
		w.options = append(w.options, "seccomp=unconfined")
	case "custom":
		w.options = append(w.options, "seccomp=custom")
	}
	if c.Privileges.AppArmor.Mode == "disabled" {
		w.options = append(w.options, "apparmor=unconfined")
	}
	t, err := w.task(last)
	if err != nil {
		return nil, err
	}
	if len(in.Spec.TaskTemplate.Networks) > 0 {
		t.Isolation.HostNetwork = task.Unknown[bool]("docker service inspect names a network by its id, and that of the node has one")
	}
	w.possible(t)
	return t, nil
}
