#!/bin/sh
# Builds k6 with our extensions: build-k6.sh OUTPUT. Needs nothing but Go, so that the image's Go stage can call it too.
# GOOS and GOARCH choose another platform. Without cgo, without paths and without the state of the checkout the binary
# is static and the same wherever it is built; without symbols and DWARF it is a third smaller, and panics still name lines.
set -eu
if [ $# -ne 1 ]; then
  echo "build-k6.sh: got $# arguments, takes one: the path of the binary to write" >&2
  exit 2
fi
case $1 in
  /*) output=$1 ;;
  *) output=$PWD/$1 ;;
esac
cd "$(dirname "$0")/../k6"
export CGO_ENABLED=0
exec go build -trimpath -buildvcs=false -ldflags='-s -w' -o "$output" .
