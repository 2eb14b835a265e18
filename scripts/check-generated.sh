#!/usr/bin/env bash
# Generated files must be what the generators make now.
set -eu
cd "$(dirname "$0")/.."
before=$(git status --porcelain -- proto docs; git diff -- proto docs | sha256sum)
buf generate
go run ./services/docgen
after=$(git status --porcelain -- proto docs; git diff -- proto docs | sha256sum)
if [ "$before" != "$after" ]; then
  git status --short -- proto docs
  echo "Generated files are out of date: run make generate and commit the result." >&2
  exit 1
fi
echo "generated files: up to date"
