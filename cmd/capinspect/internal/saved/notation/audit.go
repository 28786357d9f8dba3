// SPDX-License-Identifier: Apache-2.0

package notation

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/capinspect/capinspect/capset"
)

// Audit is what a record of audit is in a message.
const Audit = "a record of audit"

var (
	auditType  = pattern(`\b(?:type=)?(BPRM_FCAPS|CAPSET|1321|1322)\b|\btype=(PATH|1302)\b`)
	auditField = pattern(`\b(\w+)=("[^"]*"|[^\s"]+)`)
)

// auditRecord reads a record of audit with sets, as the kernel writes it in hexadecimal and
// as ausearch -i in names: BPRM_FCAPS of a program with capabilities, with the sets of the
// task before and after execve; CAPSET, with those that a task has now; PATH of a file. The
// fields are those of audit_log_fcaps, audit_log_bprm_fcaps and audit_log_exit.
func auditRecord(text string) (*Told, error) {
	if !strings.Contains(text, "CAP") && !strings.Contains(text, "type=") || !auditType().MatchString(text) {
		return nil, nil
	}
	r := record{fields: map[string]string{}}
	for _, found := range auditField().FindAllStringSubmatch(text, -1) {
		if _, told := r.fields[found[1]]; !told {
			r.fields[found[1]] = strings.Trim(found[2], `"`)
		}
	}
	told := &Told{What: Audit}
	if r.has("fver") && r.version("fver") > 0 {
		told.Files = append(told.Files, File{"the file", r.file("fp", "fi", "fe", "frootid")})
	}
	if r.has("cap_fver") && r.version("cap_fver") > 0 {
		told.Files = append(told.Files, File{r.fields["name"], r.file("cap_fp", "cap_fi", "cap_fe", "cap_frootid")})
	}
	for _, f := range auditSets {
		if r.has("old_" + f.bprm) {
			told.Lists = append(told.Lists, List{"old " + f.kind.String(), r.set("old_" + f.bprm)})
		}
	}
	t := Task{Sets: map[capset.Kind]capset.Set{}}
	for _, f := range auditSets {
		for _, key := range [...]string{f.bprm, "new_" + f.bprm, f.capset} {
			if r.has(key) {
				t.Sets[f.kind] = r.set(key)
			}
		}
	}
	if len(t.Sets) > 0 {
		t.Pid, _ = strconv.Atoi(r.fields["pid"])
		told.Tasks = append(told.Tasks, t)
	}
	if r.err != nil || len(told.Files)+len(told.Tasks) == 0 {
		return nil, r.err
	}
	return told, nil
}

// otherRecord is a record of audit that stands beside those with sets.
var otherRecord = pattern(`\btype=(?:SYSCALL|EXECVE|CWD|PATH|PROCTITLE|SOCKADDR|EOE|BPRM_FCAPS|OBJ_PID) msg=audit\(`)

// OtherRecord reports whether a line is a record of audit that tells no set.
func OtherRecord(text string) bool { return otherRecord().MatchString(text) }

// auditSets are the fields of the sets: in BPRM_FCAPS, where those before execve have "old_"
// in front, and in CAPSET.
var auditSets = []struct {
	kind         capset.Kind
	bprm, capset string
}{
	{capset.Inheritable, "pi", "cap_pi"},
	{capset.Permitted, "pp", "cap_pp"},
	{capset.Effective, "pe", "cap_pe"},
	{capset.Ambient, "pa", "cap_pa"},
}

// record has the fields of a record, and the first error of reading one.
type record struct {
	fields map[string]string
	err    error
}

func (r *record) has(key string) bool { return r.fields[key] != "" }

// version returns the version of the capabilities of a file, 0 if it has none.
func (r *record) version(key string) int {
	n, _ := strconv.ParseUint(r.fields[key], 0, 8)
	return int(n)
}

// set returns a set in hexadecimal, or in the names that ausearch -i prints.
func (r *record) set(key string) capset.Set {
	value := r.fields[key]
	set, err := capset.ParseHex(value)
	if err != nil {
		set, err = names(value)
	}
	if err != nil && r.err == nil {
		r.err = fmt.Errorf("%s: %w", key, err)
	}
	return set
}

// file returns the capabilities of a file.
func (r *record) file(permitted, inheritable, effective, root string) capset.FileCaps {
	caps := capset.FileCaps{Permitted: r.set(permitted), Inheritable: r.set(inheritable)}
	caps.Effective = r.fields[effective] != "0" && r.has(effective)
	id, _ := strconv.ParseUint(r.fields[root], 10, 32)
	caps.RootID = uint32(id)
	return caps
}
