// SPDX-License-Identifier: Apache-2.0

// Package config reads what container runtimes and systemd are told to start: what the
// inspect commands of docker, podman, nerdctl and crictl print, the config.json of an OCI
// bundle, compose files, and units of systemd. Each container, service or unit becomes the
// task that it asks for, in the state in which its program begins. What the runtime makes
// of the lists of capabilities package runtime knows.
//
// It opens nothing. What depends on an image, a user database or a daemon is unknown, for
// that reason.
package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
	"github.com/capinspect/capinspect/procstatus"
	"github.com/capinspect/capinspect/procstatus/container"
)

// The bounds of what a text may ask for, far above what anybody writes.
const (
	maxContainers = 1024
	maxList       = 256  // of capabilities, options and the like
	maxLines      = 4096 // of one setting of a unit
	maxGroups     = 65536
	maxTokens     = 1 << 18 // of JSON, without what is skipped
)

// hasKey reports whether a text has a key of JSON.
func hasKey(text []byte, key string) bool {
	quoted := []byte(strconv.Quote(key))
	for {
		_, after, ok := bytes.Cut(text, quoted)
		if !ok {
			return false
		}
		if text = bytes.TrimLeft(after, " \t\r\n"); bytes.HasPrefix(text, []byte(":")) {
			return true
		}
	}
}

// list is a list of names. The key may be there with null, which is no name.
type list struct {
	names []string
	told  bool
}

// Shape returns how the list looks in JSON.
func (list) Shape() reflect.Type { return reflect.TypeFor[[]string]() }

// UnmarshalJSON reads the list.
func (l *list) UnmarshalJSON(text []byte) error {
	l.told = true
	return json.Unmarshal(text, &l.names)
}

// capabilities are those of names as CAP_CHOWN, which is how runtimes write and take them.
var capabilities = func() map[string]capset.Cap {
	names := map[string]capset.Cap{}
	for c := range capset.LastKnown + 1 {
		names["CAP_"+c.Kubernetes()] = c
	}
	return names
}()

// number returns an id of a user or a group. ok is false if it is a name.
func number(text string) (id int64, ok bool) {
	n, err := strconv.ParseInt(text, 10, 32)
	return n, err == nil && n >= 0 && text[0] != '+' && text[0] != '-'
}

func not(b bool) bool { return !b }

// tooMany is the error of a list that is longer than it may be.
func tooMany(what string, n, most int) error {
	if n <= most {
		return nil
	}
	return fmt.Errorf("%s: %d entries, more than %d", what, n, most)
}

// contained says in which container the task will be.
func contained(t *task.Task, c container.Container, from string) {
	in := &task.Container{Container: c, Sandbox: task.Known(false)}
	for _, told := range [...]struct{ what, value string }{{"runtime", c.Runtime}, {"id", c.ID}, {"name", c.Name}, {"podUID", c.PodUID}} {
		if told.value != "" {
			in.Evidence = append(in.Evidence, container.Evidence{What: told.what, From: from})
		}
	}
	if c.Runtime == "" {
		in.Why.Runtime = from + " does not name it"
	}
	if c.ID == "" {
		in.Why.ID = task.NotAsked
	}
	t.Container = task.Known(in)
}

// labelled says which profile of AppArmor confines the task.
func labelled(t *task.Task, profile string) {
	if profile == "" {
		return
	}
	l := procstatus.Label{Module: "apparmor", Label: profile}
	if profile != "unconfined" {
		l.Mode = "enforce"
	}
	t.Label = task.Known(l)
}

// unknownUser makes unknown what depends on the uid of the task, for a reason. What root
// and another user both have stays.
func unknownUser(t *task.Task, why string) {
	t.UID = task.Unknown[capset.IDs](why)
	for k := range t.Sets {
		if !t.Sets[k].Known() {
			t.Sets[k] = task.Unknown[capset.Set](why)
		}
	}
}

// unknownSets makes all sets unknown, for a reason.
func unknownSets(t *task.Task, why string) {
	for k := range t.Sets {
		t.Sets[k] = task.Unknown[capset.Set](why)
	}
}

// begin gives the task the sets and securebits that it has once it has executed its program,
// which it does with the credentials before. The file of the program is taken for one without
// capabilities.
func begin(t *task.Task, before capset.Credentials, last capset.Cap) {
	after, _, err := capset.Exec(before, capset.File{}, capset.Circumstances{Last: last})
	if err != nil {
		unknownSets(t, err.Error())
		return
	}
	for k, set := range after.Sets {
		t.Sets[k] = task.Known(set)
	}
	t.Securebits = task.Known(after.Securebits)
}

// errNothing is the error of a text that asks for nothing.
var errNothing = errors.New("no container")

// shortened returns a text from outside as an error has it.
func shortened(text string) string { return fmt.Sprintf("%.64q", strings.ToValidUTF8(text, "\ufffd")) }
