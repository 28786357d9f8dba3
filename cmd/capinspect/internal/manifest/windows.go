// SPDX-License-Identifier: Apache-2.0

package manifest

import "slices"

// placedPod has those members of the API's PodSpec that say on which nodes a pod may run.
type placedPod struct {
	NodeSelector map[string]string `json:"nodeSelector"`
	Affinity     struct {
		NodeAffinity struct {
			Required struct {
				Terms list[nodeSelectorTerm] `json:"nodeSelectorTerms"`
			} `json:"requiredDuringSchedulingIgnoredDuringExecution"`
		} `json:"nodeAffinity"`
	} `json:"affinity"`
}

type nodeSelectorTerm struct {
	Expressions list[labelRequirement] `json:"matchExpressions"`
}

type labelRequirement struct {
	Key      string       `json:"key"`
	Operator string       `json:"operator"`
	Values   list[string] `json:"values"`
}

const windows = "windows"

// osLabels are the labels of a node that name its system.
var osLabels = []string{"kubernetes.io/os", "beta.kubernetes.io/os"}

// windows reports whether the pod is for Windows. The Pod Security Standards look at os alone;
// without it, the nodes tell on which it may run.
func (s *podSpec) windows() bool {
	if s.OS.Name != "" {
		return s.OS.Name == windows
	}
	for _, label := range osLabels {
		if s.NodeSelector[label] == windows {
			return true
		}
	}
	terms := s.Affinity.NodeAffinity.Required.Terms // any of them is enough for a node
	other := func(t nodeSelectorTerm) bool { return !slices.ContainsFunc(t.Expressions, labelRequirement.windows) }
	return len(terms) > 0 && !slices.ContainsFunc(terms, other)
}

// windows reports whether only nodes of Windows meet the requirement.
func (r labelRequirement) windows() bool {
	return r.Operator == "In" && slices.Contains(osLabels, r.Key) && slices.Equal(r.Values, []string{windows})
}
