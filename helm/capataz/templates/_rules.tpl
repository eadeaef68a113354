{{/*
A ClusterRole and its binding, or, when only one namespace is watched, a Role and its binding there:
(list $ "router" "name suffix" rules-as-yaml namespace).
*/}}
{{- define "capataz.role" -}}
{{- $ := index . 0 -}}
{{- $part := index . 1 -}}
{{- $suffix := index . 2 -}}
{{- $namespace := index . 4 -}}
{{- $fullname := include "capataz.fullname" $ -}}
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ ternary "Role" "ClusterRole" (not (empty $namespace)) }}
metadata:
  name: {{ $fullname }}-{{ $part }}{{ $suffix }}
  {{- with $namespace }}
  namespace: {{ . }}
  {{- end }}
  {{- include "capataz.labelsOfPart" (list $ $part) | nindent 2 }}
rules:
  {{- index . 3 | trim | nindent 2 }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ ternary "RoleBinding" "ClusterRoleBinding" (not (empty $namespace)) }}
metadata:
  name: {{ $fullname }}-{{ $part }}{{ $suffix }}
  {{- with $namespace }}
  namespace: {{ . }}
  {{- end }}
  {{- include "capataz.labelsOfPart" (list $ $part) | nindent 2 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: {{ ternary "Role" "ClusterRole" (not (empty $namespace)) }}
  name: {{ $fullname }}-{{ $part }}{{ $suffix }}
subjects:
  - kind: ServiceAccount
    name: {{ $fullname }}-{{ $part }}
    namespace: {{ $.Release.Namespace }}
{{- end }}

{{/* Reviewing tokens is cluster-wide by nature. */}}
{{- define "capataz.tokenReviewRules" -}}
- apiGroups: [authentication.k8s.io]
  resources: [tokenreviews]
  verbs: [create]
{{- end }}
