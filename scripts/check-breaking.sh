#!/usr/bin/env bash
# The contracts may grow and must not break: compared with the commit before, or with FRESHET_BASE.
set -eu
cd "$(dirname "$0")/.."
base=${FRESHET_BASE:-HEAD~1}
if ! git cat-file -e "$base:buf.yaml" 2>/dev/null; then
  echo "contracts: no earlier version to compare with"
  exit 0
fi
buf breaking --against ".git#ref=$(git rev-parse "$base")"
echo "contracts: no breaking change against $base"
