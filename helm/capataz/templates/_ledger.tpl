{{/*
What a process needs that tells the ledger: (list $ .Values.router). Its spool lives in the pod and outlives a crash of the
process, not the pod.
*/}}
{{- define "capataz.ledgerEnvironment" -}}
{{- if .Values.ledger.enabled }}
- name: CAPATAZ_LEDGER_URL
  value: {{ include "capataz.url" (list . "ledger") }}
- name: CAPATAZ_LEDGER_TOKEN_PATH
  value: /var/run/secrets/capataz/ledger/token
- name: CAPATAZ_LEDGER_SPOOL_PATH
  value: /var/lib/capataz/spool
- name: CAPATAZ_LEDGER_SPOOL_MEBIBYTES
  value: {{ .Values.ledger.spoolMebibytes | quote }}
{{- end }}
{{- end }}

{{- define "capataz.ledgerVolumeMounts" -}}
{{- if .Values.ledger.enabled }}
- name: ledger-token
  mountPath: /var/run/secrets/capataz/ledger
  readOnly: true
- name: spool
  mountPath: /var/lib/capataz/spool
{{- end }}
{{- end }}

{{- define "capataz.ledgerVolumes" -}}
{{- if .Values.ledger.enabled }}
- name: ledger-token
  projected:
    sources:
      - serviceAccountToken: { audience: capataz-ledger, path: token, expirationSeconds: 600 }
- name: spool
  # Room for the segment that is being written beside what is counted.
  emptyDir: { sizeLimit: {{ add 64 .Values.ledger.spoolMebibytes }}Mi }
{{- end }}
{{- end }}

{{- define "capataz.ledgerEgress" -}}
{{- if .Values.ledger.enabled }}
- to:
    {{- include "capataz.partPeer" (list . "ledger") | nindent 4 }}
  ports:
    - { port: 8080, protocol: TCP }
{{- end }}
{{- end }}

{{- define "capataz.ledgerKeysSecret" -}}
{{- .Values.ledger.keys.existingSecret | default (printf "%s-ledger-keys" (include "capataz.fullname" .)) -}}
{{- end }}

{{- define "capataz.witnessNamespace" -}}
{{- .Values.ledger.witness.namespace | default (printf "%s-witness" .Release.Namespace) -}}
{{- end }}

{{- define "capataz.witnessUrl" -}}
http://{{ include "capataz.fullname" . }}-ledger-witness.{{ include "capataz.witnessNamespace" . }}.svc:8080
{{- end }}
