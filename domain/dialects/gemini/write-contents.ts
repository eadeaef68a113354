/**
 * From neutral messages to Gemini's contents: system text apart, the user first, results named after the function they
 * answer and as many as there were calls, and the signatures of Gemini's own thoughts back where they were.
 */
import { parseBoundedJson } from '#domain/bounded-json/bounded-json.ts';
import type {
  AssistantMessage,
  ChatMessage,
  Content,
  ContentPart,
  ToolCall,
  ToolResultMessage,
} from '#domain/chat/chat-request.ts';
import type { Written } from '../dialect.ts';
import { argumentsOf } from '../tool-arguments.ts';
import type { ToolNames } from '../tool-names.ts';
import { groupToolResults } from '../tool-results.ts';

type GeminiPart = Readonly<Record<string, unknown>>;

export interface GeminiContent {
  readonly role: 'user' | 'model';
  readonly parts: readonly GeminiPart[];
}

export interface GeminiConversation {
  readonly system: readonly GeminiPart[];
  readonly contents: readonly GeminiContent[];
}

/**
 * Gemini 3 answers status 400 to a function call without its signature. This value, documented for the purpose,
 * lets histories through that another provider began or whose client lost the signature.
 * https://ai.google.dev/gemini-api/docs/thought-signatures
 */
const SKIP_SIGNATURE = 'skip_thought_signature_validator';
const IMAGE_TYPES: ReadonlySet<string> = new Set([
  'image/jpeg',
  'image/png',
  'image/webp',
  'image/heic',
  'image/heif',
]);
/** A call must come after a turn of the user, also in a conversation that the assistant opened. */
const OPENING: GeminiPart = { text: '(The assistant opens the conversation.)' };

export function writeContents(
  messages: readonly ChatMessage[],
  names: ToolNames,
  needsSignatures: boolean,
): Written<GeminiConversation> {
  const grouped = groupToolResults(messages);
  if (!grouped.ok) return grouped;
  const system: GeminiPart[] = [];
  const turns: Turn[] = [];
  /** The calls whose results come next, in their order. */
  let open: readonly ToolCall[] = [];
  for (const [position, message] of grouped.value.entries()) {
    if (message.role === 'assistant') open = message.toolCalls ?? [];
    const parts = writeMessage(message, `messages.${position}`, { names, needsSignatures, call: open[0] });
    if (!parts.ok) return parts;
    if (message.role === 'tool') open = open.slice(1);
    if (message.role === 'system' || message.role === 'developer') system.push(...parts.value);
    else if (parts.value.length > 0) addTurn(turns, message.role, parts.value);
  }
  if (turns.length === 0) return refuse('Gemini needs at least one user message that is not empty.');
  return { ok: true, value: { system, contents: turns.map(({ role, parts }) => ({ role, parts })) } };
}

interface Turn {
  /** Results of tools stand apart from the words of the user, though both have the user's role. */
  readonly kind: ChatMessage['role'];
  readonly role: GeminiContent['role'];
  readonly parts: GeminiPart[];
}

function addTurn(turns: Turn[], kind: ChatMessage['role'], parts: readonly GeminiPart[]): void {
  const role = kind === 'assistant' ? 'model' : 'user';
  if (turns.length === 0 && role === 'model') turns.push({ kind: 'user', role: 'user', parts: [OPENING] });
  const last = turns.at(-1);
  if (last?.kind === kind) last.parts.push(...parts);
  else turns.push({ kind, role, parts: [...parts] });
}

interface Place {
  readonly names: ToolNames;
  readonly needsSignatures: boolean;
  /** The call that a result answers. */
  readonly call: ToolCall | undefined;
}

function writeMessage(message: ChatMessage, where: string, place: Place): Written<readonly GeminiPart[]> {
  if (message.role === 'tool') return functionResponse(message, where, place);
  const parts = writeContent(message.content, where);
  if (!parts.ok) return parts;
  if (message.role === 'user') return { ok: true, value: withSpeaker(parts.value, message.name) };
  if (message.role === 'assistant') return withCalls(parts.value, message, where, place);
  return parts.value.every((part) => 'text' in part)
    ? parts
    : refuse(`${where} is a system message with an image: Gemini takes text only there.`);
}

function writeContent(content: Content | null, where: string): Written<readonly GeminiPart[]> {
  if (content === null) return { ok: true, value: [] };
  if (typeof content === 'string') return { ok: true, value: content === '' ? [] : [{ text: content }] };
  const parts: GeminiPart[] = [];
  for (const [position, part] of content.entries()) {
    const written = writePart(part, `${where}.content.${position}`);
    if (!written.ok) return written;
    parts.push(...written.value);
  }
  return { ok: true, value: parts };
}

function writePart(part: ContentPart, where: string): Written<readonly GeminiPart[]> {
  if (part.kind === 'foreign') return { ok: true, value: [part.extensions.fields] };
  const own = part.extensions?.dialect === 'gemini' ? part.extensions.fields : {};
  if (part.kind === 'text') {
    const isSilent = part.text === '' && Object.keys(own).length === 0;
    return { ok: true, value: isSilent ? [] : [{ ...own, text: part.text }] };
  }
  const { image } = part;
  if (image.kind === 'url') {
    return refuse(`${where} is an image by URL, and Gemini is sent images as data only: use a data URL.`);
  }
  return IMAGE_TYPES.has(image.mediaType)
    ? { ok: true, value: [{ ...own, inlineData: { mimeType: image.mediaType, data: image.base64 } }] }
    : refuse(
        `${where} is an image of type ${JSON.stringify(image.mediaType.slice(0, 40))}: Gemini takes JPEG, PNG, WebP, HEIC and HEIF.`,
      );
}

/** Gemini has no field for who of several users speaks: it is said as people write it. */
function withSpeaker(parts: readonly GeminiPart[], name: string | undefined): readonly GeminiPart[] {
  if (name === undefined || parts.length === 0) return parts;
  const [first, ...more] = parts;
  return typeof first?.['text'] === 'string'
    ? [{ ...first, text: `${name}: ${first['text']}` }, ...more]
    : [{ text: `${name}:` }, ...parts];
}

function withCalls(
  content: readonly GeminiPart[],
  { toolCalls: calls = [], refusal }: AssistantMessage,
  where: string,
  { names, needsSignatures }: Place,
): Written<readonly GeminiPart[]> {
  // Of parallel calls Gemini signs the first alone.
  const isUnsigned = needsSignatures && calls.every(({ signature }) => signature === undefined);
  const parts: GeminiPart[] =
    refusal === undefined || refusal === '' ? [...content] : [...content, { text: refusal }];
  for (const [position, call] of calls.entries()) {
    const args = argumentsOf(call, `${where}.toolCalls.${position}`);
    if (!args.ok) return args;
    const signature = call.signature ?? (isUnsigned && position === 0 ? SKIP_SIGNATURE : undefined);
    parts.push({
      functionCall: { id: call.id, name: names.toProvider(call.name), args: args.value },
      ...(signature !== undefined && { thoughtSignature: signature }),
    });
  }
  return { ok: true, value: parts };
}

/** Gemini takes an object. One that the tool wrote goes as it is; other text goes under the documented keys. */
function functionResponse(
  { content, isError, toolCallId: id }: ToolResultMessage,
  where: string,
  { names, call }: Place,
): Written<readonly GeminiPart[]> {
  const parts = typeof content === 'string' ? [{ kind: 'text' as const, text: content }] : content;
  if (parts.some(({ kind }) => kind !== 'text')) {
    return refuse(`${where} is a tool result with more than text, which is all that Gemini takes there.`);
  }
  const text = parts.map((part) => (part.kind === 'text' ? part.text : '')).join('');
  const response = isError === true ? { error: text } : (objectOf(text) ?? { output: text });
  const name = names.toProvider(call?.name ?? '');
  return { ok: true, value: [{ functionResponse: { id, name, response } }] };
}

/** How deep protocol buffers may nest is bounded: an object that is deeper goes as its text. */
const RESPONSE_BOUNDS = { depth: 24, values: 200_000 };

function objectOf(text: string): object | undefined {
  if (!text.trimStart().startsWith('{')) return undefined;
  const parsed = parseBoundedJson(text, RESPONSE_BOUNDS);
  return parsed.ok && typeof parsed.value === 'object' && parsed.value !== null ? parsed.value : undefined;
}

function refuse(problem: string): { readonly ok: false; readonly problem: string } {
  return { ok: false, problem };
}
