#!/usr/bin/env bash
# Renders and checks docker-compose.yml and the Helm chart; the services themselves say whether they accept what is rendered.
set -eu
cd "$(dirname "$0")/.."
compose_go=v2.16.2
tool=.tools/deploycheck
stamp=$tool/.$compose_go-$(sha256sum scripts/deploycheck.go | cut -c1-16)
if [ ! -e "$stamp" ]; then
  rm -rf $tool && mkdir -p $tool
  cp scripts/deploycheck.go $tool/main.go
  (cd $tool && export GOWORK=off && go mod init deploycheck && go get github.com/compose-spec/compose-go/v2@$compose_go gopkg.in/yaml.v3@v3.0.1 && go build -mod=mod -o deploycheck .) >$tool/build.log 2>&1 \
    || { cat $tool/build.log >&2; exit 1; }
  touch "$stamp"
fi
FRESHET_WRITE_KEY=a-long-write-key FRESHET_API_TOKEN=a-token-of-this-check CLICKHOUSE_PASSWORD=a-long-password $tool/deploycheck compose docker-compose.yml bin

chart=deploy/helm/freshet
helm lint --strict --quiet $chart
rendered=$(mktemp)
trap 'rm -f "$rendered"' EXIT
helm template freshet $chart --kube-version 1.36.0 --set-file rules.content=deploy/rules.yaml \
  --set-file features.content=deploy/features.yaml --set-file forecasts.content=pkg/forecast/forecasts.yaml --set-file scenes.content=deploy/scenes.yaml \
  --set sources.file.existingSecret=freshet-sources-file > "$rendered"
validate() { kubeconform -strict -summary -schema-location 'third_party/kubernetes/schemas/{{ .ResourceKind }}.json' -; }
validate <"$rendered"
if sed 's/replicas: 1/replicas: "one"/' "$rendered" | validate >/dev/null; then
  echo "the schemas accept replicas: \"one\": the check checks nothing" >&2
  exit 1
fi
$tool/deploycheck helm "$rendered" bin
helm template freshet $chart --kube-version 1.36.0 --set metrics.open=false > "$rendered"
validate <"$rendered"
$tool/deploycheck helm "$rendered" bin
helm template freshet $chart --kube-version 1.36.0 --set tokens.existingSecret= --set services.gateway.config.open_to_everybody=true > "$rendered"
$tool/deploycheck helm "$rendered" bin
for bad in services.identity.replicas=0 services.churn.replicas=2 services.recommendation.replicas=2 kafka.partitions=0 clickhouse.address=nowhere services.collector.storage=much sources.file.key=a/b tokens.key=a/b tokens.existingSecret= metrics.open=maybe; do
  if helm template freshet $chart --kube-version 1.36.0 --set "$bad" >/dev/null 2>&1; then
    echo "the chart accepts $bad" >&2
    exit 1
  fi
done
echo "helm: rendered, valid against Kubernetes' schemas, bad values refused"
