/** OpenAI, from its server's side: https://platform.openai.com/docs/api-reference/chat */
import { Buffer } from 'node:buffer';
import { z } from 'zod';
import type { FakeAnswer } from './scenario.ts';
import { type Usage, type Wire, type WireRefusal, dataEvent, fragmentsOf } from './wire.ts';

const Message = z.looseObject({
  role: z.enum(['system', 'developer', 'user', 'assistant', 'tool']),
  content: z
    .union([z.string(), z.array(z.looseObject({ type: z.string(), text: z.string().optional() }))])
    .nullish(),
  tool_calls: z
    .array(
      z.strictObject({
        id: z.string().max(40),
        type: z.literal('function'),
        function: z.strictObject({ name: z.string(), arguments: z.string() }),
      }),
    )
    .min(1)
    .optional(),
  tool_call_id: z.string().max(40).optional(),
});

const ChatBody = z.looseObject({
  model: z.string().min(1),
  messages: z.array(Message).min(1),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().optional() }).nullish(),
  max_tokens: z.int().positive().nullish(),
  max_completion_tokens: z.int().positive().nullish(),
  tools: z
    .array(
      z.looseObject({
        type: z.literal('function'),
        function: z.looseObject({ name: z.string(), parameters: z.unknown().optional() }),
      }),
    )
    .min(1)
    .optional(),
  tool_choice: z
    .union([
      z.enum(['none', 'auto', 'required']),
      z.looseObject({ function: z.looseObject({ name: z.string() }) }),
    ])
    .optional(),
  response_format: z
    .looseObject({ type: z.string(), json_schema: z.looseObject({ schema: z.unknown() }).optional() })
    .nullish(),
});

const EmbeddingsBody = z.looseObject({
  model: z.string().min(1),
  input: z.union([z.string(), z.array(z.string()).min(1)]),
  encoding_format: z.enum(['float', 'base64']).optional(),
});

const FINISH_REASONS = { complete: 'stop', length: 'length', refusal: 'content_filter' } as const;
const CREATED_SECONDS = 1_795_000_000;

export const OPENAI_WIRE: Wire = {
  provider: 'OpenAI',
  prefix: 'openai',
  route: (method, path) => {
    if (method === 'GET' && path === '/v1/models') return { kind: 'models' };
    if (method === 'POST' && path === '/v1/chat/completions') return { kind: 'chat' };
    return method === 'POST' && path === '/v1/embeddings' ? { kind: 'embeddings' } : undefined;
  },
  keyOf: ({ authorization }) => /^Bearer (.+)$/.exec(authorization ?? '')?.[1],
  refuseHeaders: () => undefined,
  models: (names) => ({
    object: 'list',
    data: names.map((id) => ({ id, object: 'model', created: CREATED_SECONDS, owned_by: 'fake' })),
  }),
  readChat: (body) => {
    const parsed = ChatBody.safeParse(body);
    if (!parsed.success) return { status: 400, message: z.prettifyError(parsed.error) };
    const refusal = refuseToolOrder(parsed.data.messages) ?? refuseMaxTokens(parsed.data);
    if (refusal !== undefined) return refusal;
    const { model, messages, stream, tools = [], tool_choice: choice, response_format: format } = parsed.data;
    const forcedTool =
      typeof choice === 'object'
        ? choice.function.name
        : choice === 'required'
          ? tools[0]?.function.name
          : undefined;
    return {
      provider: 'OpenAI',
      model,
      stream: stream === true,
      userSays: textOf(messages.findLast(({ role }) => role === 'user')?.content),
      afterToolResult: messages.at(-1)?.role === 'tool',
      tools: tools.map((tool) => ({ name: tool.function.name, parameters: tool.function.parameters })),
      ...(forcedTool !== undefined && { forcedTool }),
      ...(format?.json_schema && { schema: format.json_schema.schema }),
    };
  },
  writeAnswer: (request, answer, usage, id) => {
    const common = {
      id: `chatcmpl-${id}`,
      created: CREATED_SECONDS,
      model: answer.servedModel ?? request.model,
      service_tier: 'default',
      ...(answer.fingerprint !== undefined && { system_fingerprint: answer.fingerprint }),
    };
    const calls = toolCalls(answer, id);
    const finishReason = calls.length > 0 ? 'tool_calls' : FINISH_REASONS[answer.finish ?? 'complete'];
    const chunk = (delta: object, reason: string | null = null): string =>
      dataEvent({
        ...common,
        object: 'chat.completion.chunk',
        choices: [{ index: 0, delta, logprobs: null, finish_reason: reason }],
        usage: null,
        obfuscation: 'x7Qp',
      });
    return {
      usage,
      body: {
        ...common,
        object: 'chat.completion',
        choices: [
          {
            index: 0,
            message: {
              role: 'assistant',
              content: calls.length > 0 && !answer.text ? null : (answer.text ?? ''),
              refusal: null,
              ...(calls.length > 0 && { tool_calls: calls }),
            },
            logprobs: null,
            finish_reason: finishReason,
          },
        ],
        usage: usageBody(usage),
      },
      events: [
        chunk({ role: 'assistant', content: '', refusal: null }),
        ...fragmentsOf(answer.text ?? '').map((content) => chunk({ content })),
        ...calls.flatMap((call, index) =>
          toolDeltas(call, index).map((delta) => chunk({ tool_calls: [delta] })),
        ),
        chunk({}, finishReason),
        dataEvent({ ...common, object: 'chat.completion.chunk', choices: [], usage: usageBody(usage) }),
        dataEvent('[DONE]'),
      ],
    };
  },
  readEmbeddings: (body) => {
    const parsed = EmbeddingsBody.safeParse(body);
    if (!parsed.success) return { status: 400, message: z.prettifyError(parsed.error) };
    const { model, input, encoding_format: format } = parsed.data;
    return { model, texts: typeof input === 'string' ? [input] : input, base64: format === 'base64' };
  },
  writeEmbeddings: (model, embeddings, tokens, base64) => ({
    object: 'list',
    model,
    data: embeddings.map((embedding, index) => ({
      object: 'embedding',
      index,
      embedding: base64 ? Buffer.from(Float32Array.from(embedding).buffer).toString('base64') : embedding,
    })),
    usage: { prompt_tokens: tokens, total_tokens: tokens },
  }),
  errorBody: (status, message) => ({ error: { message, ...errorWords(status), param: null } }),
  errorEvent: (message) => dataEvent({ error: { message, type: 'server_error', param: null, code: null } }),
};

function textOf(content: z.infer<typeof Message>['content']): string {
  if (typeof content === 'string') return content;
  return (content ?? []).map(({ text }) => text ?? '').join('');
}

function refuseToolOrder(messages: readonly z.infer<typeof Message>[]): WireRefusal | undefined {
  const open = new Set<string>();
  for (const { role, tool_calls: calls, tool_call_id: id } of messages) {
    if (role === 'tool' && (id === undefined || !open.delete(id))) {
      return { status: 400, message: `Invalid parameter: no tool_calls precede tool_call_id ${id ?? ''}.` };
    }
    if (role !== 'tool' && open.size > 0) {
      return {
        status: 400,
        message: `These tool_call_ids did not have response messages: ${[...open].join(', ')}`,
      };
    }
    for (const call of calls ?? []) open.add(call.id);
  }
  return undefined;
}

function refuseMaxTokens({
  model,
  max_tokens: maxTokens,
}: z.infer<typeof ChatBody>): WireRefusal | undefined {
  return /^(?:gpt-[5-9]|o\d)/.test(model) && maxTokens !== undefined && maxTokens !== null
    ? { status: 400, message: "Unsupported parameter: 'max_tokens' is not supported with this model." }
    : undefined;
}

interface ToolCall {
  readonly id: string;
  readonly type: 'function';
  readonly function: { readonly name: string; readonly arguments: string };
}

function toolCalls(answer: FakeAnswer, id: string): readonly ToolCall[] {
  return (answer.toolCalls ?? []).map((call, index) => ({
    id: `call_${id}${index}`,
    type: 'function',
    function: { name: call.name, arguments: JSON.stringify(call.arguments) },
  }));
}

/** The name with the first piece, then the arguments in two. */
function toolDeltas(call: ToolCall, index: number): readonly object[] {
  const { name, arguments: text } = call.function;
  const middle = Math.ceil(text.length / 2);
  const pieces = [text.slice(0, middle), text.slice(middle)].filter((piece) => piece !== '');
  const deltas: object[] = [{ index, id: call.id, type: call.type, function: { name, arguments: '' } }];
  for (const piece of pieces) deltas.push({ index, function: { arguments: piece } });
  return deltas;
}

function usageBody(usage: Usage): object {
  const promptTokens = usage.inputTokens + usage.cachedInputTokens + usage.cacheWriteTokens;
  return {
    prompt_tokens: promptTokens,
    completion_tokens: usage.outputTokens,
    total_tokens: promptTokens + usage.outputTokens,
    prompt_tokens_details: {
      cached_tokens: usage.cachedInputTokens,
      cache_write_tokens: usage.cacheWriteTokens,
      audio_tokens: 0,
    },
    completion_tokens_details: { reasoning_tokens: 0, audio_tokens: 0 },
  };
}

function errorWords(status: number): { type: string; code: string | null } {
  if (status === 401) return { type: 'invalid_request_error', code: 'invalid_api_key' };
  if (status === 404) return { type: 'invalid_request_error', code: 'model_not_found' };
  if (status === 429) return { type: 'requests', code: 'rate_limit_exceeded' };
  return { type: status >= 500 ? 'server_error' : 'invalid_request_error', code: null };
}
