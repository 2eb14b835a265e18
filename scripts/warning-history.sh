#!/usr/bin/env bash
# warning-history.sh OUT.csv.gz [CUSTOMERS] [DAYS] [SEED]: what the features behind the early warnings were in a simulated history whose leavers are known, every five
# days of its last 300, for everybody who ever bought. Then: WARNING_HISTORY=OUT.csv.gz go test -v -run OnHistory ./services/churn/warning
# Needs bin/freshet, the engine (make engine) and python3. Ten minutes for 2,500 customers and 500 days on two cores.
set -eu
cd "$(dirname "$0")/.."
out=$1 customers=${2:-2500} days=${3:-500} seed=${4:-7}
dir=$(mktemp -d)
bin/freshet up --dir "$dir/data" --ephemeral --addresses-file "$dir/a.json" --write-key barkey-0001 >"$dir/up.log" 2>&1 &
stack=$!
trap 'kill $stack 2>/dev/null; wait $stack 2>/dev/null || true; rm -rf "$dir"' EXIT
for _ in $(seq 120); do [ -s "$dir/a.json" ] && break; sleep 1; done
bin/freshet simulate --addresses-file "$dir/a.json" --write-key barkey-0001 --customers "$customers" --seed "$seed" --days "$days" --duration 0 --truth "$dir/truth" >&2
want=$(python3 -c 'import json,sys; print(json.loads(open(sys.argv[1]).readline())["events"])' "$dir/truth/counts.ndjson")
for _ in $(seq 300); do # until every good event is a fact
	have=$(bin/freshet sql --addresses-file "$dir/a.json" "SELECT count() FROM dw.events FINAL" | tr -dc 0-9)
	[ "${have:-0}" -ge "$want" ] && break
	sleep 1
done
echo "$have of $want events are facts" >&2
python3 - "$dir" <<'PY'
import csv, datetime as d, json, sys
dir = sys.argv[1]
last = json.loads(open(dir + "/truth/counts.ndjson").readline())["last"]
last = d.datetime.fromisoformat(last[:19] + "+00:00")
rows = csv.writer(open(dir + "/rows.csv", "w"), lineterminator="\n")
rows.writerow(["customer", "time", "person", "churn_at"])
for p in map(json.loads, open(dir + "/truth/people.ndjson")):
    who = "user_id:" + p["user_id"] if p.get("user_id") else "email:" + p.get("email", "")
    if p["kind"] in ("registered", "guest") and p["orders"] and who != "email:":
        left = p["churn_at"][:19] + "Z" if p.get("churn_at") else ""
        for back in range(0, 300, 5):
            rows.writerow([who, (last - d.timedelta(days=back)).strftime("%Y-%m-%dT%H:%M:%SZ"), p["person"], left])
PY
bin/freshet features history "$dir/rows.csv" --addresses-file "$dir/a.json" -o "$dir/history.csv" --mode event_time \
	--names orders_90d,orders_365d,sessions_30d,sessions_90d,last_order,purchase_cycle,since_complaint,orders_lifetime >&2
gzip -9nc "$dir/history.csv" >"$out"
