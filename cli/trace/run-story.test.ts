import { describe, expect, it } from 'vitest';
import type { LedgerEntry } from '#domain/ledger/ledger-entry.ts';
import { SAMPLE_ENTRIES } from '../testing/sample-run.ts';
import { tellRun } from './run-story.ts';

const without = (...ids: readonly string[]): readonly LedgerEntry[] =>
  SAMPLE_ENTRIES.filter(({ record }) => !ids.includes(record.id));

describe('the story of a run', () => {
  it('puts each record into the step it belongs to, in whatever order they were written', () => {
    const story = tellRun(SAMPLE_ENTRIES.toReversed());
    expect(story).toEqual(tellRun(SAMPLE_ENTRIES));
    expect(
      story.steps.map(({ number, cycles, calls, decisions, actions }) => [
        number,
        cycles.length,
        calls.map(({ attempts }) => attempts.length),
        decisions.length,
        actions.map(({ callId }) => callId),
      ]),
    ).toEqual([
      [1, 1, [2], 1, ['call-1', 'call-2']],
      [2, 1, [1], 0, []],
    ]);
  });

  it('says of a tool that was about to run that nothing tells what came of it', () => {
    expect(tellRun(SAMPLE_ENTRIES).missing).toContain(
      'Tool refund was about to run in step 1 (call call-2), and nothing says what came of it.',
    );
  });

  it.each([
    [
      ['ended'],
      'Nothing says how the run ended: it still runs, or its agent died or cannot reach the ledger.',
    ],
    [['begun'], 'Nothing says how the run began: its run_begun is not here.'],
    [['ti-1'], 'Tool find-order ran in step 1 (call call-1) without a recorded intent.'],
    [['a-1-1'], 'The router made 2 attempts at model call req-1 in step 1, and 1 are here.'],
    [['c-1'], "The agent tells of model call req-1 in step 1: the router's record of it is not here."],
    [['cycle-1'], 'The router tells of model call req-1 in step 1: the agent says nothing of it.'],
    [['ti-2', 'tr-1'], 'The agent says that it told 9 records of this run, and 7 are here.'],
    [['p-1'], "The run's chain has holes in what the ledger sent: verify the namespace with capataz verify."],
  ])('without %s says so', (ids, sentence) => {
    expect(tellRun(without(...ids)).missing).toContain(sentence);
  });

  it('of no records at all is a story of what is missing', () => {
    expect(tellRun([]).missing).toHaveLength(2);
  });
});
