#!/usr/bin/env bash
# engine.sh VERSION: installs the embedded ClickHouse engine for this platform.
set -eu
case "$(uname -s)/$(uname -m)" in
  Linux/x86_64) platform=linux-x64-gnu ;;
  Linux/aarch64) platform=linux-arm64-gnu ;;
  Darwin/arm64) platform=darwin-arm64 ;;
  Darwin/x86_64) platform=darwin-x64 ;;
  *) echo "There is no embedded ClickHouse for $(uname -s)/$(uname -m): run Freshet with docker compose instead." >&2; exit 1 ;;
esac
exec "$(dirname "$0")/npm.sh" "@chdb/lib-$platform" "$1"
