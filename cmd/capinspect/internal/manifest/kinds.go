// SPDX-License-Identifier: Apache-2.0

package manifest

import (
	"math"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/strictjson"
)

// kinds is the table of the kinds that are pods or make pods, and of where in an object of
// that kind the spec of the pod is. An object in a list that the API server itself prints
// has no kind. Of a kind that is not here, see inLikelyTemplate.
var kinds = map[string]func(*object) (podSpec, error){
	"":                      inAny,
	"Pod":                   inSpec,
	"PodTemplate":           inTemplate,
	"Deployment":            inSpecTemplate,
	"DaemonSet":             inSpecTemplate,
	"StatefulSet":           inSpecTemplate,
	"ReplicaSet":            inSpecTemplate,
	"ReplicationController": inSpecTemplate,
	"Job":                   inSpecTemplate,
	"CronJob":               inJobTemplate,
	"Revision":              inSpec, // of Knative
}

// object is an object of Kubernetes. What depends on its kind is not decoded: the kind may
// stand behind it.
type object struct {
	kind                   string
	metadata               metadata
	spec, template, status strictjson.Raw
}

// The types below have the members of the API's types that are of interest here (core/v1,
// apps/v1, batch/v1).
type (
	metadata struct {
		Name        string      `json:"name"`
		Namespace   string      `json:"namespace"`
		UID         string      `json:"uid"`
		Annotations annotations `json:"annotations"`
	}
	annotations struct {
		Hash string `json:"kubernetes.io/config.hash"` // of a static pod
	}

	cronJobSpec struct {
		JobTemplate struct {
			Spec workloadSpec `json:"spec"`
		} `json:"jobTemplate"`
	}
	workloadSpec struct {
		Template podTemplate `json:"template"`
	}
	podTemplate struct {
		Spec podSpec `json:"spec"`
	}

	podSpec struct {
		HostUsers           *bool              `json:"hostUsers"`
		HostPID             bool               `json:"hostPID"`
		HostIPC             bool               `json:"hostIPC"`
		HostNetwork         bool               `json:"hostNetwork"`
		SecurityContext     podSecurityContext `json:"securityContext"`
		Containers          []podContainer     `json:"containers"`
		EphemeralContainers []podContainer     `json:"ephemeralContainers"`
		InitContainers      []podContainer     `json:"initContainers"`
	}
	podContainer struct {
		Name            string                   `json:"name"`
		SecurityContext containerSecurityContext `json:"securityContext"`
	}

	podSecurityContext struct {
		containerSecurityContext
		FSGroup            *id  `json:"fsGroup"`
		SupplementalGroups []id `json:"supplementalGroups"`
	}
	// containerSecurityContext is a SecurityContext whose ids are checked.
	containerSecurityContext struct {
		SecurityContext
		RunAsUser  *id `json:"runAsUser"`
		RunAsGroup *id `json:"runAsGroup"`
	}

	podStatus struct {
		ContainerStatuses          []containerStatus `json:"containerStatuses"`
		EphemeralContainerStatuses []containerStatus `json:"ephemeralContainerStatuses"`
		InitContainerStatuses      []containerStatus `json:"initContainerStatuses"`
	}
	containerStatus struct {
		Name        string `json:"name"`
		ContainerID string `json:"containerID"` // as "containerd://0123..."
	}
)

// id is the id of a user or a group.
type id int64

// Bounds returns the ids that the API takes (apimachinery, IsValidUserID).
func (id) Bounds() (low, high int64) { return 0, math.MaxInt32 }

func inSpec(o *object) (spec podSpec, err error) {
	err = o.spec.Decode(&spec)
	return spec, err
}

func inTemplate(o *object) (podSpec, error) {
	var t podTemplate
	err := o.template.Decode(&t)
	return t.Spec, err
}

func inSpecTemplate(o *object) (podSpec, error) {
	var spec workloadSpec
	err := o.spec.Decode(&spec)
	return spec.Template.Spec, err
}

func inJobTemplate(o *object) (podSpec, error) {
	var spec cronJobSpec
	err := o.spec.Decode(&spec)
	return spec.JobTemplate.Spec.Template.Spec, err
}

// inAny returns the first spec with containers.
func inAny(o *object) (spec podSpec, err error) {
	for _, in := range [...]func(*object) (podSpec, error){inSpec, inSpecTemplate, inJobTemplate, inTemplate} {
		if spec, err = in(o); err != nil || spec.any() {
			break
		}
	}
	return spec, err
}

// inLikelyTemplate returns the spec of the pod in spec.template, of any kind that has one
// there, as a Rollout of Argo or a Service of Knative. Other kinds have something else at
// that place.
func inLikelyTemplate(o *object) (podSpec, error) {
	var likely struct {
		Template struct {
			Spec struct {
				Containers []struct {
					Image string `json:"image"`
				} `json:"containers"`
			} `json:"spec"`
		} `json:"template"`
	}
	if err := o.spec.Decode(&likely); err != nil || len(likely.Template.Spec.Containers) == 0 {
		return podSpec{}, nil
	}
	return inSpecTemplate(o)
}

// any reports whether the pod has containers.
func (s *podSpec) any() bool {
	return len(s.Containers)+len(s.EphemeralContainers)+len(s.InitContainers) > 0
}

// asks returns what is asked for.
func (s *containerSecurityContext) asks() SecurityContext {
	asks := s.SecurityContext
	asks.RunAsUser, asks.RunAsGroup = (*int64)(s.RunAsUser), (*int64)(s.RunAsGroup)
	return asks
}
