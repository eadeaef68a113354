import { describe, expect, it } from 'vitest';
import { LedgerEntry } from './ledger-entry.ts';
import { MeterCheck, MeterReadings } from './meter-check.ts';

interface Told {
  readonly boot?: string;
  readonly namespace?: string;
  readonly cost?: number;
  readonly meter: readonly [attempts: number, costNanoUsd: number];
}

function attempt({ boot = 'b-1', namespace = 'shop', cost, meter }: Told, trust = 'witnessed'): LedgerEntry {
  return LedgerEntry.parse({
    version: 1,
    index: 0,
    receivedAtMicroseconds: 1,
    reporter: 'system:serviceaccount:capataz-system:capataz-router',
    trust,
    record: {
      id: `${boot}-${namespace}-${meter[0]}`,
      type: 'model_attempt',
      namespace,
      atMicroseconds: 1,
      source: { process: 'router', instance: 'router-0', boot, sequence: 1 },
      agent: { name: 'triage' },
      requestId: 'r',
      attempt: 1,
      operation: 'chat',
      model: 'main',
      provider: 'OpenAI',
      providerModel: 'm',
      outcome: 'answered',
      usageSource: 'told',
      ...(cost !== undefined && { costNanoUsd: cost }),
      meter: { attempts: meter[0], costNanoUsd: meter[1] },
      durationMicroseconds: 1,
    },
  });
}

function differencesIn(told: readonly Told[], check = new MeterCheck()): readonly object[] {
  return told.map((each) => check.take(attempt(each))).filter((difference) => difference !== undefined);
}

const WHOLE: readonly Told[] = [
  { cost: 5, meter: [1, 5] },
  { namespace: 'bank', cost: 9, meter: [1, 9] },
  { meter: [2, 5] },
  { boot: 'b-2', cost: 3, meter: [1, 3] },
  { cost: 7, meter: [3, 12] },
];

describe("the check of the routers' meters", () => {
  it('finds nothing where all attempts are there, of several routers, namespaces and with unknown costs', () => {
    expect(differencesIn(WHOLE)).toEqual([]);
  });

  it.each([
    ['is missing at the beginning', WHOLE.slice(1), { atAttempt: 2, attempts: 1, costNanoUsd: 5 }],
    ['is missing in the middle', WHOLE.toSpliced(2, 1), { atAttempt: 3, attempts: 1, costNanoUsd: 0 }],
    [
      'is cheaper in the ledger',
      WHOLE.with(4, { cost: 1, meter: [3, 12] }),
      { atAttempt: 3, attempts: 0, costNanoUsd: 6 },
    ],
    [
      'is dearer in the ledger',
      WHOLE.with(4, { cost: 8, meter: [3, 12] }),
      { atAttempt: 3, attempts: 0, costNanoUsd: -1 },
    ],
  ])('tells once when an attempt %s', (_name, told, difference) => {
    const all = [...told, { cost: 1, meter: [4, 13] as const }];
    expect(differencesIn(all)).toEqual([
      { namespace: 'shop', instance: 'router-0', boot: 'b-1', ...difference },
    ]);
  });

  it('goes on from what was kept', () => {
    const first = new MeterCheck();
    differencesIn(WHOLE.slice(0, 3), first);
    const kept = MeterReadings.parse(JSON.parse(JSON.stringify(first.readings())));
    expect(differencesIn(WHOLE.slice(3), new MeterCheck(kept))).toEqual([]);
  });

  it('believes nobody who tells of himself', () => {
    expect(new MeterCheck().take(attempt({ meter: [9, 9] }, 'reported'))).toBeUndefined();
  });

  it('keeps a bounded number of meters, those that told last', () => {
    const check = new MeterCheck();
    for (let boot = 0; boot < 10_050; boot += 1) {
      check.take(attempt({ boot: `b-${boot}`, cost: 1, meter: [1, 1] }));
    }
    expect(check.readings()).toHaveLength(10_000);
    expect(differencesIn([{ boot: 'b-10049', cost: 1, meter: [2, 2] }], check)).toEqual([]);
  });
});
