// SPDX-License-Identifier: Apache-2.0

package podsecurity_test

import (
	"fmt"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/capset/podsecurity"
)

// A container of CRI-O that runs as root, with one capability more than CRI-O
// gives by default. Nothing else is known.
func ExampleRule_Judge() {
	var facts podsecurity.Facts
	sets := capset.Set(0x5fb) | capset.Of(capset.NetRaw)
	facts.LearnSets(sets, sets, "crio")
	facts.Learn(podsecurity.Root, true)
	for _, rule := range podsecurity.Rules() {
		if !rule.In(podsecurity.Baseline, podsecurity.LatestVersion) {
			continue
		}
		verdict, why := rule.Judge(facts, podsecurity.LatestVersion)
		switch verdict {
		case podsecurity.Violates:
			fmt.Printf("%s: %s\n", rule.ID, facts.Text(why))
		case podsecurity.Unknown:
			fmt.Printf("%s: unknown\n", rule.ID)
		}
	}
	// Output:
	// capabilities_baseline: bounding has cap_net_raw
	// hostNamespaces: unknown
	// privileged: unknown
	// procMount: unknown
}

// A pod that adds a capability and says nothing else.
func ExampleRule_Breaches() {
	pod := podsecurity.Pod{Containers: []podsecurity.Container{
		{Name: "web", SecurityContext: podsecurity.SecurityContext{Add: []string{"NET_ADMIN"}}},
	}}
	for _, rule := range podsecurity.Rules() {
		if !rule.In(podsecurity.Baseline, podsecurity.LatestVersion) {
			continue
		}
		for _, breach := range rule.Breaches(&pod, podsecurity.LatestVersion) {
			fmt.Printf("%s: container %s: %s\n", rule.ID, pod.Containers[breach.Container].Name, breach)
		}
	}
	// Output:
	// capabilities_baseline: container web: securityContext.capabilities.add has NET_ADMIN
}
