#!/bin/sh
# run.sh [HISTORIES [KILLS]]: checks HISTORIES histories each in memory, on disk and on disk with --sync, and KILLS histories
# of each kind with a kill; README.md. Exits with 77, which CTest takes for a skipped test, if Go is missing.
set -eu
cd "$(dirname "$0")"
PATH=$PATH:/usr/local/go/bin:/usr/lib/go/bin
if ! command -v go >/dev/null 2>&1; then
  echo "isolation: skipped, there is no Go (packages.txt: golang-go)"
  exit 77
fi
export ISOLATION_HISTORIES="${1:-100}" ISOLATION_KILLS="${2:-10}"
exec go test -count=1 -timeout 3h -v .
