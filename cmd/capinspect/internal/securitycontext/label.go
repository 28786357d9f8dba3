// SPDX-License-Identifier: Apache-2.0

package securitycontext

import (
	"strings"

	"github.com/capinspect/capinspect/capset"
	"github.com/capinspect/capinspect/capset/runtime"
	"github.com/capinspect/capinspect/cmd/capinspect/internal/task"
)

// LabelValue returns what the label io.containers.capabilities of an image has to name, for
// podman to start a container with these capabilities and no others (podman,
// pkg/specgen/generate/security_linux.go). Podman takes no space between the names.
func (d *Derived) LabelValue() string {
	if d.Full {
		return "ALL"
	}
	return kubernetesNames(d.Set & capset.UpTo(capset.LastKnown))
}

func kubernetesNames(set capset.Set) string {
	var list []string
	for c := range set.Caps() {
		list = append(list, c.Kubernetes())
	}
	return strings.Join(list, ",")
}

// imageLabel says where podman does not honour the label. It gives its default set instead
// if the label names anything that it does not give by default and --cap-add does not name.
func imageLabel(d *Derived, _ *task.Task) {
	beyond := d.Set & capset.UpTo(capset.LastKnown) &^ runtime.Named("podman").Default()
	switch {
	case d.Full:
		d.comment(Label, "label-full", "its bounding set is full: podman honours the label with --cap-add ALL alone, and ignores it with --privileged")
	case d.Set == 0:
		d.comment(Label, "label-empty", "it needs no capability: podman before 4.7 makes no container of an image whose label is empty, and needs --cap-drop ALL in place of the label")
	case beyond != 0:
		d.comment(Label, "label-beyond-default", "podman ignores the label, and gives its default, unless it is run with --cap-add "+kubernetesNames(beyond))
	}
}
