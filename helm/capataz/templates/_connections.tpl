{{/* metadata and podSelector of the NetworkPolicy of one part: (list $ "router"). */}}
{{- define "capataz.networkPolicyHead" -}}
{{- $ := index . 0 -}}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  {{- include "capataz.metadata" . | nindent 2 }}
spec:
  podSelector:
    matchLabels:
      {{- include "capataz.selectorLabels" . | nindent 6 }}
  policyTypes: [Ingress, Egress]
{{- end }}

{{/* The pods of agents, in every namespace that is looked after. */}}
{{- define "capataz.agentsPeer" -}}
- namespaceSelector:
    {{- if .Values.watchNamespace }}
    matchLabels:
      kubernetes.io/metadata.name: {{ .Values.watchNamespace }}
    {{- else }} {}
    {{- end }}
  podSelector:
    matchLabels:
      app.kubernetes.io/name: agent
      app.kubernetes.io/managed-by: capataz
{{- end }}

{{/* The pods of one part of this release: (list $ "router"). */}}
{{- define "capataz.partPeer" -}}
- podSelector:
    matchLabels:
      {{- include "capataz.selectorLabels" . | nindent 6 }}
{{- end }}

{{- define "capataz.prometheusIngress" -}}
{{- with .Values.networkPolicy.prometheus.from }}
- from:
    {{- toYaml . | nindent 4 }}
  ports:
    - { port: 9090, protocol: TCP }
{{- end }}
{{- end }}

{{- define "capataz.dnsEgress" -}}
- to:
    {{- toYaml .Values.networkPolicy.dns.to | nindent 4 }}
  ports:
    - { port: 53, protocol: UDP }
    - { port: 53, protocol: TCP }
{{- end }}

{{- define "capataz.kubernetesApiEgress" -}}
{{- with .Values.networkPolicy.kubernetesApi -}}
- ports:
    {{- range .ports }}
    - { port: {{ . }}, protocol: TCP }
    {{- end }}
  {{- with .cidrs }}
  to:
    {{- range . }}
    - ipBlock: { cidr: {{ . | quote }} }
    {{- end }}
  {{- end }}
{{- end }}
{{- end }}

{{/* Of the Service of a part. A ServiceMonitor finds figures by the port of a Service. */}}
{{- define "capataz.servicePorts" -}}
- { name: http, port: 8080, targetPort: http }
{{- if .Values.metrics.serviceMonitor.enabled }}
- { name: metrics, port: 9090, targetPort: metrics }
{{- end }}
{{- end }}
