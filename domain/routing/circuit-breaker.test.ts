import { describe, expect, it } from 'vitest';
import { CircuitBreaker } from './circuit-breaker.ts';

const LIMITS = {
  failureThreshold: 3,
  firstRestMilliseconds: 100,
  longestRestMilliseconds: 400,
  lastResortTrials: 2,
  provingMilliseconds: 50,
};

function anOpenBreaker(): CircuitBreaker {
  const breaker = new CircuitBreaker(LIMITS);
  for (let index = 0; index < 3; index += 1) {
    breaker.admit(0, false);
    breaker.failed(0);
  }
  return breaker;
}

describe('CircuitBreaker', () => {
  it('stays closed while successes come between failures', () => {
    const breaker = new CircuitBreaker(LIMITS);
    for (let index = 0; index < 10; index += 1) {
      breaker.failed(index);
      breaker.failed(index);
      breaker.succeeded();
    }
    expect(breaker.state(20)).toBe('closed');
  });

  it('opens after so many failures in a row, and lets one trial through when the rest is over', () => {
    const breaker = anOpenBreaker();
    expect(breaker.state(99)).toBe('open');
    expect(breaker.admit(99, false)).toBeUndefined();
    expect(breaker.benchedMilliseconds(40)).toBe(60);
    expect(breaker.state(100)).toBe('halfOpen');
    expect(breaker.admit(100, false)).toBe('trial');
    expect(breaker.admit(100, false)).toBeUndefined();
    breaker.endTrial();
    breaker.succeeded();
    expect(breaker.state(100)).toBe('closed');
  });

  it('rests twice as long after each failed trial, up to the maximum, and anew after a success', () => {
    const breaker = anOpenBreaker();
    let now = 0;
    for (const rest of [100, 200, 400, 400]) {
      expect(breaker.admit(now + rest - 1, false)).toBeUndefined();
      now += rest;
      expect(breaker.admit(now, false)).toBe('trial');
      breaker.endTrial();
      breaker.failed(now);
    }
    now += 400;
    breaker.admit(now, false);
    breaker.endTrial();
    breaker.succeeded();
    for (let index = 0; index < 3; index += 1) breaker.failed(now);
    expect(breaker.benchedMilliseconds(now)).toBe(100);
  });

  it('takes attempts that began together and fail together for one failure of the rest', () => {
    const breaker = anOpenBreaker();
    for (let index = 0; index < 20; index += 1) breaker.failed(1);
    expect(breaker.benchedMilliseconds(1)).toBe(99);
  });

  it('lets a bounded number through at a time when there is nobody else to ask', () => {
    const breaker = anOpenBreaker();
    expect([1, 2, 3].map(() => breaker.admit(10, true))).toEqual(['trial', 'trial', undefined]);
    breaker.endTrial();
    expect(breaker.admit(10, true)).toBe('trial');
  });

  it('is not taken for fit because a trial has begun to answer: only when it goes on, or ends well', () => {
    const breaker = anOpenBreaker();
    breaker.admit(100, false);
    breaker.trialAnswers(110);
    expect([110, 159, 160].map((now) => breaker.benchedMilliseconds(now))).toEqual([50, 1, 0]);
    // Whoever has nobody else to ask is let through meanwhile.
    expect([1, 2].map(() => breaker.admit(120, true))).toEqual(['trial', 'trial']);
    breaker.succeeded();
    expect(breaker.benchedMilliseconds(120)).toBe(0);
  });

  it('gives the trial free again when the caller left it', () => {
    const breaker = anOpenBreaker();
    breaker.admit(100, false);
    breaker.endTrial();
    expect(breaker.state(100)).toBe('halfOpen');
    expect(breaker.admit(100, false)).toBe('trial');
  });
});
