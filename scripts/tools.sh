#!/usr/bin/env bash
# tools.sh NAME PACKAGE VERSION: installs one Go tool into .tools/bin, once per version.
set -eu
cd "$(dirname "$0")/.."
stamp=.tools/bin/.$1-$3
[ -e "$stamp" ] && exit 0
echo "installing $1 $3 (once; this can take a minute or two)"
mkdir -p .tools/bin
GOBIN="$PWD/.tools/bin" GOWORK=off GOFLAGS=-buildvcs=false go install -ldflags '-s -w' "$2@$3"
touch "$stamp"
