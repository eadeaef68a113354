import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { seededRandom } from '../judging/testing/outcomes.ts';
import type { LedgerEntry } from '../ledger/ledger-entry.ts';
import { AgentHistory } from '../observation/agent-history.ts';
import { AgentRow } from '../observation/agent-row.ts';
import { AttentionItem } from '../observation/attention-item.ts';
import { NamespaceSummary } from '../observation/fleet-summary.ts';
import type { WatchSettings } from './fleet-knowledge.ts';
import { FleetWatch, MOST_AGENTS } from './fleet-watch.ts';
import {
  BEGINNING,
  DAY,
  HOUR,
  gap,
  knowledge,
  knownAgent,
  modelAttempt,
  probeOutcome,
  runBegun,
  runEnded,
  securityEvent,
  silence,
} from './testing/entries.ts';

const SETTINGS: WatchSettings = { timeZone: 'Europe/Madrid', falseAlarmsPerWeek: 1 };

/** Entries of some agents over some days, of all kinds, some of them late. */
function someEntries(seed: number, count: number, days: number): readonly LedgerEntry[] {
  const draw = seededRandom(seed);
  const entries: LedgerEntry[] = [];
  for (let index = 0; index < count; index += 1) {
    const received = BEGINNING + (index / count) * days * DAY;
    const at = draw() < 0.05 ? received - draw() * 2 * DAY : received - draw() * 1_000_000;
    const of = { agent: `agent-${Math.floor(draw() * 3)}`, at: Math.max(BEGINNING - DAY, at) };
    entries.push({ ...oneOf(draw, of), receivedAtMicroseconds: Math.round(received) });
  }
  return entries;
}

function oneOf(draw: () => number, of: { readonly agent: string; readonly at: number }): LedgerEntry {
  const kind = draw();
  const digest = of.at > BEGINNING + 2 * DAY ? 'b'.repeat(64) : 'a'.repeat(64);
  if (kind < 0.4)
    return modelAttempt(of, {
      costNanoUsd: Math.round(draw() * 1e9),
      modelServed: `m-${Math.floor(draw() * 3)}`,
    });
  if (kind < 0.8) {
    return runEnded(of, {
      prompt: { digest },
      firstAnswerFits: draw() < 0.05 ? 'no' : 'yes',
      durationMicroseconds: Math.round(draw() * 3e6),
      steps: Math.floor(draw() * 8),
    });
  }
  if (kind < 0.9) return runBegun(of, Math.floor(draw() * 1e4));
  if (kind < 0.94) return securityEvent(of, { subject: `mail:${Math.floor(draw() * 5)}` });
  if (kind < 0.97) return probeOutcome(of, draw() < 0.9);
  if (kind < 0.99) return silence(of, { finding: `cost/shop/${of.agent}` });
  return gap(of);
}

test('A snapshot and the entries after it come to the same as all entries from the first', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1000 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (seed, share) => {
        const entries = someEntries(seed, 3000, 7);
        const whole = new FleetWatch(SETTINGS);
        for (const entry of entries) whole.see(entry);
        const broken = Math.floor(share * entries.length);
        const before = new FleetWatch(SETTINGS);
        for (const entry of entries.slice(0, broken)) before.see(entry);
        before.judge(BEGINNING + 7 * DAY, knowledge(BEGINNING + 7 * DAY));
        const after = FleetWatch.fromSnapshot(before.toSnapshot(), SETTINGS);
        for (const entry of entries.slice(broken)) after.see(entry);
        expect(after.toSnapshot()).toBe(whole.toSnapshot());
        const now = BEGINNING + 7 * DAY + HOUR / 3;
        const agents = [0, 1, 2].map((number) => knownAgent({ name: `agent-${number}` }));
        const known = knowledge(now, { agents });
        expect(after.judge(now, known)).toEqual(whole.judge(now, known));
        expect(after.historyOf('shop', 'agent-1', now, known)).toEqual(
          whole.historyOf('shop', 'agent-1', now, known),
        );
      },
    ),
    { numRuns: 15 },
  );
});

test('What is answered keeps to the contracts with the console, whatever was seen', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1000 }), fc.integer({ min: 0, max: 2000 }), (seed, count) => {
      const watch = new FleetWatch(SETTINGS);
      for (const entry of someEntries(seed, count, 4)) watch.see(entry);
      const now = BEGINNING + 4 * DAY;
      const agents = [0, 1, 2].map((number) =>
        knownAgent({ name: `agent-${number}`, probesEverySeconds: 600 }),
      );
      const known = knowledge(now, { agents });
      const { rows, namespaces, attention } = watch.judge(now, known);
      expect(rows.map((row) => AgentRow.parse(row))).toEqual(rows);
      expect(namespaces.map((summary) => NamespaceSummary.parse(summary))).toEqual(namespaces);
      expect(attention.map((item) => AttentionItem.parse(item))).toEqual(attention);
      const history = watch.historyOf('shop', 'agent-0', now, known);
      expect(history === null ? null : AgentHistory.parse(history)).toEqual(history);
    }),
    { numRuns: 15 },
  );
});

test('A snapshot of another version, of another time zone or of nonsense is refused with a sentence', () => {
  const watch = new FleetWatch(SETTINGS);
  const text = watch.toSnapshot();
  expect(() => FleetWatch.fromSnapshot('{', SETTINGS)).toThrow('replay the ledger');
  expect(() => FleetWatch.fromSnapshot(text.replace('"version":1', '"version":2'), SETTINGS)).toThrow(
    'version',
  );
  expect(() => FleetWatch.fromSnapshot(text, { ...SETTINGS, timeZone: 'UTC' })).toThrow('Europe/Madrid');
});

test('Agents beyond ten thousand push out those that were silent for the longest time', () => {
  const watch = new FleetWatch(SETTINGS);
  for (let number = 0; number <= MOST_AGENTS; number += 1) {
    watch.see(modelAttempt({ agent: `agent-${number}`, at: BEGINNING + number * 1000 }));
  }
  const now = BEGINNING + MOST_AGENTS * 1000;
  const known = knowledge(now, {
    agents: [0, 5000].map((number) => knownAgent({ name: `agent-${number}` })),
  });
  const [first, other] = watch.judge(now, known).rows;
  expect(first?.cost.amount).toBeNull();
  expect(other?.cost.amount).toBe(2_000_000);
});
