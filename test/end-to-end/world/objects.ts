/** The objects that the end-to-end tests apply, as a user would write them. */
import { promptDigest, promptVersionName } from '#domain/prompts/prompt-digest.ts';

const API_VERSION = 'capataz.dev/v1alpha1';

/** A prompt that answers with its own mark, so that a test can tell which version was served. */
export function promptText(mark: string): string {
  return `---
input:
  schema:
    question: string
config:
  temperature: 0
---
{{role "system"}}
You are the ${mark} clerk.
{{role "user"}}
{{question}}
`;
}

export function promptVersion(
  prompt: string,
  text: string,
  namespace: string,
): Record<string, unknown> & {
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: { readonly prompt: string; readonly digest: string; readonly text: string };
} {
  const digest = promptDigest(text);
  return {
    apiVersion: API_VERSION,
    kind: 'PromptVersion',
    metadata: { name: promptVersionName(prompt, digest), namespace },
    spec: { prompt, digest, text },
  };
}

export function canaryRollout(prompt: string, version: string, namespace: string): unknown {
  return {
    apiVersion: API_VERSION,
    kind: 'CanaryRollout',
    metadata: { name: prompt, namespace },
    spec: { prompt, versionRef: { name: version } },
  };
}

export function openAiModel(name: string, endpoint: string, namespace: string, secret: string): unknown {
  return {
    apiVersion: API_VERSION,
    kind: 'Model',
    metadata: { name, namespace },
    spec: {
      provider: 'OpenAI',
      endpoint,
      model: 'gpt-4.1-mini',
      keyFrom: { secretRef: { name: secret } },
      capabilities: ['Chat', 'Tools', 'JsonSchema'],
    },
  };
}

export function agent(name: string, namespace: string, spec: Record<string, unknown>): unknown {
  return { apiVersion: API_VERSION, kind: 'Agent', metadata: { name, namespace }, spec };
}

export function namespaceObject(name: string): unknown {
  return {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name, labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } },
  };
}

export function secret(name: string, namespace: string, key: string): unknown {
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace }, stringData: { key } };
}

/** A Service whose one endpoint is a server on the host, the only part of the world that is not in the cluster. */
export function hostService(
  name: string,
  namespace: string,
  hostAddress: string,
  port: number,
): readonly unknown[] {
  return [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name, namespace },
      spec: { ports: [{ name: 'http', port: 8080, targetPort: port, protocol: 'TCP' }] },
    },
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name, namespace, labels: { 'kubernetes.io/service-name': name } },
      addressType: 'IPv4',
      ports: [{ name: 'http', port, protocol: 'TCP' }],
      endpoints: [{ addresses: [hostAddress], conditions: { ready: true } }],
    },
  ];
}
