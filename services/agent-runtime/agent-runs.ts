/**
 * The runs of this pod: admits no more than it may, starts each with the configuration of that moment, and traces its
 * cycles.
 */
import { hash } from 'node:crypto';
import type { ChatMessage } from '#domain/chat/chat-request.ts';
import type { AgentAdmissionCode } from '#domain/failures/failure-codes.ts';
import { RunInterruption, linkSignals } from '#domain/conversation/interruption.ts';
import type { Model } from '#domain/conversation/model.ts';
import { NO_RECORDER } from '#domain/conversation/run-recorder.ts';
import { RunRecords } from '#domain/conversation/run-records.ts';
import { type RunResult, runAgent } from '#domain/conversation/run-agent.ts';
import type { CycleRecord } from '#domain/conversation/trace.ts';
import { END_NOT_RECORDED_SENTENCE } from '#domain/conversation/run-sentences.ts';
import { NO_LEDGER, type RecordWriter } from '#domain/ledger/record-writer.ts';
import type { TraceContext } from '#domain/tracing/trace-context.ts';
import type { Drain } from '#process/drain.ts';
import type { Logger } from '#telemetry/logger.ts';
import type { Tracing } from '#telemetry/tracing/tracing.ts';
import type { AgentRuntimeMetrics } from './agent-runtime-metrics.ts';
import { RunSpans } from './run-spans.ts';
import type { ServedConfiguration } from './served-configuration.ts';

const SESSION_DIGEST_CHARACTERS = 32;

export interface AgentRunsOptions {
  readonly model: Model;
  /** At its end the runs under way are stopped; until then they are started as ever. */
  readonly drain: Drain;
  /** For a run of this session. */
  readonly current: (session: string) => ServedConfiguration | undefined;
  readonly notUnderstood: () => string | undefined;
  readonly tracing: Tracing;
  readonly metrics: AgentRuntimeMetrics;
  readonly logger: Logger;
  readonly trace: (cycle: CycleRecord, served: ServedConfiguration, callerRequestId: string) => void;
  readonly maximumConcurrentRuns: number;
  readonly tracesContent: boolean;
  readonly ledger: RecordWriter;
  readonly newRunId: () => string;
  /** Hexadecimal, from a source that nobody can guess (commitment.ts). */
  readonly newCommitmentKey: () => string;
  readonly now: () => Date;
  readonly monotonicMilliseconds: () => number;
}

/** A place among the running ones, and the configuration that the run is pinned to. */
export interface Admission {
  readonly served: ServedConfiguration;
  readonly runId: string;
  /** The caller's; undefined where the run is a session of its own. */
  readonly session: string | undefined;
  /** Gives the place back; must be called once, whatever happened. */
  readonly release: () => void;
}

export interface RunOrder {
  /** What the caller gave, for the record. */
  readonly input: unknown;
  readonly messages: readonly ChatMessage[];
  /** The caller's name for the request, or ours. */
  readonly requestId: string;
  /** The caller's, where he sent one. */
  readonly trace: TraceContext | undefined;
  /** Aborted when the caller has left. */
  readonly signal: AbortSignal;
  /** Given, text comes here as the model writes it. */
  readonly onText?: (text: string) => void;
  readonly onCycle?: (cycle: CycleRecord) => void;
}

export class AgentRuns {
  readonly #options: AgentRunsOptions;
  readonly #shutdown = new AbortController();
  #inFlight = 0;

  constructor(options: AgentRunsOptions) {
    this.#options = options;
    options.drain.add(() => this.#shutdown.abort(new RunInterruption('shutting_down')));
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** `session`: the caller's, so that all its runs take the same arm of a rollout. */
  admit(session: string | undefined): Admission | AgentAdmissionCode {
    const runId = this.#options.newRunId();
    const served = this.#options.current(session ?? runId);
    const refusal = this.#refusal(served);
    if (refusal !== undefined || served === undefined) {
      const reason = refusal ?? 'unconfigured';
      this.#options.metrics.runRefused(reason);
      return reason;
    }
    this.#inFlight += 1;
    let isReleased = false;
    return {
      served,
      runId,
      session,
      release: () => {
        if (isReleased) return;
        isReleased = true;
        this.#inFlight -= 1;
      },
    };
  }

  #refusal(served: ServedConfiguration | undefined): AgentAdmissionCode | undefined {
    if (this.#options.drain.isOver) return 'shutting_down';
    if (this.#options.notUnderstood() !== undefined) return 'configuration_not_understood';
    if (served === undefined) return 'unconfigured';
    if (!this.#options.ledger.hasRoom()) return 'audit_unavailable';
    return this.#inFlight >= this.#options.maximumConcurrentRuns ? 'too_many_runs' : undefined;
  }

  /** Rejects only by a fault of ours, which is logged. */
  async run({ served, runId, session }: Admission, order: RunOrder): Promise<RunResult> {
    const { model, tracing, metrics, logger, trace, tracesContent, now, monotonicMilliseconds } =
      this.#options;
    const { configuration } = served;
    const { steps, seconds, outputRepairs, nanoUsdPerRun } = configuration.limits;
    const limits = {
      steps,
      seconds,
      outputRepairs,
      ...(nanoUsdPerRun === undefined ? {} : { nanoUsdPerRun }),
    };
    const runTrace = tracing.enter(order.trace);
    const spans = new RunSpans(tracing, runTrace, configuration, runId, now);
    const toolNames = served.tools.map(({ name }) => name);
    const records = this.#recordsOf(served, runId, session);
    records?.begun({
      input: JSON.stringify(order.input),
      callerRequestId: order.requestId,
      ...(runTrace !== undefined && { trace: runTrace }),
      tools: toolNames,
      limits,
    });
    metrics.runStarted();
    using either = linkSignals(order.signal, this.#shutdown.signal);
    try {
      const result = await runAgent(
        {
          runId,
          prompt: configuration.prompt,
          ...(spans.trace !== undefined && { trace: spans.trace }),
          messages: order.messages,
          settings: served.settings,
          tools: served.tools,
          output: served.output,
          limits,
          streamsText: order.onText !== undefined,
          tracesContent,
        },
        {
          model,
          now,
          monotonicMilliseconds,
          startDeadline,
          recorder: spans.recorderOf(records?.recorder ?? NO_RECORDER),
          spans: tracing,
          onText: order.onText ?? (() => undefined),
          onCycle: (cycle) => {
            trace(cycle, served, order.requestId);
            metrics.cycleEnded(cycle, toolNames, configuration);
            order.onCycle?.(cycle);
          },
        },
        either.signal,
      );
      const answered = await this.#recorded(result, records, order.requestId);
      metrics.runEnded(answered, configuration);
      spans.ended(answered);
      return answered;
    } catch (error) {
      spans.faulted();
      records?.faulted();
      metrics.runFaulted(configuration);
      logger.error({ error, runId, requestId: order.requestId }, 'a run failed inside the agent');
      throw error;
    }
  }

  /**
   * What is answered is out of this process's hands: a pod that is killed takes no record of it along. The end is told
   * only behind the rest, so that it says what is answered: where a disk takes the rest and not
   * the end, another one takes its place.
   */
  async #recorded(result: RunResult, records: RunRecords | undefined, requestId: string): Promise<RunResult> {
    const { ledger, logger } = this.#options;
    try {
      await ledger.settled();
      records?.ended(result);
      await ledger.settled();
      return result;
    } catch (error) {
      logger.error({ error, runId: result.runId, requestId }, 'a run could not be recorded');
      const answered = notRecorded(result);
      records?.ended(answered);
      return answered;
    }
  }

  #recordsOf(
    { configuration }: ServedConfiguration,
    runId: string,
    session: string | undefined,
  ): RunRecords | undefined {
    const { ledger, newCommitmentKey, now, monotonicMilliseconds } = this.#options;
    if (ledger === NO_LEDGER) return undefined;
    const { agent, prompt, rollout, arm, audit } = configuration;
    return new RunRecords({
      writer: ledger,
      namespace: agent.namespace,
      agent: { name: agent.name, uid: agent.uid, generation: agent.generation },
      prompt: {
        ...(rollout === undefined ? {} : { name: rollout, arm }),
        version: prompt.version,
        digest: prompt.digest,
      },
      runId,
      ...(session !== undefined && { session: sessionDigest(rollout, session) }),
      content: audit.content,
      retentionDays: audit.retentionDays,
      commitmentKey: newCommitmentKey(),
      now,
      monotonicMilliseconds,
    });
  }
}

/** Tells outcomes of one session from those of another, and no one what the session was called. */
function sessionDigest(rollout: string | undefined, session: string): string {
  return hash('sha256', `${rollout ?? ''}|${session}`).slice(0, SESSION_DIGEST_CHARACTERS);
}

/** Its answer counts for nothing. What it has done it has done: whoever asked must learn of its effects. */
function notRecorded({
  runId,
  steps,
  repairs,
  usage,
  costNanoUsd,
  effects,
  models,
  durationMilliseconds,
}: RunResult): RunResult {
  const figures = { runId, steps, repairs, usage, costNanoUsd, effects, models, durationMilliseconds };
  return { ...figures, status: 'failed', reason: 'not_recorded', message: END_NOT_RECORDED_SENTENCE };
}

function startDeadline(milliseconds: number): { readonly signal: AbortSignal; readonly cancel: () => void } {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(new RunInterruption('seconds')), milliseconds);
  return { signal: controller.signal, cancel: () => clearTimeout(timer) };
}
