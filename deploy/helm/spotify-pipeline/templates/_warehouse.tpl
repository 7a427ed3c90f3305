{{/* Of what works on the warehouse: loader and proof. */}}
{{- define "spotify.warehouseEnvironment" -}}
{{- $loader := .Values.loader -}}
{{ include "spotify.environment" . }}
- { name: SPOTIFY_WAREHOUSE, value: {{ $loader.warehouse | quote }} }
{{- with .Values.mapping.name }}
- { name: SPOTIFY_MAPPING, value: {{ ternary . (printf "/etc/spotify-mapping/%s" .) (empty $.Values.mapping.configMap) | quote }} }
{{- end }}
{{- if eq $loader.warehouse "snowflake" }}
{{- range $part, $value := omit $loader.snowflake "privateKey" }}
{{- if $value }}
- { name: SNOWFLAKE_{{ upper $part }}, value: {{ $value | quote }} }
{{- end }}
{{- end }}
{{- with $loader.snowflake.privateKey }}
- { name: SNOWFLAKE_PRIVATE_KEY_FILE, value: {{ printf "/run/secrets/spotify/%s" . | quote }} }
{{- end }}
{{- end }}
{{- end }}

{{- define "spotify.warehouseMounts" -}}
{{ include "spotify.mounts" . }}
- { name: data, mountPath: /data }
{{- with .Values.mapping.configMap }}
- { name: mapping, mountPath: /etc/spotify-mapping, readOnly: true }
{{- end }}
{{- end }}

{{- define "spotify.warehouseVolumes" -}}
{{ include "spotify.volumes" . }}
{{- with .Values.mapping.configMap }}
- name: mapping
  configMap: { name: {{ . }} }
{{- end }}
- name: data
  {{- if .Values.loader.claim }}
  persistentVolumeClaim: { claimName: {{ .Values.loader.claim }} }
  {{- else }}
  emptyDir: { sizeLimit: 4Gi }
  {{- end }}
{{- end }}
