/** What the observer says of an Agent, and when it is worth a write. */
import { describe, expect, it } from 'vitest';
import type { Condition } from '#crds/conditions.ts';
import type { AgentRow } from '#domain/observation/agent-row.ts';
import type { JudgedMeasure } from '#domain/observation/judged-measure.ts';
import { claimsOf, conditionsToWrite } from './conditions-of-row.ts';
import { aRow } from './testing/sample-rows.ts';

const FIRST = new Date('2026-11-26T10:00:00Z');
const after = (seconds: number): Date => new Date(FIRST.getTime() + seconds * 1_000);

function costing(verdict: JudgedMeasure['verdict'], sentence: string): AgentRow {
  const row = aRow();
  return { ...row, cost: { ...row.cost, verdict, sentence } };
}

function written(row: AgentRow): readonly Condition[] {
  return conditionsToWrite(row, { conditions: [], generation: 1 }, undefined, FIRST) ?? [];
}

describe('what is said of a measure', () => {
  it.each([
    ['normal', 'True', 'AsUsual'],
    ['expected', 'True', 'Expected'],
    ['abnormal', 'False', 'AboveUsual'],
    ['learning', 'Unknown', 'Learning'],
    ['unknown', 'Unknown', 'NothingKnown'],
  ] as const)('%s is %s: nothing known is never True', (verdict, status, reason) => {
    expect(claimsOf(costing(verdict, 'So.'))[0]).toEqual({
      type: 'CostNormal',
      status,
      reason,
      message: 'So.',
    });
  });
});

describe('a write of conditions', () => {
  const row = costing('normal', '$1.00 this hour; usual for Tuesday 14h: $0.80-$1.40.');

  it('is made of all four at once where there are none, beside those of the operator', () => {
    expect(written(row).map(({ type }) => type)).toEqual(['CostNormal', 'LatencyNormal', 'Drift', 'Probed']);
    const ready: Condition = {
      type: 'Ready',
      status: 'True',
      lastTransitionTime: '',
      reason: 'R',
      message: '',
    };
    const standing = { conditions: [ready], generation: 1 };
    expect(conditionsToWrite(row, standing, undefined, FIRST)?.map(({ type }) => type)).not.toContain(
      'Ready',
    );
  });

  it('is not made while everything says the same', () => {
    expect(
      conditionsToWrite(row, { conditions: written(row), generation: 1 }, FIRST, after(3_600)),
    ).toBeUndefined();
  });

  it('is made at once when a status changed, which then has a new time, and the others keep theirs', () => {
    const abnormal = costing('abnormal', '$9.00 this hour; usual for Tuesday 14h: $0.80-$1.40.');
    const conditions = conditionsToWrite(
      abnormal,
      { conditions: written(row), generation: 1 },
      FIRST,
      after(1),
    );
    expect(conditions?.map(({ lastTransitionTime }) => lastTransitionTime)).toEqual([
      '2026-11-26T10:00:01Z',
      '2026-11-26T10:00:00Z',
      '2026-11-26T10:00:00Z',
      '2026-11-26T10:00:00Z',
    ]);
  });

  it.each([
    [
      'other numbers wait for five minutes',
      '$1.20 this hour; usual for Tuesday 14h: $0.80-$1.40.',
      299,
      false,
    ],
    [
      'numbers that moved by a fifth go then',
      '$1.20 this hour; usual for Tuesday 14h: $0.80-$1.40.',
      300,
      true,
    ],
    ['numbers that moved little do not', '$1.05 this hour; usual for Tuesday 14h: $0.80-$1.40.', 300, false],
    ['other words go then', '$1.00 this hour; usual for Wednesday 14h: $0.80-$1.40.', 300, true],
    ['a number more goes then', '$1.00 this hour; usual for Tuesday 14h: $0.80-$1.40 (4 weeks).', 300, true],
  ])('%s', (_what, sentence, seconds, isWritten) => {
    const next = costing('normal', sentence);
    const conditions = conditionsToWrite(
      next,
      { conditions: written(row), generation: 1 },
      FIRST,
      after(seconds),
    );
    expect(conditions !== undefined).toBe(isWritten);
  });
});
