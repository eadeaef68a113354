import { expect, test } from 'vitest';
import { type DriftEvidence, attributeDrift, isOfEnvironment } from './attribution.ts';

const HOUR = 3_600_000_000;
const SINCE = 1000 * HOUR;
const NOTHING: DriftEvidence = {
  sinceMicroseconds: SINCE,
  foundMicroseconds: SINCE + 6 * HOUR,
  servedChanges: [],
  ourChanges: [],
  probes: { trend: 'unknown', sinceMicroseconds: null, sentence: '' },
  inputShift: undefined,
  retrieval: { trend: 'unknown', sentence: '' },
  oneSource: undefined,
};
const causesOf = (evidence: Partial<DriftEvidence>): readonly string[] =>
  attributeDrift({ ...NOTHING, ...evidence }).map(({ cause }) => cause);

test('Of our own changes the one nearest to the beginning is named first, with its time', () => {
  const ourChanges = [
    { kind: 'knowledge', atMicroseconds: SINCE - 20 * HOUR, sentence: 'far' },
    { kind: 'tools', atMicroseconds: SINCE - HOUR, sentence: 'near' },
    { kind: 'prompt', atMicroseconds: SINCE + 7 * HOUR, sentence: 'after it was found' },
  ] as const;
  expect(attributeDrift({ ...NOTHING, ourChanges })).toEqual([
    { cause: 'tools_changed', sentence: 'near', atMicroseconds: SINCE - HOUR },
    { cause: 'knowledge_changed', sentence: 'far', atMicroseconds: SINCE - 20 * HOUR },
  ]);
});

test('Where another model answers nothing of ours is to blame, and what probes say stands behind it', () => {
  const found = causesOf({
    servedChanges: [{ atMicroseconds: SINCE - HOUR, sentence: 'another' }],
    ourChanges: [{ kind: 'prompt', atMicroseconds: SINCE, sentence: 'ours' }],
    probes: { trend: 'fell', sinceMicroseconds: SINCE, sentence: 'worse' },
  });
  expect(found).toEqual(['served_model_changed', 'probes_fell']);
});

test('What comes in explains nothing where probes fell: they come in as ever', () => {
  const inputShift = { atMicroseconds: SINCE, sentence: 'longer' };
  const fell = { trend: 'fell', sinceMicroseconds: SINCE, sentence: 'worse' } as const;
  expect(causesOf({ inputShift, probes: fell, oneSource: 'one' })).toEqual(['probes_fell']);
  expect(causesOf({ inputShift, oneSource: 'one' })).toEqual(['input_shifted', 'one_source']);
});

test('Without any evidence the cause is not known, and it is said what was looked at', () => {
  const [only, ...rest] = attributeDrift(NOTHING);
  expect(rest).toEqual([]);
  expect(only).toMatchObject({ cause: 'unknown', sentence: expect.stringContaining('no probes') });
});

test('What we released is no environment, and what befell us is', () => {
  expect(['served_model_changed', 'probes_fell', 'input_shifted', 'unknown'].every(isOfEnvironment)).toBe(
    true,
  );
  expect(['prompt_changed', 'tools_changed', 'agent_changed', 'price_changed'].some(isOfEnvironment)).toBe(
    false,
  );
});
