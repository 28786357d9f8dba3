// SPDX-License-Identifier: Apache-2.0

package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"

	"github.com/capinspect/capinspect/capset"
)

// kin are objects of JSON that people have beside the configuration of a container: the keys
// that tell one, what it is, and what to do.
var kin = []struct{ keys, what, then string }{
	{"RepoTags RootFS", "what docker and podman inspect print of an image", inspectContainer},
	{"IPAM Driver", "what docker inspect prints of a network", inspectContainer},
	{"subnets driver", "what podman inspect prints of a network", inspectContainer},
	{"Mountpoint Driver", "what docker and podman inspect print of a volume", inspectContainer},
	{"NumContainers ExitPolicy", "what podman pod inspect prints", "podman inspect of its containers tells what they hold"},
	{"NumContainers CreateCgroup", "what podman pod inspect prints", "podman inspect of its containers tells what they hold"},
	{"ContainerSpec", "the TaskTemplate of a swarm service", "save the whole of docker service inspect"},
	{"ServiceID DesiredState", "what docker inspect prints of a task of a swarm", "docker service inspect tells what it asks for, and docker inspect of its container too"},
	{"ManagerStatus Description", "what docker inspect prints of a node of a swarm", inspectContainer},
	{"ServerVersion DockerRootDir", "what docker info prints", inspectContainer},
	{"host store", "what podman info prints", inspectContainer},
	{"Client Server", "what docker version prints", inspectContainer},
	{"Names Image Command", "what docker and podman ps print", inspectContainer},
	{"OOMKilled StartedAt", "the State of docker inspect", "save the whole of docker inspect"},
	{"StreamConfig HostnamePath", "config.v2.json of docker, which tells no capabilities", "hostconfig.json beside it does"},
	{"json_field exposure", "what systemd-analyze security prints", "save the output of systemctl show instead"},
	{"Env Cmd Entrypoint", "the Config of docker inspect, which tells no capabilities", "save the whole of docker inspect"},
	{"defaultAction syscalls", "a profile of seccomp", "it says which system calls are allowed, and no capabilities"},
	{"defaultAction archMap", "a profile of seccomp", "it says which system calls are allowed, and no capabilities"},
	{"containerDefinitions", "a task definition of Amazon ECS, which capinspect does not read", composeInstead},
	{"taskDefinition", "a task definition of Amazon ECS, which capinspect does not read", composeInstead},
	{"AWSTemplateFormatVersion", "a template of CloudFormation, which capinspect does not read", composeInstead},
	{"Job", "a job of Nomad, which capinspect does not read", composeInstead},
	{"TaskGroups", "a job of Nomad, which capinspect does not read", composeInstead},
	{"runArgs", devcontainer, composeInstead},
	{"capAdd", devcontainer, composeInstead},
	{"remoteUser", devcontainer, composeInstead},
	{"ociVersion bundle", "what runc state prints", "config.json in its bundle tells what it holds"},
	{"bundle rootfs pid", "what runc list prints", "config.json in a bundle tells what the container holds"},
	{"args cwd", "the process of an OCI configuration", "save the whole of config.json"},
	{"architecture rootfs", "the configuration of an image", inspectContainer},
	{"mediaType manifests", "the index of an image", inspectContainer},
	{"mediaType layers", "the manifest of an image", inspectContainer},
	{"containers", "what crictl ps prints", inspectCRI},
	{"items", "what crictl pods prints", inspectCRI},
	{"images", "what crictl images prints", inspectCRI},
	{"status imageSpec", "what crictl inspecti prints of an image", inspectCRI},
	{"status config lastCNILoadStatus", "what crictl info prints", inspectCRI},
	{"status", "crictl inspect without its info, which has the capabilities", "save the whole, as crictl inspect -o json ID"},
}

// What to do instead.
const (
	inspectContainer = "inspect a container instead"
	inspectCRI       = "crictl inspect of a container tells what it holds"
	composeInstead   = "write its capabilities as cap_add and cap_drop of a compose file"
	devcontainer     = "a devcontainer.json, which capinspect does not read"
)

// Kin returns what a text of JSON is that is no configuration of a container; nil if it is of no
// kind that is known.
func Kin(text []byte) error {
	if inner, ok := bytes.CutPrefix(bytes.TrimLeft(text, " \t\r\n"), []byte("[")); ok {
		if err := names(text); err != nil {
			return err
		}
		text = inner
	}
	var object map[string]json.RawMessage
	if json.NewDecoder(bytes.NewReader(text)).Decode(&object) != nil {
		return nil
	}
	return kinOf(object)
}

// kinOf returns what an object is; nil if it is of no kind that is known.
func kinOf(object map[string]json.RawMessage) error {
	for _, row := range kin {
		if hasAll(object, strings.Fields(row.keys)) {
			return errors.New("this is " + row.what + ": " + row.then)
		}
	}
	return nil
}

func hasAll(object map[string]json.RawMessage, keys []string) bool {
	for _, key := range keys {
		if _, ok := object[key]; !ok {
			return false
		}
	}
	return true
}

// names says of a list of strings what it is.
func names(text []byte) error {
	var list []string
	if json.Unmarshal(text, &list) != nil {
		return nil
	}
	if len(list) == 0 {
		return errors.New("this is an empty list, as an inspect command prints it if there is nothing of that name")
	}
	for _, name := range list {
		if _, err := capset.ParseList(name); err != nil {
			return errors.New("this is a list of JSON, of which nothing says what it is: save the whole of what the inspect command prints")
		}
	}
	return errors.New("this is a list of capabilities, and nothing says whether they are added or dropped: save the whole of what the inspect command prints, or decode the names")
}

// nth returns an object of a text of JSON, which may be in an array; nil if there is none.
func nth(text []byte, n int) (object map[string]json.RawMessage) {
	d := json.NewDecoder(bytes.NewReader(text))
	if bytes.HasPrefix(bytes.TrimLeft(text, " \t\r\n"), []byte("[")) {
		if _, err := d.Token(); err != nil {
			return nil
		}
	}
	for range n {
		object = nil
		if err := d.Decode(&object); err != nil {
			return nil
		}
	}
	return object
}
