#!/bin/sh
# tests/smoke-tests.sh dev|staging|prod: the deployed stack is well and one alert gets its card.
set -e
export STACK_NAME="mcp-incident-responder-${1:?which environment: dev, staging or prod}"
cli="$(dirname "$0")/../scripts/responder"
"$cli" health
printf '{"source": "smoke-test", "title": "Smoke test", "message": "Please ignore",
  "severity": "INFO"}' | "$cli" inject /dev/stdin --wait
