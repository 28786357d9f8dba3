// SPDX-License-Identifier: Apache-2.0

package collect

import (
	"strings"

	"golang.org/x/sys/unix"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/procstatus"
)

// Why says why capabilities of a task, a pid or "self", are effective or are not.
func (c *Collector) Why(task string, caps []capset.Cap) (*Why, error) {
	s := &subject{collector: c, record: new(Record)}
	defer s.close()
	if err := s.read(task); err != nil {
		return nil, err
	}
	hidden := s.openRoot()
	for _, step := range [...]func() error{s.credentials, s.circumstances} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	q := &question{Record: s.record, task: s.task, how: s.how, sysctls: s.sysctls()}
	if !s.record.Self { // whose program is capinspect
		if hidden == nil {
			hidden = s.running(q)
		}
		if hidden != nil {
			s.assume("program", "its program has no file capabilities: "+hidden.Error())
		}
	}
	q.outside = s.outside()
	return q.answers(caps, s.assumed), nil
}

// outside reports whether the task is in no container, as far as that can be known:
// where its namespaces are hidden, it has its number in that of the node alone.
func (s *subject) outside() bool {
	r := s.record
	switch initial := r.Namespaces.initial(procstatus.NamespacePID); {
	case r.InContainer() || !s.opened || initial == No:
		return false
	case initial == Yes:
		return true
	}
	own := s.collector.reader().namespaces[procstatus.NamespacePID]
	return isInitial(procstatus.NamespacePID, own) == Yes && len(r.Status.NSpid) == 1
}

// running finds out what the program gives that the task executed last.
func (s *subject) running(q *question) error {
	path, _, err := s.below("exe")
	if err != nil {
		return err
	}
	fd, err := s.handle.OpenPath("exe")
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	program, err := s.root.Open(fd, path)
	if err != nil {
		return err
	}
	f := s.file(&program.Stat)
	f.NoSuid = program.NoSuid
	if err := s.fileCaps(program, &f); err != nil {
		return err
	}
	q.program, q.path = &f, path
	return nil
}

// sysctls reads those of the task's network namespace, if it is capinspect's own:
// a procfs has those of who reads it.
func (s *subject) sysctls() (found sysctls) {
	c, net := s.collector, &s.record.Namespaces[procstatus.NamespaceNet]
	if c.proc == nil || !c.live || !s.record.Self && net.WithSelf != Yes {
		return found
	}
	for name, value := range map[string]*string{
		"ip_unprivileged_port_start": &found.unprivilegedPorts, "ping_group_range": &found.pingGroups,
	} {
		if text, err := c.proc.Sysctl("net/ipv4/" + name); err == nil {
			*value = strings.Join(strings.Fields(text), " ")
		}
	}
	return found
}
