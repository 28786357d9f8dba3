// SPDX-License-Identifier: Apache-2.0

package manifest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
	"github.com/capinspect/capinspect/procstatus/container"
)

// TestNames holds by what a container gets names, and which.
func TestNames(t *testing.T) {
	n, err := ReadNames(strings.NewReader(`{"kind":"Pod","metadata":{"name":"p","namespace":"n","uid":"u"},"spec":{"containers":[{"name":"a"},{"name":"b"}]},
		"status":{"containerStatuses":[{"name":"a","containerID":"containerd://A"}]}}
		{"kind":"Pod","metadata":{"name":"q","uid":"v","annotations":{"kubernetes.io/config.hash":"h"}},"spec":{"containers":[{"name":"c"}]}}`))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name string
		c    container.Container
		n    Names
		want string
	}{
		{"by its id", container.Container{ID: "A", PodUID: "x"}, n, "n/p/a [{podNamespace --pods false false} {podName --pods false false} {name --pods false false} {runtime --pods false false}]"},
		{"by the UID of its pod", container.Container{ID: "B", PodUID: "u"}, n, "n/p/ [{podNamespace --pods false false} {podName --pods false false}]"},
		{"by the hash of its pod", container.Container{PodUID: "h"}, n, "/q/ [{podName --pods false false}]"},
		{"with a name already", container.Container{ID: "A", Name: "x"}, n, "n/p/x [{podNamespace --pods false false} {podName --pods false false} {runtime --pods false false}]"},
		{"of another cluster", container.Container{ID: "C", PodUID: "w"}, n, "// []"},
		{"of no pod", container.Container{}, n, "// []"},
		{"without names", container.Container{ID: "A"}, nil, "// []"},
	} {
		c := task.Container{Container: test.c}
		test.n.Name(&c)
		if got := fmt.Sprintf("%s/%s/%s %v", c.PodNamespace, c.PodName, c.Name, c.Evidence); got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
		if byID := test.c.ID == "A" && test.n != nil; task.Is(c.Sandbox, false) != byID || c.Sandbox.Known() != byID {
			t.Errorf("%s: sandbox %+v", test.name, c.Sandbox)
		}
	}
}
