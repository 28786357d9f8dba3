// SPDX-License-Identifier: Apache-2.0

package render

import (
	"strconv"
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/securitycontext"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// printManifest prints a securityContext as YAML, with the comments below. No value needs
// quotes: all are numbers, true, false, and names that we know.
func printManifest(p *printer, d *securitycontext.Derived) {
	p.line("securityContext:")
	if c := d.Capabilities; c != nil {
		p.line("  capabilities:")
		printItems(p, "drop", c.Drop)
		printItems(p, "add", c.Add)
	}
	printFlag(p, "privileged", d.Privileged)
	printNumber(p, "runAsUser", d.RunAsUser)
	printNumber(p, "runAsGroup", d.RunAsGroup)
	printFlag(p, "runAsNonRoot", d.RunAsNonRoot)
	printFlag(p, "readOnlyRootFilesystem", d.ReadOnlyRootFilesystem)
	printFlag(p, "allowPrivilegeEscalation", d.AllowPrivilegeEscalation)
	if d.ProcMount != "" {
		p.line("  procMount: ", d.ProcMount)
	}
	if s := d.SeccompProfile; s != nil {
		p.line("  seccompProfile:")
		p.line("    type: ", s.Type)
	}
	if a := d.AppArmorProfile; a != nil {
		p.line("  appArmorProfile:")
		p.line("    type: ", a.Type)
	}
	printComments(p, "  # ", d.CommentsFor(securitycontext.Kubernetes), Escape)
}

// printItems prints a list, unless it is empty.
func printItems(p *printer, key string, items []string) {
	if len(items) == 0 {
		return
	}
	p.line("    ", key, ":")
	for _, item := range items {
		p.line("    - ", item)
	}
}

// printFlag prints a member that is true or false, unless it is nil.
func printFlag(p *printer, key string, flag *bool) {
	if flag != nil {
		p.line("  ", key, ": ", strconv.FormatBool(*flag))
	}
}

// printNumber prints a member that is a number, unless it is nil.
func printNumber(p *printer, key string, n *int64) {
	if n != nil {
		p.line("  ", key, ": ", strconv.FormatInt(*n, 10))
	}
}

// printComments prints a wrapped comment for each note. Its lines begin with mark; escape
// makes the text harmless.
func printComments(p *printer, mark string, comments []task.Note, escape func(string) string) {
	for _, n := range comments {
		p.line(mark, Wrapped(n.Code+": "+escape(n.Text), len(mark), mark+"  "))
	}
}

// printDocker prints the words of docker run in one line, below the comments.
func printDocker(p *printer, d *securitycontext.Derived) {
	printComments(p, "# ", d.CommentsFor(securitycontext.Docker), forShell)
	p.line(strings.Join(dockerWords(d), " "))
}

// forShell returns a text without all that a shell acts on. A shell that is not
// interactive takes a comment for one, but zsh does not, and runs it.
func forShell(text string) string {
	const harmless = " #,.:/+-=_"
	clean := []byte(Escape(text))
	for i, b := range clean {
		letter := 'a' <= b|0x20 && b|0x20 <= 'z'
		digit := '0' <= b && b <= '9'
		if !letter && !digit && strings.IndexByte(harmless, b) < 0 {
			clean[i] = '_'
		}
	}
	return string(clean)
}

// dockerWords returns the flags of docker run, each word on its own. No word needs quotes.
func dockerWords(d *securitycontext.Derived) (words []string) {
	with := func(flag string, values ...string) {
		for _, value := range values {
			words = append(words, flag, value)
		}
	}
	if isTrue(d.Privileged) {
		words = append(words, "--privileged")
	}
	if c := d.Capabilities; c != nil {
		with("--cap-drop", c.Drop...)
		with("--cap-add", c.Add...)
	}
	if d.RunAsUser != nil {
		user := strconv.FormatInt(*d.RunAsUser, 10)
		if d.RunAsGroup != nil {
			user += ":" + strconv.FormatInt(*d.RunAsGroup, 10)
		}
		with("--user", user)
	}
	with("--group-add", task.Decimals(d.Groups)...)
	if d.Task.NoNewPrivs.Zero() {
		with("--security-opt", "no-new-privileges")
	}
	if d.Unconfined() {
		with("--security-opt", "seccomp=unconfined")
	}
	if d.AppArmorProfile != nil {
		with("--security-opt", "apparmor=unconfined")
	}
	if d.UnmaskedProc {
		with("--security-opt", "systempaths=unconfined")
	}
	for _, flag := range d.HostFlags {
		with(flag, "host")
	}
	if isTrue(d.ReadOnlyRootFilesystem) {
		words = append(words, "--read-only")
	}
	return words
}

func isTrue(flag *bool) bool { return flag != nil && *flag }

// printImageLabel prints the line of a Containerfile that labels an image, below the comments.
func printImageLabel(p *printer, d *securitycontext.Derived) {
	printComments(p, "# ", d.CommentsFor(securitycontext.Label), Escape)
	value := d.LabelValue()
	if value == "" {
		value = `""`
	}
	p.line("LABEL io.containers.capabilities=", value)
}

// directive is a line of a unit of systemd.
type directive struct {
	name   string
	values []string
}

// printUnit prints the lines of a unit of systemd, below the comments.
func printUnit(p *printer, d *securitycontext.Derived) {
	printComments(p, "# ", d.CommentsFor(securitycontext.Systemd), Escape)
	p.line("[Service]")
	for _, line := range directives(d) {
		p.line(line.name, "=", strings.Join(line.values, " "))
	}
}

// directives returns the directives of a unit.
func directives(d *securitycontext.Derived) (list []directive) {
	unlessEmpty := func(name string, values ...string) {
		if len(values) > 0 {
			list = append(list, directive{name, values})
		}
	}
	bounding := unitNames(d.Set)
	if d.Full {
		bounding = []string{"~"} // all but none
	}
	if d.DynamicUser {
		unlessEmpty("DynamicUser", "yes")
	}
	unlessEmpty("User", unitID(d.UID)...)
	unlessEmpty("Group", unitID(d.GID)...)
	unlessEmpty("SupplementaryGroups", task.Decimals(d.Groups)...)
	list = append(list, directive{"CapabilityBoundingSet", bounding}) // no value empties the set
	unlessEmpty("AmbientCapabilities", unitNames(d.Ambient)...)
	if set, known := d.Task.NoNewPrivs.Get(); known {
		unlessEmpty("NoNewPrivileges", choose(set, "yes", "no"))
	}
	unlessEmpty("SecureBits", unitBits(d.Task.Securebits.Zero())...)
	return list
}

// unitBits returns the names that a unit has for securebits (systemd.exec(5)). It has none
// for those that no unit can set.
func unitBits(set capset.Securebits) (list []string) {
	for _, row := range [...]struct {
		bit  capset.Securebits
		name string
	}{
		{capset.NoRoot, "noroot"},
		{capset.NoRoot.Lock(), "noroot-locked"},
		{capset.NoSetuidFixup, "no-setuid-fixup"},
		{capset.NoSetuidFixup.Lock(), "no-setuid-fixup-locked"},
		{capset.KeepCaps.Lock(), "keep-caps-locked"},
	} {
		if set&row.bit != 0 {
			list = append(list, row.name)
		}
	}
	return list
}

// unitID returns the id that a unit can have, or nothing.
func unitID(id *uint32) []string {
	if id == nil || !securitycontext.Systemd.Fits(*id) {
		return nil
	}
	return []string{task.Decimal(*id)}
}

// unitNames returns the names that systemd has for the capabilities of a set.
func unitNames(set capset.Set) []string {
	list := names(set, false)
	for i := range list {
		list[i] = strings.ToUpper(list[i])
	}
	return list
}
