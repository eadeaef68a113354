/** The conversation as OpenAI, or a server that speaks its format, takes it. */
import type {
  AssistantMessage,
  ChatMessage,
  ChatRequest,
  Content,
  ContentPart,
  ImageSource,
  ToolCall,
} from '#domain/chat/chat-request.ts';
import type { Written } from '../dialect.ts';
import type { ToolNames } from '../tool-names.ts';
import { groupToolResults } from '../tool-results.ts';
import { ownFieldsOf } from './extensions.ts';
import type { OpenAiFlavour } from './flavour.ts';
import { signatureField } from './write-answer.ts';
import { shortToolCallId } from './tool-call-naming.ts';
import { given } from './wire-values.ts';

const OPENAI_IMAGES = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp']);
const LONGEST_NAME_CHARACTERS = 64;

export function writeMessages(
  request: ChatRequest,
  flavour: OpenAiFlavour,
  names: ToolNames,
): Written<readonly object[]> {
  if (flavour === 'Capataz') {
    return { ok: true, value: request.messages.map((message) => forCapataz(message, names)) };
  }
  const grouped = groupToolResults(request.messages);
  if (!grouped.ok) return grouped;
  if (flavour === 'OpenAICompatible') {
    const turns = joinTurnsOfTheAssistant(grouped.value);
    return { ok: true, value: turns.map((message) => forCompatible(message, names)) };
  }
  const problem = problemOfImages(grouped.value);
  if (problem !== undefined) return { ok: false, problem };
  const messages = withImagesAtTheUser(grouped.value);
  return { ok: true, value: messages.map((message) => forOpenAi(message, names)) };
}

/** The router wants the developer's own role, and back what the provider gave to be given back. */
function forCapataz(message: ChatMessage, names: ToolNames): object {
  const written = forCompatible(message, names);
  if (message.role === 'developer') return { ...written, role: 'developer' };
  const signature = message.role === 'assistant' ? message.reasoning?.signature : undefined;
  return signature === undefined ? written : { ...written, reasoning_signature: signature };
}

/** OpenAI refuses fields that it does not know, and has words of its own for what it caches and thinks. */
function forOpenAi(message: ChatMessage, names: ToolNames): object {
  if (message.role === 'tool') {
    const { role, toolCallId, content } = message;
    return { role, tool_call_id: shortToolCallId(toolCallId), content: partsFor(content) };
  }
  if (message.role !== 'assistant') {
    return { role: message.role, content: partsFor(message.content), ...nameField(message.name) };
  }
  const calls = (message.toolCalls ?? []).map((call) => callFor(call, shortToolCallId(call.id), names));
  return {
    role: 'assistant',
    content: assistantContent(message, calls.length > 0),
    ...nameField(message.name),
    ...given({ refusal: message.refusal }),
    ...(calls.length > 0 && { tool_calls: calls }),
  };
}

/** Other servers hand what they do not know to their chat templates, or to the model behind them. */
function forCompatible(message: ChatMessage, names: ToolNames): object {
  const own = ownFieldsOf(message.extensions);
  if (message.role === 'tool') {
    const { role, toolCallId, content } = message;
    return { ...own, role, tool_call_id: toolCallId, content: compatibleContent(content) };
  }
  const name = given({ name: message.name });
  if (message.role !== 'assistant') {
    // Chat templates of open models know no developer; to them it is the system.
    const role = message.role === 'developer' ? 'system' : message.role;
    return { ...own, role, content: compatibleContent(message.content), ...name };
  }
  const calls = (message.toolCalls ?? []).map((call) =>
    Object.assign(
      {},
      ownFieldsOf(call.extensions),
      callFor(call, call.id, names),
      signatureField(call.signature),
    ),
  );
  const content = message.content ?? message.refusal ?? (calls.length > 0 ? null : '');
  const reasoning = message.reasoning?.text ?? '';
  return {
    ...own,
    role: 'assistant',
    content: content === null ? null : compatibleContent(content),
    ...name,
    ...(reasoning !== '' && { reasoning_content: reasoning }),
    ...(calls.length > 0 && { tool_calls: calls }),
  };
}

function callFor({ name, argumentsText }: ToolCall, id: string, names: ToolNames): object {
  return {
    id,
    type: 'function',
    function: { name: names.toProvider(name), arguments: argumentsText.trim() === '' ? '{}' : argumentsText },
  };
}

/** Null is taken beside tool calls or a refusal only. */
function assistantContent({ content, refusal }: AssistantMessage, hasCalls: boolean): unknown {
  if (content !== null) return partsFor(content);
  return hasCalls || refusal !== undefined ? null : '';
}

function nameField(name: string | undefined): object {
  if (name === undefined || name === '') return {};
  return { name: name.replaceAll(/[\s<|\\/>]/g, '_').slice(0, LONGEST_NAME_CHARACTERS) };
}

/** An empty list of parts is refused, and is the empty text. */
function partsFor(content: Content): unknown {
  if (typeof content === 'string') return content;
  return content.length === 0 ? '' : content.map((part) => partFor(part));
}

function partFor(part: ContentPart): object {
  if (part.kind === 'text') return { type: 'text', text: part.text };
  if (part.kind === 'foreign') return { type: part.type, ...part.extensions.fields };
  const { detail } = ownFieldsOf(part.extensions);
  return { type: 'image_url', image_url: { url: urlOf(part.image), ...given({ detail }) } };
}

/** Text alone is one string: not every server, and not every chat template, takes a list of parts. */
function compatibleContent(content: Content): unknown {
  if (typeof content === 'string') return content;
  const isTextAlone = content.every(
    (part) => part.kind === 'text' && part.cache === undefined && part.extensions === undefined,
  );
  if (isTextAlone) return content.map((part) => (part.kind === 'text' ? part.text : '')).join('\n');
  return content.map((part) => {
    const { detail: _detail, ...own } = part.kind === 'foreign' ? {} : ownFieldsOf(part.extensions);
    return {
      ...own,
      ...partFor(part),
      ...(part.kind !== 'foreign' &&
        part.cache !== undefined && { cache_control: cacheControlOf(part.cache) }),
    };
  });
}

/** The mark that gateways pass on to Anthropic. Five minutes are its default. */
function cacheControlOf({ lifetimeSeconds }: { readonly lifetimeSeconds: number }): object {
  return { type: 'ephemeral', ...(lifetimeSeconds > 300 && { ttl: '1h' }) };
}

export function urlOf(image: ImageSource): string {
  return image.kind === 'url' ? image.url : `data:${image.mediaType};base64,${image.base64}`;
}

function problemOfImages(messages: readonly ChatMessage[]): string | undefined {
  for (const { role, content } of messages) {
    for (const part of typeof content === 'string' ? [] : (content ?? [])) {
      if (part.kind !== 'image') continue;
      if (role !== 'user' && role !== 'tool') {
        return `OpenAI takes images in messages of the user only, not of the role ${role}.`;
      }
      const { image } = part;
      if (image.kind === 'url' && !/^https?:/i.test(image.url)) {
        return 'OpenAI takes images by http and https addresses, or as data.';
      }
      if (image.kind === 'inline' && !OPENAI_IMAGES.has(image.mediaType)) {
        return `OpenAI takes images of the types png, jpeg, gif and webp, not ${image.mediaType.slice(0, 40)}.`;
      }
    }
  }
  return undefined;
}

/** OpenAI takes text only in a tool's result: images of it follow the results of their turn, in a message of the user. */
function withImagesAtTheUser(messages: readonly ChatMessage[]): readonly ChatMessage[] {
  if (!messages.some((message) => message.role === 'tool' && hasImage(message.content))) return messages;
  const moved: ChatMessage[] = [];
  let waiting: ContentPart[] = [];
  const flush = (): void => {
    if (waiting.length > 0) moved.push({ role: 'user', content: waiting });
    waiting = [];
  };
  for (const message of messages) {
    if (message.role !== 'tool') flush();
    if (message.role !== 'tool' || typeof message.content === 'string' || !hasImage(message.content)) {
      moved.push(message);
      continue;
    }
    const images = message.content.filter(({ kind }) => kind === 'image');
    const rest = message.content.filter(({ kind }) => kind !== 'image');
    const note = 'The images of this result follow in the next message of the user.';
    moved.push({ ...message, content: [...rest, { kind: 'text', text: note }] });
    waiting.push(
      { kind: 'text', text: `Images of the result of ${shortToolCallId(message.toolCallId)}:` },
      ...images,
    );
  }
  flush();
  return moved;
}

function hasImage(content: Content): boolean {
  return typeof content !== 'string' && content.some(({ kind }) => kind === 'image');
}

/** Many chat templates want the turns to alternate: what the assistant said in two messages on end is one turn. */
function joinTurnsOfTheAssistant(messages: readonly ChatMessage[]): readonly ChatMessage[] {
  const joined: ChatMessage[] = [];
  for (const message of messages) {
    const last = joined.at(-1);
    const isJoined =
      message.role === 'assistant' &&
      last?.role === 'assistant' &&
      (last.toolCalls ?? []).length === 0 &&
      last.reasoning === undefined;
    if (isJoined) joined[joined.length - 1] = { ...message, content: joinedContent(last, message) };
    else joined.push(message);
  }
  return joined;
}

function joinedContent(first: AssistantMessage, second: AssistantMessage): Content | null {
  if (first.content === null || second.content === null) return first.content ?? second.content;
  if (typeof first.content === 'string' && typeof second.content === 'string') {
    return [first.content, second.content].filter((text) => text !== '').join('\n\n');
  }
  return [...partsOf(first.content), ...partsOf(second.content)];
}

function partsOf(content: Content): readonly ContentPart[] {
  return typeof content === 'string' ? [{ kind: 'text', text: content }] : content;
}
