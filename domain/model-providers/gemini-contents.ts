/**
 * From the front's messages to Gemini's contents: system text apart, results named after the function they answer,
 * the results of parallel calls in one content, and the signatures of Gemini's own thoughts back where they were.
 */
import type { Parsed } from './dialect.ts';
import { refuse } from './malformed-answer.ts';
import { type MessagePart, argumentsOf, inlineImage, partsOf } from './message-content.ts';
import type { ChatMessage, ToolCall } from './openai-chat.ts';

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

export function toGeminiConversation(
  messages: readonly ChatMessage[],
  model: string,
): Parsed<GeminiConversation> {
  const system: GeminiPart[] = [];
  const contents: { kind: ChatMessage['role']; role: GeminiContent['role']; parts: GeminiPart[] }[] = [];
  const functionNames = new Map<string, string>();
  for (const [position, message] of messages.entries()) {
    const parts = toParts(message, `messages.${position}`, functionNames, model);
    if (!parts.ok) return parts;
    if (message.role === 'system' || message.role === 'developer') {
      system.push(...parts.value);
      continue;
    }
    if (parts.value.length === 0) continue;
    const last = contents.at(-1);
    if (last?.kind === message.role) last.parts.push(...parts.value);
    else {
      const role = message.role === 'assistant' ? 'model' : 'user';
      contents.push({ kind: message.role, role, parts: [...parts.value] });
    }
  }
  if (contents.length === 0) return refuse('Gemini needs at least one user message that is not empty.');
  return { ok: true, value: { system, contents: contents.map(({ role, parts }) => ({ role, parts })) } };
}

function toParts(
  message: ChatMessage,
  where: string,
  functionNames: Map<string, string>,
  model: string,
): Parsed<readonly GeminiPart[]> {
  const read = partsOf(message, where);
  if (!read.ok) return read;
  if (message.role === 'tool') return functionResponse(message, read.value, where, functionNames);
  const parts: GeminiPart[] = [];
  for (const part of read.value) {
    const translated = toPart(part, where);
    if (!translated.ok) return translated;
    parts.push(...translated.value);
  }
  if (message.role !== 'assistant') return { ok: true, value: parts };
  const calls = functionCalls(message.tool_calls ?? [], where, functionNames, model);
  return calls.ok ? { ok: true, value: [...parts, ...calls.value] } : calls;
}

function toPart(part: MessagePart, where: string): Parsed<readonly GeminiPart[]> {
  if (part.kind === 'text') return { ok: true, value: part.text === '' ? [] : [{ text: part.text }] };
  const image = inlineImage(part.url);
  return image === undefined
    ? refuse(`${where} has an image by URL: Gemini gets images as base64 data URLs only.`)
    : { ok: true, value: [{ inlineData: { mimeType: image.mediaType, data: image.base64 } }] };
}

function functionCalls(
  calls: readonly ToolCall[],
  where: string,
  functionNames: Map<string, string>,
  model: string,
): Parsed<readonly GeminiPart[]> {
  const signatures = calls.map((call) => call.extra_content?.google?.thought_signature);
  // Of parallel calls Gemini signs the first alone.
  const unsigned = needsSignatures(model) && signatures.every((signature) => signature === undefined);
  const parts: GeminiPart[] = [];
  for (const [position, call] of calls.entries()) {
    const args = argumentsOf(call, `${where}.tool_calls.${position}`);
    if (!args.ok) return args;
    functionNames.set(call.id, call.function.name);
    const signature = signatures[position] ?? (unsigned && position === 0 ? SKIP_SIGNATURE : undefined);
    parts.push({
      functionCall: { id: call.id, name: call.function.name, args: args.value },
      ...(signature !== undefined && { thoughtSignature: signature }),
    });
  }
  return { ok: true, value: parts };
}

/** Gemini 1 and 2 neither need signatures nor know the value that skips them. */
function needsSignatures(model: string): boolean {
  return !/(^|\/)gemini-[12]([.-]|$)/.test(model);
}

/** Gemini takes an object. One that the tool wrote goes as it is; other text goes under the documented key `output`. */
function functionResponse(
  message: ChatMessage,
  parts: readonly MessagePart[],
  where: string,
  functionNames: ReadonlyMap<string, string>,
): Parsed<readonly GeminiPart[]> {
  const id = message.tool_call_id;
  const name = id === undefined ? undefined : functionNames.get(id);
  if (id === undefined || name === undefined) {
    return refuse(`${where}.tool_call_id names no tool call of the messages before it, which Gemini needs.`);
  }
  if (parts.some(({ kind }) => kind !== 'text')) {
    return refuse(`${where} is a tool result with an image: Gemini takes text there only.`);
  }
  const text = parts.map((part) => (part.kind === 'text' ? part.text : '')).join('');
  return {
    ok: true,
    value: [{ functionResponse: { id, name, response: objectOf(text) ?? { output: text } } }],
  };
}

function objectOf(text: string): object | undefined {
  if (!text.trimStart().startsWith('{')) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
