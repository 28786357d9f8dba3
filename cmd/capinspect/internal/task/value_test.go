// SPDX-License-Identifier: Apache-2.0

package task

import (
	"encoding/json"
	"testing"
)

func TestValue(t *testing.T) {
	known, unknown, unasked := Known(7), Unknown[int]("hidden"), Value[int]{}
	for _, test := range []struct {
		name  string
		v     Value[int]
		n, or int
		known bool
		why   string
		json  string
	}{
		{"known", known, 7, 7, true, "", "7"},
		{"unknown", unknown, 0, 9, false, "hidden", "null"},
		{"not asked", unasked, 0, 9, false, "", "null"},
	} {
		n, ok := test.v.Get()
		text, err := json.Marshal(test.v)
		if n != test.n || ok != test.known || test.v.Known() != ok || test.v.Zero() != n || test.v.Or(9) != test.or ||
			test.v.Why() != test.why || err != nil || string(text) != test.json {
			t.Errorf("%s: %v %v %s %v", test.name, n, ok, text, err)
		}
		if Is(test.v, 7) != test.known || Is(test.v, 0) {
			t.Errorf("%s: Is", test.name)
		}
		if mapped := Map(test.v, func(n int) string { return "x" }); mapped.Known() != ok || mapped.Why() != test.why {
			t.Errorf("%s: mapped %v", test.name, mapped)
		}
	}
	if v := First(unasked, unknown, known); v != known {
		t.Error(v)
	}
	if v := First(unasked, unknown); v != unknown {
		t.Error(v)
	}
	for text, want := range map[string]Value[int]{"7": known, "null": unasked} {
		got := unknown
		if err := json.Unmarshal([]byte(text), &got); err != nil || got != want {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
	if err := json.Unmarshal([]byte(`"7"`), new(Value[int])); err == nil {
		t.Error("a string is no number")
	}
	unasked.Because("why")
	known.Because("why")
	unknown.Because("why")
	if unasked.Why() != "why" || known.Why() != "" || unknown.Why() != "hidden" {
		t.Error(unasked, known, unknown)
	}
}
