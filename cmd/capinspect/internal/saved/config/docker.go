// SPDX-License-Identifier: Apache-2.0

package config

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/capset/runtime"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/manifest"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
	"github.com/capinspect/capinspect/procstatus"
	"github.com/capinspect/capinspect/procstatus/container"
)

// The types below have the members of interest of what docker, podman and nerdctl inspect
// print (moby api/types/container, InspectResponse; podman libpod/define,
// InspectContainerData).
type (
	dockerConfig struct {
		HostConfig *hostConfig `json:"HostConfig"`
		Config     struct {
			User          *string `json:"User"`
			Cmd           list    `json:"Cmd"`
			CreateCommand list    `json:"CreateCommand"` // podman's alone
		} `json:"Config"`
		AppArmorProfile string `json:"AppArmorProfile"`
		ResolvConfPath  string `json:"ResolvConfPath"` // "" of podman without a network
		HostnamePath    string `json:"HostnamePath"`
		Platform        string `json:"Platform"`
		OCIRuntime      string `json:"OCIRuntime"`    // podman's alone, as those below
		StaticDir       string `json:"StaticDir"`     // as long as it is not started
		EffectiveCaps   list   `json:"EffectiveCaps"` // of the OCI configuration
		BoundingCaps    list   `json:"BoundingCaps"`
	}
	hostConfig struct {
		CapAdd         list    `json:"CapAdd"`
		CapDrop        list    `json:"CapDrop"`
		Privileged     *bool   `json:"Privileged"`
		SecurityOpt    list    `json:"SecurityOpt"`
		GroupAdd       list    `json:"GroupAdd"`
		ReadonlyRootfs *bool   `json:"ReadonlyRootfs"`
		PidMode        *string `json:"PidMode"`
		IpcMode        *string `json:"IpcMode"`
		NetworkMode    *string `json:"NetworkMode"`
		UsernsMode     string  `json:"UsernsMode"`
		MaskedPaths    list    `json:"MaskedPaths"`
		ReadonlyPaths  list    `json:"ReadonlyPaths"`
		Runtime        named   `json:"Runtime"`       // docker's, and containerd's
		CgroupManager  string  `json:"CgroupManager"` // podman's alone
	}
)

// wish is what is asked of docker or podman for one container, in whatever form.
type wish struct {
	name, id, runtime string
	from              string // who tells, as "docker inspect"
	oci               string // the OCI runtime, as "crun"; "" if it is not told
	add, drop, groups []string
	privileged        bool
	user              *string // nil if the image decides
	options           []string
	readOnly          *bool
	pid, ipc, network *string // nil if they are not told
	whyIPC            string  // why that is not, if it is not as for the others
	whyNetwork        string  // and that
	child             task.Value[bool]
	unmasked          bool
	appArmor          string

	states []*task.Task // its sets as root and as another user, if it is not told which it is
}

// docker returns the task of what docker, podman or nerdctl inspect prints.
func (in *inspected) docker(last capset.Cap) (*task.Task, error) {
	host := in.HostConfig
	w := wish{
		name: strings.TrimPrefix(in.Name, "/"), id: in.ID, runtime: "docker", from: "docker inspect",
		add: host.CapAdd.names, drop: host.CapDrop.names, groups: host.GroupAdd.names,
		privileged: host.Privileged != nil && *host.Privileged, user: in.Config.User, options: host.SecurityOpt.names,
		readOnly: host.ReadonlyRootfs, pid: host.PidMode, ipc: host.IpcMode, network: host.NetworkMode,
		unmasked: host.MaskedPaths.told && len(host.MaskedPaths.names)+len(host.ReadonlyPaths.names) == 0,
		appArmor: in.AppArmorProfile, oci: cmp.Or(in.OCIRuntime, string(host.Runtime)),
	}
	podman := in.OCIRuntime != "" || in.BoundingCaps.told || host.CgroupManager != ""
	if podman {
		in.asPodman(&w)
	}
	w.child = in.inUserNamespace(podman)
	if !podman && in.isRootless() && host.NetworkMode != nil && *host.NetworkMode == "host" {
		w.network, w.whyNetwork = nil, "rootless docker has a network namespace of its own in place of the node's"
	}
	t, err := w.task(last)
	if err != nil {
		return nil, err
	}
	if in.BoundingCaps.told {
		err = in.readSets(t, w.states, last)
	} else if !host.CapAdd.told || !host.CapDrop.told || host.Privileged == nil {
		unknownSets(t, "HostConfig has no CapAdd, CapDrop and Privileged; of nerdctl, inspect --mode native tells them")
	}
	if !host.SecurityOpt.told {
		t.NoNewPrivs, t.Seccomp = task.Unknown[bool]("HostConfig has no SecurityOpt"), task.Unknown[task.Seccomp]("HostConfig has no SecurityOpt")
	}
	if w.user == nil {
		unknownUser(t, "Config has no User")
	}
	if podman && !w.unmasked && !w.privileged && in.Config.CreateCommand.names == nil {
		t.Mounts.ProcMasked = task.Unknown[bool]("podman inspect does not say what is unmasked")
	}
	w.possible(t)
	return t, err
}

// asPodman takes what podman inspect prints in another way than docker inspect. CapAdd and
// CapDrop are not what was asked for but how the bounding set differs from the default one,
// so nothing follows from them if the sets are told. IpcMode is shareable of the node's
// namespace too (libpod, container_inspect_linux.go), and nothing tells what is unmasked: the
// command that created the container does.
func (in *inspected) asPodman(w *wish) {
	w.runtime, w.from = "podman", "podman inspect"
	if in.BoundingCaps.told {
		w.add, w.drop = nil, nil
	}
	command := in.Config.CreateCommand.names
	asked := wish{}
	if tail := len(command) - len(in.Config.Cmd.names); tail >= 0 && slices.Equal(command[tail:], in.Config.Cmd.names) {
		command = command[:tail] // without what the program is given
	}
	asked.take(command)
	if w.ipc != nil && *w.ipc == "shareable" {
		if w.ipc = asked.ipc; w.ipc == nil && command != nil {
			w.ipc = new("")
		}
		w.whyIPC = "podman inspect prints IpcMode shareable of the node's too"
	}
	for _, option := range asked.options {
		if strings.HasPrefix(option, "unmask") {
			w.options = append(w.options, option)
		}
	}
}

// possible gives the task the states that it may have, as far as its sets are known.
func (w *wish) possible(t *task.Task) {
	if len(w.states) < 2 || !t.Sets[capset.Bounding].Known() {
		return
	}
	asked := *t.Asked
	var states []*task.Task
	for _, s := range w.states {
		state := *t
		state.Asked, state.Sets = &asked, s.Sets
		if s.UID.Known() {
			state.UID = s.UID
		}
		states = append(states, &state)
	}
	t.Asked.Possible = states
}

// readSets takes the sets that podman tells, which are those of the OCI configuration, for
// the task and for the states that it may have.
func (in *inspected) readSets(t *task.Task, states []*task.Task, last capset.Cap) error {
	bounding, err := setOf(in.BoundingCaps.names, "BoundingCaps", last)
	if err != nil {
		return err
	}
	effective, err := setOf(in.EffectiveCaps.names, "EffectiveCaps", last)
	if err != nil {
		return err
	}
	asRoot := capset.State{capset.Permitted: bounding, capset.Effective: bounding, capset.Bounding: bounding}
	asUser := capset.State{effective, effective, effective, bounding, effective}
	set := func(t *task.Task, sets capset.State) {
		for k, s := range sets {
			t.Sets[k] = task.Known(s)
		}
	}
	switch ids, ok := t.UID.Get(); {
	case !ok:
		t.Sets[capset.Bounding] = task.Known(bounding)
		if len(states) == 2 {
			set(states[0], asRoot)
			set(states[1], asUser)
		}
	case ids.Effective == 0:
		set(t, asRoot)
	default:
		set(t, asUser)
	}
	return nil
}

// setOf returns the set of a list of names with CAP_. Any other text is not a name that a
// runtime knows.
func setOf(names []string, key string, last capset.Cap) (set capset.Set, err error) {
	for _, name := range names {
		if c, ok := capabilities[name]; ok {
			set |= capset.Of(c)
		}
	}
	return set & capset.UpTo(last), tooMany(key, len(names), maxList)
}

// inUserNamespace reports whether the container has a user namespace of its own: with docker
// if its daemon is rootless or has userns-remap, with podman if it is rootless. The names of
// its files tell.
func (in *inspected) inUserNamespace(podman bool) task.Value[bool] {
	paths := []string{in.ResolvConfPath, in.HostnamePath, in.StaticDir}
	has := func(is func(text, part string) bool, part string) bool {
		return slices.ContainsFunc(paths, func(path string) bool { return is(path, part) })
	}
	switch mode := in.HostConfig.UsernsMode; {
	case podman && mode != "" && mode != "host":
		return task.Known(true)
	case podman && has(strings.HasPrefix, "/run/user/"), in.isRootless():
		return task.Known(true)
	case podman && (has(strings.HasPrefix, "/run/containers/") || has(strings.HasPrefix, "/var/lib/containers/")):
		return task.Known(false)
	case podman:
		return task.Unknown[bool]("podman inspect does not say whether podman is rootless")
	case mode == "host":
		return task.Known(false)
	case in.ResolvConfPath != "":
		return task.Known(remapped(in.ResolvConfPath))
	}
	return task.Unknown[bool]("docker inspect does not say whether its daemon has userns-remap")
}

// homeShare is in the names of files that a container engine has without root.
const homeShare = "/.local/share/"

// isRootless reports whether the files of the container are in the home of a user.
func (in *inspected) isRootless() bool {
	return slices.ContainsFunc([]string{in.ResolvConfPath, in.HostnamePath, in.StaticDir}, func(path string) bool { return strings.Contains(path, homeShare) })
}

// remapped reports whether a file is below the directory that docker has for containers with
// userns-remap: /var/lib/docker/UID.GID.
func remapped(path string) bool {
	root, _, _ := strings.Cut(path, "/containers/")
	uid, gid, ok := strings.Cut(root[strings.LastIndexByte(root, '/')+1:], ".")
	_, isUID := number(uid)
	_, isGID := number(gid)
	return ok && isUID && isGID
}

// task returns the task that the container starts with.
func (w *wish) task(last capset.Cap) (*task.Task, error) {
	for _, list := range [...]struct {
		what string
		n    int
	}{{"capabilities to add", len(w.add)}, {"capabilities to drop", len(w.drop)}, {"security options", len(w.options)}, {"groups", len(w.groups)}} {
		if err := tooMany(list.what, list.n, maxList); err != nil {
			return nil, err
		}
	}
	pod, asks := &manifest.Pod{}, manifest.SecurityContext{
		Capabilities: &manifest.Capabilities{Add: asKubernetes(w.add), Drop: asKubernetes(w.drop)},
		Privileged:   &w.privileged,
	}
	whyUser := w.runAs(pod, &asks)
	w.readOptions(&asks)
	m := &manifest.Manifest{Pod: pod, Container: &manifest.Container{Name: w.name}, Runtime: runtime.Named(w.runtime), Asks: asks, Direct: true}
	t := m.Expected(last)
	w.states = m.Possible(last)
	t.Asked = &task.Asked{Name: w.name, Runtime: w.runtime, Traps: m.Traps, Assumed: w.assumed()}
	if whyUser != "" {
		unknownUser(t, whyUser)
	}
	t.Isolation.HostPID = shared(w.pid, "HostConfig has no PidMode")
	t.Isolation.HostIPC = shared(w.ipc, cmp.Or(w.whyIPC, "HostConfig has no IpcMode"))
	t.Isolation.HostNetwork = shared(w.network, cmp.Or(w.whyNetwork, "HostConfig has no NetworkMode"))
	t.InUserNamespace(w.child, map[procstatus.NamespaceKind]task.Value[bool]{
		procstatus.NamespacePID: task.Map(t.Isolation.HostPID, not), procstatus.NamespaceIPC: task.Map(t.Isolation.HostIPC, not),
		procstatus.NamespaceNet: task.Map(t.Isolation.HostNetwork, not), procstatus.NamespaceMnt: task.Known(true),
	})
	if t.Mounts.ReadOnlyRoot = task.Unknown[bool](task.NotAsked); w.readOnly != nil {
		t.Mounts.ReadOnlyRoot = task.Known(*w.readOnly)
	}
	t.Securebits = task.Known(capset.Securebits(0))
	t.Mounts.ProcMasked = task.Known(!w.privileged && !w.unmasked)
	t.Mounts.SysReadOnly = task.Known(!w.privileged)
	labelled(t, w.appArmor)
	contained(t, container.Container{Runtime: w.runtime, ID: w.id, Name: w.name}, w.from)
	t.Unstarted()
	return t, nil
}

// asKubernetes returns names of capabilities as a securityContext has them. Docker and
// podman take them with CAP_ or without, in upper or lower case.
func asKubernetes(list []string) []string {
	var names []string
	for _, name := range list {
		upper := strings.ToUpper(name)
		if short := strings.TrimPrefix(upper, "CAP_"); short != "ALL" {
			upper = short
		}
		names = append(names, upper)
	}
	return names
}

// runAs asks for the user and the groups. It returns why the uid is unknown; "" if it is
// known, or if the image tells it.
func (w *wish) runAs(pod *manifest.Pod, asks *manifest.SecurityContext) (why string) {
	if w.user == nil {
		return ""
	}
	user, group, _ := strings.Cut(*w.user, ":")
	if user == "" || user == "root" {
		user = "0"
	}
	uid, ok := number(user)
	if ok {
		asks.RunAsUser = &uid
	} else {
		why = "user " + shortened(user) + " is a name, and its uid depends on the image"
	}
	gid, ok := number(group)
	if !ok {
		return why
	}
	asks.RunAsGroup = &gid
	groups := []uint32{uint32(gid)}
	for _, name := range w.groups {
		id, ok := number(name)
		if !ok {
			return why
		}
		if !slices.Contains(groups, uint32(id)) {
			groups = append(groups, uint32(id))
		}
	}
	pod.Groups = groups
	return why
}

// readOptions takes what --security-opt asks for.
func (w *wish) readOptions(asks *manifest.SecurityContext) {
	asks.AllowPrivilegeEscalation = new(true)
	asks.SeccompProfile = &manifest.SeccompProfile{Type: "RuntimeDefault"}
	for _, option := range w.options {
		key, value, _ := cutOption(option)
		switch {
		case key == "no-new-privileges":
			on, err := strconv.ParseBool(value)
			asks.AllowPrivilegeEscalation = new(err == nil && !on)
		case key == "seccomp" && value == "unconfined":
			asks.SeccompProfile.Type = "Unconfined"
		case key == "seccomp" && value != "builtin":
			asks.SeccompProfile.Type = "Localhost"
		case key == "apparmor" && w.appArmor == "":
			w.appArmor = value
		case key == "systempaths" && value == "unconfined", key == "unmask" && strings.EqualFold(value, "all"):
			w.unmasked = true
		}
	}
}

// cutOption splits an option of --security-opt, which has "=" before its value, or ":" if there
// is none (moby daemon, parseSecurityOpt).
func cutOption(option string) (key, value string, ok bool) {
	if key, value, ok = strings.Cut(option, "="); ok {
		return key, value, ok
	}
	return strings.Cut(option, ":")
}

// plainRuntimes are the OCI runtimes that give a container what its configuration says.
var plainRuntimes = []string{"runc", "crun", "youki", "nvidia", "nvidia-container-runtime", "io.containerd.runc.v1", "io.containerd.runc.v2"}

// ofRuntime says what the answer takes for granted of an OCI runtime; "" if it is not told.
func ofRuntime(name string) []task.Note {
	if name == "" || slices.Contains(plainRuntimes, filepath.Base(name)) {
		return nil
	}
	return []task.Note{{Code: "runtime", Text: fmt.Sprintf("the runtime %.64s gives it what runc would", name)}}
}

// named is a name, which stands in an object in some places.
type named string

// Shape returns how it looks in JSON: a string, or an object with Name.
func (named) Shape() reflect.Type { return reflect.TypeFor[json.RawMessage]() }

// UnmarshalJSON reads it.
func (n *named) UnmarshalJSON(text []byte) error {
	var object struct{ Name string }
	switch {
	case text[0] == '{' && json.Unmarshal(text, &object) == nil:
		*n = named(object.Name)
	case json.Unmarshal(text, (*string)(n)) != nil:
		return errors.New("it is neither a name nor an object with one")
	}
	return nil
}

// assumed says what the answer takes for granted of the daemon.
func (w *wish) assumed() (notes []task.Note) {
	if user, _, _ := strings.Cut(*cmp.Or(w.user, new("")), ":"); user == "root" {
		notes = append(notes, task.Note{Code: "root-name", Text: "root is uid 0 in the image"})
	}
	notes = append(notes, ofRuntime(w.oci)...)
	told := map[string]bool{}
	for _, option := range w.options {
		key, _, _ := cutOption(option)
		told[key] = true
	}
	var defaults []string
	if !told["no-new-privileges"] {
		defaults = append(defaults, "no-new-privileges")
	}
	if !told["seccomp"] && !w.privileged {
		defaults = append(defaults, "seccomp-profile")
	}
	if w.runtime != "docker" || defaults == nil {
		return notes
	}
	return append(notes, task.Note{Code: "daemon", Text: "the daemon has docker's own default of " + task.And(defaults) + ": " + w.from + " does not say"})
}

// shared reports whether a container shares a namespace of the node. untold is why that is
// unknown without a mode.
func shared(mode *string, untold string) task.Value[bool] {
	if mode == nil {
		return task.Unknown[bool](untold)
	}
	kind, of, _ := strings.Cut(*mode, ":")
	if kind == "container" || kind == "ns" || kind == "service" {
		return task.Unknown[bool]("it shares that of " + kind + " " + shortened(of))
	}
	return task.Known(kind == "host")
}
