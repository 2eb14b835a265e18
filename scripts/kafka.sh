#!/usr/bin/env bash
# kafka.sh start|stop|kill|again: one Apache Kafka node (KRaft) on a loopback port, from Maven's jars, in .tools/kafka.
# start prints the broker's address; stop ends what start began, by its process id; kill is its sudden death
# (SIGKILL), and again starts it on the data it left.
set -eu
cd "$(dirname "$0")/.."
home=$PWD/.tools/kafka
run=$home/run
port=${FRESHET_KAFKA_PORT:-19092}

stop() {
  [ -f "$run/pid" ] || return 0
  pid=$(cat "$run/pid")
  kill "$pid" 2>/dev/null || true
  for _ in $(seq 100); do kill -0 "$pid" 2>/dev/null || break; sleep 0.1; done
  kill -9 "$pid" 2>/dev/null || true
  rm -rf "$run"
}

start() {
  command -v java >/dev/null || { echo "make test-kafka needs Java 17 or later." >&2; exit 1; }
  command -v mvn >/dev/null || { echo "make test-kafka needs Maven to fetch Apache Kafka." >&2; exit 1; }
  if [ ! -f "$home/libs/.complete" ]; then
    echo "fetching Apache Kafka (once)" >&2
    mvn -q -B -ntp -f third_party/kafka/pom.xml dependency:copy-dependencies -DoutputDirectory="$home/libs" >&2
    touch "$home/libs/.complete"
  fi
  stop
  mkdir -p "$run"
  sed -e "s|@PORT@|$port|g" -e "s|@CONTROLLER@|$((port + 1))|g" -e "s|@DATA@|$run/data|g" \
    third_party/kafka/server.properties > "$run/server.properties"
  java -cp "$home/libs/*" kafka.tools.StorageTool format -t RnJlc2hldC1UZXN0cy0wMQ -c "$run/server.properties" >"$run/format.log" 2>&1 \
    || { cat "$run/format.log" >&2; exit 1; }
  serve
}

serve() {
  java -Xmx1g -cp "$home/libs/*" kafka.Kafka "$run/server.properties" >>"$run/kafka.log" 2>&1 </dev/null &
  echo $! > "$run/pid"
  for _ in $(seq 300); do
    if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then echo "127.0.0.1:$port"; return; fi
    kill -0 "$(cat "$run/pid")" 2>/dev/null || break
    sleep 0.1
  done
  cat "$run/kafka.log" >&2
  echo "Apache Kafka did not start; its log is above." >&2
  stop
  exit 1
}

sudden_death() {
  pid=$(cat "$run/pid")
  kill -9 "$pid"
  for _ in $(seq 100); do kill -0 "$pid" 2>/dev/null || return 0; sleep 0.1; done
  echo "Apache Kafka (process $pid) does not die" >&2
  exit 1
}

case "${1:-}" in
  start) start ;;
  stop) stop ;;
  kill) sudden_death ;;
  again) serve ;;
  *) echo "usage: scripts/kafka.sh start|stop|kill|again" >&2; exit 2 ;;
esac
