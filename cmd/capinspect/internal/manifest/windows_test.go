// SPDX-License-Identifier: Apache-2.0

package manifest

import (
	"fmt"
	"strings"
	"testing"
)

func TestWindows(t *testing.T) {
	required := func(terms string) string {
		return `"affinity":{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[` + terms + `]}}},`
	}
	const term = `{"matchExpressions":[{"key":"type","operator":"Exists"},{"key":"kubernetes.io/os","operator":"In","values":["windows"]}]}`
	for _, test := range []struct {
		name, spec string
		want       bool
	}{
		{"nothing", "", false},
		{"os", `"os":{"name":"windows"},`, true},
		{"nodes", `"nodeSelector":{"kubernetes.io/os":"windows"},`, true},
		{"nodes as they were labelled before", `"nodeSelector":{"beta.kubernetes.io/os":"windows"},`, true},
		{"nodes of Linux", `"nodeSelector":{"kubernetes.io/os":"linux"},`, false},
		{"os before nodes", `"os":{"name":"linux"},"nodeSelector":{"kubernetes.io/os":"windows"},`, false},
		{"affinity", required(term), true},
		{"affinity to other nodes too", required(term + `,{"matchExpressions":[{"key":"a","operator":"Exists"}]}`), false},
		{"affinity to either", required(strings.Replace(term, `["windows"]`, `["windows","linux"]`, 1)), false},
		{"affinity to others", required(strings.Replace(term, `"In"`, `"NotIn"`, 1)), false},
		{"no terms", required(""), false},
		{"a process of the node", `"securityContext":{"windowsOptions":{"hostProcess":true}},`, false},
	} {
		pods, err := podsOf(`{"kind":"Pod","spec":{` + test.spec + `"containers":[{"name":"c"}]}}`)
		if err != nil || len(pods) != 1 || pods[0].Windows != test.want {
			t.Errorf("%s: %v, want %v", test.name, err, test.want)
			continue
		}
		_, err = Choose(strings.NewReader(fmt.Sprintf(`{"kind":"Pod","spec":{%s"containers":[{"name":"c"}]}}`, test.spec)), "", nil)
		if (err != nil) != test.want {
			t.Errorf("%s: chosen with %v", test.name, err)
		}
	}
}
