/** Turning event-stream text into events and back, as a client of a provider does it. Tests only. */
import { createParser } from 'eventsource-parser';
import type { AnswerPart } from '#domain/chat/chat-answer.ts';
import type { TokenUsage } from '#domain/chat/token-usage.ts';
import type { AnswerStreamReader, ProviderEvent } from '../dialect.ts';

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
export function readStream(reader: AnswerStreamReader, text: string): readonly AnswerPart[] {
  return [...eventsOf(text).flatMap((event) => reader.push(event)), ...reader.close()];
}

export interface ToldStream {
  readonly text: string;
  readonly reasoning: string;
  readonly refusal: string;
  readonly toolCalls: readonly { id: string; name: string; arguments: string; signature?: string }[];
  readonly finishReasons: readonly string[];
  readonly usages: readonly TokenUsage[];
  readonly ended: boolean;
}

/** What a client would make of the parts. */
export function tell(parts: readonly AnswerPart[]): ToldStream {
  const textOf = (kind: 'text' | 'reasoning' | 'refusal'): string =>
    parts.flatMap((part) => (part.kind === kind ? [part.text] : [])).join('');
  return {
    text: textOf('text'),
    reasoning: textOf('reasoning'),
    refusal: textOf('refusal'),
    toolCalls: tellToolCalls(parts),
    finishReasons: parts.flatMap((part) => (part.kind === 'finish' ? [part.reason] : [])),
    usages: parts.flatMap((part) => (part.kind === 'usage' ? [part.usage] : [])),
    ended: parts.at(-1)?.kind === 'end',
  };
}

function tellToolCalls(parts: readonly AnswerPart[]): ToldStream['toolCalls'] {
  const calls: { id: string; name: string; arguments: string; signature?: string }[] = [];
  for (const part of parts) {
    if (part.kind === 'toolCall') {
      const { id, name, signature } = part;
      calls[part.call] = { id, name, arguments: '', ...(signature !== undefined && { signature }) };
    }
    const call = part.kind === 'toolArguments' ? calls[part.call] : undefined;
    if (part.kind === 'toolArguments' && call !== undefined) call.arguments += part.text;
  }
  return calls;
}
