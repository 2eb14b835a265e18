#!/usr/bin/env bash
# load-customers.sh [RATE] [SECONDS] [CUSTOMERS...]: the same load with 20,000, 200,000 and 1,000,000 customers who are known already, as a table: docs/benchmarks.md.
# What load.sh prints of each goes to standard error. A million need some ten million events of history first.
set -eu
cd "$(dirname "$0")/.."
rate=${1:-5000} seconds=${2:-30}
shift $(($# > 2 ? 2 : $#))
[ $# -gt 0 ] || set -- 20000 200000 1000000
log=$(mktemp)
trap 'rm -f "$log"' EXIT
echo "| customers | known | events/s sent | feature p99 | alert p99 | freshet MiB | ClickHouse MiB | disk before | disk after |"
echo "|---|---|---|---|---|---|---|---|---|"
for customers; do
  scripts/load.sh "$rate" "$seconds" "$customers" | tee "$log" >&2
  find() { sed -n "s/$1/\\1/p" "$log" | tail -1; }
  echo "| $customers | $(find '^known before the load: \([0-9]*\).*') | $(find '.* \([0-9.]*\) events\/s in .*') | $(find '^freshness feature .*p99 \(.*\)') | $(find '^freshness alert .*p99 \(.*\)')" \
    "| $(find '^resident MiB: freshet \([0-9]*\).*') | $(find '^resident MiB:.*ClickHouse \([0-9]*\).*') | $(find '^known.*on disk \([0-9]* MiB\).*') | $(find '^on disk: \(.*\)') |"
done
