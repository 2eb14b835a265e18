#!/usr/bin/env bash
# Every figure of docs/benchmarks.md, in about ten minutes: run it on a machine that does nothing else.
set -eu
cd "$(dirname "$0")/.."
echo "== machine: $(nproc) cores, $(awk '/MemTotal/ {printf "%d GiB", $2 / 1048576}' /proc/meminfo), $(go env GOVERSION), $(date -u +%F)"
bench() { go test -run '^$' -bench "$2" -benchmem "${@:3}" "$1" | grep -E '^Benchmark'; }
bench ./services/collector 'HTTP|Decode'
bench ./services/identity 'Known|Follow'
bench ./services/identity/graph .
bench ./services/feature .
bench ./services/segmentation .
bench ./services/warehouse . -benchtime 400000x
bench ./services/gateway .
bench ./pkg/stream . -benchtime 200000x
for rate in 5000 8500 10000; do
  echo "== whole stack at $rate events/s"
  scripts/load.sh "$rate" 30
done
echo "== the online-retail file"
time scripts/replay.sh
