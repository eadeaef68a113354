import { describe, expect, it } from 'vitest';
import { publishedConfiguration } from './published-configuration.ts';

const CONFIGURATION = {
  revision: 1,
  agent: { namespace: 'ns', name: 'a', uid: 'uid-a', generation: 1 },
  prompt: { name: 'p', version: 'v', digest: 'a'.repeat(64), text: 'Hi\nthere' },
  tools: [],
  audit: { content: 'Digests', retentionDays: 30 },
  limits: { steps: 1, seconds: 1, outputRepairs: 0 },
};
const OWNER = {
  apiVersion: 'capataz.dev/v1alpha1',
  kind: 'Agent',
  name: 'a',
  uid: 'uid-a',
  controller: true,
};

const configMap = (configuration: unknown = CONFIGURATION, owner: object = OWNER, name = 'agent-a') => ({
  metadata: {
    namespace: 'ns',
    name,
    uid: 'u',
    resourceVersion: '1',
    ownerReferences: [owner as typeof OWNER],
  },
  data: {
    'configuration.json':
      typeof configuration === 'string' ? configuration : JSON.stringify(configuration, null, 2),
  },
});

describe('what an agent is told', () => {
  it('is its configuration on one line', () => {
    const text = publishedConfiguration(configMap());
    expect(JSON.parse(text ?? '')).toEqual(CONFIGURATION);
    expect(text).not.toContain('\n');
  });

  it.each([
    ['there is no ConfigMap', undefined],
    ['it is no JSON', configMap('{')],
    ['it lacks something', configMap({ ...CONFIGURATION, prompt: undefined })],
    [
      'it is the configuration of another agent',
      configMap({ ...CONFIGURATION, agent: { ...CONFIGURATION.agent, uid: 'uid-b' } }),
    ],
    [
      'it is that of another namespace',
      configMap({ ...CONFIGURATION, agent: { ...CONFIGURATION.agent, namespace: 'other' } }),
    ],
    ['an Agent does not control the ConfigMap', configMap(CONFIGURATION, { ...OWNER, controller: false })],
    ['something else controls it', configMap(CONFIGURATION, { ...OWNER, kind: 'Deployment' })],
    ['an Agent of another name controls it', configMap(CONFIGURATION, { ...OWNER, name: 'b' })],
    ['it is not named as an agent’s', configMap(CONFIGURATION, OWNER, 'a')],
  ])('is nothing when %s (B10)', (_, object) => {
    expect(publishedConfiguration(object)).toBeUndefined();
  });
});
