/** Anthropic, from its server's side, in both versions of its API: https://platform.claude.com/docs/en/api */
import { z } from 'zod';
import { type Usage, type Wire, type WireRefusal, fragmentsOf } from './wire.ts';

const Block = z.looseObject({
  type: z.string(),
  text: z.string().optional(),
  id: z
    .string()
    .regex(/^[a-zA-Z0-9_-]+$/)
    .optional(),
  tool_use_id: z.string().optional(),
  input: z.record(z.string(), z.unknown()).optional(),
});
const Turn = z.strictObject({
  role: z.enum(['user', 'assistant']),
  content: z.union([z.string().min(1), z.array(Block).min(1)]),
});
type Turn = z.infer<typeof Turn>;

/** Strict, as the real one: "Extra inputs are not permitted". */
const Body = z.strictObject({
  model: z.string().min(1),
  max_tokens: z.int().positive(),
  messages: z.array(Turn).min(1),
  system: z.union([z.string(), z.array(Block)]).optional(),
  stream: z.boolean().optional(),
  temperature: z.number().min(0).max(1).optional(),
  top_p: z.number().min(0).max(1).optional(),
  top_k: z.int().optional(),
  stop_sequences: z.array(z.string().min(1)).optional(),
  metadata: z.strictObject({ user_id: z.string().optional() }).optional(),
  tools: z
    .array(z.looseObject({ name: z.string(), input_schema: z.looseObject({ type: z.literal('object') }) }))
    .optional(),
  tool_choice: z
    .strictObject({
      type: z.enum(['auto', 'any', 'tool', 'none']),
      name: z.string().optional(),
      disable_parallel_tool_use: z.boolean().optional(),
    })
    .optional(),
  output_config: z
    .strictObject({
      effort: z.string().optional(),
      format: z.strictObject({ type: z.literal('json_schema'), schema: z.unknown() }).optional(),
    })
    .optional(),
  thinking: z.unknown().optional(),
});

const VERSIONS: ReadonlySet<unknown> = new Set(['2023-06-01', '2026-10-21']);
const STOP_REASONS = { complete: 'end_turn', length: 'max_tokens', refusal: 'refusal' } as const;
const ERROR_TYPES: Readonly<Record<number, string>> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  504: 'timeout_error',
  529: 'overloaded_error',
};

export const ANTHROPIC_WIRE: Wire = {
  provider: 'Anthropic',
  prefix: 'anthropic',
  route: (method, path) => {
    if (method === 'GET' && path === '/v1/models') return { kind: 'models' };
    return method === 'POST' && path === '/v1/messages' ? { kind: 'chat' } : undefined;
  },
  keyOf: (headers) => {
    const key = headers['x-api-key'];
    return typeof key === 'string' ? key : /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1];
  },
  refuseHeaders: (headers, body) => {
    const version = headers['anthropic-version'];
    if (!VERSIONS.has(version)) {
      return { status: 400, message: 'anthropic-version: header is required' };
    }
    const sampling = ['temperature', 'top_p', 'top_k'].find(
      (field) => typeof body === 'object' && body !== null && field in body,
    );
    return version === '2026-10-21' && sampling !== undefined
      ? { status: 400, message: `${sampling}: Extra inputs are not permitted` }
      : undefined;
  },
  models: (names) => ({
    data: names.map((id) => ({ type: 'model', id, display_name: id, created_at: '2026-01-01T00:00:00Z' })),
    has_more: false,
    first_id: names[0] ?? null,
    last_id: names.at(-1) ?? null,
  }),
  readChat: (body) => {
    const parsed = Body.safeParse(body);
    if (!parsed.success) return { status: 400, message: z.prettifyError(parsed.error) };
    const { model, messages, stream, tools = [], tool_choice: choice, output_config: output } = parsed.data;
    const refusal = refuseTurns(messages);
    if (refusal !== undefined) return refusal;
    const forcedTool =
      choice?.type === 'tool' ? choice.name : choice?.type === 'any' ? tools[0]?.name : undefined;
    const last = messages.at(-1);
    return {
      provider: 'Anthropic',
      model,
      stream: stream === true,
      userSays:
        messages.map(textOf).findLast((text, place) => text !== '' && messages[place]?.role === 'user') ?? '',
      afterToolResult: blocksOf(last).some(({ type }) => type === 'tool_result'),
      tools: tools.map((tool) => ({ name: tool.name, parameters: tool.input_schema })),
      ...(forcedTool !== undefined && { forcedTool }),
      ...(output?.format && { schema: output.format.schema }),
    };
  },
  writeAnswer: (request, answer, usage, id) => {
    const calls = (answer.toolCalls ?? []).map((call, index) => ({
      type: 'tool_use',
      id: `toolu_${id}${index}`,
      name: call.name,
      input: call.arguments,
      caller: { type: 'direct' },
    }));
    const stopReason = calls.length > 0 ? 'tool_use' : STOP_REASONS[answer.finish ?? 'complete'];
    const message = {
      id: `msg_${id}`,
      type: 'message',
      role: 'assistant',
      model: answer.servedModel ?? request.model,
      container: null,
      diagnostics: null,
      stop_details: null,
      stop_sequence: null,
    };
    const text = answer.text ? [{ type: 'text', text: answer.text, citations: null }] : [];
    const body = {
      ...message,
      content: [...text, ...calls],
      stop_reason: stopReason,
      usage: usageBody(usage),
    };
    const textEvents = fragmentsOf(answer.text ?? '').map((fragment) =>
      namedEvent({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: fragment } }),
    );
    return {
      usage,
      body,
      events: [
        namedEvent({
          type: 'message_start',
          message: {
            ...message,
            content: [],
            stop_reason: null,
            usage: { ...usageBody(usage), output_tokens: 1 },
          },
        }),
        namedEvent({ type: 'ping' }),
        ...(text.length === 0 ? [] : block(0, { type: 'text', text: '', citations: null }, textEvents)),
        ...calls.flatMap((call, position) => toolEvents(text.length + position, call)),
        namedEvent({
          type: 'message_delta',
          delta: { stop_reason: stopReason, stop_sequence: null, stop_details: null, container: null },
          usage: usageBody(usage),
        }),
        namedEvent({ type: 'message_stop' }),
      ],
    };
  },
  readEmbeddings: () => ({ status: 404, message: 'Not found' }),
  writeEmbeddings: () => ({}),
  errorBody: (status, message) => ({
    type: 'error',
    error: { type: ERROR_TYPES[status] ?? 'api_error', message },
    request_id: 'req_fake',
  }),
  errorEvent: (message) => namedEvent({ type: 'error', error: { type: 'overloaded_error', message } }),
};

function blocksOf(turn: Turn | undefined): readonly z.infer<typeof Block>[] {
  if (turn === undefined) return [];
  return typeof turn.content === 'string' ? [{ type: 'text', text: turn.content }] : turn.content;
}

function textOf(turn: Turn): string {
  return blocksOf(turn)
    .map(({ type, text }) => (type === 'text' ? (text ?? '') : ''))
    .join('');
}

/** Each tool_use must be answered in the very next turn, and each result must answer one. */
function refuseTurns(turns: readonly Turn[]): WireRefusal | undefined {
  let open: readonly (string | undefined)[] = [];
  for (const turn of turns) {
    const blocks = blocksOf(turn);
    if (blocks.some(({ type, text }) => type === 'text' && (text ?? '').trim() === '')) {
      return { status: 400, message: 'messages: text content blocks must contain non-whitespace text' };
    }
    const results = blocks.flatMap(({ type, tool_use_id: id }) => (type === 'tool_result' ? [id] : []));
    const missing = open.find((id) => !results.includes(id));
    if (missing !== undefined) {
      return {
        status: 400,
        message: `tool_use ids were found without tool_result blocks immediately after: ${missing}`,
      };
    }
    const stray = results.find((id) => !open.includes(id));
    if (stray !== undefined) {
      return { status: 400, message: `unexpected tool_use_id found in tool_result blocks: ${stray}` };
    }
    if (results.length > 0 && blocks.slice(0, results.length).some(({ type }) => type !== 'tool_result')) {
      return { status: 400, message: 'tool_result blocks must come first in the content' };
    }
    open = blocks.flatMap(({ type, id }) => (type === 'tool_use' ? [id] : []));
  }
  return undefined;
}

function namedEvent(event: { readonly type: string; readonly [field: string]: unknown }): string {
  return `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
}

function block(index: number, start: object, deltas: readonly string[]): readonly string[] {
  return [
    namedEvent({ type: 'content_block_start', index, content_block: start }),
    ...deltas,
    namedEvent({ type: 'content_block_stop', index }),
  ];
}

function toolEvents(
  index: number,
  call: { readonly input: object; readonly [field: string]: unknown },
): readonly string[] {
  const json = JSON.stringify(call.input);
  // Of a call without arguments nothing but an empty piece comes.
  const pieces = json === '{}' ? [''] : ['', json.slice(0, 3), json.slice(3)];
  const deltas = pieces.map((piece) =>
    namedEvent({
      type: 'content_block_delta',
      index,
      delta: { type: 'input_json_delta', partial_json: piece },
    }),
  );
  return block(index, { ...call, input: {} }, deltas);
}

function usageBody(usage: Usage): object {
  return {
    input_tokens: usage.inputTokens,
    cache_creation_input_tokens: usage.cacheWriteTokens,
    cache_read_input_tokens: usage.cachedInputTokens,
    cache_creation: { ephemeral_5m_input_tokens: usage.cacheWriteTokens, ephemeral_1h_input_tokens: 0 },
    output_tokens: usage.outputTokens,
    output_tokens_details: null,
    server_tool_use: null,
    service_tier: 'standard',
    inference_geo: null,
    speed: null,
  };
}
