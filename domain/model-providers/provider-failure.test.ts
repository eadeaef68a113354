import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dialectOf } from './dialects.ts';
import { PROVIDERS } from '#crds/model.ts';
import { retryAfterSeconds, scrubMessage } from './provider-failure.ts';

const KEYS = [
  'sk-proj-Ab12Cd34Ef56Gh78Ij90',
  'sk-ab***********************yz',
  'sk-ant-api03-AAbb_cc-DDee11ff22',
  'AIzaSyD-9tSrke72PouQMnMX-a7eZSW0jkFMBWY',
  'AQ.Ab8RN6Jx0123456789_abc-DEF',
  'gsk_0123456789abcdef',
  'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl',
  '0123456789abcdef0123456789abcdef',
];

describe('a message of a provider', () => {
  it.each(KEYS)('loses the key %s', (key) => {
    for (const text of [
      `Incorrect API key provided: ${key}.`,
      `x-api-key: ${key}`,
      `Authorization: Bearer ${key}`,
      `https://host/v1?key=${key}&alt=sse`,
      `{"token":"${key}"}`,
      key,
    ]) {
      expect(scrubMessage(text)).not.toContain(key.slice(0, 12));
    }
  });

  it('keeps the words, also the long names of models', () => {
    const text =
      'The model claude-sonnet-4-5-20250929 is not available for ft:gpt-4o-mini-2024-07-18:org::id.';
    expect(scrubMessage(text)).toBe(text);
  });

  it('becomes one line of at most 300 characters', () => {
    const text = scrubMessage(`first\r\n\tsecond\u0000${'🌴 '.repeat(5000)}`);
    expect(text.startsWith('first second 🌴')).toBe(true);
    expect(Array.from(text).length).toBeLessThanOrEqual(300);
    expect(text.endsWith('…')).toBe(true);
  });

  it('is read from any body and under any status, without a throw and without the key', () => {
    const key = 'sk-proj-Ab12Cd34Ef56Gh78Ij90';
    const bodies = fc.oneof(
      fc.string(),
      fc.json(),
      fc
        .string()
        .map((text) => JSON.stringify({ error: { message: `${text} ${key}`, code: text, type: key } })),
      fc.string().map((text) => JSON.stringify({ error: { message: text, details: [{ reason: key }] } })),
    );
    fc.assert(
      fc.property(
        fc.constantFrom(...PROVIDERS),
        fc.integer({ min: 300, max: 599 }),
        bodies,
        (provider, status, body) => {
          const failure = dialectOf(provider).parseFailure(status, {}, body);
          expect(failure.message).not.toContain(key);
          expect(failure.message.length).toBeGreaterThan(0);
        },
      ),
    );
  });
});

describe('the time to wait', () => {
  it.each([
    [{ 'retry-after': '30' }, 30],
    [{ 'retry-after': '0.5' }, 0.5],
    [{ 'retry-after-ms': '1500', 'retry-after': '30' }, 1.5],
    [{ 'retry-after': 'Mon, 23 Nov 2026 10:01:00 GMT', date: 'Mon, 23 Nov 2026 10:00:00 GMT' }, 60],
    [{ 'retry-after': 'Mon, 23 Nov 2026 09:00:00 GMT', date: 'Mon, 23 Nov 2026 10:00:00 GMT' }, 0],
    [{ 'retry-after': 'Mon, 23 Nov 2026 10:01:00 GMT' }, undefined],
    [{ 'retry-after': 'soon' }, undefined],
    [{ 'retry-after': '-5' }, undefined],
    [{ 'retry-after': '' }, undefined],
    [{}, undefined],
  ])('of %j is %s seconds', (headers, seconds) => {
    expect(retryAfterSeconds(headers)).toBe(seconds);
  });
});
