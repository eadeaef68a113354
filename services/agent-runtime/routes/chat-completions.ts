/**
 * POST /v1/chat/completions: the agent in the dialect of OpenAI, so that any client of a model can talk to it.
 *
 * The conversation is put where the prompt says {{history}}, else after the prompt's messages. The variables of the
 * prompt come in the body field `variables`. When that is absent and exactly one variable must be given, and it is a
 * text, the last user message fills it and the messages before it are the conversation.
 *
 * All requests of a session take the same arm of a rollout that splits sessions: it is the header X-Capataz-Session,
 * else `metadata.session_id`, else `user`.
 *
 * Who speaks as `system` is decided by the prompt alone, and so are tools, sampling and output format: fields that
 * would change them are refused (tools, response_format, n, ...) or, where every client sends them by habit, have no
 * effect (model, temperature, top_p, max_tokens, ...). The answer carries `capataz: {runId, prompt, models, ...}`.
 * A stream that fails ends with `data: {"error": {...}}` and no [DONE].
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { boundedRecord } from '#domain/bounded-json/bounded-collection.ts';
import type { ChatMessage } from '#domain/chat/chat-request.ts';
import type { RunResult } from '#domain/conversation/run-agent.ts';
import { readMessages } from '#domain/dialects/openai/read-messages.ts';
import { type RenderResult, renderPrompt } from '#domain/prompts/render-prompt.ts';
import { readTraceContext } from '#domain/tracing/trace-context.ts';
import type { Admission, AgentRuns, RunOrder } from '../agent-runs.ts';
import {
  VARIABLES_MAXIMUM,
  admit,
  callerSignal,
  callerStream,
  invalidRequest,
  invalidVariables,
  readBody,
  sendFailure,
  sessionAmong,
  sessionOf,
} from '../request-checks.ts';
import { INTERNAL_ERROR, errorBody, failureOfRun, promptIdentity } from '../run-answer.ts';
import type { ServedConfiguration } from '../served-configuration.ts';

const ChatCompletionRequest = z.looseObject({
  /** Read by the dialect, one by one. */
  messages: z.array(z.unknown()),
  variables: boundedRecord(VARIABLES_MAXIMUM).nullish(),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().nullish() }).nullish(),
  metadata: z.record(z.string(), z.unknown()).nullish().catch(undefined),
  user: z.unknown().optional(),
  n: z.literal(1, { error: 'an agent gives one answer' }).nullish(),
});
type ChatCompletionRequest = z.infer<typeof ChatCompletionRequest>;

interface Conversation extends Pick<ChatCompletionRequest, 'variables'> {
  readonly messages: readonly ChatMessage[];
}

const REFUSED_FIELDS = [
  'tools',
  'tool_choice',
  'functions',
  'function_call',
  'response_format',
  'logprobs',
  'top_logprobs',
  'modalities',
  'audio',
  'prediction',
  'web_search_options',
] as const;

export function registerChatCompletions(
  app: FastifyInstance,
  runs: AgentRuns,
  epochSeconds: () => number,
): void {
  app.post('/v1/chat/completions', async (request, reply) => {
    const body = readBody(ChatCompletionRequest, request, reply);
    if (body === undefined) return reply;
    const messages = readMessages(body.messages);
    if (!messages.ok) {
      sendFailure(reply, invalidRequest(messages.message, messages.param));
      return reply;
    }
    const refusal = findRefusal(body, messages.value);
    if (refusal !== undefined) {
      sendFailure(reply, invalidRequest(refusal.message, refusal.param));
      return reply;
    }
    const named = sessionOf(undefined, request, reply);
    if (named === false) return reply;
    const session = named ?? sessionAmong(body.metadata?.['session_id'], body.user);
    const admission = admit(runs, reply, session);
    if (admission === undefined) return reply;
    try {
      const rendered = await renderConversation(admission.served, {
        messages: messages.value,
        variables: body.variables,
      });
      if (!rendered.ok) {
        sendFailure(reply, invalidVariables(rendered.message, 'variables'));
        return await reply;
      }
      const asked = {
        messages: rendered.messages,
        input: { messages: body.messages, variables: body.variables },
      };
      const answer = new ChatAnswer(admission, Math.floor(epochSeconds()));
      await (body.stream === true
        ? streamChat(runs, admission, asked, answer, body, request, reply)
        : answerChat(runs, admission, asked, answer, request, reply));
      return await reply;
    } finally {
      admission.release();
    }
  });
}

/** What would silently be another thing than asked for is refused. */
function findRefusal(
  body: ChatCompletionRequest,
  messages: readonly ChatMessage[],
): { readonly param: string; readonly message: string } | undefined {
  const field = REFUSED_FIELDS.find((name) => isGiven(body[name]));
  if (field !== undefined) {
    return { param: field, message: `"${field}" cannot be given: the agent and its prompt decide it` };
  }
  const index = messages.findIndex(({ role }) => role === 'system' || role === 'developer');
  if (index === -1) return undefined;
  const param = `messages.${index}.role`;
  const role = messages[index]?.role;
  return { param, message: `"${param}" cannot be ${role}: the agent's prompt is its only system message` };
}

function isGiven(value: unknown): boolean {
  const isEmpty = value === undefined || value === null || value === false;
  const isText = typeof value === 'object' && value !== null && 'type' in value && value.type === 'text';
  return !isEmpty && !isText;
}

async function renderConversation(
  served: ServedConfiguration,
  { messages, variables }: Conversation,
): Promise<RenderResult> {
  const { prompt, chatVariable } = served;
  const hasVariables = variables !== undefined && variables !== null;
  if (hasVariables || chatVariable === undefined) {
    const rendered = await renderPrompt(prompt, variables ?? {}, messages);
    const hint = hasVariables ? '' : '; give them in the body field "variables"';
    return rendered.ok ? rendered : { ok: false, message: `${rendered.message}${hint}` };
  }
  const last = messages.at(-1);
  const text = last?.role === 'user' ? textOf(last) : undefined;
  if (text === undefined) {
    return {
      ok: false,
      message: `the last message must be a text of the user: it fills the variable "${chatVariable}" of the prompt`,
    };
  }
  return renderPrompt(prompt, { [chatVariable]: text }, messages.slice(0, -1), 'beforeLastUserMessage');
}

/** Undefined when the message is more than text. */
function textOf({ content }: ChatMessage): string | undefined {
  if (typeof content === 'string') return content;
  const texts = (content ?? []).map((part) => (part.kind === 'text' ? part.text : undefined));
  return content === null || texts.includes(undefined) ? undefined : texts.join('');
}

type Asked = Pick<RunOrder, 'messages' | 'input'>;

async function answerChat(
  runs: AgentRuns,
  admission: Admission,
  asked: Asked,
  answer: ChatAnswer,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  const result = await runs.run(admission, {
    ...asked,
    requestId: request.id,
    trace: readTraceContext(request.headers),
    signal: callerSignal(reply),
  });
  const body = answer.completion(result);
  const failure = failureOfRun(result);
  if (body !== undefined) void reply.send(body);
  else if (failure !== undefined) sendFailure(reply, failure);
}

async function streamChat(
  runs: AgentRuns,
  admission: Admission,
  asked: Asked,
  answer: ChatAnswer,
  body: ChatCompletionRequest,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  const stream = callerStream(reply);
  try {
    let isFirst = true;
    const sendText = (content: string): void => {
      stream.sendJson(answer.chunk(isFirst ? { role: 'assistant', content } : { content }));
      isFirst = false;
    };
    const result = await runs.run(admission, {
      ...asked,
      requestId: request.id,
      trace: readTraceContext(request.headers),
      signal: callerSignal(reply),
      onText: sendText,
    });
    const content = contentOf(result);
    const failure = failureOfRun(result);
    if (content === undefined && failure !== undefined) {
      // Before the first byte the failure can still be an honest status.
      if (stream.isOpen) stream.sendJson(errorBody(failure));
      else sendFailure(reply, failure);
      return;
    }
    if (isFirst) sendText(content ?? '');
    stream.sendJson(answer.chunk({}, finishReasonOf(result), result));
    if (body.stream_options?.include_usage === true) stream.sendJson(answer.usageChunk(result));
    stream.send('[DONE]');
  } catch (error) {
    if (!stream.isOpen) throw error;
    stream.sendJson(errorBody(INTERNAL_ERROR));
  } finally {
    stream.end();
  }
}

/** A plain text that was cut at the output limit is what it is in this dialect: an answer with finish_reason length. */
function contentOf(result: RunResult): string | undefined {
  if (result.status === 'succeeded') {
    return typeof result.output === 'string' ? result.output : JSON.stringify(result.output);
  }
  return result.status === 'failed' ? result.partialText : undefined;
}

function finishReasonOf(result: RunResult): 'stop' | 'length' {
  return result.status === 'succeeded' ? 'stop' : 'length';
}

class ChatAnswer {
  readonly #admission: Admission;
  readonly #createdSeconds: number;

  constructor(admission: Admission, createdSeconds: number) {
    this.#admission = admission;
    this.#createdSeconds = createdSeconds;
  }

  completion(result: RunResult): Readonly<Record<string, unknown>> | undefined {
    const content = contentOf(result);
    if (content === undefined) return undefined;
    return {
      ...this.#head('chat.completion'),
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content, refusal: null },
          logprobs: null,
          finish_reason: finishReasonOf(result),
        },
      ],
      ...usageOf(result),
      capataz: this.#annotation(result),
    };
  }

  chunk(
    delta: object,
    finishReason: 'stop' | 'length' | null = null,
    result?: RunResult,
  ): Readonly<Record<string, unknown>> {
    return {
      ...this.#head('chat.completion.chunk'),
      choices: [{ index: 0, delta, logprobs: null, finish_reason: finishReason }],
      ...(result === undefined ? {} : { capataz: this.#annotation(result) }),
    };
  }

  usageChunk(result: RunResult): Readonly<Record<string, unknown>> {
    return { ...this.#head('chat.completion.chunk'), choices: [], ...usageOf(result) };
  }

  #head(object: string): Readonly<Record<string, unknown>> {
    const { served, runId } = this.#admission;
    const model = served.configuration.agent.name;
    return { id: `chatcmpl-${runId}`, object, created: this.#createdSeconds, model };
  }

  #annotation(result: RunResult): Readonly<Record<string, unknown>> {
    const { runId, steps, costNanoUsd, models } = result;
    return { runId, prompt: promptIdentity(this.#admission.served), steps, costNanoUsd, models };
  }
}

/** Left out when a provider did not count: no number is better than a wrong one. */
function usageOf({ usage }: RunResult): Readonly<Record<string, unknown>> {
  if (usage === null) return {};
  return {
    usage: {
      prompt_tokens: usage.inputTokens,
      completion_tokens: usage.outputTokens,
      total_tokens: usage.inputTokens + usage.outputTokens,
      prompt_tokens_details: { cached_tokens: usage.cachedInputTokens },
    },
  };
}
