#!/bin/sh
# tests/integration-tests.sh dev|staging|prod: samples, made new by the time of day, to their cards.
set -e
export STACK_NAME="mcp-incident-responder-${1:?which environment: dev, staging or prod}"
home="$(dirname "$0")/.." now=$(date -u +%Y-%m-%dT%H:%M:%SZ)
for tool in generic alertmanager; do
  sed -E "s/\"(timestamp|startsAt)\": *\"[^\"]*\"/\"\1\": \"$now\"/" "$home/events/$tool/firing.json" |
    "$home/scripts/responder" inject /dev/stdin --wait
done
