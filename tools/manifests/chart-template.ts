/**
 * A CustomResourceDefinition as a template of the chart. It is a template and not a file of the chart's crds/
 * folder because Helm never upgrades what stands there: a new field would be pruned in silence.
 */

const METADATA_END = /^(metadata:\n {2}name: .*\n)/m;

/** `manifest` is YAML without templates; what looks like one inside (a prompt's {{variable}}) is kept as text. */
export function chartTemplate(manifest: string, notice: string): string {
  const escaped = manifest.replaceAll('{{', '{{ "{{" }}');
  const labelled = escaped.replace(METADATA_END, (metadata) => `${metadata}${METADATA_OF_THE_CHART}`);
  return `{{- /* ${notice} */}}\n{{- if .Values.crds.install }}\n${labelled}{{- end }}\n`;
}

const METADATA_OF_THE_CHART = `  labels:
    {{- include "capataz.labels" . | nindent 4 }}
  {{- if .Values.crds.keep }}
  annotations:
    # Removing the release must not remove every Agent, Model and PromptVersion of the cluster with it.
    helm.sh/resource-policy: keep
  {{- end }}
`;
