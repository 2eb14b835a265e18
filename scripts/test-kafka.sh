#!/usr/bin/env bash
# Runs the tests that matter most against Apache Kafka itself, one package at a time.
set -eu
cd "$(dirname "$0")/.."
trap 'scripts/kafka.sh stop' EXIT
address=$(scripts/kafka.sh start)
echo "Apache Kafka answers at $address"
export FRESHET_TEST_KAFKA=$address
go test -count=1 -p 1 -timeout 20m \
  ./pkg/broker ./pkg/stream ./pkg/fleet ./services/collector ./services/identity ./services/feature ./services/segmentation ./services/warehouse ./services/watch
# The broker killed (SIGKILL) for a minute under load, and started again: what was acknowledged is what is stored.
FRESHET_OUTAGE=${FRESHET_OUTAGE:-60s} FRESHET_KAFKA_SCRIPT=$PWD/scripts/kafka.sh \
  go test -count=1 -v -timeout 10m -run TestBrokerKilledUnderLoad ./services/collector
# Every service as a process of its own, as compose and Helm run them.
go test -count=1 -timeout 10m -run TestSeparateBinaries ./services/standalone
# Three brokers, which the tests end, stop and damage: nodes_test.go and away_test.go of pkg/stream (build tag kafka).
unset FRESHET_TEST_KAFKA
addresses=$(scripts/kafka.sh start 3)
echo "Apache Kafka answers at $addresses"
FRESHET_TEST_KAFKA_NODES=$addresses go test -count=1 -timeout 15m -tags kafka \
  -run 'OnThreeBrokers|UncleanElection|WithoutReplicas|RollingRestart|LeaderThatGoes' ./pkg/stream
