{{/* Beginning of all names: "capataz" for a release of that name. */}}
{{- define "capataz.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride -}}
{{- else if contains "capataz" .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-capataz" (.Release.Name | trunc 32 | trimSuffix "-") -}}
{{- end -}}
{{- end }}

{{/* Labels of every object. */}}
{{- define "capataz.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
app.kubernetes.io/name: capataz
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{/* Labels by which the pods of one part are selected: (list $ "router"). They must never change: a selector cannot. */}}
{{- define "capataz.selectorLabels" -}}
{{- $ := index . 0 -}}
app.kubernetes.io/name: capataz
app.kubernetes.io/instance: {{ $.Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end }}

{{/* Name and labels of an object of one part: (list $ "router"). */}}
{{- define "capataz.metadata" -}}
{{- $ := index . 0 -}}
name: {{ include "capataz.fullname" $ }}-{{ index . 1 }}
{{ include "capataz.labelsOfPart" . }}
{{- end }}

{{- define "capataz.labelsOfPart" -}}
{{- $ := index . 0 -}}
labels:
  {{- include "capataz.labels" $ | nindent 2 }}
  app.kubernetes.io/component: {{ index . 1 }}
{{- end }}

{{/* An image reference: (list .Values.image .Chart.AppVersion). */}}
{{- define "capataz.image" -}}
{{- $image := index . 0 -}}
{{- if $image.digest -}}
{{- printf "%s@%s" $image.repository $image.digest -}}
{{- else -}}
{{- printf "%s:%s" $image.repository ($image.tag | default (index . 1)) -}}
{{- end -}}
{{- end }}

{{/* URL of a part inside the cluster: (list $ "router"). */}}
{{- define "capataz.url" -}}
{{- $ := index . 0 -}}
http://{{ include "capataz.fullname" $ }}-{{ index . 1 }}.{{ $.Release.Namespace }}.svc:8080
{{- end }}

{{/* Fixed in the operator: of two releases in one namespace, which Helm refuses, only one could lead. */}}
{{- define "capataz.leaseName" -}}
capataz-operator
{{- end }}
