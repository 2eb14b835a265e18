#!/usr/bin/env bash
# Says in one sentence what is missing.
set -eu
command -v go >/dev/null || { echo "Freshet needs Go 1.26 or later: install it from your package manager or go.dev, then run make again." >&2; exit 1; }
command -v npm >/dev/null || { echo "Freshet needs npm (it comes with Node.js 20 or later) to fetch the embedded ClickHouse engine: install Node.js, then run make again." >&2; exit 1; }
have=$(go env GOVERSION | sed -E 's/^go([0-9]+)\.([0-9]+).*/\1 \2/')
read -r major minor <<<"$have"
if [ "$major" -lt 1 ] || { [ "$major" -eq 1 ] && [ "$minor" -lt 26 ]; }; then
  echo "Freshet needs Go 1.26 or later; this is $(go env GOVERSION)." >&2
  exit 1
fi
