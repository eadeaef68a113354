/** What made the cost of an agent another one: an exact sum against the same hours a week before, and whose price it was. */
import type { AgentHistory } from '../observation/agent-history.ts';
import type { RankedCause } from '../observation/attention-item.ts';
import {
  COST_CAUSES,
  type CostCause,
  type CostChange,
  type TokenPrices,
  costChange,
} from '../normality/cost-change.ts';
import type { CostSums } from '../ledger/rollups/period-sums.ts';
import {
  BLOCKS_OF_DAY,
  BLOCKS_OF_WEEK,
  BLOCK_HOURS,
  type WeightedBlock,
  blockOf,
  costSumsOf,
} from './cost-blocks.ts';
import type { KnownChange, KnownModel } from './fleet-knowledge.ts';
import { bounded, dollars } from './sentences.ts';
import { DAY_MICROSECONDS, HOUR_MICROSECONDS } from './time-units.ts';
import type { WatchedAgent } from './watched-agent.ts';

const NAMES: Readonly<Record<CostCause, string>> = {
  calls: 'more calls',
  models: 'other models',
  retries: 'more retries',
  tokens: 'more tokens a call',
  answers: 'longer answers for the same input',
  cache: 'less read from the cache',
  price: 'a higher price',
};

export interface ExplainedCost {
  readonly change: CostChange;
  /** The largest part of the rise; undefined: there is none. */
  readonly cause: CostCause | undefined;
  /** The Model that has the largest part of that. */
  readonly model: string | undefined;
  readonly comparedWith: 'the same hours a week before' | 'the day before';
}

/** By `NAMESPACE/NAME`. */
export type Models = ReadonlyMap<string, KnownModel>;

/** `sinceHour`: undefined for the last 24 hours. Undefined: there is nothing to hold it against. */
export function explainCost(
  agent: WatchedAgent,
  nowMicroseconds: number,
  sinceHour: number | undefined,
  models: Models,
): ExplainedCost | undefined {
  const hour = nowMicroseconds / HOUR_MICROSECONDS;
  const newest = blockOf(Math.floor(hour));
  const oldest = Math.max(newest - BLOCKS_OF_DAY + 1, blockOf(sinceHour ?? 0));
  const weight = (hour - newest * BLOCK_HOURS) / BLOCK_HOURS;
  for (const comparedWith of ['the same hours a week before', 'the day before'] as const) {
    const back = comparedWith === 'the day before' ? BLOCKS_OF_DAY : BLOCKS_OF_WEEK;
    const before = sumsByModel(agent, oldest - back, newest - back, weight);
    if (attemptsOf(before) === 0) continue;
    const after = sumsByModel(agent, oldest, newest, 1);
    const prices = pricesOf(agent, models);
    const change = costChange(before, after, prices);
    const cause = largestOf(change);
    const model = cause && modelOf(cause, { before, after, prices });
    return { change, cause, model, comparedWith };
  }
  return undefined;
}

/** Of the agent's last 24 hours, as the console shows it. */
export function costChangeOfDay(
  agent: WatchedAgent,
  nowMicroseconds: number,
  models: Models,
): AgentHistory['costChange'] {
  const explained = explainCost(agent, nowMicroseconds, undefined, models);
  if (explained === undefined) return null;
  const { fromNanoUsd, toNanoUsd, parts } = explained.change;
  return {
    fromNanoUsd,
    toNanoUsd,
    parts: COST_CAUSES.map((cause) => ({ cause, nanoUsd: parts[cause] })),
  };
}

/** Most likely first: the parts of the rise, then what was changed at that time. */
export function costCauses(
  explained: ExplainedCost | undefined,
  changes: readonly KnownChange[],
  sinceMicroseconds: number,
): readonly RankedCause[] {
  const near = changes.filter(
    ({ atMicroseconds }) => Math.abs(atMicroseconds - sinceMicroseconds) < DAY_MICROSECONDS,
  );
  const causes: RankedCause[] = [];
  if (explained !== undefined) {
    const { change, model, comparedWith, cause: first } = explained;
    const rise = change.toNanoUsd - change.fromNanoUsd;
    const rising = COST_CAUSES.filter((cause) => change.parts[cause] > 0.1 * rise);
    for (const cause of rising.toSorted((one, other) => change.parts[other] - change.parts[one])) {
      const of = cause === first && model !== undefined ? ` (${model})` : '';
      const sentence = `${dollars(change.parts[cause])} of ${dollars(rise)} more than ${comparedWith}: ${NAMES[cause]}${of}.`;
      const price = cause === 'price' ? near.find(({ kind }) => kind === 'price') : undefined;
      const atMicroseconds = price?.atMicroseconds ?? sinceMicroseconds;
      causes.push({ cause, sentence: bounded(sentence), atMicroseconds });
    }
  }
  for (const { kind, sentence, atMicroseconds } of near.slice(-4)) {
    causes.push({ cause: `${kind}_changed`, sentence: bounded(sentence), atMicroseconds });
  }
  return causes.slice(0, 8);
}

function largestOf({ parts, fromNanoUsd, toNanoUsd }: CostChange): CostCause | undefined {
  if (toNanoUsd <= fromNanoUsd) return undefined;
  return COST_CAUSES.reduce((largest, cause) => (parts[cause] > parts[largest] ? cause : largest));
}

interface Compared {
  readonly before: ReadonlyMap<string, CostSums>;
  readonly after: ReadonlyMap<string, CostSums>;
  readonly prices: ReadonlyMap<string, TokenPrices>;
}

function modelOf(cause: CostCause, { before, after, prices }: Compared): string | undefined {
  let found: string | undefined;
  let most = 0;
  for (const [model, sums] of after) {
    const past = before.get(model);
    const alone = costChange(new Map(past && [[model, past]]), new Map([[model, sums]]), prices);
    const part = cause === 'models' ? alone.toNanoUsd - alone.fromNanoUsd : alone.parts[cause];
    if (part > most) {
      most = part;
      found = model;
    }
  }
  return found;
}

function sumsByModel(
  agent: WatchedAgent,
  oldest: number,
  newest: number,
  weightOfNewest: number,
): ReadonlyMap<string, CostSums> {
  const blocks: WeightedBlock[] = [];
  for (let block = oldest; block <= newest; block += 1) {
    blocks.push({ block, weight: block === newest ? weightOfNewest : 1 });
  }
  const sums = new Map<string, CostSums>();
  for (const [model, ofModel] of agent.models) {
    const sum = costSumsOf(ofModel, blocks);
    if (sum.attempts > 0) sums.set(model, sum);
  }
  return sums;
}

function pricesOf(agent: WatchedAgent, models: Models): ReadonlyMap<string, TokenPrices> {
  const prices = new Map<string, TokenPrices>();
  for (const name of agent.models.keys()) {
    const known = models.get(`${agent.namespace}/${name}`)?.prices ?? null;
    if (known !== null) prices.set(name, known);
  }
  return prices;
}

function attemptsOf(sums: ReadonlyMap<string, CostSums>): number {
  return sums.values().reduce((total, { attempts }) => total + attempts, 0);
}
