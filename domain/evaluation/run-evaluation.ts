/**
 * Runs stable and candidate on the same cases. Both versions of a case and repeat run next to each other, and take turns in
 * being first, so that whatever drifts at the provider meets both. What was run before comes from the cache.
 */
import { canonicalJson, sha256Hex } from '#domain/canonical-json/canonical-json.ts';
import type { Model } from '#domain/conversation/model.ts';
import { ATTEMPTS_MAXIMUM, pauseMilliseconds } from './ask-again.ts';
import { Judge } from './ask-judge.ts';
import type { CaseAnswer } from './assertions/assertion-check.ts';
import type { ArmName, CaseRun, EvaluationResult } from './evaluation-result.ts';
import type { EvaluatedVersion } from './evaluated-version.ts';
import type { GoldenCase, GoldenSet } from './golden-set.ts';
import { type CaseAttempt, type CasePorts, CaseRunRecord, runCase } from './run-case.ts';
import { type AskJudge, scoreCase } from './score-case.ts';

/** So many errors and not one answer: nothing more is asked of such a model. */
const ERRORS_WITHOUT_ANSWER_MAXIMUM = 10;
const CACHE_FORMAT = 2;

export interface EvaluationCache {
  /** Undefined for what was never kept, or cannot be read. */
  readonly get: (key: string) => Promise<unknown>;
  readonly set: (key: string, value: unknown) => Promise<void>;
}

export interface EvaluationPlan {
  readonly goldenSet: GoldenSet;
  readonly candidate: EvaluatedVersion;
  readonly stable?: EvaluatedVersion;
  /** As it is asked for; "auto" where the router chooses. */
  readonly modelName: string;
  readonly repeats: number;
  /** Runs at the same time. */
  readonly parallel: number;
  /** No run is begun behind it. */
  readonly maximumNanoUsd?: number;
  readonly judge?: { readonly model: Model; readonly modelName: string; readonly votes: number };
}

export interface EvaluationProgress {
  readonly done: number;
  readonly total: number;
  readonly cached: number;
  readonly errors: number;
  readonly chargedNanoUsd: number;
  readonly isCostKnown: boolean;
  readonly elapsedMilliseconds: number;
  /** Absent until something was run that did not come from the cache. */
  readonly remainingMilliseconds?: number;
}

export interface EvaluationPorts extends CasePorts {
  readonly cache: EvaluationCache;
  readonly pause: (milliseconds: number, signal: AbortSignal) => Promise<void>;
  readonly onProgress: (progress: EvaluationProgress) => void;
  /** Of each attempt at a case; without it the ids follow from what is run, so that they are the same again. */
  readonly newRunId?: () => string;
  /** A case was run and scored; `runId` is that of its last attempt. */
  readonly onScored?: (scored: ScoredRun) => void;
}

export interface ScoredRun {
  readonly runId: string;
  readonly goldenCase: GoldenCase;
  readonly run: CaseRun;
}

interface Job {
  readonly arm: ArmName;
  readonly caseIndex: number;
  readonly repeat: number;
}

/** Ends early, with what there is, when `signal` is aborted or the money is spent. */
export async function runEvaluation(
  plan: EvaluationPlan,
  ports: EvaluationPorts,
  signal: AbortSignal,
): Promise<EvaluationResult> {
  return await new Evaluation(plan, ports, signal).run();
}

class Evaluation {
  readonly #plan: EvaluationPlan;
  readonly #ports: EvaluationPorts;
  readonly #signal: AbortSignal;
  readonly #judge: Judge | undefined;
  readonly #runs = new Map<string, CaseRun>();
  readonly #beganMilliseconds: number;
  #chargedNanoUsd = 0;
  #unknownCosts = 0;
  #dearestNanoUsd = 0;
  #hasCharged = false;
  #underWay = 0;
  #cached = 0;
  #errors = 0;
  #stopped: EvaluationResult['stopped'];

  constructor(plan: EvaluationPlan, ports: EvaluationPorts, signal: AbortSignal) {
    this.#plan = plan;
    this.#ports = ports;
    this.#signal = signal;
    this.#beganMilliseconds = ports.monotonicMilliseconds();
    this.#judge =
      plan.judge === undefined
        ? undefined
        : new Judge({
            ...plan.judge,
            startDeadline: ports.startDeadline,
            pause: ports.pause,
            recall: ports.cache.get,
            keep: ports.cache.set,
            onCharge: (cost) => this.#charge(cost),
            onUnpriced: () => this.#endUnpriced(),
            signal,
          });
  }

  async run(): Promise<EvaluationResult> {
    const jobs = this.#jobs();
    let next = 0;
    const work = async (isOver: () => boolean): Promise<void> => {
      for (let job = jobs[next]; job !== undefined && !isOver(); job = jobs[next]) {
        if (!this.#mayGoOn()) return;
        next += 1;
        this.#underWay += 1;
        const run = await this.#runJob(job);
        this.#underWay -= 1;
        if (run === undefined) return;
        this.#runs.set(keyOf(job), run);
        this.#tell(jobs.length);
      }
    };
    // What a run costs must be known before several are begun within a limit.
    if (this.#plan.maximumNanoUsd !== undefined) await work(() => this.#hasCharged);
    await Promise.all(Array.from({ length: this.#plan.parallel }, () => work(() => this.#isTooMany())));
    return this.#result();
  }

  #jobs(): readonly Job[] {
    const { goldenSet, repeats, stable } = this.#plan;
    const jobs: Job[] = [];
    for (let repeat = 1; repeat <= repeats; repeat += 1) {
      for (const caseIndex of goldenSet.cases.keys()) {
        const order: readonly ArmName[] =
          (caseIndex + repeat) % 2 === 0 ? ['candidate', 'stable'] : ['stable', 'candidate'];
        for (const arm of order) {
          if (arm === 'candidate' || stable !== undefined) jobs.push({ arm, caseIndex, repeat });
        }
      }
    }
    return jobs;
  }

  #mayGoOn(): boolean {
    if (this.#signal.aborted) this.#stopped ??= 'interrupted';
    const { maximumNanoUsd } = this.#plan;
    // The next run is taken to cost as much as the dearest before it.
    if (maximumNanoUsd !== undefined && this.#chargedNanoUsd + this.#dearestNanoUsd > maximumNanoUsd) {
      this.#stopped ??= 'budget_exhausted';
    }
    return this.#stopped === undefined && !this.#isUnusable();
  }

  /** With those that are under way it might cost more than it may: who asks leaves the rest to them. */
  #isTooMany(): boolean {
    const { maximumNanoUsd = Number.POSITIVE_INFINITY } = this.#plan;
    if (this.#underWay === 0) return false;
    return this.#chargedNanoUsd + (this.#underWay + 1) * this.#dearestNanoUsd > maximumNanoUsd;
  }

  #isUnusable(): boolean {
    return this.#errors >= ERRORS_WITHOUT_ANSWER_MAXIMUM && this.#errors === this.#runs.size;
  }

  /** Undefined when it was interrupted. */
  async #runJob(job: Job): Promise<CaseRun | undefined> {
    const { goldenSet, candidate, stable } = this.#plan;
    const goldenCase = goldenSet.cases[job.caseIndex];
    const version = job.arm === 'candidate' ? candidate : (stable ?? candidate);
    if (goldenCase === undefined) return undefined;
    try {
      const run = await this.#runVersion(version, goldenCase, job.repeat);
      if (run.kind === 'error') this.#errors += 1;
      return run;
    } catch (error) {
      if (!this.#signal.aborted) throw error;
      this.#stopped ??= 'interrupted';
      return undefined;
    }
  }

  async #runVersion(version: EvaluatedVersion, goldenCase: GoldenCase, repeat: number): Promise<CaseRun> {
    const key = this.#cacheKey(version, goldenCase, repeat);
    const before = CaseRunRecord.safeParse(await this.#ports.cache.get(key));
    if (before.success) {
      this.#cached += 1;
      return await this.#score(goldenCase, before.data, repeat, true);
    }
    const { runId, attempt } = await this.#attempt(version, goldenCase, key);
    if (attempt.kind === 'error') {
      return {
        kind: 'error',
        reason: attempt.reason,
        costNanoUsd: attempt.costNanoUsd,
        repeat,
        isCached: false,
      };
    }
    await this.#ports.cache.set(key, attempt.record);
    const run = await this.#score(goldenCase, attempt.record, repeat, false);
    this.#ports.onScored?.({ runId, goldenCase, run });
    return run;
  }

  async #attempt(
    version: EvaluatedVersion,
    goldenCase: GoldenCase,
    key: string,
  ): Promise<{ readonly runId: string; readonly attempt: CaseAttempt }> {
    for (let number = 1; ; number += 1) {
      const runId = this.#ports.newRunId?.() ?? `eval-${key.slice(0, 32)}-${number}`;
      const attempt = await runCase(version, goldenCase, runId, this.#ports, this.#signal);
      this.#signal.throwIfAborted();
      const cost = attempt.kind === 'error' ? attempt.costNanoUsd : attempt.record.costNanoUsd;
      this.#charge(cost);
      if (attempt.kind === 'recorded' && cost === null) this.#endUnpriced();
      if (attempt.kind === 'recorded' || !attempt.isRetryable || number >= ATTEMPTS_MAXIMUM) {
        return { runId, attempt };
      }
      await this.#ports.pause(pauseMilliseconds(number, attempt.retryAfterSeconds), this.#signal);
    }
  }

  /** What is not known cannot be held to a limit, and is never free. */
  #endUnpriced(): void {
    if (this.#plan.maximumNanoUsd !== undefined) this.#stopped ??= 'cost_unknown';
  }

  #charge(costNanoUsd: number | null): void {
    this.#hasCharged = true;
    if (costNanoUsd === null) {
      this.#unknownCosts += 1;
      // A call that broke off is taken for the dearest there was, so that a limit holds all the same.
      this.#chargedNanoUsd += this.#dearestNanoUsd;
      return;
    }
    this.#chargedNanoUsd += costNanoUsd;
    this.#dearestNanoUsd = Math.max(this.#dearestNanoUsd, costNanoUsd);
  }

  #cacheKey({ settingsDigest }: EvaluatedVersion, { vars, tools }: GoldenCase, repeat: number): string {
    const model = this.#plan.modelName;
    return sha256Hex(
      canonicalJson({ format: CACHE_FORMAT, settingsDigest, case: { vars, tools }, repeat, model }),
    );
  }

  async #score(
    goldenCase: GoldenCase,
    record: CaseRunRecord,
    repeat: number,
    isCached: boolean,
  ): Promise<CaseRun> {
    const { text, fitsSchema, repairs, latencyMilliseconds, costNanoUsd, model, failure } = record;
    const shared = { repeat, isCached, text, fitsSchema, repairs, latencyMilliseconds, costNanoUsd, model };
    if (failure !== undefined) {
      const assertion = {
        type: 'run',
        line: goldenCase.line,
        pass: false,
        score: 0,
        weight: 1,
        reason: failure,
      };
      return { ...shared, kind: 'judged', pass: false, score: 0, assertions: [assertion] };
    }
    const answer: CaseAnswer = record;
    const score = await scoreCase(goldenCase, answer, this.#askJudge(goldenCase, model));
    return score.kind === 'error'
      ? { kind: 'error', reason: score.reason, costNanoUsd, repeat, isCached }
      : { ...shared, ...score };
  }

  #askJudge({ vars }: GoldenCase, answeredBy: string): AskJudge {
    // Not the rendered prompt: stable and candidate must be judged by the same question.
    const question =
      typeof Object.values(vars)[0] === 'string' && Object.keys(vars).length === 1
        ? String(Object.values(vars)[0])
        : JSON.stringify(vars);
    return async (graded, { text }) =>
      this.#judge === undefined
        ? { kind: 'error', reason: 'there is no judge: name its model' }
        : await this.#judge.grade({ ...graded, question, text, answeredBy });
  }

  #tell(total: number): void {
    const done = this.#runs.size;
    const fresh = done - this.#cached;
    const elapsedMilliseconds = this.#ports.monotonicMilliseconds() - this.#beganMilliseconds;
    this.#ports.onProgress({
      done,
      total,
      cached: this.#cached,
      errors: this.#errors,
      chargedNanoUsd: this.#chargedNanoUsd,
      isCostKnown: this.#unknownCosts === 0,
      elapsedMilliseconds,
      ...(fresh <= 0 ? {} : { remainingMilliseconds: (elapsedMilliseconds / fresh) * (total - done) }),
    });
  }

  #result(): EvaluationResult {
    const { goldenSet, candidate, stable, modelName, repeats } = this.#plan;
    const runsOf = (arm: ArmName, caseIndex: number): readonly CaseRun[] =>
      Array.from({ length: repeats }, (_, at) =>
        this.#runs.get(keyOf({ arm, caseIndex, repeat: at + 1 })),
      ).filter((run) => run !== undefined);
    return {
      goldenSet: { name: goldenSet.name, digest: goldenSet.digest, cases: goldenSet.cases.length },
      candidate: candidate.identity,
      ...(stable === undefined ? {} : { stable: stable.identity }),
      model: modelName,
      repeats,
      cases: goldenSet.cases.map(({ id, description, critical, tags, line }, at) => {
        const [candidateRuns, stableRuns] = [runsOf('candidate', at), runsOf('stable', at)];
        const result = { id, critical, tags, line, candidate: candidateRuns, stable: stableRuns };
        return description === undefined ? result : Object.assign(result, { description });
      }),
      ...(this.#judge === undefined ? {} : { judge: this.#judge.summary() }),
      chargedNanoUsd: this.#unknownCosts === 0 ? this.#chargedNanoUsd : null,
      ...(this.#stopped === undefined ? {} : { stopped: this.#stopped }),
    };
  }
}

function keyOf({ arm, caseIndex, repeat }: Job): string {
  return `${arm} ${caseIndex} ${repeat}`;
}
