#!/usr/bin/env bash
# bench-collector.sh [--quick] [loadtest's flags]: the collector against a null handler and in every ack mode, each part a
# process of its own, turn by turn in one run. Under six minutes; --quick under two. Run it on a machine that does nothing else.
set -eu
cd "$(dirname "$0")/.."
args=(-time 5s -rounds 3)
if [ "${1:-}" = --quick ]; then shift; args=(-time 2s -rounds 1); fi
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
go build -o "$dir/loadtest" ./services/collector/loadtest
echo "machine: $(nproc) cores, $(awk '/MemTotal/ {printf "%d GiB", $2 / 1048576}' /proc/meminfo), $(go env GOVERSION), $(date -u +%F), load before: $(cut -d' ' -f1 /proc/loadavg)"
"$dir/loadtest" -collector bin/freshet-collector "${args[@]}" "$@"
