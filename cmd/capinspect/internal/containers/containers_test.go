// SPDX-License-Identifier: Apache-2.0

package containers

import (
	"slices"
	"testing"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// One process without no_new_privs decides, whatever is unknown of the others. A set needs
// all of them.
func TestTogether(t *testing.T) {
	unknown := func(why string) task.Value[bool] { return task.Unknown[bool](why) }
	for _, test := range []struct{ a, b, want task.Value[bool] }{
		{task.Known(true), unknown("x"), task.Known(true)},
		{unknown("x"), task.Known(true), task.Known(true)},
		{task.Known(false), unknown("x"), unknown("x")},
		{unknown(""), unknown("y"), unknown("y")},
		{unknown("x"), unknown("y"), unknown("x")},
		{task.Known(false), task.Known(false), task.Known(false)},
	} {
		if got := either(test.a, test.b); got != test.want {
			t.Errorf("%+v, %+v: got %+v, want %+v", test.a, test.b, got, test.want)
		}
	}
	set := both(task.Known(capset.Set(1)), task.Unknown[capset.Set]("x"), union)
	if set != task.Unknown[capset.Set]("x") {
		t.Errorf("%+v", set)
	}
	if got := merge([]uint32{1, 5}, []uint32{5, 3, 9}); !slices.Equal(got, []uint32{1, 3, 5, 9}) {
		t.Errorf("%v", got)
	}
}
