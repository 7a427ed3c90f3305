{{- define "spotify.name" -}}
{{- if contains "spotify-pipeline" .Release.Name }}{{ .Release.Name | trunc 40 | trimSuffix "-" }}{{ else }}{{ printf "%s-spotify-pipeline" (.Release.Name | trunc 22 | trimSuffix "-") }}{{ end }}
{{- end }}

{{- define "spotify.selector" -}}
app.kubernetes.io/name: spotify-pipeline
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "spotify.labels" -}}
{{ include "spotify.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{/* root; image: pipeline or loader. A digest goes before the tag. */}}
{{- define "spotify.image" -}}
{{- $image := .root.Values.image -}}
{{ $image.registry }}{{ get $image .image }}
{{- with get $image.digests .image }}@{{ . }}{{ else }}:{{ $image.tag | default .root.Chart.AppVersion }}{{ end }}
{{- end }}

{{- define "spotify.serviceAccount" -}}
{{ .Values.serviceAccount.name | default (.Values.serviceAccount.create | ternary (include "spotify.name" .) "") }}
{{- end }}

{{/* Of every pod. */}}
{{- define "spotify.pod" -}}
{{- with include "spotify.serviceAccount" . }}
serviceAccountName: {{ . }}
{{- end }}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  # Secrets are files that this group may read, and nobody else.
  fsGroup: 10001
  seccompProfile: { type: RuntimeDefault }
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- end }}

{{/* Of every container. */}}
{{- define "spotify.container" -}}
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext:
  readOnlyRootFilesystem: true
  allowPrivilegeEscalation: false
  privileged: false
  capabilities: { drop: [ALL] }
{{- end }}

{{- define "spotify.environment" -}}
- { name: KAFKA_BOOTSTRAP_SERVERS, value: {{ .Values.kafka.bootstrapServers | quote }} }
- { name: KAFKA_TOPIC, value: {{ .Values.kafka.topic | quote }} }
- { name: KAFKA_PARTITIONS, value: {{ .Values.kafka.partitions | quote }} }
- { name: KAFKA_REPLICATION, value: {{ .Values.kafka.replication | quote }} }
- { name: KAFKA_TOPIC_COMPRESSION, value: {{ .Values.kafka.compression | quote }} }
- { name: KAFKA_GROUP_ID, value: {{ .Values.kafka.group | quote }} }
- { name: KAFKA_SECURITY_PROTOCOL, value: {{ .Values.kafka.securityProtocol | quote }} }
{{- with .Values.kafka.saslMechanism }}
- { name: KAFKA_SASL_MECHANISM, value: {{ . | quote }} }
{{- end }}
{{- with .Values.kafka.saslUsername }}
- { name: KAFKA_SASL_USERNAME, value: {{ . | quote }} }
{{- end }}
- { name: S3_ENDPOINT, value: {{ .Values.s3.endpoint | quote }} }
- { name: S3_REGION, value: {{ .Values.s3.region | quote }} }
- { name: SPOTIFY_LAKE, value: {{ printf "s3://%s" .Values.s3.bucket | quote }} }
- { name: SPOTIFY_ENV_FILE, value: {{ printf "/run/secrets/spotify/%s" .Values.secret.file | quote }} }
{{- if .Values.certificates.kafka }}
- { name: KAFKA_CA_FILE, value: /etc/spotify-certificates/kafka.pem }
{{- end }}
{{- if .Values.certificates.s3 }}
- { name: S3_CA_FILE, value: /etc/spotify-certificates/s3.pem }
{{- end }}
{{- end }}

{{/* Behind ours, so that it may replace them. */}}
{{- define "spotify.extraEnvironment" -}}
{{- with .Values.extraEnv }}
{{- toYaml . }}
{{- end }}
{{- end }}

{{/* Ports of brokers, store and Snowflake, as a list in JSON. */}}
{{- define "spotify.egressPorts" -}}
{{- $ports := list }}
{{- range splitList "," .Values.kafka.bootstrapServers }}
{{- $ports = append $ports (last (splitList ":" .) | int) }}
{{- end }}
{{- $store := .Values.s3.endpoint | default "https://aws" }}
{{- $host := $store | trimPrefix "https://" | trimPrefix "http://" }}
{{- if contains ":" $host }}
{{- $ports = append $ports (last (splitList ":" $host) | int) }}
{{- else }}
{{- $ports = append $ports (hasPrefix "https://" $store | ternary 443 80) }}
{{- end }}
{{- if and .Values.loader.enabled (eq .Values.loader.warehouse "snowflake") }}
{{- $ports = append $ports 443 }}
{{- end }}
{{- range .Values.networkPolicy.egress.ports }}
{{- $ports = append $ports (int .) }}
{{- end }}
{{- $ports | uniq | toJson }}
{{- end }}

{{- define "spotify.mounts" -}}
- { name: tmp, mountPath: /tmp }
- { name: secrets, mountPath: /run/secrets/spotify, readOnly: true }
{{- if .Values.certificates.configMap }}
- { name: certificates, mountPath: /etc/spotify-certificates, readOnly: true }
{{- end }}
{{- end }}

{{- define "spotify.volumes" -}}
- name: tmp
  emptyDir: { sizeLimit: 512Mi }
- name: secrets
  secret: { secretName: {{ required "secret.name: a Secret that is there already" .Values.secret.name }}, defaultMode: 0440 }
{{- if .Values.certificates.configMap }}
- name: certificates
  configMap: { name: {{ .Values.certificates.configMap }} }
{{- end }}
{{- end }}

{{/* Where pods answer metrics, as a list in JSON. */}}
{{- define "spotify.metricsPorts" -}}
{{- $ports := list (int .Values.sink.metricsPort) }}
{{- range list .Values.loader .Values.simulator }}
{{- if .enabled }}{{ $ports = append $ports (int .metricsPort) }}{{ end }}
{{- end }}
{{- $ports | uniq | toJson }}
{{- end }}

{{/* Who may read metrics; nobody unless somebody is named. */}}
{{- define "spotify.metricsIngress" -}}
{{- with .Values.networkPolicy.metricsFrom -}}
ingress:
  - ports:
      {{- range include "spotify.metricsPorts" $ | fromJsonArray }}
      - { port: {{ int . }}, protocol: TCP }
      {{- end }}
    from: {{- toYaml . | nindent 6 }}
{{- end }}
{{- end }}
