// SPDX-License-Identifier: Apache-2.0

// Package runtime knows what container runtimes do with capabilities: which ones
// they give to a container by default, and what they make of the lists in a
// manifest that add and drop some.
//
// A [Runtime] is Docker, containerd, CRI-O or Podman; [Named] finds it. Each has
// its own rule for what a name in both lists means, and for names that it does
// not know. [Runtime.Grant] applies the rule. [Runtime.SeccompGate] tells which
// system calls its default seccomp filter opens with a capability.
//
// A [Profile] is a set with a name: the default of a runtime, a level of the Pod
// Security Standards, what kubectl debug asks for, or all capabilities, as a
// privileged container has them.
//
// # What it does not do
//
// It reads no file, talks to no runtime and does not look at the configuration of
// one: the defaults are those that each runtime has in its source. It does not
// read manifests either. Package podsecurity judges pods by the Pod Security
// Standards.
package runtime
