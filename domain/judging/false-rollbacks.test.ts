import { describe, expect, test } from 'vitest';
import { CapatazFleetJudge } from './testing/fleet-judge.ts';
import { type FleetPlan, PLAIN_FLEET, simulateFleet } from './testing/simulated-fleet.ts';

const OUTCOMES = 500;

/** By seeds that are fixed: a figure that changes was changed by the code. */
function judged(
  plan: FleetPlan,
  marginPercent: string,
  runs: number,
): { readonly rolledBack: readonly number[]; readonly passed: readonly number[] } {
  const rolledBack: number[] = [];
  const passed: number[] = [];
  for (let seed = 1; seed <= runs; seed += 1) {
    const judges: CapatazFleetJudge[] = [];
    const [after] = simulateFleet(plan, seed * 7919, (past) => {
      judges.push(new CapatazFleetJudge(plan.unit, past, marginPercent));
      return judges;
    });
    if (after !== undefined) rolledBack.push(after);
    const passedAfter = judges[0]?.passedAfter;
    if (passedAfter !== undefined) passed.push(passedAfter);
  }
  return { rolledBack, passed };
}

function rolledBack(plan: FleetPlan, marginPercent: string, runs: number): readonly number[] {
  return judged(plan, marginPercent, runs).rolledBack;
}

function median(values: readonly number[]): number {
  return values.toSorted((left, right) => left - right)[Math.floor(values.length / 2)] ?? Infinity;
}

const ENVIRONMENTS: readonly (readonly [string, FleetPlan['environment']])[] = [
  ['stands still', () => 0],
  ['falls at once', (progress) => (progress < 0.3 ? 0 : -1.8)],
  ['rises at once', (progress) => (progress < 0.3 ? 0 : 1)],
  ['goes up and down', (progress) => Math.sin(progress * 6 * Math.PI)],
];

describe.each(ENVIRONMENTS)('When the environment %s', (_name, environment) => {
  test.each([
    ['sessions are split, 1 %', { unit: 'Session', exposure: 0.01 }],
    ['sessions are split, half', { unit: 'Session', exposure: 0.5 }],
    ['sessions are split and hang together', { unit: 'Session', sessionLength: 10, sessionDeviation: 1.5 }],
    ['one agent of 50 that differ is exposed', { unit: 'Agent', agents: 50, deviation: 1 }],
    ['half of 50 agents that differ is exposed', { unit: 'Agent', agents: 50, deviation: 1, exposure: 0.5 }],
  ] as const)('an equal candidate is not rolled back: %s', (_case, changes) => {
    const plan: FleetPlan = { ...PLAIN_FLEET, outcomes: OUTCOMES, environment, ...changes };
    expect(rolledBack(plan, '1', 8)).toHaveLength(0);
  });
});

describe('One agent that follows its own history', () => {
  test.each([
    [10, 0.8],
    [10, 0.5],
    [30, 0.8],
    [100, 0.8],
  ])('of %d outcomes at a rate of %d is not rolled back for what the history errs', (historyLength, rate) => {
    const plan: FleetPlan = { ...PLAIN_FLEET, unit: 'Agent', agents: 50, outcomes: OUTCOMES };
    expect(rolledBack({ ...plan, historyLength, stableRate: rate }, '1', 40)).toHaveLength(0);
  });
});

describe('Looked at after every outcome without any margin', () => {
  test('an equal candidate is rolled back no more often than was allowed', () => {
    const plan: FleetPlan = { ...PLAIN_FLEET, outcomes: OUTCOMES, exposure: 0.05 };
    expect(rolledBack(plan, '0', 100).length / 100).toBeLessThanOrEqual(0.01);
  });

  // About as fast as a sequential test that knows the rate of stable.
  test.each([
    [0.06, 230],
    [0.16, 45],
    [0.36, 12],
    [0.96, 3],
  ])('one that is %d worse is found in a median of at most %d outcomes', (drop, most) => {
    const found = rolledBack({ ...PLAIN_FLEET, drop, outcomes: 1500 }, '0', 40);
    expect(found).toHaveLength(40);
    expect(median(found)).toBeLessThanOrEqual(most);
  });

  test('an agent that becomes ten points worse than itself is found among agents that differ', () => {
    const plan: FleetPlan = { ...PLAIN_FLEET, unit: 'Agent', agents: 300, deviation: 1, drop: 0.1 };
    const found = rolledBack(plan, '2', 20);
    expect(found.length).toBeGreaterThanOrEqual(18);
    expect(median(found)).toBeLessThanOrEqual(400);
  });
});

describe('Going on', () => {
  const bySession: FleetPlan = { ...PLAIN_FLEET, outcomes: OUTCOMES };
  const byAgent: FleetPlan = { ...bySession, unit: 'Agent', agents: 50, deviation: 1 };

  test('is proven for most that are equal', () => {
    expect(judged(bySession, '1', 20).passed.length).toBeGreaterThanOrEqual(18);
    expect(judged(byAgent, '1', 20).passed.length).toBeGreaterThanOrEqual(10);
  });

  test('is hardly ever proven of one that is worse by more than the five points that are allowed', () => {
    for (const plan of [bySession, byAgent]) {
      // The other claim must not come first: without it.
      const worse = judged({ ...plan, drop: 0.051 }, '100', 40);
      expect(worse.passed.length / 40).toBeLessThanOrEqual(0.05);
    }
  });
});
