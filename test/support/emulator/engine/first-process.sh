#!/bin/sh
# The first process of a container, already in its own namespaces: mounts its file systems, then runs its command,
# either as PID 1 or, with an init, as a child of this shell, which forwards SIGTERM and SIGINT, reaps orphans and exits
# with its command's status.
# usage: first-process.sh FSTAB INIT COMMAND...     (INIT: true or false)
set -eu
fstab=$1 init=$2
shift 2
main=
if [ "$init" = true ]; then
  trap '[ -n "$main" ] || exit 143; kill -TERM "$main" 2>/dev/null || :' TERM
  trap '[ -n "$main" ] || exit 130; kill -INT "$main" 2>/dev/null || :' INT
fi
# PATH is the image's.
PATH=/usr/sbin:/usr/bin:/sbin:/bin mount --all --fstab "$fstab"
unset PWD
[ "$init" = true ] || exec "$@"
"$@" &
main=$!
# A signal interrupts wait with a status of its own; the status is the command's only once the command has been reaped.
while :; do
  status=0
  wait "$main" || status=$?
  kill -0 "$main" 2>/dev/null || exit "$status"
done
