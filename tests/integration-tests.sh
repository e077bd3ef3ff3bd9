#!/bin/sh
# tests/integration-tests.sh dev|staging|prod: sample alerts through the deployed stack, to cards.
: "${1:?which environment: dev, staging or prod}"
cli="$(dirname "$0")/../scripts/responder" STACK_NAME="mcp-incident-responder-$1"
export STACK_NAME
for sample in generic/firing alertmanager/firing cloudwatch/sns_http_envelope; do
  "$cli" inject --sample "$sample" --wait || exit
done
