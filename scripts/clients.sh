#!/usr/bin/env bash
# clients.sh PACKAGE@VERSION...: installs published client libraries from npm into .tools, each once.
set -eu
for spec in "$@"; do
  "$(dirname "$0")/npm.sh" "${spec%@*}" "${spec##*@}"
done
