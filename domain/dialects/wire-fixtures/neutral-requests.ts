/** Neutral requests that every dialect can say, in the form in which a front reads them. Tests only. */
import * as fc from 'fast-check';
import type { ChatMessage, ChatRequest, Content } from '#domain/chat/chat-request.ts';

const words = fc.string({ minLength: 1, maxLength: 12 }).map((text) => `w${text.trim()}`);
const image = {
  kind: 'image',
  image: { kind: 'inline', mediaType: 'image/png', base64: 'iVBORw0KGgo=' },
} as const;
const richContent: fc.Arbitrary<Content> = fc.oneof(
  words,
  words.map((text) => [{ kind: 'text', text } as const, image]),
  fc
    .tuple(words, words)
    .map(([one, other]) => [{ kind: 'text', text: one } as const, { kind: 'text', text: other } as const]),
);
const argumentsText = fc
  .dictionary(words, fc.oneof(words, fc.integer(), fc.boolean()))
  .map((value) => JSON.stringify(value));

interface Exchange {
  readonly said: Content;
  readonly calls: readonly { readonly argumentsText: string; readonly result: string }[];
  readonly comment: string | null;
  readonly answer: string;
}

/** A turn of the user, and what the assistant made of it, with tools or without. */
const exchange: fc.Arbitrary<Exchange> = fc.record({
  said: richContent,
  calls: fc.array(fc.record({ argumentsText, result: words }), { maxLength: 3 }),
  comment: fc.option(words),
  answer: words,
});

function messagesOf({ said, calls, comment, answer }: Exchange, turn: number): readonly ChatMessage[] {
  const id = (call: number): string => `call_${turn}_${call}`;
  const toolCalls = calls.map(({ argumentsText: text }, call) => ({
    id: id(call),
    name: 'look_up',
    argumentsText: text,
  }));
  return [
    { role: 'user', content: said },
    ...(calls.length === 0 ? [] : [{ role: 'assistant', content: comment, toolCalls } as const]),
    ...calls.map(({ result }, call): ChatMessage => ({
      role: 'tool',
      toolCallId: id(call),
      content: result,
    })),
    { role: 'assistant', content: answer },
  ];
}

const messages = fc
  .tuple(fc.option(words), fc.array(exchange, { maxLength: 3 }), richContent)
  .map(([system, exchanges, last]): readonly ChatMessage[] => {
    const opening: readonly ChatMessage[] = system === null ? [] : [{ role: 'system', content: system }];
    const closing: ChatMessage = { role: 'user', content: last };
    return [opening, exchanges.flatMap(messagesOf), closing].flat();
  });

const LOOK_UP = {
  name: 'look_up',
  description: 'Looks a thing up.',
  parameters: { type: 'object', properties: { thing: { type: 'string' } }, required: ['thing'] },
} as const;
const FORMAT = {
  kind: 'jsonSchema',
  name: 'answer',
  schema: {
    type: 'object',
    properties: { thing: { type: 'string' } },
    required: ['thing'],
    additionalProperties: false,
  },
} as const;

export const neutralRequests: fc.Arbitrary<ChatRequest> = fc.record(
  {
    model: fc.constant('the-model'),
    messages,
    tools: fc.constant([LOOK_UP]),
    toolChoice: fc.constantFrom<NonNullable<ChatRequest['toolChoice']>>(
      { kind: 'auto' },
      { kind: 'none' },
      { kind: 'required' },
      { kind: 'tool', name: 'look_up' },
    ),
    format: fc.constant(FORMAT),
    sampling: fc.record(
      {
        temperature: fc.constantFrom(0, 0.5, 1),
        topK: fc.integer({ min: 1, max: 100 }),
        stopSequences: fc.uniqueArray(words, { minLength: 1, maxLength: 3 }),
      },
      { requiredKeys: [] },
    ),
    maximumOutputTokens: fc.integer({ min: 1, max: 4096 }),
    reasoningEffort: fc.constantFrom('low', 'high'),
    stream: fc.constant({ includesUsage: true }),
  },
  { requiredKeys: ['model', 'messages', 'tools', 'sampling', 'maximumOutputTokens'] },
);
