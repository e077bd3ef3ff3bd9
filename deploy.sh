#!/bin/sh
# ./deploy.sh --environment dev|staging|prod [--bucket BUCKET]
exec "$(dirname "$0")/scripts/responder" deploy "$@"
