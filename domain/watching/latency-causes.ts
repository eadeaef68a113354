/** What made runs of an agent slower: the model that answers, more calls of it, or what is between them. */
import type { RankedCause } from '../observation/attention-item.ts';
import { BLOCKS_OF_DAY, BLOCKS_OF_WEEK, blockOf } from './cost-blocks.ts';
import type { KnownChange } from './fleet-knowledge.ts';
import type { FleetState } from './fleet-watch.ts';
import { judgeLatency } from './judge-latency.ts';
import { bounded, duration } from './sentences.ts';
import { DAY_MICROSECONDS, HOUR_MICROSECONDS } from './time-units.ts';
import { RUN_SUMS, type WatchedAgent } from './watched-agent.ts';
import type { WatchedModel } from './watched-model.ts';

export interface ExplainedLatency {
  readonly causes: readonly RankedCause[];
  /** The Model that became slower, where it is that. */
  readonly model: WatchedModel | undefined;
}

export function explainLatency(
  state: FleetState,
  agent: WatchedAgent,
  changes: readonly KnownChange[],
  sinceMicroseconds: number,
  nowMicroseconds: number,
): ExplainedLatency {
  const causes: RankedCause[] = [];
  let slowest: WatchedModel | undefined;
  for (const name of agent.models.keys()) {
    const model = state.models.get(`${agent.namespace}/${name}`);
    const slow = model?.latency.slow;
    if (model === undefined || slow === undefined || slow.phase === 'learning' || !slow.isDrifting) continue;
    slowest ??= model;
    const { sentence } = judgeLatency(model.latency, nowMicroseconds, state.local, 'call');
    causes.push({
      cause: 'model_slower',
      sentence: bounded(`Model ${name} answers more slowly: ${sentence}.`),
      atMicroseconds: slow.since?.atMicroseconds ?? null,
    });
  }
  const parts = partsOfRuns(agent, sinceMicroseconds, nowMicroseconds);
  if (parts !== undefined) causes.push(...parts);
  for (const { kind, sentence, atMicroseconds } of changes) {
    if (Math.abs(atMicroseconds - sinceMicroseconds) > DAY_MICROSECONDS) continue;
    causes.push({ cause: `${kind}_changed`, sentence: bounded(sentence), atMicroseconds });
  }
  return { causes: causes.slice(0, 8), model: slowest };
}

type MeansOfRun = Readonly<Record<'whole' | 'model' | 'rest' | 'calls', number>>;

function partsOfRuns(
  agent: WatchedAgent,
  sinceMicroseconds: number,
  nowMicroseconds: number,
): readonly RankedCause[] | undefined {
  const newest = blockOf(Math.floor(nowMicroseconds / HOUR_MICROSECONDS));
  const oldest = Math.max(
    newest - BLOCKS_OF_DAY + 1,
    blockOf(Math.floor(sinceMicroseconds / HOUR_MICROSECONDS)),
  );
  const now = meansOf(agent, oldest, newest);
  const before =
    meansOf(agent, oldest - BLOCKS_OF_WEEK, newest - BLOCKS_OF_WEEK) ??
    meansOf(agent, oldest - BLOCKS_OF_DAY, oldest - 1);
  if (now === undefined || before === undefined || now.whole <= before.whole) return undefined;
  const rise = now.whole - before.whole;
  const candidates = [
    {
      cause: 'more_model_calls',
      share: ((now.calls - before.calls) * (before.model / Math.max(1e-9, before.calls))) / rise,
      sentence: `A run makes ${now.calls.toFixed(1)} calls of a model instead of ${before.calls.toFixed(1)}.`,
    },
    {
      cause: 'model_time',
      share: (now.model - before.model) / rise,
      sentence: `A run waits ${duration(now.model)} for models on average instead of ${duration(before.model)}.`,
    },
    {
      cause: 'tool_time',
      share: (now.rest - before.rest) / rise,
      sentence: `A run spends ${duration(now.rest)} on tools and waiting on average instead of ${duration(before.rest)}.`,
    },
  ];
  return candidates
    .filter(({ share }) => share > 0.3)
    .toSorted((one, other) => other.share - one.share)
    .map(({ cause, sentence }) => ({ cause, sentence, atMicroseconds: sinceMicroseconds }));
}

function meansOf(agent: WatchedAgent, oldest: number, newest: number): MeansOfRun | undefined {
  const sums = RUN_SUMS.map((_, column) => {
    let sum = 0;
    for (let block = oldest; block <= newest; block += 1) sum += agent.runSums.at(block, column);
    return sum;
  });
  const [runs = 0, whole = 0, model = 0, calls = 0] = sums;
  if (runs === 0) return undefined;
  return {
    whole: whole / runs,
    model: model / runs,
    rest: Math.max(0, whole - model) / runs,
    calls: calls / runs,
  };
}
