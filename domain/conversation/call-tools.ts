/**
 * The action of a cycle: runs the tool calls of one answer, one after another. Every call gets exactly one result;
 * what is wrong with a call is told to the model, and nothing here throws but the end of the run itself.
 *
 * The ids of tool calls are the model's and new each time, so they are no key to tell a repeated call by: the tool and
 * its canonical arguments are.
 */
import { BODY_BOUNDS, parseBoundedJson } from '#domain/bounded-json/bounded-json.ts';
import type { ToolCall } from '#domain/chat/chat-request.ts';
import { compileJsonSchema } from '#domain/json-schema/compile-json-schema.ts';
import { canonicalJson } from '#domain/canonical-json/canonical-json.ts';
import { type Deadlines, linkSignals, raceWithSignal } from './interruption.ts';
import type { Tool } from './tool.ts';
import type { ToolOutcome } from './trace.ts';

export const TOOL_SECONDS = 10;
export const TOOL_CALLS_PER_STEP_MAXIMUM = 16;
export const TOOL_RESULT_MAXIMUM_CHARACTERS = 65_536;
export const TOOL_ARGUMENTS_MAXIMUM_CHARACTERS = 1_048_576;
const ARGUMENTS_BOUNDS = { ...BODY_BOUNDS, depth: 32 };

/** A tool with its arguments' schema compiled. */
export interface CallableTool extends Tool {
  readonly findArgumentProblems: (value: unknown) => readonly string[];
}

export interface FinishedToolCall {
  readonly call: ToolCall;
  readonly outcome: ToolOutcome;
  /** What the model is told. */
  readonly text: string;
  readonly durationMilliseconds: number;
}

export interface ToolCallPorts extends Deadlines {
  readonly now: () => Date;
  readonly monotonicMilliseconds: () => number;
}

/** Throws when a parameters schema of a tool is wrong: that is our mistake, not a user's. */
export function makeCallable(tool: Tool): CallableTool {
  const compiled = compileJsonSchema(tool.parameters);
  if (!compiled.ok)
    throw new Error(`The parameters of the tool ${tool.name} are not valid: ${compiled.message}`);
  return { ...tool, findArgumentProblems: compiled.findProblems };
}

/** What makes two calls the same call: the tool and its arguments, however they are spelled. */
export function toolCallKey(call: ToolCall): string {
  const parsed = parseArguments(call.argumentsText);
  return `${call.name} ${parsed.ok ? canonicalJson(parsed.value) : call.argumentsText}`;
}

export async function callTools(
  calls: readonly ToolCall[],
  tools: readonly CallableTool[],
  ports: ToolCallPorts,
  signal: AbortSignal,
): Promise<readonly FinishedToolCall[]> {
  const finished: FinishedToolCall[] = [];
  const resultOfKey = new Map<string, FinishedToolCall>();
  for (const [index, call] of calls.entries()) {
    const key = toolCallKey(call);
    const same = resultOfKey.get(key);
    // Twice the same call in one answer is one action with one result.
    const result = same === undefined ? await callTool(call, index, tools, ports, signal) : { ...same, call };
    resultOfKey.set(key, result);
    finished.push(result);
  }
  return finished;
}

async function callTool(
  call: ToolCall,
  index: number,
  tools: readonly CallableTool[],
  ports: ToolCallPorts,
  signal: AbortSignal,
): Promise<FinishedToolCall> {
  const began = ports.monotonicMilliseconds();
  const finish = (outcome: ToolOutcome, text: string): FinishedToolCall => ({
    call,
    outcome,
    text: capResult(text),
    durationMilliseconds: ports.monotonicMilliseconds() - began,
  });
  if (index >= TOOL_CALLS_PER_STEP_MAXIMUM) {
    return finish(
      'too_many_calls',
      `error: at most ${TOOL_CALLS_PER_STEP_MAXIMUM} tool calls are run in one step`,
    );
  }
  const tool = tools.find((candidate) => candidate.name === call.name);
  if (tool === undefined) {
    const known = tools.map((candidate) => candidate.name).join(', ');
    return finish(
      'unknown_tool',
      `error: there is no such tool; the tools are: ${known === '' ? 'none' : known}`,
    );
  }
  const parsed = parseArguments(call.argumentsText);
  const problems = parsed.ok ? tool.findArgumentProblems(parsed.value) : [parsed.problem];
  if (!parsed.ok || problems.length > 0) {
    return finish('invalid_arguments', `error: the arguments do not fit: ${problems.join('; ')}`);
  }
  const deadline = ports.startDeadline(TOOL_SECONDS * 1000);
  try {
    using either = linkSignals(signal, deadline.signal);
    const result = await raceWithSignal(
      (async () => tool.run(parsed.value, { signal: either.signal, now: ports.now() }))(),
      either.signal,
    );
    return result.ok ? finish('ok', result.text) : finish('tool_failed', `error: ${result.problem}`);
  } catch {
    signal.throwIfAborted();
    return deadline.signal.aborted
      ? finish('deadline_exceeded', `error: the tool did not answer within ${TOOL_SECONDS} seconds`)
      : // The text of an exception is no result: it may hold anything, and the model would obey it.
        finish('tool_failed', 'error: the tool failed');
  } finally {
    deadline.cancel();
  }
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
