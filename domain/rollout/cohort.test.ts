import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chooseArm } from './choose-arm.ts';
import { cohortSize, growCohort, keepCohort } from './cohort.ts';

const SALT = 'salt';
const fleets = fc.uniqueArray(fc.uuid(), { minLength: 1, maxLength: 60 });
const shares = fc.integer({ min: 1, max: 10_000 });

const exposed = (
  agentUids: readonly string[],
  cutoff: string | undefined,
  basisPoints = 1,
): readonly string[] =>
  agentUids.filter(
    (agentUid) =>
      chooseArm(
        { unit: 'Agent', basisPoints, salt: SALT, ...(cutoff !== undefined && { cutoff }) },
        { agentUid, session: '' },
      ) === 'candidate',
  );

const cohort = (agentUids: readonly string[], basisPoints: number, cutoff?: string, exposedAgents = 0) =>
  growCohort({ agentUids, salt: SALT, basisPoints, cutoff, exposedAgents });

describe('a cohort', () => {
  it('is exactly max(1, ceil(N x share)) agents, and agents choose the same by the cutoff alone', () => {
    fc.assert(
      fc.property(fleets, shares, (agentUids, basisPoints) => {
        const { cutoff, exposedAgents } = cohort(agentUids, basisPoints);
        const wanted = Math.max(
          1,
          Number((BigInt(agentUids.length) * BigInt(basisPoints) + 9_999n) / 10_000n),
        );
        expect(exposedAgents).toBe(wanted);
        expect(exposed(agentUids, cutoff)).toHaveLength(wanted);
      }),
    );
  });

  it.each([
    [1000, 100, 10],
    [1001, 100, 11],
    [300, 1, 1],
    [100, 7, 1],
    [10_000, 7, 7],
    [50, 10_000, 50],
    [0, 100, 0],
    [7, 0, 0],
    // 0.07 % of 10,000 is 7; in floating point it would be 8.
    [10_000, 700, 700],
  ])('of %i agents at %i basis points is %i', (agents, basisPoints, size) => {
    expect(cohortSize(agents, basisPoints)).toBe(size);
  });

  it('of a smaller share lies inside that of a larger one', () => {
    fc.assert(
      fc.property(fleets, shares, shares, (agentUids, one, other) => {
        const [small, large] = [Math.min(one, other), Math.max(one, other)];
        const before = cohort(agentUids, small);
        const after = cohort(agentUids, large, before.cutoff);
        const inside = new Set(exposed(agentUids, after.cutoff));
        expect(exposed(agentUids, before.cutoff).every((uid) => inside.has(uid))).toBe(true);
        expect(after.exposedAgents).toBe(cohort(agentUids, large).exposedAgents);
      }),
    );
  });

  it('lets go of no agent when others leave', () => {
    fc.assert(
      fc.property(fleets, shares, fc.integer({ min: 1, max: 60 }), (agentUids, basisPoints, left) => {
        const before = cohort(agentUids, basisPoints);
        const taken = exposed(agentUids, before.cutoff);
        const fleet = [...new Set([...agentUids.slice(0, left), ...taken])];
        const { cutoff } = cohort(fleet, basisPoints, before.cutoff, before.exposedAgents);
        expect(exposed(fleet, cutoff)).toEqual(expect.arrayContaining([...taken]));
      }),
    );
  });

  it('is exactly the share again when agents join, and never more than that or those who took it before', () => {
    fc.assert(
      fc.property(
        fleets,
        fc.array(fleets, { maxLength: 6 }),
        fc.integer({ min: 1, max: 9_999 }),
        (agentUids, joiners, basisPoints) => {
          let known = cohort(agentUids, basisPoints);
          const fleet = new Set(agentUids);
          for (const uid of joiners.flat()) {
            fleet.add(uid);
            const question = { agentUids: [...fleet], salt: SALT, basisPoints };
            const before = { cutoff: known.cutoff, exposedAgents: known.exposedAgents };
            expect(keepCohort({ ...question, ...before }).exposedAgents).toBe(before.exposedAgents);
            known = growCohort({ ...question, ...before });
            expect(known.exposedAgents).toBe(cohortSize(fleet.size, basisPoints));
            expect(exposed([...fleet], known.cutoff)).toHaveLength(known.exposedAgents);
          }
        },
      ),
      { numRuns: 30 },
    );
  });

  it('of one agent does not become half of the thousand that join it', () => {
    const agentUids = Array.from({ length: 1000 }, (_, index) => `agent-${index}`);
    for (const first of agentUids.slice(0, 20)) {
      const { cutoff, exposedAgents } = cohort([first], 100);
      expect(cohort(agentUids, 100, cutoff, exposedAgents).exposedAgents).toBe(10);
    }
  });

  it('is filled up by the next agents by rank when exposed ones leave, so that a canary does not end unseen', () => {
    const agentUids = Array.from({ length: 300 }, (_, index) => `agent-${index}`);
    const first = cohort(agentUids, 100);
    const gone = new Set(exposed(agentUids, first.cutoff));
    const left = agentUids.filter((uid) => !gone.has(uid));
    expect(keepCohort({ ...first, agentUids: left, salt: SALT, basisPoints: 100 }).exposedAgents).toBe(0);
    expect(cohort(left, 100, first.cutoff, first.exposedAgents).exposedAgents).toBe(3);
  });

  it('takes a joiner whose rank is below the cutoff, until the operator has looked, and at 100 % every joiner', () => {
    const agentUids = Array.from({ length: 50 }, (_, index) => `agent-${index}`);
    const { cutoff } = cohort(agentUids, 10_000);
    const joiners = Array.from({ length: 200 }, (_, index) => `later-${index}`);
    expect(exposed(joiners, cutoff)).toHaveLength(200);
    const half = cohort(agentUids, 5_000);
    const joined = exposed(joiners, half.cutoff).length;
    expect(joined).toBeGreaterThan(50);
    expect(joined).toBeLessThan(150);
  });

  it('is another one with another salt', () => {
    const agentUids = Array.from({ length: 1000 }, (_, index) => `agent-${index}`);
    const chosen = (salt: string): readonly string[] => {
      const question = { agentUids, salt, basisPoints: 100, cutoff: undefined, exposedAgents: 0 };
      const { cutoff } = growCohort(question);
      return agentUids.filter(
        (agentUid) =>
          chooseArm(
            { unit: 'Agent', basisPoints: 100, salt, ...(cutoff !== undefined && { cutoff }) },
            { agentUid, session: '' },
          ) === 'candidate',
      );
    };
    expect(chosen('one')).toHaveLength(10);
    expect(chosen('one')).not.toEqual(chosen('other'));
  });
});

describe('sessions', () => {
  it('stay with the candidate as the share grows, and are about as many as it says', () => {
    const sessions = Array.from({ length: 20_000 }, (_, index) => `session-${index}`);
    const taken = (basisPoints: number): ReadonlySet<string> =>
      new Set(
        sessions.filter(
          (session) =>
            chooseArm({ unit: 'Session', basisPoints, salt: SALT }, { agentUid: 'a', session }) ===
            'candidate',
        ),
      );
    const [one, ten] = [taken(100), taken(1000)];
    expect([...one].every((session) => ten.has(session))).toBe(true);
    expect(one.size).toBeGreaterThan(150);
    expect(one.size).toBeLessThan(250);
  });
});
