#!/bin/sh
# Sends the processing queue's dead letters back; --queue all for every queue, --yes not to be asked.
exec "$(dirname "$0")/responder" dlq reprocess "$@"
