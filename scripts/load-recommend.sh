#!/usr/bin/env bash
# load-recommend.sh RATE SECONDS [SAMPLES]: how long it takes from an event's acceptance to the next list that knows it, on the whole standalone stack under a steady load
# of simulated live events; a rate of 0 leaves it idle. At most SAMPLES (100) times, and within the load, somebody new looks at an item, and is then asked for again and again until the list knows the
# event. Prints what was sent, the quantiles in ms with what asking itself takes in them, and the load average. FRESHET names another binary than bin/freshet.
set -eu
cd "$(dirname "$0")/.."
rate=${1:-1000} seconds=${2:-60} samples=${3:-100} freshet=${FRESHET:-bin/freshet}
dir=$(mktemp -d)
stack='' load=''
trap 'kill $load $stack 2>/dev/null || true; wait; rm -rf "$dir"' EXIT # a load that has ended already must not keep the stack alive
"$freshet" up --dir "$dir/data" --ephemeral --addresses-file "$dir/a.json" --write-key loadrecommend-1 >"$dir/up.log" 2>&1 & stack=$!
for _ in $(seq 1200); do [ -f "$dir/a.json" ] && break; sleep 0.05; done
[ -f "$dir/a.json" ] || { cat "$dir/up.log" >&2; exit 1; }
if [ "$rate" != 0 ]; then
  "$freshet" simulate --addresses-file "$dir/a.json" --days 0 --rate "$rate" --duration "${seconds}s" --write-key loadrecommend-1 --customers 20000 --connections 8 >"$dir/load" 2>&1 & load=$!
  sleep 5
fi
python3 - "$dir/a.json" "$("$freshet" token show --addresses-file "$dir/a.json")" "$samples" "$((rate == 0 ? 3600 : seconds - 6))" <<'END'
import base64, http.client, json, sys, time
doors, token, samples = json.load(open(sys.argv[1])), sys.argv[2], int(sys.argv[3])
ends = time.monotonic() + int(sys.argv[4]) # samples behind the end of the load would tell of an idle stack
def door(name):
    return http.client.HTTPConnection(doors[name].split("//")[-1], timeout=30)
def call(to, path, body, key):
    to.request("POST", path, json.dumps(body), {"Content-Type": "application/json", "Authorization": key})
    answer = to.getresponse()
    text = answer.read()
    if answer.status >= 300:
        sys.exit(f"{path}: {answer.status} {text[:300]}")
    return json.loads(text or "{}")
write = "Basic " + base64.b64encode(b"loadrecommend-1:").decode()
collector, api = door("collector_http"), door("api_http")
took, asking = [], []
for n in range(samples):
    if time.monotonic() > ends:
        break
    who, event = f"sample-{n}-{time.time_ns()}", f"item-{n % 20}"
    call(collector, "/v1/track", {"anonymousId": who, "event": "Product Viewed", "properties": {"product_id": event}}, write)
    accepted = time.monotonic()
    while True:
        began = time.monotonic()
        answer = call(api, "/v1/recommendations", {"id": "anonymous_id:" + who, "scene": "home", "dry_run": True}, "Bearer " + token)
        now = time.monotonic()
        asking.append(now - began)
        if int(answer.get("visitor_known_ms") or answer.get("visitorKnownMs") or 0):
            break
        if now - accepted > 60:
            sys.exit("60 s, and no list knows the event")
        time.sleep(.002)
    took.append(now - accepted)
    time.sleep(.05)
def quantiles(x):
    x.sort()
    return f"p50 {1000 * x[len(x) // 2]:.0f} ms, p99 {1000 * x[min(len(x) * 99 // 100, len(x) - 1)]:.0f} ms, most {1000 * x[-1]:.0f} ms"
print(f"event accepted to a list that knows it, {len(took)} samples: {quantiles(took)}; one asking: {quantiles(asking)}")
END
echo "load average: $(cut -d' ' -f1-3 /proc/loadavg)"
[ -z "$load" ] || { wait "$load" || true; load=''; grep -E ' sent, ' "$dir/load" || tail -3 "$dir/load"; }
