#!/bin/sh
# Every day: table exports, stack description and code into BACKUP_BUCKET.
exec "$(dirname "$0")/responder" backup --bucket "${BACKUP_BUCKET:-mcp-responder-backups}" "$@"
