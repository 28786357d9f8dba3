// SPDX-License-Identifier: Apache-2.0

package manifest

import (
	"math"
	"slices"
	"strings"

	"github.com/capinspect/capinspect/cmd/capinspect/internal/strictjson"
)

// place is where in an object the template of its pods is.
type place struct {
	path []string // the keys that lead there; none if the object is the pod
	find func(*object) (podTemplate, error)
}

var (
	atTop          = place{nil, inSpec}
	inTemplate     = place{[]string{"template"}, ofTemplate}
	inSpecTemplate = place{[]string{"spec", "template"}, ofSpecTemplate}
	inJobTemplate  = place{[]string{"spec", "jobTemplate", "spec", "template"}, ofJobTemplate}
)

// kinds is the table of the kinds that are pods or make pods. An object in a list that the
// API server itself prints has no kind. What another kind makes is in likely.go and argo.go.
var kinds = map[string]place{
	"":                      {},
	"Pod":                   atTop,
	"PodTemplate":           inTemplate,
	"Deployment":            inSpecTemplate,
	"DaemonSet":             inSpecTemplate,
	"StatefulSet":           inSpecTemplate,
	"ReplicaSet":            inSpecTemplate,
	"ReplicationController": inSpecTemplate,
	"Job":                   inSpecTemplate,
	"CronJob":               inJobTemplate,
	"Revision":              atTop,          // of Knative
	"Rollout":               inSpecTemplate, // of Argo
}

// object is an object of Kubernetes. What depends on its kind is not decoded: the kind may
// follow it.
type object struct {
	kind, apiVersion             string
	line                         int            // on which its first member begins
	metadata, spec, pods, status strictjson.Raw // pods is the member "template"
	others                       []UnknownField // members that no object of Kubernetes itself has
}

// The types below have the members of the API's types that are of interest here (core/v1,
// apps/v1, batch/v1).
type (
	metadata struct {
		Name        string            `json:"name"`
		Prefix      string            `json:"generateName"`
		Namespace   string            `json:"namespace"`
		UID         string            `json:"uid"`
		Annotations map[string]string `json:"annotations"`
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
		Metadata metadata `json:"metadata"`
		Spec     podSpec  `json:"spec"`
	}

	podSpec struct {
		HostUsers           *bool              `json:"hostUsers"`
		HostPID             bool               `json:"hostPID"`
		HostIPC             bool               `json:"hostIPC"`
		HostNetwork         bool               `json:"hostNetwork"`
		SecurityContext     podSecurityContext `json:"securityContext"`
		Containers          list[podContainer] `json:"containers"`
		EphemeralContainers list[podContainer] `json:"ephemeralContainers"`
		InitContainers      list[podContainer] `json:"initContainers"`
		securedPod
		placedPod
	}
	podContainer struct {
		Name            string                   `json:"name"`
		Command         list[string]             `json:"command"`
		Args            list[string]             `json:"args"`
		WorkingDir      string                   `json:"workingDir"`
		Env             list[variable]           `json:"env"`
		VolumeMounts    list[volumeMount]        `json:"volumeMounts"`
		SecurityContext containerSecurityContext `json:"securityContext"`
		securedContainer
	}

	// variable is of the environment. One with a value from elsewhere has none here.
	variable struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	}

	volumeMount struct {
		Name      string `json:"name"`
		MountPath string `json:"mountPath"`
	}

	podSecurityContext struct {
		containerSecurityContext
		FSGroup            *id          `json:"fsGroup"`
		SupplementalGroups list[id]     `json:"supplementalGroups"`
		Sysctls            list[sysctl] `json:"sysctls"`
	}
	// containerSecurityContext is a SecurityContext whose ids are checked, and whose profiles
	// have the names of those of the node.
	containerSecurityContext struct {
		SecurityContext
		RunAsUser       *id           `json:"runAsUser"`
		RunAsGroup      *id           `json:"runAsGroup"`
		SeccompProfile  *namedProfile `json:"seccompProfile"`
		AppArmorProfile *namedProfile `json:"appArmorProfile"`
		securedContext
	}
	namedProfile struct {
		Type  string `json:"type"`
		Local string `json:"localhostProfile"`
	}

	podStatus struct {
		ContainerStatuses          list[containerStatus] `json:"containerStatuses"`
		EphemeralContainerStatuses list[containerStatus] `json:"ephemeralContainerStatuses"`
		InitContainerStatuses      list[containerStatus] `json:"initContainerStatuses"`
	}
	containerStatus struct {
		Name        string `json:"name"`
		ContainerID string `json:"containerID"` // as "containerd://0123..."
		User        struct {
			Linux *linuxUser `json:"linux"`
		} `json:"user"`
	}
	// linuxUser is who the first process of a container was started as, since Kubernetes 1.31.
	linuxUser struct {
		UID    id       `json:"uid"`
		GID    id       `json:"gid"`
		Groups list[id] `json:"supplementalGroups"`
	}
)

// id is the id of a user or a group.
type id int64

// Bounds returns the ids that the API takes (apimachinery, IsValidUserID).
func (id) Bounds() (low, high int64) { return 0, math.MaxInt32 }

func inSpec(o *object) (podTemplate, error) {
	var t podTemplate
	err := o.metadata.Decode(&t.Metadata)
	if err == nil {
		err = o.spec.Decode(&t.Spec)
	}
	return t, err
}

func ofTemplate(o *object) (t podTemplate, err error) {
	err = o.pods.Decode(&t)
	return t, err
}

func ofSpecTemplate(o *object) (podTemplate, error) {
	var spec workloadSpec
	err := o.spec.Decode(&spec)
	return spec.Template, err
}

func ofJobTemplate(o *object) (podTemplate, error) {
	var spec cronJobSpec
	err := o.spec.Decode(&spec)
	return spec.JobTemplate.Spec.Template, err
}

// template is a template of pods in an object.
type template struct {
	podTemplate
	name   string              // "" if it has no other name than the object
	path   []string            // the keys that lead to it, none if the object is the pod
	fields map[string][]string // and to fields of its spec that are elsewhere, as "volumes.0"
}

// templates returns the templates of the pods that an object makes. One without a kind may be
// of any: its first place with containers counts.
func (o *object) templates() ([]template, error) {
	if o.isWorkflow() {
		return o.workflow()
	}
	var places []place
	switch at, known := kinds[o.kind]; {
	case known && at.find == nil:
		places = []place{atTop, inSpecTemplate, inJobTemplate, inTemplate}
	case known:
		places = []place{at}
	}
	for _, at := range places {
		if t, err := at.find(o); err != nil || t.Spec.any() {
			return []template{{podTemplate: t, path: at.path}}, err
		}
	}
	return o.likely()
}

// own reports whether the object is of a group of Kubernetes itself, as far as that is known.
func (o *object) own() bool {
	group, _, found := strings.Cut(o.apiVersion, "/")
	return !found || slices.Contains([]string{"apps", "batch", "extensions"}, group)
}

// any reports whether the pod has containers.
func (s *podSpec) any() bool {
	return len(s.Containers)+len(s.EphemeralContainers)+len(s.InitContainers) > 0
}

// asks returns what is asked for.
func (s *containerSecurityContext) asks() SecurityContext {
	asks := s.SecurityContext
	asks.RunAsUser, asks.RunAsGroup = (*int64)(s.RunAsUser), (*int64)(s.RunAsGroup)
	if p := s.SeccompProfile; p != nil {
		asks.SeccompProfile = &SeccompProfile{p.Type, p.Local}
	}
	if p := s.AppArmorProfile; p != nil {
		asks.AppArmorProfile = &AppArmorProfile{p.Type, p.Local}
	}
	return asks
}
