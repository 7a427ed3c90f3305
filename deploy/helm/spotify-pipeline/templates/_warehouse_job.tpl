{{/*
A CronJob of the loader's image that works on the warehouse. root, name; job: schedule, deadlineSeconds, resources; command, which
takes --once.
*/}}
{{- define "spotify.warehouseJob" }}
{{- $loader := .root.Values.loader }}
apiVersion: batch/v1
kind: CronJob
metadata:
  name: {{ include "spotify.name" .root }}-{{ .name }}
  labels:
    {{- include "spotify.labels" .root | nindent 4 }}
    app.kubernetes.io/component: {{ .name }}
spec:
  schedule: {{ .job.schedule | quote }}
  timeZone: Etc/UTC
  # Two at once would do no harm, only wait for each other.
  concurrencyPolicy: Forbid
  startingDeadlineSeconds: 600
  successfulJobsHistoryLimit: 1
  failedJobsHistoryLimit: 3
  jobTemplate:
    spec:
      # The next one does what this one did not.
      backoffLimit: 0
      activeDeadlineSeconds: {{ .job.deadlineSeconds }}
      template:
        metadata:
          labels:
            {{- include "spotify.labels" .root | nindent 12 }}
            app.kubernetes.io/component: {{ .name }}
        spec:
          {{- include "spotify.pod" .root | nindent 10 }}
          restartPolicy: Never
          terminationGracePeriodSeconds: 60
          containers:
            - name: {{ .name }}
              image: {{ include "spotify.image" (dict "root" .root "image" "loader") }}
              {{- include "spotify.container" .root | nindent 14 }}
              command: {{ toJson .command }}
              args: [--once]
              workingDir: /data
              env:
                {{- include "spotify.environment" .root | nindent 16 }}
                - { name: SPOTIFY_WAREHOUSE, value: {{ $loader.warehouse | quote }} }
                {{- with .root.Values.mapping.name }}
                - { name: SPOTIFY_MAPPING, value: {{ ternary . (printf "/etc/spotify-mapping/%s" .) (empty $.root.Values.mapping.configMap) | quote }} }
                {{- end }}
                {{- if eq .name "proof" }}
                # Kubernetes ends it, whatever it waits for.
                - { name: PROOF_TIMEOUT_S, value: {{ .job.deadlineSeconds | quote }} }
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
                {{- include "spotify.extraEnvironment" .root | nindent 16 }}
              resources: {{- toYaml .job.resources | nindent 16 }}
              volumeMounts:
                {{- include "spotify.mounts" .root | nindent 16 }}
                - { name: data, mountPath: /data }
                {{- with .root.Values.mapping.configMap }}
                - { name: mapping, mountPath: /etc/spotify-mapping, readOnly: true }
                {{- end }}
          volumes:
            {{- include "spotify.volumes" .root | nindent 12 }}
            {{- with .root.Values.mapping.configMap }}
            - name: mapping
              configMap: { name: {{ . }} }
            {{- end }}
            - name: data
              {{- if $loader.claim }}
              persistentVolumeClaim: { claimName: {{ $loader.claim }} }
              {{- else }}
              emptyDir: { sizeLimit: 4Gi }
              {{- end }}
{{- end }}
