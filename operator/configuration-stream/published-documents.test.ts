import { describe, expect, it } from 'vitest';
import { formerConfiguration, publishedConfiguration, publishedRollout } from './published-documents.ts';

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
    'agent.json': typeof configuration === 'string' ? configuration : JSON.stringify(configuration, null, 2),
  },
});

describe('what an agent is told', () => {
  it('is its configuration on one line', () => {
    const text = publishedConfiguration(configMap())?.text;
    expect(JSON.parse(text ?? '')).toEqual(CONFIGURATION);
    expect(text).not.toContain('\n');
  });

  it.each([
    ['there is no ConfigMap', undefined],
    ['it is no JSON', configMap('{')],
    ['it does not say whose it is', configMap({ ...CONFIGURATION, agent: undefined })],
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

describe('what is passed on', () => {
  it('is what was written, with fields that this replica does not know', () => {
    const written = JSON.stringify({
      ...CONFIGURATION,
      limits: { ...CONFIGURATION.limits, toolCalls: 3 },
      new: 1,
    });
    expect(publishedConfiguration(configMap(written))?.text).toBe(written);
  });

  it('names the ConfigMap of the rollout that is followed, and none when the prompt is in the configuration', () => {
    const follower = { ...CONFIGURATION, prompt: undefined, rollout: 'greeting' };
    expect(publishedConfiguration(configMap(follower))?.rolloutKey).toBe('ns/rollout-greeting');
    expect(
      publishedConfiguration(configMap({ ...follower, prompt: CONFIGURATION.prompt }))?.rolloutKey,
    ).toBeUndefined();
  });

  it('is the layout of version 0.1 for pods that know no other', () => {
    const { 'agent.json': text } = configMap().data;
    expect(formerConfiguration({ ...configMap(), data: { 'configuration.json': text } } as never)).toBe(
      JSON.stringify(CONFIGURATION),
    );
    expect(formerConfiguration(configMap())).toBeUndefined();
  });
});

describe('the document of a rollout', () => {
  const owner = { ...OWNER, kind: 'CanaryRollout', name: 'greeting', uid: 'uid-r' };
  const document = { rollout: { namespace: 'ns', name: 'greeting', uid: 'uid-r' }, later: true };
  const of = (content: object, by: object = owner, name = 'rollout-greeting') =>
    ({ ...configMap({}, by, name), data: { 'rollout.json': JSON.stringify(content) } }) as never;

  it('is told as it was written', () => {
    expect(publishedRollout(of(document))).toBe(JSON.stringify(document));
  });

  it.each([
    ['another rollout controls it', of(document, { ...owner, name: 'b' })],
    ['an Agent controls it', of(document, { ...owner, kind: 'Agent' })],
    [
      'it is that of a rollout that had the name before',
      of({ rollout: { ...document.rollout, uid: 'old' } }),
    ],
    ['it is that of another namespace', of({ rollout: { ...document.rollout, namespace: 'x' } })],
    ['it is not named as one', of(document, owner, 'greeting')],
  ])('is nothing when %s', (_, object) => {
    expect(publishedRollout(object)).toBeUndefined();
  });
});
