import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { EXPOSURE_UNITS } from '#crds/rollout-release.ts';
import { judgingPast } from './judging-past.ts';
import { OutcomeWriter, judgeOf, planOf } from './testing/outcomes.ts';

const MICRO_NATS = 1_000_000;
/** Of a nat. The judge rounds: histories to millionths, what stable did of late to thousandths, each bet down. */
const ROUNDED = 0.02;

const { streams } = z
  .object({
    streams: z.array(
      z.object({
        name: z.string(),
        unit: z.enum(EXPOSURE_UNITS),
        histories: z.record(z.string(), z.tuple([z.number(), z.number()])),
        /** A letter for the agent, large where it takes the candidate, and + or - for what came of it. */
        outcomes: z.string(),
        worse: z.number(),
        highestWorse: z.number(),
        notWorse: z.number(),
      }),
    ),
  })
  .parse(JSON.parse(readFileSync(new URL('testing/independent-verdicts.json', import.meta.url), 'utf8')));

describe('a judge that somebody else wrote from the documentation', () => {
  it.each(streams)('finds the same evidence: $name', (stream) => {
    const past = judgingPast(
      Object.entries(stream.histories).map(([agentUid, [good, bad]]) => ({
        agentUid,
        metrics: { RunSucceeded: { good, bad } },
        costs: { runs: 0, nanoUsd: 0 },
        safetyEvents: [],
      })),
    );
    const judge = judgeOf(planOf(stream.unit, undefined, past));
    const writer = new OutcomeWriter();
    let highest = -Infinity;
    for (const [agent = '', sign] of stream.outcomes.match(/../g) ?? []) {
      const arm = agent === agent.toLowerCase() ? 'stable' : 'candidate';
      judge.count(writer.run(arm, sign === '+', { agentUid: agent.toLowerCase() }));
      highest = Math.max(highest, judge.metrics()[0]?.worseMicroNats ?? 0);
    }
    const [metric] = judge.metrics();
    expect(Math.abs((metric?.worseMicroNats ?? NaN) / MICRO_NATS - stream.worse)).toBeLessThan(ROUNDED);
    expect(Math.abs((metric?.notWorseMicroNats ?? NaN) / MICRO_NATS - stream.notWorse)).toBeLessThan(ROUNDED);
    expect(Math.abs(highest / MICRO_NATS - stream.highestWorse)).toBeLessThan(ROUNDED);
    const isWorse = stream.highestWorse >= Math.log(100);
    expect(judge.verdict(1).kind === 'Worse').toBe(isWorse);
  });
});
