#!/bin/sh
# The first process of a container, already in namespaces of its own: mounts its file systems, then runs its command,
# as PID 1 itself or, where an init is asked for, below this shell, which then forwards SIGTERM and SIGINT, reaps
# orphans and ends as its command does.
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
# A signal interrupts wait, with a status that says nothing of the command: only once it is reaped is the status its own.
while :; do
  status=0
  wait "$main" || status=$?
  kill -0 "$main" 2>/dev/null || exit "$status"
done
