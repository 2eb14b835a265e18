#!/usr/bin/env bash
# Every figure of docs/benchmarks.md but those of make bench-collector, make test-kafka and make fuzz, in about a quarter of an hour: run it on a machine that does nothing else.
set -eu
cd "$(dirname "$0")/.."
echo "== machine: $(nproc) cores, $(awk '/MemTotal/ {printf "%d GiB", $2 / 1048576}' /proc/meminfo), $(go env GOVERSION), $(date -u +%F)"
bench() { go test -run '^$' -bench "$2" -benchmem "${@:3}" "$1" | grep -E '^Benchmark'; }
bench ./services/collector 'HTTP|Decode|Stream|Unary|Admission'
bench ./services/collector/spool .
bench ./services/collector/quota .
bench ./services/collector/plan .
bench ./services/collector/enrich .
bench ./services/freshet 'Import'
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
