#!/usr/bin/env bash
# load-turns.sh BEFORE AFTER [ROUNDS] [SECONDS]: two binaries of freshet under the same loads by turns, for docs/benchmarks.md: idle, 100, 1,000,
# 3,000, 5,000, 10,000 and an offered 20,000 events a second. RATES names others. "caught up after" is from the end of the load until the books balance.
set -eu
cd "$(dirname "$0")/.."
before=$1 after=$2 rounds=${3:-3} seconds=${4:-30}
for rate in ${RATES:-0 100 1000 3000 5000 10000 20000}; do
  for round in $(seq "$rounds"); do
    for binary in "$before" "$after"; do
      echo "== $rate/s, round $round, $binary, load average $(cut -d' ' -f1 /proc/loadavg)"
      FRESHET=$binary scripts/load.sh "$rate" "$seconds" | grep -E ' sent, |CPU|balance|caught up|alert  |warehouse  |commits|resident'
    done
  done
done
