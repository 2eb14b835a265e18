#!/usr/bin/env bash
# test-browser.sh CLIENTS: runs the browser part of the conformance suite, with a Chromium
# that is here, else with Debian's, which it installs.
set -eu
cd "$(dirname "$0")/.."
find_chromium() {
  for name in chromium chromium-browser google-chrome; do
    command -v "$name" && return
  done
  return 1
}
if ! chromium=${CHROMIUM:-$(find_chromium)}; then
  if ! command -v apt-get >/dev/null || [ "$(id -u)" != 0 ]; then
    echo "make test-browser needs Chromium: install it, or set CHROMIUM to its path. (As root on Debian it is installed by itself.)" >&2
    exit 1
  fi
  echo "installing Chromium (once)"
  mkdir -p .tools
  if ! { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends chromium; } >.tools/apt.log 2>&1; then
    tail -20 .tools/apt.log >&2
    echo "apt-get could not install chromium: the lines above are its own; check that Debian's mirror is reachable." >&2
    exit 1
  fi
  chromium=$(find_chromium)
fi
FRESHET_CLIENTS=$1 FRESHET_CHROMIUM=$chromium exec go test -count=1 -timeout 10m -run '^TestBrowser' ./services/collector/conformance/
