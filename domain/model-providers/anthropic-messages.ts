/**
 * From the front's messages to Anthropic's turns: system text apart, roles that alternate, tool results inside the
 * user's turn and before its text, no empty text block anywhere (each of these is a status 400 otherwise).
 */
import { createHash } from 'node:crypto';
import type { Parsed } from './dialect.ts';
import { refuse } from './malformed-answer.ts';
import { type MessagePart, argumentsOf, inlineImage, partsOf } from './message-content.ts';
import type { ChatMessage } from './openai-chat.ts';

export interface AnthropicBlock {
  readonly type: 'text' | 'image' | 'tool_use' | 'tool_result';
  readonly [field: string]: unknown;
}

export interface AnthropicTurn {
  readonly role: 'user' | 'assistant';
  readonly content: readonly AnthropicBlock[];
}

export interface AnthropicConversation {
  readonly system: readonly AnthropicBlock[];
  readonly messages: readonly AnthropicTurn[];
}

const IMAGE_TYPES: ReadonlySet<string> = new Set(['image/jpeg', 'image/png', 'image/gif', 'image/webp']);

export function toAnthropicConversation(messages: readonly ChatMessage[]): Parsed<AnthropicConversation> {
  const system: AnthropicBlock[] = [];
  const turns: { role: AnthropicTurn['role']; content: AnthropicBlock[] }[] = [];
  for (const [position, message] of messages.entries()) {
    const blocks = toBlocks(message, `messages.${position}`);
    if (!blocks.ok) return blocks;
    if (message.role === 'system' || message.role === 'developer') {
      system.push(...blocks.value);
      continue;
    }
    if (blocks.value.length === 0) continue;
    const role = message.role === 'assistant' ? 'assistant' : 'user';
    const last = turns.at(-1);
    if (last?.role === role) last.content.push(...blocks.value);
    else turns.push({ role, content: [...blocks.value] });
  }
  if (turns.length === 0) return refuse('Anthropic needs at least one user message that is not empty.');
  return {
    ok: true,
    value: {
      system,
      messages: turns.map(({ role, content }) => ({ role, content: toolResultsFirst(content) })),
    },
  };
}

function toBlocks(message: ChatMessage, where: string): Parsed<readonly AnthropicBlock[]> {
  const parts = partsOf(message, where);
  if (!parts.ok) return parts;
  const content: AnthropicBlock[] = [];
  for (const part of parts.value) {
    const block = toBlock(part, where);
    if (!block.ok) return block;
    if (block.value !== undefined) content.push(block.value);
  }
  if (message.role === 'assistant') return withToolUses(content, message, where);
  if (message.role === 'tool') return toolResult(content, message, where);
  if (message.role !== 'user' && content.some(({ type }) => type !== 'text')) {
    return refuse(`${where} is a system message with an image: Anthropic takes images from the user only.`);
  }
  return { ok: true, value: content };
}

/** Undefined for text of white space only, which Anthropic refuses and which says nothing. */
function toBlock(part: MessagePart, where: string): Parsed<AnthropicBlock | undefined> {
  const cache = cacheControl(part.cacheControl, where);
  if (!cache.ok) return cache;
  if (part.kind === 'text') {
    const block = { type: 'text', text: part.text, ...cache.value } as const;
    return { ok: true, value: part.text.trim() === '' ? undefined : block };
  }
  const source = imageSource(part.url);
  return source === undefined
    ? refuse(
        `${where} has an image that is neither an https URL nor a base64 data URL of JPEG, PNG, GIF or WebP.`,
      )
    : { ok: true, value: { type: 'image', source, ...cache.value } };
}

/**
 * Clients that know Anthropic's prompt cache mark parts with its own field. Of the two lifetimes only five minutes
 * pass: an hour has another price, which no price of ours can say.
 */
function cacheControl(given: unknown, where: string): Parsed<object> {
  if (given === undefined) return { ok: true, value: {} };
  const known = typeof given === 'object' && given !== null && 'type' in given && given.type === 'ephemeral';
  if (!known || ('ttl' in given && given.ttl !== '5m')) {
    return refuse(
      `${where} has a cache_control other than {"type":"ephemeral"} with the lifetime of five minutes.`,
    );
  }
  return { ok: true, value: { cache_control: { type: 'ephemeral' } } };
}

function imageSource(url: string): object | undefined {
  if (url.startsWith('https://')) return { type: 'url', url };
  const image = inlineImage(url);
  if (image === undefined || !IMAGE_TYPES.has(image.mediaType)) return undefined;
  return { type: 'base64', media_type: image.mediaType, data: image.base64 };
}

function withToolUses(
  content: readonly AnthropicBlock[],
  message: ChatMessage,
  where: string,
): Parsed<readonly AnthropicBlock[]> {
  const blocks = [...content];
  for (const [position, call] of (message.tool_calls ?? []).entries()) {
    const input = argumentsOf(call, `${where}.tool_calls.${position}`);
    if (!input.ok) return input;
    blocks.push({
      type: 'tool_use',
      id: ownToolUseId(call.id),
      name: call.function.name,
      input: input.value,
    });
  }
  return { ok: true, value: blocks };
}

function toolResult(
  content: readonly AnthropicBlock[],
  message: ChatMessage,
  where: string,
): Parsed<readonly AnthropicBlock[]> {
  if (message.tool_call_id === undefined) {
    return refuse(`${where} is a tool result without tool_call_id: name the call that it answers.`);
  }
  const id = ownToolUseId(message.tool_call_id);
  return {
    ok: true,
    value: [{ type: 'tool_result', tool_use_id: id, ...(content.length > 0 && { content }) }],
  };
}

/** Ids of other providers may hold characters that Anthropic refuses; the same id always becomes the same one. */
function ownToolUseId(id: string): string {
  if (/^[a-zA-Z0-9_-]{1,64}$/.test(id)) return id;
  return `toolu_${createHash('sha256').update(id).digest('hex').slice(0, 24)}`;
}

function toolResultsFirst(content: readonly AnthropicBlock[]): readonly AnthropicBlock[] {
  const results = content.filter(({ type }) => type === 'tool_result');
  return results.length === 0
    ? content
    : [...results, ...content.filter(({ type }) => type !== 'tool_result')];
}
