// SPDX-License-Identifier: Apache-2.0

package config

import (
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
	"github.com/capinspect/capinspect/procstatus"
)

// filters are the settings that make systemd load a seccomp filter (systemd src/core,
// context_has_seccomp).
var filters = [...]string{
	"SystemCallFilter", "SystemCallArchitectures", "SystemCallLog", "RestrictAddressFamilies", "RestrictNamespaces",
	"RestrictRealtime", "RestrictSUIDSGID", "MemoryDenyWriteExecute", "LockPersonality", "PrivateDevices",
	"ProtectClock", "ProtectHostname", "ProtectKernelTunables", "ProtectKernelModules", "ProtectKernelLogs",
}

// takes are the settings that take capabilities out of the bounding set (systemd.exec(5)).
var takes = [...]struct {
	key string
	set capset.Set
}{
	{"PrivateDevices", capset.Of(capset.Mknod, capset.SysRawio)},
	{"ProtectKernelModules", capset.Of(capset.SysModule)},
	{"ProtectKernelLogs", capset.Of(capset.Syslog)},
	{"ProtectClock", capset.Of(capset.SysTime, capset.WakeAlarm)},
}

// bits are the names of securebits in a unit.
var bits = map[string]capset.Securebits{
	"noroot": capset.NoRoot, "noroot-locked": capset.NoRoot.Lock(),
	"no-setuid-fixup": capset.NoSetuidFixup, "no-setuid-fixup-locked": capset.NoSetuidFixup.Lock(),
	"keep-caps": capset.KeepCaps, "keep-caps-locked": capset.KeepCaps.Lock(),
}

// Unit returns the tasks that units of systemd start, on a kernel with the given last
// capability.
func Unit(text []byte, last capset.Cap) (tasks []*task.Task, err error) {
	list, err := units(text, sections[:]...)
	for _, u := range list {
		if err := u.template(filled[:]); err != nil {
			return nil, err
		}
		s := service{unit: u, most: last}
		tasks = append(tasks, s.task())
	}
	if err == nil && tasks == nil {
		err = errors.New("no setting of a unit")
	}
	return tasks, err
}

// filled are the settings that decide what a task holds, which a template may leave to be
// filled in.
var filled = [...]string{"AmbientCapabilities", "CapabilityBoundingSet", "DynamicUser", "Group", "NoNewPrivileges", "SecureBits", "User"}

// service is a unit whose task is made.
type service struct {
	*unit
	most            capset.Cap // the last capability of the kernel
	traps, assumed  []task.Note
	everything      bool // the command has the prefix +, so that the settings do not count
	asRoot          bool // the command has the prefix !, so that User= and Group= do not count
	bounding, raise capset.Set
	user            string
	isRoot          bool
}

func (s *service) trap(code, text string) {
	if len(s.traps) < maxTraps {
		s.traps = append(s.traps, task.Note{Code: code, Text: text})
	}
}

func (s *service) assume(code, text string) {
	s.assumed = append(s.assumed, task.Note{Code: code, Text: text})
}

// task returns the task that the unit starts.
func (s *service) task() *task.Task {
	s.prefixes()
	for _, what := range s.astray {
		s.trap("misplaced", what)
	}
	t := &task.Task{LastCap: task.LastCap{Value: s.most, From: task.FromGuess}, Container: task.Known[*task.Container](nil)}
	s.sets()
	s.ids(t)
	t.NoNewPrivs = s.noNewPrivs()
	t.Seccomp = task.Known(task.Seccomp{})
	if s.filter() != "" {
		t.Seccomp = task.Known(task.Seccomp{Mode: task.SeccompFilter})
	}
	s.surround(t)
	if s.ofUser {
		s.underUser(t)
	} else {
		s.begin(t)
		s.assume("manager", "the system manager starts it, and has all capabilities in its own bounding set")
		if !s.file && s.name == "" {
			s.assume("part", "settings that are not among these lines have their defaults")
		} else if s.name == "" {
			s.assume("drop-ins", "no other file adds to the unit: systemctl cat prints those that do")
		}
	}
	t.Asked = &task.Asked{Name: s.name, Traps: s.traps, Assumed: s.assumed}
	t.Unstarted()
	return t
}

// prefixes looks for what stands before the command (systemd.service(5)).
func (s *service) prefixes() {
	for _, command := range s.commands() {
		prefix := command[:len(command)-len(strings.TrimLeft(command, "@-:+!"))]
		_, flags, _ := strings.Cut(command, " ; flags=") // of ExecStartEx=, as systemctl show prints it
		flags, _, _ = strings.Cut(flags, " ;")
		switch {
		case strings.Contains(prefix, "+") || slices.Contains(strings.Fields(flags), "privileged"):
			s.everything = true
			s.trap("exec-prefix", "ExecStart=+: that command has full privileges, and User=, capabilities and NoNewPrivileges= do not apply to it")
		case strings.Contains(prefix, "!") && !strings.Contains(prefix, "!!") || slices.Contains(strings.Fields(flags), "no-setuid"):
			s.asRoot = true
			s.trap("exec-prefix", "ExecStart=!: that command runs as root, and User= does not apply to it")
		}
		if engine := startsContainer(command[len(prefix):]); engine != "" {
			s.trap("starts-container", "ExecStart= runs "+engine+": this is about "+engine+" itself, and the container that it starts is told by "+engine+" inspect")
		}
	}
}

// engines are the programs that start containers, and what tells of these.
var engines = map[string]string{
	"docker": "docker", "podman": "podman", "nerdctl": "nerdctl", "docker-compose": "docker", "podman-compose": "podman",
}

// startsContainer returns the program if a command starts a container; "" if it does not.
func startsContainer(command string) string {
	words := fields(command)
	if len(words) < 2 {
		return ""
	}
	starts := func(word string) bool { return slices.Contains([]string{"run", "start", "up", "play"}, word) }
	if engine := engines[filepath.Base(words[0])]; engine != "" && slices.ContainsFunc(words[1:], starts) {
		return engine
	}
	return ""
}

// commands returns what the unit starts. An empty ExecStart= takes back those before it.
func (s *service) commands() (list []string) {
	for _, command := range slices.Concat(s.settings["ExecStart"], s.settings["ExecStartEx"]) {
		if command == "" {
			list = nil
			continue
		}
		list = append(list, command)
	}
	return list
}

// sets finds the bounding set and what is raised in Ambient.
func (s *service) sets() {
	all := capset.UpTo(s.most)
	s.bounding = s.mask("CapabilityBoundingSet", all)
	for _, row := range takes {
		if s.is(row.key) {
			s.bounding &^= row.set
		}
	}
	s.raise = s.mask("AmbientCapabilities", 0)
	for _, key := range [...]string{"CapabilityBoundingSet", "AmbientCapabilities"} {
		if set, ok := s.printed(s.last(key)); ok && set != 0 && set <= capset.Set(s.most) {
			s.assume("bitmap", key+"="+s.last(key)+" is a bitmap, as systemctl show prints it before systemd 235, not the number of a capability")
		}
	}
	s.unknownBits()
	if s.last("Capabilities") != "" {
		s.trap("obsolete", "Capabilities= counts for nothing since systemd 230: AmbientCapabilities= gives them to a user other than root")
	}
	if s.everything {
		s.bounding, s.raise = all, 0
	}
	if s.ofUser && s.raise != 0 && isNo(s.last("PrivateUsers")) {
		s.trap("ambient-in-user-unit", "AmbientCapabilities=: a user manager cannot raise them, so the unit fails (218/CAPABILITIES)")
	} else if out := s.raise &^ s.bounding; out != 0 {
		s.trap("ambient-outside-bounding", "AmbientCapabilities= has "+task.Some(out)+", which the bounding set lacks: the unit fails (218/CAPABILITIES)")
		s.raise &= s.bounding
	}
}

// mask returns the set of a setting whose lines add to those before, or with ~ take away
// (systemd src/core, config_parse_capability_set). At first it is initial. Lines without a
// name that is known, as an empty one, begin anew.
func (s *service) mask(key string, initial capset.Set) capset.Set {
	all := capset.UpTo(s.most)
	set := initial
	for _, value := range s.settings[key] {
		if printed, ok := s.printed(value); ok {
			set = printed & all
			continue
		}
		value, invert := strings.CutPrefix(value, "~")
		sum := s.named(key, value)
		switch {
		case (sum == 0 || set == initial) && invert:
			set = all &^ sum
		case sum == 0 || set == initial:
			set = sum
		case invert:
			set &^= sum
		default:
			set |= sum
		}
	}
	return set
}

// printed returns the set that a number of systemctl show stands for: before systemd 235
// (systemctl, print_property) it printed the bitmap. In a file, a number is that of one
// capability.
func (s *service) printed(value string) (set capset.Set, ok bool) {
	n, err := strconv.ParseUint(value, 10, 64)
	return capset.Set(n), err == nil && !s.file
}

// named returns the set of some names. systemd takes those with CAP_ before them, in upper
// or lower case, and numbers; it passes over others.
func (s *service) named(key, value string) (set capset.Set) {
	for _, word := range fields(value) {
		c, ok := capabilities[strings.ToUpper(word)]
		if n, err := strconv.ParseUint(word, 10, 6); err == nil {
			c, ok = capset.Cap(n), true
		}
		if ok && c <= s.most {
			set |= capset.Of(c)
			continue
		}
		if len(s.traps) >= maxTraps {
			continue
		}
		text := key + "=: " + shortened(word) + " counts for nothing"
		if close := capset.Closest(word); !ok && close.Len() == 1 {
			text += ", perhaps CAP_" + close.First().Kubernetes()
		}
		s.trap("unknown-capability", text)
	}
	return set
}

// ids finds the user and the groups. A name is taken for that of a user other than root.
func (s *service) ids(t *task.Task) {
	s.user = s.last("User")
	if s.everything || s.asRoot {
		s.user = ""
	}
	dynamic := s.is("DynamicUser") && !s.everything && !s.asRoot
	uid, numeric := number(s.user)
	if told, ok := number(s.last("UID")); ok && s.user != "" { // of a unit that runs
		uid, numeric = told, true
	}
	t.Groups = task.Unknown[[]uint32]("its groups depend on the user database")
	t.GID = task.Unknown[capset.IDs]("its gid depends on the user database")
	switch {
	case s.user == "" && !dynamic || s.user == "root" || numeric && uid == 0:
		s.isRoot = true
		t.UID, t.GID = task.Known(task.AllIDs(0)), task.Known(task.AllIDs(0))
	case numeric:
		t.UID = task.Known(task.AllIDs(uint32(uid)))
	case dynamic:
		t.UID = task.Unknown[capset.IDs]("DynamicUser=: systemd lends it a uid from 61184 to 65519, unless the user exists")
	default:
		t.UID = task.Unknown[capset.IDs]("User=" + s.shortUser() + " is a name, and its uid depends on the user database")
		if strings.HasPrefix(s.user, "%") {
			t.UID = task.Unknown[capset.IDs]("User=" + s.shortUser() + " is filled in by systemd: systemctl show of the instance prints the name")
		}
		s.assume("user-name", "User="+s.shortUser()+" is a user other than root")
		if strings.HasPrefix(s.user, `"`) || strings.HasPrefix(s.user, "'") {
			s.trap("quoted-user", "User="+s.shortUser()+": the quotes are part of the name, so the unit most likely fails (217/USER)")
		}
	}
	if gid, ok := number(s.last("Group")); ok && !s.everything && !s.asRoot {
		t.GID = task.Known(task.AllIDs(uint32(gid)))
	} else if s.last("Group") != "" && s.isRoot && s.last("Group") != "root" && !s.everything && !s.asRoot {
		t.GID = task.Unknown[capset.IDs]("Group= is a name, and its gid depends on the user database")
	}
}

func (s *service) shortUser() string { return fmt.Sprintf("%.64s", s.user) }

// filter returns the first setting that loads a seccomp filter; "" if there is none.
func (s *service) filter() string {
	if s.everything {
		return ""
	}
	for _, key := range filters {
		if slices.ContainsFunc(s.settings[key], func(value string) bool { return !isNo(value) }) && !isNo(s.last(key)) {
			return key
		}
	}
	if s.is("DynamicUser") {
		return "DynamicUser"
	}
	return ""
}

// noNewPrivs reports whether no_new_privs will be set. Up to systemd 254 a seccomp filter
// sets it too, unless SYS_ADMIN is effective, as it is for root.
func (s *service) noNewPrivs() task.Value[bool] {
	filter := s.filter()
	switch {
	case s.everything:
		return task.Known(false)
	case s.is("NoNewPrivileges") || s.is("DynamicUser") || filter != "" && s.ofUser:
		return task.Known(true)
	case filter == "" || s.isRoot || s.raise.Has(capset.SysAdmin):
		return task.Known(false)
	}
	return task.Unknown[bool](filter + "= sets it for a user other than root only before systemd 255")
}

// surround finds what else the settings tell.
func (s *service) surround(t *task.Task) {
	if s.everything {
		return
	}
	t.Isolation.HostPID = task.Known(!s.is("PrivatePIDs"))
	t.Isolation.HostIPC = task.Known(!s.is("PrivateIPC") && s.last("IPCNamespacePath") == "")
	t.Isolation.HostNetwork = task.Known(!s.is("PrivateNetwork") && s.last("NetworkNamespacePath") == "")
	owned := map[procstatus.NamespaceKind]task.Value[bool]{}
	for k := range procstatus.NamespaceKind(procstatus.NumNamespaces) {
		owned[k] = task.Known(false) // the user namespace comes last
	}
	t.InUserNamespace(task.Known(!isNo(s.last("PrivateUsers"))), owned)
	if s.is("DynamicUser") || s.last("ProtectSystem") == "strict" || slices.Contains(s.words("ReadOnlyPaths"), "/") {
		t.Mounts.ReadOnlyRoot = task.Known(true)
	}
	labelled(t, strings.TrimPrefix(s.last("AppArmorProfile"), "-"))
}

// begin gives the task its sets: systemd executes the program with all that it permits
// itself, as the user of the unit.
func (s *service) begin(t *task.Task) {
	all := capset.UpTo(s.most)
	c := capset.Credentials{
		Sets:       capset.State{capset.Inheritable: s.raise, capset.Permitted: all, capset.Effective: all, capset.Bounding: s.bounding, capset.Ambient: s.raise},
		NoNewPrivs: t.NoNewPrivs.Zero(), UID: t.UID.Or(task.AllIDs(task.OverflowID)), GID: t.GID.Zero(), Securebits: s.securebits(),
	}
	begin(t, c, s.most)
	if filter := s.filter(); s.isRoot && s.user != "" && filter != "" && t.NoNewPrivs.Zero() && s.bounding.Has(capset.Setuid) && !s.raise.Has(capset.Setuid) {
		why := "systemd 255 and later take cap_setuid away if User= is set" + s.user + ", " + filter + "= and no_new_privs"
		t.Sets[capset.Permitted], t.Sets[capset.Effective] = task.Unknown[capset.Set](why), task.Unknown[capset.Set](why)
	}
}

// securebits returns those of the last SecureBits=, though systemd.exec(5) says that all
// count. systemctl show prints a number.
func (s *service) securebits() (set capset.Securebits) {
	if s.everything {
		return 0
	}
	for _, word := range fields(s.last("SecureBits")) {
		n, err := strconv.ParseUint(word, 10, 32)
		if err != nil {
			n = uint64(bits[word])
		}
		set |= capset.Securebits(n)
	}
	return set
}

// unknownBits looks for names that systemd passes over in the last SecureBits=.
func (s *service) unknownBits() {
	for _, word := range fields(s.last("SecureBits")) {
		if _, err := strconv.ParseUint(word, 10, 32); err == nil || bits[word] != 0 {
			continue
		}
		text := "SecureBits=: " + shortened(word) + " counts for nothing"
		if close := capset.Nearest(word, slices.Sorted(maps.Keys(bits))); len(close) > 0 {
			text += ", perhaps " + close[0]
		}
		s.trap("unknown-securebit", text)
	}
}

// underUser makes unknown what a user's own manager decides.
func (s *service) underUser(t *task.Task) {
	const why = "a user manager starts it, with the capabilities that it has itself"
	unknownSets(t, why)
	t.UID, t.GID, t.Groups = task.Unknown[capset.IDs](why), task.Unknown[capset.IDs](why), task.Unknown[[]uint32](why)
	t.Securebits = task.Unknown[capset.Securebits](why)
}
