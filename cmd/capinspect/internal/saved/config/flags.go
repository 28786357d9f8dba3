// SPDX-License-Identifier: Apache-2.0

package config

import "strings"

// flags are those of docker run and podman run that ask for what is of interest here, and
// have a value.
var flags = map[string]func(w *wish, value string){
	"--cap-add":      func(w *wish, value string) { w.add = append(w.add, strings.Split(value, ",")...) },
	"--cap-drop":     func(w *wish, value string) { w.drop = append(w.drop, strings.Split(value, ",")...) },
	"--group-add":    func(w *wish, value string) { w.groups = append(w.groups, value) },
	"--security-opt": func(w *wish, value string) { w.options = append(w.options, value) },
	"--user":         func(w *wish, value string) { w.user = &value },
	"-u":             func(w *wish, value string) { w.user = &value },
	"--pid":          func(w *wish, value string) { w.pid = &value },
	"--ipc":          func(w *wish, value string) { w.ipc = &value },
	"--network":      func(w *wish, value string) { w.network = &value },
	"--net":          func(w *wish, value string) { w.network = &value },
}

// switches are those that are on or off.
var switches = map[string]func(w *wish, on bool){
	"--privileged": func(w *wish, on bool) { w.privileged = on },
	"--read-only":  func(w *wish, on bool) { w.readOnly = &on },
}

// take takes what some flags ask for, and passes over others.
func (w *wish) take(args []string) {
	for len(args) > 0 {
		name, value, given := strings.Cut(args[0], "=")
		args = args[1:]
		if set := switches[name]; set != nil {
			set(w, !given || isYes(value))
			continue
		}
		set := flags[name]
		if set == nil {
			continue
		}
		if !given && len(args) > 0 {
			value, args = args[0], args[1:]
		}
		set(w, value)
	}
}
