/** What the operator gives to the pod of an agent is what the agent-runtime reads. */
import { describe, expect, it } from 'vitest';
import type { Agent } from '#crds/agent.ts';
import { agentPodTemplate } from '#operator/agent/pod-template.ts';
import { AgentRuntimeConfig } from '#services/agent-runtime/config.ts';
import { type PodSpec, restrictedViolations } from '#test/helm/pod-security.ts';
import { PRODUCT_FILES, matchesIn } from './source-files.ts';

const AGENT: Agent = {
  apiVersion: 'capataz.dev/v1alpha1',
  kind: 'Agent',
  metadata: { name: 'classifier', namespace: 'mail', uid: 'uid', generation: 1, resourceVersion: '1' },
  spec: { promptRef: { name: 'classifier' }, modelPolicy: { allow: [{ name: 'small' }] } },
};

const SETTINGS = {
  agentImage: 'capataz:1',
  agentImagePullPolicy: 'IfNotPresent',
  routerUrl: 'http://capataz-router.capataz-system.svc:8080',
  configurationUrl: 'http://capataz-operator.capataz-system.svc:8080/v1/configuration',
  ledgerUrl: 'http://capataz-ledger.capataz-system.svc:8080',
} as const;

interface AgentContainer {
  readonly args: readonly string[];
  readonly env: readonly { readonly name: string; readonly value?: string }[];
}

const POD = agentPodTemplate(AGENT, SETTINGS, 'greeting') as unknown as PodSpec;
const CONTAINERS = POD.containers as unknown as readonly AgentContainer[];

function environment(): Readonly<Record<string, string>> {
  return Object.fromEntries(
    CONTAINERS.flatMap(({ env }) => env.map(({ name, value }) => [name, value ?? 'filled-in'])),
  );
}

describe('the pod of an agent', () => {
  it('is restricted in the sense of the Pod Security Standards', () => {
    expect(restrictedViolations(POD)).toEqual([]);
  });

  it('gets all the environment that the agent-runtime cannot do without', () => {
    expect(AgentRuntimeConfig.safeParse(environment())).toMatchObject({ success: true });
  });

  it('gets no environment that the agent-runtime does not read', () => {
    const read = matchesIn(
      ['services/agent-runtime/config.ts', 'process/environment.ts', 'process/ledger-environment.ts'],
      /\b(CAPATAZ_[A-Z_]+)\b/g,
    );
    expect(Object.keys(environment()).filter((name) => !read.has(name))).toEqual([]);
  });

  it('runs a file that is there', () => {
    const [program = ''] = CONTAINERS.flatMap(({ args }) => args);
    expect(PRODUCT_FILES).toContain(program);
  });
});
