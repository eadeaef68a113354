/**
 * One run of an agent: the ReAct loop of thought (the model's text), action (tool calls) and observation (results).
 *
 * Every model call is a step, whether it thinks, acts, answers or repairs, so a run never makes more than
 * `limits.steps` calls. Tool calls of the last step are not run: nobody could read their results. A run ends as
 * `succeeded` with an output that passed its check, as `stopped` at a limit, or as `failed`; never with a guess.
 */
import type { ChatMessage, ToolCall } from '#domain/chat/chat-request.ts';
import type { FailureCode } from '#domain/failures/failure-codes.ts';
import { sha256Hex } from '#domain/canonical-json/canonical-json.ts';
import { NotRecordedError } from '#domain/ledger/record-writer.ts';
import {
  type CallableTool,
  type CallingStep,
  type FinishedToolCall,
  callTools,
  toolCallKey,
} from './call-tools.ts';
import { type Deadlines, RunInterruption, linkSignals, raceWithSignal } from './interruption.ts';
import type { Spans } from '#domain/tracing/spans.ts';
import type { SpanContext } from '#domain/tracing/trace-context.ts';
import {
  type CallPurpose,
  type Model,
  type ModelAnswer,
  ModelError,
  type ModelErrorCode,
  type ModelRequest,
  type ModelUsage,
  type PromptIdentity,
  mayHaveBeenCharged,
} from './model.ts';
import type { OutputFormat } from './output-format.ts';
import { ConductNotes, type RunConduct } from './run-conduct.ts';
import type { RunRecorder } from './run-recorder.ts';
import { NOT_RECORDED_SENTENCE, SAME_CALL_MAXIMUM, STOP_SENTENCES, repairRequest } from './run-sentences.ts';
import { Spending } from './spending.ts';
import type { CyclePhase, CycleRecord, TracedText } from './trace.ts';

const REPAIR_QUOTE_MAXIMUM_CHARACTERS = 32_768;

/** Why a run was ended at one of its limits. */
export const STOP_REASONS = [
  'steps',
  'seconds',
  'budget',
  'cost_unknown',
  'no_progress',
  'cancelled',
  'shutting_down',
] as const satisfies readonly FailureCode[];
export type StopReason = (typeof STOP_REASONS)[number];

export type FailureReason =
  | 'output_invalid'
  | 'output_cut'
  | 'model_refused'
  | 'not_recorded'
  | ModelErrorCode;

export interface RunLimits {
  readonly steps: number;
  readonly seconds: number;
  readonly nanoUsdPerRun?: number;
  readonly outputRepairs: number;
}

/** All that is fixed when a run starts, and stays so whatever is released meanwhile. */
export interface RunPlan {
  readonly runId: string;
  readonly prompt: PromptIdentity;
  /** The span of the run, or its caller's; absent where nobody traces. */
  readonly trace?: SpanContext;
  readonly messages: readonly ChatMessage[];
  readonly settings: Pick<ModelRequest, 'sampling' | 'maximumOutputTokens'>;
  readonly tools: readonly CallableTool[];
  readonly output: OutputFormat;
  readonly limits: RunLimits;
  readonly streamsText: boolean;
  readonly tracesContent: boolean;
}

export interface RunPorts extends Deadlines {
  readonly model: Model;
  readonly now: () => Date;
  readonly monotonicMilliseconds: () => number;
  readonly onText: (text: string) => void;
  readonly onCycle: (cycle: CycleRecord) => void;
  readonly recorder: RunRecorder;
  /** Where the span of a tool call gets its ids from. */
  readonly spans: Pick<Spans, 'within'>;
}

interface RunFigures extends RunConduct {
  readonly runId: string;
  readonly steps: number;
  readonly repairs: number;
  readonly usage: ModelUsage | null;
  readonly costNanoUsd: number | null;
  /** Calls of tools with an effect that were begun: the same run again would have them twice. */
  readonly effects: number;
  /** Every Model that answered, in order of its first answer. */
  readonly models: readonly string[];
  readonly durationMilliseconds: number;
}

export type RunEnd =
  | { readonly status: 'succeeded'; readonly output: unknown }
  | { readonly status: 'stopped'; readonly reason: StopReason; readonly message: string }
  | {
      readonly status: 'failed';
      readonly reason: FailureReason;
      readonly message: string;
      readonly retryAfterSeconds?: number;
      /** Text that was cut at the output limit. Never an answer, but all that a stream has already sent. */
      readonly partialText?: string;
    };

export type RunResult = RunFigures & RunEnd;

/**
 * `signal` ends the run; its reason should be a RunInterruption. Rejects only when a port breaks its contract, that is
 * with an error that is no ModelError.
 */
export async function runAgent(plan: RunPlan, ports: RunPorts, signal: AbortSignal): Promise<RunResult> {
  const deadline = ports.startDeadline(plan.limits.seconds * 1000);
  using either = linkSignals(signal, deadline.signal);
  const run = new Run(plan, ports, either.signal);
  try {
    const end = await run.toEnd();
    return { ...run.figures(), ...end };
  } catch (error) {
    const end = run.endOfError(error, deadline.signal.aborted);
    run.tellEnd(end);
    return { ...run.figures(), ...end };
  } finally {
    deadline.cancel();
  }
}

class Run {
  readonly #plan: RunPlan;
  readonly #ports: RunPorts;
  readonly #signal: AbortSignal;
  readonly #spending: Spending;
  readonly #messages: ChatMessage[];
  readonly #models = new Set<string>();
  readonly #conduct: ConductNotes;
  readonly #timesCalled = new Map<string, number>();
  readonly #beganMilliseconds: number;
  #stepBeganMilliseconds: number;
  /** A model call was begun and its cost is not known yet. */
  #isCallOpen = false;
  /** The messages that went to the model with the last call for the first time, as JSON. */
  #sent = '';
  #sentMessages = 0;
  /** Of the last call. */
  #requestId: string | undefined;
  #steps = 0;
  #repairs = 0;
  #effects = 0;

  constructor(plan: RunPlan, ports: RunPorts, signal: AbortSignal) {
    this.#plan = plan;
    this.#ports = ports;
    this.#signal = signal;
    this.#spending = new Spending(plan.limits.nanoUsdPerRun);
    this.#messages = [...plan.messages];
    this.#conduct = new ConductNotes(plan.output.kind === 'json');
    this.#beganMilliseconds = ports.monotonicMilliseconds();
    this.#stepBeganMilliseconds = this.#beganMilliseconds;
  }

  async toEnd(): Promise<RunEnd> {
    for (;;) {
      const conversation = JSON.stringify(this.#messages);
      if (!this.#spending.allowsCall(conversation.length)) return this.#stop('budget');
      const answer = await this.#think(conversation);
      if (this.#spending.isUnknownUnderLimit) return this.#end(answer, stopped('cost_unknown'));
      const end = answer.toolCalls.length > 0 ? await this.#act(answer) : this.#conclude(answer);
      if (end !== undefined) return end;
    }
  }

  figures(): RunFigures {
    return {
      runId: this.#plan.runId,
      steps: this.#steps,
      repairs: this.#repairs,
      usage: this.#spending.usage,
      costNanoUsd: this.#spending.costNanoUsd,
      effects: this.#effects,
      ...this.#conduct.conduct(),
      models: [...this.#models],
      durationMilliseconds: Math.round(this.#ports.monotonicMilliseconds() - this.#beganMilliseconds),
    };
  }

  endOfError(error: unknown, isDeadline: boolean): Exclude<RunEnd, { status: 'succeeded' }> {
    const isUncharged = error instanceof ModelError && !mayHaveBeenCharged(error.code);
    if (this.#isCallOpen && !isUncharged) this.#spending.addUnknown();
    if (this.#signal.aborted) {
      const reason: unknown = this.#signal.reason;
      if (isDeadline) return stopped('seconds');
      return stopped(reason instanceof RunInterruption ? reason.reason : 'cancelled');
    }
    if (error instanceof NotRecordedError) return failed('not_recorded', NOT_RECORDED_SENTENCE);
    if (!(error instanceof ModelError)) throw error;
    return {
      status: 'failed',
      reason: error.code,
      message: error.message,
      ...(error.retryAfterSeconds === undefined ? {} : { retryAfterSeconds: error.retryAfterSeconds }),
    };
  }

  async #think(conversation: string): Promise<ModelAnswer> {
    this.#signal.throwIfAborted();
    this.#steps += 1;
    this.#stepBeganMilliseconds = this.#ports.monotonicMilliseconds();
    this.#isCallOpen = true;
    this.#sent =
      this.#sentMessages === 0 ? conversation : JSON.stringify(this.#messages.slice(this.#sentMessages));
    this.#sentMessages = this.#messages.length;
    this.#requestId = undefined;
    const onText = this.#textListener();
    const answer = await raceWithSignal(
      this.#ports.model.answer(this.#request(), {
        signal: this.#signal,
        purpose: this.#purpose(),
        onRequestId: (requestId) => {
          this.#requestId = requestId;
        },
        remainingMilliseconds: this.#remainingMilliseconds(),
        ...(onText === undefined ? {} : { onText: onText.hear }),
      }),
      this.#signal,
    );
    this.#isCallOpen = false;
    this.#spending.add(answer, conversation.length);
    this.#models.add(answer.model);
    if (answer.toolCalls.length === 0) onText?.release();
    return answer;
  }

  #purpose(): CallPurpose {
    const { runId, prompt, trace } = this.#plan;
    return { runId, step: this.#steps, prompt, ...(trace !== undefined && { trace }) };
  }

  #remainingMilliseconds(): number {
    const elapsed = this.#ports.monotonicMilliseconds() - this.#beganMilliseconds;
    return Math.max(1, Math.round(this.#plan.limits.seconds * 1000 - elapsed));
  }

  /** While tools are offered, text may turn out to be a thought before a call; it is held until that is known. */
  #textListener(): { readonly hear: (text: string) => void; readonly release: () => void } | undefined {
    if (!this.#plan.streamsText || this.#plan.output.kind !== 'text') return undefined;
    if (this.#plan.tools.length === 0) return { hear: this.#ports.onText, release: () => undefined };
    const held: string[] = [];
    return {
      hear: (text) => held.push(text),
      release: () => {
        const text = held.join('');
        if (text !== '') this.#ports.onText(text);
      },
    };
  }

  #request(): ModelRequest {
    const { settings, output, tools } = this.#plan;
    return {
      ...settings,
      messages: this.#messages,
      ...(output.asked === undefined ? {} : { format: output.asked }),
      tools: tools.map(({ name, description, parameters }) => ({ name, description, parameters })),
    };
  }

  async #act(answer: ModelAnswer): Promise<RunEnd | undefined> {
    if (this.#isRepeating(answer.toolCalls)) return this.#end(answer, stopped('no_progress'));
    if (this.#steps >= this.#plan.limits.steps) return this.#end(answer, stopped('steps'));
    this.#record('action', 'ok', answer);
    const finished = await callTools(
      answer.toolCalls,
      this.#plan.tools,
      this.#asking(),
      this.#ports,
      this.#signal,
    );
    this.#trace('action', 'ok', answer, finished);
    this.#messages.push(
      {
        role: 'assistant',
        content: answer.content,
        ...(answer.reasoning === undefined ? {} : { reasoning: answer.reasoning }),
        toolCalls: answer.toolCalls,
      },
      ...finished.map(({ call, text }) => ({ role: 'tool' as const, toolCallId: call.id, content: text })),
    );
    return undefined;
  }

  #asking(): CallingStep {
    const { runId, trace } = this.#plan;
    return {
      runId,
      step: this.#steps,
      ...(trace !== undefined && { trace }),
      remainingMilliseconds: () => this.#remainingMilliseconds(),
      onEffect: () => {
        this.#effects += 1;
      },
    };
  }

  #isRepeating(calls: readonly ToolCall[]): boolean {
    for (const key of new Set(calls.map(toolCallKey))) {
      this.#timesCalled.set(key, (this.#timesCalled.get(key) ?? 0) + 1);
    }
    return [...this.#timesCalled.values()].some((times) => times >= SAME_CALL_MAXIMUM);
  }

  #conclude(answer: ModelAnswer): RunEnd | undefined {
    const content = answer.content ?? '';
    if (this.#conduct.isRefused(answer)) {
      return this.#end(answer, failed('model_refused', 'the model refused to answer'));
    }
    if (answer.finishReason === 'length') {
      this.#conduct.checked(false);
      const sentence =
        "the answer was cut at the output limit; raise the agent's limits.outputTokens or the prompt's maxOutputTokens";
      return this.#end(answer, {
        ...failed('output_cut', sentence),
        ...(this.#plan.output.kind === 'text' ? { partialText: content } : {}),
      });
    }
    const checked = this.#plan.output.check(content);
    this.#conduct.checked(checked.ok);
    if (checked.ok) {
      const end = this.#end(answer, { status: 'succeeded', output: checked.value });
      this.#recordCheck(true);
      return end;
    }
    const problems = checked.problems.join('; ');
    if (this.#repairs >= this.#plan.limits.outputRepairs || this.#steps >= this.#plan.limits.steps) {
      const tries = `after ${this.#repairs} repair${this.#repairs === 1 ? '' : 's'}`;
      const end = failed('output_invalid', `the answer does not fit ${tries}: ${problems}`);
      this.#end(answer, end);
      this.#recordCheck(false);
      return end;
    }
    this.#repairs += 1;
    this.#record('repair', 'ok', answer);
    this.#trace('repair', 'ok', answer);
    this.#messages.push(
      { role: 'assistant', content: content.slice(0, REPAIR_QUOTE_MAXIMUM_CHARACTERS) },
      { role: 'user', content: repairRequest(this.#plan.output.kind, problems) },
    );
    return undefined;
  }

  #end(answer: ModelAnswer, end: RunEnd): RunEnd {
    const outcome = end.status === 'succeeded' ? 'ok' : end.reason;
    this.#record(PHASE_OF_END[end.status], outcome, answer);
    this.#trace(PHASE_OF_END[end.status], outcome, answer);
    return end;
  }

  #stop(reason: StopReason): RunEnd {
    this.#trace('stop', reason);
    return stopped(reason);
  }

  /** Of a run that was broken off. What was asked before its tools were called is recorded already. */
  tellEnd({ status, reason }: Exclude<RunEnd, { status: 'succeeded' }>): void {
    if (this.#isCallOpen) this.#record(PHASE_OF_END[status], reason);
    this.#trace(PHASE_OF_END[status], reason);
  }

  #recordCheck(fits: boolean): void {
    const { kind } = this.#plan.output;
    this.#ports.recorder.outputChecked({ kind, fits, repairs: this.#repairs });
  }

  /** Of each model call once, and before anything is done with its answer. */
  #record(phase: CyclePhase, outcome: string, answer?: ModelAnswer): void {
    this.#ports.recorder.cycle({
      step: this.#steps,
      phase,
      outcome,
      ...(this.#requestId === undefined ? {} : { requestId: this.#requestId }),
      ...(answer === undefined ? {} : { model: answer.model }),
      sent: this.#sent,
      ...(typeof answer?.content === 'string' ? { answer: answer.content } : {}),
      toolCalls: answer?.toolCalls.length ?? 0,
      durationMilliseconds: this.#ports.monotonicMilliseconds() - this.#stepBeganMilliseconds,
    });
  }

  #trace(
    phase: CyclePhase,
    outcome: string,
    answer?: ModelAnswer,
    finished: readonly FinishedToolCall[] = [],
  ): void {
    const text = (content: string): TracedText => ({
      sha256: sha256Hex(content),
      characters: content.length,
      ...(this.#plan.tracesContent ? { content } : {}),
    });
    const toolMilliseconds = finished.reduce((sum, call) => sum + call.durationMilliseconds, 0);
    const sinceStep = this.#ports.monotonicMilliseconds() - this.#stepBeganMilliseconds;
    this.#ports.onCycle({
      runId: this.#plan.runId,
      step: this.#steps,
      phase,
      outcome,
      ...(this.#requestId === undefined ? {} : { requestId: this.#requestId }),
      modelMilliseconds: Math.max(0, Math.round(sinceStep - toolMilliseconds)),
      ...(answer === undefined
        ? {}
        : {
            model: answer.model,
            ...answer.usage,
            costNanoUsd: answer.costNanoUsd,
            ...(answer.content === null ? {} : { text: text(answer.content) }),
          }),
      toolCalls: finished.map((call) => ({
        name: call.tool,
        outcome: call.outcome,
        durationMilliseconds: Math.round(call.durationMilliseconds),
        arguments: text(call.call.argumentsText),
        result: text(call.text),
      })),
    });
  }
}

const PHASE_OF_END = { succeeded: 'answer', stopped: 'stop', failed: 'failure' } as const;

function stopped(reason: StopReason): Extract<RunEnd, { status: 'stopped' }> {
  return { status: 'stopped', reason, message: STOP_SENTENCES[reason] };
}

function failed(reason: FailureReason, message: string): Extract<RunEnd, { status: 'failed' }> {
  return { status: 'failed', reason, message };
}
