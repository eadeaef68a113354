/** Whatever a provider sends, a dialect answers with a value: a throw here would end a request, or a process. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PROVIDERS, type Provider } from '#crds/model.ts';
import type { StreamPart } from './dialect.ts';
import { dialectOf } from './dialects.ts';
import { FINISH_REASONS } from './openai-chat.ts';
import { totalInputTokens } from './token-usage.ts';
import {
  ANTHROPIC_MESSAGE,
  ANTHROPIC_TEXT_STREAM,
  ANTHROPIC_TOOL_EVENTS,
} from './wire-fixtures/anthropic.ts';
import { GEMINI_TEXT_STREAM, GEMINI_TOOL_ANSWER, GEMINI_TOOL_EVENTS } from './wire-fixtures/gemini.ts';
import { OPENAI_TEXT_STREAM, OPENAI_TOOL_COMPLETION, OPENAI_TOOL_EVENTS } from './wire-fixtures/openai.ts';
import { eventsOf } from './wire-fixtures/server-sent-events.ts';

const CONTEXT = { id: 'request-1', createdSeconds: 1_795_000_000, model: 'm' };
const provider = fc.constantFrom(...PROVIDERS);
/** Words that stand in the prototype of every object, where a table that is a plain object would find them. */
const word = fc.oneof(
  fc.string(),
  fc.constantFrom('constructor', '__proto__', 'toString', 'error', '[DONE]'),
);
const anyValue = fc.oneof(fc.jsonValue(), word, fc.constantFrom(null, -1, 1.5, 2 ** 60, '', [], {}));

/** One value somewhere inside `body` replaced by another. */
function damaged(body: object): fc.Arbitrary<unknown> {
  return fc.record({ place: fc.nat(), value: anyValue }).map(({ place, value }) => {
    const copy: Record<string, unknown> = JSON.parse(JSON.stringify({ body }));
    const slots: [Record<string, unknown>, string][] = [];
    const visit = (node: Record<string, unknown>): void => {
      for (const key of Object.keys(node)) {
        slots.push([node, key]);
        const child = node[key];
        if (typeof child === 'object' && child !== null) visit(child as Record<string, unknown>);
      }
    };
    visit(copy);
    const slot = slots[place % slots.length];
    if (slot !== undefined) slot[0][slot[1]] = value;
    return copy['body'];
  });
}

const ANSWERS: Readonly<Record<Provider, object>> = {
  OpenAI: OPENAI_TOOL_COMPLETION,
  OpenAICompatible: OPENAI_TOOL_COMPLETION,
  Anthropic: ANTHROPIC_MESSAGE,
  Gemini: GEMINI_TOOL_ANSWER,
};
const EVENTS: Readonly<Record<Provider, readonly object[]>> = {
  OpenAI: OPENAI_TOOL_EVENTS.filter((event) => typeof event === 'object') as object[],
  OpenAICompatible: OPENAI_TOOL_EVENTS.filter((event) => typeof event === 'object') as object[],
  Anthropic: ANTHROPIC_TOOL_EVENTS,
  Gemini: GEMINI_TOOL_EVENTS as object[],
};
const STREAMS: Readonly<Record<Provider, string>> = {
  OpenAI: OPENAI_TEXT_STREAM,
  OpenAICompatible: OPENAI_TEXT_STREAM,
  Anthropic: ANTHROPIC_TEXT_STREAM,
  Gemini: GEMINI_TEXT_STREAM,
};

/** What is wrong with the parts of a stream, for nothing to be wrong with them. */
function faultsOf(parts: readonly StreamPart[]): readonly string[] {
  const last = parts.findIndex(({ kind }) => kind === 'end' || kind === 'error');
  return [
    ...(last === -1 || last === parts.length - 1 ? [] : ['something follows an error or the end']),
    ...parts.flatMap((part) =>
      part.kind === 'usage' && totalInputTokens(part.usage) < 0 ? ['negative'] : [],
    ),
    ...parts
      .flatMap((part) => (part.kind === 'chunk' ? part.chunk.choices : []))
      .flatMap(({ finish_reason: reason }) =>
        reason === null || FINISH_REASONS.includes(reason) ? [] : [`finished by ${reason}`],
      ),
  ];
}

describe('a dialect', () => {
  it('answers any body with a value or with one sentence', () => {
    const cases = provider.chain((name) =>
      fc.tuple(fc.constant(name), fc.oneof(anyValue, damaged(ANSWERS[name]))),
    );
    fc.assert(
      fc.property(cases, ([name, body]) => {
        const answer = dialectOf(name).parseChatResponse(body, CONTEXT);
        const told = answer.ok
          ? FINISH_REASONS.some((reason) => reason === answer.value.completion.choices[0]?.finish_reason)
          : /^[A-Z][^\n]*\.$/.test(answer.problem);
        expect(told).toBe(true);
        const embeddings = dialectOf(name).parseEmbeddingsResponse(body, {
          model: 'm',
          encodingFormat: 'base64',
        });
        expect(typeof embeddings.ok).toBe('boolean');
      }),
      { numRuns: 500 },
    );
  });

  it('takes any events, says nothing after an error or the end, and never lies about the end', () => {
    const cases = provider.chain((name) =>
      fc.tuple(
        fc.constant(name),
        fc.array(
          fc.oneof(
            word.map((data) => ({ data })),
            anyValue.map((value) => ({ data: JSON.stringify(value) ?? '' })),
            fc
              .constantFrom(...EVENTS[name])
              .chain(damaged)
              .map((event) => ({ data: JSON.stringify(event) })),
            fc.constantFrom(...EVENTS[name]).map((event) => ({ data: JSON.stringify(event) })),
          ),
          { maxLength: 12 },
        ),
      ),
    );
    fc.assert(
      fc.property(cases, ([name, events]) => {
        const translator = dialectOf(name).createStreamTranslator(CONTEXT);
        expect(
          faultsOf([...events.flatMap((event) => translator.push(event)), ...translator.close()]),
        ).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  it('knows a stream that was cut at any character from one that ended', () => {
    for (const name of PROVIDERS) {
      const whole = STREAMS[name];
      const lastEvent = whole.trimEnd().lastIndexOf('\n\n');
      for (let length = 0; length <= lastEvent; length += 7) {
        const translator = dialectOf(name).createStreamTranslator(CONTEXT);
        const parts = eventsOf(whole.slice(0, length)).flatMap((event) => translator.push(event));
        expect(
          [...parts, ...translator.close()].some(({ kind }) => kind === 'end'),
          `${name}, ${length} characters`,
        ).toBe(false);
      }
    }
  });
});
