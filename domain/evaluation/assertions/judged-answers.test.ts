import { describe, expect, it } from 'vitest';
import type { SingleAssertion } from '../golden-set.ts';
import type { CalledTool, Checked } from './assertion-check.ts';
import { compileAssertion } from './compile-assertion.ts';

function check(
  assertion: Pick<SingleAssertion, 'type' | 'value'>,
  text: string,
  toolCalls: readonly CalledTool[] = [],
): Checked {
  const compiled = compileAssertion({
    kind: 'assertion',
    isInverse: false,
    weight: 1,
    line: 1,
    ...assertion,
  });
  if (!compiled.ok || compiled.kind !== 'deterministic') throw new Error('it is not taken');
  const shared = { isRefused: false, tools: [], latencyMilliseconds: 1, costNanoUsd: 1 };
  return compiled.check({ text, toolCalls, ...shared });
}

describe('an answer that is hostile', () => {
  const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);

  it.each([1, 40, 50, 51, 60, 64, 65, 1_000, 100_000])(
    'is judged, and ends nothing, when it is JSON of %s levels',
    (levels) => {
      for (const value of ['$..a', '$[0]..[0]', '$..["a","b"]', '$..*']) {
        expect(check({ type: 'json-path', value }, nested(levels)).kind).toBe('judged');
      }
      expect(check({ type: 'numeric', value: { value: 1, path: '$..a' } }, nested(levels))).toMatchObject({
        kind: 'judged',
        pass: false,
      });
    },
  );

  it('is not looked through more often than its path has parts', () => {
    const value = `$${'[0,0]'.repeat(6)}.a`;
    expect(check({ type: 'json-path', value }, nested(60))).toMatchObject({ kind: 'judged', pass: false });
  });
});

describe('calls that were not as they should have been', () => {
  const call = (name: string): CalledTool => ({ name, argumentsText: '{}' });
  it.each([
    [['a'], [], '1 call was to be made, and 0 were (none)'],
    [['a', 'b'], [call('a')], '2 calls were to be made, and 1 was (a)'],
    [[], [call('a'), call('a')], 'no call was to be made, and 2 were (a, a)'],
  ])('are told in a sentence: %j', (value, calls, reason) => {
    expect(check({ type: 'tool-call', value }, '', calls)).toMatchObject({ pass: false, reason });
  });
});
