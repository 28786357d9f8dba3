// SPDX-License-Identifier: Apache-2.0

package saved

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/capinspect/capinspect/testdata/fixture"
	"golang.org/x/sys/unix"
)

// cpuTime returns the CPU time that the process has used, which other processes do not change.
func cpuTime(t *testing.T) time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(unix.TimevalToNsec(u.Utime) + unix.TimevalToNsec(u.Stime))
}

// TestHostile holds that texts of up to 16 MiB that are made to take long end in an error
// soon, and in bounded memory: JSON that is deep or has many keys, long numbers, texts and
// lines, and many lines of each kind.
func TestHostile(t *testing.T) {
	if testing.Short() {
		t.Skip("it reads hundreds of megabytes")
	}
	fill := func(text string) string { return strings.Repeat(text, MaxSize/len(text)) }
	lines := func(line string) string { return fill(line + "\n") }
	names := func(line string) string { // a different one in each line
		var text strings.Builder
		for n := 0; text.Len() < MaxSize-64; n++ {
			fmt.Fprintf(&text, line, string([]byte{'A' + byte(n%26), 'a' + byte(n/26%26), 'a' + byte(n/676%26), 'a' + byte(n/17576%26), 'a' + byte(n/456976)}))
		}
		return text.String()
	}
	texts := map[string]string{
		"arrays":             fill("["),
		"objects":            fill(`{"a":`),
		"objects in a list":  `[{"HostConfig":{"CapAdd":` + fill("[")[:MaxSize-64],
		"objects of a task":  `{"schemaVersion":1,"tasks":` + fill("[")[:MaxSize-64],
		"events":             fill(`{"process":{"cap":`),
		"names of an event":  `{"process":{"cap":{"permitted":[` + fill(`"CAP_CHOWN",`)[:MaxSize-96] + `"CAP_CHOWN"]}}}`,
		"a key twice":        `{"schemaVersion":1` + fill(`,"schemaVersion":1`)[:MaxSize-64] + "}",
		"tasks":              `{"schemaVersion":1,"tasks":[{}` + fill(`,{}`)[:MaxSize-64] + "]}",
		"a long number":      `{"schemaVersion":1` + fill("0")[:MaxSize-64] + "}",
		"a large exponent":   `{"schemaVersion":1e999999999}`,
		"a long text":        `{"schemaVersion":"` + fill("x")[:MaxSize-64] + `"}`,
		"escapes":            `{"schemaVersion":"` + fill(`\u0041`)[:MaxSize-64],
		"names in JSON":      "[" + fill(`"CAP_CHOWN",`)[:MaxSize-64] + `"x"]`,
		"digits":             "CapEff:\t" + fill("0")[:MaxSize-64] + "\n",
		"a long list":        fill("cap_chown,"),
		"a long line":        fill("x"),
		"tags":               fill("<b>"),
		"entities":           fill("&lt;"),
		"a list in many":     "Bounding set =cap_chown,\n" + lines("cap_chown,")[:MaxSize-64],
		"a name in few":      "docker" + fill("+net_admin")[:MaxSize-64],
		"status files":       lines("CapEff:\t00000000a80425fb"),
		"names of sets":      "CapEff:\t1\n" + names("Cap%s:\t0\n"),
		"other sets":         "CapEff:\t1\n" + names("Cap%s:\tx\n"),
		"names in front":     names("%s: CapEff: 0000000000000001\n"),
		"unknown sets":       names("Cap%s"),
		"bitmaps":            lines("a80425fb"),
		"files":              lines("/x cap_net_raw=ep"),
		"fences":             lines("```"),
		"other lines":        lines("a b c"),
		"long lines":         lines(strings.Repeat("a", 4000) + " " + strings.Repeat("(", 3000)),
		"lines of 1 KiB":     lines(strings.Repeat("a b=c ", 160)),
		"fields":             lines("type=CAPSET " + strings.Repeat("a=b ", 1500)),
		"bytes":              lines(strings.Repeat("01 ", 2500)),
		"strings":            lines(`"CapEff:\t00000000a80425fb\n"`),
		"rows":               "PID  NAME  EFFECTIVE\n" + lines("1  x  chown,kill")[:MaxSize-64],
		"columns":            "PID  " + strings.Repeat("EFFECTIVE  ", 700) + "\n" + lines("1  " + strings.Repeat("all  ", 700))[:MaxSize/2],
		"calls of setcap":    lines(strings.Repeat("setcap cap_chown=p /x;", 180)),
		"flags":              lines("--cap-add chown"),
		"sets in a line":     lines(strings.Repeat("CapEff: 1 ", 400)),
		"names of processes": lines("Name:\tx"),
		"fields in a line":   lines(strings.Repeat("Uid: 0 0 0 0 NoNewPrivs: 1 ", 140)),
		"names of fields":    lines(strings.Repeat("x CapEff: ", 300)),
		"other names":        lines(strings.Repeat("Seccomp:", 110)),
		"no compose file":    "services:\n" + lines("a b c")[:maxWorn-64],
		"no unit":            "[Service]\n" + lines("> x | y")[:maxWorn-64],
		"no docker inspect":  "HostConfig\n" + lines("web-1  | [ x {")[:maxWorn-64],
		"fences of a unit":   "[Service]\n" + lines("```")[:maxWorn-64],
		"prompts":            "CapAdd\n" + lines("me@host:~$ x")[:maxWorn/4],
	}
	for name, text := range texts {
		t.Run(name, func(t *testing.T) { inBounds(t, text) })
	}
}

// inBounds reads a text as tasks and as sets.
func inBounds(t *testing.T, text string) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	start := cpuTime(t)
	_, err := Tasks("x", []byte(text), nil)
	_, other := Sets("x", []byte(text))
	took := cpuTime(t) - start
	runtime.ReadMemStats(&after)
	if err == nil || other == nil {
		t.Errorf("%v, %v", err, other)
	}
	const longest = 30 * time.Second // for both; what grows with the square of the text takes minutes
	if took > longest {
		t.Errorf("%v of CPU time", took)
	}
	const most = 1 << 30 // of both, and most of it garbage
	if n := after.TotalAlloc - before.TotalAlloc; n > most {
		t.Errorf("%d MiB allocated", n>>20)
	}
}

// TestRepeated holds that texts end in which a part of what people have comes again and
// again, which no reader of one such text expects.
func TestRepeated(t *testing.T) {
	seed := time.Now().UnixNano()
	t.Log("seed", seed)
	r := rand.New(rand.NewPCG(uint64(seed), 0))
	files := slices.Concat(fixture.Status(t), fixture.Reports(t), fixture.Texts(t))
	count := 1000
	if testing.Short() {
		count = 100
	}
	for range count {
		file := files[r.IntN(len(files))]
		if len(file.Text) == 0 {
			continue
		}
		from := r.IntN(len(file.Text))
		part := file.Text[from:min(len(file.Text), from+1+r.IntN(1<<r.IntN(11)))]
		const size = 8 << 10
		text := slices.Concat(file.Text[:from], bytes.Repeat(part, 1+size/len(part)), file.Text[from:])
		end := time.AfterFunc(30*time.Second, func() { panic(fmt.Sprintf("no end of %s with %q repeated", file.Name, part)) })
		tasks, _ := Tasks("x", text, nil)
		for _, task := range tasks {
			if !task.HasSets() {
				t.Errorf("%s with %q repeated: a task without sets", file.Name, part)
			}
		}
		Sets("x", text)
		end.Stop()
	}
}
