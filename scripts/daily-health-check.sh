#!/bin/sh
# Every morning: the last 24 hours, component by component, then throughput and costs.
cli="$(dirname "$0")/responder"
"$cli" health --window 1440 "$@"; healthy=$?
"$cli" report daily "$@" || exit
exit $healthy
