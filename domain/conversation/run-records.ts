/**
 * What one run tells the ledger. Pure over the RecordWriter port. Records hold lengths of texts and, unless the Agent's
 * `audit.content` is None, commitments to them under a key of this run; the texts themselves go beside them with Full.
 *
 * The ids of records are the run's with a number, so that a record told twice is the same record. They hold no colon: ids
 * with one are the platform's, and the ledger takes none of them from an agent.
 */
import type { ContentMode } from '#crds/agent.ts';
import { commitTo } from '#domain/ledger/commitment.ts';
import type { RecordDraft, RecordOf, RecordType } from '#domain/ledger/ledger-record.ts';
import type { RunPurpose, TextReference } from '#domain/ledger/record-fields.ts';
import { TEXT_MAXIMUM_CHARACTERS, type TextField, beginningOf } from '#domain/ledger/record-text.ts';
import { NotRecordedError, type RecordWriter, type TextDraft } from '#domain/ledger/record-writer.ts';
import { SECURITY_EVENTS, type SecurityEventCode } from '#domain/ledger/security-events.ts';
import { raceWithSignal } from './interruption.ts';
import type { RunLimits, RunResult, StopReason } from './run-agent.ts';
import type { RecordedToolCall, RecordedToolOutcome, RunRecorder } from './run-recorder.ts';

export interface RunRecordsOptions {
  readonly writer: RecordWriter;
  readonly namespace: string;
  readonly agent: RecordOf<'run_begun'>['agent'];
  readonly prompt: NonNullable<RecordOf<'run_begun'>['prompt']>;
  readonly runId: string;
  /** A digest of the caller's session. */
  readonly session?: string;
  /** Absent: production. */
  readonly purpose?: RunPurpose;
  readonly content: ContentMode;
  readonly retentionDays: number;
  /** Hexadecimal, drawn for this run (commitment.ts). */
  readonly commitmentKey: string;
  readonly now: () => Date;
  readonly monotonicMilliseconds: () => number;
}

export interface RunBeginning {
  /** What the caller gave, as JSON. */
  readonly input: string;
  readonly callerRequestId: string;
  readonly trace?: { readonly traceId: string; readonly spanId: string };
  readonly tools: readonly string[];
  readonly limits: Pick<RunLimits, 'steps' | 'seconds' | 'nanoUsdPerRun'>;
}

/** What every record has is filled in; a record without a run is none of a run's. */
type Told<Type extends RecordType> = Omit<
  RecordOf<Type>,
  'id' | 'type' | 'namespace' | 'atMicroseconds' | 'source' | 'run' | 'agent' | 'prompt'
>;

/** Ends of a run that a limit of its Agent brought about; the others came from outside. */
const LIMITS: ReadonlySet<StopReason> = new Set([
  'steps',
  'seconds',
  'budget',
  'cost_unknown',
  'no_progress',
]);
const NAMES_MAXIMUM = 64;
const NAME_MAXIMUM_CHARACTERS = 256;
const IDENTIFIER = /^[\w.:-]{1,128}$/;

export class RunRecords {
  readonly #options: RunRecordsOptions;
  readonly #beganMilliseconds: number;
  #records = 0;
  #steps = 0;
  #toolCalls = 0;
  #failedToolCalls = 0;
  /** In which more calls were asked for than one step may have: told once, for a model may ask for thousands. */
  #overfullStep = 0;
  #isEnded = false;

  constructor(options: RunRecordsOptions) {
    this.#options = options;
    this.#beganMilliseconds = options.monotonicMilliseconds();
  }

  begun({ input, callerRequestId, trace, tools, limits }: RunBeginning): void {
    const { content, retentionDays, commitmentKey } = this.#options;
    const texts: TextDraft[] = [];
    if (content !== 'None') texts.push({ field: 'commitment_key', text: commitmentKey, retentionDays });
    this.#write('run_begun', texts, {
      ...(IDENTIFIER.test(callerRequestId) ? { callerRequestId } : {}),
      ...(trace === undefined ? {} : { trace: { traceId: trace.traceId, spanId: trace.spanId } }),
      content,
      contentRetentionDays: retentionDays,
      input: this.#reference('input', input, texts),
      tools: tools.slice(0, NAMES_MAXIMUM).map(nameOf),
      limits: {
        steps: limits.steps,
        seconds: limits.seconds,
        ...(limits.nanoUsdPerRun === undefined ? {} : { nanoUsd: limits.nanoUsdPerRun }),
      },
    });
  }

  readonly recorder: RunRecorder = {
    cycle: ({ step, phase, outcome, requestId, model, sent, answer, toolCalls, durationMilliseconds }) => {
      this.#steps = step;
      const texts: TextDraft[] = [];
      this.#write(
        'cycle',
        texts,
        {
          phase,
          outcome,
          ...(requestId !== undefined && IDENTIFIER.test(requestId) ? { requestId } : {}),
          ...(model === undefined ? {} : { model: nameOf(model) }),
          sent: this.#reference('sent', sent, texts),
          ...(answer === undefined ? {} : { answer: this.#reference('answer', answer, texts) }),
          toolCalls,
          durationMicroseconds: microseconds(durationMilliseconds),
        },
        step,
      );
    },

    toolIntent: async ({ step, callId, tool, effect, argumentsText }, { timeoutMilliseconds, signal }) => {
      const texts: TextDraft[] = [];
      const told = {
        callId,
        tool: nameOf(tool),
        effect,
        arguments: this.#reference('arguments', argumentsText, texts),
      };
      if (effect === 'none') {
        this.#write('tool_intent', texts, told, step);
        return;
      }
      const { writer, monotonicMilliseconds } = this.#options;
      const began = monotonicMilliseconds();
      try {
        const draft = this.#draft('tool_intent', told, step);
        await raceWithSignal(writer.writeDurably(draft, texts, { timeoutMilliseconds, signal }), signal);
      } catch (error) {
        const durationMilliseconds = monotonicMilliseconds() - began;
        this.#toolResult({ step, callId, tool }, 'not_recorded', '', durationMilliseconds);
        signal.throwIfAborted();
        this.#securityEvent(
          'tool_not_recorded',
          tool,
          step,
          'A tool with an effect did not run because the ledger did not confirm its intent.',
        );
        throw error instanceof NotRecordedError
          ? error
          : new NotRecordedError(String(error), { cause: error });
      }
    },

    toolResult: (call, { outcome, text, durationMilliseconds }) => {
      // How one that was broken off with its run would have ended, nobody knows.
      if (outcome !== 'interrupted') this.#toolCalls += 1;
      if (outcome !== 'interrupted' && outcome !== 'ok') this.#failedToolCalls += 1;
      if (outcome === 'too_many_calls') {
        if (this.#overfullStep === call.step) return;
        this.#overfullStep = call.step;
        this.#denied('tool_calls_per_step', outcome, call);
        return;
      }
      if (outcome === 'unknown_tool') {
        this.#denied('tools_of_the_agent', outcome, call);
        this.#securityEvent(
          'unknown_tool_called',
          call.tool,
          call.step,
          'The model called a tool that the Agent does not have; nothing was run.',
        );
      }
      this.#toolResult(call, outcome, text, durationMilliseconds);
    },

    outputChecked: ({ kind, fits, repairs }) => {
      this.#write('outcome', [], {
        judge: 'output-check',
        metric: kind === 'json' ? 'output_schema' : 'output_text',
        verdict: fits ? 'good' : 'bad',
        scoreBasisPoints: fits ? 10_000 : 0,
        label: `repairs: ${repairs}`,
      });
    },
  };

  /** A second time: what was said first was answered to nobody, and this takes its place and its number. */
  ended(result: RunResult): void {
    const isAgain = this.#isEnded;
    if (isAgain) this.#records -= 1;
    this.#isEnded = true;
    const { status, steps, repairs, usage, costNanoUsd, models, durationMilliseconds } = result;
    const { firstAnswerFits, isRefusal } = result;
    if (!isAgain && result.status === 'stopped' && LIMITS.has(result.reason)) {
      this.#write('policy_decision', [], { policy: 'run_limits', verdict: 'denied', reason: result.reason });
    }
    const texts: TextDraft[] = [];
    const output = result.status === 'succeeded' ? textOf(result.output) : undefined;
    const draft = this.#draft(
      'run_ended',
      {
        status,
        ...(result.status === 'succeeded' ? {} : { reason: result.reason }),
        steps,
        repairs,
        ...(usage === null ? {} : { tokens: { input: usage.inputTokens, output: usage.outputTokens } }),
        ...(costNanoUsd === null ? {} : { costNanoUsd }),
        models: models.slice(0, NAMES_MAXIMUM).map(nameOf),
        ...(output === undefined ? {} : { output: this.#reference('output', output, texts) }),
        ...(firstAnswerFits === undefined ? {} : { firstAnswerFits: yesOrNo(firstAnswerFits) }),
        ...(isRefusal === undefined ? {} : { isRefusal: yesOrNo(isRefusal) }),
        ...this.#toolCounts(),
        durationMicroseconds: microseconds(durationMilliseconds),
        records: this.#records + 1,
      },
      undefined,
    );
    const { writer } = this.#options;
    if (isAgain) writer.writeInstead(draft, texts);
    else writer.write(draft, texts);
  }

  /** By a fault of ours: nobody knows what it cost. Nothing, when the run had ended before. */
  faulted(): void {
    if (this.#isEnded) return;
    const { monotonicMilliseconds } = this.#options;
    this.#write('run_ended', [], {
      status: 'failed',
      reason: 'internal_error',
      steps: this.#steps,
      repairs: 0,
      models: [],
      ...this.#toolCounts(),
      durationMicroseconds: microseconds(monotonicMilliseconds() - this.#beganMilliseconds),
      records: this.#records + 1,
    });
  }

  #toolCounts(): Pick<Told<'run_ended'>, 'toolCalls' | 'failedToolCalls'> {
    return { toolCalls: this.#toolCalls, failedToolCalls: this.#failedToolCalls };
  }

  #toolResult(
    { step, callId, tool }: RecordedToolCall,
    outcome: RecordedToolOutcome | 'not_recorded',
    text: string,
    durationMilliseconds: number,
  ): void {
    const texts: TextDraft[] = [];
    this.#write(
      'tool_result',
      texts,
      {
        callId,
        tool: nameOf(tool),
        outcome,
        result: this.#reference('result', text, texts),
        durationMicroseconds: microseconds(durationMilliseconds),
      },
      step,
    );
  }

  #denied(policy: string, reason: string, { step, tool }: RecordedToolCall): void {
    const subject = nameOf(tool);
    this.#write('policy_decision', [], { policy, verdict: 'denied', reason, subject }, step);
  }

  #securityEvent(event: SecurityEventCode, tool: string, step: number, sentence: string): void {
    const { severity, owasp } = SECURITY_EVENTS[event];
    const subject = nameOf(tool);
    const told = { event, severity, action: 'blocked', owasp: [...owasp], subject, sentence };
    this.#write('security_event', [], told as Told<'security_event'>, step);
  }

  #write<Type extends RecordType>(
    type: Type,
    texts: readonly TextDraft[],
    told: Told<Type>,
    step?: number,
  ): void {
    this.#options.writer.write(this.#draft(type, told, step), texts);
  }

  #draft<Type extends RecordType>(type: Type, told: Told<Type>, step: number | undefined): RecordDraft {
    const { namespace, agent, prompt, runId, session, purpose, now } = this.#options;
    this.#records += 1;
    const draft = {
      id: `${runId}.${this.#records}`,
      type,
      namespace,
      atMicroseconds: now().getTime() * 1000,
      run: {
        id: runId,
        ...(step === undefined || step === 0 ? {} : { step }),
        ...(session === undefined ? {} : { session }),
        ...(purpose === undefined ? {} : { purpose }),
      },
      agent,
      ...(TYPES_WITH_PROMPT.has(type) ? { prompt } : {}),
      ...told,
    };
    // Every member is given above or by Told, which the compiler cannot join again for a type that it does not know.
    return draft as unknown as RecordDraft;
  }

  #reference(field: TextField, given: string, texts: TextDraft[]): TextReference {
    const { content, commitmentKey, retentionDays } = this.#options;
    // What has no UTF-8 could be neither hashed nor kept as it is.
    const text = given.toWellFormed();
    if (content === 'None') return { characters: text.length };
    const reference = commitTo(text, commitmentKey);
    if (content !== 'Full') return reference;
    const kept = beginningOf(text, TEXT_MAXIMUM_CHARACTERS);
    texts.push({ field, text: kept, retentionDays });
    return kept.length === text.length ? reference : { ...reference, keptCharacters: kept.length };
  }
}

const TYPES_WITH_PROMPT: ReadonlySet<RecordType> = new Set([
  'run_begun',
  'cycle',
  'tool_intent',
  'tool_result',
  'run_ended',
  'security_event',
]);

function yesOrNo(is: boolean): 'yes' | 'no' {
  return is ? 'yes' : 'no';
}

function nameOf(given: string): string {
  return given === '' ? '(none)' : given.slice(0, NAME_MAXIMUM_CHARACTERS).toWellFormed();
}

function microseconds(milliseconds: number): number {
  return Math.max(0, Math.round(milliseconds * 1000));
}

function textOf(output: unknown): string {
  return typeof output === 'string' ? output : JSON.stringify(output);
}
