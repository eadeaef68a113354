import { describe, expect, it } from 'vitest';
import { livenessOf, reconnectDelay } from './liveness.ts';
import { pathOf, withQuery } from './paths.ts';
import { problemOf } from './request-problem.ts';

describe('addresses', () => {
  it('hold whatever stands in a name as one segment, and leave out what is not asked for', () => {
    expect(pathOf('agents', 'a/b', '..')).toBe('/agents/a%2Fb/..');
    expect(withQuery('/v1/agents', { search: 'a&b', state: '', limit: 100, cursor: undefined })).toBe(
      '/v1/agents?search=a%26b&limit=100',
    );
    expect(withQuery('/v1/now', {})).toBe('/v1/now');
  });
});

describe('the stream', () => {
  it('is live while it is heard, and stale after fifteen seconds of silence', () => {
    const heard = { problem: null };
    expect(livenessOf(0, 1000, undefined)).toEqual({ kind: 'connecting' });
    expect(livenessOf(0, 15_000, heard)).toEqual({ kind: 'live' });
    expect(livenessOf(0, 15_001, heard)).toEqual({ kind: 'stale', sinceMilliseconds: 0 });
    expect(livenessOf(0, 15_001, undefined)).toEqual({ kind: 'stale', sinceMilliseconds: 0 });
  });

  it('that tells of old things says why', () => {
    expect(livenessOf(0, 1, { problem: 'The ledger does not answer.' })).toEqual({
      kind: 'behind',
      problem: 'The ledger does not answer.',
    });
  });

  it('is opened again later and later, up to a bound, and not by all tabs at once', () => {
    expect(reconnectDelay(0, 1)).toBe(500);
    expect(reconnectDelay(3, 1)).toBe(4000);
    expect(reconnectDelay(3, 0)).toBe(2000);
    expect(reconnectDelay(400, 1)).toBe(8000);
  });
});

describe('a refusal', () => {
  it('is read with its sentence, whether it stands below error or not', () => {
    const told = { code: 'unauthenticated', message: 'Log in.' };
    expect(problemOf(401, { error: told })).toMatchObject({ status: 401, ...told });
    expect(problemOf(401, told)).toMatchObject({ status: 401, ...told });
  });

  it('that is no refusal of ours has no sentence', () => {
    expect(problemOf(502, undefined)).toMatchObject({ status: 502, code: '', message: '' });
    expect(problemOf(500, { error: ['x'] })).toMatchObject({ code: '', message: '' });
  });
});
