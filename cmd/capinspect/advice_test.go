// SPDX-License-Identifier: Apache-2.0

package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// isChange reports whether an expression is the type Change of a package.
func isChange(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name == "Change"
	case *ast.SelectorExpr:
		return e.Sel.Name == "Change"
	}
	return false
}

// words returns the text of an expression, with "…" for what is no constant in it.
func words(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.BasicLit:
		if text, err := strconv.Unquote(e.Value); err == nil {
			return text
		}
	case *ast.BinaryExpr:
		return words(e.X) + words(e.Y)
	case *ast.KeyValueExpr:
		return words(e.Value)
	}
	return "…"
}

// advice returns what the packages propose, as the place of it, ": ", and the text.
func advice(t *testing.T, dirs ...string) (list []string) {
	t.Helper()
	for _, dir := range dirs {
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil || files == nil {
			t.Fatalf("%s: no files, %v", dir, err)
		}
		for _, name := range files {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(file, func(n ast.Node) bool {
				if call, ok := n.(*ast.CallExpr); ok && len(call.Args) == 2 {
					if name, ok := call.Fun.(*ast.SelectorExpr); ok && name.Sel.Name == "inside" {
						list = append(list, words(call.Args[0])+": "+words(call.Args[1]))
					}
				}
				lit, ok := n.(*ast.CompositeLit)
				if !ok {
					return true
				}
				of := []ast.Expr{lit}
				if array, ok := lit.Type.(*ast.ArrayType); ok && isChange(array.Elt) {
					of = lit.Elts
				} else if !isChange(lit.Type) {
					return true
				}
				for _, e := range of {
					if c, ok := e.(*ast.CompositeLit); ok && len(c.Elts) == 2 && (c == lit || c.Type == nil) {
						list = append(list, words(c.Elts[0])+": "+words(c.Elts[1]))
					}
				}
				return true
			})
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// appliedBy are the tests that do what package why proposes, by what that is.
var appliedBy = map[string]string{
	"file: ……": "TestWhyOnHost",
	"file: ……, which counts only without no_new_privs": "TestWhyUnits",
	"image: then …": "TestWhyInContainers",
	"image: …":      "TestWhyInContainers",
	"image: have … as the entrypoint: containerd executes that with what is added, docker does not": "TestWhyEntrypoint",
	"program: map them when its user namespace is made, as by newuidmap and newgidmap":              "TestUsernsHelpers",
	"program: not give it up; what it executes from now on gets it again":                           "TestWhyOnHost",
	"program: not set SECBIT_NOROOT, or raise the capability as ambient before execve":              "TestWhyOnHost",
	"program: pivot_root(2) in place of chroot(2), or create the user namespace before chroot(2)":   "TestUsernsUnits",
	"program: raise it in the effective set by capset(2) (libcap: cap_set_proc)":                    "TestWhyOnHost",
	"program: run as a user and a group that uid_map and gid_map of its user namespace have":        "TestUsernsIsKernels",
	"program: start it in a user namespace nearer to the initial one":                               "TestUsernsIsKernels",
	"program: …… up": "TestWhySysctls",
	"securityContext: capabilities.add: [SYS_ADMIN], which is enough for any user, but gives far more (docker: --cap-add SYS_ADMIN)":                             "TestUsernsInContainers",
	"securityContext: for a device, a device plugin or resource claim that opens it (docker: --device DEVICE)":                                                   "TestWhyGatesInContainers",
	"securityContext: if its filter is another one, seccompProfile of type Localhost with the system calls that it is for (docker: --security-opt seccomp=FILE)": "TestWhyGatesInContainers",
	"securityContext: no allowPrivilegeEscalation: false (docker: no --security-opt no-new-privileges)":                                                          "TestWhyInContainers",
	"securityContext: or runAsUser: 0 (docker: --user 0): for any other user it is only added to the bounding set":                                               "TestWhyInContainers",
	"securityContext: runAsUser: 0 (docker: --user 0)":                                                                                                           "TestWhyInContainers",
	"securityContext: seccompProfile of type Localhost that allows unshare and clone (docker: --security-opt seccomp=FILE)":                                      "TestUsernsInContainers",
	"securityContext: seccompProfile of type Localhost that allows … (docker: --security-opt seccomp=FILE)":                                                      "TestWhyOperationAdvice",
	"securityContext: seccompProfile of type Unconfined (docker: --security-opt seccomp=unconfined)":                                                             "TestUsernsInContainers",
	"securityContext: that is enough for any user to do what the default seccomp filter of … then allows: …":                                                     "TestSeccompGatesOfDocker",
	"securityContext: …": "TestWhyInContainers",
	"sysctl: user.max_user_namespaces=16, or more, by root of that user namespace: so many for each user": "TestUsernsIsKernels",
	"sysctl: …=…, …: …": "TestWhySysctls",
	"securityContext: in the pod's spec, hostPID: true (docker: --pid host)":                                       "TestWhyOperationAdvice",
	"securityContext: in the pod's spec, hostNetwork: true (docker: --network host)":                               "TestWhyGatesInContainers",
	"securityContext: procMount: Unmasked, with hostUsers: false (docker: --security-opt systempaths=unconfined)":  "TestWhyOperationAdvice",
	"unit: CapabilityBoundingSet= with …":                                                                          "TestWhyUnits",
	"unit: RestrictNamespaces=user or RestrictNamespaces=no, and SystemCallFilter= with unshare, clone and clone3": "TestUsernsUnits",
	"unit: RootDirectory=, by which systemd changes the root of the mount namespace":                               "TestUsernsUnits",
	"unit: SystemCallFilter= with the system calls that it is for":                                                 "TestWhyUnits",
	"unit: if it is in no container: …":                                                                            "TestWhyUnits",
	"unit: no NoNewPrivileges=, and nothing that implies it, as SystemCallFilter= does with User=":                 "TestWhyUnits",
	"unit: ……": "TestWhyUnits",
	"securityContext: the directory below /sys as a hostPath volume (docker: -v)": "TestWhySys",
	"…: have … where no nosuid mount is, as in the image itself":                  "TestWhyOnHost",
	"…: if noroot is set, …": "TestWhyOnHost",
	"…: …":                   "TestWhyOnHost",
	"…: …, by root of its user namespace or of one above": "TestWhyOnHost",
}

// notSeen is what package why proposes and no test does, with the reason.
var notSeen = map[string]string{
	"file: an AppArmor profile for … that has the rule userns, in /etc/apparmor.d":                                                              "it takes AppArmor 4",
	"securityContext: appArmorProfile of type Localhost that has the rule userns (docker: --security-opt apparmor=PROFILE)":                     "it takes AppArmor 4",
	"securityContext: appArmorProfile of type Localhost that permits it (docker: --security-opt apparmor=PROFILE)":                              "it takes AppArmor",
	"securityContext: in the pod's spec, hostUsers: true, if it is for something of the node (docker: --userns host)":                           "it takes a daemon of docker with userns-remap",
	"securityContext: seLinuxOptions with a type that permits it (docker: --security-opt label=type:TYPE)":                                      "it takes SELinux",
	"sysctl: kernel.apparmor_restrict_unprivileged_userns=0, on the node: every user may make user namespaces and has all capabilities in them": "only Ubuntu's kernels have it",
	"sysctl: kernel.unprivileged_userns_clone=1, on the node: every user may create user namespaces":                                            "only Debian's kernels have it",
}

// TestAdvice holds that a test does what package why proposes, or says why none does.
func TestAdvice(t *testing.T) {
	tests, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	for _, name := range tests {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		text.Write(data)
	}
	list := advice(t, "internal/why", "internal/why/userns")
	for _, proposed := range list {
		by, applied := appliedBy[proposed]
		_, not := notSeen[proposed]
		switch {
		case applied == not:
			t.Errorf("%q: no test does it, or it has a reason why none does as well", proposed)
		case applied && !strings.Contains(text.String(), "\nfunc "+by+"(t *testing.T) {"):
			t.Errorf("%q: there is no test %s", proposed, by)
		}
	}
	for _, known := range []map[string]string{appliedBy, notSeen} {
		for proposed := range known {
			if !slices.Contains(list, proposed) {
				t.Errorf("%q is not proposed", proposed)
			}
		}
	}
}
