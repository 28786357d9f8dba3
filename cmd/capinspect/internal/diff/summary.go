// SPDX-License-Identifier: Apache-2.0

package diff

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/capset/runtime"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// few is how many capabilities a summary names in one place, and how many values in all.
const few = 4

// Summary returns in a sentence what B has other than A.
func (d *Difference) Summary() string {
	var out strings.Builder
	for _, part := range d.SummaryParts() {
		out.WriteString(part.Text)
	}
	return out.String()
}

// SummaryParts returns what Summary is made of.
func (d *Difference) SummaryParts() []task.Part {
	a, b := d.A.name(), d.B.name()
	sets, values := d.setWords(), d.valueWords()
	switch {
	case sets != "" && values != "":
		return []task.Part{{Text: b + d.B.verb()}, {Text: sets, Mark: task.Differs}, {Text: " than " + a + "; "}, {Text: values, Mark: task.Differs}}
	case sets != "":
		return []task.Part{{Text: b + d.B.verb()}, {Text: sets, Mark: task.Differs}, {Text: " than " + a}}
	case values != "":
		return []task.Part{{Text: b + " differs from " + a + ": "}, {Text: values, Mark: task.Differs}}
	case len(d.Unknown) > 0:
		return []task.Part{{Text: b + " and " + a + ": no difference in what is known"}}
	}
	return []task.Part{{Text: b + " and " + a + ": no difference in what is compared"}}
}

// name is what a sentence calls a side.
func (s *Side) name() string {
	if t := s.Task; t != nil {
		name, named := t.Name.Get()
		if number := t.Number(); named && number != "" && t.Source == task.SourceProc {
			return name + " (" + number + ")"
		}
		return s.Label
	}
	p, ok := runtime.ProfileNamed(s.Label, capset.LastKnown)
	switch {
	case s.Label == "none":
		return "the empty set"
	case !ok:
		return s.Label
	case p.Runtime != "":
		return p.Name + "'s defaults"
	case p.Name == "privileged":
		return "a privileged container"
	}
	return "the profile " + p.Name
}

// verb returns "has" as it goes with the name of a side.
func (s *Side) verb() string {
	if strings.HasSuffix(s.name(), "'s defaults") {
		return " have "
	}
	return " has "
}

// setWords says what B has more and less. Sets with the same difference stand together.
func (d *Difference) setWords() string {
	type change struct{ more, less capset.Set }
	var changes []change
	kinds := map[change][]capset.Kind{}
	for _, s := range d.Sets {
		c := change{s.More, s.Less}
		if kinds[c] == nil {
			changes = append(changes, c)
		}
		kinds[c] = append(kinds[c], s.Kind)
	}
	alone := d.A.Task == nil || d.B.Task == nil
	var parts []string
	for _, c := range changes {
		var words []string
		if c.more != 0 {
			words = append(words, capWords(c.more)+" more")
		}
		if c.less != 0 {
			words = append(words, capWords(c.less)+less(c.less))
		}
		text := strings.Join(words, " and ")
		whole := slices.Contains(kinds[c], capset.Permitted) && slices.Contains(kinds[c], capset.Effective) && slices.Contains(kinds[c], capset.Bounding)
		if !alone && !(whole && len(changes) == 1) {
			names := make([]string, len(kinds[c]))
			for i, k := range kinds[c] {
				names[i] = k.String()
			}
			text += " in " + listed(names)
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, ", ")
}

// capWords names a few capabilities, or says how many they are.
func capWords(set capset.Set) string {
	if set.Len() > few {
		return strconv.Itoa(set.Len()) + " capabilities"
	}
	var names []string
	for c := range set.Caps() {
		names = append(names, c.Short())
	}
	return listed(names)
}

// less returns "less" or "fewer", as it goes with capWords.
func less(set capset.Set) string {
	if set.Len() > few {
		return " fewer"
	}
	return " less"
}

// listed returns "a, b and c".
func listed(names []string) string {
	last := len(names) - 1
	if last < 1 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:last], ", ") + " and " + names[last]
}

// word is how a summary says that a value differs.
type word struct {
	key string
	say func(a, b any) string
}

// words is the table of what a summary says of values, what matters most first.
var words = [...]word{
	{"seccomp", func(_, b any) string {
		if b == task.SeccompName(0) {
			return "seccomp off"
		}
		return fmt.Sprint("seccomp ", b)
	}},
	{"hostPID", either("the node's pid namespace", "not the node's pid namespace")},
	{"hostNetwork", either("the node's network namespace", "not the node's network namespace")},
	{"hostIPC", either("the node's ipc namespace", "not the node's ipc namespace")},
	{"hostUsers", either("the node's user namespace", "a child user namespace")},
	{"procMasked", either("/proc masked", "/proc not masked")},
	{"sysReadOnly", either("/sys read-only", "/sys writable")},
	{"appArmorProfile", func(_, b any) string { return fmt.Sprint("AppArmor ", b) }},
	{"seLinuxOptions", always("another SELinux label")},
	{"uid", ids("uid", "other uids")},
	{"seccompProfile", func(_, b any) string { return fmt.Sprint("seccomp ", b) }},
	{"noNewPrivs", either("no_new_privs on", "no_new_privs off")},
	{"readOnlyRootFilesystem", either("root read-only", "root writable")},
	{"lsm", always("another LSM label")},
	{"gid", ids("gid", "other gids")},
	{"groups", always("other groups")},
	{"securebits", always("other securebits")},
	{"userNamespace", always("another user namespace")},
	{"container", func(_, b any) string {
		if b == "" {
			return "in no container"
		}
		return fmt.Sprint("in a container of ", b)
	}},
	{"tracerPid", func(_, b any) string {
		if b == 0 {
			return "not traced"
		}
		return fmt.Sprint("traced by PID ", b)
	}},
	{"namespaces.owned", always("capabilities that count elsewhere")},
	{"namespaces.ownedByUid", always("other namespaces that its uid owns")},
	{"namespaces.node", nodes},
	{"userNamespace.uidMap", always("another uid map")},
	{"userNamespace.gidMap", always("another gid map")},
	{"userNamespace.setgroups", func(_, b any) string { return fmt.Sprint("setgroups ", b) }},
	{"seccomp.filters", func(a, b any) string { return fmt.Sprint(b, " seccomp filters, not ", a) }},
	{"otherCaps", always("other sets that are not known here")},
	{"lastCap", always("a kernel that knows other capabilities")},
}

// nodes says which other namespaces of the node B is in, or is not in.
func nodes(a, b any) string {
	was, is := a.([]string), b.([]string)
	among := func(list, other []string) string {
		only := slices.DeleteFunc(slices.Clone(list), func(kind string) bool { return slices.Contains(other, kind) })
		switch len(only) {
		case 0:
			return ""
		case 1:
			return "the node's " + only[0] + " namespace"
		}
		return "the node's " + listed(only) + " namespaces"
	}
	var parts []string
	if more := among(is, was); more != "" {
		parts = append(parts, more)
	}
	if less := among(was, is); less != "" {
		parts = append(parts, "not "+less)
	}
	return strings.Join(parts, ", ")
}

func either(yes, no string) func(a, b any) string {
	return func(_, b any) string {
		if b == true {
			return yes
		}
		return no
	}
}

func always(text string) func(a, b any) string { return func(_, _ any) string { return text } }

// ids says which id B has instead, if all four are the same.
func ids(kind, otherwise string) func(a, b any) string {
	return func(a, b any) string {
		was, is := a.(capset.IDs), b.(capset.IDs)
		if was == task.AllIDs(was.Real) && is == task.AllIDs(is.Real) {
			return fmt.Sprintf("%s %d, not %d", kind, is.Real, was.Real)
		}
		return otherwise
	}
}

// valueWords says which values B has instead, those that matter most.
func (d *Difference) valueWords() string {
	var parts []string
	for _, w := range words {
		for _, v := range d.Values {
			if v.Key == w.key {
				parts = append(parts, w.say(v.A, v.B))
			}
		}
	}
	if more := len(parts) - few; more > 1 {
		parts = append(parts[:few], fmt.Sprintf("and %d more differences", more))
	}
	return strings.Join(parts, ", ")
}
