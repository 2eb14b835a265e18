#!/usr/bin/env bash
# kafka.sh: Apache Kafka (KRaft) on loopback ports, from Maven's jars, in .tools/kafka.
#
#   start [n]      n brokers (1: a node that is its own controller; more: with a controller beside them), emptied;
#                  prints their addresses, host:port,host:port
#   stop           ends all that start began, by process id
#   kill [i]       broker i (1 to n; 1 when not said) dies at once: SIGKILL
#   halt [i]       broker i is asked to end and hands its partitions over: SIGTERM
#   again [i]      broker i starts on the data it left
#   up [i]         broker i runs, whatever was done to it
#   pause|wake [i] broker i stands still and goes on: SIGSTOP, SIGCONT
#   data [i]       prints the folder of broker i's partitions
#
# FRESHET_KAFKA_PORT is the first broker's port (19092), those behind it are taken too; FRESHET_KAFKA_RUN is the folder of
# the running nodes: give both where two runs share .tools.
set -eu
cd "$(dirname "$0")/.."
home=$PWD/.tools/kafka
run=${FRESHET_KAFKA_RUN:-$home/run}
port=${FRESHET_KAFKA_PORT:-19092}
cluster=RnJlc2hldC1UZXN0cy0wMQ

fetch() {
  command -v java >/dev/null || { echo "make test-kafka needs Java 17 or later." >&2; exit 1; }
  command -v mvn >/dev/null || { echo "make test-kafka needs Maven to fetch Apache Kafka." >&2; exit 1; }
  [ ! -f "$home/libs/.complete" ] || return 0
  echo "fetching Apache Kafka (once)" >&2
  mvn -q -B -ntp -f third_party/kafka/pom.xml dependency:copy-dependencies -DoutputDirectory="$home/libs" >&2
  touch "$home/libs/.complete"
}

# prepare NODE ROLES ID makes a node's folder. A node is a number, or "controller".
prepare() {
  local at="PLAINTEXT://127.0.0.1:$(port_of "$1")" controller="CONTROLLER://127.0.0.1:$((port + 99))"
  case $2 in broker,controller) at=$at,$controller ;; controller) at=$controller ;; esac
  mkdir -p "$run/$1"
  sed -e "s|@ROLES@|$2|" -e "s|@ID@|$3|" -e "s|@LISTENERS@|$at|" -e "s|@DATA@|$run/$1/data|" -e "s|@REPLICATION@|$replication|" \
    -e "s|@CONTROLLER_ID@|$controller_id|" -e "s|@CONTROLLER@|$((port + 99))|" third_party/kafka/server.properties >"$run/$1/server.properties"
  echo "$heap" >"$run/$1/heap"
  java -XX:TieredStopAtLevel=1 -cp "$home/libs/*" kafka.tools.StorageTool format -t $cluster -c "$run/$1/server.properties" >"$run/$1/format.log" 2>&1 \
    || { cat "$run/$1/format.log" >&2; exit 1; }
}

port_of() { if [ "$1" = controller ]; then echo $((port + 99)); else echo $((port + $1 - 1)); fi; }

start() {
  local n=$1 i nodes
  fetch
  stop
  if [ "$n" = 1 ]; then
    replication=1 controller_id=1 heap=-Xmx1g
    prepare 1 broker,controller 1
    nodes=1
  else
    # Four small processes share the machine: what the compiler and the collector cost at the start counts for more than speed.
    replication=$((n < 3 ? n : 3)) controller_id=100 heap="-Xmx384m -XX:+UseSerialGC -XX:TieredStopAtLevel=1"
    nodes="controller $(seq -s ' ' "$n")"
    prepare controller controller 100
    for i in $(seq "$n"); do prepare "$i" broker "$i"; done
  fi
  for i in $nodes; do launch "$i"; done
  for i in $nodes; do answers "$i"; done
  for i in $(seq "$n"); do echo "127.0.0.1:$(port_of "$i")"; done | paste -sd,
}

launch() {
  # shellcheck disable=SC2046 # options, split at spaces
  java $(cat "$run/$1/heap") -cp "$home/libs/*" kafka.Kafka "$run/$1/server.properties" >>"$run/$1/kafka.log" 2>&1 </dev/null &
  echo $! >"$run/$1/pid"
}

# answers waits until the node takes connections.
answers() {
  local to
  to=$(port_of "$1")
  for _ in $(seq 600); do
    if (exec 3<>"/dev/tcp/127.0.0.1/$to") 2>/dev/null; then return; fi
    kill -0 "$(pid "$1")" 2>/dev/null || break
    sleep 0.1
  done
  tail -50 "$run/$1/kafka.log" >&2
  echo "Apache Kafka's node $1 did not start; the end of its log is above." >&2
  exit 1
}

pid() { cat "$run/$1/pid"; }

# gone waits up to $2 tenths of a second for the end of process $1.
gone() {
  for _ in $(seq "$2"); do kill -0 "$1" 2>/dev/null || return 0; sleep 0.1; done
  return 1
}

# end NODE SIGNAL TENTHS ends a node, at the last by force.
end() {
  local p
  p=$(pid "$1")
  kill "-$2" "$p" 2>/dev/null || return 0
  gone "$p" "$3" && return 0
  kill -KILL "$p" 2>/dev/null || true
  gone "$p" 100 || { echo "Apache Kafka (process $p) does not die" >&2; exit 1; }
}

stop() {
  local f
  for f in "$run"/*/pid; do
    [ -f "$f" ] || continue
    end "$(basename "$(dirname "$f")")" KILL 100 # nobody reads again what it kept
  done
  rm -rf "$run"
}

node=${2:-1}
case "${1:-}" in
  start)
    trap '[ $? = 0 ] || stop' EXIT
    start "$node"
    ;;
  stop) stop ;;
  kill) end "$node" KILL 100 ;;
  halt) end "$node" TERM 300 ;;
  up) kill -CONT "$(pid "$node")" 2>/dev/null || { launch "$node"; answers "$node"; } ;;
  again) launch "$node"; answers "$node"; echo "127.0.0.1:$(port_of "$node")" ;;
  pause) kill -STOP "$(pid "$node")" ;;
  wake) kill -CONT "$(pid "$node")" ;;
  data) echo "$run/$node/data" ;;
  *) sed -n '2,/^set/s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac
