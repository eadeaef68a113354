/**
 * From neutral messages to Anthropic's turns: system text apart, roles that alternate and begin with the user, tool results
 * inside the user's turn and before its text, no empty text block anywhere (each of these is a status 400 otherwise).
 */
import { createHash } from 'node:crypto';
import type {
  AssistantMessage,
  CacheMark,
  ChatMessage,
  Content,
  ContentPart,
  ImageSource,
  ToolResultMessage,
} from '#domain/chat/chat-request.ts';
import type { Written } from '../dialect.ts';
import { argumentsOf } from '../tool-arguments.ts';
import type { ToolNames } from '../tool-names.ts';
import { groupToolResults } from '../tool-results.ts';
import { SHORT_CACHE, withShortCache } from './billed-apart.ts';
import type { ClaudeAbilities } from './claude-models.ts';
import { isSameModel, thoughtOf } from './thought.ts';

export interface AnthropicBlock {
  readonly type: string;
  readonly [field: string]: unknown;
}

export interface AnthropicTurn {
  readonly role: 'user' | 'assistant';
  readonly content: readonly AnthropicBlock[];
}

export interface AnthropicConversation {
  readonly system: readonly AnthropicBlock[];
  readonly messages: readonly AnthropicTurn[];
  readonly hasThought: boolean;
}

export interface ConversationTarget {
  readonly model: string;
  readonly abilities: ClaudeAbilities;
  readonly names: ToolNames;
  /** False where thinking is off: thought that is sent all the same would be refused. */
  readonly takesThought: boolean;
}

const IMAGE_TYPES: ReadonlySet<string> = new Set(['image/jpeg', 'image/png', 'image/gif', 'image/webp']);
/** The first turn must be the user's, also in a conversation that the assistant opened. */
const OPENING: AnthropicBlock = { type: 'text', text: '(The assistant opens the conversation.)' };
const MAXIMUM_CACHE_MARKS = 4;

export function writeConversation(
  messages: readonly ChatMessage[],
  target: ConversationTarget,
): Written<AnthropicConversation> {
  const grouped = groupToolResults(messages);
  if (!grouped.ok) return grouped;
  const writer = new ConversationWriter(target);
  for (const [position, message] of grouped.value.entries()) {
    const problem = writer.add(message, `messages.${position}`);
    if (problem !== undefined) return { ok: false, problem };
  }
  return writer.finish();
}

type Turn = { readonly role: AnthropicTurn['role']; readonly content: AnthropicBlock[] };

class ConversationWriter {
  readonly #target: ConversationTarget;
  readonly #system: AnthropicBlock[] = [];
  readonly #turns: Turn[] = [];
  readonly #usedIds = new Set<string>();
  /** How often each of the caller's ids came. */
  readonly #seenIds = new Map<string, number>();
  /** Provider's ids of the calls whose results come next, in their order. */
  #openIds: string[] = [];
  #hasThought = false;

  constructor(target: ConversationTarget) {
    this.#target = target;
  }

  /** A problem, or undefined. */
  add(message: ChatMessage, where: string): string | undefined {
    const blocks = this.#blocksOf(message, where);
    if (!blocks.ok) return blocks.problem;
    if (message.role === 'system' || message.role === 'developer') {
      this.#system.push(...blocks.value);
      return undefined;
    }
    if (blocks.value.length === 0) return undefined;
    const role = message.role === 'assistant' ? 'assistant' : 'user';
    const last = this.#turns.at(-1);
    if (last?.role === role) last.content.push(...blocks.value);
    else this.#turns.push({ role, content: [...blocks.value] });
    return undefined;
  }

  finish(): Written<AnthropicConversation> {
    const turns = [...this.#turns];
    if (turns.length === 0) return refuse('Anthropic needs at least one user message that is not empty.');
    if (turns[0]?.role === 'assistant') turns.unshift({ role: 'user', content: [OPENING] });
    const last = turns.at(-1);
    if (last?.role === 'assistant') {
      if (!this.#target.abilities.continuesAssistant) {
        return refuse(
          `${this.#target.model} does not continue a message of the assistant: end with one of the user or use another model.`,
        );
      }
      turns[turns.length - 1] = withoutTrailingSpace(last);
    }
    return {
      ok: true,
      value: limitCacheMarks({ system: this.#system, messages: turns, hasThought: this.#hasThought }),
    };
  }

  #blocksOf(message: ChatMessage, where: string): Written<readonly AnthropicBlock[]> {
    const content = writeContent(message.content, where);
    if (!content.ok) return content;
    if (message.role === 'assistant') return this.#assistantBlocks(message, content.value, where);
    if (message.role === 'tool') return { ok: true, value: [this.#resultBlock(message, content.value)] };
    const isInstruction = message.role !== 'user';
    if (isInstruction && content.value.some(({ type }) => type !== 'text')) {
      return refuse(`${where} is a system message with an image: Anthropic takes images from the user only.`);
    }
    return { ok: true, value: isInstruction ? content.value : withSpeaker(content.value, message.name) };
  }

  #assistantBlocks(
    message: AssistantMessage,
    content: readonly AnthropicBlock[],
    where: string,
  ): Written<readonly AnthropicBlock[]> {
    if (content.some(({ type }) => type === 'image')) {
      return refuse(`${where} is an image of the assistant: Anthropic takes images from the user only.`);
    }
    const blocks = [...this.#thoughtOf(message), ...content];
    if (message.refusal !== undefined && message.refusal.trim() !== '') {
      blocks.push({ type: 'text', text: message.refusal });
    }
    this.#openIds = [];
    for (const [position, call] of (message.toolCalls ?? []).entries()) {
      const input = argumentsOf(call, `${where}.toolCalls.${position}`);
      if (!input.ok) return input;
      const id = this.#ownId(call.id);
      this.#openIds.push(id);
      blocks.push({
        type: 'tool_use',
        id,
        name: this.#target.names.toProvider(call.name),
        input: input.value,
      });
    }
    // Thought alone is no turn: there is nothing that it led to.
    const isThoughtOnly = blocks.every(({ type }) => type === 'thinking' || type === 'redacted_thinking');
    return { ok: true, value: isThoughtOnly ? [] : blocks };
  }

  #thoughtOf({ reasoning }: AssistantMessage): readonly AnthropicBlock[] {
    const { model, abilities, takesThought } = this.#target;
    const thought = takesThought ? thoughtOf(reasoning) : undefined;
    if (thought === undefined) return [];
    const isOwn = thought.model === undefined ? !abilities.bindsThinking : isSameModel(thought.model, model);
    if (!isOwn) return [];
    this.#hasThought = true;
    return thought.blocks as readonly AnthropicBlock[];
  }

  #resultBlock({ isError }: ToolResultMessage, content: readonly AnthropicBlock[]): AnthropicBlock {
    // Groups come in the order of their calls, so the id of the call is known by its place.
    const id = this.#openIds.shift() ?? '';
    // An error without a word is status 400.
    const told = isError === true && content.length === 0 ? [{ type: 'text', text: 'error' }] : content;
    return {
      type: 'tool_result',
      tool_use_id: id,
      ...(told.length > 0 && { content: told }),
      ...(isError === true && { is_error: true }),
    };
  }

  /**
   * Ids of other providers may hold characters that Anthropic refuses, or come again in a later turn. The same history
   * always becomes the same one, which the provider's cache needs.
   */
  #ownId(id: string): string {
    const legal = /^[a-zA-Z0-9_-]{1,64}$/.test(id) ? id : hashedId(id);
    let count = (this.#seenIds.get(id) ?? 0) + 1;
    let unique = count === 1 ? legal : hashedId(`${id}\0${count}`);
    for (; this.#usedIds.has(unique); count += 1) unique = hashedId(`${id}\0${count + 1}`);
    this.#seenIds.set(id, count);
    this.#usedIds.add(unique);
    return unique;
  }
}

function hashedId(text: string): string {
  return `toolu_${createHash('sha256').update(text).digest('hex').slice(0, 24)}`;
}

function refuse(problem: string): { readonly ok: false; readonly problem: string } {
  return { ok: false, problem };
}

function writeContent(content: Content | null, where: string): Written<readonly AnthropicBlock[]> {
  if (content === null) return { ok: true, value: [] };
  if (typeof content === 'string') {
    return { ok: true, value: content.trim() === '' ? [] : [{ type: 'text', text: content }] };
  }
  const blocks: AnthropicBlock[] = [];
  for (const [position, part] of content.entries()) {
    const block = writePart(part, `${where}.content.${position}`);
    if (!block.ok) return block;
    if (block.value !== undefined) blocks.push(block.value);
  }
  return { ok: true, value: blocks };
}

/** Undefined for text of white space only, which Anthropic refuses and which says nothing. */
function writePart(part: ContentPart, where: string): Written<AnthropicBlock | undefined> {
  if (part.kind === 'foreign') {
    return { ok: true, value: { ...withShortCache(part.extensions.fields), type: part.type } };
  }
  const own = part.extensions?.dialect === 'anthropic' ? part.extensions.fields : {};
  if (part.kind === 'text') {
    const block = { ...own, type: 'text', text: part.text, ...cacheControl(part.cache) };
    return { ok: true, value: part.text.trim() === '' ? undefined : block };
  }
  const source = imageSource(part.image);
  return source === undefined
    ? refuse(
        `${where} is an image that Anthropic cannot take: it takes https URLs and JPEG, PNG, GIF or WebP data.`,
      )
    : { ok: true, value: { ...own, type: 'image', source, ...cacheControl(part.cache) } };
}

function cacheControl(cache: CacheMark | undefined): object {
  return cache === undefined ? {} : { cache_control: SHORT_CACHE };
}

function imageSource(image: ImageSource): object | undefined {
  if (image.kind === 'url') {
    return image.url.startsWith('https://') ? { type: 'url', url: image.url } : undefined;
  }
  return IMAGE_TYPES.has(image.mediaType)
    ? { type: 'base64', media_type: image.mediaType, data: image.base64 }
    : undefined;
}

/** Anthropic has no field for who of several users speaks: it is said as people write it. */
function withSpeaker(blocks: readonly AnthropicBlock[], name: string | undefined): readonly AnthropicBlock[] {
  if (name === undefined || blocks.length === 0) return blocks;
  const [first, ...more] = blocks;
  return first?.type === 'text'
    ? [{ ...first, text: `${name}: ${String(first['text'])}` }, ...more]
    : [{ type: 'text', text: `${name}:` }, ...blocks];
}

/** The last text may not end in white space when the model is to go on with it. */
function withoutTrailingSpace({ role, content }: Turn): Turn {
  const last = content.at(-1);
  if (last?.type !== 'text') return { role, content };
  return { role, content: [...content.slice(0, -1), { ...last, text: String(last['text']).trimEnd() }] };
}

/** More marks than four are status 400; the last ones keep the most. */
function limitCacheMarks(conversation: AnthropicConversation): AnthropicConversation {
  let left = MAXIMUM_CACHE_MARKS;
  const limit = (block: AnthropicBlock): AnthropicBlock => {
    const inner = block['content'];
    const limited = Array.isArray(inner)
      ? { ...block, content: (inner as AnthropicBlock[]).toReversed().map(limit).toReversed() }
      : block;
    if (limited['cache_control'] === undefined) return limited;
    left -= 1;
    if (left >= 0) return limited;
    const { cache_control: _mark, ...unmarked } = limited;
    return unmarked;
  };
  const backwards = (blocks: readonly AnthropicBlock[]): AnthropicBlock[] =>
    blocks.toReversed().map(limit).toReversed();
  const messages = conversation.messages
    .toReversed()
    .map(({ role, content }) => ({ role, content: backwards(content) }))
    .toReversed();
  return { ...conversation, messages, system: backwards(conversation.system) };
}
