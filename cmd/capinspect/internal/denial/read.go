// SPDX-License-Identifier: Apache-2.0

package denial

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
)

// Bounds on what is kept of a log.
const (
	maxLine    = 64 << 10 // of a longer line the beginning and the end are read
	maxText    = 200      // of Event.Text
	maxName    = 256      // of a program, a function and the like
	maxPath    = 1 << 10  // of a path
	maxArgs    = 4 << 10  // of the arguments of a call
	maxPending = 16       // events that wait for the lines of their stack
	maxStack   = 64       // functions of a stack
	maxThreads = 32 << 10 // threads of which the name or an unfinished call is kept
	maxCall    = 1 << 10  // of an unfinished call
)

// Stats counts the lines of a log.
type Stats struct {
	Lines int // all
	// Recognised are the lines of each format, those that tell no event included. The rest
	// are of no log that this package knows.
	Recognised map[Format]int
	// Cut are the lines that are longer than this package reads as a whole.
	Cut int
}

// format is a kind of line: how it looks, and its reader.
type format struct {
	name Format
	// mark reports, in little time, whether the line may be of the format.
	mark func(line []byte) bool
	// parse hands on what the line tells, and reports whether it is of the format.
	parse func(r *Reader, line []byte) bool
}

// formats are tried in this order for each line: logs may be mixed.
var formats = [...]format{
	{Strace, straceMark, (*Reader).strace},
	{AppArmor, auditMark("apparmor="), (*Reader).appArmor},
	{SELinux, auditMark("avc:"), (*Reader).seLinux},
	{Landlock, auditMark("blockers="), (*Reader).landlock},
	{Seccomp, auditMark("code="), (*Reader).seccomp},
	{Audit, auditMark("success="), (*Reader).auditCall},
	{Tracing, tracingMark, (*Reader).tracing},
	{Capable, capableMark, (*Reader).capable},
	{ErrorText, errorMark, (*Reader).errorText},
}

// Reader reads one log. Stats is complete when the sequence has ended.
type Reader struct {
	Stats Stats

	file    string
	yield   func(Event, error) bool
	stopped bool      // the one who reads wants no more
	pending []waiting // may get the lines of a stack yet
	columns []string  // of the table of a tool
	stackOf int       // the thread whose stack the next lines are
	initial string    // the address of the initial user namespace in a trace
	threads map[int]*thread
	forking int            // the thread that is within a fork
	traced  int            // the last line of strace
	refused map[string]int // the last line of strace that tells of an error
	filePID int            // of the file's name
}

// thread is what is known of a thread of a log.
type thread struct {
	program string
	call    string // unfinished
	asked   string // the call that has asked for a capability, in a trace
}

// waiting is an event that may get more lines.
type waiting struct {
	Event
	namespace string // the address of the user namespace that was asked
}

// Read returns the events of a log in their order; an error is the last of the sequence.
// Compressed input is taken as what it holds. The file's name is for the events, and tells
// the pid where strace -ff has written it.
func Read(r io.Reader, file string) iter.Seq2[Event, error] { return new(Reader).Read(r, file) }

// Read is as the function Read, and counts the lines. It may be called again for the next
// log: in the files of one strace -ff the threads keep the names of their programs.
func (r *Reader) Read(in io.Reader, file string) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		threads := map[int]*thread{}
		trace, pid := pidOfName(file)
		if before, _ := pidOfName(r.file); before == trace && pid > 0 {
			threads = r.threads
		}
		*r = Reader{Stats: Stats{Recognised: map[Format]int{}}, file: file, yield: yield, threads: threads, filePID: pid, refused: map[string]int{}}
		err := r.read(in)
		for len(r.pending) > 0 {
			r.flush()
		}
		if err != nil && !r.stopped {
			yield(Event{File: file, Line: r.Stats.Lines}, err)
		}
	}
}

// read reads the log line by line.
func (r *Reader) read(in io.Reader) error {
	in, err := plain(in, r.file)
	if err != nil {
		return err
	}
	lines := bufio.NewReaderSize(in, maxLine)
	var long []byte
	for !r.stopped {
		line, err := lines.ReadSlice('\n')
		if len(line) > 0 {
			r.Stats.Lines++
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			r.Stats.Cut++
			for long = long[:0]; errors.Is(err, bufio.ErrBufferFull); line, err = lines.ReadSlice('\n') {
				long = ends(append(long, line...))
			}
			line = ends(append(long, line...))
		}
		if len(line) > 0 {
			r.line(bytes.TrimRight(line, "\r\n"))
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s: line %d: %w", r.file, r.Stats.Lines+1, err)
		}
	}
	return nil
}

// ends returns the first and the last half of maxLine of a line.
func ends(line []byte) []byte {
	if len(line) <= maxLine {
		return line
	}
	return append(line[:maxLine/2], line[len(line)-maxLine/2:]...)
}

// line finds the format of a line and reads it.
func (r *Reader) line(line []byte) {
	line = unwrap(line)
	for i := range formats {
		if f := &formats[i]; f.mark(line) && f.parse(r, line) {
			r.Stats.Recognised[f.name]++
			if f.name == Strace {
				r.traced = r.Stats.Lines
			}
			return
		}
	}
}

// unwrap returns a line of a container's log without what the runtime and Compose write
// around it: {"log":"…\n","stream":"stderr"}, "2026-01-02T03:04:05.6Z stderr F …" and
// "web-1  | …".
func unwrap(line []byte) []byte {
	const logged = `{"log":"`
	switch {
	case len(line) < len(logged):
	case line[0] == '{':
		var row struct{ Log *string }
		if bytes.HasPrefix(line, []byte(logged)) && json.Unmarshal(line, &row) == nil && row.Log != nil {
			return bytes.TrimRight([]byte(*row.Log), "\r\n")
		}
		if quote := []byte(`=\"`); bytes.Contains(line, quote) { // an audit record, of journalctl -o json
			return bytes.ReplaceAll(line, quote[1:], quote[2:])
		}
	case line[0] >= '0' && line[0] <= '9' && len(line) > len("2026-01-02T") && line[10] == 'T':
		for _, stream := range [...]string{" stderr F ", " stdout F "} {
			if at := bytes.Index(line[:min(len(line), 64)], []byte(stream)); at > 0 {
				return line[at+len(stream):]
			}
		}
	default:
		if bar := bytes.Index(line[:min(len(line), 64)], []byte(" | ")); bar > 0 {
			service := bytes.TrimRight(line[:bar], " ")
			if len(bytes.Trim(service, "abcdefghijklmnopqrstuvwxyz0123456789_-")) == 0 {
				return line[bar+len(" | "):]
			}
		}
	}
	return line
}

// compressions are the beginnings of compressed files. Those that nothing is said of are
// read.
var compressions = []struct{ magic, program string }{
	{"\x1f\x8b", ""},
	{"BZh", ""},
	{"\x28\xb5\x2f\xfd", "zstd"},
	{"\xfd7zXZ\x00", "xz"},
}

// plain returns what a compressed file holds, and other input as it is.
func plain(in io.Reader, file string) (io.Reader, error) {
	begin := bufio.NewReaderSize(in, maxLine)
	for i, c := range compressions {
		magic, _ := begin.Peek(len(c.magic))
		if string(magic) != c.magic {
			continue
		}
		switch i {
		case 0:
			unpacked, err := gzip.NewReader(begin)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", file, err)
			}
			return unpacked, nil
		case 1:
			if level, _ := begin.Peek(4); len(level) == 4 && level[3] >= '1' && level[3] <= '9' {
				return bzip2.NewReader(begin), nil
			}
		default:
			return nil, fmt.Errorf("%s: compressed with %s, which capinspect does not read: %[2]s -dc %[1]s | capinspect needs -", file, c.program)
		}
	}
	return begin, nil
}

// event hands on an event. If the lines of a stack may follow, it waits for them.
func (r *Reader) event(e Event, line string, stack bool) {
	e.File, e.Line, e.Text = r.file, r.Stats.Lines, clip(strings.TrimSpace(line), maxText)
	e.Program, e.Label, e.Call, e.Errno = clip(e.Program, maxName), clip(e.Label, maxName), clip(e.Call, maxName), clip(e.Errno, maxName)
	e.Path, e.Phrase, e.Args = clip(e.Path, maxPath), clip(e.Phrase, maxPath), clip(e.Args, maxArgs)
	if len(line) > maxArgs {
		e.ownText()
	}
	if !stack {
		for len(r.pending) > 0 {
			r.flush()
		}
		r.stopped = r.stopped || !r.yield(e, nil)
		return
	}
	// One thread has one event at a time: its stack would have come by now.
	for len(r.pending) == maxPending || r.waiting(e.PID) != nil {
		r.flush()
	}
	r.pending = append(r.pending, waiting{Event: e})
}

// ownText copies the texts of the event, so that what keeps one of them does not keep a line
// of any length.
func (e *Event) ownText() {
	for _, text := range [...]*string{&e.Text, &e.Program, &e.Label, &e.Call, &e.Errno, &e.Path, &e.Phrase, &e.Args} {
		*text = strings.Clone(*text)
	}
}

// waiting returns the event of a thread that waits for its stack.
func (r *Reader) waiting(pid int) *waiting {
	for i := range r.pending {
		if r.pending[i].PID == pid {
			return &r.pending[i]
		}
	}
	return nil
}

// flush hands on the first event that waits.
func (r *Reader) flush() {
	w := r.pending[0]
	r.pending = append(r.pending[:0], r.pending[1:]...)
	if w.Format != Strace {
		r.complete(&w)
	}
	if !r.stopped {
		r.stopped = !r.yield(w.Event, nil)
	}
}

// frame adds a function to the stack of an event.
func (e *waiting) frame(function string) {
	if function != "" && len(e.Stack) < maxStack {
		e.Stack = append(e.Stack, strings.Clone(clip(function, maxName)))
	}
}

// thread returns what is known of a thread, new if that is nothing.
func (r *Reader) thread(pid int) *thread {
	t := r.threads[pid]
	if t == nil {
		if len(r.threads) == maxThreads { // any: a log that ends no process has to lose one
			for old := range r.threads {
				delete(r.threads, old)
				break
			}
		}
		t = new(thread)
		r.threads[pid] = t
	}
	return t
}

// clip returns a text of at most so many bytes, without the middle of a longer one: what a
// call returned is at the end.
func clip(text string, most int) string {
	const gap, end = " ... ", 60
	if len(text) <= most {
		return text
	}
	return text[:most-len(gap)-end] + gap + text[len(text)-end:]
}
