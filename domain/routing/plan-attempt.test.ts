import { describe, expect, it } from 'vitest';
import type { AttemptFailure } from './attempt-failure.ts';
import { type TargetProgress, pauseMilliseconds, planAttempt } from './plan-attempt.ts';
import { RetryBudget, RetryBudgets } from './retry-budget.ts';
import type { RoutableModel } from './routable-model.ts';

const NOW = 1_000;
const DEADLINE = 60_000;

function target(fields: {
  attempts?: number;
  failed?: AttemptFailure['code'];
  notBefore?: number;
  contextTokens?: number;
  endpoint?: string;
}): TargetProgress {
  const {
    attempts = fields.failed === undefined ? 0 : 1,
    failed,
    notBefore = 0,
    contextTokens,
    endpoint = 'one',
  } = fields;
  const model = {
    name: 'm',
    endpoint,
    ...(contextTokens === undefined ? {} : { contextTokens }),
  } as RoutableModel;
  return {
    candidate: { model, benchedMilliseconds: 0, mustWait: false },
    attempts,
    notBefore,
    ...(failed === undefined ? {} : { lastFailure: { code: failed, message: '' } }),
  };
}

const plan = (targets: readonly TargetProgress[], takeRetry = () => true): unknown =>
  planAttempt(targets, NOW, DEADLINE, takeRetry);
const ask = (index: number, isRetry = false, waitMilliseconds = 0): object => ({
  kind: 'ask',
  index,
  isRetry,
  waitMilliseconds,
});
const GIVE_UP = { kind: 'giveUp' };

describe('planAttempt', () => {
  it('asks the others before it asks the same again', () => {
    expect(plan([target({ failed: 'unavailable' }), target({})])).toEqual(ask(1));
    expect(plan([target({ failed: 'unavailable' }), target({ failed: 'unavailable' })])).toEqual(
      ask(0, true),
    );
  });

  it('asks nobody more than twice', () => {
    expect(plan([target({ failed: 'unavailable', attempts: 2 })])).toEqual(GIVE_UP);
  });

  it.each(['content_refused', 'deadline_exceeded', 'cancelled'] as const)(
    'gives up after %s, whoever is left',
    (failed) => {
      expect(plan([target({ failed }), target({})])).toEqual(GIVE_UP);
    },
  );

  it.each(['key_refused', 'model_not_found', 'unsupported', 'timed_out', 'internal_error'] as const)(
    'goes elsewhere after %s, but never back',
    (failed) => {
      expect(plan([target({ failed }), target({})])).toEqual(ask(1));
      expect(plan([target({ failed })])).toEqual(GIVE_UP);
    },
  );

  it('asks another provider what one has refused, and not the same one again', () => {
    const refused = target({ failed: 'request_refused' });
    expect(plan([refused, target({}), target({ endpoint: 'two' })])).toEqual(ask(2));
    expect(plan([refused, target({})])).toEqual(GIVE_UP);
  });

  it('looks for more room, and only for that, when the context was too long', () => {
    const small = target({ failed: 'context_length_exceeded', contextTokens: 8_000 });
    expect(plan([small, target({ contextTokens: 8_000 }), target({ contextTokens: 9_000 })])).toEqual(ask(2));
    expect(plan([small, target({}), target({ failed: 'unavailable', contextTokens: 4_000 })])).toEqual(
      GIVE_UP,
    );
  });

  it('waits for a target when that is in time, else gives up', () => {
    expect(plan([target({ failed: 'rate_limited', notBefore: NOW + 500 })])).toEqual(ask(0, true, 500));
    expect(plan([target({ notBefore: NOW + 11_000 })])).toEqual(GIVE_UP);
    expect(planAttempt([target({ notBefore: NOW + 500 })], NOW, NOW + 500, () => true)).toEqual(GIVE_UP);
  });

  it('asks the one that is free sooner when all must be waited for', () => {
    const both = [target({ notBefore: NOW + 800 }), target({ failed: 'rate_limited', notBefore: NOW + 100 })];
    expect(plan(both)).toEqual(ask(1, true, 100));
  });

  it('takes a retry from the budget only when it makes one, and does without when there is none', () => {
    let taken = 0;
    const take = (): boolean => {
      taken += 1;
      return false;
    };
    expect(plan([target({ failed: 'unavailable' }), target({})], take)).toEqual(ask(1));
    expect(taken).toBe(0);
    expect(plan([target({ failed: 'unavailable' })], take)).toEqual(GIVE_UP);
    expect(taken).toBe(1);
  });
});

describe('pauseMilliseconds', () => {
  it('is never shorter than what the provider asked for, and ends for each waiter at a moment of his own', () => {
    const limited: AttemptFailure = { code: 'rate_limited', message: '', retryAfterSeconds: 2 };
    const waiters = Array.from({ length: 41 }, (_, index) => pauseMilliseconds(limited, () => index / 41));
    expect(Math.min(...waiters)).toBe(2_000);
    expect(Math.max(...waiters)).toBeLessThanOrEqual(3_000);
    expect(Math.max(...waiters) - Math.min(...waiters)).toBeGreaterThan(900);
    expect(pauseMilliseconds({ ...limited, retryAfterSeconds: 0 }, () => 0.5)).toBe(250);
  });

  it('is a random part of a short time when the provider asked for nothing', () => {
    expect(pauseMilliseconds({ code: 'unavailable', message: '' }, () => 0.5)).toBe(100);
  });
});

describe('RetryBudget', () => {
  it('allows a fifth of the requests to be retried in the long run', () => {
    const budget = new RetryBudget();
    let retries = 0;
    for (let request = 0; request < 1_000; request += 1) {
      budget.requestStarted();
      if (budget.takeRetry()) retries += 1;
    }
    expect(retries).toBeGreaterThanOrEqual(200);
    expect(retries).toBeLessThanOrEqual(210);
  });

  it('of one caller is not touched by what another one spends', () => {
    const budgets = new RetryBudgets();
    while (budgets.of('shop/greedy').takeRetry()) continue;
    expect(budgets.of('shop/modest').takeRetry()).toBe(true);
    expect(budgets.of('shop/greedy').takeRetry()).toBe(false);
  });

  it('is kept for a bounded number of callers: whoever was not seen for longest is forgotten', () => {
    const budgets = new RetryBudgets(3);
    for (const caller of ['one', 'two', 'three']) budgets.of(caller);
    while (budgets.of('one').takeRetry()) continue;
    for (let index = 0; index < 2; index += 1) budgets.of(`new-${index}`);
    expect(budgets.size).toBe(3);
    expect(budgets.of('one').takeRetry()).toBe(false);
  });
});
