// SPDX-License-Identifier: Apache-2.0

package container

import (
	"cmp"
	"encoding/json"
	"strings"
	"testing"

	"github.com/capinspect/capinspect/procstatus"
	"github.com/capinspect/capinspect/testdata/fixture"
)

// foreignCase is a case of the tests of another program (testdata/containerid).
type foreignCase struct {
	source, cgroup, mounts string
	id                     string // "PREFIX:…" for the beginning of one, "CONFLICT" if two sources contradict each other
	pod, runtime           string // "*" if the test does not say
}

// UnmarshalJSON reads a case: an array, with null for what there is not.
func (c *foreignCase) UnmarshalJSON(text []byte) error {
	return json.Unmarshal(text, &[...]*string{&c.source, &c.cgroup, &c.mounts, &c.id, &c.pod, &c.runtime})
}

// otherwise are the cases that have another answer here, by their numbers in the file,
// and why.
var otherwise = []struct {
	why     string
	numbers []int
	id, pod string // the answer here
}{
	{"a container of LXC has a name and no id", []int{19}, "b6d196c1-50f2-4949-abdb-5d4909864487", ""},
	{"a container of LXC has a name and no id", []int{21}, "p1", ""},
	{"the name alone is what lxc-ls shows", []int{244}, "first", ""},
	{"one hierarchy is enough: there the cpu controller is not the container's", []int{26}, "f37a7e4d17017e7bf774656b19ca4360c6cdc4951c86700a464101d0d9ce97ee", ""},
	{"\"uuid\" stands for nothing: no runtime has such a directory", []int{40, 50, 70, 81}, "", ""},
	{"no kernel trims the names of cgroups, and no runtime gives one that has blanks", []int{45, 58}, "", ""},
	{"a line that begins with a blank is none of the kernel's", []int{332, 333}, "", ""},
	{"a cgroup that the container itself has made is in the container", []int{136}, "051e2ee0bce99116029a13df4a9e943137f19f957f38ac02d6bad96f9b700f76", ""},
	{"a service inside a container is in the container", []int{156, 157}, "1b3319ed9c1d4cca681f9c102da9b015555785b6240c4e4619f11b535cabdc07", ""},
	{"a service inside a container is in the container", []int{162, 163}, "c1146e7ccca9ab4436abd69923c07d097b37b762ed21cc3f24584c2f84e77c57", ""},
	{"a container of Garden has a shorter id", []int{144}, "6f265890-5165-7fab-6b52-18d1", ""},
	{"the name with \"rkt-\" is that of the machine, as machinectl shows it", []int{209, 210}, "rkt-bfb7d57e-80ff-4ef8-b602-9b907b3f3a38", ""},
	{"the innermost of two containers counts", []int{258}, "264c1e319d1f6080a48a9fabcf9ac8fd9afd9a5930cf35e8d0eeb03b258c3152", "c55ba69a-e39f-44af-925d-c4794fd57878"},
	{"a line without a path hides no other one", []int{264}, "a2ffe0e97ac22657a2a023ad628e9df837c38a03b1ebc904d3f6d644eb1a1a81", ""},
	{"64 hexadecimal digits are an id, whoever's", []int{290}, "09bc3d7ade839efec32b6bec4ec79d099027a668ddba043083ec21d3c3b8f1e6", ""},
	{"the test expects what its input does not have", []int{291}, "09bc3d7ade839efec32b6bec4ec79d099027a668ddba043083ec21d3c3b8f1e6", ""},
	{"who starts a container chooses the directory: this one is no runtime's own", []int{194}, "1234567890abcdef1234567890abcdef1234567890abcdef1234567890abcdef", ""},
	{"who starts a container chooses the directory: this one is no runtime's own", []int{315}, "6469646e742065787065637420616e796f6e6520746f20726561642074686973", ""},
	{"no runtime adds such an ending", []int{324, 325, 329, 330}, "", ""},
}

// TestForeignCases compares with what the tests of other programs expect.
func TestForeignCases(t *testing.T) {
	var cases []foreignCase
	if err := json.Unmarshal(fixture.Read(t, "containerid/cases.json"), &cases); err != nil || len(cases) == 0 {
		t.Fatal(len(cases), err)
	}
	answers := map[int][2]string{}
	for _, row := range otherwise {
		for _, number := range row.numbers {
			answers[number] = [2]string{row.id, row.pod}
		}
	}
	for number, want := range cases {
		got := want.answer(t)
		if other, ok := answers[number]; ok {
			if want.right(got) {
				t.Errorf("%d, %s: the answer is the same, %+v", number, want.source, got)
			}
			want.id, want.pod, want.runtime = other[0], other[1], "*"
		}
		if !want.right(got) {
			t.Errorf("%d, %s: %+v, want id %q, pod %q, runtime %q", number, want.source, got, want.id, want.pod, want.runtime)
		}
	}
}

// answer returns what the two files tell together. What the mounts tell of another
// container does not count.
func (c *foreignCase) answer(t *testing.T) Container {
	ended := func(text string) []byte {
		if text != "" && !strings.HasSuffix(text, "\n") {
			text += "\n"
		}
		return []byte(text)
	}
	got, _ := OfCgroup(ended(c.cgroup))
	list, err := procstatus.ParseMounts(ended(strings.TrimSpace(c.mounts)))
	if err != nil {
		t.Fatal(c.source, err)
	}
	mounted, _ := OfMounts(list)
	if contrary(got.ID, mounted.ID) != "" {
		return got
	}
	return Container{
		Runtime: cmp.Or(got.Runtime, mounted.Runtime), ID: cmp.Or(got.ID, mounted.ID), PodUID: cmp.Or(got.PodUID, mounted.PodUID),
		OtherID: cmp.Or(got.OtherID, mounted.OtherID), OtherPodUID: cmp.Or(got.OtherPodUID, mounted.OtherPodUID),
	}
}

// right reports whether an answer is the one of a case.
func (c *foreignCase) right(got Container) bool {
	conflict := got.OtherID != "" || got.OtherPodUID != ""
	if c.id == "CONFLICT" || conflict {
		return c.id == "CONFLICT" && conflict
	}
	prefix, cut := strings.CutPrefix(c.id, "PREFIX:")
	return (got.ID == c.id || cut && strings.HasPrefix(got.ID, prefix)) &&
		(c.pod == "*" || c.pod == got.PodUID) && (c.runtime == "*" || c.runtime == got.Runtime)
}
