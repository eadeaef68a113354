/** Turning event-stream text into events and back, as a client of a provider does it. Tests only. */
import { createParser } from 'eventsource-parser';
import type { ProviderEvent, StreamPart, StreamTranslator } from '../dialect.ts';
import type { ChatCompletionChunk } from '../openai-chat.ts';

/** `data:` lines, one an event; a string goes as it is, such as `[DONE]`. */
export function dataEvents(events: readonly unknown[]): string {
  return events
    .map((event) => `data: ${typeof event === 'string' ? event : JSON.stringify(event)}\n\n`)
    .join('');
}

/** `event:` and `data:` lines, the event named after the `type` of its data, as Anthropic writes them. */
export function namedEvents(events: readonly { readonly type: string }[]): string {
  return events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join('');
}

export function eventsOf(text: string): readonly ProviderEvent[] {
  const events: ProviderEvent[] = [];
  const parser = createParser({
    onEvent: ({ event, data }) => {
      events.push(event === undefined ? { data } : { event, data });
    },
  });
  parser.feed(text);
  return events;
}

/** All parts of a stream whose body ended cleanly after `text`. */
export function translateStream(translator: StreamTranslator, text: string): readonly StreamPart[] {
  return [...eventsOf(text).flatMap((event) => translator.push(event)), ...translator.close()];
}

export interface ToldStream {
  readonly content: string;
  readonly refusal: string;
  readonly toolCalls: readonly { id: string; name: string; arguments: string; signature?: string }[];
  readonly finishReasons: readonly string[];
  readonly ended: boolean;
}

/** What a client of the OpenAI format would make of the parts. */
export function tell(parts: readonly StreamPart[]): ToldStream {
  const chunks = parts.flatMap((part) => (part.kind === 'chunk' ? [part.chunk] : []));
  const choices = chunks.flatMap(({ choices }) => choices);
  return {
    content: choices.map(({ delta }) => delta.content ?? '').join(''),
    refusal: choices.map(({ delta }) => delta.refusal ?? '').join(''),
    toolCalls: tellToolCalls(choices),
    finishReasons: choices.flatMap(({ finish_reason: reason }) => (reason === null ? [] : [reason])),
    ended: parts.at(-1)?.kind === 'end',
  };
}

function tellToolCalls(choices: readonly ChatCompletionChunk['choices'][number][]): ToldStream['toolCalls'] {
  const calls: { id: string; name: string; arguments: string; signature?: string }[] = [];
  for (const delta of choices.flatMap(({ delta }) => delta.tool_calls ?? [])) {
    const call = (calls[delta.index] ??= { id: '', name: '', arguments: '' });
    call.id += delta.id ?? '';
    call.name += delta.function?.name ?? '';
    call.arguments += delta.function?.arguments ?? '';
    const signature = delta.extra_content?.google?.thought_signature;
    if (signature !== undefined) call.signature = signature;
  }
  return calls;
}
