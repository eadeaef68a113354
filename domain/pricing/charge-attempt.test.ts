import { describe, expect, it } from 'vitest';
import { ATTEMPT_FAILURES, type AttemptFailureCode } from '#domain/failures/failure-codes.ts';
import { addCharges, chargeAttempt } from './charge-attempt.ts';

const told = { inputTokens: 7, cachedInputTokens: 2, cacheWriteTokens: 0, outputTokens: 3 };
const sent = { wasSent: true, estimatedInputTokens: 10, estimatedOutputTokens: 0 };
const CODES = Object.keys(ATTEMPT_FAILURES) as AttemptFailureCode[];

describe('chargeAttempt', () => {
  it.each(CODES)('charges what the provider told, whatever became of the attempt: %s', (failureCode) => {
    expect(chargeAttempt({ ...sent, failureCode, told })).toEqual({ usage: told, source: 'reported' });
  });

  it.each(CODES)('charges nothing for what was never sent: %s', (failureCode) => {
    expect(chargeAttempt({ ...sent, wasSent: false, failureCode })).toEqual({ source: 'none' });
  });

  it.each([
    ['timed_out', 'estimated'],
    ['deadline_exceeded', 'estimated'],
    ['cancelled', 'estimated'],
    ['answer_cut', 'estimated'],
    ['answer_malformed', 'estimated'],
    ['unreachable', 'estimated'],
    ['internal_error', 'estimated'],
    ['rate_limited', 'none'],
    ['overloaded', 'none'],
    ['unavailable', 'none'],
    ['key_refused', 'none'],
    ['model_not_found', 'none'],
    ['request_refused', 'none'],
    ['context_length_exceeded', 'none'],
    ['content_refused', 'none'],
  ] as const)('of %s, sent and without a word about usage, is %s', (failureCode, source) => {
    expect(chargeAttempt({ ...sent, failureCode }).source).toBe(source);
  });

  it('charges what came before a refusal that came too late', () => {
    const charge = chargeAttempt({ ...sent, failureCode: 'overloaded', estimatedOutputTokens: 4.2 });
    expect(charge).toMatchObject({ source: 'estimated', usage: { inputTokens: 10, outputTokens: 5 } });
  });

  it('takes the larger count of output when a broken answer was told of before its end', () => {
    const charge = chargeAttempt({ ...sent, failureCode: 'answer_cut', told, estimatedOutputTokens: 50 });
    expect(charge).toEqual({ usage: { ...told, outputTokens: 50 }, source: 'estimated' });
  });

  it('believes a whole answer, however short its count is', () => {
    expect(chargeAttempt({ ...sent, told, estimatedOutputTokens: 50 }).usage).toEqual(told);
  });
});

describe('addCharges', () => {
  const reported = { usage: told, source: 'reported' } as const;
  const estimated = { usage: told, source: 'estimated' } as const;
  const none = { source: 'none' } as const;

  it('adds usage up and is as uncertain as the least certain part', () => {
    expect(addCharges(none, none)).toEqual(none);
    expect(addCharges(none, reported)).toEqual(reported);
    expect(addCharges(reported, none)).toEqual(reported);
    expect(addCharges(reported, estimated)).toMatchObject({
      source: 'estimated',
      usage: { inputTokens: 14 },
    });
    expect(addCharges(estimated, reported)).toMatchObject({
      source: 'estimated',
      usage: { outputTokens: 6 },
    });
  });

  it('loses no class of tokens: thought that was told of one attempt is told of all', () => {
    const thinking = { usage: { ...told, reasoningTokens: 2 }, source: 'reported' } as const;
    expect(addCharges(thinking, thinking).usage).toMatchObject({ reasoningTokens: 4 });
    expect(addCharges(thinking, estimated).usage).toMatchObject({ reasoningTokens: 2 });
    expect(addCharges(reported, estimated).usage).not.toHaveProperty('reasoningTokens');
  });
});
