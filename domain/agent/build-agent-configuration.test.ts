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

describe('the configuration of an agent', () => {
  it('carries the documented defaults when the Agent sets no limits', () => {
    const configuration = buildAgentConfiguration({ metadata: METADATA, spec: SPEC }, PROMPT);
    expect(configuration).toEqual({
      agent: METADATA,
      prompt: PROMPT,
      tools: [],
      limits: { steps: 8, seconds: 120, outputRepairs: 2 },
    });
  });

  it('carries every field that the Agent sets (B09: nothing is silently ignored)', () => {
    const spec = {
      ...SPEC,
      tools: [{ type: 'BuiltIn' as const, name: 'calculate' as const }],
      output: { schema: { type: 'object' } },
      limits: { steps: 3, seconds: 30, usdPerRun: '0.05', outputRepairs: 0, outputTokens: 99 },
    };
    const configuration = buildAgentConfiguration({ metadata: METADATA, spec }, PROMPT);
    expect(configuration.tools).toEqual(['calculate']);
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
