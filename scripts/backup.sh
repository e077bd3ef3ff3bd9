#!/bin/sh
# Every day: tables, stack, operators' documents and code into BACKUP_BUCKET, a bucket of this account.
[ -n "${BACKUP_BUCKET:-}" ] || {
    echo "backup: BACKUP_BUCKET is not set. Name the S3 bucket, for example:" \
        "BACKUP_BUCKET=my-backups scripts/backup.sh" >&2
    exit 2
}
exec "$(dirname "$0")/responder" backup --bucket "$BACKUP_BUCKET" "$@"
