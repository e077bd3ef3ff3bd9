#!/bin/sh
# tests/smoke-tests.sh dev|staging|prod: one alert gets its card, and the deployed stack is well.
# Exits 1 without a card. Exits 10 where only something else is failing, which may be older than
# what was deployed: dead letters that wait for their redrive, a heartbeat that is not due yet.
export STACK_NAME="mcp-incident-responder-${1:?which environment: dev, staging or prod}"
cli="$(dirname "$0")/../scripts/responder"
printf '{"source": "smoke-test", "title": "Smoke test", "message": "Please ignore",
  "severity": "INFO"}' | "$cli" inject /dev/stdin --wait || exit 1
"$cli" health || exit 10
