/** From the turns of the Messages API to neutral messages. */
import type {
  AssistantMessage,
  CacheMark,
  ChatMessage,
  Content,
  ContentPart,
  Reasoning,
  ToolCall,
  ToolResultMessage,
} from '#domain/chat/chat-request.ts';
import type { Extensions } from '#domain/chat/extensions.ts';
import type { ReadRequest } from '../dialect.ts';
import { readEach, readWire, refuse } from '../read-wire.ts';
import { type ThoughtBlock, carryThought } from './thought.ts';
import {
  MAXIMUM_BLOCKS,
  WireBlock,
  WireImageBlock,
  WireMessage,
  WireTextBlock,
  WireThinking,
  WireToolResult,
  WireToolUse,
} from './wire-messages.ts';

/** One turn of the user can hold results of several tools: each is a message of its own. */
export function readMessage(value: unknown, place: string): ReadRequest<readonly ChatMessage[]> {
  const wire = readWire(WireMessage, value, place);
  if (!wire.ok) return wire;
  const { role, content } = wire.value;
  if (typeof content === 'string') return { ok: true, value: [{ role, content }] };
  const blocks = readEach(content, `${place}.content`, MAXIMUM_BLOCKS, (block, at) =>
    readWire(WireBlock, block, at),
  );
  if (!blocks.ok) return blocks;
  if (role === 'assistant') return readAssistant(blocks.value, `${place}.content`);
  return readUser(role, blocks.value, `${place}.content`);
}

/** A text, or blocks of it. */
export function readContent(value: string | readonly unknown[], place: string): ReadRequest<Content> {
  if (typeof value === 'string') return { ok: true, value };
  const parts = readEach(value, place, MAXIMUM_BLOCKS, (block, at) => {
    const wire = readWire(WireBlock, block, at);
    return wire.ok ? readPart(wire.value, at) : wire;
  });
  return parts.ok ? { ok: true, value: shortest(parts.value) } : parts;
}

function readUser(
  role: 'user' | 'system',
  blocks: readonly WireBlock[],
  place: string,
): ReadRequest<readonly ChatMessage[]> {
  const results: ToolResultMessage[] = [];
  const parts: ContentPart[] = [];
  for (const [position, block] of blocks.entries()) {
    const at = `${place}.${position}`;
    if (block.type === 'tool_result') {
      const result = readToolResult(block, at);
      if (!result.ok) return result;
      results.push(result.value);
      continue;
    }
    const part = readPart(block, at);
    if (!part.ok) return part;
    parts.push(part.value);
  }
  const hasWords = parts.length > 0 || results.length === 0;
  return { ok: true, value: [...results, ...(hasWords ? [{ role, content: shortest(parts) }] : [])] };
}

function readToolResult(block: WireBlock, place: string): ReadRequest<ToolResultMessage> {
  const wire = readWire(WireToolResult, block, place);
  if (!wire.ok) return wire;
  const { tool_use_id: toolCallId, content, is_error: isError } = wire.value;
  const read = readContent(content ?? '', `${place}.content`);
  if (!read.ok) return read;
  return {
    ok: true,
    value: { role: 'tool', toolCallId, content: read.value, ...(isError === true && { isError }) },
  };
}

function readAssistant(blocks: readonly WireBlock[], place: string): ReadRequest<readonly ChatMessage[]> {
  const parts: ContentPart[] = [];
  const toolCalls: ToolCall[] = [];
  const thought: ThoughtBlock[] = [];
  for (const [position, block] of blocks.entries()) {
    const at = `${place}.${position}`;
    if (block.type === 'tool_use') {
      const wire = readWire(WireToolUse, block, at);
      if (!wire.ok) return wire;
      const { id, name, input } = wire.value;
      toolCalls.push({ id, name, argumentsText: JSON.stringify(input ?? {}) });
    } else if (block.type === 'thinking' || block.type === 'redacted_thinking') {
      const wire = readWire(WireThinking, block, at);
      if (!wire.ok) return wire;
      thought.push(thoughtBlockOf(wire.value));
    } else {
      const part = readPart(block, at);
      if (!part.ok) return part;
      parts.push(part.value);
    }
  }
  const reasoning = reasoningOf(thought);
  const message: AssistantMessage = {
    role: 'assistant',
    content: parts.length === 0 ? null : shortest(parts),
    ...(reasoning !== undefined && { reasoning }),
    ...(toolCalls.length > 0 && { toolCalls }),
  };
  return { ok: true, value: [message] };
}

function thoughtBlockOf({ thinking, signature, data }: typeof WireThinking._output): ThoughtBlock {
  if (data) return { data };
  return { thinking: thinking ?? '', ...(signature && { signature }) };
}

/** The last signature of our own front holds all that came before it; of Anthropic's each block has its own. */
function reasoningOf(blocks: readonly ThoughtBlock[]): Reasoning | undefined {
  if (blocks.length === 0) return undefined;
  const text = blocks.map(({ thinking = '' }) => thinking).join('');
  const last = blocks.findLast(({ signature }) => signature !== undefined)?.signature;
  const isWhole = last?.startsWith('{') === true || (blocks.length === 1 && last !== undefined);
  const signature = isWhole ? last : carryThought(blocks, undefined);
  return { text, ...(signature !== undefined && { signature }) };
}

function readPart(block: WireBlock, place: string): ReadRequest<ContentPart> {
  const { type, cache_control: mark, ...fields } = block;
  if (type === 'text') {
    const wire = readWire(WireTextBlock, block, place);
    if (!wire.ok) return wire;
    const { type: _type, text, cache_control: _mark, ...own } = wire.value;
    return { ok: true, value: { kind: 'text', text, ...cacheOf(mark), ...extensionsOf(own) } };
  }
  if (type !== 'image')
    return { ok: true, value: foreignPart(type, { ...fields, ...(mark ? { cache_control: mark } : {}) }) };
  const wire = readWire(WireImageBlock, block, place);
  if (!wire.ok) return wire;
  const { source } = wire.value;
  if (source.type === 'file') return { ok: true, value: foreignPart(type, fields) };
  if (source.type === 'url' && !/^https?:\/\//i.test(source.url)) {
    return refuse(`${place}.source.url`, 'must be the address of an image');
  }
  const image =
    source.type === 'url'
      ? ({ kind: 'url', url: source.url } as const)
      : ({ kind: 'inline', mediaType: mediaTypeOf(source.media_type), base64: source.data } as const);
  return { ok: true, value: { kind: 'image', image, ...cacheOf(mark) } };
}

function foreignPart(type: string, fields: Readonly<Record<string, unknown>>): ContentPart {
  return { kind: 'foreign', type, extensions: { dialect: 'anthropic', fields } };
}

function mediaTypeOf(written: string): string {
  const lower = written.toLowerCase();
  return lower === 'image/jpg' ? 'image/jpeg' : lower;
}

function cacheOf(mark: unknown): { readonly cache?: CacheMark } {
  if (typeof mark !== 'object' || mark === null) return {};
  return { cache: { lifetimeSeconds: 'ttl' in mark && mark.ttl === '1h' ? 3600 : 300 } };
}

function extensionsOf(fields: Readonly<Record<string, unknown>>): {
  readonly extensions?: Extensions;
} {
  const said = Object.entries(fields).filter(([, value]) => value !== null && value !== undefined);
  return said.length === 0 ? {} : { extensions: { dialect: 'anthropic', fields: Object.fromEntries(said) } };
}

/** Text alone is a string, as everywhere. */
function shortest(parts: readonly ContentPart[]): Content {
  const [only, ...more] = parts;
  if (only === undefined) return '';
  const isPlain = more.length === 0 && only.kind === 'text' && !('cache' in only) && !('extensions' in only);
  return isPlain ? only.text : parts;
}
