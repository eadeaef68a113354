/**
 * Anthropic's stream: message_start, then per content block start, deltas and stop, then message_delta with the stop
 * reason, then message_stop; `ping` and events yet unknown may stand anywhere and are passed over.
 *
 * Usage comes twice and is never added up: message_start tells the input, so that a stream that is cut is still
 * billed for it; message_delta is cumulative, and what it tells replaces what was known.
 *
 * open -> ended by message_stop, or by the end of a body that told its stop reason; or failed by an `error` event or one
 * that cannot be read.
 */
import { z } from 'zod';
import { parseBoundedJson } from '#domain/bounded-json/bounded-json.ts';
import type { AnswerPart } from '#domain/chat/chat-answer.ts';
import type { ChatRequest } from '#domain/chat/chat-request.ts';
import { MOST_TOOL_CALLS, TOO_MANY_TOOL_CALLS } from '../answer-limits.ts';
import type { AnswerStreamReader, ProviderEvent } from '../dialect.ts';
import { parseAnswer } from '../malformed-answer.ts';
import { failure } from '../read-failure.ts';
import { type ToolNames, toolNamesOf } from '../tool-names.ts';
import { argumentsText } from './read-answer.ts';
import { readAnthropicError } from './read-failure.ts';
import { AnthropicUsage, fromAnthropicUsage, fromStopReason } from './read-usage.ts';
import { type ThoughtBlock, carryThought } from './thought.ts';
import { ANTHROPIC_TOOL_NAMES } from './write-tools.ts';

const Index = z.int().nonnegative();
const Text = z.string().nullish().catch(undefined);
const Usage = AnthropicUsage.nullish().catch(undefined);

const Start = z.looseObject({
  type: z.string(),
  text: Text,
  thinking: Text,
  signature: Text,
  data: Text,
  id: Text,
  name: Text,
  input: z.unknown().optional(),
});
const Delta = z.looseObject({
  type: z.string(),
  text: Text,
  partial_json: Text,
  thinking: Text,
  signature: Text,
});

const StreamEvent = z.discriminatedUnion('type', [
  z.looseObject({
    type: z.literal('message_start'),
    message: z.looseObject({ id: Text, model: Text, usage: Usage }),
  }),
  z.looseObject({ type: z.literal('content_block_start'), index: Index, content_block: Start }),
  z.looseObject({ type: z.literal('content_block_delta'), index: Index, delta: Delta }),
  z.looseObject({ type: z.literal('content_block_stop'), index: Index }),
  z.looseObject({
    type: z.literal('message_delta'),
    delta: z.looseObject({
      stop_reason: Text,
      stop_details: z.looseObject({ explanation: Text }).nullish().catch(undefined),
    }),
    usage: Usage,
  }),
  z.looseObject({ type: z.literal('message_stop') }),
]);
type StreamEvent = z.infer<typeof StreamEvent>;

const KNOWN_TYPES: ReadonlySet<unknown> = new Set(StreamEvent.options.map(({ shape }) => shape.type.value));

/** The second is OpenAI's end of a stream, which gateways write behind every stream. */
const NOTHING_SAID: ReadonlySet<string> = new Set(['', '[DONE]']);

export function createAnthropicStreamReader(request: ChatRequest): AnswerStreamReader {
  const stream = new AnthropicStream(toolNamesOf(request, ANTHROPIC_TOOL_NAMES));
  let over = false;

  const fail = (told: ReturnType<typeof failure>): readonly AnswerPart[] => {
    over = true;
    return [{ kind: 'failure', failure: told }];
  };

  const push = ({ event, data }: ProviderEvent): readonly AnswerPart[] => {
    if (over || NOTHING_SAID.has(data.trim())) return [];
    const json = parseBoundedJson(data);
    if (!json.ok) {
      return fail(
        event === 'error'
          ? failure('unavailable', data)
          : failure('answer_malformed', `An event of Anthropic ${json.message}.`),
      );
    }
    const { value } = json;
    const type = typeof value === 'object' && value !== null && 'type' in value ? value.type : undefined;
    if (!KNOWN_TYPES.has(type)) {
      const error = readAnthropicError(value);
      if (error !== undefined) return fail(error);
      if (event === 'error')
        return fail(failure('unavailable', 'Anthropic broke off its stream with an error.'));
      if (typeof type === 'string') return [];
    }
    const parsed = parseAnswer(StreamEvent, value);
    if (!parsed.ok) return fail(parsed.failure);
    over = parsed.value.type === 'message_stop';
    const parts = stream.read(parsed.value);
    over ||= parts.at(-1)?.kind === 'failure';
    return parts;
  };

  const close = (): readonly AnswerPart[] => {
    const isWhole = !over && stream.isFinished;
    over = true;
    return isWhole ? [{ kind: 'end' }] : [];
  };

  return { push, close };
}

/** A tool_use block on its way. `received` is whether any argument came: a call without one still needs `{}`. */
interface OpenToolCall {
  readonly call: number;
  readonly input: unknown;
  received: boolean;
}

interface OpenThought {
  thinking: string;
  signature: string;
  readonly data?: string;
}

class AnthropicStream {
  readonly #names: ToolNames;
  readonly #openToolCalls = new Map<number, OpenToolCall>();
  readonly #thoughts = new Map<number, OpenThought>();
  #id: string | undefined;
  #model: string | undefined;
  #usage: AnthropicUsage = {};
  #toolCalls = 0;
  #hasBlock = false;
  #finished = false;

  constructor(names: ToolNames) {
    this.#names = names;
  }

  get isFinished(): boolean {
    return this.#finished;
  }

  read(event: StreamEvent): readonly AnswerPart[] {
    switch (event.type) {
      case 'message_start':
        this.#id = event.message.id || this.#id;
        this.#model = event.message.model || this.#model;
        return [this.#startPart(), ...this.#usageParts(event.message.usage)];
      case 'content_block_start':
        return this.#startBlock(event.index, event.content_block);
      case 'content_block_delta':
        return this.#continueBlock(event.index, event.delta);
      case 'content_block_stop':
        return this.#stopBlock(event.index);
      case 'message_delta':
        // Usage first: it is billed whatever becomes of the rest.
        return [...this.#usageParts(event.usage), ...this.#finish(event.delta)];
      case 'message_stop':
        break;
    }
    if (!this.#hasBlock && !this.#finished) {
      const problem = 'The stream of Anthropic ended with neither content nor a stop reason.';
      return [{ kind: 'failure', failure: failure('answer_malformed', problem) }];
    }
    return this.#finished ? [{ kind: 'end' }] : [...this.#finishParts(undefined), { kind: 'end' }];
  }

  #startPart(): AnswerPart {
    return {
      kind: 'start',
      ...(this.#id !== undefined && { id: this.#id }),
      ...(this.#model !== undefined && { servedModel: this.#model }),
    };
  }

  #startBlock(index: number, block: z.infer<typeof Start>): readonly AnswerPart[] {
    this.#hasBlock = true;
    switch (block.type) {
      case 'text':
        return block.text ? [{ kind: 'text', choice: 0, text: block.text }] : [];
      case 'thinking':
      case 'redacted_thinking':
        this.#thoughts.set(index, {
          thinking: block.thinking ?? '',
          signature: block.signature ?? '',
          ...(block.data && { data: block.data }),
        });
        return block.thinking ? [{ kind: 'reasoning', choice: 0, text: block.thinking }] : [];
      case 'tool_use':
        return this.#startToolCall(index, block);
      default:
        return [];
    }
  }

  #startToolCall(index: number, block: z.infer<typeof Start>): readonly AnswerPart[] {
    if (!block.name) {
      return [
        {
          kind: 'failure',
          failure: failure('answer_malformed', 'Anthropic began a tool call without a name.'),
        },
      ];
    }
    const call = this.#toolCalls;
    if (call >= MOST_TOOL_CALLS) {
      return [{ kind: 'failure', failure: failure('answer_malformed', TOO_MANY_TOOL_CALLS) }];
    }
    this.#toolCalls += 1;
    this.#openToolCalls.set(index, { call, input: block.input, received: false });
    const id = block.id || `${this.#id ?? 'call'}-${call}`;
    return [{ kind: 'toolCall', choice: 0, call, id, name: this.#names.fromProvider(block.name) }];
  }

  #continueBlock(index: number, delta: z.infer<typeof Delta>): readonly AnswerPart[] {
    this.#hasBlock = true;
    if (delta.type === 'text_delta' && delta.text) return [{ kind: 'text', choice: 0, text: delta.text }];
    const thought = this.#thoughts.get(index);
    if (thought !== undefined && delta.type === 'signature_delta') thought.signature += delta.signature ?? '';
    if (delta.type === 'thinking_delta' && delta.thinking) {
      if (thought !== undefined) thought.thinking += delta.thinking;
      return [{ kind: 'reasoning', choice: 0, text: delta.thinking }];
    }
    const call = this.#openToolCalls.get(index);
    if (delta.type !== 'input_json_delta' || !delta.partial_json || call === undefined) return [];
    call.received = true;
    return [{ kind: 'toolArguments', choice: 0, call: call.call, text: delta.partial_json }];
  }

  #stopBlock(index: number): readonly AnswerPart[] {
    if (this.#thoughts.has(index)) return this.#signatureParts();
    const call = this.#openToolCalls.get(index);
    this.#openToolCalls.delete(index);
    return call === undefined || call.received
      ? []
      : [{ kind: 'toolArguments', choice: 0, call: call.call, text: argumentsText(call.input) }];
  }

  #finish(delta: Extract<StreamEvent, { type: 'message_delta' }>['delta']): readonly AnswerPart[] {
    if (!delta.stop_reason || this.#finished) return [];
    return this.#finishParts(delta.stop_reason, delta.stop_details?.explanation);
  }

  #finishParts(stopReason: string | undefined, explanation?: string | null): readonly AnswerPart[] {
    this.#finished = true;
    // Not every server closes its blocks.
    const stopped = [...this.#openToolCalls.keys()].flatMap((index) => this.#stopBlock(index));
    const reason = fromStopReason(stopReason, this.#toolCalls > 0);
    return [
      ...stopped,
      ...(reason === 'content_filter' && explanation
        ? ([{ kind: 'refusal', choice: 0, text: explanation }] as const)
        : []),
      { kind: 'finish', choice: 0, reason },
    ];
  }

  /** Of all thought so far: the last signature is the one that counts. */
  #signatureParts(): readonly AnswerPart[] {
    const signature = carryThought([...this.#thoughts.values()].map(thoughtBlockOf), this.#model);
    return signature === undefined ? [] : [{ kind: 'reasoning', choice: 0, text: '', signature }];
  }

  #usageParts(usage: AnthropicUsage | null | undefined): readonly AnswerPart[] {
    if (usage === null || usage === undefined) return [];
    const told = Object.entries(usage).filter(([, value]) => value !== null && value !== undefined);
    this.#usage = { ...this.#usage, ...Object.fromEntries(told) };
    const counted = fromAnthropicUsage(this.#usage);
    return counted === undefined ? [] : [{ kind: 'usage', usage: counted }];
  }
}

function thoughtBlockOf({ thinking, signature, data }: OpenThought): ThoughtBlock {
  if (data !== undefined) return { data };
  return signature === '' ? { thinking } : { thinking, signature };
}
