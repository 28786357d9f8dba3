// SPDX-License-Identifier: Apache-2.0

package capset_test

import (
	"bufio"
	"encoding/hex"
	"math/rand/v2"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"kernel.org/pub/linux/libs/security/libcap/cap"

	"github.com/capinspect/capinspect/capset"
)

// libcap asks the C library, for each text in hexadecimal behind "t" or "i", whether it is a
// text form or an IAB text, and which it is in the library's own words. "-" is none.
const libcap = `
import ctypes, sys
try:
    lib = ctypes.CDLL("libcap.so.2")
    kinds = {"t": ("cap_from_text", "cap_to_text"), "i": ("cap_iab_from_text", "cap_iab_to_text")}
    calls = {}
    for kind, (read, write) in kinds.items():
        read, write = getattr(lib, read), getattr(lib, write)
        read.restype, read.argtypes = ctypes.c_void_p, [ctypes.c_char_p]
        write.restype = ctypes.c_void_p
        write.argtypes = [ctypes.c_void_p, ctypes.c_void_p] if kind == "t" else [ctypes.c_void_p]
        calls[kind] = read, write
    lib.cap_free.argtypes = [ctypes.c_void_p]
except (OSError, AttributeError) as lack:
    sys.exit(str(lack))
for line in sys.stdin:
    read, write = calls[line[0]]
    state = read(bytes.fromhex(line[1:]))
    if not state:
        print("-")
        continue
    text = write(state, None) if line[0] == "t" else write(state)
    print("+" + ctypes.string_at(text).decode())
    lib.cap_free(text)
    lib.cap_free(state)
`

// askLibcap returns what the C library says of some texts of a kind.
func askLibcap(t *testing.T, kind string, texts []string) []string {
	t.Helper()
	var in strings.Builder
	for _, text := range texts {
		in.WriteString(kind + hex.EncodeToString([]byte(text)) + "\n")
	}
	var lack strings.Builder
	command := exec.Command("python3", "-c", libcap)
	command.Stdin, command.Stderr = strings.NewReader(in.String()), &lack
	out, err := command.Output()
	if err != nil {
		lacking(t, "libcap.so.2", "no libcap.so.2 and python3 that loads it: "+strings.TrimSpace(lack.String()))
	}
	var answers []string
	for lines := bufio.NewScanner(strings.NewReader(string(out))); lines.Scan(); {
		answers = append(answers, lines.Text())
	}
	if len(answers) != len(texts) {
		t.Fatalf("%d answers to %d texts", len(answers), len(texts))
	}
	return answers
}

// lacking ends a test on a machine that lacks a thing: a failure if CAPINSPECT_REQUIRE lists
// it, and else skipped.
func lacking(t *testing.T, thing, lack string) {
	t.Helper()
	if slices.Contains(strings.Split(os.Getenv("CAPINSPECT_REQUIRE"), ","), thing) {
		t.Fatal(lack)
	}
	t.Skip(lack)
}

// compared returns how many texts each test compares.
func compared() int {
	if testing.Short() {
		return 10_000
	}
	return 100_000
}

// TestTextsAreLibcapsInC compares what random texts mean with what cap_from_text(3) says of
// them, and in which words cap_to_text(3) puts that: also names in capitals, numbers of C, and
// texts that both refuse.
func TestTextsAreLibcapsInC(t *testing.T) {
	random := seeded(t)
	compareTexts(t, "t", func() string { return spelled(random, randomText(random)) },
		func(text string, last capset.Cap) (string, error) {
			s, err := capset.ParseText(text, last)
			return s.Text(last), err
		})
}

// unfinished is the end of an IAB text in which a name is missing. The C library passes over
// it, the Go package refuses it, and so does ParseIAB.
var unfinished = regexp.MustCompile(`[,!^%]$`)

// TestIABTextsAreLibcapsInC does the same of cap_iab_from_text(3).
func TestIABTextsAreLibcapsInC(t *testing.T) {
	random := seeded(t)
	marks := [...]string{"", "!", "^", "%", "!^", "!%", "^!", "%^!"}
	compareTexts(t, "i", func() string {
		for {
			var list []string
			for range random.IntN(5) {
				for name := range strings.SplitSeq(randomList(random), ",") {
					list = append(list, marks[random.IntN(len(marks))]+name)
				}
			}
			if text := spelled(random, damaged(random, strings.Join(list, ","))); !unfinished.MatchString(text) {
				return text
			}
		}
	}, func(text string, last capset.Cap) (string, error) {
		s, err := capset.ParseIAB(text, last)
		for k := range s {
			s[k] &= capset.UpTo(last) // libcap leaves out the others
		}
		return s.IAB(last), err
	})
}

// compareTexts compares what random texts are with what libcap says.
func compareTexts(t *testing.T, kind string, random func() string, ours func(string, capset.Cap) (string, error)) {
	last := capset.Cap(cap.MaxBits() - 1)
	texts := make([]string, compared())
	for i := range texts {
		texts[i] = random()
	}
	good := 0
	for i, answer := range askLibcap(t, kind, texts) {
		got, err := ours(texts[i], last)
		switch want, known := strings.CutPrefix(answer, "+"); {
		case known != (err == nil):
			t.Fatalf("%q: %v, libcap says %q", texts[i], err, answer)
		case known && got != want:
			t.Fatalf("%q is %q, libcap says %q", texts[i], got, want)
		case known:
			good++
		}
	}
	if good < len(texts)/5 || good > len(texts)*4/5 {
		t.Errorf("of %d texts, %d were good", len(texts), good)
	}
}

// spelled returns a text with some of its letters in capitals, and some of its numbers as C
// has them.
func spelled(random *rand.Rand, text string) string {
	if random.IntN(3) == 0 {
		text = strings.Map(func(r rune) rune {
			if random.IntN(4) == 0 {
				return unicode.ToUpper(r)
			}
			return r
		}, text)
	}
	if random.IntN(3) == 0 {
		for decimal, c := range map[string]string{"13": "0xd", "17": "021", "8": "010", "40": "0X28", "9": "09", "all": "ALL"} {
			text = strings.Replace(text, decimal, c, 1)
		}
	}
	return text
}

// TestFormsAreLibcapsInC holds that libcap reads the forms of random states as what they are
// the forms of.
func TestFormsAreLibcapsInC(t *testing.T) {
	random := seeded(t)
	last := capset.Cap(cap.MaxBits() - 1)
	texts, iabs := make([]string, compared()), make([]string, compared())
	for i := range texts {
		s := randomState(random)
		texts[i] = s.Text(last)
		for k := range s {
			s[k] &= capset.UpTo(last)
		}
		iabs[i] = s.IAB(last)
	}
	for kind, list := range map[string][]string{"t": texts, "i": iabs} {
		for i, answer := range askLibcap(t, kind, list) {
			if answer != "+"+list[i] {
				t.Fatalf("%q: libcap says %q", list[i], answer)
			}
		}
	}
}
