#!/usr/bin/env bash
# load.sh RATE SECONDS [CUSTOMERS]: the whole standalone stack under a steady load of simulated live events, with alerts going to a
# local webhook; a rate of 0 leaves it idle. With CUSTOMERS so many are made known first, by SESSIONS visits a day (0.1) of the last DAYS (30), and with TRAIN=TARGET a model is made of them, and the load is of
# them; else it is of 20,000 whom nobody knows yet. Prints what was sent, CPU (of a core, without the start and without the generator), freshness by
# stage, records a commit, memory, and whether the books balance. FRESHET names another binary than bin/freshet: to compare two, run them by turns.
# PROFILE=file writes a CPU profile of freshet under the load, for go tool pprof.
set -eu
cd "$(dirname "$0")/.."
rate=${1:-10000} seconds=${2:-30} customers=${3:-} freshet=${FRESHET:-bin/freshet}
dir=$(mktemp -d)
stack='' hook=''
port=${PORT:-19999}
trap '[ -n "$stack" ] && kill "$stack" 2>/dev/null; [ -n "$hook" ] && kill "$hook" 2>/dev/null; wait; rm -rf "$dir"' EXIT
"$freshet" listen --address "127.0.0.1:$port" >"$dir/alerts" 2>/dev/null & hook=$!
begun=$(date +%s%N)
"$freshet" up --dir "$dir/data" --ephemeral --addresses-file "$dir/a.json" --webhook "http://127.0.0.1:$port/" ${PROFILE:+--profiles} >"$dir/up.log" 2>&1 & stack=$!
for _ in $(seq 1200); do [ -f "$dir/a.json" ] && break; sleep 0.05; done
[ -f "$dir/a.json" ] || { cat "$dir/up.log" >&2; exit 1; }
echo "ready after $((($(date +%s%N) - begun) / 1000000)) ms"
engine=$(pgrep -P "$stack" | head -1)
ticks() { awk '{print $14 + $15}' "/proc/$1/stat"; }
metrics=$(sed -n 's/.*"metrics": *"\([^"]*\)".*/\1/p' "$dir/a.json")
if [ -n "$customers" ]; then
  "$freshet" simulate --addresses-file "$dir/a.json" --customers "$customers" --days "${DAYS:-30}" --sessions "${SESSIONS:-0.1}" --duration 0 --connections 8 2>&1 \
    | sed -n 's/^\(.* sent, .*\)/history: \1/p'
  "$freshet" reconcile --wait 1800s --addresses-file "$dir/a.json" | tail -1
  [ -z "${TRAIN:-}" ] || "$freshet" churn train --target "$TRAIN" --addresses-file "$dir/a.json" 2>/dev/null | tail -1
  echo "known before the load: $("$freshet" sql --addresses-file "$dir/a.json" 'SELECT count() FROM dw.customers FORMAT TSV' | tail -1) customers," \
    "on disk $(du -sm "$dir/data" | cut -f1) MiB, resident MiB: freshet $(($(ps -o rss= -p "$stack") / 1024)), ClickHouse $(($(ps -o rss= -p "$engine") / 1024))"
fi
scrape() { curl -sS "http://$metrics/metrics" >"$dir/$1"; }
scrape before
[ "$rate" != 0 ] || sleep 3 # what a start leaves to do is no idling
[ -z "${PROFILE:-}" ] || curl -sS -H "Authorization: Bearer $("$freshet" token show --addresses-file "$dir/a.json")" -o "$PROFILE" "http://$metrics/debug/pprof/profile?seconds=$seconds" &
from=$(date +%s%N) ours=$(ticks "$stack") theirs=$(ticks "$engine")
if [ "$rate" = 0 ]; then
  sleep "$seconds"
else
  "$freshet" simulate --addresses-file "$dir/a.json" --days 0 --rate "$rate" --duration "${seconds}s" --customers "${customers:-20000}" --connections 8 2>&1 \
    | grep -E ' sent, '
fi
awk -v ms="$((($(date +%s%N) - from) / 1000000))" -v ours="$(($(ticks "$stack") - ours))" -v theirs="$(($(ticks "$engine") - theirs))" 'BEGIN {
  printf "CPU over %.1f s: freshet %.1f %% of a core, ClickHouse %.1f %%\n", ms / 1000, ours * 1000 / ms, theirs * 1000 / ms }'
ended=$(date +%s%N)
"$freshet" reconcile --wait 120s --addresses-file "$dir/a.json" | tail -1
[ "$rate" = 0 ] || echo "caught up after $((($(date +%s%N) - ended) / 1000000)) ms"
# Quantiles are the upper bounds of the histogram's buckets: "p99 <= 1" means 99 % took at most a second.
# What came before the load is taken off.
scrape after
awk '
  NR == FNR { was[$1] = $NF; next }
  /^freshet_freshness_seconds_bucket/ {
    match($0, /stage="[^"]*"/); s = substr($0, RSTART + 7, RLENGTH - 8)
    match($0, /le="[^"]*"/); le = substr($0, RSTART + 4, RLENGTH - 5)
    n[s]++; bound[s, n[s]] = le; count[s, n[s]] = $NF - was[$1]
  }
  END {
    for (s in n) {
      total = count[s, n[s]]; if (total == 0) continue
      line = sprintf("freshness %-13s n=%d", s, total)
      split("0.5 0.9 0.99", q, " ")
      for (i = 1; i <= 3; i++) for (b = 1; b <= n[s]; b++) if (count[s, b] >= q[i] * total) { line = line sprintf("  p%g <= %ss", 100 * q[i], bound[s, b]); break }
      print line
    }
  }' "$dir/before" "$dir/after" | sort
awk '
  /^freshet_stream_commit_records_(sum|count)/ { match($0, /processor="[^"]*"/); n[substr($0, RSTART + 11, RLENGTH - 12), ($0 ~ /_sum/)] = $NF; p[substr($0, RSTART + 11, RLENGTH - 12)] }
  END { for (k in p) if (n[k, 0]) printf "commits %-20s %d, records each %.1f\n", k, n[k, 0], n[k, 1] / n[k, 0] }' "$dir/after" | sort
echo "resident MiB: freshet $(($(ps -o rss= -p "$stack") / 1024)), ClickHouse $(($(ps -o rss= -p "$engine") / 1024)); alerts delivered: $(wc -l <"$dir/alerts")"
echo "on disk: $(du -sh "$dir/data" | cut -f1)"
