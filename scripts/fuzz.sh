#!/usr/bin/env bash
# fuzz.sh: FUZZ_TOTAL mutated bodies (ten million unless told otherwise) through the collector's decoder at full speed, then every
# fuzz target that there is, one after another, for a hundredth of that
# each, guided by coverage. Prints a table of what ran. Ends at the first failure, whose input go test keeps under testdata/fuzz.
set -eu
cd "$(dirname "$0")/.."
total=${FUZZ_TOTAL:-10000000}
each=$(((total + 99) / 100))
log=$(mktemp)
trap 'rm -f "$log"' EXIT
sum=0
row() { printf '%-40s %-26s %12s %9s\n' "$@"; }
row package target executions seconds
begun=$SECONDS
FRESHET_MUTATIONS=$total go test -timeout 0 -count 1 -run '^TestMutatedBodies$' -v ./services/collector >"$log" 2>&1 || { tail -50 "$log" >&2; exit 1; }
grep -q -- '--- PASS: TestMutatedBodies' "$log" || { cat "$log" >&2; exit 1; }
row ./services/collector TestMutatedBodies "$total" $((SECONDS - begun))
sum=$total
for package in $(git grep -l '^func Fuzz' -- '*_test.go' | xargs -n1 dirname | sort -u | sed 's|^|./|'); do
  for name in $(cat "$package"/*_test.go 2>/dev/null | sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\)(f \*testing\.F).*/\1/p'); do
    begun=$SECONDS
    # Shrinking what is merely interesting costs more than it brings: a minute a find.
    go test -run '^$' -fuzz "^$name\$" -fuzztime "${each}x" -fuzzminimizetime 0x "$package" >"$log" 2>&1 || { tail -50 "$log" >&2; exit 1; }
    ran=$(sed -n 's/.*execs: \([0-9]*\).*/\1/p' "$log" | tail -1)
    row "$package" "$name" "${ran:-0}" $((SECONDS - begun))
    sum=$((sum + ${ran:-0}))
  done
done
echo "$sum executions, no failure"
