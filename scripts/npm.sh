#!/usr/bin/env bash
# npm.sh PACKAGE VERSION: installs one npm package into .tools, once.
set -eu
cd "$(dirname "$0")/.."
manifest=.tools/node_modules/$1/package.json
if [ -f "$manifest" ] && grep -q "\"version\": *\"$2\"" "$manifest"; then exit 0; fi
echo "installing $1 $2 (once)"
mkdir -p .tools
[ -f .tools/package.json ] || echo '{"private": true}' > .tools/package.json
if ! npm install --prefix .tools --ignore-scripts --no-audit --no-fund --no-package-lock --loglevel=error "$1@$2" >.tools/npm.log 2>&1; then
  cat .tools/npm.log >&2
  echo "npm could not install $1@$2: the lines above are its own; check that the npm registry is reachable." >&2
  exit 1
fi
