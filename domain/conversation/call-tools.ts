/**
 * The action of a cycle: runs the tool calls of one answer, one after another. Every call gets exactly one result;
 * what is wrong with a call is told to the model, and nothing here throws but the end of the run itself.
 *
 * The ids of tool calls are the model's and new each time, so they are no key to tell a repeated call by: the tool and
 * its canonical arguments are.
 */
import { BODY_BOUNDS, parseBoundedJson } from '#domain/bounded-json/bounded-json.ts';
import type { ToolCall } from '#domain/chat/chat-request.ts';
import { canonicalJson } from '#domain/canonical-json/canonical-json.ts';
import { type FindProblems, compileJsonSchema } from '#domain/json-schema/compile-json-schema.ts';
import type { Spans } from '#domain/tracing/spans.ts';
import type { SpanContext } from '#domain/tracing/trace-context.ts';
import { type Deadlines, linkSignals, raceWithSignal } from './interruption.ts';
import type { RecordedToolOutcome, RunRecorder } from './run-recorder.ts';
import type { Tool } from './tool.ts';
import { type ToolOutcome, UNKNOWN_TOOL_NAME } from './trace.ts';

export const TOOL_SECONDS = 10;
/** Longest wait for the ledger before a tool with an effect. */
export const INTENT_MILLISECONDS_MAXIMUM = 10_000;
export const TOOL_CALLS_PER_STEP_MAXIMUM = 16;
export const TOOL_RESULT_MAXIMUM_CHARACTERS = 65_536;
export const TOOL_ARGUMENTS_MAXIMUM_CHARACTERS = 1_048_576;
const ARGUMENTS_BOUNDS = { ...BODY_BOUNDS, depth: 32 };

/** A tool with its arguments' schema compiled. */
export interface CallableTool extends Tool {
  readonly findArgumentProblems: FindProblems;
}

export type CompiledTool =
  | { readonly ok: true; readonly tool: CallableTool }
  | { readonly ok: false; readonly message: string };

export interface FinishedToolCall {
  readonly call: ToolCall;
  /** The name of one of the Agent's tools, or UNKNOWN_TOOL_NAME. */
  readonly tool: string;
  readonly outcome: ToolOutcome;
  /** What the model is told. */
  readonly text: string;
  readonly durationMilliseconds: number;
}

export interface ToolCallPorts extends Deadlines {
  readonly now: () => Date;
  readonly monotonicMilliseconds: () => number;
  readonly recorder: RunRecorder;
  readonly spans: Pick<Spans, 'within'>;
}

/** The answer of a run that asks for the calls. */
export interface CallingStep {
  readonly runId: string;
  readonly step: number;
  /** Of the run. */
  readonly trace?: SpanContext;
  readonly remainingMilliseconds: () => number;
  /** A tool with an effect is about to run. */
  readonly onEffect: () => void;
}

export function compileTool(tool: Tool): CompiledTool {
  const compiled = compileJsonSchema(tool.parameters);
  return compiled.ok
    ? { ok: true, tool: { ...tool, findArgumentProblems: compiled.findProblems } }
    : {
        ok: false,
        message: `the parameters of the tool ${tool.name} are not a JSON Schema that can be checked: ${compiled.message}`,
      };
}

/** For tools of ours: throws when the parameters schema is wrong. */
export function makeCallable(tool: Tool): CallableTool {
  const compiled = compileTool(tool);
  if (!compiled.ok) throw new Error(compiled.message);
  return compiled.tool;
}

/** What makes two calls the same call: the tool and its arguments, however they are spelled. */
export function toolCallKey(call: ToolCall): string {
  const parsed = parseArguments(call.argumentsText);
  return `${call.name} ${parsed.ok ? canonicalJson(parsed.value) : call.argumentsText}`;
}

/** Rejects with NotRecordedError when a tool with an effect could not be recorded before; neither it nor the rest has run. */
export async function callTools(
  calls: readonly ToolCall[],
  tools: readonly CallableTool[],
  asking: CallingStep,
  ports: ToolCallPorts,
  signal: AbortSignal,
): Promise<readonly FinishedToolCall[]> {
  const finished: FinishedToolCall[] = [];
  const resultOfKey = new Map<string, FinishedToolCall>();
  for (const [index, call] of calls.entries()) {
    const key = toolCallKey(call);
    const same = resultOfKey.get(key);
    // Twice the same call in one answer is one action with one result.
    const result =
      same === undefined ? await callTool(call, index, tools, asking, ports, signal) : { ...same, call };
    resultOfKey.set(key, result);
    finished.push(result);
  }
  return finished;
}

async function callTool(
  call: ToolCall,
  index: number,
  tools: readonly CallableTool[],
  asking: CallingStep,
  ports: ToolCallPorts,
  signal: AbortSignal,
): Promise<FinishedToolCall> {
  const { recorder } = ports;
  const { runId, step } = asking;
  const named = tools.some(({ name }) => name === call.name) ? call.name : UNKNOWN_TOOL_NAME;
  const callId = `${runId}:${step}:${index + 1}`;
  const trace = ports.spans.within(asking.trace);
  const traced = trace === undefined ? {} : { trace };
  const recorded = { step, callId, tool: named, ...traced };
  const began = ports.monotonicMilliseconds();
  const record = (outcome: RecordedToolOutcome, text: string): number => {
    const durationMilliseconds = ports.monotonicMilliseconds() - began;
    recorder.toolResult(recorded, { outcome, text, durationMilliseconds });
    return durationMilliseconds;
  };
  const finish = (outcome: ToolOutcome, given: string): FinishedToolCall => {
    const text = capResult(given);
    return { call, tool: named, outcome, text, durationMilliseconds: record(outcome, text) };
  };
  const checked = checkCall(call, index, tools);
  if (!checked.ok) return finish(checked.outcome, `error: ${checked.problem}`);
  const { tool, value } = checked;
  await recorder.toolIntent(
    { ...recorded, effect: tool.effect, argumentsText: call.argumentsText },
    {
      // What takes longer leaves the tool no time, and is told as what it is while the run still has some.
      timeoutMilliseconds: Math.min(INTENT_MILLISECONDS_MAXIMUM, asking.remainingMilliseconds() / 2),
      signal,
    },
  );
  const { timeoutSeconds = TOOL_SECONDS } = tool;
  const deadline = ports.startDeadline(timeoutSeconds * 1000);
  try {
    using either = linkSignals(signal, deadline.signal);
    either.signal.throwIfAborted();
    if (tool.effect === 'external') asking.onEffect();
    const result = await raceWithSignal(
      (async () => tool.run(value, { callId, ...traced, signal: either.signal, now: ports.now() }))(),
      either.signal,
    );
    return result.ok ? finish('ok', result.text) : finish('tool_failed', `error: ${result.problem}`);
  } catch {
    if (signal.aborted) record('interrupted', '');
    signal.throwIfAborted();
    return deadline.signal.aborted
      ? finish('deadline_exceeded', `error: the tool did not answer within ${timeoutSeconds} seconds`)
      : // The text of an exception is no result: it may hold anything, and the model would obey it.
        finish('tool_failed', 'error: the tool failed');
  } finally {
    deadline.cancel();
  }
}

type CheckedCall =
  | { readonly ok: true; readonly tool: CallableTool; readonly value: unknown }
  | { readonly ok: false; readonly outcome: ToolOutcome; readonly problem: string };

function checkCall(call: ToolCall, index: number, tools: readonly CallableTool[]): CheckedCall {
  if (index >= TOOL_CALLS_PER_STEP_MAXIMUM) {
    const problem = `at most ${TOOL_CALLS_PER_STEP_MAXIMUM} tool calls are run in one step`;
    return { ok: false, outcome: 'too_many_calls', problem };
  }
  const tool = tools.find((candidate) => candidate.name === call.name);
  if (tool === undefined) {
    const known = tools.map((candidate) => candidate.name).join(', ');
    const problem = `there is no such tool; the tools are: ${known === '' ? 'none' : known}`;
    return { ok: false, outcome: 'unknown_tool', problem };
  }
  const parsed = parseArguments(call.argumentsText);
  const problems = parsed.ok ? tool.findArgumentProblems(parsed.value) : [parsed.problem];
  if (!parsed.ok || problems.length > 0) {
    const problem = `the arguments do not fit: ${problems.join('; ')}`;
    return { ok: false, outcome: 'invalid_arguments', problem };
  }
  return { ok: true, tool, value: parsed.value };
}

type ParsedArguments =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly problem: string };

function parseArguments(text: string): ParsedArguments {
  if (text.length > TOOL_ARGUMENTS_MAXIMUM_CHARACTERS) {
    return { ok: false, problem: `they are longer than ${TOOL_ARGUMENTS_MAXIMUM_CHARACTERS} characters` };
  }
  // Some models send nothing at all for a tool without arguments.
  const parsed = parseBoundedJson(text.trim() === '' ? '{}' : text, ARGUMENTS_BOUNDS);
  if (parsed.ok) return parsed;
  return { ok: false, problem: ARGUMENTS_PROBLEMS[parsed.problem] };
}

const ARGUMENTS_PROBLEMS = {
  tooDeep: `they are nested deeper than ${ARGUMENTS_BOUNDS.depth} levels`,
  tooManyValues: `they hold more than ${ARGUMENTS_BOUNDS.values} values`,
  notJson: 'they are not JSON',
} as const;

function capResult(text: string): string {
  if (text.length <= TOOL_RESULT_MAXIMUM_CHARACTERS) return text;
  return `${text.slice(0, TOOL_RESULT_MAXIMUM_CHARACTERS)}\n[cut: the result has ${text.length} characters]`;
}
