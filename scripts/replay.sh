#!/usr/bin/env bash
# Replays the whole online-retail file through an ephemeral stack, twice, and reconciles after each.
set -eu
cd "$(dirname "$0")/.."
data=${FRESHET_DATA:-../shared/data}/online_retail.csv.gz
[ -f "$data" ] || { echo "The online-retail file is not at $data: set FRESHET_DATA to its folder." >&2; exit 1; }
dir=$(mktemp -d)
stack=''
trap '[ -n "$stack" ] && kill "$stack"; wait 2>/dev/null; rm -rf "$dir"' EXIT
bin/freshet up --dir "$dir/data" --ephemeral --addresses-file "$dir/addresses.json" >"$dir/up.log" 2>&1 &
stack=$!
for _ in $(seq 600); do [ -f "$dir/addresses.json" ] && break; sleep 0.1; done
[ -f "$dir/addresses.json" ] || { cat "$dir/up.log" >&2; exit 1; }
for round in first second; do
  echo "== the $round replay"
  bin/freshet replay online-retail "$data" --addresses-file "$dir/addresses.json"
  bin/freshet reconcile --expect online-retail --wait 120s --addresses-file "$dir/addresses.json"
done
