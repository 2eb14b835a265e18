#!/usr/bin/env bash
# Replays the whole online-retail file into a stack that is killed (kill -9) at random moments, ten times by
# default, and reconciles: every number must come out exactly. Usage: scripts/replay-kill.sh [KILLS] [SEED]
set -u
cd "$(dirname "$0")/.."
kills=${1:-10}
RANDOM=${2:-$(date +%N | sed 's/^0*//')}
data=${FRESHET_DATA:-../shared/data}/online_retail.csv.gz
[ -f "$data" ] || { echo "The online-retail file is not at $data: set FRESHET_DATA to its folder." >&2; exit 1; }
dir=$(mktemp -d)
stack='' replay=''
alive() { [ -n "$1" ] && kill -0 "$1" 2>/dev/null; }
cleanup() {
  alive "$replay" && kill -9 "$replay"
  alive "$stack" && kill "$stack"
  wait 2>/dev/null
  rm -rf "$dir"
}
trap cleanup EXIT

# Fixed ports, so that the client meets the restarted stack where it left it.
start() {
  rm -f "$dir/addresses.json"
  bin/freshet up --dir "$dir/data" --addresses-file "$dir/addresses.json" >>"$dir/up.log" 2>&1 &
  stack=$!
}
ready() {
  for _ in $(seq 600); do
    [ -f "$dir/addresses.json" ] && return 0
    alive "$stack" || { tail -5 "$dir/up.log" >&2; echo "the stack did not start" >&2; exit 1; }
    sleep 0.1
  done
  tail -5 "$dir/up.log" >&2; echo "the stack did not become ready" >&2; exit 1
}

start; ready
killed=0
while :; do
  if ! alive "$replay"; then
    # Ten kills take longer than one replay: it is begun again, which by itself must change nothing.
    bin/freshet replay online-retail "$data" --addresses-file "$dir/addresses.json" >"$dir/replay.log" 2>&1 &
    replay=$!
  fi
  [ "$killed" -ge "$kills" ] && break
  sleep "$((RANDOM % 4)).$((RANDOM % 10))"
  kill -9 $stack; wait $stack 2>/dev/null
  killed=$((killed + 1))
  echo "kill $killed of $kills; the replay is $(alive "$replay" && echo under way || echo over)"
  start
  [ $((RANDOM % 3)) -eq 0 ] && { sleep "0.$((RANDOM % 10))"; kill -9 $stack; wait $stack 2>/dev/null; start; } # in the middle of the start, too
  ready
done
wait "$replay"
bin/freshet replay online-retail "$data" --addresses-file "$dir/addresses.json" | tail -2 || exit 1
bin/freshet reconcile --expect online-retail --wait 120s --addresses-file "$dir/addresses.json" >"$dir/reconcile.txt"
status=$?
if [ $status -ne 0 ]; then cat "$dir/reconcile.txt"; else tail -1 "$dir/reconcile.txt"; fi
exit $status
