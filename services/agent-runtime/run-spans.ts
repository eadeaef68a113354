/**
 * Spans of one run: the run itself, told at its end, and within it each tool call. Thoughts are spans of the router, within
 * the run's. Tokens and cost stand on the router's attempts alone, so that whoever adds spans up counts nothing twice.
 */
import type { EffectiveConfiguration } from '#domain/agent/agent-configuration.ts';
import type { RunRecorder } from '#domain/conversation/run-recorder.ts';
import type { RunResult } from '#domain/conversation/run-agent.ts';
import type { SpanContext } from '#domain/tracing/trace-context.ts';
import { CAPATAZ, EXECUTE_TOOL, GEN_AI, INVOKE_AGENT } from '#telemetry/gen-ai-attributes.ts';
import type { SpanAttributes, Tracing } from '#telemetry/tracing/tracing.ts';

/** A model may call a tool by any name. */
const TOOL_NAME_MAXIMUM_CHARACTERS = 128;

export class RunSpans {
  /** Of the run, or of its caller where nothing is traced. */
  readonly trace: SpanContext | undefined;
  readonly #tracing: Tracing;
  readonly #configuration: EffectiveConfiguration;
  readonly #runId: string;
  readonly #now: () => Date;
  readonly #startedAtEpochMilliseconds: number;

  constructor(
    tracing: Tracing,
    trace: SpanContext | undefined,
    configuration: EffectiveConfiguration,
    runId: string,
    now: () => Date,
  ) {
    this.trace = trace;
    this.#tracing = tracing;
    this.#configuration = configuration;
    this.#runId = runId;
    this.#now = now;
    this.#startedAtEpochMilliseconds = now().getTime();
  }

  /** The same recorder, beside which each tool call becomes a span. */
  recorderOf(recorder: RunRecorder): RunRecorder {
    if (!this.#tracing.isOn) return recorder;
    return {
      cycle: (cycle) => recorder.cycle(cycle),
      toolIntent: (intent, limits) => recorder.toolIntent(intent, limits),
      outputChecked: (check) => recorder.outputChecked(check),
      toolResult: (call, result) => {
        recorder.toolResult(call, result);
        this.#toolCalled(call, result);
      },
    };
  }

  ended(result: RunResult): void {
    this.#runOver(result.durationMilliseconds, result.status === 'succeeded' ? undefined : result.reason, {
      [CAPATAZ.steps]: result.steps,
      [CAPATAZ.repairs]: result.repairs,
      [CAPATAZ.outcome]: result.status,
    });
  }

  /** By a fault of ours. */
  faulted(): void {
    const durationMilliseconds = this.#now().getTime() - this.#startedAtEpochMilliseconds;
    this.#runOver(durationMilliseconds, 'internal_error', { [CAPATAZ.outcome]: 'failed' });
  }

  #runOver(durationMilliseconds: number, errorType: string | undefined, figures: SpanAttributes): void {
    if (this.trace === undefined) return;
    const { agent, prompt, rollout, arm } = this.#configuration;
    this.#tracing.tell({
      context: this.trace,
      name: `${INVOKE_AGENT} ${agent.name}`,
      kind: 'server',
      startedAtEpochMilliseconds: this.#startedAtEpochMilliseconds,
      durationMilliseconds,
      attributes: {
        [GEN_AI.operationName]: INVOKE_AGENT,
        [GEN_AI.agentName]: agent.name,
        [GEN_AI.agentId]: agent.uid,
        [GEN_AI.agentVersion]: prompt.version,
        [CAPATAZ.namespace]: agent.namespace,
        [CAPATAZ.runId]: this.#runId,
        [CAPATAZ.promptVersion]: prompt.version,
        [CAPATAZ.promptDigest]: prompt.digest,
        ...(rollout !== undefined && { [CAPATAZ.rollout]: rollout, [CAPATAZ.arm]: arm }),
        ...figures,
      },
      errorType,
    });
  }

  #toolCalled(...[call, result]: Parameters<RunRecorder['toolResult']>): void {
    const { trace: context } = call;
    if (context === undefined) return;
    const { outcome, durationMilliseconds } = result;
    const { agent } = this.#configuration;
    const tool = call.tool.slice(0, TOOL_NAME_MAXIMUM_CHARACTERS);
    this.#tracing.tell({
      context,
      name: `${EXECUTE_TOOL} ${tool}`,
      kind: 'internal',
      startedAtEpochMilliseconds: this.#now().getTime() - durationMilliseconds,
      durationMilliseconds,
      attributes: {
        [GEN_AI.operationName]: EXECUTE_TOOL,
        [GEN_AI.toolName]: tool,
        [GEN_AI.toolCallId]: call.callId,
        [GEN_AI.toolType]: 'function',
        [GEN_AI.agentName]: agent.name,
        [CAPATAZ.namespace]: agent.namespace,
        [CAPATAZ.runId]: this.#runId,
        [CAPATAZ.step]: call.step,
        [CAPATAZ.outcome]: outcome,
      },
      errorType: outcome === 'ok' ? undefined : outcome,
    });
  }
}
