/**
 * Anthropic's stream: message_start, then per content block start, deltas and stop, then message_delta with the stop
 * reason, then message_stop; `ping` and events yet unknown may stand anywhere and are passed over.
 *
 * Usage comes twice and is never added up: message_start tells the input, so that a stream that is cut is still
 * billed for it; message_delta is cumulative, and what it tells replaces what was known.
 *
 * open -> ended by message_stop, or open -> failed by an `error` event or one that cannot be read.
 */
import { z } from 'zod';
import {
  AnthropicUsage,
  fromAnthropicUsage,
  fromStopReason,
  parseAnthropicStreamError,
} from './anthropic-answer.ts';
import type { AnswerContext, ProviderEvent, StreamPart, StreamTranslator } from './dialect.ts';
import { parseAnswer } from './malformed-answer.ts';
import type { ChatCompletionChunk, FinishReason } from './openai-chat.ts';
import { toOpenAiUsage } from './openai-usage.ts';
import { failure, parseJson } from './provider-failure.ts';

const Index = z.int().nonnegative();

const StreamEvent = z.discriminatedUnion('type', [
  z.looseObject({
    type: z.literal('message_start'),
    message: z.looseObject({
      id: z.string().nullish(),
      model: z.string().nullish(),
      usage: AnthropicUsage.nullish(),
    }),
  }),
  z.looseObject({
    type: z.literal('content_block_start'),
    index: Index,
    content_block: z.looseObject({
      type: z.string(),
      text: z.string().nullish(),
      id: z.string().nullish(),
      name: z.string().nullish(),
      input: z.unknown().optional(),
    }),
  }),
  z.looseObject({
    type: z.literal('content_block_delta'),
    index: Index,
    delta: z.looseObject({
      type: z.string(),
      text: z.string().nullish(),
      partial_json: z.string().nullish(),
    }),
  }),
  z.looseObject({ type: z.literal('content_block_stop'), index: Index }),
  z.looseObject({
    type: z.literal('message_delta'),
    delta: z.looseObject({
      stop_reason: z.string().nullish(),
      stop_details: z.looseObject({ explanation: z.string().nullish() }).nullish(),
    }),
    usage: AnthropicUsage.nullish(),
  }),
  z.looseObject({ type: z.literal('message_stop') }),
]);
type StreamEvent = z.infer<typeof StreamEvent>;
type Delta = ChatCompletionChunk['choices'][number]['delta'];

const KNOWN_TYPES: ReadonlySet<unknown> = new Set(StreamEvent.options.map(({ shape }) => shape.type.value));

/** A tool_use block on its way. `received` is whether any argument came: a call without one still needs `{}`. */
interface OpenToolCall {
  readonly index: number;
  readonly input: unknown;
  received: boolean;
}

export function createAnthropicStreamTranslator(context: AnswerContext): StreamTranslator {
  const translation = new AnthropicTranslation(context);
  let over = false;

  const push = ({ event, data }: ProviderEvent): readonly StreamPart[] => {
    if (over || data.trim() === '') return [];
    const json = parseJson(data);
    const type = typeof json === 'object' && json !== null && 'type' in json ? json.type : undefined;
    if (type === 'error' || event === 'error') {
      over = true;
      return [{ kind: 'error', error: parseAnthropicStreamError(json) }];
    }
    if (typeof type === 'string' && !KNOWN_TYPES.has(type)) return [];
    const parsed = parseAnswer('Anthropic', StreamEvent, json);
    if (!parsed.ok) {
      over = true;
      return [{ kind: 'error', error: failure('malformed', parsed.problem) }];
    }
    over = parsed.value.type === 'message_stop';
    return translation.translate(parsed.value);
  };

  return { push, close: () => [] };
}

class AnthropicTranslation {
  readonly #context: AnswerContext;
  readonly #openToolCalls = new Map<number, OpenToolCall>();
  #id: string;
  #model: string;
  #usage: AnthropicUsage = {};
  #toolCalls = 0;
  #finished = false;

  constructor(context: AnswerContext) {
    this.#context = context;
    this.#id = context.id;
    this.#model = context.model;
  }

  translate(event: StreamEvent): readonly StreamPart[] {
    switch (event.type) {
      case 'message_start':
        this.#id = event.message.id || this.#id;
        this.#model = event.message.model || this.#model;
        return [this.#chunk({ role: 'assistant', content: '' }), ...this.#usageParts(event.message.usage)];
      case 'content_block_start':
        return this.#startBlock(event.index, event.content_block);
      case 'content_block_delta':
        return this.#continueBlock(event.index, event.delta);
      case 'content_block_stop':
        return this.#stopBlock(event.index);
      case 'message_delta':
        return [...this.#finish(event.delta), ...this.#usageParts(event.usage)];
      case 'message_stop':
        break;
    }
    return this.#finished ? [{ kind: 'end' }] : [this.#finishChunk(), { kind: 'end' }];
  }

  #startBlock(
    index: number,
    block: Extract<StreamEvent, { type: 'content_block_start' }>['content_block'],
  ): readonly StreamPart[] {
    if (block.type === 'text') return block.text ? [this.#chunk({ content: block.text })] : [];
    if (block.type !== 'tool_use') return [];
    const position = this.#toolCalls;
    this.#toolCalls += 1;
    this.#openToolCalls.set(index, { index: position, input: block.input, received: false });
    return [
      this.#chunk({
        tool_calls: [
          {
            index: position,
            id: block.id || `${this.#context.id}-${position}`,
            type: 'function',
            function: { name: block.name ?? '', arguments: '' },
          },
        ],
      }),
    ];
  }

  /** Thinking, signatures and citations have no place in the front format. */
  #continueBlock(
    index: number,
    delta: Extract<StreamEvent, { type: 'content_block_delta' }>['delta'],
  ): readonly StreamPart[] {
    if (delta.type === 'text_delta' && delta.text) return [this.#chunk({ content: delta.text })];
    const call = this.#openToolCalls.get(index);
    if (delta.type !== 'input_json_delta' || !delta.partial_json || call === undefined) return [];
    call.received = true;
    return [this.#argumentsChunk(call, delta.partial_json)];
  }

  #stopBlock(index: number): readonly StreamPart[] {
    const call = this.#openToolCalls.get(index);
    this.#openToolCalls.delete(index);
    return call === undefined || call.received
      ? []
      : [this.#argumentsChunk(call, JSON.stringify(call.input ?? {}))];
  }

  #finish(delta: Extract<StreamEvent, { type: 'message_delta' }>['delta']): readonly StreamPart[] {
    if (!delta.stop_reason || this.#finished) return [];
    const finishReason = fromStopReason(delta.stop_reason);
    const explanation = delta.stop_details?.explanation;
    return finishReason === 'content_filter' && explanation
      ? [this.#chunk({ refusal: explanation }), this.#finishChunk(finishReason)]
      : [this.#finishChunk(finishReason)];
  }

  #usageParts(usage: AnthropicUsage | null | undefined): readonly StreamPart[] {
    if (usage === null || usage === undefined) return [];
    const told = Object.entries(usage).filter(([, value]) => value !== null && value !== undefined);
    this.#usage = { ...this.#usage, ...Object.fromEntries(told) };
    const counted = fromAnthropicUsage(this.#usage);
    const thinkingTokens = this.#usage.output_tokens_details?.thinking_tokens ?? undefined;
    return [{ kind: 'usage', usage: counted, reported: toOpenAiUsage(counted, thinkingTokens) }];
  }

  #argumentsChunk(call: OpenToolCall, fragment: string): StreamPart {
    return this.#chunk({ tool_calls: [{ index: call.index, function: { arguments: fragment } }] });
  }

  #finishChunk(reason?: FinishReason): StreamPart {
    this.#finished = true;
    return this.#chunk({}, reason ?? (this.#toolCalls > 0 ? 'tool_calls' : 'stop'));
  }

  #chunk(delta: Delta, finishReason: FinishReason | null = null): StreamPart {
    return {
      kind: 'chunk',
      chunk: {
        id: this.#id,
        object: 'chat.completion.chunk',
        created: this.#context.createdSeconds,
        model: this.#model,
        choices: [{ index: 0, delta, finish_reason: finishReason }],
      },
    };
  }
}
