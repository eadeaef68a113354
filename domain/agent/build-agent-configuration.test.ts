import type { AgentSpec } from '#crds/agent.ts';
import { describe, expect, it } from 'vitest';
import { AgentConfiguration } from './agent-configuration.ts';
import { buildAgentConfiguration } from './build-agent-configuration.ts';

const METADATA = { namespace: 'mail', name: 'email-classifier', uid: 'uid-1', generation: 3 };
const PROMPT = {
  name: 'email-classifier',
  version: 'email-classifier-1',
  digest: 'a'.repeat(64),
  text: 'Hi',
};
const SPEC = { promptRef: { name: 'email-classifier' }, modelPolicy: { allow: [{ name: 'small' }] } };

const TOOL = { type: 'Http', name: 'book', description: 'Books.', url: 'https://example.com/book' } as const;

describe('the configuration of an agent', () => {
  it('takes a tool of which nobody says that it has no effect for one that has', () => {
    const spec = { ...SPEC, tools: [TOOL] };
    const { tools } = buildAgentConfiguration({ metadata: METADATA, spec }, PROMPT);
    expect(tools).toMatchObject([{ name: 'book', effect: 'external', timeoutSeconds: 10 }]);
  });

  it('carries the documented defaults when the Agent sets no limits', () => {
    const configuration = buildAgentConfiguration({ metadata: METADATA, spec: SPEC }, PROMPT);
    expect(configuration).toEqual({
      schemaVersion: 1,
      agent: METADATA,
      prompt: PROMPT,
      rollout: 'email-classifier',
      tools: [],
      audit: { content: 'Digests', retentionDays: 30 },
      limits: { steps: 8, seconds: 120, outputRepairs: 2 },
    });
  });

  it('names the rollout of an Agent that follows one, and none for one that stays on a version', () => {
    const rolloutOf = (promptRef: AgentSpec['promptRef']): string | undefined =>
      buildAgentConfiguration({ metadata: METADATA, spec: { ...SPEC, promptRef } }, PROMPT).rollout;
    expect(rolloutOf({ name: 'triage' })).toBe('triage');
    expect(rolloutOf({ version: 'triage-1' })).toBeUndefined();
  });

  it('carries every field that the Agent sets (B09: nothing is silently ignored)', () => {
    const spec = {
      ...SPEC,
      tools: [
        { type: 'BuiltIn' as const, name: 'calculate' },
        { ...TOOL, parameters: { type: 'object' }, effect: 'None' as const, timeoutSeconds: 60 },
      ],
      audit: { content: 'Full' as const, retentionDays: 7 },
      output: { schema: { type: 'object' } },
      limits: { steps: 3, seconds: 30, usdPerRun: '0.05', outputRepairs: 0, outputTokens: 99 },
    };
    const configuration = buildAgentConfiguration({ metadata: METADATA, spec }, PROMPT);
    const { name, description, url } = TOOL;
    expect(configuration.tools).toEqual([
      'calculate',
      { name, description, url, parameters: { type: 'object' }, effect: 'none', timeoutSeconds: 60 },
    ]);
    expect(configuration.audit).toEqual({ content: 'Full', retentionDays: 7 });
    expect(configuration.outputSchema).toEqual({ type: 'object' });
    expect(configuration.limits).toEqual({
      steps: 3,
      seconds: 30,
      nanoUsdPerRun: 50_000_000,
      outputRepairs: 0,
      outputTokens: 99,
    });
  });

  it.each([
    ['0', 0],
    ['0.000000001', 1],
    ['12', 12_000_000_000],
    ['0.1', 100_000_000],
    ['999999999.999999999', Number.MAX_SAFE_INTEGER],
  ])('turns %s US dollars into %d nano-dollars without rounding', (usdPerRun, nanoUsdPerRun) => {
    const configuration = buildAgentConfiguration(
      { metadata: METADATA, spec: { ...SPEC, limits: { usdPerRun } } },
      PROMPT,
    );
    expect(AgentConfiguration.parse({ revision: 1, ...configuration }).limits.nanoUsdPerRun).toBe(
      nanoUsdPerRun,
    );
  });
});
