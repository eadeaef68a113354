/** Reading the content of a front message: text alone, or text and images; nothing else travels to every provider. */
import type { Parsed } from './dialect.ts';
import { refuse } from './malformed-answer.ts';
import type { ChatMessage, ToolCall } from './openai-chat.ts';

export type MessagePart =
  | { readonly kind: 'text'; readonly text: string; readonly cacheControl?: unknown }
  | { readonly kind: 'image'; readonly url: string; readonly cacheControl?: unknown };

/** `where` is the message's place for the sentence, for example `messages.3`. */
export function partsOf(message: ChatMessage, where: string): Parsed<readonly MessagePart[]> {
  const { content } = message;
  if (content === null || content === undefined) return { ok: true, value: [] };
  if (typeof content === 'string') return { ok: true, value: [{ kind: 'text', text: content }] };
  const parts: MessagePart[] = [];
  for (const [position, part] of content.entries()) {
    const read = readPart(part);
    if (read === undefined) {
      return refuse(
        `${where}.content.${position} is of type ${JSON.stringify(part.type.slice(0, 40))}: this provider gets text and image_url parts only.`,
      );
    }
    parts.push(read);
  }
  return { ok: true, value: parts };
}

type ContentPart = Extract<ChatMessage['content'], readonly unknown[]>[number];

function readPart(part: ContentPart): MessagePart | undefined {
  const cache = part['cache_control'] ? { cacheControl: part['cache_control'] } : {};
  if (part.type === 'text' && part.text !== undefined) return { kind: 'text', text: part.text, ...cache };
  if (part.type === 'image_url' && part.image_url !== undefined) {
    return { kind: 'image', url: part.image_url.url, ...cache };
  }
  // The assistant's own refusal, when a history comes back.
  const refusal = part['refusal'];
  return part.type === 'refusal' && typeof refusal === 'string' ? { kind: 'text', text: refusal } : undefined;
}

export interface InlineImage {
  readonly mediaType: string;
  readonly base64: string;
}

/** The image inside a `data:` URL; undefined for any other URL. */
export function inlineImage(url: string): InlineImage | undefined {
  const match = /^data:([a-z]+\/[a-z0-9.+-]+);base64,([A-Za-z0-9+/]+={0,2})$/i.exec(url);
  return match?.[1] === undefined || match[2] === undefined
    ? undefined
    : { mediaType: match[1].toLowerCase(), base64: match[2] };
}

/** Arguments as the object that Anthropic and Gemini want; no arguments at all are the empty object. */
export function argumentsOf(call: ToolCall, where: string): Parsed<Readonly<Record<string, unknown>>> {
  const text = call.function.arguments.trim();
  if (text === '') return { ok: true, value: {} };
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      return { ok: true, value: value as Readonly<Record<string, unknown>> };
    }
  } catch {
    // Told below: a history may hold what a weaker model wrote.
  }
  return refuse(
    `${where}.function.arguments is not a JSON object, which this provider needs: mend or drop the call.`,
  );
}
