/** From the contents of generateContent to neutral messages. */
import type {
  AssistantMessage,
  ChatMessage,
  Content,
  ContentPart,
  ToolCall,
  ToolResultMessage,
} from '#domain/chat/chat-request.ts';
import type { ReadRequest } from '../dialect.ts';
import { readEach, readWire } from '../read-wire.ts';
import { MAXIMUM_CONTENTS, MAXIMUM_PARTS, WireContent, WirePart } from './wire-contents.ts';

export function readContents(contents: readonly unknown[]): ReadRequest<readonly ChatMessage[]> {
  const calls = new UnnamedCalls();
  const messages = readEach(contents, 'contents', MAXIMUM_CONTENTS, (value, place) => {
    const wire = readWire(WireContent, value, place);
    if (!wire.ok) return wire;
    const parts = readParts(wire.value.parts ?? [], `${place}.parts`);
    if (!parts.ok) return parts;
    const read = wire.value.role === 'model' ? readModel(parts.value, calls) : readUser(parts.value, calls);
    return { ok: true, value: read } as const;
  });
  return messages.ok ? { ok: true, value: messages.value.flat() } : messages;
}

export function readParts(parts: readonly unknown[], place: string): ReadRequest<readonly WirePart[]> {
  return readEach(parts, place, MAXIMUM_PARTS, (part, at) => readWire(WirePart, part, at));
}

/** Gives calls an id where the caller has none, and finds it again for their results by the name of the function. */
class UnnamedCalls {
  #count = 0;
  #open: { readonly id: string; readonly name: string }[] = [];

  begin(): void {
    this.#open = [];
  }

  idOf(name: string, given: string | null | undefined): string {
    const id = given || `call-${this.#count++}`;
    this.#open.push({ id, name });
    return id;
  }

  idOfResult(name: string, given: string | null | undefined): string {
    const position = this.#open.findIndex((call) => (given ? call.id === given : call.name === name));
    const [call] = position === -1 ? [] : this.#open.splice(position, 1);
    return given || (call?.id ?? name);
  }
}

function readModel(parts: readonly WirePart[], calls: UnnamedCalls): readonly ChatMessage[] {
  calls.begin();
  const thoughts = parts.filter(({ thought }) => thought === true);
  const spoken = parts.filter(({ thought }) => thought !== true);
  const toolCalls = spoken.flatMap(({ functionCall, thoughtSignature }): readonly ToolCall[] =>
    functionCall
      ? [
          {
            id: calls.idOf(functionCall.name, functionCall.id),
            name: functionCall.name,
            argumentsText: JSON.stringify(functionCall.args ?? {}),
            ...(thoughtSignature && { signature: thoughtSignature }),
          },
        ]
      : [],
  );
  const content = spoken.filter(({ functionCall }) => !functionCall).map(contentPartOf);
  const message: AssistantMessage = {
    role: 'assistant',
    content: content.length === 0 ? null : shortest(content),
    ...(thoughts.length > 0 && { reasoning: { text: thoughts.map(({ text }) => text ?? '').join('') } }),
    ...(toolCalls.length > 0 && { toolCalls }),
  };
  return [message];
}

function readUser(parts: readonly WirePart[], calls: UnnamedCalls): readonly ChatMessage[] {
  const results = parts.flatMap(({ functionResponse }): readonly ToolResultMessage[] =>
    functionResponse
      ? [
          {
            role: 'tool',
            toolCallId: calls.idOfResult(functionResponse.name, functionResponse.id),
            ...resultOf(functionResponse.response ?? {}),
          },
        ]
      : [],
  );
  const words = parts.filter(({ functionResponse }) => !functionResponse).map(contentPartOf);
  const hasWords = words.length > 0 || results.length === 0;
  return [...results, ...(hasWords ? [{ role: 'user', content: shortest(words) } as const] : [])];
}

/** `output` and `error` are the documented keys; anything else is the result as a whole. */
function resultOf(
  response: Readonly<Record<string, unknown>>,
): Pick<ToolResultMessage, 'content' | 'isError'> {
  const [[key, value] = ['', undefined], ...more] = Object.entries(response);
  const isSole = more.length === 0 && typeof value === 'string';
  if (isSole && key === 'output') return { content: value };
  if (isSole && key === 'error') return { content: value, isError: true };
  return { content: JSON.stringify(response) };
}

function contentPartOf(part: WirePart): ContentPart {
  const said = Object.entries(part).filter(([, value]) => value !== null && value !== undefined);
  const { text, inlineData, thought: _thought, ...rest } = Object.fromEntries(said) as WirePart;
  const extensions =
    Object.keys(rest).length === 0 ? {} : { extensions: { dialect: 'gemini', fields: rest } as const };
  if (typeof text === 'string') return { kind: 'text', text, ...extensions };
  if (inlineData?.mimeType.startsWith('image/') === true) {
    const image = {
      kind: 'inline',
      mediaType: inlineData.mimeType.toLowerCase(),
      base64: inlineData.data,
    } as const;
    return { kind: 'image', image, ...extensions };
  }
  const fields = { ...(inlineData && { inlineData }), ...rest };
  const type = Object.keys(fields)[0] ?? 'part';
  return { kind: 'foreign', type, extensions: { dialect: 'gemini', fields } };
}

/** Text alone is a string, as everywhere. */
function shortest(parts: readonly ContentPart[]): Content {
  const [only, ...more] = parts;
  if (only === undefined) return '';
  return more.length === 0 && only.kind === 'text' && !('extensions' in only) ? only.text : parts;
}
