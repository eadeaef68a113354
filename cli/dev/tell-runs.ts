/** Each run as one line, put together from the trace lines of its steps. */
import type { CycleRecord } from '#domain/conversation/trace.ts';
import { visible } from '../terminal/visible-text.ts';
import type { LogLine } from './child-process.ts';

const NANO_USD = 1e9;
const MAXIMUM_RUNS_UNDER_WAY = 1_000;

interface Sums {
  steps: number;
  tokens: number;
  nanoUsd: number;
  isPriceKnown: boolean;
  milliseconds: number;
}

export function createRunTeller(write: (line: string) => void): (line: LogLine) => void {
  const underWay = new Map<string, Sums>();
  return (line) => {
    if (line['type'] !== 'trace') return;
    const cycle = line as unknown as CycleRecord;
    const sums = underWay.get(cycle.runId) ?? {
      steps: 0,
      tokens: 0,
      nanoUsd: 0,
      isPriceKnown: true,
      milliseconds: 0,
    };
    sums.steps += 1;
    sums.tokens += (cycle.inputTokens ?? 0) + (cycle.outputTokens ?? 0);
    sums.nanoUsd += cycle.costNanoUsd ?? 0;
    if (cycle.costNanoUsd === null) sums.isPriceKnown = false;
    sums.milliseconds += cycle.modelMilliseconds;
    for (const { durationMilliseconds } of cycle.toolCalls) sums.milliseconds += durationMilliseconds;
    if (cycle.phase === 'action' || cycle.phase === 'repair') {
      if (underWay.size < MAXIMUM_RUNS_UNDER_WAY) underWay.set(cycle.runId, sums);
      return;
    }
    underWay.delete(cycle.runId);
    const cost = sums.isPriceKnown ? `$${(sums.nanoUsd / NANO_USD).toFixed(6)}` : 'cost unknown';
    const { digest } = line['prompt'] as { readonly digest?: string };
    const outcome = cycle.outcome === 'ok' ? 'succeeded' : cycle.outcome;
    write(
      visible(
        `run ${cycle.runId}  ${outcome}  steps ${sums.steps}  tokens ${sums.tokens}  ${cost}  ${Math.round(sums.milliseconds)} ms  prompt ${String(digest).slice(0, 12)}`,
      ),
    );
  };
}
