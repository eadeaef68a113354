/** What was counted of outcomes. Labels come from closed sets. */
import { Counter, type Registry } from 'prom-client';
import type { JudgedOutcome } from '#domain/judging/run-outcome.ts';
import type { OutcomeFeedOptions } from './outcome-feed.ts';

export function createOutcomeMetrics(
  registry: Registry,
): Pick<OutcomeFeedOptions, 'onOutcome' | 'onSkipped' | 'onWorse'> {
  const registers = [registry];
  const outcomes = new Counter({
    name: 'capataz_rollout_outcomes_total',
    help: 'Outcomes that the judges of candidates were given, by arm and kind: run, feedback or safety.',
    labelNames: ['arm', 'kind'],
    registers,
  });
  const skipped = new Counter({
    name: 'capataz_rollout_outcomes_skipped_total',
    help: 'Entries of the ledger that were asked for as outcomes and are none that is understood.',
    registers,
  });
  const worse = new Counter({
    name: 'capataz_rollout_candidates_worse_total',
    help: 'Candidates that their outcomes have stopped, by reason.',
    labelNames: ['reason'],
    registers,
  });
  return {
    onOutcome: ({ arm, kind }: JudgedOutcome) => outcomes.inc({ arm, kind }),
    onSkipped: (count) => skipped.inc(count),
    onWorse: (reason) => worse.inc({ reason }),
  };
}
