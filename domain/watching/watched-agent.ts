/** All that is kept of one agent. It changes by ledger entries alone, so that whoever sees the same entries has the same state. */
import { z } from 'zod';
import { PROBE_JUDGE } from '../ledger/probe-outcome.ts';
import type { RecordOf } from '../ledger/ledger-record.ts';
import { COST_SUMS } from '../ledger/rollups/period-sums.ts';
import { UNSEEN } from '../drift/watched-share.ts';
import type { LocalHours } from '../normality/local-hours.ts';
import { BlockSums, KEPT_BLOCKS, blockOf } from './cost-blocks.ts';
import { CostWatch, CostWatchSnapshot } from './cost-watch.ts';
import type { KnownChange } from './fleet-knowledge.ts';
import { LatencyWatch, LatencyWatchSnapshot } from './latency-watch.ts';
import { ProbeWatch, ProbeWatchSnapshot } from './probe-watch.ts';
import { type Design, QualityWatch, QualityWatchSnapshot, type WatchedName } from './quality-watch.ts';
import { RunCounters, RunCountersSnapshot } from './run-counters.ts';
import { signalsOfAttempt, signalsOfRun } from './signals.ts';

export const MOST_MODELS = 8;
const MOST_CHANGES = 50;
const MOST_BAD_RUNS = 20;
const MOST_SOURCES = 64;
/** Runs in a row on another prompt after which it is the agent's prompt: pods change over one after another. */
const RUNS_OF_A_CHANGE = 3;
/** Models whose last use is the longest ago make room. */
export const OTHER_MODELS = '';

/** Columns of the sums of runs, by blocks. */
export const RUN_SUMS = ['runs', 'runMicroseconds', 'modelMicroseconds', 'modelCalls', 'steps'] as const;

const BadRun = z.strictObject({
  id: z.string().max(128),
  atMicroseconds: z.number(),
  signals: z.array(z.string().max(64)).max(16),
  source: z.string().max(32),
});
export type BadRun = z.infer<typeof BadRun>;

const Change = z.strictObject({
  atMicroseconds: z.number(),
  kind: z.enum(['prompt', 'agent']),
  sentence: z.string().max(1_024),
});

export const WatchedAgentSnapshot = z.strictObject({
  namespace: z.string().max(63),
  name: z.string().max(256),
  phase: z.int().min(0).max(23),
  cost: CostWatchSnapshot,
  latency: LatencyWatchSnapshot,
  quality: QualityWatchSnapshot,
  probes: ProbeWatchSnapshot,
  counters: RunCountersSnapshot,
  models: z
    .array(z.strictObject({ name: z.string().max(256), newest: z.int(), sums: z.string().max(3_000) }))
    .max(MOST_MODELS + 1),
  runSums: z.strictObject({ newest: z.int(), sums: z.string().max(2_000) }),
  prompt: z.strictObject({ digest: z.string().max(64), other: z.string().max(64), otherRuns: z.int() }),
  generation: z.int(),
  changes: z.array(Change).max(MOST_CHANGES),
  badRuns: z.array(BadRun).max(MOST_BAD_RUNS),
  sources: z.array(z.string().max(32)).max(MOST_SOURCES),
  lastRunMicroseconds: z.number().nullable(),
  lastSeenMicroseconds: z.number(),
});
export type WatchedAgentSnapshot = z.infer<typeof WatchedAgentSnapshot>;

/** When something was, as the ledger has it: not later than it was received. */
export interface Moment {
  readonly atMicroseconds: number;
  /** Whole hours since 1970. */
  readonly hour: number;
}

export interface Beginning {
  readonly namespace: string;
  readonly name: string;
  /** The first hour that is not over. */
  readonly hour: number;
  /** From 0 to 23: when in the day it is worked out what is usual. */
  readonly phase: number;
}

export class WatchedAgent {
  readonly namespace: string;
  readonly name: string;
  readonly cost: CostWatch;
  readonly latency: LatencyWatch;
  readonly probes: ProbeWatch;
  readonly counters: RunCounters;
  readonly models: Map<string, BlockSums>;
  readonly runSums: BlockSums;
  quality: QualityWatch;
  lastRunMicroseconds: number | null;
  lastSeenMicroseconds: number;
  readonly #phase: number;
  #prompt: { digest: string; other: string; otherRuns: number };
  #generation: number;
  readonly #changes: z.infer<typeof Change>[];
  readonly #badRuns: BadRun[];
  readonly #sources: string[];

  constructor(local: LocalHours, stored: WatchedAgentSnapshot) {
    this.namespace = stored.namespace;
    this.name = stored.name;
    this.#phase = stored.phase;
    this.cost = new CostWatch(local, stored.phase, stored.cost);
    this.latency = new LatencyWatch(local, stored.phase, stored.latency);
    this.quality = new QualityWatch(stored.quality);
    this.probes = new ProbeWatch(stored.probes);
    this.counters = new RunCounters(stored.counters);
    this.models = new Map(
      stored.models.map(({ name, newest, sums }) => [name, new BlockSums(COST_SUMS.length, newest, sums)]),
    );
    this.runSums = new BlockSums(RUN_SUMS.length, stored.runSums.newest, stored.runSums.sums);
    this.#prompt = { ...stored.prompt };
    this.#generation = stored.generation;
    this.#changes = [...stored.changes];
    this.#badRuns = [...stored.badRuns];
    this.#sources = [...stored.sources];
    this.lastRunMicroseconds = stored.lastRunMicroseconds;
    this.lastSeenMicroseconds = stored.lastSeenMicroseconds;
  }

  /** Before anything was seen. */
  static unseen(local: LocalHours, { namespace, name, hour, phase }: Beginning): WatchedAgentSnapshot {
    return {
      namespace,
      name,
      phase,
      cost: CostWatch.unseen(local, hour),
      latency: LatencyWatch.unseen(hour),
      quality: { signals: {}, sizes: {} },
      probes: { share: UNSEEN, round: null, told: null },
      counters: [],
      models: [],
      runSums: { newest: blockOf(hour), sums: '' },
      prompt: { digest: '', other: '', otherRuns: 0 },
      generation: 0,
      changes: [],
      badRuns: [],
      sources: [],
      lastRunMicroseconds: null,
      lastSeenMicroseconds: 0,
    };
  }

  /** Closes the hours before. */
  moveTo(hour: number): void {
    this.cost.moveTo(hour);
    this.latency.moveTo(hour);
  }

  seeRunBegun({ input }: RecordOf<'run_begun'>, { atMicroseconds }: Moment, design: Design): number {
    this.quality.addSize('input', input.characters, atMicroseconds, design);
    return 0;
  }

  /** Returns how many looks were taken at signals. */
  seeRunEnded(run: RecordOf<'run_ended'>, moment: Moment, design: Design): number {
    const { atMicroseconds, hour } = moment;
    const { status, firstAnswerFits, steps, output, durationMicroseconds } = run;
    this.lastRunMicroseconds = Math.max(this.lastRunMicroseconds ?? 0, atMicroseconds);
    const isFitting = firstAnswerFits === undefined ? undefined : firstAnswerFits === 'yes';
    this.counters.add(atMicroseconds, status === 'failed', isFitting);
    this.#noteGeneration(run.agent.generation, atMicroseconds);
    this.#addRunSums(blockOf(hour), [1, durationMicroseconds, 0, 0, steps]);
    if (run.prompt?.arm === 'candidate' || !this.#isOfPresentPrompt(run, moment)) return 0;
    const source = run.run.session?.slice(0, 12) ?? '';
    this.#sources.push(source);
    if (this.#sources.length > MOST_SOURCES) this.#sources.shift();
    this.latency.add({ hour, microseconds: durationMicroseconds, atMicroseconds }, design);
    const bad: WatchedName[] = [];
    const signals = signalsOfRun(run);
    for (const [signal, isBad] of signals) {
      this.quality.add(signal, isBad, atMicroseconds, design);
      if (isBad) bad.push(signal);
    }
    bad.push(...this.quality.addSize('steps', steps, atMicroseconds, design));
    let looks = signals.length + 2;
    if (status === 'succeeded' && output !== undefined) {
      bad.push(...this.quality.addSize('answer', output.characters, atMicroseconds, design));
      looks += 2;
    }
    if (bad.length > 0) {
      this.#badRuns.push({ id: run.run.id, atMicroseconds, signals: bad, source });
      if (this.#badRuns.length > MOST_BAD_RUNS) this.#badRuns.shift();
    }
    return looks;
  }

  /** Of an attempt for whatever purpose. */
  seeCharge(attempt: RecordOf<'model_attempt'>, { hour }: Pick<Moment, 'hour'>): void {
    this.cost.add(hour, attempt.costNanoUsd);
    const sums = this.#sumsOfModel(attempt.model, hour);
    for (const [column, amount] of costColumnsOf(attempt).entries()) {
      if (amount !== 0) sums.add(blockOf(hour), column, amount);
    }
  }

  seeAttempt(attempt: RecordOf<'model_attempt'>, moment: Moment, design: Design): number {
    const { atMicroseconds, hour } = moment;
    this.seeCharge(attempt, moment);
    this.#addRunSums(blockOf(hour), [0, 0, attempt.durationMicroseconds, 1, 0]);
    if (attempt.prompt?.arm === 'candidate') return 0;
    const signals = signalsOfAttempt(attempt);
    for (const [signal, isBad] of signals) this.quality.add(signal, isBad, atMicroseconds, design);
    return signals.length;
  }

  seeVerdict(
    record: RecordOf<'outcome'> | RecordOf<'feedback'>,
    { atMicroseconds }: Moment,
    design: Design,
  ): number {
    if (record.verdict === 'neutral') return 0;
    const isBad = record.verdict === 'bad';
    if (record.type === 'outcome' && record.judge === PROBE_JUDGE) {
      this.probes.add(isBad, atMicroseconds, design);
    } else {
      const signal = record.type === 'feedback' ? 'bad_feedback' : 'bad_outcomes';
      this.quality.add(signal, isBad, atMicroseconds, design);
    }
    return 1;
  }

  /** Of the prompt that it serves, as runs say; empty: not known. */
  get promptDigest(): string {
    return this.#prompt.digest;
  }

  /** What the ledger tells of changes of ours, oldest first. */
  get changes(): readonly KnownChange[] {
    return this.#changes;
  }

  /** Oldest first. */
  get badRuns(): readonly BadRun[] {
    return this.#badRuns;
  }

  /** Whose the last runs were, oldest first; an empty text where nobody said. */
  get sources(): readonly string[] {
    return this.#sources;
  }

  toSnapshot(): WatchedAgentSnapshot {
    return {
      namespace: this.namespace,
      name: this.name,
      phase: this.#phase,
      cost: this.cost.toSnapshot(),
      latency: this.latency.toSnapshot(),
      quality: this.quality.toSnapshot(),
      probes: this.probes.toSnapshot(),
      counters: [...this.counters.toSnapshot()],
      models: Array.from(this.models, ([name, sums]) => ({
        name,
        newest: sums.newest,
        sums: sums.toText(),
      })),
      runSums: { newest: this.runSums.newest, sums: this.runSums.toText() },
      prompt: { ...this.#prompt },
      generation: this.#generation,
      changes: [...this.#changes],
      badRuns: [...this.#badRuns],
      sources: [...this.#sources],
      lastRunMicroseconds: this.lastRunMicroseconds,
      lastSeenMicroseconds: this.lastSeenMicroseconds,
    };
  }

  /** A run of the prompt before, or of the next one while few are seen, says nothing of the present one. */
  #isOfPresentPrompt({ prompt }: RecordOf<'run_ended'>, moment: Moment): boolean {
    const digest = prompt?.digest;
    const known = this.#prompt;
    if (digest === undefined || digest === known.digest) {
      known.otherRuns = 0;
      return true;
    }
    if (known.digest === '') {
      known.digest = digest;
      return true;
    }
    known.otherRuns = known.other === digest ? known.otherRuns + 1 : 1;
    known.other = digest;
    if (known.otherRuns < RUNS_OF_A_CHANGE) return false;
    this.#note({
      atMicroseconds: moment.atMicroseconds,
      kind: 'prompt',
      sentence: `Prompt ${known.digest.slice(0, 12)} was replaced by ${digest.slice(0, 12)}.`,
    });
    this.#prompt = { digest, other: '', otherRuns: 0 };
    this.quality = new QualityWatch();
    this.probes.forget();
    this.cost.changeLevelFrom(moment.hour);
    this.latency.changeLevelFrom(moment.hour);
    return true;
  }

  #noteGeneration(generation: number | undefined, atMicroseconds: number): void {
    if (generation === undefined || generation <= this.#generation) return;
    if (this.#generation > 0) {
      const sentence = `The Agent was changed (generation ${this.#generation} to ${generation}).`;
      this.#note({ atMicroseconds, kind: 'agent', sentence });
    }
    this.#generation = generation;
  }

  #note(change: z.infer<typeof Change>): void {
    this.#changes.push(change);
    if (this.#changes.length > MOST_CHANGES) this.#changes.shift();
  }

  #addRunSums(block: number, amounts: readonly number[]): void {
    for (const [column, amount] of amounts.entries()) {
      if (amount !== 0) this.runSums.add(block, column, amount);
    }
  }

  #sumsOfModel(model: string, hour: number): BlockSums {
    const known = this.models.get(model);
    if (known !== undefined) return known;
    const block = blockOf(hour);
    if (this.models.size >= MOST_MODELS) {
      for (const [name, sums] of this.models) {
        if (sums.newest <= block - KEPT_BLOCKS) this.models.delete(name);
      }
    }
    const name = this.models.size >= MOST_MODELS ? OTHER_MODELS : model;
    const sums = this.models.get(name) ?? new BlockSums(COST_SUMS.length, block);
    this.models.set(name, sums);
    return sums;
  }
}

const NO_TOKENS = { input: 0, cachedInput: 0, cacheWrite: 0, output: 0 };

/** In the order of COST_SUMS. */
function costColumnsOf({
  outcome,
  tokens = NO_TOKENS,
  costNanoUsd,
}: RecordOf<'model_attempt'>): readonly number[] {
  const { input, cachedInput, cacheWrite, output } = tokens;
  const isFailed = outcome === 'answered' ? 0 : 1;
  const isUnknown = costNanoUsd === undefined ? 1 : 0;
  return [1, isFailed, input, cachedInput, cacheWrite, output, costNanoUsd ?? 0, isUnknown];
}
