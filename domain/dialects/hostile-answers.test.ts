import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PROVIDERS } from '#crds/model.ts';
import { type AnswerPart, FINISH_REASONS } from '#domain/chat/chat-answer.ts';
import type { ChatRequest } from '#domain/chat/chat-request.ts';
import { totalInputTokens } from '#domain/chat/token-usage.ts';
import { PROVIDER_FAILURES } from '#domain/failures/failure-codes.ts';
import { providerDialectOf } from './dialects.ts';
import { fixturesOf } from './wire-fixtures/provider-fixtures.ts';
import { eventsOf } from './wire-fixtures/server-sent-events.ts';

const HELLO: ChatRequest = {
  model: 'auto',
  messages: [{ role: 'user', content: 'Hello' }],
  tools: [{ name: 'weather.of' }],
  sampling: {},
};
const EMBEDDINGS = { model: 'auto', inputs: { kind: 'texts', texts: ['a'] }, encoding: 'base64' } as const;

const provider = fc.constantFrom(...PROVIDERS);
/** Names that a plain object would find. */
const word = fc.oneof(
  fc.string(),
  fc.constantFrom('constructor', '__proto__', 'toString', 'error', '[DONE]', '<think>'),
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

/** What is wrong with the parts of a stream, for nothing to be wrong with them. */
function faultsOf(parts: readonly AnswerPart[]): readonly string[] {
  const last = parts.findIndex(({ kind }) => kind === 'end' || kind === 'failure');
  const opened = new Set<string>();
  const faults = last === -1 || last === parts.length - 1 ? [] : ['something follows a failure or the end'];
  for (const part of parts) {
    if (part.kind === 'usage' && totalInputTokens(part.usage) < 0) faults.push('negative usage');
    if (part.kind === 'finish' && !FINISH_REASONS.includes(part.reason)) faults.push(part.reason);
    if (part.kind === 'toolCall') {
      opened.add(`${part.choice} ${part.call}`);
      if (part.id === '' || part.name === '') faults.push('a call without id or name');
    }
    if (part.kind === 'toolArguments' && !opened.has(`${part.choice} ${part.call}`)) {
      faults.push('arguments before their call');
    }
  }
  return faults;
}

describe('a dialect', () => {
  it('answers any body with a value or with one sentence', () => {
    const cases = provider.chain((name) =>
      fc.tuple(fc.constant(name), fc.oneof(anyValue, damaged(fixturesOf(name).answer))),
    );
    fc.assert(
      fc.property(cases, ([name, value]) => {
        const body = JSON.stringify(value) ?? '';
        const answer = providerDialectOf(name).readChatAnswer(body, HELLO);
        const isTold = answer.ok
          ? answer.value.choices.every(({ finishReason }) => FINISH_REASONS.includes(finishReason))
          : answer.failure.message !== '' && answer.failure.code in PROVIDER_FAILURES;
        expect(isTold).toBe(true);
        const embeddings = providerDialectOf(name).readEmbeddingsAnswer(body, EMBEDDINGS);
        expect(typeof embeddings.ok).toBe('boolean');
      }),
      { numRuns: 500 },
    );
  });

  it('takes any events, says nothing after a failure or the end, and never lies about the end', () => {
    const cases = provider.chain((name) =>
      fc.tuple(
        fc.constant(name),
        fc.array(
          fc.oneof(
            word.map((data) => ({ data })),
            anyValue.map((value) => ({ data: JSON.stringify(value) ?? '' })),
            fc
              .constantFrom(...fixturesOf(name).events)
              .chain(damaged)
              .map((event) => ({ data: JSON.stringify(event) })),
            fc.constantFrom(...fixturesOf(name).events).map((event) => ({ data: JSON.stringify(event) })),
          ),
          { maxLength: 12 },
        ),
      ),
    );
    fc.assert(
      fc.property(cases, ([name, events]) => {
        const reader = providerDialectOf(name).createStreamReader(HELLO);
        expect(faultsOf([...events.flatMap((event) => reader.push(event)), ...reader.close()])).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  it('knows a stream that was cut before its finish from one that ended', () => {
    for (const name of PROVIDERS) {
      const { textStream: whole, finishField } = fixturesOf(name);
      // What follows the finish reason may be lost without loss to the answer.
      const finish = whole.indexOf(`"${finishField}":"`);
      expect(finish).toBeGreaterThan(0);
      for (let length = 0; length <= finish; length += 7) {
        const reader = providerDialectOf(name).createStreamReader(HELLO);
        const parts = eventsOf(whole.slice(0, length)).flatMap((event) => reader.push(event));
        expect(
          [...parts, ...reader.close()].some(({ kind }) => kind === 'end'),
          `${name}, ${length} characters`,
        ).toBe(false);
      }
    }
  });

  it('reads a failure from any body and under any status, without a throw and without the key', () => {
    const key = 'sk-proj-Ab12Cd34Ef56Gh78Ij90';
    const bodies = fc.oneof(
      fc.string(),
      fc.json(),
      fc
        .string()
        .map((text) => JSON.stringify({ error: { message: `${text} ${key}`, code: text, type: key } })),
      fc.string().map((text) => JSON.stringify({ error: { message: text, details: [{ reason: key }] } })),
    );
    fc.assert(
      fc.property(provider, fc.integer({ min: 300, max: 599 }), bodies, (name, status, body) => {
        const failure = providerDialectOf(name).readFailure(status, {}, body);
        expect(failure.message).not.toContain(key);
        expect(failure.message.length).toBeGreaterThan(0);
      }),
    );
  });
});
