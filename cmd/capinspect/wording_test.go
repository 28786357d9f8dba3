// SPDX-License-Identifier: Apache-2.0

package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// unidiomatic are phrases that nobody says who grew up with English, and what to write
// instead. They were all in a text of capinspect once.
var unidiomatic = [...]struct{ pattern, instead string }{
	{`that which|the which`, "what"},
	{`that that`, "that, or a shorter sentence"},
	{`stands? (?:behind|beside|above|below) (?:it|them|the|a|an)\b`, "follows, is next to"},
	{`stands? twice`, "appears twice"},
	{`asked for is the\b`, "it uses"},
	{`\bis not permitted (?:it|that)\b`, "does not get it"},
	{`no ambient ones`, "do not set ambient capabilities"},
	{`(?:that|which) (?:\w+ )?has not\b(?: in effect|,|\.|;|$)`, "does not have"},
	{`more (?:of )?than that has\b`, "how do they differ?"},
	{`at the (?:most|least)\b`, "at most, at least"},
	{`take other files than`, "come from files other than"},
	{`\bcan not\b`, "cannot"},
	{`\brespectively\b`, "name each one"},
	{`(?:allow|permit|enable)s? to \w+`, "lets it, or allows -ing"},
	{`\bit is to be\b`, "has to be"},
	{`for what that owns alone`, "only for what that namespace owns"},
	{`looked at for that only if`, "only checked if"},
	{`without a PID all that can be seen`, "of all that it can see"},
	{`unless they are asked for`, "unless you ask for them"},
	{`another (?:user|uid|process|task|runtime) than\b`, "other than"},
	{`with (?:commas|colons|blanks) between\b`, "separated by"},
	{`exclude each other`, "cannot be used together"},
	{`does not tell (?:it|them)\b`, "does not say"},
	{`\btells? of (?:one|a|no|the|two|several)\b`, "is about"},
	{`\bspeaks? of\b`, "is about, mentions"},
	{`, nor what\b`, "and nothing that"},
	{`\b(?:is|are) none (?:of (?:a|the|these|those)|that)\b`, "is not"},
	{`\b(?:it|that|this|what|which|file|%\w) is no (?:pod|object|option|regular|list|mount|capability|PID|id|script|number|text)\b`, "is not a"},
	{`and why cannot be told`, "the reason is unknown"},
	{`whose (?:a|the) \w+ (?:of .* )?(?:is|are)\b,`, "who owns it"},
	{`\bof which (?:they|it) (?:is|are|were)\b`, "that they are about"},
	{`\bfor the rest\b`, "otherwise"},
	{`in the order of least privilege`, "least privilege first"},
	{`(?:is|are) listed apart\b`, "listed separately"},
	{`\b(?:is|are) passed over\b`, "skipped"},
	{`\bwhat (?:it|they|a manifest) \w+ in vain\b`, "what has no effect"},
	{`\bwith it (?:stands|goes) `, "it has"},
	{`\bso that it is seen\b`, "so that you see it"},
	{`\bis it not\b|\bif it be\b`, "if it is not"},
	{`\binformations\b|\badvices\b|\binsteads?\b of that it\b`, "information, advice"},
	{`\bby the help of\b|\bin the same time\b|\bon the other side,`, "with, at the same time, on the other hand"},
	{`\bsince (?:\d+|some|many) (?:years|months|days|hours)\b`, "for"},
	{`, for (?:it|they|that|the|a|Pod|nobody|what) \w+s?\b (?:no |not )?(?:refuses|takes|is|has|cannot|may)\b`, "because"},
	{`\bneeds? it that\b`, "put the clause next to its noun"},
	{`\basks? (?:as (?:any )?mount|the owner of the \w+ namespace|(?:its own|that|the initial|the) user namespace)`, "is checked against"},
	{`\blooked at first\b`, "checked first"},
	{`\bit (?:is|was) looked (?:at|for) \w+ by\b`, "looks at"},
}

// TestWording holds that no text that a user or a reader of the source can meet has an
// unidiomatic phrase or the same word twice: documents, the man page, the schema, and the
// strings and comments of Go, which have helps, messages, notes and explanations.
func TestWording(t *testing.T) {
	texts := 0
	see := func(where, text string) {
		texts++
		text = strings.Join(strings.Fields(text), " ")
		for _, found := range awkward(text) {
			t.Errorf("%s: %s", where, found)
		}
	}
	err := filepath.WalkDir("../..", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir():
			switch entry.Name() {
			case "testdata", "licenses", ".git", "bin", "dist":
				return fs.SkipDir
			}
			return nil
		case strings.HasSuffix(path, "_test.go"):
			return nil
		case strings.HasSuffix(path, ".go"):
			return seeGo(path, see)
		}
		switch filepath.Ext(path) {
		case ".md", ".1", ".json", ".yaml", ".yml", ".bash", ".zsh", ".fish":
			text, err := os.ReadFile(path)
			see(path, string(text))
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if texts < 1000 {
		t.Errorf("%d texts only", texts)
	}
}

// awkward returns what should be said in another way in a text on one line.
func awkward(text string) (list []string) {
	for i, re := range phrases {
		for _, at := range re.FindAllStringIndex(text, -1) {
			list = append(list, strconv.Quote(around(text, at[0], at[1]))+": say "+unidiomatic[i].instead)
		}
	}
	for _, at := range pairs.FindAllStringSubmatchIndex(text, -1) {
		first, rest := text[at[2]:at[3]], text[at[1]:]
		if after, twice := strings.CutPrefix(rest, first); twice && (after == "" || !wordByte(after[0])) {
			list = append(list, strconv.Quote(around(text, at[2], at[1]+len(first)))+": a word twice")
		}
	}
	return list
}

// around returns a part of a text with some words on each side.
func around(text string, from, to int) string {
	return text[max(0, from-40):min(len(text), to+30)]
}

func wordByte(c byte) bool {
	return c == '_' || c == '-' || c == '\'' || c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z'
}

// pairs finds the words that are never said twice.
var pairs = regexp.MustCompile(`(?:^|[ (])((?i:a|an|and|as|at|by|for|from|has|if|in|is|it|not|of|on|or|than|the|to|was|what|which|who|with)) `)

// phrases are the patterns.
var phrases = func() (list []*regexp.Regexp) {
	for _, u := range unidiomatic {
		list = append(list, regexp.MustCompile(`(?i)`+u.pattern))
	}
	return list
}()

// seeGo shows the strings and comments of a file of Go.
func seeGo(path string, see func(where, text string)) error {
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, path, nil, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	ast.Inspect(file, func(n ast.Node) bool {
		if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			text, err := strconv.Unquote(lit.Value)
			if err == nil {
				see(files.Position(lit.Pos()).String(), text)
			}
		}
		return true
	})
	for _, group := range file.Comments {
		see(files.Position(group.Pos()).String(), group.Text())
	}
	return nil
}

// TestAwkward holds that TestWording finds what it is to find.
func TestAwkward(t *testing.T) {
	for text, want := range map[string]int{
		"What does this have that that has not?":                1,
		"Asked for is the Bounding set":                         1,
		"uid 101 is not permitted it":                           1,
		"names of 15 bytes at the most":                         1,
		"daemons need it that run as root":                      1,
		"it asks its own user namespace":                        1,
		"the keys that take other files than status":            1,
		"it holds the the set":                                  1,
		"a thing, not a athing, is is":                          1,
		"what permission checks look at":                        0,
		"it is not a PID, and the thermal theory is in an inn.": 0,
	} {
		if got := awkward(text); len(got) != want && !(want == 1 && len(got) > 1) {
			t.Errorf("%s: %q", text, got)
		}
	}
}
