#!/bin/sh
# What the last 30 days cost: Claude by our own metrics, AWS by Cost Explorer.
exec "$(dirname "$0")/responder" report monthly "$@"
