# SPDX-License-Identifier: Apache-2.0

GO       ?= go
PREFIX   ?= /usr/local
DESTDIR  ?=
IMAGE    ?= capinspect
FUZZTIME ?= 30s
PID      ?= self

BIN := bin/capinspect
# Static and stripped; the version comes from the tag and commit of the checkout.
BUILD := CGO_ENABLED=0 $(GO) build -trimpath -buildvcs=auto -ldflags='-s -w'

# Each package that is linked in, and what it imports; the same on every machine.
LIST_DEPS = mkdir -p bin && CGO_ENABLED=0 GOOS=linux GOARCH=amd64 $(GO) list -deps \
	-f '{{if not .Standard}}{{.ImportPath}}: {{join .Imports " "}}{{end}}' \
	./cmd/capinspect ./capset/... ./procstatus/... >bin/deps && LC_ALL=C sort -o bin/deps bin/deps

# What a release is built for, whatever is set here. ARMv6 runs on every ARM that
# has a floating-point unit.
TARGETS  := linux/amd64 linux/arm64 linux/arm linux/386 linux/ppc64le linux/s390x linux/riscv64 linux/loong64 \
	darwin/amd64 darwin/arm64
PORTABLE := GOFLAGS= GOEXPERIMENT= GOAMD64=v1 GOARM64=v8.0 GOARM=6 GO386=sse2 GOPPC64=power8 GORISCV64=rva20u64

# What writes a bill of materials. It notes its own sum, and has no paths of this
# machine for that reason.
BOM         := bin/cyclonedx-gomod
CYCLONEDX   := github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@v1.10.0
# What packs the rest of a release; its dependencies are not those of capinspect.
PACKAGING   := bin/packaging
GOFUMPT     := mvdan.cc/gofumpt@v0.12.0
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
ACTIONLINT  := github.com/rhysd/actionlint/cmd/actionlint@v1.7.12
GOVULNCHECK := golang.org/x/vuln/cmd/govulncheck@v1.9.0

.PHONY: help build run check test compare race cross runsc kubectl kernel host lint vuln deps golden bench bench-ps bench-scan bench-node fuzz image fixture \
	install install-share dist packages images distcheck repro clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## build the static binary, bin/capinspect
	$(BUILD) -o $(BIN) ./cmd/capinspect

run: build ## build, and print the caller's own capabilities
	@$(BIN)

check: lint ## lint, and run the tests that need neither root nor a container: under a minute
	CGO_ENABLED=0 CAPINSPECT_WITHOUT=root,docker $(GO) test -count=1 -short ./...

# The tests of the command that start containers or boot a machine. They are a part of
# their own in the output of `make test`; a test that this does not match runs in the
# part before.
CONTAINERS := Container|Docker|Runc|GVisor|Image|Guides|Debug|NodeReport|RoundTrip|Entrypoint|DebianKernel

test: ## run all tests; those that lack something here are named with the reason
	@mkdir -p bin && rm -f bin/skipped
	@status=0; \
	part() { \
		what=$$1; shift; begun=$$(date +%s); echo "=== begins: $$what"; \
		CGO_ENABLED=0 CAPINSPECT_SKIPPED=$(CURDIR)/bin/skipped $(GO) test -count=1 -timeout 20m "$$@" \
		&& result=passed || { result=FAILED status=1; }; \
		echo "=== $$result after $$(($$(date +%s) - begun)) s: $$what"; \
	}; \
	part 'all packages but cmd/capinspect' $$($(GO) list ./... | grep -v '/cmd/capinspect$$'); \
	part 'cmd/capinspect without containers' -skip '$(CONTAINERS)' ./cmd/capinspect; \
	part 'cmd/capinspect in containers and virtual machines' -run '$(CONTAINERS)' ./cmd/capinspect; \
	[ ! -s bin/skipped ] || sort bin/skipped; exit $$status

compare: ## hold manifests, Pod Security rules and seccomp gates against the originals; test packaging
	cd testdata/compare && CGO_ENABLED=0 $(GO) test -count=1 ./...
	cd cmd/packaging && CGO_ENABLED=0 $(GO) test -count=1 ./...
	cd testdata/apk && CGO_ENABLED=0 $(GO) test -count=1 ./...

# A process under the race detector otherwise sleeps for a second before it ends, and the
# scripts start hundreds.
race: ## run the tests that need no container under the race detector (needs a C compiler)
	CGO_ENABLED=1 GORACE=atexit_sleep_ms=0 $(GO) test -race -count=1 -short -timeout 30m ./...

# The emulator shows itself as /proc/PID/exe and lacks the ioctls of namespaces. The
# tests that need them run on 386, and in `make test`.
EMULATED := -short -skip 'TestReadGone|TestTaskFiles|TestRelatives'

cross: ## run the tests of the public packages on other architectures (needs qemu-user-static)
	CGO_ENABLED=0 GOARCH=386 $(GO) vet ./...
	CGO_ENABLED=0 GOARCH=386 $(GO) test -count=1 -short ./capset/... ./procstatus/...
	CGO_ENABLED=0 GOARCH=arm64 $(GO) test -count=1 $(EMULATED) -exec qemu-aarch64-static ./capset/... ./procstatus/...
	CGO_ENABLED=0 GOARCH=s390x $(GO) test -count=1 $(EMULATED) -exec qemu-s390x-static ./capset/... ./procstatus/...

runsc: ## build gVisor's runsc, bin/runsc, which the tests use if it is on the PATH
	mkdir -p bin && cd testdata/gvisor && CGO_ENABLED=0 $(GO) build -o ../../bin/runsc gvisor.dev/gvisor/runsc

kubectl: ## build kubectl, bin/kubectl, which the tests use if it is on the PATH
	mkdir -p bin && cd testdata/kubectl && CGO_ENABLED=0 $(GO) build -o ../../bin/kubectl .

kernel: ## fetch Debian's kernel, bin/vmlinuz, which a test boots if CAPINSPECT_KERNEL names it
	mkdir -p bin/kernel && cd bin/kernel && rm -f *.deb && \
	apt-get -q download "$$(apt-cache depends linux-image-cloud-amd64 | awk '/Depends:/ { print $$2 }')" && \
	dpkg-deb --fsys-tarfile *.deb | tar -x --wildcards './boot/vmlinuz-*' && mv boot/vmlinuz-* ../vmlinuz && rm -r ../kernel

host: ## boot a real host (systemd, AppArmor, docker, podman, LXC) in a virtual machine and run capinspect there
	mkdir -p bin/host && testdata/host/build bin/host
	CGO_ENABLED=0 CAPINSPECT_HOST=$(CURDIR)/bin/host CAPINSPECT_REQUIRE='host disk,qemu-system-x86_64,mke2fs' \
		$(GO) test -count=1 -timeout 40m -run '^TestHost$$' ./cmd/capinspect

# ./... leaves out what is below testdata.
PACKAGES := ./... ./testdata/container/... ./testdata/fixture ./testdata/vm

lint: deps ## format, vet, staticcheck, tidy, workflows, spelling, dependencies
	@fmt=$$($(GO) run $(GOFUMPT) -l . testdata) && { [ -z "$$fmt" ] || { echo "not gofumpt-clean: $$fmt"; exit 1; }; }
	$(GO) vet $(PACKAGES)
	GOOS=darwin $(GO) vet ./...
	cd testdata/compare && $(GO) vet ./...
	$(GO) run $(STATICCHECK) -checks all,-ST1000 $(PACKAGES)
	cd cmd/packaging && $(GO) vet ./... && $(GO) run $(STATICCHECK) -checks all,-ST1000 ./... && $(GO) mod tidy -diff
	$(GO) mod tidy -diff
	cd testdata/compare && $(GO) mod tidy -diff
	cd testdata/gvisor && $(GO) mod tidy -diff
	cd testdata/kubectl && $(GO) vet ./... && $(GO) mod tidy -diff
	cd testdata/apk && $(GO) vet ./... && $(GO) mod tidy -diff
	$(GO) run $(ACTIONLINT) .github/workflows/*.yml
	shellcheck cmd/kubectl-capinspect/kubectl-capinspect .ci/run
	codespell -L upto,inh,flage,nd,doas,chage --skip=./.git,./bin,./dist,./testdata/terminal,./testdata/status,./testdata/proc,./docs/licenses,go.sum .

vuln: ## name known vulnerabilities that the code reaches (fetches the list from vuln.go.dev)
	$(GO) run $(GOVULNCHECK) ./...

deps: ## compare what is linked in with testdata/deps.golden
	@$(LIST_DEPS)
	@diff -u testdata/deps.golden bin/deps

golden: ## write the expected outputs anew; review the difference
	CGO_ENABLED=0 $(GO) test -count=1 ./cmd/capinspect -update
	@$(LIST_DEPS) && cp bin/deps testdata/deps.golden

bench: build ## measure against capsh, a plain copy of the status file, and prometheus/procfs
	cd testdata/compare && $(GO) run ./bench -capinspect ../../$(BIN) -image $(IMAGE)

bench-ps: build ## measure ps over 10,000 tasks against a C loop, pscap, getpcaps and captree
	cd testdata/compare && $(GO) run ./benchps -capinspect ../../$(BIN)

bench-scan: build ## measure scan over 100,000 files against find and getcap
	cd testdata/compare && $(GO) run ./benchscan -capinspect ../../$(BIN)

bench-node: build ## measure the report of a node with 500 containers and 20,000 processes, live and from a copy
	cd testdata/compare && $(GO) run ./benchps -capinspect ../../$(BIN) -tasks 20000 -containers 500

# The targets are read from the sources, each as DIRECTORY:NAME. Go tries 100 times to
# shorten a new input; by default it tries for a minute, and the JSON readers need that
# minute for most of them.
fuzz: ## fuzz each parser for FUZZTIME (30s), and name those that failed
	@targets=$$(grep -ro '^func Fuzz[A-Za-z0-9]*' --include='*_test.go' --exclude-dir=testdata . | sed 's|/[^/]*:func |:|' | sort); \
	[ -n "$$targets" ] || { echo 'no fuzz targets'; exit 1; }; \
	failed=; for target in $$targets; do \
		echo "=== $$target"; \
		$(GO) test "$${target%:*}" -run '^$$' -fuzz "^$${target#*:}\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 100x || \
		failed="$$failed $$target"; \
	done; \
	[ -z "$$failed" ] || { echo "failed:$$failed"; exit 1; }

image: export GOOS = linux
image: build ## pack bin/capinspect into a container image, IMAGE, without a base image
	docker build --target prebuilt -t $(IMAGE) .
	docker run --rm --network none $(IMAGE) --version

fixture: ## save the status file of PID as testdata/status/NAME.status, with a line in INDEX
	@[ -n "$(NAME)" ] && [ -n "$(WHAT)" ] || { echo 'usage: make fixture NAME=linux-... WHAT="what it is" [PID=1]'; exit 2; }
	cat /proc/$(PID)/status >testdata/status/$(NAME).status
	printf '%s\t%s\t%s\t%s\n' "$(NAME)" "$$(uname -r)" "$$(date -I)" "$(WHAT)" >>testdata/status/INDEX

install: build install-share ## install the binary and what belongs to it below DESTDIR and PREFIX
	install -D -m 755 $(BIN) $(DESTDIR)$(PREFIX)/bin/capinspect

SHARE = $(DESTDIR)$(PREFIX)/share

install-share: ## install the man page, completions, documentation and licences alone
	GOOS= GOARCH= $(BUILD) -o bin/here ./cmd/capinspect
	bin/here completion bash >bin/completion.bash
	bin/here completion zsh >bin/completion.zsh
	bin/here completion fish >bin/completion.fish
	install -D -m 644 cmd/capinspect/capinspect.1 $(SHARE)/man/man1/capinspect.1
	install -D -m 644 bin/completion.bash $(SHARE)/bash-completion/completions/capinspect
	install -D -m 644 bin/completion.zsh $(SHARE)/zsh/site-functions/_capinspect
	install -D -m 644 bin/completion.fish $(SHARE)/fish/vendor_completions.d/capinspect.fish
	install -D -m 644 -t $(SHARE)/doc/capinspect LICENSE README.md CHANGELOG.md SECURITY.md
	find docs -type f -exec install -D -m 644 '{}' $(SHARE)/doc/capinspect/'{}' ';'

bin/cyclonedx-gomod: Makefile
	GOBIN=$(CURDIR)/bin CGO_ENABLED=0 GOOS= GOARCH= $(GO) install -trimpath $(CYCLONEDX)
	touch $@

# An archive that is the same wherever it is packed.
ARCHIVE = tar -cf - --format=ustar --sort=name --owner=0 --group=0 --numeric-owner --mode=u=rwX,go=rX \
	--mtime=@$${SOURCE_DATE_EPOCH:-$$(git log -1 --format=%ct)}

dist: $(BOM) ## build what a release consists of: TARGETS, bills of materials, the rest in an archive, sums
	rm -rf dist bin/share
	mkdir -p dist
	@for target in $(TARGETS); do \
		file=dist/capinspect-$${target%/*}-$${target#*/} && echo $$file && \
		GOOS=$${target%/*} GOARCH=$${target#*/} $(PORTABLE) $(BUILD) -o $$file ./cmd/capinspect && \
		$(BOM) bin -json -std -noserial -notimestamp -output $$file.cdx.json $$file || exit; \
	done
	$(MAKE) -s install-share DESTDIR=bin/ PREFIX=share
	$(ARCHIVE) -C bin/share share | gzip -9n >dist/capinspect-share.tar.gz
	$(ARCHIVE) -C $(CURDIR)/cmd/kubectl-capinspect kubectl-capinspect -C $(CURDIR) LICENSE | gzip -9n >dist/kubectl-capinspect.tar.gz
	cd dist && LC_ALL=C sha256sum capinspect-* kubectl-capinspect.tar.gz >SHA256SUMS

bin/packaging: $(wildcard cmd/packaging/*)
	cd cmd/packaging && CGO_ENABLED=0 GOOS= GOARCH= $(GO) build -trimpath -o ../../$@ .

packages: $(PACKAGING) ## add a deb, an rpm and an apk of each Linux binary, zips and a formula for macOS, and the manifest for krew to what dist built
	$(PACKAGING) packages macos krew

images: $(PACKAGING) ## add an OCI layout with an image of each Linux binary to what dist built
	$(PACKAGING) images

distcheck: ## check what dist, packages and images built; DISTCHECK=-run: nothing may be left out for want of a file or a tool
	cd testdata/compare && $(GO) run ./release $(DISTCHECK)
	cd testdata/apk && $(GO) run . $(DISTCHECK)

repro: $(BOM) $(PACKAGING) ## build the last commit for TARGETS twice, in other folders and with empty caches, and compare
	@tmp=$$(mktemp -d) && trap 'rm -rf "$$tmp"' EXIT && for dir in a another/place; do \
		git clone -q . "$$tmp/$$dir" && GOCACHE="$$tmp/$$dir.cache" $(MAKE) -s -C "$$tmp/$$dir" dist packages images \
		BOM=$(abspath $(BOM)) PACKAGING=$(abspath $(PACKAGING)) || exit; \
	done && cd "$$tmp" && diff -r a/dist another/place/dist && cat a/dist/SHA256SUMS

clean: ## remove what was built
	rm -rf bin dist
