#!/bin/sh
# Every five minutes, from cron: tells ALERT_TOPIC_ARN (an SNS topic) when a component is failing.
exec "$(dirname "$0")/responder" health --window 5 "$@"
