#!/bin/sh
# Every day: table exports, stack description and code into BACKUP_BUCKET, a bucket of this account.
exec "$(dirname "$0")/responder" backup --bucket "${BACKUP_BUCKET:?says which S3 bucket keeps it}" "$@"
