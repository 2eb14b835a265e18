#!/usr/bin/env bash
# The figures of docs/churn.md on online-retail and on the simulator: two stacks of their own, one after the other, the data sets that they give, our families
# beside what a shop could have without them (services/churn/bars), and a sequence model beside both (Python, into SEQUENCE_VENV or .tools/sequence-venv, about 500 MB;
# SEQUENCE=no leaves it out). A quarter of an hour on two cores. KEEP=DIR keeps the data sets there.
set -eu
cd "$(dirname "$0")/.."
retail=${FRESHET_DATA:-../shared/data}/online_retail.csv.gz
[ -f "$retail" ] || { echo "The online-retail file is not at $retail: set FRESHET_DATA to its folder." >&2; exit 1; }
dir=$(mktemp -d)
data=${KEEP:-$dir/sets}
mkdir -p "$data"
data=$(cd "$data" && pwd)
stack=''
down() { [ -z "$stack" ] || { kill "$stack"; wait "$stack" 2>/dev/null || true; stack=''; rm -rf "$dir/stack"; }; }
trap 'down; rm -rf "$dir"' EXIT
at() { bin/freshet "$@" --addresses-file "$dir/addresses.json"; }
up() {
  rm -f "$dir/addresses.json"
  bin/freshet up --dir "$dir/stack" --ephemeral --addresses-file "$dir/addresses.json" >"$dir/up.log" 2>&1 &
  stack=$!
  for _ in $(seq 600); do [ -f "$dir/addresses.json" ] && return; sleep 0.1; done
  cat "$dir/up.log" >&2
  exit 1
}
buyers='orders_lifetime >= 1 && days_since_last_order <= 365 && has(first_named)' # as the shipped forecasts have it
# set FILE DATES HORIZON AMONG [OPTION...]
set_of() { at churn dataset -o "$data/$1.parquet" --dates "$2" --horizon "$3" --among "$4" --mode event_time "${@:5}" 2>"$dir/dataset.log" || { cat "$dir/dataset.log" >&2; exit 1; }; }
events() { at sql "SELECT customer_id, toUnixTimestamp64Milli(occurred_at), if(type = 'track', name, type), JSONExtractFloat(properties, 'total') FROM dw.events_current FORMAT CSV" >"$data/$1_events.csv"; }

echo "== machine: $(nproc) cores, $(awk '/MemTotal/ {printf "%d GiB", $2 / 1048576}' /proc/meminfo), $(go env GOVERSION), $(date -u +%F), $(git rev-parse --short HEAD)"
echo "== online-retail"
up
at replay online-retail "$retail" 2>/dev/null
at reconcile --expect online-retail --wait 300s | tail -1
months=$(printf '2011-%02d-01,' 1 2 3 4 5 6 7 8 9)
set_of retail_churned_60d "${months}2011-10-01" 60d "$buyers"
set_of retail_churned_90d "${months%,}" 90d "$buyers"
set_of retail_repurchase_30d "${months}2011-10-01,2011-11-01" 30d "$buyers" --outcome any
set_of retail_spend_next_90d "${months%,}" 90d "$buyers" --outcome sum --counts spend_lifetime
events retail
down

echo "== simulator"
up
at simulate --customers "${CUSTOMERS:-3000}" --days 365 --duration 0 --run bars --truth "$data" 2>/dev/null
at reconcile --wait 300s | tail -1
week() { date -u -d "-$((52 - $1)) weeks" +%F; }
weeks() { for w in $(seq "$@"); do week "$w"; done | paste -sd,; }
here="orders_lifetime >= 1 && days_since_last_seen <= 30 && has(first_named)" # who has not left as far as anybody can see
set_of sim_churned_60d "$(weeks 8 4 40)" 60d "$buyers"
set_of sim_churned_7d "$(weeks 36 1 51)" 7d "$buyers"
set_of sim_gone_60d "$(weeks 8 4 40)" 60d "$here" --counts events_lifetime
set_of sim_gone_7d "$(weeks 36 1 51)" 7d "$here" --counts events_lifetime
at sql "SELECT DISTINCT identifier_value, customer_id FROM dw.events_current WHERE identifier_type = 'user_id' FORMAT CSVWithNames" >"$data/ids.csv"
events sim
down

echo "== our families, and what a shop could have without them"
FRESHET_BARS=$data go test -count 1 -timeout 60m ./services/churn/bars >"$dir/test.log" 2>&1 || { cat "$dir/test.log" >&2; exit 1; }
cat "$data"/retail_*.txt "$data"/sim_*.txt
echo "== every family, on the newest dates: freshet churn evaluate --time at"
bin/freshet churn evaluate --table "$data/retail_churned_60d.parquet" --label churned_60d --time at --horizon 60d --test-share .1 2>/dev/null
[ "${SEQUENCE:-yes}" = yes ] || exit 0
echo "== a sequence model over the last 50 events"
venv=${SEQUENCE_VENV:-.tools/sequence-venv}
[ -x "$venv/bin/python" ] || python3 -m venv "$venv"
"$venv/bin/pip" install -q --disable-pip-version-check -r scripts/oracles/sequence.requirements.txt
"$venv/bin/python" scripts/oracles/sequence.py "$data" retail_churned_60d "$data/retail_events.csv" churned_60d 60
"$venv/bin/python" scripts/oracles/sequence.py "$data" sim_churned_60d "$data/sim_events.csv" churned_60d 60
"$venv/bin/python" scripts/oracles/sequence.py "$data" sim_gone_60d "$data/sim_events.csv" churned_60d 60
