/** A caller's messages in neutral words. */
import type { z } from 'zod';
import type {
  AssistantMessage,
  CacheMark,
  ChatMessage,
  Content,
  ContentPart,
  Reasoning,
  ToolCall,
} from '#domain/chat/chat-request.ts';
import type { ReadRequest } from '../dialect.ts';
import { MOST_MESSAGES, MOST_PARTS, MOST_TOOL_CALLS } from './limits.ts';
import { extensionsOf } from './extensions.ts';
import { imageSourceOf } from '#domain/chat/image-source.ts';
import { readEach, readWire, refuse } from '../read-wire.ts';
import { WireContentPart, WireMessage, WireToolCall, fieldsOf } from './wire-request.ts';
import { type WireObject, given, isObject, textOf, unknownFieldsOf } from './wire-values.ts';

const KNOWN_OF_MESSAGE = fieldsOf(WireMessage);
const KNOWN_OF_PART = fieldsOf(WireContentPart);
const KNOWN_OF_CALL = fieldsOf(WireToolCall);

/** Clients of the Responses API give their parts back under its names. */
const TEXT_TYPES = new Set(['text', 'input_text', 'output_text']);

export function readMessages(messages: readonly unknown[]): ReadRequest<readonly ChatMessage[]> {
  if (messages.length === 0) return refuse('messages', 'is an empty list: give one message at least');
  return readEach(messages, 'messages', MOST_MESSAGES, readMessage);
}

function readMessage(value: unknown, place: string): ReadRequest<ChatMessage> {
  const wire = readWire(WireMessage, value, place);
  if (!wire.ok) return wire;
  const message = wire.value;
  if (message['function_call'] !== undefined) {
    return refuse(`${place}.function_call`, 'is the retired form of tool_calls: send those');
  }
  const content = readContent(message.content, `${place}.content`);
  if (!content.ok) return content;
  const { role, name, tool_call_id: toolCallId } = message;
  if (role === 'assistant') return readAssistantMessage(message, content.value, place);
  const said = { content: content.value ?? '', ...extensionsOf(unknownFieldsOf(message, KNOWN_OF_MESSAGE)) };
  if (role !== 'tool') return { ok: true, value: { role, ...said, ...given({ name }) } };
  return toolCallId === undefined
    ? refuse(
        `${place}.tool_call_id`,
        'is missing: a message of the role "tool" names the call that it answers',
      )
    : { ok: true, value: { role, toolCallId, ...said } };
}

/** Reasoning comes back under the names that servers give it; what is not text of it belongs to its own server. */
function readAssistantMessage(
  message: z.infer<typeof WireMessage>,
  content: Content | null,
  place: string,
): ReadRequest<AssistantMessage> {
  const calls = readEach(message.tool_calls ?? [], `${place}.tool_calls`, MOST_TOOL_CALLS, readToolCall);
  if (!calls.ok) return calls;
  const { name, refusal } = message;
  return {
    ok: true,
    value: {
      role: 'assistant',
      content,
      ...given({ name, refusal, reasoning: reasoningOf(message) }),
      ...(calls.value.length > 0 && { toolCalls: calls.value }),
      ...extensionsOf(unknownFieldsOf(message, KNOWN_OF_MESSAGE)),
    },
  };
}

function reasoningOf(message: z.infer<typeof WireMessage>): Reasoning | undefined {
  const { reasoning_content: text, reasoning_signature: signature } = message;
  if (text === undefined && signature === undefined) return undefined;
  return { text: text ?? '', ...given({ signature }) };
}

function readToolCall(value: unknown, place: string): ReadRequest<ToolCall> {
  const wire = readWire(WireToolCall, value, place);
  if (!wire.ok) return wire;
  const { id, function: called, extra_content: extra } = wire.value;
  const written = called.arguments ?? '';
  const signature = extra?.google?.thought_signature;
  return {
    ok: true,
    value: {
      id,
      name: called.name,
      argumentsText: typeof written === 'string' ? written : JSON.stringify(written),
      ...given({ signature }),
      ...extensionsOf(unknownFieldsOf(wire.value, KNOWN_OF_CALL)),
    },
  };
}

function readContent(
  content: string | readonly unknown[] | undefined,
  place: string,
): ReadRequest<Content | null> {
  if (content === undefined) return { ok: true, value: null };
  return typeof content === 'string'
    ? { ok: true, value: content }
    : readEach(content, place, MOST_PARTS, readPart);
}

function readPart(value: unknown, place: string): ReadRequest<ContentPart> {
  if (typeof value === 'string') return { ok: true, value: { kind: 'text', text: value } };
  const wire = readWire(WireContentPart, value, place);
  if (!wire.ok) return wire;
  const { type, text, refusal, image_url: image, cache_control: cacheControl } = wire.value;
  const cache: { readonly cache?: CacheMark } =
    cacheControl === undefined ? {} : { cache: { lifetimeSeconds: cacheControl.ttl === '1h' ? 3600 : 300 } };
  const unknown = unknownFieldsOf(wire.value, KNOWN_OF_PART);
  if (TEXT_TYPES.has(type)) {
    return text === undefined
      ? refuse(`${place}.text`, 'is missing: it must be a text')
      : { ok: true, value: { kind: 'text', text, ...cache, ...extensionsOf(unknown) } };
  }
  // The assistant's own refusal, when a history comes back.
  if (type === 'refusal' && refusal !== undefined)
    return { ok: true, value: { kind: 'text', text: refusal } };
  if (type === 'image_url') return readImagePart(image, unknown, cache, place);
  const { type: _type, ...fields } = wire.value as WireObject;
  return { ok: true, value: { kind: 'foreign', type, extensions: { dialect: 'openai', fields } } };
}

function readImagePart(
  image: z.infer<typeof WireContentPart>['image_url'],
  unknown: WireObject | undefined,
  cache: { readonly cache?: CacheMark },
  place: string,
): ReadRequest<ContentPart> {
  const url = isObject(image) ? image.url : image;
  const source = url === undefined ? undefined : imageSourceOf(url);
  if (source === undefined) {
    return refuse(
      `${place}.image_url.url`,
      'must be the https address of an image, or the image itself as data:image/png;base64,...',
    );
  }
  const detail = textOf(isObject(image) ? image.detail : undefined);
  const fields = detail === undefined ? unknown : { ...unknown, detail };
  return { ok: true, value: { kind: 'image', image: source, ...cache, ...extensionsOf(fields) } };
}
