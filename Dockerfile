# The image of a k6 task or, with `--target demo`, of the demo target. The last stages only copy, so building for another
# architecture needs no emulation: `docker build --platform linux/arm64 .`
#
# Base images are arguments, so that the build works without a registry (scripts/build-image.mjs). They may be any
# Debian-like images, one with the Go version of go.mod, one with Node 20 or later and npm. To pin one by digest, use
# `--build-arg NODE_IMAGE=node:…-bookworm-slim@sha256:…`; `docker buildx imagetools inspect IMAGE` prints the digest.
ARG GO_IMAGE=golang:1.26.8-bookworm
ARG NODE_IMAGE=node:22.23.3-bookworm-slim

# npm packages and the bundler, for the stages below.
FROM --platform=$BUILDPLATFORM ${NODE_IMAGE} AS packages
WORKDIR /src
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --no-audit --no-fund
COPY tsconfig.json ./
COPY scripts/build-bundles.mjs scripts/

FROM packages AS demo-build
COPY demo demo
# The bundles are ES modules, which Node learns from a package.json beside them.
RUN node scripts/build-bundles.mjs demo && echo '{"type":"module"}' >dist/package.json

FROM ${NODE_IMAGE} AS demo
COPY --from=demo-build /src/dist/package.json /src/dist/demo.js /opt/k6-fleet/
EXPOSE 8080
USER 10001:10001
# The demo listens on loopback by default; the load balancer needs all interfaces. A command adds flags to these.
ENTRYPOINT ["node", "/opt/k6-fleet/demo.js", "--host", "0.0.0.0", "--port", "8080"]
CMD []

FROM packages AS worker
COPY core core
COPY stores stores
COPY worker worker
RUN node scripts/build-bundles.mjs worker && echo '{"type":"module"}' >dist/package.json
# An empty folder, because the stage of the image can only copy.
RUN mkdir -p /out/work

FROM --platform=$BUILDPLATFORM ${GO_IMAGE} AS k6
WORKDIR /src
COPY scripts/build-k6.sh scripts/
COPY k6 k6
# The source of Go modules, if not Go's default.
ARG GOPROXY
ARG GOSUMDB
ARG GONOSUMDB
ARG GOPRIVATE
ARG GOFLAGS
ARG TARGETOS
ARG TARGETARCH
RUN GOOS=$TARGETOS GOARCH=$TARGETARCH sh scripts/build-k6.sh /out/k6

FROM ${NODE_IMAGE} AS task
COPY --from=k6 /out/k6 /opt/k6-fleet/k6
COPY --from=worker /src/dist/package.json /src/dist/worker.js /opt/k6-fleet/
# The only folder that a task writes to. ECS gives an empty volume at this path the owner that it has here:
# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/bind-mounts.html
COPY --from=worker --chown=10001:10001 /out/work /work
VOLUME /work
# The root is read-only, so the home and temporary folders are on the volume.
ENV K6_FLEET_K6=/opt/k6-fleet/k6 \
    K6_FLEET_WORK_DIR=/work/task \
    HOME=/work \
    TMPDIR=/work
WORKDIR /work
USER 10001:10001
# The worker holds a few windows at most; 512 MiB leaves the rest of the task's memory to k6.
ENTRYPOINT ["node", "--max-old-space-size=512", "/opt/k6-fleet/worker.js"]
CMD []
