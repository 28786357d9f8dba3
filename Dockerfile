# SPDX-License-Identifier: Apache-2.0

# Two ways in:
#
#   docker build .    compiles for the target platform
#   make image        packs the binary that the local Go built (--target prebuilt)
#
# The stages that need no base image come first, because docker's classic
# builder builds every stage that stands before its target, wanted or not.

FROM scratch AS base
LABEL org.opencontainers.image.title="capinspect" \
      org.opencontainers.image.description="Which Linux capabilities does this process really have, and why?" \
      org.opencontainers.image.url="https://github.com/capinspect/capinspect" \
      org.opencontainers.image.source="https://github.com/capinspect/capinspect" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY docs/licenses/ /licenses/
ENTRYPOINT ["/capinspect"]

# A pattern beside LICENSE, so that the classic builder gets past this stage
# where there is no binary.
FROM base AS prebuilt
COPY LICENSE bin/capinspec[t] /

FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN make build

# For namespaces that require another user than root.
FROM base AS nonroot
COPY --from=build /src/LICENSE /src/bin/capinspect /
USER 65532:65532

# Names no user, so that it shows what a pod gets by default.
FROM base AS default
COPY --from=build /src/LICENSE /src/bin/capinspect /
