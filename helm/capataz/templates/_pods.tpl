{{/* metadata of a pod template: (list $ "router" .Values.router). Labels that are selected by win over podLabels. */}}
{{- define "capataz.podMetadata" -}}
{{- $ := index . 0 -}}
{{- $part := index . 1 -}}
{{- $values := index . 2 -}}
{{- /* No version in them: a pod is replaced when something in it changes, and not with every chart. */}}
{{- $own := include "capataz.selectorLabels" (list $ $part) | fromYaml -}}
labels:
  {{- mergeOverwrite (deepCopy $values.podLabels) $own | toYaml | nindent 2 }}
{{- $annotations := deepCopy $values.podAnnotations }}
{{- if $.Values.metrics.scrapeAnnotations }}
{{- $annotations = merge $annotations (dict "prometheus.io/scrape" "true" "prometheus.io/port" "9090" "prometheus.io/path" "/metrics") }}
{{- end }}
{{- with $annotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* What every pod spec begins with: identity, security, place. (list $ "router" .Values.router) */}}
{{- define "capataz.podSpec" -}}
{{- $ := index . 0 -}}
{{- $part := index . 1 -}}
{{- $values := index . 2 -}}
serviceAccountName: {{ include "capataz.fullname" $ }}-{{ $part }}
# Tokens are projected by hand, where one is needed.
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  fsGroup: 65532
  seccompProfile:
    type: RuntimeDefault
{{- with $.Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with $values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
topologySpreadConstraints:
  {{- range $key := list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
  - maxSkew: 1
    topologyKey: {{ $key }}
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "capataz.selectorLabels" (list $ $part) | nindent 8 }}
  {{- end }}
{{- end }}

{{/* What every container of ours has: (list $ .Values.router "services/router/main.ts"). */}}
{{- define "capataz.container" -}}
{{- $ := index . 0 -}}
{{- $values := index . 1 -}}
image: {{ include "capataz.image" (list $.Values.image $.Chart.AppVersion) }}
imagePullPolicy: {{ $.Values.image.pullPolicy }}
args: [{{ index . 2 | quote }}]
ports:
  - name: http
    containerPort: 8080
  - name: metrics
    containerPort: 9090
# A probe before the process listens fails for certain, and each failure is a Warning event of the kubelet.
startupProbe:
  httpGet: { path: /livez, port: metrics }
  initialDelaySeconds: 2
  periodSeconds: 2
  failureThreshold: 60
livenessProbe:
  httpGet: { path: /livez, port: metrics }
  periodSeconds: 10
  timeoutSeconds: 5
readinessProbe:
  httpGet: { path: /readyz, port: metrics }
  periodSeconds: 3
  timeoutSeconds: 3
{{ include "capataz.restricted" $ }}
resources:
  {{- toYaml $values.resources | nindent 2 }}
{{- end }}

{{- define "capataz.restricted" -}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: [ALL]
{{- end }}

{{/* Environment that every process of ours takes, and what is added by hand: (list $ .Values.router). */}}
{{- define "capataz.environment" -}}
- name: CAPATAZ_LOG_LEVEL
  value: {{ (index . 0).Values.logLevel }}
- name: CAPATAZ_PORT
  value: "8080"
- name: CAPATAZ_METRICS_PORT
  value: "9090"
{{- range $name, $value := (index . 1).environment }}
- name: {{ $name }}
  value: {{ $value | quote }}
{{- end }}
{{- end }}

{{/*
Where spans go: (list $ .Values.router). What stands in the part's own environment wins, for a name may not be given twice.
*/}}
{{- define "capataz.tracingEnvironment" -}}
{{- $ := index . 0 -}}
{{- $own := (index . 1).environment -}}
{{- with $.Values.tracing -}}
{{- if .otlpEndpoint -}}
{{- if not (hasKey $own "OTEL_EXPORTER_OTLP_ENDPOINT") }}
- name: OTEL_EXPORTER_OTLP_ENDPOINT
  value: {{ .otlpEndpoint | quote }}
{{- end }}
{{- if not (hasKey $own "OTEL_TRACES_SAMPLER") }}
- name: OTEL_TRACES_SAMPLER
  value: parentbased_traceidratio
{{- end }}
{{- if not (hasKey $own "OTEL_TRACES_SAMPLER_ARG") }}
- name: OTEL_TRACES_SAMPLER_ARG
  value: {{ .sampledRatio | quote }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{/* The files by which a process in a cluster finds and trusts the API server, as the kubelet would mount them. */}}
{{- define "capataz.kubernetesApiVolume" -}}
- name: kubernetes-api
  projected:
    sources:
      - serviceAccountToken: { path: token, expirationSeconds: 3600 }
      - configMap:
          name: kube-root-ca.crt
          items: [{ key: ca.crt, path: ca.crt }]
      - downwardAPI:
          items: [{ path: namespace, fieldRef: { fieldPath: metadata.namespace } }]
{{- end }}

{{- define "capataz.kubernetesApiVolumeMount" -}}
- name: kubernetes-api
  mountPath: /var/run/secrets/kubernetes.io/serviceaccount
  readOnly: true
{{- end }}
