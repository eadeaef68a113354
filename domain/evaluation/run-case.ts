/**
 * One run of one case, as an Agent runs it: the same loop, limits, output schema and repairs. Tools that reach outside are
 * answered by the case; built-in ones, which have no effect, run.
 */
import { z } from 'zod';
import { type CallableTool, compileTool } from '#domain/conversation/call-tools.ts';
import type { Deadlines } from '#domain/conversation/interruption.ts';
import type { Model } from '#domain/conversation/model.ts';
import { type RunResult, runAgent } from '#domain/conversation/run-agent.ts';
import { NO_RECORDER } from '#domain/conversation/run-recorder.ts';
import type { RunRecords } from '#domain/conversation/run-records.ts';
import type { Tool } from '#domain/conversation/tool.ts';
import { renderPrompt } from '#domain/prompts/render-prompt.ts';
import { builtInTool } from '#domain/tools/built-in-tools.ts';
import { NO_SPANS } from '#domain/tracing/spans.ts';
import { mayPass } from './ask-again.ts';
import type { EvaluatedVersion } from './evaluated-version.ts';
import type { GoldenCase, StubbedTool } from './golden-set.ts';

/** What is kept of a run: assertions are made anew from it, so that a changed assertion costs nothing. */
export const CaseRunRecord = z.object({
  text: z.string(),
  isRefused: z.boolean(),
  toolCalls: z.array(z.object({ name: z.string(), argumentsText: z.string() })),
  tools: z.array(z.object({ name: z.string(), parameters: z.record(z.string(), z.unknown()) })),
  latencyMilliseconds: z.number(),
  costNanoUsd: z.number().nullable(),
  model: z.string(),
  fitsSchema: z.boolean(),
  repairs: z.int().min(0),
  /** Why there is no answer to look at, when that is the prompt's doing: the case has failed. */
  failure: z.string().optional(),
});
export type CaseRunRecord = z.infer<typeof CaseRunRecord>;

export type CaseAttempt =
  | { readonly kind: 'recorded'; readonly record: CaseRunRecord }
  | {
      readonly kind: 'error';
      readonly reason: string;
      readonly isRetryable: boolean;
      readonly retryAfterSeconds?: number;
      readonly costNanoUsd: number | null;
    };

export interface CasePorts extends Deadlines {
  readonly model: Model;
  /** Of runs that the ledger is told of; without it none is. */
  readonly openRecords?: (runId: string) => Pick<RunRecords, 'begun' | 'recorder' | 'ended' | 'faulted'>;
  readonly now: () => Date;
  readonly monotonicMilliseconds: () => number;
}

export async function runCase(
  version: EvaluatedVersion,
  goldenCase: GoldenCase,
  runId: string,
  ports: CasePorts,
  signal: AbortSignal,
): Promise<CaseAttempt> {
  const rendered = await renderPrompt(version.prompt, goldenCase.vars);
  if (!rendered.ok) return error(rendered.message, false, 0);
  const tools = toolsOf(version, goldenCase);
  if (!tools.ok) return error(tools.problem, false, 0);
  const calls: { readonly name: string; readonly argumentsText: string }[] = [];
  let text = '';
  const model: Model = {
    answer: async (request, options) => {
      const answer = await ports.model.answer(request, options);
      calls.push(...answer.toolCalls.map(({ name, argumentsText }) => ({ name, argumentsText })));
      text = answer.content ?? '';
      return answer;
    },
  };
  const { steps, seconds, outputRepairs } = version.agent.limits;
  // A tool without results has nothing to go on with: what is judged are the calls.
  const endsWithCalls = goldenCase.tools.some(({ results }) => results.length === 0);
  const limits = { steps: endsWithCalls ? 1 : steps, seconds, outputRepairs };
  const records = ports.openRecords?.(runId);
  records?.begun({
    input: JSON.stringify(goldenCase.vars),
    callerRequestId: '',
    tools: tools.tools.map(({ name }) => name),
    limits,
  });
  const result = await runAgent(
    {
      runId,
      prompt: { version: version.identity.name, digest: version.identity.digest },
      messages: rendered.messages,
      settings: version.settings,
      tools: tools.tools,
      output: version.output,
      limits,
      streamsText: false,
      tracesContent: false,
    },
    {
      ...ports,
      model,
      recorder: records?.recorder ?? NO_RECORDER,
      spans: NO_SPANS,
      onText: () => undefined,
      onCycle: () => undefined,
    },
    signal,
  ).catch((fault: unknown) => {
    records?.faulted();
    throw fault;
  });
  records?.ended(result);
  const end = readEnd(result, endsWithCalls && calls.length > 0);
  if ('error' in end) {
    const { retryAfterSeconds } = end;
    return {
      ...error(end.error, mayPass(end.code), result.costNanoUsd),
      ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
    };
  }
  return {
    kind: 'recorded',
    record: {
      text: end.text ?? text,
      isRefused: end.isRefused,
      toolCalls: calls,
      tools: tools.tools.map(({ name, parameters }) => ({
        name,
        parameters: parameters as Record<string, unknown>,
      })),
      latencyMilliseconds: result.durationMilliseconds,
      costNanoUsd: result.costNanoUsd,
      model: result.models.at(-1) ?? 'unknown',
      fitsSchema: end.fitsSchema,
      repairs: result.repairs,
      ...(end.failure === undefined ? {} : { failure: end.failure }),
    },
  };
}

type End =
  | {
      readonly text?: string;
      readonly isRefused: boolean;
      readonly fitsSchema: boolean;
      readonly failure?: string;
    }
  | { readonly error: string; readonly code: string; readonly retryAfterSeconds?: number };

function readEnd(result: RunResult, endedWithCalls: boolean): End {
  const fine = { isRefused: false, fitsSchema: true };
  if (result.status === 'succeeded') {
    const { output } = result;
    return { ...fine, text: typeof output === 'string' ? output : JSON.stringify(output) };
  }
  const { reason, message } = result;
  if (reason === 'steps' && endedWithCalls) return fine;
  if (reason === 'model_refused') return { ...fine, isRefused: true };
  if (reason === 'output_invalid' || reason === 'output_cut') {
    return { ...fine, fitsSchema: false, failure: message };
  }
  if (reason === 'steps' || reason === 'no_progress') return { ...fine, failure: message };
  const retryAfterSeconds = 'retryAfterSeconds' in result ? result.retryAfterSeconds : undefined;
  return { error: message, code: reason, ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }) };
}

function error(
  reason: string,
  isRetryable: boolean,
  costNanoUsd: number | null,
): Extract<CaseAttempt, { kind: 'error' }> {
  return { kind: 'error', reason, isRetryable, costNanoUsd };
}

type CaseTools =
  | { readonly ok: true; readonly tools: readonly CallableTool[] }
  | { readonly ok: false; readonly problem: string };

/** The agent's tools, answered by the case where it has words for them, and the case's own. */
function toolsOf({ agent }: EvaluatedVersion, goldenCase: GoldenCase): CaseTools {
  const tools: CallableTool[] = [];
  const stubs = new Map(goldenCase.tools.map((stub) => [stub.name, stub]));
  for (const tool of agent.tools) {
    const name = typeof tool === 'string' ? tool : tool.name;
    const stub = stubs.get(name);
    stubs.delete(name);
    if (typeof tool === 'string' && stub === undefined) {
      tools.push(builtInTool(tool));
      continue;
    }
    const described = typeof tool === 'string' ? builtInTool(tool) : tool;
    const compiled = compileTool(stubbed(described, stub?.results));
    if (!compiled.ok) return { ok: false, problem: compiled.message };
    tools.push(compiled.tool);
  }
  for (const stub of stubs.values()) {
    const compiled = compileTool(stubbed(stub, stub.results));
    if (!compiled.ok) return { ok: false, problem: compiled.message };
    tools.push(compiled.tool);
  }
  return { ok: true, tools };
}

function stubbed(
  { name, description, parameters }: Pick<StubbedTool, 'name' | 'description' | 'parameters'>,
  results: readonly string[] | undefined,
): Tool {
  let called = 0;
  return {
    name,
    description,
    parameters,
    effect: 'none',
    run: () => {
      const text = results?.[Math.min(called, results.length - 1)];
      called += 1;
      return text === undefined
        ? { ok: false, problem: 'this tool cannot be reached now' }
        : { ok: true, text };
    },
  };
}
