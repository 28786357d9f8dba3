// SPDX-License-Identifier: Apache-2.0

package manifest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/strictjson"
)

// fields are the keys of a type of the API, and what is in those that are looked into. The
// elements of an array are alike.
type fields struct {
	keys string
	in   map[string]*fields
}

// The tables below have the fields of Kubernetes 1.37 (core/v1, apps/v1, batch/v1).
var (
	capabilitiesFields = &fields{keys: "add drop"}
	profileFields      = &fields{keys: "localhostProfile type"}
	seLinuxFields      = &fields{keys: "level role type user"}
	windowsFields      = &fields{keys: "gmsaCredentialSpec gmsaCredentialSpecName hostProcess runAsUserName"}

	containerContextFields = &fields{
		keys: "allowPrivilegeEscalation appArmorProfile capabilities privileged procMount readOnlyRootFilesystem " +
			"runAsGroup runAsNonRoot runAsUser seLinuxOptions seccompProfile windowsOptions",
		in: map[string]*fields{
			"appArmorProfile": profileFields, "capabilities": capabilitiesFields, "seLinuxOptions": seLinuxFields,
			"seccompProfile": profileFields, "windowsOptions": windowsFields,
		},
	}
	podContextFields = &fields{
		keys: "appArmorProfile fsGroup fsGroupChangePolicy runAsGroup runAsNonRoot runAsUser seLinuxChangePolicy " +
			"seLinuxOptions seccompProfile supplementalGroups supplementalGroupsPolicy sysctls windowsOptions",
		in: map[string]*fields{
			"appArmorProfile": profileFields, "seLinuxOptions": seLinuxFields, "seccompProfile": profileFields,
			"sysctls": {keys: "name value"}, "windowsOptions": windowsFields,
		},
	}

	containerFields = &fields{
		keys: "args command env envFrom image imagePullPolicy lifecycle livenessProbe name ports readinessProbe resizePolicy " +
			"resources restartPolicy restartPolicyRules securityContext startupProbe stdin stdinOnce terminationMessagePath " +
			"terminationMessagePolicy tty volumeDevices volumeMounts workingDir",
		in: map[string]*fields{"securityContext": containerContextFields},
	}
	ephemeralFields = &fields{keys: containerFields.keys + " targetContainerName", in: containerFields.in}
	podFields       = &fields{
		keys: "activeDeadlineSeconds affinity automountServiceAccountToken containers dnsConfig dnsPolicy enableServiceLinks " +
			"ephemeralContainers evictionResponders hostAliases hostIPC hostNetwork hostPID hostUsers hostname hostnameOverride " +
			"imagePullSecrets initContainers nodeName nodeSelector os overhead preemptionPolicy priority priorityClassName " +
			"readinessGates resourceClaims resources restartPolicy runtimeClassName schedulerName schedulingGates " +
			"schedulingGroup securityContext serviceAccount serviceAccountName setHostnameAsFQDN shareProcessNamespace " +
			"subdomain terminationGracePeriodSeconds tolerations topologySpreadConstraints volumes",
		in: map[string]*fields{
			"containers": containerFields, "ephemeralContainers": ephemeralFields, "initContainers": containerFields,
			"os": {keys: "name"}, "securityContext": podContextFields,
		},
	}

	metadataFields = &fields{
		keys: "annotations creationTimestamp deletionGracePeriodSeconds deletionTimestamp finalizers generateName generation " +
			"labels managedFields name namespace ownerReferences resourceVersion selfLink uid",
	}
	objectFields   = &fields{keys: "apiVersion kind metadata spec status"}
	templateFields = &fields{keys: "metadata spec", in: map[string]*fields{"metadata": metadataFields, "spec": podFields}}

	jobFields = withTemplate("activeDeadlineSeconds backoffLimit backoffLimitPerIndex completionMode completions managedBy " +
		"manualSelector maxFailedIndexes parallelism podFailurePolicy podReplacementPolicy scheduling selector " +
		"successPolicy suspend ttlSecondsAfterFinished")
	jobTemplateFields = &fields{keys: "metadata spec", in: map[string]*fields{"metadata": metadataFields, "spec": jobFields}}
)

// specFields are the fields of spec in the kinds of which all fields are known.
var specFields = map[string]*fields{
	"Pod":                   podFields,
	"PodTemplate":           {},
	"Deployment":            withTemplate("minReadySeconds paused progressDeadlineSeconds replicas revisionHistoryLimit selector strategy"),
	"DaemonSet":             withTemplate("minReadySeconds revisionHistoryLimit selector updateStrategy"),
	"StatefulSet":           withTemplate("minReadySeconds ordinals persistentVolumeClaimRetentionPolicy podManagementPolicy replicas revisionHistoryLimit selector serviceName updateStrategy volumeClaimTemplates"),
	"ReplicaSet":            withTemplate("minReadySeconds replicas selector"),
	"ReplicationController": withTemplate("minReadySeconds replicas selector"),
	"Job":                   jobFields,
	"CronJob": {
		keys: "concurrencyPolicy failedJobsHistoryLimit jobTemplate schedule startingDeadlineSeconds successfulJobsHistoryLimit suspend timeZone",
		in:   map[string]*fields{"jobTemplate": jobTemplateFields},
	},
}

// withTemplate are the fields of a workload that makes its pods of a template.
func withTemplate(keys string) *fields {
	return &fields{keys: keys + " template", in: map[string]*fields{"template": templateFields}}
}

// has reports whether a type has a field.
func (f *fields) has(key string) bool { return slices.Contains(strings.Fields(f.keys), key) }

// UnknownField is a field that Kubernetes does not have where it stands.
type UnknownField struct {
	Line int
	Path string // as "spec.containers[0].securitycontext"
	Hint string // what may be meant; "" if that is unknown
}

// Text returns what there is to say of it, with its line.
func (u UnknownField) Text() string { return fmt.Sprintf("line %d: %s", u.Line, u.What()) }

// What returns what there is to say of it.
func (u UnknownField) What() string {
	text := u.Path + ": Kubernetes has no such field there"
	if u.Hint != "" {
		text += ", " + u.Hint
	}
	return text
}

// maxUnknown is how many unknown fields of a pod are told of.
const maxUnknown = 16

// UnknownFields returns the fields of the object that Kubernetes does not have, which kubectl
// refuses, and which count for nothing. It looks as far as the securityContext, and only into
// the containers if the kind is not one of Kubernetes itself. What a Kubernetes has taken has
// none.
func (p *Pod) UnknownFields() (found []UnknownField) {
	if p.UID != "" || p.object == nil {
		return nil
	}
	if p.unknown != nil {
		return *p.unknown
	}
	defer func() { p.unknown = &found }()
	spec, known := specFields[p.Kind]
	known = known && p.object.own()
	if known {
		found = slices.Clone(p.object.others)
	}
	for _, part := range []struct {
		key    string
		raw    strictjson.Raw
		fields *fields
	}{
		{"metadata", p.object.metadata, metadataFields},
		{"spec", p.object.spec, spec},
		{"template", p.object.pods, templateFields},
	} {
		at := part.fields
		if !known && part.key == "spec" {
			at = likelyFields(p.path)
			if p.object.isWorkflow() {
				at = workflowFields(p.path)
			}
		}
		if at == nil || !known && part.key != "spec" {
			continue
		}
		part.raw.Keys(func(path []string, line int) bool {
			parent := at.under(path[:len(path)-1])
			if parent == nil || part.key == "spec" && p.elsewhere(path) {
				return false
			}
			key := path[len(path)-1]
			if parent.keys != "" && !parent.has(key) {
				if len(found) < maxUnknown {
					found = append(found, UnknownField{line, printed(part.key, path), hint(parent, key)})
				}
				return false
			}
			return parent.in[key] != nil
		})
	}
	return found
}

// elsewhere reports whether a path in spec leads into another template of the object.
func (p *Pod) elsewhere(path []string) bool {
	for i, key := range path {
		if i+1 >= len(p.path) {
			break
		}
		if isIndex(key) && key != p.path[i+1] {
			return true
		}
	}
	return false
}

// under returns the fields of the object to which keys lead, nil if they are unknown.
func (f *fields) under(path []string) *fields {
	for _, key := range path {
		if isIndex(key) {
			continue
		}
		if f = f.in[key]; f == nil {
			return nil
		}
	}
	return f
}

// hint says what may be meant by a key.
func hint(there *fields, key string) string {
	for known := range strings.FieldsSeq(there.keys) {
		if strings.EqualFold(key, known) {
			return "perhaps " + known
		}
	}
	for _, place := range [...]struct {
		fields *fields
		name   string
	}{
		{containerContextFields, "the securityContext of a container has it"},
		{podContextFields, "the securityContext of the pod has it"},
		{podFields, "the spec of the pod has it"},
		{containerFields, "a container has it"},
	} {
		if place.fields != there && place.fields.has(key) {
			return place.name
		}
	}
	if near := capset.Nearest(key, strings.Fields(there.keys)); len(near) > 0 {
		return "perhaps " + near[0]
	}
	return ""
}

// printed returns a path as kubectl prints it.
func printed(root string, path []string) string {
	text := root
	for _, key := range path {
		switch {
		case isIndex(key):
			text += "[" + key + "]"
		case strings.Trim(key, "-_/.abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == "" && len(key) <= maxKind:
			text += "." + key
		default:
			text += fmt.Sprintf(".%.63q", key)
		}
	}
	return text
}
