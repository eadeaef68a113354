{{/* Metadata of a monitor: (list $ monitor "name suffix"). */}}
{{- define "capataz.monitorMetadata" -}}
{{- $ := index . 0 -}}
{{- $monitor := index . 1 -}}
name: {{ include "capataz.fullname" $ }}{{ index . 2 }}
labels:
  {{- include "capataz.labels" $ | nindent 2 }}
  {{- with $monitor.labels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}

{{/* Which pods or Services are those of this release, the witness in its own namespace included. */}}
{{- define "capataz.monitoredParts" -}}
selector:
  matchLabels:
    app.kubernetes.io/name: capataz
    app.kubernetes.io/instance: {{ .Release.Name }}
namespaceSelector:
  matchNames:
    - {{ .Release.Namespace }}
    {{- if and .Values.ledger.enabled .Values.ledger.witness.enabled }}
    - {{ include "capataz.witnessNamespace" . }}
    {{- end }}
{{- end }}

{{/*
The namespace that router, operator, ledger and observer speak of is that of the agent, not their own: (list monitor). Without it
each of them would stand under one namespace, and no alert would say whose agent it is about.
*/}}
{{- define "capataz.monitoredEndpoint" -}}
{ port: metrics, path: /metrics, interval: {{ .intervalSeconds }}s, honorLabels: true }
{{- end }}
