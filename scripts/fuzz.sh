#!/usr/bin/env bash
# fuzz.sh: every fuzz target of the decoders that face strangers, one after another, FUZZ_TOTAL executions together (ten
# million unless told otherwise), and a table of what ran. Ends at the first failure, whose input go test keeps under testdata/fuzz.
set -eu
cd "$(dirname "$0")/.."
total=${FUZZ_TOTAL:-10000000}
packages=(./pkg/money ./pkg/customer $(go list -f '{{.Dir}}' ./services/collector/... | sed "s|^$PWD|.|"))
targets=()
for package in "${packages[@]}"; do
  for name in $(cat "$package"/*_test.go 2>/dev/null | sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\)(f \*testing\.F).*/\1/p'); do targets+=("$package $name"); done
done
each=$(((total + ${#targets[@]} - 1) / ${#targets[@]}))
log=$(mktemp)
trap 'rm -f "$log"' EXIT
sum=0
printf '%-36s %-34s %12s %9s\n' package target executions seconds
for target in "${targets[@]}"; do
  read -r package name <<<"$target"
  begun=$SECONDS
  go test -run '^$' -fuzz "^$name\$" -fuzztime "${each}x" "$package" >"$log" 2>&1 || { cat "$log" >&2; exit 1; }
  ran=$(sed -n 's/.*execs: \([0-9]*\).*/\1/p' "$log" | tail -1)
  printf '%-36s %-34s %12d %9d\n' "$package" "$name" "${ran:-0}" $((SECONDS - begun))
  sum=$((sum + ${ran:-0}))
done
echo "$sum executions of ${#targets[@]} targets, no failure"
