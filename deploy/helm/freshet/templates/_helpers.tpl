{{/* freshet.labels: the labels of one service. Takes a dict of root and name. */}}
{{- define "freshet.labels" -}}
app.kubernetes.io/name: freshet
app.kubernetes.io/component: {{ .name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- end }}

{{/* freshet.allLabels: the same and those that change with a release. */}}
{{- define "freshet.allLabels" -}}
{{ include "freshet.labels" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ .root.Chart.Name }}-{{ .root.Chart.Version }}
{{- end }}

{{/* freshet.fullname: release and service. */}}
{{- define "freshet.fullname" -}}
{{ printf "%s-%s" .root.Release.Name .name | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* freshet.config: what the service's -config file says, before the user's own keys. */}}
{{- define "freshet.config" -}}
{{- $svc := index .root.Values.services .name -}}
{{- $release := .root.Release.Name -}}
{{- if $svc.broker }}
broker:
  addresses: {{ toJson .root.Values.kafka.addresses }}
  partitions: {{ .root.Values.kafka.partitions }}
  replication: {{ .root.Values.kafka.replication }}
  gaps: {{ .root.Values.kafka.gaps }}
{{- end }}
{{- if $svc.clickhouse }}
clickhouse:
  address: {{ .root.Values.clickhouse.address | quote }}
  user: {{ .root.Values.clickhouse.user | quote }}
{{- end }}
{{- if and $svc.storage (eq .name "collector") }}
spool: {dir: /data/spool}
{{- else if $svc.storage }}
dir: /data
{{- end }}
{{- if and (has .name (list "collector" "watch")) .root.Values.sources.file.existingSecret }}
sources_file: {{ printf "/etc/freshet-sources/%s" .root.Values.sources.file.key | quote }}
{{- end }}
{{- if has .name (list "feature" "segmentation" "churn" "recommendation") }}
identity: {{ printf "%s-identity:9000" $release | quote }}
{{- end }}
{{- if and (has .name (list "segmentation" "watch")) .root.Values.rules.content }}
rules: /etc/freshet/rules.yaml
{{- end }}
{{- if and (has .name (list "feature" "segmentation" "churn")) .root.Values.features.content }}
features: /etc/freshet/features.yaml
{{- end }}
{{- if and (has .name (list "segmentation" "churn")) .root.Values.forecasts.content }}
forecasts: /etc/freshet/forecasts.yaml
{{- end }}
{{- if and (eq .name "recommendation") .root.Values.scenes.content }}
scenes: /etc/freshet/scenes.yaml
{{- end }}
{{- if eq .name "churn" }}
feature: {{ printf "%s-feature:9000" $release | quote }}
{{- end }}
{{- if has .name (list "churn" "recommendation") }}
bucket: {{ required (printf "models.bucket: name a URL that all replicas of %s reach, such as s3://bucket/prefix" .name) .root.Values.models.bucket | quote }}
{{- if and (gt (int $svc.replicas) 1) (not (contains "://" .root.Values.models.bucket)) }}
{{- fail (printf "models.bucket: several replicas of %s need a URL that all reach, such as s3://bucket/prefix: a folder is each replica's own" .name) }}
{{- end }}
{{- end }}
{{- $tokens := .root.Values.tokens.existingSecret }}
{{- $file := printf "/etc/freshet-tokens/%s" .root.Values.tokens.key }}
{{- if .root.Values.metrics.open }}
admin: {open_metrics: true}
{{- else if $tokens }}
admin: {tokens_file: {{ $file | quote }}}
{{- else }}
{{- fail "metrics.open: false needs tokens.existingSecret, of which the tokens with the scope admin read metrics" }}
{{- end }}
{{- if eq .name "watch" }}
collectors: [{{ printf "http://%s-collector-pods:9090/metrics" $release | quote }}]
{{- with (.root.Values.services.segmentation.config | default dict).endpoints }}
endpoints: {{ toJson . }}
{{- end }}
{{- end }}
{{- if eq .name "gateway" }}
{{- if $tokens }}
tokens_file: {{ $file | quote }}
{{- else if not (dig "open_to_everybody" false ($svc.config | default dict)) }}
{{- fail "tokens.existingSecret: name a Secret with a tokens file, or say services.gateway.config.open_to_everybody: true, which lets whoever reaches the gateway read all customers" }}
{{- end }}
upstreams:
{{- range list "identity" "feature" "segmentation" "churn" "recommendation" }}
  {{ . }}: [{{ printf "%s-%s-pods:9000" $release . | quote }}]
{{- end }}
{{- end }}
{{- if .root.Values.telemetry.otlpEndpoint }}
telemetry:
  otlp_endpoint: {{ .root.Values.telemetry.otlpEndpoint | quote }}
{{- end }}
{{- end }}
